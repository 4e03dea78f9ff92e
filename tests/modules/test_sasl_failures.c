/*
 * test_sasl_failures: what does not lead to a login: elements out of place, guessing, accounts that
 * change, a service that does not answer.
 */
#include <motet/service-auth.h>
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

#include "support/test_login.h"

/* Elements */

/* RFC 6120 6.5.7 */
static void
test_unknown_mechanisms(void)
{
        static const char *const wrong[] = {
                "<auth xmlns='" TEST_NS_SASL "'/>",
                "<auth xmlns='" TEST_NS_SASL "' mechanism=''/>",
                "<auth xmlns='" TEST_NS_SASL "' mechanism='DIGEST-MD5'/>",
                "<auth xmlns='" TEST_NS_SASL "' mechanism='scram-sha-1'>biws</auth>",
        };
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                TestLine line = test_line_in_clear(server);
                test_line_send(&line, wrong[i]);
                test_assert_failure(&line, "invalid-mechanism");
        }
}

/* RFC 6120 6.4.2, 6.5.5: base64 without white space, with padding */
static void
test_bad_encoding(void)
{
        static const char *const wrong[] = {"biw",         "biws\n", " biws", "bi=ws",
                                            "b\xc3\xa4ws", "biws=",  "=="};
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                TestLine line = test_line_in_clear(server);
                g_autofree char *xml = g_strdup_printf("<auth xmlns='" TEST_NS_SASL
                                                       "' mechanism='SCRAM-SHA-1'>%s</auth>",
                                                       wrong[i]);
                test_line_send(&line, xml);
                test_assert_failure(&line, "incorrect-encoding");
        }
}

/*
 * RFC 6120 6.4.2: "=" is an initial response of no bytes; 6.4.3: a response of no bytes is an empty
 * element
 */
static void
test_empty_messages(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_line_send(&line, "<auth xmlns='" TEST_NS_SASL "' mechanism='SCRAM-SHA-1'>=</auth>");
        test_assert_failure(&line, "malformed-request");
        test_line_auth(&line, "SCRAM-SHA-1", NULL);
        g_free(test_line_expect(&line, "challenge"));
        test_line_send(&line, "<response xmlns='" TEST_NS_SASL "'/>");
        test_assert_failure(&line, "malformed-request");
}

static void
test_equals_sign_is_no_response(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        test_line_auth(&line, "SCRAM-SHA-1", NULL);
        g_free(test_line_expect(&line, "challenge"));

        test_line_send(&line, "<response xmlns='" TEST_NS_SASL "'>=</response>");

        test_assert_failure(&line, "incorrect-encoding");
}

static void
test_children_are_refused(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_line_send(&line, "<auth xmlns='" TEST_NS_SASL "' mechanism='SCRAM-SHA-1'><x/></auth>");

        test_assert_failure(&line, "malformed-request");
}

/* RFC 6120 6.4.4 */
static void
test_abort(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
        test_peer_begin(&peer, &line);

        test_line_send(&line, "<abort xmlns='" TEST_NS_SASL "'/>");
        test_assert_failure(&line, "aborted");
        test_peer_prove(&peer);
        test_line_respond(&line, peer.final);
        test_assert_failure(&line, "malformed-request");
}

static void
test_elements_out_of_order(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine first = test_line_in_clear(server), second = test_line_in_clear(server);

        test_line_send(&first, "<response xmlns='" TEST_NS_SASL "'>biws</response>");
        test_assert_failure(&first, "malformed-request");
        test_line_send(&first, "<abort xmlns='" TEST_NS_SASL "'/>");
        test_assert_failure(&first, "malformed-request");
        test_line_auth(&second, "SCRAM-SHA-1", NULL);
        g_free(test_line_expect(&second, "challenge"));
        test_line_auth(&second, "SCRAM-SHA-1", NULL);
        test_assert_failure(&second, "malformed-request");
}

static void
test_unknown_elements(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_line_send(&line, "<success xmlns='" TEST_NS_SASL "'/>");
        test_assert_failure(&line, "malformed-request");
        test_line_send(&line, "<challenge xmlns='" TEST_NS_SASL "'/>");
        test_assert_failure(&line, "malformed-request");
}

/*
 * What is not part of an exchange ends it, and is then treated as without it (RFC 6120 4.9.3.12).
 */
static void
test_strays_end_the_exchange(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        test_line_auth(&line, "SCRAM-SHA-1", NULL);
        g_free(test_line_expect(&line, "challenge"));

        test_line_send(&line, "<message to='juliet@example.org'><body>hi</body></message>");

        test_assert_sent(line.session,
                         "<failure xmlns='" TEST_NS_SASL
                         "'><malformed-request/><text xml:lang='en'>*</text></failure>");
        test_assert_stream_error(line.session, "not-authorized");
}

/* Too often */

/* RFC 6120 6.4.5: the third failure of a stream is the last, the second is not (R9) */
static void
test_failures_of_a_stream(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_assert_wrong_password(&line);
        test_assert_wrong_password(&line);
        g_assert_true(motet_session_is_connected(line.session));
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "x");
        test_peer_run(&peer, &line);

        test_assert_sent(line.session,
                         "<failure xmlns='" TEST_NS_SASL "'><not-authorized/></failure>");
        test_assert_stream_error(line.session, "policy-violation");
}

static void
test_right_password_after_two_failures(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        test_assert_wrong_password(&line);
        test_assert_wrong_password(&line);

        test_assert_logs_in(&line, "SCRAM-SHA-1", "romeo", "montague");
}

/* Failures of any kind count, so that a stream cannot be kept for ever. */
static void
test_aborts_count(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        for (int i = 0; i < 3; i++) {
                test_line_send(&line, "<abort xmlns='" TEST_NS_SASL "'/>");
                test_assert_sent(line.session, "<failure xmlns='" TEST_NS_SASL
                                               "'><malformed-request/></failure>");
        }

        test_assert_stream_error(line.session, "policy-violation");
}

/* Guesses @n times, on as many streams as that takes. */
static void
guess(TestServer *server, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                TestLine line = test_line_in_clear(server);
                test_assert_wrong_password(&line);
                test_session_lose(line.session);
        }
}

/*
 * Ten a minute; the eleventh attempt is refused, right or wrong, after a while; no other address is
 */
static void
test_guessing_address_is_refused(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        guess(server, 9);
        TestLine tenth = test_line_in_clear(server);
        test_assert_logs_in(&tenth, "SCRAM-SHA-1", "romeo", "montague");
        guess(server, 1);

        TestLine line = test_line_in_clear(server);
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_assert_sent_nothing(line.session);
        test_server_advance(server, G_TIME_SPAN_SECOND);
        test_assert_failure(&line, "temporary-auth-failure");

        g_autoptr(TestClient) other = test_client_new(server, "192.0.2.99");
        g_free(test_client_open(other, "example.org"));
        TestLine other_line = test_line_of(other);
        test_assert_logs_in(&other_line, "SCRAM-SHA-1", "romeo", "montague");
}

/* Growing delay, and no lock: a minute later all is well */
static void
test_refusal_grows_and_passes(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        guess(server, 10);

        TestLine line = test_line_in_clear(server);
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_server_advance(server, G_TIME_SPAN_SECOND);
        test_assert_failure(&line, "temporary-auth-failure");
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_server_advance(server, G_TIME_SPAN_SECOND);
        test_assert_sent_nothing(line.session);
        test_server_advance(server, G_TIME_SPAN_SECOND);
        test_assert_failure(&line, "temporary-auth-failure");

        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);
        TestLine later = test_line_in_clear(server);
        test_assert_logs_in(&later, "SCRAM-SHA-1", "romeo", "montague");
}

/* A stream that goes while it waits for its refusal leaves nothing behind. */
static void
test_lost_while_being_refused(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        guess(server, 10);
        TestLine line = test_line_in_clear(server);
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");

        test_session_lose(line.session);
        test_server_advance(server, 10 * G_TIME_SPAN_SECOND);

        g_assert_false(motet_session_is_connected(line.session));
}

/* Accounts that change */

static void
run_user_command(TestServer *server, const char *what, const char *jid, const char *password)
{
        const char *const words[] = {"user", what, jid, password, NULL};

        g_assert_cmpint(test_server_run_command(server, words, NULL), ==, 0);
}

/* RFC 6120 6.5.2, told to whom knows the password only */
static void
test_disabled_account(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        run_user_command(server, "disable", "romeo@example.org", NULL);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");

        test_assert_wrong_password(&line);
        test_peer_run(&peer, &line);
        test_assert_failure(&line, "account-disabled");

        run_user_command(server, "enable", "romeo@example.org", NULL);
        test_assert_logs_in(&line, "SCRAM-SHA-1", "romeo", "montague");
}

static void
test_disabled_account_with_plain(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        run_user_command(server, "disable", "romeo@example.org", NULL);
        g_autoptr(TestClient) client = test_line_secure(server);
        TestLine line = test_line_of(client);

        test_line_plain(&line, "", "romeo", "capulet");
        test_assert_failure(&line, "not-authorized");
        test_line_plain(&line, "", "romeo", "montague");
        test_assert_failure(&line, "account-disabled");
}

/* A changed password ends what began with the old one */
static void
test_account_changes_during_the_exchange(void)
{
        static const struct {
                const char *command, *password;
        } changes[] = {{"password", "benvolio"}, {"disable", NULL}, {"delete", NULL}};
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);

        for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
                const char *password = i == 0 ? "montague" : "benvolio";
                TestLine line = test_line_in_clear(server);
                g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", password);
                test_peer_begin(&peer, &line);
                run_user_command(server, changes[i].command, "romeo@example.org",
                                 changes[i].password);
                test_peer_prove(&peer);
                test_line_respond(&line, peer.final);
                test_assert_failure(&line, "not-authorized");
                if (i == 1)
                        run_user_command(server, "enable", "romeo@example.org", NULL);
        }
}

/* Switching off */

/*
 * A stream that waits for the service does not hold up the end of the module, nor the other way
 * round.
 */
static void
test_switched_off_during_the_exchange(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
        test_peer_begin(&peer, &line);

        g_assert_true(
                test_server_reload(server,
                                   "modules:\n  storage_memory:\n  auth_internal:\n    options:\n"
                                   "      iterations: 4096\n  sasl:\n    enabled: false\n",
                                   NULL));
        test_peer_prove(&peer);
        test_line_respond(&line, peer.final);

        g_autofree char *sent = test_line_take(&line);
        g_assert_null(strstr(sent, "<success"));
        g_assert_null(line.session->username);
}

static void
test_lost_during_the_exchange(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
        test_peer_begin(&peer, &line);

        test_session_lose(line.session);

        g_assert_false(motet_session_is_connected(line.session));
}

/* A service that does not answer */

/* Returns: (own) a folder with modules that live in two */
static char *
module_folder(void)
{
        static const char *const files[][2] = {
                {"modules", "mod_sasl.so"},
                {"modules", "mod_tls.so"},
                {"test_modules", "mod_plain_auth.so"},
                {"test_modules", "mod_silent_auth.so"},
        };
        char *dir = g_dir_make_tmp("motet-modules-XXXXXX", NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *target = g_build_filename(g_getenv("MOTET_TEST_BUILD"),
                                                           files[i][0], files[i][1], NULL);
                g_autofree char *link = g_build_filename(dir, files[i][1], NULL);
                g_assert_cmpint(symlink(target, link), ==, 0);
        }
        return dir;
}

static void
remove_folder(const char *dir)
{
        static const char *const files[] = {"mod_sasl.so", "mod_tls.so", "mod_plain_auth.so",
                                            "mod_silent_auth.so"};

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *link = g_build_filename(dir, files[i], NULL);
                g_assert_cmpint(unlink(link), ==, 0);
        }
        g_assert_cmpint(rmdir(dir), ==, 0);
}

#define SILENT_YAML                                                                                \
        "modules_dir: %s\nmodules:\n  silent_auth:\n  sasl:\n    enabled: %s\n    options:\n"      \
        "      allow_unencrypted: true\n"

/* A stream that waits for an answer; @dir_out: (own) see module_folder() */
static TestServer *
silent_server(TestLine *line_out, char **dir_out)
{
        *dir_out = module_folder();
        g_autofree char *yaml = g_strdup_printf(SILENT_YAML, *dir_out, "true");
        TestServer *server = test_server_new_config(yaml);

        *line_out = test_line_in_clear(server);
        test_line_auth(line_out, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_assert_sent_nothing(line_out->session);
        return server;
}

/* RFC 6120 6.5.11: who waits for too long is to come again; on the same stream, if he likes, and
 * the late answer is nobody's. */
static void
test_silence_ends(void)
{
        TestLine line;
        g_autofree char *dir = NULL;
        g_autoptr(TestServer) server = silent_server(&line, &dir);

        test_server_advance(server, 19 * G_TIME_SPAN_SECOND);
        test_assert_sent_nothing(line.session);
        test_server_advance(server, G_TIME_SPAN_SECOND);

        test_assert_failure(&line, "temporary-auth-failure");
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_assert_sent_nothing(line.session);
        test_server_advance(server, 8 * G_TIME_SPAN_SECOND);
        test_assert_sent_nothing(line.session);
        g_assert_true(motet_session_is_connected(line.session));
        remove_folder(dir);
}

/*
 * The module insists on nobody being left waiting when it ends; the session takes its request with
 * it.
 */
static void
test_destroyed_while_waiting(void)
{
        TestLine line;
        g_autofree char *dir = NULL;
        g_autoptr(TestServer) server = silent_server(&line, &dir);

        motet_session_destroy(line.session);
        test_server_settle(server);

        g_assert_false(motet_session_is_connected(line.session));
        remove_folder(dir);
}

static void
test_switched_off_while_waiting(void)
{
        TestLine line;
        g_autofree char *dir = NULL;
        g_autoptr(TestServer) server = silent_server(&line, &dir);
        g_autofree char *yaml = g_strdup_printf(SILENT_YAML, dir, "false");

        g_assert_true(test_server_reload(server, yaml, NULL));
        test_server_advance(server, 40 * G_TIME_SPAN_SECOND);

        g_assert_false(motet_session_is_connected(line.session));
        g_assert_null(line.session->username);
        remove_folder(dir);
}

/* A service without keys */

/* What cannot be verified is neither offered nor tried, whatever the options say. */
static void
test_no_scram_without_keys(void)
{
        g_autofree char *dir = module_folder();
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s\nmodules:\n  plain_auth:\n  sasl:\n    options: "
                                "{allow_unencrypted: true}\n",
                                dir);
        g_autoptr(TestServer) server = test_server_new_config(yaml);
        TestLine line = {.session = test_server_connect(server)};
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(line.session, header);

        test_assert_sent(line.session, "<stream:features/>");
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_assert_failure(&line, "encryption-required");
        remove_folder(dir);
}

static void
test_plain_without_keys(void)
{
        g_autofree char *dir = module_folder();
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s\nmodules:\n  plain_auth:\n  tls:\n  sasl:\n", dir);
        g_autoptr(TestServer) server = test_server_new_config(yaml);
        test_server_certify(server, "");
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");

        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_3_VERSION);

        TestLine line = test_line_of(client);
        g_assert_nonnull(strstr(features, "<mechanisms xmlns='" TEST_NS_SASL
                                          "'><mechanism>PLAIN</mechanism></mechanisms>"));
        g_assert_null(strstr(features, "channel-binding"));
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_assert_failure(&line, "invalid-mechanism");
        test_line_plain(&line, "", "romeo", "wrong");
        test_assert_failure(&line, "not-authorized");
        test_line_plain(&line, "", "romeo", "right");
        g_autofree char *success = test_line_take(&line);
        g_assert_true(g_str_has_prefix(success, "<success"));
        test_assert_logged_in(&line, "romeo");
        remove_folder(dir);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/sasl/elements/unknown-mechanisms", test_unknown_mechanisms);
        g_test_add_func("/sasl/elements/bad-encoding", test_bad_encoding);
        g_test_add_func("/sasl/elements/empty-messages", test_empty_messages);
        g_test_add_func("/sasl/elements/equals-sign-is-no-response",
                        test_equals_sign_is_no_response);
        g_test_add_func("/sasl/elements/children-are-refused", test_children_are_refused);
        g_test_add_func("/sasl/elements/abort", test_abort);
        g_test_add_func("/sasl/elements/out-of-order", test_elements_out_of_order);
        g_test_add_func("/sasl/elements/unknown-elements", test_unknown_elements);
        g_test_add_func("/sasl/elements/strays-end-the-exchange", test_strays_end_the_exchange);
        g_test_add_func("/sasl/often/three-failures-a-stream", test_failures_of_a_stream);
        g_test_add_func("/sasl/often/right-password-after-two-failures",
                        test_right_password_after_two_failures);
        g_test_add_func("/sasl/often/aborts-count", test_aborts_count);
        g_test_add_func("/sasl/often/guessing-address-is-refused",
                        test_guessing_address_is_refused);
        g_test_add_func("/sasl/often/refusal-grows-and-passes", test_refusal_grows_and_passes);
        g_test_add_func("/sasl/often/lost-while-being-refused", test_lost_while_being_refused);
        g_test_add_func("/sasl/account/disabled", test_disabled_account);
        g_test_add_func("/sasl/account/disabled-with-plain", test_disabled_account_with_plain);
        g_test_add_func("/sasl/account/changes-during-the-exchange",
                        test_account_changes_during_the_exchange);
        g_test_add_func("/sasl/end/switched-off-during-the-exchange",
                        test_switched_off_during_the_exchange);
        g_test_add_func("/sasl/end/lost-during-the-exchange", test_lost_during_the_exchange);
        g_test_add_func("/sasl/silence/ends-at-the-deadline", test_silence_ends);
        g_test_add_func("/sasl/silence/destroyed-while-waiting", test_destroyed_while_waiting);
        g_test_add_func("/sasl/silence/switched-off-while-waiting",
                        test_switched_off_while_waiting);
        g_test_add_func("/sasl/no-keys/scram-is-refused", test_no_scram_without_keys);
        g_test_add_func("/sasl/no-keys/plain-alone-inside-tls", test_plain_without_keys);
        return g_test_run();
}
