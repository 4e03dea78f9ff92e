/*
 * Tests of core/module_dev.h and "module dev": a module from the folder it is built in, each new
 * build that is handed over, and what was before when nobody watches any more.
 */
#include "core/module_dev.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/status.h"
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

/* Takes @fd, or -1. */
static void
begin_with(Fixture *fixture, const char *path, const char *host, int fd)
{
        const char *const words[] = {"module", "dev", path, host ? "--host" : NULL, host, NULL};

        test_answer_hand_take(&fixture->answer, fd);
        g_string_truncate(fixture->answer.text, 0);
        fixture->answer.code = -1;
        fixture->answer.unread = 0;
        command_run(test_server_core(fixture->server), words, &test_answer_owner, &fixture->answer);
        test_server_settle(fixture->server);
}

static void
begin(Fixture *fixture, const char *path, const char *host)
{
        begin_with(fixture, path, host, open(path, O_RDONLY | O_CLOEXEC));
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

static void
hand_over(Fixture *fixture)
{
        test_answer_hand(&fixture->answer, fixture->file);
        test_server_advance(fixture->server, LOOK);
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
        hand_over(fixture);

        assert_told(fixture, ":01 new code on example.org, example.net, 1 → 2, with its state\n");
        assert_count(fixture->romeo, "2", 3, 3);
        assert_count(fixture->juliet, "2", 1, 1);
        g_assert_cmpuint(n_copies(fixture), ==, 1);
        test_server_advance(fixture->server, LOOK);
        g_assert_cmpuint(n_told(fixture, "new code"), ==, 1);
}

/* The next build is written while the module is busy: it is not what was handed over, and is
 * handed over when it is at rest. */
static void
test_what_changed_since_it_came_is_not_taken(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        test_session_receive(fixture->romeo, "<iq type='get' id='w' to='example.org'>"
                                             "<wait xmlns='urn:test:keeper'/></iq>");
        build(fixture, "keeper_two");
        hand_over(fixture);
        write_in_place(fixture, fixture->file, "\177ELF", 4);
        test_server_advance(fixture->server, 5 * G_TIME_SPAN_SECOND);

        assert_told(fixture, "mod_keeper.so\" changed while it was read\n");
        build(fixture, "keeper_two");
        hand_over(fixture);
        assert_told(fixture, "new code");
        assert_count(fixture->juliet, "2", 1, 1);
}

/* A descriptor is shared with who hands it over, and so is where it stands. */
static void
test_a_file_is_read_from_its_beginning(Fixture *fixture, gconstpointer data)
{
        int fd = open(fixture->file, O_RDONLY | O_CLOEXEC);

        (void)data;
        g_assert_cmpint(lseek(fd, 0, SEEK_END), >, 0);
        begin_with(fixture, fixture->file, NULL, fd);
        assert_count(fixture->romeo, "1", 1, 1);
}

static unsigned
n_descriptors(void)
{
        g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(dir))
                n++;
        return n;
}

/* Returns: (own) a descriptor of what is no module's file, the @which-th; -1: there are no more */
static int
open_odd(const Fixture *fixture, unsigned which, const char **part_out)
{
        g_autofree char *path = g_build_filename(fixture->build, "odd", NULL);
        int fd = -1;

        *part_out = "is no file of a module: it must be one of at most 512 MiB";
        unlink(path);
        switch (which) {
        case 0:
                return open(fixture->build, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
        case 1:
                return open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        case 2:
                g_assert_cmpint(mkfifo(path, 0600), ==, 0);
                return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        case 3:
                return open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600); /* empty */
        case 4:
                fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                g_assert_cmpint(ftruncate(fd, 512 * 1024 * 1024 + 1), ==, 0);
                return fd;
        case 5:
                *part_out = "was not opened for reading";
                return open(fixture->file, O_WRONLY | O_CLOEXEC);
        case 6:
                *part_out = "was not opened for reading";
                return open(fixture->file, O_PATH | O_CLOEXEC);
        case 7:
                *part_out = "chmod go-w it";
                return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        case 8:
                *part_out = "chmod go-w it";
                return open("/dev/zero", O_RDONLY | O_CLOEXEC);
        default:
                return -1;
        }
}

/* R28: the server, which is not asked to open it, looks at what it was given: it is not made to
 * wait, to fill its disk, or to keep it. */
static void
test_what_is_no_file_of_a_module_is_refused(Fixture *fixture, gconstpointer data)
{
        const char *part;
        unsigned which = 0;
        int fd;

        (void)data;
        unsigned n_before = n_descriptors();
        while ((fd = open_odd(fixture, which, &part)) >= 0) {
                begin_with(fixture, fixture->file, NULL, fd);
                assert_told(fixture, part);
                g_assert_cmpint(fixture->answer.code, ==, 78);
                g_assert_cmpuint(n_descriptors(), ==, n_before);
                which++;
        }
        g_assert_cmpuint(which, ==, 9);
        begin(fixture, fixture->file, NULL);
        n_before = n_descriptors();
        for (which = 0; (fd = open_odd(fixture, which, &part)) >= 0; which++) {
                test_answer_hand_take(&fixture->answer, fd);
                g_string_truncate(fixture->answer.text, 0);
                test_server_advance(fixture->server, LOOK);
                assert_told(fixture, "not taken, the older code goes on: ");
                assert_told(fixture, part);
                g_assert_cmpuint(n_descriptors(), ==, n_before);
        }
        g_assert_cmpuint(n_copies(fixture), ==, 1);
        assert_count(fixture->romeo, "1", 1, 1);
}

static void
test_a_broken_build_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        assert_count(fixture->romeo, "1", 1, 1);
        write_in_place(fixture, fixture->file, "\177ELF and no more", 16);
        hand_over(fixture);
        assert_told(fixture, "not taken, the older code goes on: ");
        test_server_advance(fixture->server, LOOK);
        g_assert_cmpuint(n_told(fixture, "not taken"), ==, 1);
        g_assert_cmpuint(n_copies(fixture), ==, 1);
        assert_count(fixture->romeo, "1", 2, 2);

        build(fixture, "keeper_fails");
        hand_over(fixture);
        assert_told(fixture, "goes on: module keeper on example.org: not this code\n");
        build(fixture, "keeper_refuses");
        hand_over(fixture);
        assert_told(fixture, "no such state\n");
        build(fixture, "keeper_three");
        hand_over(fixture);
        assert_told(fixture, "what runs keeps state of version 1");
        assert_count(fixture->romeo, "1", 3, 3);

        build(fixture, "keeper_two");
        hand_over(fixture);
        assert_count(fixture->romeo, "2", 4, 4);
        g_assert_cmpuint(n_copies(fixture), ==, 1);
}

/* The server need not see the file, and does not say that it is another one than runs. */
static void
test_the_file_may_be_out_of_sight(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file, NULL);
        build(fixture, "keeper_two");
        test_answer_hand(&fixture->answer, fixture->file);
        g_assert_cmpint(unlink(fixture->file), ==, 0);
        test_server_advance(fixture->server, LOOK);
        assert_count(fixture->romeo, "2", 1, 1);

        g_auto(Status) status = {0};
        status_init(&status, test_server_core(fixture->server));
        g_assert_cmpuint(status.changed->len, ==, 0);
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
        hand_over(fixture);
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
        hand_over(fixture);
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
        hand_over(fixture);

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
        if (geteuid() == 0) {
                g_assert_cmpint(chown(fixture->file, 65534, 65534), ==, 0);
                assert_refused(fixture, fixture->file, NULL, 78, "belongs to user 65534");
                g_assert_cmpint(chown(fixture->file, 0, 0), ==, 0);
        }
        begin(fixture, fixture->file, NULL);
        g_assert_cmpint(fixture->answer.code, ==, -1);

        build(fixture, "keeper_two");
        g_assert_cmpint(chmod(fixture->file, 0775), ==, 0);
        hand_over(fixture);
        assert_told(fixture, "not taken");
        assert_count(fixture->romeo, "1", 1, 1);
}

static void
test_what_is_not_handed_over_is_told(Fixture *fixture, gconstpointer data)
{
        g_autofree char *odd = g_build_filename(fixture->build, "keeper.so", NULL);

        (void)data;
        g_assert_true(g_file_set_contents(odd, "", -1, NULL));
        begin_with(fixture, fixture->file, NULL, -1);
        assert_told(fixture, "the file did not come with the command");
        g_assert_cmpint(fixture->answer.code, ==, 64);
        assert_refused(fixture, odd, NULL, 64, "is called mod_*.so");
        assert_refused(fixture, fixture->file, "example.com", 64, "does not serve \"example.com\"");
}

static void
test_one_session_of_a_module(Fixture *fixture, gconstpointer data)
{
        const char *const words[] = {"module", "dev", fixture->file, NULL};
        const char *const reload_words[] = {"module", "reload", "keeper", NULL};
        g_autofree char *answer = NULL;
        TestAnswer other;

        (void)data;
        begin(fixture, fixture->file, NULL);
        test_answer_init(&other);
        test_answer_hand(&other, fixture->file);
        command_run(test_server_core(fixture->server), words, &test_answer_owner, &other);
        g_assert_cmpint(other.code, ==, 73);
        g_assert_nonnull(strstr(other.text->str, "is being developed in another session"));
        test_answer_clear(&other);
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
        hand_over(fixture);
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
        test_answer_hand(&fixture->answer, fixture->file);
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
        ADD("/module-dev/what-changed-since-it-came-is-not-taken", "",
            test_what_changed_since_it_came_is_not_taken);
        ADD("/module-dev/a-file-is-read-from-its-beginning", "",
            test_a_file_is_read_from_its_beginning);
        ADD("/module-dev/what-is-no-file-of-a-module-is-refused", "",
            test_what_is_no_file_of_a_module_is_refused);
        ADD("/module-dev/a-broken-build-changes-nothing", "", test_a_broken_build_changes_nothing);
        ADD("/module-dev/the-file-may-be-out-of-sight", "", test_the_file_may_be_out_of_sight);
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
        ADD("/module-dev/what-is-not-handed-over-is-told", "",
            test_what_is_not_handed_over_is_told);
        ADD("/module-dev/one-session-of-a-module", "", test_one_session_of_a_module);
        ADD("/module-dev/what-is-under-way-is-waited-for", "",
            test_what_is_under_way_is_waited_for);
        ADD("/module-dev/it-ends-with-the-server", "", test_it_ends_with_the_server);
        return g_test_run();
}
