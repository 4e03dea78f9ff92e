/*
 * Tests of "module reload": new code with the state of the old, whoever is connected, or the old
 * code as if nothing had been asked.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/command.h"
#include "core/log.h"
#include "support/test_server.h"

typedef struct {
        char *dir; /* of modules */
        TestServer *server;
        MotetSession *romeo, *juliet;
        GString *log; /* "load 1\n" */
} Fixture;

static void
take_log(MotetLogLevel level, const char *source, const char *text, void *data)
{
        (void)level;
        if (g_str_has_prefix(source, "keeper"))
                g_string_append_printf(data, "%s\n", text);
}

/* Puts a build's file in the place of a module's, as a package manager does: a new file with the
 * old one's name. */
static void
install(const Fixture *fixture, const char *folder, const char *from, const char *name)
{
        g_autofree char *source =
                g_strdup_printf("%s/%s/mod_%s.so", g_getenv("MOTET_TEST_BUILD"), folder, from);
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", fixture->dir, name);
        g_autofree char *bytes = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(source, &bytes, &n, NULL));
        g_assert_true(g_file_set_contents(path, bytes, (gssize)n, NULL));
        g_assert_cmpint(chmod(path, 0755), ==, 0);
}

static void
install_keeper(const Fixture *fixture, const char *from)
{
        install(fixture, "test_modules", from, "keeper");
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        fixture->dir = g_dir_make_tmp("motet-modules-XXXXXX", NULL);
        fixture->log = g_string_new(NULL);
        install_keeper(fixture, data);
        log_set_func(take_log, fixture->log);
        g_autofree char *yaml = g_strdup_printf(
                "modules_dir: %s\nhosts: {example.org: , example.net: }\nmodules: {keeper: }\n",
                fixture->dir);
        fixture->server = test_server_new_config(yaml);
        fixture->romeo = test_server_bind(fixture->server, "romeo@example.org/orchard");
        fixture->juliet = test_server_bind(fixture->server, "juliet@example.net/balcony");
        g_string_truncate(fixture->log, 0);
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
        log_set_func(NULL, NULL);
        nftw(fixture->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_string_free(fixture->log, TRUE);
        g_free(fixture->dir);
}

/* How many files of a module are mapped that are, or were, at @path. */
static unsigned
n_mapped(const char *path)
{
        g_autofree char *maps = NULL;
        g_autoptr(GHashTable) inodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *base = g_path_get_basename(path);

        g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
        g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) fields = g_strsplit_set(*line, " ", 6);
                if (strstr(*line, base) && g_strv_length(fields) == 6)
                        g_hash_table_add(inodes, g_strdup(fields[4]));
        }
        return g_hash_table_size(inodes);
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

static void
assert_reload(Fixture *fixture, const char *const *words, int code, const char *output)
{
        g_autofree char *text = NULL;
        int done = test_server_run_command(fixture->server, words, &text);

        if (!strstr(text, output))
                g_error("\"%s\" is not in: %s", output, text);
        g_assert_cmpint(done, ==, code);
}

#define RELOAD MOTET_LIST("module", "reload", "keeper")

static void
assert_old_goes_on(Fixture *fixture, const char *file, const char *reason)
{
        assert_count(fixture->romeo, "1", 1, 1);
        MotetModule *before =
                test_server_module(fixture->server, "keeper", test_server_host(fixture->server));
        install_keeper(fixture, file);

        assert_reload(fixture, RELOAD, 78, reason);

        g_assert_true(test_server_module(fixture->server, "keeper",
                                         test_server_host(fixture->server)) == before);
        assert_count(fixture->romeo, "1", 2, 2);
        assert_count(fixture->juliet, "1", 1, 1);
        install_keeper(fixture, "keeper_two");
        assert_reload(fixture, RELOAD, 0, "~ keeper on example.org: 1 → 2");
        assert_count(fixture->romeo, "2", 3, 3);
}

static void
test_state_and_sessions_go_on(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = g_build_filename(fixture->dir, "mod_keeper.so", NULL);

        (void)data;
        assert_count(fixture->romeo, "1", 1, 1);
        assert_count(fixture->romeo, "1", 2, 2);
        assert_count(fixture->juliet, "1", 1, 1);
        install_keeper(fixture, "keeper_two");
        assert_reload(fixture, RELOAD, 0,
                      "~ keeper on example.org: 1 → 2: new code, with its state\n"
                      "~ keeper on example.net: 1 → 2: new code, with its state\n");

        g_assert_cmpstr(fixture->log->str, ==, "load 2\nload 2\nunload 1\nunload 1\n");
        assert_count(fixture->romeo, "2", 3, 3);
        assert_count(fixture->juliet, "2", 2, 2);
        g_assert_cmpuint(n_mapped(path), ==, 1); /* the older code is gone */
}

static MotetResult
note_reloaded(MotetModule *self, MotetServerEvent *ev)
{
        (void)ev;
        g_string_append(self->data, "config-reloaded\n");
        return MOTET_CONTINUE;
}

/* Who keeps what modules say of themselves (a hash of all features) learns that it may be
 * another. */
static void
test_others_are_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        motet_module_set_data(test_server_owner(fixture->server), fixture->log, NULL);
        test_server_hook(fixture->server,
                         &(MotetHook)MOTET_ON_SERVER("config-reloaded", note_reloaded, 0));

        assert_reload(fixture, RELOAD, 0, "the same code anew");
        g_assert_true(g_str_has_suffix(fixture->log->str, "unload 1\nconfig-reloaded\n"));
        g_string_truncate(fixture->log, 0);
        install_keeper(fixture, "keeper_fails");
        assert_reload(fixture, RELOAD, 78, "nothing was changed");

        g_assert_null(strstr(fixture->log->str, "config-reloaded"));
}

static void
test_the_same_file_begins_anew_with_its_state(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_count(fixture->romeo, "1", 1, 1);
        assert_reload(fixture, RELOAD, 0, "the same code anew, with its state");
        g_assert_cmpstr(fixture->log->str, ==, "load 1\nload 1\nunload 1\nunload 1\n");
        assert_count(fixture->romeo, "1", 2, 2);
}

static void
test_code_that_does_not_load_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_old_goes_on(fixture, "keeper_fails",
                           "nothing was changed: module keeper on example.org: not this code");
}

static void
test_code_that_does_not_restore_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_old_goes_on(fixture, "keeper_refuses", "no such state");
        g_assert_nonnull(strstr(fixture->log->str, "load refuses\nunload refuses\n"));
}

static void
test_state_that_is_not_understood_is_not_lost(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_old_goes_on(fixture, "keeper_three",
                           "what runs keeps state of version 1, the new code understands 2 to 3");
        g_assert_null(strstr(fixture->log->str, "load 3"));
}

static void
test_another_abi_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_old_goes_on(fixture, "bad_abi", "was built for interface");
}

static void
test_what_is_no_module_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_old_goes_on(fixture, "no_symbol", "does not export");
}

/* Its text is not what was mapped any more: nobody knows what runs. */
static void
test_a_file_written_over_in_place_is_refused(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = g_build_filename(fixture->dir, "mod_keeper.so", NULL);
        const struct timespec times[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

        (void)data;
        g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
        assert_reload(fixture, RELOAD, 78, "was written over in place");
        assert_count(fixture->romeo, "1", 1, 1);
}

static void
test_what_others_may_write_is_refused(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = g_build_filename(fixture->dir, "mod_keeper.so", NULL);

        (void)data;
        install_keeper(fixture, "keeper_two");
        g_assert_cmpint(chmod(path, 0777), ==, 0);
        assert_reload(fixture, RELOAD, 78, "chmod go-w");
        assert_count(fixture->romeo, "1", 1, 1);
}

static void
test_one_host_alone(Fixture *fixture, gconstpointer data)
{
        (void)data;
        install_keeper(fixture, "keeper_two");
        assert_reload(fixture, MOTET_LIST("module", "reload", "keeper", "--host", "example.net"), 0,
                      "~ keeper on example.net: 1 → 2");
        assert_count(fixture->romeo, "1", 1, 1);
        assert_count(fixture->juliet, "2", 1, 1);

        assert_reload(fixture, RELOAD, 0, "~ keeper on example.org: 1 → 2");
        assert_count(fixture->romeo, "2", 2, 2);
        assert_count(fixture->juliet, "2", 2, 2);
}

static void
test_as_often_as_wanted(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_count(fixture->romeo, "1", 1, 1);
        for (unsigned i = 0; i < 100; i++) {
                install_keeper(fixture, i % 2 ? "keeper" : "keeper_two");
                if (i % 2) {
                        /* The first does not understand what the second keeps. */
                        assert_reload(fixture, RELOAD, 78, "state of version 2");
                        install_keeper(fixture, "keeper_two");
                }
                assert_reload(fixture, RELOAD, 0, "new code, with its state");
                assert_count(fixture->romeo, "2", i + 2, i + 2);
                /* limits.user.stanzas_per_s */
                test_server_advance(fixture->server, G_TIME_SPAN_SECOND / 10);
        }
}

static void
test_what_does_not_run_is_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        install(fixture, "test_modules", "alpha", "alpha");
        assert_reload(fixture, MOTET_LIST("module", "reload", "alpha"), 69, "does not run");
        assert_reload(fixture, MOTET_LIST("module", "reload", "keepre"), 64,
                      "did you mean \"keeper\"?");
}

static void
test_what_cannot_be_handed_on_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        install_keeper(fixture, "keeper_two");
        assert_reload(fixture, RELOAD, 78, "restart the server");
        assert_count(fixture->romeo, "never", 1, 1);
}

/* MOTET_REPLACE_AFTER */
static void
test_one_after_the_other(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_count(fixture->romeo, "after", 1, 1);
        install_keeper(fixture, "keeper_fails");
        assert_reload(fixture, RELOAD, 78, "not this code");
        g_assert_cmpstr(fixture->log->str, ==,
                        "unload after\nunload after\nload fails\nload after\nload after\n");
        assert_count(fixture->romeo, "after", 2, 2);

        install_keeper(fixture, "keeper_two");
        assert_reload(fixture, RELOAD, 0, "~ keeper on example.org: after → 2");
        assert_count(fixture->romeo, "2", 3, 3);
        assert_count(fixture->juliet, "2", 1, 1);
}

/* While something is under way */

typedef struct {
        GString *output;
        bool has_ended;
        int code;
} Answer;

static void
take_line(void *data, const char *text)
{
        g_string_append_printf(((Answer *)data)->output, "%s\n", text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        Answer *answer = data;

        if (error_text)
                take_line(answer, error_text);
        answer->has_ended = true;
        answer->code = exit_code;
}

static const CommandOwner command_owner = {.line = take_line, .ended = take_end};

static void
command(Fixture *fixture, Answer *answer)
{
        if (answer->output)
                g_string_free(answer->output, TRUE);
        *answer = (Answer){.output = g_string_new(NULL)};
        command_run(test_server_core(fixture->server), RELOAD, &command_owner, answer);
        test_server_settle(fixture->server);
}

#define WAIT "<iq type='get' id='w' to='example.org'><wait xmlns='urn:test:keeper'/></iq>"

static void
test_what_is_under_way_ends_first(Fixture *fixture, gconstpointer data)
{
        Answer answer = {0}, second = {0};

        (void)data;
        install_keeper(fixture, "keeper_two");
        test_session_receive(fixture->romeo, WAIT);
        command(fixture, &answer);
        command(fixture, &second);
        test_server_advance(fixture->server, 4 * G_TIME_SPAN_SECOND);
        g_assert_false(answer.has_ended);
        g_assert_cmpint(second.code, ==, 75);
        g_assert_nonnull(strstr(second.output->str, "is being replaced at this moment"));

        test_server_advance(fixture->server, 2 * G_TIME_SPAN_SECOND);

        g_assert_true(answer.has_ended);
        g_assert_cmpint(answer.code, ==, 0);
        test_assert_sent(fixture->romeo,
                         "<iq type='error' id='w' from='example.org' to='*'><error type='cancel'>"
                         "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                         "</error></iq>");
        assert_count(fixture->romeo, "2", 1, 1);
        g_string_free(answer.output, TRUE);
        g_string_free(second.output, TRUE);
}

static void
test_patience_ends(Fixture *fixture, gconstpointer data)
{
        Answer answer = {0};

        (void)data;
        install_keeper(fixture, "keeper_two");
        test_session_receive(fixture->romeo, WAIT);
        command(fixture, &answer);
        test_server_advance(fixture->server, 4 * G_TIME_SPAN_SECOND);
        MotetSession *other = test_server_bind(fixture->server, "romeo@example.org/garden");
        test_session_receive(other, WAIT);
        test_server_advance(fixture->server, 4 * G_TIME_SPAN_SECOND);
        test_session_receive(fixture->romeo, WAIT);
        test_server_advance(fixture->server, 4 * G_TIME_SPAN_SECOND);

        g_assert_true(answer.has_ended);
        g_assert_cmpint(answer.code, ==, 75);
        g_assert_nonnull(strstr(answer.output->str, "is busy"));
        g_string_free(answer.output, TRUE);
        test_server_advance(fixture->server, G_TIME_SPAN_MINUTE);
}

static void
test_a_server_that_stops_waits_for_nothing(Fixture *fixture, gconstpointer data)
{
        Answer answer = {0};

        (void)data;
        test_session_receive(fixture->romeo, WAIT);
        command(fixture, &answer);
        g_assert_false(answer.has_ended);
        modules_stop(server_modules(test_server_core(fixture->server)));

        g_assert_true(answer.has_ended);
        g_assert_cmpint(answer.code, ==, 75);
        g_string_free(answer.output, TRUE);
}

static MotetWait *parked;

static MotetResult
park(MotetModule *self, MotetStanzaEvent *ev)
{
        parked = motet_wait(self, &ev->event, G_TIME_SPAN_MINUTE, MOTET_DEADLINE_CONTINUE);
        return MOTET_WAIT;
}

/* A stanza that another module holds meets the new code when it goes on: it is not lost. */
static void
test_parked_stanzas_meet_the_new_code(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_server_hook(fixture->server,
                         &(MotetHook)MOTET_ON_STANZA("iq/host/urn:test:keeper:count", park,
                                                     MOTET_PRIO_EARLY));
        test_session_receive(fixture->romeo, "<iq type='get' id='c' to='example.org'><count "
                                             "xmlns='urn:test:keeper'/></iq>");
        install_keeper(fixture, "keeper_two");
        assert_reload(fixture, RELOAD, 0, "~ keeper on example.org: 1 → 2");
        test_assert_sent_nothing(fixture->romeo);

        motet_resume(g_steal_pointer(&parked), MOTET_CONTINUE);
        test_server_settle(fixture->server);

        test_assert_sent(fixture->romeo,
                         "<iq type='result' id='c' from='example.org' to='*'><count "
                         "xmlns='urn:test:keeper' code='2' all='1' mine='1'/></iq>");
}

/* Listeners */

static void
take_port(const MotetListen *spec, uint16_t port, void *data)
{
        uint16_t *port_out = data;

        (void)spec;
        g_assert_cmpuint(*port_out, ==, 0);
        *port_out = port;
}

static int
connect_to(uint16_t port)
{
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_assert_cmpint(connect(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
        return fd;
}

static void
test_listeners_are_taken_over(Fixture *fixture, gconstpointer data)
{
        static const char c2s[] = "{options: {ports: [0], direct_tls_ports: [], interfaces: "
                                  "[127.0.0.1]}}";
        Listens *listens = server_listens(test_server_core(fixture->server));
        MotetServer *base = server_base(test_server_core(fixture->server));
        uint16_t before = 0, after = 0;

        (void)data;
        install(fixture, "modules", "c2s", "c2s");
        g_autofree char *yaml = g_strdup_printf(
                "modules_dir: %s\nhosts: {example.org: , example.net: }\nmodules: {keeper: , c2s: "
                "%s}\n",
                fixture->dir, c2s);
        g_assert_true(test_server_reload(fixture->server, yaml, NULL));
        listens_foreach(listens, take_port, &before);
        int waiting = connect_to(before); /* in the backlog: not accepted yet */
        install(fixture, "modules", "c2s", "c2s");

        assert_reload(fixture, MOTET_LIST("module", "reload", "c2s"), 0,
                      "~ c2s on all hosts: new code, it begins anew\n");

        listens_foreach(listens, take_port, &after);
        g_assert_cmpuint(after, ==, before);
        int late = connect_to(after);
        test_server_settle(fixture->server);
        g_assert_cmpuint(base->n_streams, ==, 4);
        close(waiting);
        close(late);
        test_server_settle(fixture->server);
}

#define ADD(path, file, func) g_test_add(path, Fixture, file, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        log_set_rate(0);
        ADD("/module-replace/state-and-sessions-go-on", "keeper", test_state_and_sessions_go_on);
        ADD("/module-replace/others-are-told", "keeper", test_others_are_told);
        ADD("/module-replace/the-same-file-begins-anew-with-its-state", "keeper",
            test_the_same_file_begins_anew_with_its_state);
        ADD("/module-replace/code-that-does-not-load-changes-nothing", "keeper",
            test_code_that_does_not_load_changes_nothing);
        ADD("/module-replace/code-that-does-not-restore-changes-nothing", "keeper",
            test_code_that_does_not_restore_changes_nothing);
        ADD("/module-replace/state-that-is-not-understood-is-not-lost", "keeper",
            test_state_that_is_not_understood_is_not_lost);
        ADD("/module-replace/another-abi-changes-nothing", "keeper",
            test_another_abi_changes_nothing);
        ADD("/module-replace/what-is-no-module-changes-nothing", "keeper",
            test_what_is_no_module_changes_nothing);
        ADD("/module-replace/a-file-written-over-in-place-is-refused", "keeper",
            test_a_file_written_over_in_place_is_refused);
        ADD("/module-replace/what-others-may-write-is-refused", "keeper",
            test_what_others_may_write_is_refused);
        ADD("/module-replace/one-host-alone", "keeper", test_one_host_alone);
        ADD("/module-replace/as-often-as-wanted", "keeper", test_as_often_as_wanted);
        ADD("/module-replace/what-does-not-run-is-told", "keeper", test_what_does_not_run_is_told);
        ADD("/module-replace/what-cannot-be-handed-on-is-refused", "keeper_never",
            test_what_cannot_be_handed_on_is_refused);
        ADD("/module-replace/one-after-the-other", "keeper_after", test_one_after_the_other);
        ADD("/module-replace/what-is-under-way-ends-first", "keeper",
            test_what_is_under_way_ends_first);
        ADD("/module-replace/patience-ends", "keeper", test_patience_ends);
        ADD("/module-replace/a-server-that-stops-waits-for-nothing", "keeper",
            test_a_server_that_stops_waits_for_nothing);
        ADD("/module-replace/parked-stanzas-meet-the-new-code", "keeper",
            test_parked_stanzas_meet_the_new_code);
        ADD("/module-replace/listeners-are-taken-over", "keeper", test_listeners_are_taken_over);
        return g_test_run();
}
