/*
 * Tests of core/module_dev.h and "module dev": a module from the folder it is built in, each new
 * build of it, and what was before when nobody watches any more.
 */
#include "core/module_dev.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "support/test_answer.h"
#include "support/test_server.h"

#define LOOK (500 * G_TIME_SPAN_MILLISECOND)
#define HOSTS "hosts: {example.org: , example.net: }\n"

typedef struct {
        char *installed, *build; /* folders */
        char *file;              /* of keeper in the build folder */
        TestServer *server;
        MotetSession *romeo, *juliet;
        TestAnswer answer;
        time_t n_builds; /* each is newer than the one before, however coarse a file's time is */
} Fixture;

/* Commands */

static void
begin(Fixture *fixture, const char *path, const char *host)
{
        const char *const words[] = {"module", "dev", path, host ? "--host" : NULL, host, NULL};

        g_string_truncate(fixture->answer.text, 0);
        fixture->answer.code = -1;
        fixture->answer.unread = 0;
        command_run(test_server_core(fixture->server), words, &test_answer_owner, &fixture->answer);
        test_server_settle(fixture->server);
}

static void
end(Fixture *fixture)
{
        fixture->answer.unread = -1;
        test_server_advance(fixture->server, LOOK);
        g_assert_cmpint(fixture->answer.code, ==, 0);
}

static void
assert_told(const Fixture *fixture, const char *part)
{
        if (!strstr(fixture->answer.text->str, part))
                g_error("\"%s\" is not in: %s", part, fixture->answer.text->str);
}

static void
assert_refused(Fixture *fixture, const char *path, const char *host, int code, const char *part)
{
        begin(fixture, path, host);
        assert_told(fixture, part);
        g_assert_cmpint(fixture->answer.code, ==, code);
}

static unsigned
n_told(const Fixture *fixture, const char *part)
{
        unsigned n = 0;

        for (const char *at = fixture->answer.text->str; (at = strstr(at, part)); at++)
                n++;
        return n;
}

/* Builds */

static char *
read_module(const char *name, gsize *n_out)
{
        g_autofree char *source =
                g_strdup_printf("%s/test_modules/mod_%s.so", g_getenv("MOTET_TEST_BUILD"), name);
        char *bytes = NULL;

        g_assert_true(g_file_get_contents(source, &bytes, n_out, NULL));
        return bytes;
}

/* As a linker does: into the file that is there. */
static void
write_in_place(Fixture *fixture, const char *path, const char *bytes, gsize n)
{
        const struct timespec times[2] = {{.tv_sec = ++fixture->n_builds},
                                          {.tv_sec = fixture->n_builds}};
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, bytes, n), ==, (ssize_t)n);
        g_assert_cmpint(futimens(fd, times), ==, 0);
        close(fd);
}

static void
build_to(Fixture *fixture, const char *folder, const char *from, const char *name)
{
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", folder, name);
        gsize n;
        g_autofree char *bytes = read_module(from, &n);

        write_in_place(fixture, path, bytes, n);
}

static void
build(Fixture *fixture, const char *from)
{
        build_to(fixture, fixture->build, from, "keeper");
}

/* Until a change was seen, and seen to be at rest. */
static void
wait_for_code(Fixture *fixture)
{
        test_server_advance(fixture->server, 2 * LOOK);
}

/* The server */

static void
start(Fixture *fixture, const char *yaml)
{
        g_autofree char *text =
                g_strdup_printf("modules_dir: %s\n" HOSTS "%s", fixture->installed, yaml);

        fixture->server = test_server_new_config(text);
        fixture->romeo = test_server_bind(fixture->server, "romeo@example.org/orchard");
        fixture->juliet = test_server_bind(fixture->server, "juliet@example.net/balcony");
}

static void
reload(Fixture *fixture, const char *yaml, const char *part)
{
        g_autofree char *output = NULL;
        g_autofree char *text =
                g_strdup_printf("modules_dir: %s\n" HOSTS "%s", fixture->installed, yaml);

        g_assert_true(test_server_reload(fixture->server, text, &output));
        if (!strstr(output, part))
                g_error("\"%s\" is not in: %s", part, output);
}

static char *
make_folder(void)
{
        char *made = g_dir_make_tmp("motet-dev-XXXXXX", NULL);
        g_autofree char *path = realpath(made, NULL);

        g_free(made);
        return g_strdup(path);
}

static void
set_up(Fixture *fixture, gconstpointer yaml)
{
        fixture->installed = make_folder();
        fixture->build = make_folder();
        fixture->file = g_build_filename(fixture->build, "mod_keeper.so", NULL);
        test_answer_init(&fixture->answer);
        build(fixture, "keeper");
        if (strstr(yaml, "keeper"))
                build_to(fixture, fixture->installed, "keeper", "keeper");
        if (strstr(yaml, "alpha"))
                build_to(fixture, fixture->installed, "alpha", "alpha");
        start(fixture, yaml);
}

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file;
        (void)type;
        (void)place;
        return remove(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_server_free(fixture->server);
        nftw(fixture->installed, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        nftw(fixture->build, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        test_answer_clear(&fixture->answer);
        g_free(fixture->installed);
        g_free(fixture->build);
        g_free(fixture->file);
}

static bool
runs(const Fixture *fixture, const char *name, const char *host)
{
        MotetServer *base = server_base(test_server_core(fixture->server));

        return test_server_module(fixture->server, name, motet_host_find(base, host)) != NULL;
}

/* Asks, and expects an answer of @code with these counts. */
static void
assert_count(MotetSession *session, const char *code, unsigned all, unsigned mine)
{
        const char *domain = motet_host_name(motet_session_host(session));
        g_autofree char *ask = g_strdup_printf(
                "<iq type='get' id='c' to='%s'><count xmlns='urn:test:keeper'/></iq>", domain);
        g_autofree char *answer =
                g_strdup_printf("<iq type='result' id='c' from='%s' to='*'><count "
                                "xmlns='urn:test:keeper' code='%s' all='%u' mine='%u'/></iq>",
                                domain, code, all, mine);

        test_session_receive(session, ask);
        test_assert_sent(session, answer);
}

/* Private copies that are left. */
static unsigned
n_copies(const Fixture *fixture)
{
        g_autofree char *folder = g_build_filename(
                server_config(test_server_core(fixture->server))->data_dir, "dev", NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        unsigned n = 0;

        while (dir && g_dir_read_name(dir))
                n++;
        return n;
}

/* Tests */

static void
test_neither_installed_nor_configured(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);

        assert_told(fixture, "mod_keeper.so\" runs on example.org, example.net and is watched");
        assert_count(fixture->romeo, "1", 1, 1);
        assert_count(fixture->juliet, "1", 1, 1);
        g_assert_cmpuint(n_copies(fixture), ==, 1);

        end(fixture);
        g_assert_false(runs(fixture, "keeper", "example.org"));
        g_assert_null(config_module(server_config(test_server_core(fixture->server)), "keeper"));
        g_assert_cmpuint(n_copies(fixture), ==, 0);
}

static void
test_a_new_build_takes_over(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "1", 1, 1);
        build(fixture, "keeper_two");
        test_server_advance(fixture->server, LOOK);
        assert_count(fixture->romeo, "1", 2, 2);
        test_server_advance(fixture->server, LOOK);

        assert_told(fixture, ":01 new code on example.org, example.net, 1 → 2, with its state\n");
        assert_count(fixture->romeo, "2", 3, 3);
        assert_count(fixture->juliet, "2", 1, 1);
        g_assert_cmpuint(n_copies(fixture), ==, 1);
        wait_for_code(fixture);
        g_assert_cmpuint(n_told(fixture, "new code"), ==, 1);
}

/* What a linker has written half is no build: a file is taken when two looks find it the same. */
static void
test_a_file_that_is_written_is_left_alone(Fixture *fixture, gconstpointer data)
{
        gsize n;
        g_autofree char *bytes = read_module("keeper_two", &n);

        (void)data;
        begin(fixture, fixture->file, NULL);
        for (gsize part = n / 4; part < n; part += n / 4) {
                write_in_place(fixture, fixture->file, bytes, part);
                test_server_advance(fixture->server, LOOK);
                assert_count(fixture->romeo, "1", (unsigned)(part / (n / 4)),
                             (unsigned)(part / (n / 4)));
        }
        g_assert_cmpuint(n_told(fixture, "not taken"), ==, 0);
        write_in_place(fixture, fixture->file, bytes, n);
        wait_for_code(fixture);

        assert_told(fixture, "new code");
}

static void
test_a_broken_build_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "1", 1, 1);
        write_in_place(fixture, fixture->file, "\177ELF and no more", 16);
        wait_for_code(fixture);
        assert_told(fixture, "not taken, the older code goes on: ");
        wait_for_code(fixture);
        g_assert_cmpuint(n_told(fixture, "not taken"), ==, 1);
        g_assert_cmpuint(n_copies(fixture), ==, 1);
        assert_count(fixture->romeo, "1", 2, 2);

        build(fixture, "keeper_fails");
        wait_for_code(fixture);
        assert_told(fixture, "goes on: module keeper on example.org: not this code\n");
        build(fixture, "keeper_refuses");
        wait_for_code(fixture);
        assert_told(fixture, "no such state\n");
        build(fixture, "keeper_three");
        wait_for_code(fixture);
        assert_told(fixture, "what runs keeps state of version 1");
        assert_count(fixture->romeo, "1", 3, 3);

        build(fixture, "keeper_two");
        wait_for_code(fixture);
        assert_count(fixture->romeo, "2", 4, 4);
        g_assert_cmpuint(n_copies(fixture), ==, 1);
}

static void
test_a_file_that_is_gone_is_waited_for(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        g_assert_cmpint(unlink(fixture->file), ==, 0);
        wait_for_code(fixture);
        g_assert_cmpuint(n_told(fixture, "is not there"), ==, 1);
        assert_count(fixture->romeo, "1", 1, 1);

        build(fixture, "keeper_two");
        wait_for_code(fixture);
        assert_count(fixture->romeo, "2", 2, 2);
}

static void
test_the_installed_code_comes_back(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_count(fixture->romeo, "1", 1, 1);
        build(fixture, "keeper_after");
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "after", 2, 2);

        end(fixture);
        assert_count(fixture->romeo, "1", 3, 3);
        assert_count(fixture->juliet, "1", 1, 1);
        g_assert_cmpuint(n_copies(fixture), ==, 0);
}

/* Its state was written by code that it does not know. */
static void
test_the_installed_code_begins_anew(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_count(fixture->romeo, "1", 1, 1);
        build(fixture, "keeper_two");
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "2", 2, 2);

        end(fixture);
        assert_count(fixture->romeo, "1", 1, 1);
        g_assert_cmpuint(n_copies(fixture), ==, 0);
}

static void
test_a_reload_keeps_it(Fixture *fixture, gconstpointer data)
{
        (void)data;
        build(fixture, "keeper_after");
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "after", 1, 1);

        reload(fixture, "modules: {keeper: {enabled: false}}\n", "");
        assert_count(fixture->romeo, "after", 2, 2);
        build(fixture, "keeper");
        wait_for_code(fixture);
        assert_count(fixture->romeo, "1", 3, 3);

        end(fixture);
        g_assert_false(runs(fixture, "keeper", "example.org"));
}

/* The files enable what nobody has installed: the server goes on without. */
static void
test_without_an_installed_one_it_is_off(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        reload(fixture, "modules: {keeper: }\n", "");
        assert_count(fixture->romeo, "1", 1, 1);

        end(fixture);
        g_assert_false(runs(fixture, "keeper", "example.org"));
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "1", 1, 1);
}

static void
test_one_host(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_count(fixture->romeo, "1", 1, 1);
        build(fixture, "keeper_two");
        begin(fixture, fixture->file, "example.net");
        assert_told(fixture, "runs on example.net and");
        assert_count(fixture->juliet, "2", 1, 1);
        assert_count(fixture->romeo, "1", 2, 2);
        build(fixture, "keeper_after");
        wait_for_code(fixture);
        assert_told(fixture, "not taken");
        assert_count(fixture->juliet, "2", 2, 2);

        end(fixture);
        assert_count(fixture->juliet, "1", 1, 1);
}

static void
test_one_host_of_a_module_that_is_off(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, "example.net");

        assert_told(fixture, "runs on example.net and");
        g_assert_false(runs(fixture, "keeper", "example.org"));
        end(fixture);
        g_assert_false(runs(fixture, "keeper", "example.net"));
}

static void
test_options_are_those_of_the_files(Fixture *fixture, gconstpointer data)
{
        g_autofree char *file = g_build_filename(fixture->build, "mod_alpha.so", NULL);

        (void)data;
        build_to(fixture, fixture->build, "alpha", "alpha");
        begin(fixture, file, NULL);
        MotetModule *alpha =
                test_server_module(fixture->server, "alpha", test_server_host(fixture->server));

        g_assert_cmpint(motet_option_int(alpha, "level"), ==, 7);
        g_assert_cmpstr(motet_option_string(alpha, "greeting"), ==, "hello");
        end(fixture);
        g_assert_false(runs(fixture, "alpha", "example.org"));
}

static void
test_what_cannot_run_changes_nothing(Fixture *fixture, gconstpointer data)
{
        g_autofree char *needy = g_build_filename(fixture->build, "mod_needy.so", NULL);
        g_autofree char *fails = g_build_filename(fixture->build, "mod_zfails.so", NULL);
        g_autofree char *other = g_build_filename(fixture->build, "mod_other.so", NULL);

        (void)data;
        build_to(fixture, fixture->build, "needy", "needy");
        build_to(fixture, fixture->build, "zfails", "zfails");
        build_to(fixture, fixture->build, "keeper", "other");
        assert_refused(fixture, needy, NULL, 78, "needs the module \"alpha\"");
        assert_refused(fixture, needy, "example.org", 64, "leave out --host");
        assert_refused(fixture, fails, NULL, 78, "not today");
        assert_refused(fixture, other, NULL, 78, "its file must be named mod_keeper.so");
        g_assert_cmpuint(n_copies(fixture), ==, 0);
        g_assert_cmpuint(server_config(test_server_core(fixture->server))->modules->len, ==, 0);
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "1", 1, 1);
}

/* A build that crashed the server again and again is left out; another build of it is not
 * blamed. */
static void
test_a_build_in_quarantine_is_refused(Fixture *fixture, gconstpointer data)
{
        Modules *modules = server_modules(test_server_core(fixture->server));
        g_autofree char *path = g_build_filename(fixture->build, QUARANTINE_FILE, NULL);
        struct stat file;

        (void)data;
        g_assert_cmpint(stat(fixture->file, &file), ==, 0);
        g_autofree char *build_word = quarantine_build(&file);
        g_autofree char *crashes = g_strdup_printf(
                "1700000000 keeper - %s a\n1700000001 keeper - %s a\n1700000002 keeper - %s a\n",
                build_word, build_word, build_word);
        g_assert_true(g_file_set_contents(path, crashes, -1, NULL));
        modules_set_quarantine(modules, quarantine_read(fixture->build));

        assert_refused(fixture, fixture->file, NULL, 78, "module keeper is left out: ");
        build(fixture, "keeper_two");
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "2", 1, 1);
}

static void
test_code_that_must_stay_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        build(fixture, "keeper_never");
        begin(fixture, fixture->file, NULL);
        build(fixture, "keeper");
        wait_for_code(fixture);

        assert_told(fixture, "not taken, the older code goes on: module keeper cannot be replaced");
        assert_count(fixture->romeo, "never", 1, 1);
}

/* SECURITY-DEFAULTS R28: whoever may write a module may do all that the server may. */
static void
test_what_others_may_write_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(chmod(fixture->file, 0775), ==, 0);
        assert_refused(fixture, fixture->file, NULL, 78, "chmod go-w it");
        g_assert_cmpint(chmod(fixture->file, 0755), ==, 0);
        g_assert_cmpint(chmod(fixture->build, 0757), ==, 0);
        assert_refused(fixture, fixture->file, NULL, 78, "chmod go-w it");
        g_assert_cmpint(chmod(fixture->build, 0755), ==, 0);
        if (geteuid() == 0) {
                g_assert_cmpint(chown(fixture->file, 65534, 65534), ==, 0);
                assert_refused(fixture, fixture->file, NULL, 78, "belongs to user 65534");
                g_assert_cmpint(chown(fixture->file, 0, 0), ==, 0);
        }
        begin(fixture, fixture->file, NULL);
        g_assert_cmpint(fixture->answer.code, ==, -1);

        build(fixture, "keeper_two");
        g_assert_cmpint(chmod(fixture->file, 0775), ==, 0);
        wait_for_code(fixture);
        assert_told(fixture, "not taken");
        assert_count(fixture->romeo, "1", 1, 1);
}

static void
test_what_cannot_be_found_is_told(Fixture *fixture, gconstpointer data)
{
        g_autofree char *missing = g_build_filename(fixture->installed, "mod_none.so", NULL);
        g_autofree char *odd = g_build_filename(fixture->build, "keeper.so", NULL);

        (void)data;
        g_assert_true(g_file_set_contents(odd, "", -1, NULL));
        assert_refused(fixture, missing, NULL, 69, "does not exist as the server sees it");
        assert_refused(fixture, odd, NULL, 64, "is called mod_*.so");
        assert_refused(fixture, "mod_keeper.so", NULL, 64, "needs the whole path");
        assert_refused(fixture, fixture->installed, NULL, 64, "there is no mod_*.so in");
        assert_refused(fixture, fixture->file, "example.com", 64, "does not serve \"example.com\"");
        build_to(fixture, fixture->build, "alpha", "alpha");
        assert_refused(fixture, fixture->build, NULL, 64, "there are several modules in");
}

static void
test_a_folder_with_one_module_will_do(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->build, NULL);

        assert_told(fixture, fixture->file);
        assert_count(fixture->romeo, "1", 1, 1);
}

/* CMake's functions build into a folder of the build folder. */
static void
test_a_build_folder_has_a_folder_of_modules(Fixture *fixture, gconstpointer data)
{
        g_autofree char *inner = g_build_filename(fixture->build, "modules", NULL);
        g_autofree char *file = g_build_filename(inner, "mod_keeper.so", NULL);

        (void)data;
        g_assert_cmpint(mkdir(inner, 0755), ==, 0);
        g_assert_cmpint(rename(fixture->file, file), ==, 0);
        begin(fixture, fixture->build, NULL);

        assert_told(fixture, file);
        assert_count(fixture->romeo, "1", 1, 1);
}

static void
test_one_session_of_a_module(Fixture *fixture, gconstpointer data)
{
        const char *const words[] = {"module", "dev", fixture->file, NULL};
        const char *const reload_words[] = {"module", "reload", "keeper", NULL};
        g_autofree char *text = NULL, *answer = NULL;

        (void)data;
        begin(fixture, fixture->file, NULL);
        g_assert_cmpint(test_server_run_command(fixture->server, words, &text), ==, 73);
        g_assert_nonnull(strstr(text, "is being developed in another session"));
        g_assert_cmpint(test_server_run_command(fixture->server, reload_words, &answer), ==, 73);
        g_assert_nonnull(strstr(answer, "is being developed"));
        assert_count(fixture->romeo, "1", 1, 1);

        end(fixture);
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "1", 1, 1);
}

/* A stanza that waits in the module is not cut off by a new build: its moment comes. */
static void
test_what_is_under_way_is_waited_for(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        test_session_receive(fixture->romeo, "<iq type='get' id='w' to='example.org'>"
                                             "<wait xmlns='urn:test:keeper'/></iq>");
        build(fixture, "keeper_two");
        wait_for_code(fixture);
        g_assert_cmpuint(n_told(fixture, "new code"), ==, 0);
        test_server_advance(fixture->server, 5 * G_TIME_SPAN_SECOND);

        g_assert_cmpuint(n_told(fixture, "new code"), ==, 1);
        test_assert_sent(fixture->romeo, "<iq type='error' id='w' from='*' to='*'><error "
                                         "type='cancel'><service-unavailable "
                                         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                                         "</error></iq>");
        assert_count(fixture->romeo, "2", 1, 1);
}

static void
test_it_ends_with_the_server(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        build(fixture, "keeper_two");
        test_server_advance(fixture->server, LOOK);
        test_server_free(g_steal_pointer(&fixture->server));

        g_assert_cmpint(fixture->answer.code, ==, 0);
}

#define ADD(path, yaml, func) g_test_add(path, Fixture, yaml, set_up, func, tear_down)
#define KEEPER "modules: {keeper: }\n"

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/module-dev/neither-installed-nor-configured", "",
            test_neither_installed_nor_configured);
        ADD("/module-dev/a-new-build-takes-over", "", test_a_new_build_takes_over);
        ADD("/module-dev/a-file-that-is-written-is-left-alone", "",
            test_a_file_that_is_written_is_left_alone);
        ADD("/module-dev/a-broken-build-changes-nothing", "", test_a_broken_build_changes_nothing);
        ADD("/module-dev/a-file-that-is-gone-is-waited-for", "",
            test_a_file_that_is_gone_is_waited_for);
        ADD("/module-dev/the-installed-code-comes-back", KEEPER,
            test_the_installed_code_comes_back);
        ADD("/module-dev/the-installed-code-begins-anew", KEEPER,
            test_the_installed_code_begins_anew);
        ADD("/module-dev/a-reload-keeps-it", KEEPER, test_a_reload_keeps_it);
        ADD("/module-dev/without-an-installed-one-it-is-off", "",
            test_without_an_installed_one_it_is_off);
        ADD("/module-dev/one-host", KEEPER, test_one_host);
        ADD("/module-dev/one-host-of-a-module-that-is-off", "",
            test_one_host_of_a_module_that_is_off);
        ADD("/module-dev/options-are-those-of-the-files",
            "modules: {alpha: {enabled: false, options: {level: 7}}}\n",
            test_options_are_those_of_the_files);
        ADD("/module-dev/what-cannot-run-changes-nothing", "",
            test_what_cannot_run_changes_nothing);
        ADD("/module-dev/a-build-in-quarantine-is-refused", "",
            test_a_build_in_quarantine_is_refused);
        ADD("/module-dev/code-that-must-stay-is-refused", "", test_code_that_must_stay_is_refused);
        ADD("/module-dev/what-others-may-write-is-refused", "",
            test_what_others_may_write_is_refused);
        ADD("/module-dev/what-cannot-be-found-is-told", "", test_what_cannot_be_found_is_told);
        ADD("/module-dev/a-folder-with-one-module-will-do", "",
            test_a_folder_with_one_module_will_do);
        ADD("/module-dev/a-build-folder-has-a-folder-of-modules", "",
            test_a_build_folder_has_a_folder_of_modules);
        ADD("/module-dev/one-session-of-a-module", "", test_one_session_of_a_module);
        ADD("/module-dev/what-is-under-way-is-waited-for", "",
            test_what_is_under_way_is_waited_for);
        ADD("/module-dev/it-ends-with-the-server", "", test_it_ends_with_the_server);
        return g_test_run();
}
