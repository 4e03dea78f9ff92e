/*
 * Tests of core/command.h: finding commands, checking arguments, and on which host they run.
 */
#include "core/command.h"

#include <motet/error.h>
#include <string.h>

#include "support/test_server.h"

static char *
config(const char *speaker_yaml)
{
        g_autofree char *dir = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);

        return g_strdup_printf(
                "modules_dir: %s\nhosts:\n  example.org:\n  example.net:\n  example.com:\n"
                "modules:\n  speaker:\n%s",
                dir, speaker_yaml);
}

static TestServer *
start(void)
{
        g_autofree char *yaml = config("    hosts: [example.org, example.com]\n");

        return test_server_new_config(yaml);
}

/* Runs @words, separated by single spaces, and compares. */
static void
assert_answer(TestServer *server, const char *words, int code, const char *output)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        g_autofree char *text = NULL;

        int got = test_server_run_command(server, (const char *const *)split, &text);

        g_assert_cmpstr(text, ==, output);
        g_assert_cmpint(got, ==, code);
}

static void
assert_complaint(TestServer *server, const char *words, int code, const char *part)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        g_autofree char *text = NULL;

        int got = test_server_run_command(server, (const char *const *)split, &text);

        if (!strstr(text, part))
                g_error("\"%s\" is not in: %s", part, text);
        g_assert_cmpint(got, ==, code);
}

static void
test_an_unknown_command_is_refused(void)
{
        g_autoptr(TestServer) server = start();

        assert_complaint(server, "gret list", 64, "did you mean \"greet list\"?");
        assert_complaint(server, "statsu", 64, "did you mean \"status\"?");
        assert_complaint(server, "module lsit", 64, "did you mean \"module list\"?");
        assert_complaint(server, "frobnicate everything", 64, "there is no command \"frobnicate\"");
        assert_complaint(server, "module", 64, "there is no command");
}

static void
test_no_words_are_refused(void)
{
        g_autoptr(TestServer) server = start();
        const char *const none[] = {NULL}, *const nothing_asked[] = {COMMAND_ASK, NULL};

        g_assert_cmpint(test_server_run_command(server, none, NULL), ==, 64);
        g_assert_cmpint(test_server_run_command(server, nothing_asked, NULL), ==, 64);
}

/* "greet" with an argument, and "greet list", which begins alike. */
static void
test_the_longest_name_wins(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "greet romeo@example.org", 0,
                      "example.org: hello romeo@example.org\n");
        assert_answer(server, "greet list example.org", 0, "example.org\n");
}

static void
test_the_address_decides_the_host(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "greet Romeo@EXAMPLE.com hail", 0,
                      "example.com: hail romeo@example.com\n");
        assert_complaint(server, "greet romeo@example.net", 69,
                         "no module on example.net has the command");
}

static void
test_a_left_out_host_means_every_host(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "greet list", 0, "example.org\nexample.com\n");
}

static void
test_the_first_failure_ends_the_round(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "greet break", 73, "example.org\nit is there\n");
}

static void
test_wrong_addresses_are_refused(void)
{
        g_autoptr(TestServer) server = start();

        assert_complaint(server, "greet example.org", 64, "is no account's address");
        assert_complaint(server, "greet romeo@example.org/orchard", 64, "is no account's address");
        assert_complaint(server, "greet @example.org", 64, "is no account's address");
        assert_complaint(server, "greet romeo@example.edu", 69, "does not serve \"example.edu\"");
        assert_complaint(server, "greet list example.edu", 69, "does not serve \"example.edu\"");
        assert_complaint(server, "greet list a@b", 64, "is no domain");
}

static void
test_the_number_of_arguments_is_checked(void)
{
        g_autoptr(TestServer) server = start();

        assert_complaint(server, "greet keep", 64, "usage: greet keep JID");
        assert_complaint(server, "greet romeo@example.org a b", 64,
                         "too many arguments; usage: greet JID [WHAT]");
        assert_complaint(server, "status now", 64, "too many arguments; usage: status");
}

static void
test_words_are_checked(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "greet repeat romeo@example.org/orchard loud", 0, "loud 0 0\n");
        assert_complaint(server, "greet repeat romeo@example.org lout", 64,
                         "none of loud, quiet; did you mean \"loud\"?");
        assert_complaint(server, "greet repeat romeo@example.org x", 64, "none of loud, quiet");
}

static void
test_numbers_and_times_have_a_range(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "greet repeat romeo@example.org loud --times 5 --every 1m", 0,
                      "loud 5 60000000\n");
        assert_answer(server, "greet repeat romeo@example.org loud --times 1 --every 1s", 0,
                      "loud 1 1000000\n");
        assert_complaint(server, "greet repeat romeo@example.org loud --times 6", 64,
                         "no number from 1 to 5");
        assert_complaint(server, "greet repeat romeo@example.org loud --times 0", 64,
                         "no number from 1 to 5");
        assert_complaint(server, "greet repeat romeo@example.org loud --every 61s", 64,
                         "no time such as 10m, from 1s to 1m");
        assert_complaint(server, "greet repeat romeo@example.org loud --every soon", 64,
                         "no time such as 10m, from 1s to 1m");
}

static void
test_secrets_come_last(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "greet keep romeo@example.org s3cret", 0,
                      "romeo@example.org has 6 characters\n");
}

/* What motetctl asks before it asks the operator for a password. */
static void
test_asking_tells_the_secrets(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "? greet keep romeo@example.org", 0, "secret password\n");
        assert_answer(server, "? greet romeo@example.org", 0, "");
        assert_complaint(server, "? greet keep", 64, "the argument jid is missing");
        assert_complaint(server, "? greet keep romeo@example.edu", 69, "does not serve");
}

static void
test_a_password_as_argument_is_refused(void)
{
        g_autoptr(TestServer) server = start();

        assert_complaint(server, "? greet keep romeo@example.org s3cret", 64,
                         "a password is never one");
}

static void
test_an_empty_secret_is_refused(void)
{
        g_autoptr(TestServer) server = start();
        const char *const words[] = {"greet", "keep", "romeo@example.org", "", NULL};

        g_assert_cmpint(test_server_run_command(server, words, NULL), ==, 64);
}

typedef struct {
        GString *text;
        int code; /* -1: not ended */
} Answer;

static void
take_line(void *data, const char *text)
{
        Answer *answer = data;

        g_string_append_printf(answer->text, "%s\n", text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        Answer *answer = data;

        g_assert_cmpint(answer->code, ==, -1);
        answer->code = exit_code;
        if (error_text)
                take_line(answer, error_text);
}

static const CommandOwner command_owner = {.line = take_line, .ended = take_end};

static void
test_a_command_may_end_later(void)
{
        g_autoptr(TestServer) server = start();
        g_autoptr(GString) text = g_string_new(NULL);
        Answer answer = {.text = text, .code = -1};
        const char *const words[] = {"greet", "wait", NULL};

        command_run(test_server_core(server), words, &command_owner, &answer);
        test_server_advance(server, G_TIME_SPAN_SECOND - 10000);
        g_assert_cmpint(answer.code, ==, -1);
        test_server_advance(server, 20000);
        g_assert_cmpint(answer.code, ==, -1);
        test_server_advance(server, G_TIME_SPAN_SECOND);

        g_assert_cmpint(answer.code, ==, 0);
        g_assert_cmpstr(text->str, ==, "late\nlate\n");
}

static void
test_a_stopping_module_cancels_its_commands(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *yaml = config("    enabled: false\n");
        g_autoptr(GString) text = g_string_new(NULL);
        Answer answer = {.text = text, .code = -1};
        const char *const words[] = {"greet", "wait", "example.org", NULL};

        command_run(test_server_core(server), words, &command_owner, &answer);
        g_assert_true(test_server_reload(server, yaml, NULL));

        g_assert_cmpint(answer.code, ==, 75);
        g_assert_cmpstr(text->str, ==, "the module that runs this command is stopping\n");
        test_server_advance(server, 2 * G_TIME_SPAN_SECOND);
}

/* What @jid gets who has @right. */
static void
assert_may(TestServer *server, MotetCommandRight right, const char *jid, const char *words,
           int code, const char *output)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        g_autoptr(GString) text = g_string_new(NULL);
        const CommandCaller caller = {.right = right, .jid = jid};
        Answer answer = {.text = text, .code = -1};

        command_run_as(test_server_core(server), &caller, (const char *const *)split,
                       &command_owner, &answer);

        g_assert_cmpstr(text->str, ==, output);
        g_assert_cmpint(answer.code, ==, code);
}

static void
test_an_administrator_has_one_host(void)
{
        g_autoptr(TestServer) server = start();
        const char *admin = "admin@example.org", *denied = "admin@example.org may not do that\n";

        assert_may(server, MOTET_FOR_ADMIN, admin, "greet repeat romeo@example.org loud", 0,
                   "loud 0 0\n");
        assert_may(server, MOTET_FOR_ADMIN, admin, "greet repeat romeo@example.com loud", 77,
                   denied);
        assert_may(server, MOTET_FOR_ADMIN, admin, "greet list", 0, "example.org\n");
        assert_may(server, MOTET_FOR_ADMIN, admin, "greet list example.com", 77, denied);
        assert_may(server, MOTET_FOR_ADMIN, admin, "greet keep romeo@example.org x", 0,
                   "romeo@example.org has 1 characters\n");
        assert_may(server, MOTET_FOR_ADMIN, admin, "session list", 77, denied);
        assert_may(server, MOTET_FOR_ADMIN, admin, "session list --host example.com", 77, denied);
        assert_may(server, MOTET_FOR_ADMIN, admin,
                   "session list --host example.org --jid a@example.com", 77, denied);
        assert_may(server, MOTET_FOR_ADMIN, admin, "session list --host example.org", 0, "");
        assert_may(server, MOTET_FOR_ADMIN, admin, "greet romeo@example.org", 77, denied);
        assert_may(server, MOTET_FOR_ADMIN, admin, "stop", 77, denied);
}

static void
test_everybody_has_their_own_account(void)
{
        g_autoptr(TestServer) server = start();
        const char *romeo = "romeo@example.org", *denied = "romeo@example.org may not do that\n";

        assert_may(server, MOTET_FOR_SELF, romeo, "greet keep romeo@example.org x", 0,
                   "romeo@example.org has 1 characters\n");
        assert_may(server, MOTET_FOR_SELF, romeo, "greet keep juliet@example.org x", 77, denied);
        assert_may(server, MOTET_FOR_SELF, romeo, "? greet keep juliet@example.org", 77, denied);
        assert_may(server, MOTET_FOR_SELF, romeo, "greet repeat romeo@example.org loud", 77,
                   denied);
        assert_may(server, MOTET_FOR_SELF, romeo, "user sessions romeo@example.org", 0, "");
        assert_may(server, MOTET_FOR_SELF, romeo, "user sessions juliet@example.org", 77, denied);
        assert_may(server, MOTET_FOR_SELF, romeo, "help", 77, denied);
}

static void
note_command(const MotetCommandDecl *decl, const char *module, void *data)
{
        g_string_append_printf(data, "%s (%s)\n", decl->name, module ? module : "core");
}

static void
test_commands_are_listed_by_name(void)
{
        g_autoptr(TestServer) server = start();
        g_autoptr(GString) text = g_string_new(NULL);

        command_list(test_server_core(server), note_command, text);

        g_assert_nonnull(
                strstr(text->str,
                       "greet (speaker)\ngreet break (speaker)\ngreet flood "
                       "(speaker)\ngreet keep (speaker)\n"
                       "greet list (speaker)\ngreet repeat (speaker)\ngreet wait (speaker)\nhelp "
                       "(core)\n"));
        g_assert_nonnull(strstr(text->str, "session show (core)\nstatus (core)\nstop (core)\n"));
}

static void
test_status_tells_hosts_and_streams(void)
{
        g_autoptr(TestServer) server = start();
        test_server_bind(server, "romeo@example.org/orchard");

        assert_complaint(server, "status", 0, "1 streams, 2 module instances");
        assert_complaint(server, "status", 0, "host example.org: 1 sessions");
        assert_complaint(server, "status", 0, "host example.net: 0 sessions");
}

static void
test_modules_are_listed_with_their_hosts(void)
{
        g_autoptr(TestServer) server = start();

        assert_answer(server, "module list", 0,
                      "speaker          " MOTET_VERSION "    example.org, example.com: Speak\n");
        assert_complaint(server, "module list --sepcs", 64, "did you mean \"--specs\"?");
}

static void
test_specs_are_listed_with_their_modules(void)
{
        g_autofree char *dir = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        g_autofree char *yaml = g_strdup_printf("modules_dir: %s\nmodules:\n  alpha:\n", dir);
        g_autoptr(TestServer) server = test_server_new_config(yaml);

        assert_answer(server, "module list --specs", 0, "RFC0001              alpha\n");
}

static void
test_stop_answers_when_all_is_over(void)
{
        TestServer *server = start();
        g_autoptr(GString) text = g_string_new(NULL);
        Answer answer = {.text = text, .code = -1};
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        command_run(test_server_core(server), (const char *const[]){"stop", NULL}, &command_owner,
                    &answer);
        test_server_settle(server);
        test_assert_stream_error(romeo, "system-shutdown");
        g_assert_cmpint(answer.code, ==, -1);
        test_server_free(server);

        g_assert_cmpint(answer.code, ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command/an-unknown-command-is-refused",
                        test_an_unknown_command_is_refused);
        g_test_add_func("/command/no-words-are-refused", test_no_words_are_refused);
        g_test_add_func("/command/the-longest-name-wins", test_the_longest_name_wins);
        g_test_add_func("/command/the-address-decides-the-host", test_the_address_decides_the_host);
        g_test_add_func("/command/a-left-out-host-means-every-host",
                        test_a_left_out_host_means_every_host);
        g_test_add_func("/command/the-first-failure-ends-the-round",
                        test_the_first_failure_ends_the_round);
        g_test_add_func("/command/wrong-addresses-are-refused", test_wrong_addresses_are_refused);
        g_test_add_func("/command/the-number-of-arguments-is-checked",
                        test_the_number_of_arguments_is_checked);
        g_test_add_func("/command/secrets-come-last", test_secrets_come_last);
        g_test_add_func("/command/asking-tells-the-secrets", test_asking_tells_the_secrets);
        g_test_add_func("/command/a-password-as-argument-is-refused",
                        test_a_password_as_argument_is_refused);
        g_test_add_func("/command/an-empty-secret-is-refused", test_an_empty_secret_is_refused);
        g_test_add_func("/command/a-command-may-end-later", test_a_command_may_end_later);
        g_test_add_func("/command/a-stopping-module-cancels-its-commands",
                        test_a_stopping_module_cancels_its_commands);
        g_test_add_func("/command/commands-are-listed-by-name", test_commands_are_listed_by_name);
        g_test_add_func("/command/status-tells-hosts-and-streams",
                        test_status_tells_hosts_and_streams);
        g_test_add_func("/command/modules-are-listed-with-their-hosts",
                        test_modules_are_listed_with_their_hosts);
        g_test_add_func("/command/specs-are-listed-with-their-modules",
                        test_specs_are_listed_with_their_modules);
        g_test_add_func("/command/stop-answers-when-all-is-over",
                        test_stop_answers_when_all_is_over);
        g_test_add_func("/command/words-are-checked", test_words_are_checked);
        g_test_add_func("/command/numbers-and-times-have-a-range",
                        test_numbers_and_times_have_a_range);
        g_test_add_func("/command/an-administrator-has-one-host",
                        test_an_administrator_has_one_host);
        g_test_add_func("/command/everybody-has-their-own-account",
                        test_everybody_has_their_own_account);
        return g_test_run();
}
