/*
 * Tests of the register module: XEP-0077, on the server's side.
 */
#include <openssl/ssl.h>

#include <motet/service-auth.h>

#include "support/test_login.h"

#define NS "jabber:iq:register"
#define STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define FEATURE "http://jabber.org/features/iq-register"
#define REGISTER TEST_LOGIN_ENCRYPTED "register:\n  options:\n    max_attempts: 100\n"
#define OPEN REGISTER "    allow_registration: true\n"
#define HOUR (60 * 60 * G_TIME_SPAN_SECOND)

/* Strangers */

static TestClient *
stranger_from(TestServer *server, const char *peer)
{
        TestClient *client = test_client_new(server, peer);

        g_free(test_client_starttls(client, "example.org", TLS1_3_VERSION));
        return client;
}

static TestClient *
stranger(TestServer *server)
{
        return stranger_from(server, "192.0.2.1");
}

/* Returns: (own) the answer to an iq of @type with @fields in its query */
static char *
ask(TestClient *client, const char *type, const char *fields)
{
        g_autofree char *iq = g_strdup_printf(
                "<iq type='%s' id='r1'><query xmlns='" NS "'>%s</query></iq>", type, fields);

        test_client_send(client, iq);
        return test_client_take(client);
}

static char *
try_register(TestClient *client, const char *username, const char *password)
{
        g_autofree char *fields = g_markup_printf_escaped(
                "<username>%s</username><password>%s</password>", username, password);

        return ask(client, "set", fields);
}

static void
assert_like_at(const char *sent, const char *expected, int line)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(MotetXml) want = motet_xml_parse(expected, -1, MOTET_NS_CLIENT, &error);
        g_assert_no_error(error);
        g_autoptr(MotetXml) got = motet_xml_parse(sent, -1, MOTET_NS_CLIENT, &error);

        if (!got || !test_xml_like(want, got))
                g_error("line %d: expected %s\nsent %s", line, expected, sent);
}
#define assert_like(sent, expected) assert_like_at(sent, expected, __LINE__)

static void
assert_refused_at(const char *sent, const char *type, const char *condition, int line)
{
        g_autofree char *expected = g_strdup_printf("<iq type='error' id='r1'><error type='%s'>"
                                                    "<%s xmlns='" STANZAS "'/></error></iq>",
                                                    type, condition);

        assert_like_at(sent, expected, line);
}
#define assert_refused(sent, type, condition) assert_refused_at(sent, type, condition, __LINE__)

static void
assert_registers_at(TestClient *client, const char *username, int line)
{
        g_autofree char *answer = try_register(client, username, "correct horse");

        assert_like_at(answer, "<iq type='result' id='r1'/>", line);
}
#define assert_registers(client, username) assert_registers_at(client, username, __LINE__)

static void
assert_turned_down_at(TestClient *client, const char *username, const char *password,
                      const char *type, const char *condition, int line)
{
        g_autofree char *answer = try_register(client, username, password);

        assert_refused_at(answer, type, condition, line);
}
#define assert_turned_down(client, username, password, type, condition)                            \
        assert_turned_down_at(client, username, password, type, condition, __LINE__)

static void
note_status(MotetModule *caller, MotetAuthStatus status, void *data)
{
        (void)caller;
        *(MotetAuthStatus *)data = status;
}

static bool
is_password(TestServer *server, const char *username, const char *password)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = motet_service(test_server_host(server), "auth", &provider);
        MotetAuthStatus status = MOTET_AUTH_ERROR;

        auth->check(provider, test_server_owner(server), username, password, note_status, &status);
        test_server_settle(server);
        g_assert_cmpint(status, !=, MOTET_AUTH_ERROR);
        return status == MOTET_AUTH_OK;
}

/* R18: closed unless an operator opens it; then neither the feature nor anything else is there. */
static void
test_closed_by_default(void)
{
        g_autoptr(TestServer) server = test_login_server(REGISTER);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_3_VERSION);

        g_assert_null(strstr(features, FEATURE));
        g_autofree char *got = ask(client, "get", "");
        assert_refused(got, "cancel", "service-unavailable");
        assert_turned_down(client, "mercutio", "correct horse", "cancel", "service-unavailable");
        g_assert_false(is_password(server, "mercutio", "correct horse"));
}

/* XEP-0077 3.1 and 8 */
static void
test_registers_and_logs_in(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_3_VERSION);

        g_assert_nonnull(strstr(features, "<register xmlns='" FEATURE "'/>"));
        g_autofree char *fields = ask(client, "get", "");
        assert_like(fields, "<iq type='result' id='r1'><query xmlns='" NS
                            "'><instructions>Choose a username and password for use with this "
                            "service.</instructions><username/><password/></query></iq>");
        assert_registers(client, "Mercutio");

        TestLine line = test_line_of(client);
        test_line_plain(&line, "", "mercutio", "correct horse");
        test_assert_logged_in(&line, "mercutio");
}

/* Nothing but STARTTLS in clear (R2): neither offered nor answered */
static void
test_only_inside_tls(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_autofree char *features = test_client_open(client, "example.org");

        g_assert_null(strstr(features, FEATURE));
        g_autofree char *answer = try_register(client, "mercutio", "correct horse");
        g_assert_nonnull(strstr(answer, "policy-violation"));
        g_assert_nonnull(strstr(answer, "</stream:stream>"));
        g_assert_false(is_password(server, "mercutio", "correct horse"));
}

static void
test_only_inside_tls_where_tls_is_optional(void)
{
        g_autoptr(TestServer) server =
                test_login_server(TEST_LOGIN_IN_CLEAR "register:\n  options:\n"
                                                      "    allow_registration: true\n");
        MotetSession *session = test_server_open(server, "example.org");

        test_session_receive(session, "<iq type='get' id='r1'><query xmlns='" NS "'/></iq>");

        test_assert_sent(session, "<iq type='error' id='r1'><error type='modify'><policy-violation "
                                  "xmlns='" STANZAS "'/></error></iq>");
}

static void
test_taken_name(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = stranger(server);

        assert_turned_down(client, "romeo", "correct horse", "cancel", "conflict");
        assert_turned_down(client, "ROMEO", "correct horse", "cancel", "conflict");
        g_assert_true(is_password(server, "romeo", "montague"));
        assert_registers(client, "mercutio");
}

/* XEP-0077 3.1: all that is asked for must be there. */
static void
test_missing_fields(void)
{
        static const char *const cases[] = {
                "",
                "<username>mercutio</username>",
                "<username>mercutio</username><password/>",
                "<password>correct horse</password>",
                "<username/><password>correct horse</password>",
        };
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = stranger(server);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *answer = ask(client, "set", cases[i]);
                assert_refused(answer, "modify", "not-acceptable");
        }
}

/* RFC 7622 3.3, R18: what can be no username, what nobody may have, and what looks like another */
static void
test_names_that_cannot_be_had(void)
{
        static const char *const names[] = {
                "two words",
                "at@sign",
                "slash/ed",
                "<angle>",
                "quo\"te",
                "admin",
                "Administrator",
                "\xd0\xb0"
                "dmin",
                "\xef\xbc\xa1"
                "dmin",
                "romeo\xce\xbf",
        };
        g_autoptr(TestServer) server = test_login_server(OPEN);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(TestClient) client = stranger(server);
                assert_turned_down(client, names[i], "correct horse", "modify", "not-acceptable");
        }
}

/* Letters of one script, or of those that are written together */
static void
test_names_of_any_script(void)
{
        static const char *const names[] = {
                "\xd1\x80\xd0\xbe\xd0\xbc\xd0\xb5\xd0\xbe",         /* Cyrillic */
                "\xe3\x83\xad\xe3\x83\x9f\xe3\x82\xaa\xe6\xa8\xa3", /* Katakana and Han */
                "romeo-2_",
        };
        g_autoptr(TestServer) server = test_login_server(OPEN);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(TestClient) client = stranger(server);
                assert_registers(client, names[i]);
        }
}

static void
test_reserved_names_are_the_operators(void)
{
        g_autoptr(TestServer) server =
                test_login_server(OPEN "    reserved_names: [Mercutio, paris]\n");
        g_autoptr(TestClient) client = stranger(server);

        assert_turned_down(client, "mercutio", "correct horse", "modify", "not-acceptable");
        assert_turned_down(client, "paris", "correct horse", "modify", "not-acceptable");
        assert_registers(client, "admin");
}

/* Limits: min_password_length characters and one less; MOTET_AUTH_PASSWORD_MAX bytes and one
 * more */
static void
test_length_of_passwords(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autofree char *longest = g_strnfill(MOTET_AUTH_PASSWORD_MAX, 'x');
        g_autofree char *too_long = g_strnfill(MOTET_AUTH_PASSWORD_MAX + 1, 'x');
        g_autoptr(TestClient) first = stranger(server);
        g_autoptr(TestClient) second = stranger(server);

        assert_turned_down(first, "mercutio", "sevenxx", "modify", "not-acceptable");
        assert_turned_down(first, "mercutio", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "modify",
                           "not-acceptable");
        assert_turned_down(first, "mercutio", too_long, "modify", "not-acceptable");
        g_free(try_register(first, "mercutio", "eightxxx"));
        g_free(try_register(second, "benvolio", longest));
        g_assert_true(is_password(server, "mercutio", "eightxxx"));
        g_assert_true(is_password(server, "benvolio", longest));
}

/* XEP-0077 3.1.1 */
static void
test_one_account_a_stream(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = stranger(server);

        assert_registers(client, "mercutio");
        assert_turned_down(client, "benvolio", "correct horse", "modify", "not-acceptable");
}

/* R18, limit: three accounts a day from one address, and one more; another address is another
 * one. */
static void
test_three_a_day_and_address(void)
{
        static const char *const names[] = {"abram", "balthasar", "capulet"};
        g_autoptr(TestServer) server = test_login_server(OPEN);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(TestClient) client = stranger(server);
                assert_registers(client, names[i]);
        }
        g_autoptr(TestClient) fourth = stranger(server);
        assert_turned_down(fourth, "escalus", "correct horse", "wait", "resource-constraint");
        g_autoptr(TestClient) other = stranger_from(server, "192.0.2.2");
        assert_registers(other, "escalus");

        test_server_advance(server, 24 * HOUR);
        g_autoptr(TestClient) next_day = stranger(server);
        assert_registers(next_day, "friar");
}

/* One holder of IPv6 addresses has a /64. */
static void
test_ipv6_counts_by_network(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN "    max_accounts: 1\n");
        g_autoptr(TestClient) first = stranger_from(server, "2001:db8::1");
        g_autoptr(TestClient) near = stranger_from(server, "2001:db8::ffff:2");
        g_autoptr(TestClient) far = stranger_from(server, "2001:db8:0:1::1");

        assert_registers(first, "abram");
        assert_turned_down(near, "balthasar", "correct horse", "wait", "resource-constraint");
        assert_registers(far, "balthasar");
}

/* Asking whether names are taken is bounded too. */
static void
test_attempts_are_bounded(void)
{
        g_autoptr(TestServer) server =
                test_login_server(TEST_LOGIN_ENCRYPTED "register:\n  options:\n"
                                                       "    max_attempts: 2\n"
                                                       "    allow_registration: true\n");
        g_autoptr(TestClient) client = stranger(server);

        assert_turned_down(client, "romeo", "correct horse", "cancel", "conflict");
        assert_turned_down(client, "juliet", "correct horse", "cancel", "conflict");
        assert_turned_down(client, "mercutio", "correct horse", "wait", "resource-constraint");
}

static void
test_role_of_new_accounts(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN "    role: restricted\n");
        g_autoptr(TestClient) client = stranger(server);
        const char *const words[] = {"user", "role", "mercutio@example.org", NULL};
        g_autofree char *output = NULL;

        assert_registers(client, "mercutio");

        g_assert_cmpint(test_server_run_command(server, words, &output), ==, 0);
        g_assert_cmpstr(output, ==, "restricted\n");
}

/* XEP-0077 5 */
static void
test_redirection(void)
{
        g_autoptr(TestServer) server =
                test_login_server(REGISTER "    web_address: https://example.org/join\n");
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_3_VERSION);

        g_assert_nonnull(strstr(features, FEATURE));
        g_autofree char *answer = ask(client, "get", "");
        assert_like(answer, "<iq type='result' id='r1'><query xmlns='" NS
                            "'><instructions>*</instructions><x xmlns='jabber:x:oob'>"
                            "<url>https://example.org/join</url></x></query></iq>");
        assert_turned_down(client, "mercutio", "correct horse", "cancel", "service-unavailable");
}

/* XEP-0077 3.2 */
static void
test_a_stranger_cannot_cancel(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = stranger(server);
        g_autofree char *answer = ask(client, "set", "<remove/>");

        assert_refused(answer, "wait", "unexpected-request");
}

static void
test_malformed_requests_of_strangers(void)
{
        static const struct {
                const char *iq, *condition;
        } cases[] = {
                {"<iq type='get'><query xmlns='" NS "'/></iq>", "bad-request"},
                {"<iq type='get' id='r1'><query xmlns='" NS "'/><query xmlns='" NS "'/></iq>",
                 "bad-request"},
                {"<iq type='get' id='r1' to='example.net'><query xmlns='" NS "'/></iq>",
                 "service-unavailable"},
                {"<iq type='result' id='r1'><query xmlns='" NS "'/></iq>", "not-authorized"},
                {"<iq type='get' id='r1'><query xmlns='jabber:iq:version'/></iq>",
                 "not-authorized"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(TestServer) server = test_login_server(OPEN);
                g_autoptr(TestClient) client = stranger(server);
                test_client_send(client, cases[i].iq);
                g_autofree char *answer = test_client_take(client);
                if (!strstr(answer, cases[i].condition))
                        g_error("%s: %s", cases[i].iq, answer);
        }
}

static void
test_to_the_host(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = stranger(server);

        test_client_send(client,
                         "<iq type='get' id='r1' to='Example.ORG'><query xmlns='" NS "'/></iq>");
        g_autofree char *answer = test_client_take(client);

        g_assert_nonnull(strstr(answer, "<username/>"));
}

static MotetResult
stop_registering(MotetModule *self, MotetAccountEvent *ev)
{
        (void)self;
        (void)ev;
        return MOTET_CONTINUE;
}

/* A module that stops while it waits for the accounts leaves nothing and nobody waiting. */
static void
test_switched_off_while_asking(void)
{
        g_autoptr(TestServer) server = test_login_server(OPEN);
        g_autoptr(TestClient) client = stranger(server);
        test_server_hook(server, &(MotetHook)MOTET_ON_ACCOUNT("user-created", stop_registering,
                                                              MOTET_PRIO_NORMAL));

        test_client_send(client, "<iq type='set' id='r1'><query xmlns='" NS
                                 "'><username>mercutio</username><password>correct horse</password>"
                                 "</query></iq>");
        g_assert_true(test_server_reload(
                server, "modules: {storage_memory: , auth_internal: , tls: , sasl: }", NULL));

        g_assert_true(is_password(server, "mercutio", "correct horse"));
}

/* Users */

/* A client inside TLS that is romeo, with a resource */
static TestClient *
romeo_at(TestServer *server, const char *resource)
{
        TestClient *client = stranger(server);
        TestLine line = test_line_of(client);
        g_autofree char *bind = g_strdup_printf(
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                "<resource>%s</resource></bind></iq>",
                resource);

        test_line_plain(&line, "", "romeo", "montague");
        test_assert_logged_in(&line, "romeo");
        g_free(test_client_open(client, "example.org"));
        test_client_send(client, bind);
        g_free(test_client_take(client));
        g_assert_cmpstr(test_client_session(client)->resource, ==, resource);
        return client;
}

#define USERS TEST_LOGIN_ENCRYPTED "bind:\nregister:\n  options:\n    max_accounts: 3\n"

/* XEP-0077 3.1 */
static void
test_a_user_is_registered(void)
{
        g_autoptr(TestServer) server = test_login_server(USERS);
        g_autoptr(TestClient) romeo = romeo_at(server, "orchard");
        g_autofree char *answer = ask(romeo, "get", "");

        assert_like(answer, "<iq type='result' id='r1' to='*'><query xmlns='" NS
                            "'><registered/><username>romeo</username><password/></query></iq>");
}

/* XEP-0077 3.3; R6: every other session ends */
static void
test_password_change(void)
{
        g_autoptr(TestServer) server = test_login_server(USERS);
        g_autoptr(TestClient) romeo = romeo_at(server, "orchard");
        g_autoptr(TestClient) elsewhere = romeo_at(server, "mantua");

        g_autofree char *answer = try_register(romeo, "Romeo", "a new secret");

        assert_like(answer, "<iq type='result' id='r1' to='romeo@example.org/orchard'/>");
        g_assert_true(is_password(server, "romeo", "a new secret"));
        g_assert_false(is_password(server, "romeo", "montague"));
        g_assert_true(motet_session_is_connected(test_client_session(romeo)));
        g_autofree char *end = test_client_take(elsewhere);
        g_assert_nonnull(strstr(end, "<reset"));
}

/* To the host, as in the examples */
static void
test_password_change_to_the_host(void)
{
        g_autoptr(TestServer) server = test_login_server(USERS);
        g_autoptr(TestClient) romeo = romeo_at(server, "orchard");

        test_client_send(romeo, "<iq type='set' id='r1' to='example.org'><query xmlns='" NS
                                "'><username>romeo</username><password>a new secret</password>"
                                "</query></iq>");
        g_autofree char *answer = test_client_take(romeo);

        assert_like(answer, "<iq type='result' id='r1' from='example.org' to='*'/>");
        g_assert_true(is_password(server, "romeo", "a new secret"));
}

static void
assert_user_refused(TestServer *server, const char *fields, const char *type, const char *condition)
{
        g_autoptr(TestClient) romeo = romeo_at(server, "orchard");
        g_autofree char *answer = ask(romeo, "set", fields);
        g_autofree char *expected =
                g_strdup_printf("<iq type='error' id='r1' to='*'><error "
                                "type='%s'><%s xmlns='" STANZAS "'/></error></iq>",
                                type, condition);

        assert_like(answer, expected);
        g_assert_true(motet_session_is_connected(test_client_session(romeo)));
        g_assert_true(is_password(server, "romeo", "montague"));
        g_assert_true(is_password(server, "juliet", "capulet"));
}

#define CHANGE(username, password)                                                                 \
        "<username>" username "</username><password>" password "</password>"

static void
test_refused_password_changes(void)
{
        static const struct {
                const char *fields, *condition;
        } cases[] = {
                {CHANGE("juliet", "correct horse"), "bad-request"},
                {CHANGE("", "correct horse"), "bad-request"},
                {CHANGE("romeo", ""), "bad-request"},
                {"<password>correct horse</password>", "bad-request"},
                {"<username>romeo</username>", "bad-request"},
                {"", "bad-request"},
                {CHANGE("romeo", "short"), "not-acceptable"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(TestServer) server = test_login_server(USERS);
                assert_user_refused(server, cases[i].fields, "modify", cases[i].condition);
        }
}

static void
test_password_changes_can_be_forbidden(void)
{
        g_autoptr(TestServer) server =
                test_login_server(USERS "    allow_password_change: false\n");

        assert_user_refused(server, CHANGE("romeo", "correct horse"), "cancel", "not-allowed");
}

/* XEP-0077 3.3: not where others read it */
static void
test_password_changes_need_tls(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR "register:\n");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='set' id='r1'><query xmlns='" NS
                                    "'>" CHANGE("romeo", "correct horse") "</query></iq>");

        test_assert_sent(romeo,
                         "<iq type='error' id='r1' to='*'><error type='auth'><not-authorized "
                         "xmlns='" STANZAS "'/></error></iq>");
        g_assert_true(is_password(server, "romeo", "montague"));
}

/* XEP-0077 3.2: the result first, then the end of all sessions */
static void
test_cancel(void)
{
        g_autoptr(TestServer) server = test_login_server(USERS);
        g_autoptr(TestClient) romeo = romeo_at(server, "orchard");
        g_autoptr(TestClient) elsewhere = romeo_at(server, "mantua");
        const char *const words[] = {"user", "list", NULL};
        g_autofree char *listed = NULL;

        g_autofree char *answer = ask(romeo, "set", "<remove/>");

        g_assert_true(g_str_has_prefix(answer,
                                       "<iq type='result' id='r1' to='romeo@example.org/orchard'/>"
                                       "<stream:error><not-authorized"));
        g_autofree char *end = test_client_take(elsewhere);
        g_assert_nonnull(strstr(end, "<not-authorized"));
        test_server_run_command(server, words, &listed);
        g_assert_cmpstr(listed, ==, "juliet@example.org\n");
}

/* Nothing that was sent behind it is done any more. */
static void
test_nothing_follows_a_cancelled_account(void)
{
        g_autoptr(TestServer) server = test_login_server(USERS);
        g_autoptr(TestClient) romeo = romeo_at(server, "orchard");

        test_client_send(romeo, "<iq type='set' id='r1'><query xmlns='" NS
                                "'><remove/></query></iq><iq type='get' id='r2'><query xmlns='" NS
                                "'/></iq>");
        g_autofree char *answer = test_client_take(romeo);

        g_assert_nonnull(strstr(answer, "id='r1'"));
        g_assert_null(strstr(answer, "id='r2'"));
}

static void
test_refused_cancels(void)
{
        g_autoptr(TestServer) server = test_login_server(USERS);
        g_autoptr(TestServer) closed = NULL;

        assert_user_refused(server, "<remove/><username>romeo</username>", "modify", "bad-request");
        g_clear_pointer(&server, test_server_free);
        closed = test_login_server(USERS "    allow_cancel: false\n");
        assert_user_refused(closed, "<remove/>", "cancel", "not-allowed");
}

/* An account is where it is: others' hosts and addresses have nothing to register. */
static void
test_only_for_the_own_host(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "hosts: {example.org: , example.net: }\n"
                "modules: {storage_memory: , auth_internal: , register: , iq: }");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='r1' to='example.net'><query xmlns='" NS
                                    "'/></iq>");
        test_assert_sent(romeo,
                         "<iq type='error' id='r1' from='example.net' to='*'><error "
                         "type='cancel'><service-unavailable xmlns='" STANZAS "'/></error></iq>");
        test_session_receive(romeo, "<iq type='get' id='r2' to='juliet@example.org'><query "
                                    "xmlns='" NS "'/></iq>");
        test_assert_sent(romeo,
                         "<iq type='error' id='r2' from='juliet@example.org' to='*'><error "
                         "type='cancel'><service-unavailable xmlns='" STANZAS "'/></error></iq>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/register/" path, func)
        ADD("closed-by-default", test_closed_by_default);
        ADD("registers-and-logs-in", test_registers_and_logs_in);
        ADD("only-inside-tls", test_only_inside_tls);
        ADD("only-inside-tls-where-tls-is-optional", test_only_inside_tls_where_tls_is_optional);
        ADD("taken-name", test_taken_name);
        ADD("missing-fields", test_missing_fields);
        ADD("names-that-cannot-be-had", test_names_that_cannot_be_had);
        ADD("names-of-any-script", test_names_of_any_script);
        ADD("reserved-names-are-the-operators", test_reserved_names_are_the_operators);
        ADD("length-of-passwords", test_length_of_passwords);
        ADD("one-account-a-stream", test_one_account_a_stream);
        ADD("three-a-day-and-address", test_three_a_day_and_address);
        ADD("ipv6-counts-by-network", test_ipv6_counts_by_network);
        ADD("attempts-are-bounded", test_attempts_are_bounded);
        ADD("role-of-new-accounts", test_role_of_new_accounts);
        ADD("redirection", test_redirection);
        ADD("a-stranger-cannot-cancel", test_a_stranger_cannot_cancel);
        ADD("malformed-requests-of-strangers", test_malformed_requests_of_strangers);
        ADD("to-the-host", test_to_the_host);
        ADD("switched-off-while-asking", test_switched_off_while_asking);
        ADD("a-user-is-registered", test_a_user_is_registered);
        ADD("password-change", test_password_change);
        ADD("password-change-to-the-host", test_password_change_to_the_host);
        ADD("refused-password-changes", test_refused_password_changes);
        ADD("password-changes-can-be-forbidden", test_password_changes_can_be_forbidden);
        ADD("password-changes-need-tls", test_password_changes_need_tls);
        ADD("cancel", test_cancel);
        ADD("nothing-follows-a-cancelled-account", test_nothing_follows_a_cancelled_account);
        ADD("refused-cancels", test_refused_cancels);
        ADD("only-for-the-own-host", test_only_for_the_own_host);
        return g_test_run();
}
