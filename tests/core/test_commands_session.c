/*
 * Tests of core/commands_session.c: listing, showing and closing sessions.
 */
#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "support/test_server.h"

static char *
run(TestServer *server, const char *words, int code)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        char *text = NULL;

        int got = test_server_run_command(server, (const char *const *)split, &text);
        if (got != code)
                g_error("\"%s\" ended with %d, not %d: %s", words, got, code, text);
        return text;
}

static void
assert_has(TestServer *server, const char *words, int code, const char *part)
{
        g_autofree char *text = run(server, words, code);

        if (!strstr(text, part))
                g_error("\"%s\" is not in: %s", part, text);
}

static void
assert_lacks(TestServer *server, const char *words, const char *part)
{
        g_autofree char *text = run(server, words, 0);

        if (strstr(text, part))
                g_error("\"%s\" is in: %s", part, text);
}

static unsigned
count_lines(TestServer *server, const char *words)
{
        g_autofree char *text = run(server, words, 0);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        unsigned n = g_strv_length(lines);
        return n > 0 ? n - 1 : 0;
}

static TestServer *
start(void)
{
        return test_server_new_config("hosts:\n  example.org:\n  example.net:\n");
}

static void
test_sessions_are_listed_with_their_state(void)
{
        g_autoptr(TestServer) server = start();

        test_server_connect(server);
        test_server_login(server, "tybalt@example.org");
        test_server_bind(server, "juliet@example.org/balcony");

        assert_has(server, "session list", 0, "juliet@example.org/balcony");
        assert_has(server, "session list", 0, "tybalt@example.org ");
        assert_has(server, "session list", 0, " binding ");
        assert_has(server, "session list", 0, " connected ");
        assert_has(server, "session list", 0, " login ");
        assert_has(server, "session list", 0, " 2026-01-01T");
        g_assert_cmpuint(count_lines(server, "session list"), ==, 4);
}

/* Whoever has not said yet who he is and where he wants to go is nobody's and of no host. */
static void
test_a_stranger_is_listed_but_is_of_nobody(void)
{
        g_autoptr(TestServer) server = start();

        test_server_connect(server);
        assert_has(server, "session list --json", 0, "\"jid\": null, \"host\": null,");
        assert_has(server, "session list --json", 0, "\"state\": \"login\"");
        g_assert_cmpuint(count_lines(server, "session list --host example.org"), ==, 0);
        g_assert_cmpuint(count_lines(server, "session list --jid juliet@example.org"), ==, 0);

        MotetSession *stranger = test_server_open(server, "example.org");
        g_autofree char *show = g_strdup_printf("session show %s", motet_session_id(stranger));
        assert_has(server, show, 0, "address    -\n");
        assert_has(server, show, 0, "host       example.org\nstate      login\n");
        g_assert_cmpuint(count_lines(server, "session list --host example.org"), ==, 2);
        g_assert_cmpuint(count_lines(server, "session list --jid juliet@example.org"), ==, 0);
}

static void
test_nobody_is_an_empty_list(void)
{
        g_autoptr(TestServer) server = start();

        g_assert_cmpuint(count_lines(server, "session list"), ==, 0);
        assert_has(server, "session list --json", 0, "{\"sessions\": [\n], \"after\": null}\n");
}

static void
test_a_list_may_be_of_a_host_or_an_account(void)
{
        g_autoptr(TestServer) server = start();

        test_server_bind(server, "juliet@example.org/balcony");
        test_server_bind(server, "juliet@example.org/chamber");
        test_server_bind(server, "romeo@example.org/orchard");

        g_assert_cmpuint(count_lines(server, "session list --jid juliet@example.org"), ==, 3);
        g_assert_cmpuint(count_lines(server, "session list --jid juliet@example.org/chamber"), ==,
                         2);
        assert_lacks(server, "session list --jid juliet@example.org", "romeo");
        g_assert_cmpuint(count_lines(server, "session list --host example.org"), ==, 4);
        g_assert_cmpuint(count_lines(server, "session list --host example.net"), ==, 0);
        g_assert_cmpuint(count_lines(server, "user sessions juliet@example.org"), ==, 3);
        assert_has(server, "session list --host example.edu", 69, "does not serve");
        assert_has(server, "session list --jid juliet", 64, "is no account's address");
}

static void
test_a_list_goes_on_where_the_page_ended(void)
{
        g_autoptr(TestServer) server = start();

        test_server_bind(server, "a@example.org/1");
        test_server_bind(server, "b@example.org/1");
        MotetSession *third = test_server_bind(server, "c@example.org/1");

        assert_has(server, "session list --limit 2", 0, "there are more: --after 2\n");
        assert_lacks(server, "session list --limit 2", "c@example.org");
        assert_has(server, "session list --limit 2 --after 2", 0, "c@example.org/1");
        assert_lacks(server, "session list --limit 2 --after 2", "there are more");
        assert_lacks(server, "session list --limit 3", "there are more");
        assert_has(server, "session list --limit 1 --json", 0, "], \"after\": 1}");

        /* A page goes on although who ended the former one has left. */
        motet_session_destroy(third);
        test_server_bind(server, "d@example.org/1");
        assert_has(server, "session list --after 3", 0, "d@example.org/1");
}

static void
test_a_page_has_a_limit(void)
{
        g_autoptr(TestServer) server = start();

        g_assert_cmpuint(count_lines(server, "session list --limit 1000"), ==, 0);
        assert_has(server, "session list --limit 1001", 64, "no number from 1 to 1000");
        assert_has(server, "session list --limit 0", 64, "no number from 1 to 1000");
        assert_has(server, "session list --limit x", 64, "no number from 1 to 1000");
}

static void
test_json_has_every_field(void)
{
        static const char *const fields[] = {"\"number\": 1,",
                                             "\"id\": \"",
                                             "\"jid\": \"juliet@example.org/balcony\"",
                                             "\"host\": \"example.org\"",
                                             "\"type\": \"client\"",
                                             "\"state\": \"connected\"",
                                             "\"since\": \"2026-01-01T",
                                             "\"idle_s\": 90,",
                                             "\"tls\": null",
                                             "\"secure\": false",
                                             "\"from\": \"memory\"",
                                             "\"queue\": 0}",
                                             NULL};
        g_autoptr(TestServer) server = start();

        test_server_bind(server, "juliet@example.org/balcony");
        test_server_advance(server, 90 * G_TIME_SPAN_SECOND);

        for (const char *const *field = fields; *field; field++)
                assert_has(server, "session list --json", 0, *field);
}

static void
test_a_session_is_shown_by_id_and_by_address(void)
{
        g_autoptr(TestServer) server = start();
        const MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        g_autofree char *by_id = g_strdup_printf("session show %s", motet_session_id(juliet));

        test_server_bind(server, "juliet@example.org/chamber");

        assert_has(server, by_id, 0, "address    juliet@example.org/balcony\n");
        assert_has(server, by_id, 0, "queue      0 of 1048576 bytes\n");
        assert_lacks(server, by_id, "chamber");
        assert_has(server, "session show juliet@example.org", 0, "chamber");
        assert_has(server, "session show romeo@example.org", 69, "there is no session");
        assert_has(server, "session show nonsense", 69, "there is no session");
        assert_has(server, "session show a@@b", 64, "is no address");
}

static void
test_idle_is_told_in_a_fitting_unit(void)
{
        static const struct {
                int64_t s; /* after the former one */
                const char *text;
        } rows[] = {
                {119, "idle       119s\n"},
                {1, "idle       2m\n"},
                {2 * 3600 - 121, "idle       119m\n"},
                {1, "idle       2h\n"},
                {2 * 86400 - 7201, "idle       47h\n"},
                {1, "idle       2d\n"},
        };
        g_autoptr(TestServer) server = start();

        test_server_bind(server, "juliet@example.org/balcony");
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                test_server_advance(server, rows[i].s * G_TIME_SPAN_SECOND);
                assert_has(server, "session show juliet@example.org", 0, rows[i].text);
        }
}

/* RFC 6121 4.7.2.3: of an available resource its priority, too. */
static void
test_an_available_session_has_a_priority(void)
{
        static const char text[] =
                "<presence xmlns='jabber:client'><priority>7</priority></presence>";
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        g_autoptr(MotetXml) presence = motet_xml_parse(text, -1, NULL, NULL);

        assert_lacks(server, "session show juliet@example.org", "priority");
        motet_session_set_presence(juliet, presence);
        assert_has(server, "session show juliet@example.org", 0, "state      available\n");
        assert_has(server, "session show juliet@example.org", 0, "priority   7\n");
}

static void
test_a_session_that_is_closing_says_so(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        motet_session_close(juliet, MOTET_POLICY_VIOLATION, NULL);
        assert_has(server, "session list", 0, " closing ");
        juliet = test_server_bind(server, "juliet@example.org/chamber");
        motet_session_close(juliet, MOTET_POLICY_VIOLATION, NULL);
        assert_has(server, "session close juliet@example.org", 0, "chamber was closing already\n");
}

/* RFC 6120 4.9.3.14 */
static void
test_closing_tells_the_client_why(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *balcony = test_server_bind(server, "juliet@example.org/balcony");
        MotetSession *chamber = test_server_bind(server, "juliet@example.org/chamber");

        assert_has(server, "session close juliet@example.org/balcony --reason=enough", 0,
                   "juliet@example.org/balcony closed\n");
        test_server_settle(server);

        test_assert_sent(balcony, "<stream:error><policy-violation "
                                  "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                                  "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' "
                                  "xml:lang='en'>enough</text></stream:error>");
        g_assert_true(motet_session_is_connected(chamber));
        assert_has(server, "session close juliet@example.org", 0, "chamber closed\n");
        assert_has(server, "session close romeo@example.org", 69, "there is no session");
}

static void
test_a_reason_has_a_limit(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *longest = g_strnfill(1000, 'x');
        g_autofree char *good = g_strdup_printf("session close a@example.org --reason %s", longest);
        g_autofree char *long_one = g_strdup_printf("%sx", good);

        assert_has(server, good, 69, "there is no session");
        assert_has(server, long_one, 64, "at most 1000 bytes");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/commands-session/sessions-are-listed-with-their-state",
                        test_sessions_are_listed_with_their_state);
        g_test_add_func("/commands-session/nobody-is-an-empty-list", test_nobody_is_an_empty_list);
        g_test_add_func("/commands-session/a-stranger-is-listed-but-is-of-nobody",
                        test_a_stranger_is_listed_but_is_of_nobody);
        g_test_add_func("/commands-session/a-list-may-be-of-a-host-or-an-account",
                        test_a_list_may_be_of_a_host_or_an_account);
        g_test_add_func("/commands-session/a-list-goes-on-where-the-page-ended",
                        test_a_list_goes_on_where_the_page_ended);
        g_test_add_func("/commands-session/a-page-has-a-limit", test_a_page_has_a_limit);
        g_test_add_func("/commands-session/json-has-every-field", test_json_has_every_field);
        g_test_add_func("/commands-session/a-session-is-shown-by-id-and-by-address",
                        test_a_session_is_shown_by_id_and_by_address);
        g_test_add_func("/commands-session/idle-is-told-in-a-fitting-unit",
                        test_idle_is_told_in_a_fitting_unit);
        g_test_add_func("/commands-session/an-available-session-has-a-priority",
                        test_an_available_session_has_a_priority);
        g_test_add_func("/commands-session/a-session-that-is-closing-says-so",
                        test_a_session_that_is_closing_says_so);
        g_test_add_func("/commands-session/closing-tells-the-client-why",
                        test_closing_tells_the_client_why);
        g_test_add_func("/commands-session/a-reason-has-a-limit", test_a_reason_has_a_limit);
        return g_test_run();
}
