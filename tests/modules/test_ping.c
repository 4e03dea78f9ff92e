/*
 * ping: XEP-0199 as the one who is asked and as the one who asks.
 */
#include "support/test_server.h"

#define PING "<ping xmlns='urn:xmpp:ping'/>"
#define ASKED                                                                                      \
        "<iq type='get' id='*' from='example.org' to='romeo@example.org/orchard'>" PING "</iq>"

static TestServer *
start(void)
{
        return test_server_new((const char *const[]){"ping", "iq", NULL});
}

/* Being asked */

/* XEP-0199 section 4.2 */
static void
test_server_is_pinged(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'>" PING "</iq>");

        test_assert_sent(romeo, "<iq type='result' id='1' from='example.org' "
                                "to='romeo@example.org/orchard'/>");
}

static void
test_own_account_is_pinged(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1'>" PING "</iq>");
        test_assert_sent(romeo, "<iq type='result' id='1' to='romeo@example.org/orchard'/>");

        test_session_receive(romeo, "<iq type='get' id='2' to='romeo@example.org'>" PING "</iq>");
        test_assert_sent(romeo, "<iq type='result' id='2' from='romeo@example.org' "
                                "to='romeo@example.org/orchard'/>");
}

static void
test_set(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='set' id='1' to='example.org'>" PING "</iq>");

        test_assert_sent(romeo,
                         "<iq type='error' id='1' from='example.org' to='*'><error type='modify'>"
                         "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

/* Other accounts are not pinged: the server would tell whether they exist. */
static void
test_other_account(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1' to='juliet@example.org'>" PING "</iq>");

        test_assert_sent(romeo, "<iq type='error' id='1' from='juliet@example.org' to='*'>"
                                "<error type='cancel'><service-unavailable "
                                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

/* Asking */

static char *
asked_id(MotetSession *session)
{
        g_autofree char *sent = test_session_take_sent(session);
        g_autoptr(MotetXml) iq = motet_xml_parse(sent, -1, MOTET_NS_CLIENT, NULL);

        g_assert_nonnull(iq);
        return g_strdup(motet_xml_attr(iq, "id"));
}

static void
answer_with(MotetSession *session, const char *id, const char *type)
{
        g_autofree char *iq = g_strdup_printf("<iq type='%s' id='%s' to='example.org'/>", type, id);

        test_session_receive(session, iq);
}

/* At 300 s of silence, and not before. (R13) */
static void
test_silent_user_is_pinged(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_server_advance(server, 299 * G_TIME_SPAN_SECOND);
        test_assert_sent_nothing(romeo);
        test_server_advance(server, G_TIME_SPAN_SECOND + 20 * G_TIME_SPAN_MILLISECOND);

        test_assert_sent(romeo, ASKED);
}

static void
test_busy_user_is_not(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        for (unsigned i = 0; i < 5; i++) {
                test_server_advance(server, 200 * G_TIME_SPAN_SECOND);
                test_session_receive(romeo, " ");
        }
        test_assert_sent_nothing(romeo);
        test_server_advance(server, 301 * G_TIME_SPAN_SECOND);

        test_assert_sent(romeo, ASKED);
}

static void
check_stays_after(const char *type)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        for (unsigned i = 0; i < 3; i++) {
                test_server_advance(server, 240 * G_TIME_SPAN_SECOND);
                test_assert_sent_nothing(romeo);
                test_server_advance(server, 61 * G_TIME_SPAN_SECOND);

                g_autofree char *id = asked_id(romeo);

                answer_with(romeo, id, type);
        }
        test_server_advance(server, 120 * G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(romeo));
}

static void
test_who_answers_stays(void)
{
        check_stays_after("result");
}

/* XEP-0199 section 4.1: a client that does not know ping is there as well. */
static void
test_who_answers_an_error_stays(void)
{
        check_stays_after("error");
}

/* At 60 s without an answer, and not before. */
static void
test_who_does_not_is_closed(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_server_advance(server, 301 * G_TIME_SPAN_SECOND);
        g_free(asked_id(romeo));
        test_server_advance(server, 58 * G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(romeo));
        test_server_advance(server, 2 * G_TIME_SPAN_SECOND);

        test_assert_stream_error(romeo, "connection-timeout");
        g_assert_cmpuint(motet_sessions_count(test_server_host(server)), ==, 0);
}

static void
test_who_sends_something_else_stays(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_server_advance(server, 301 * G_TIME_SPAN_SECOND);
        g_free(asked_id(romeo));
        test_server_advance(server, 30 * G_TIME_SPAN_SECOND);
        test_session_receive(romeo, " ");
        test_server_advance(server, 40 * G_TIME_SPAN_SECOND);

        g_assert_true(motet_session_is_connected(romeo));
        test_server_advance(server, 270 * G_TIME_SPAN_SECOND);
        test_assert_sent(romeo, ASKED);
}

/* The connection may end while a ping is under way. */
static void
test_who_leaves_meanwhile(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_server_advance(server, 301 * G_TIME_SPAN_SECOND);
        g_free(asked_id(romeo));
        test_session_lose(romeo);
        test_server_advance(server, 400 * G_TIME_SPAN_SECOND);

        g_assert_cmpuint(motet_sessions_count(test_server_host(server)), ==, 0);
}

static void
test_off(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml("iq:\nping: {options: {idle: 0s}}");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_server_advance(server, 1000 * G_TIME_SPAN_SECOND);

        test_assert_sent_nothing(romeo);
}

/* Sessions from before are watched by what is in force now. */
static void
test_reload(void)
{
        g_autoptr(TestServer) server =
                test_server_new_config("modules: {iq: , ping: {options: {idle: 0s}}}");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        g_assert_true(
                test_server_reload(server, "modules: {iq: , ping: {options: {idle: 30s}}}", NULL));
        test_server_advance(server, 31 * G_TIME_SPAN_SECOND);
        test_assert_sent(romeo, ASKED);
        test_session_receive(romeo, " ");
        g_assert_true(
                test_server_reload(server, "modules: {iq: , ping: {options: {idle: 0s}}}", NULL));
        test_server_advance(server, 1000 * G_TIME_SPAN_SECOND);

        test_assert_sent_nothing(romeo);
}

/* Enabled at run time, it finds sessions. */
static void
test_enabled_later(void)
{
        g_autoptr(TestServer) server = test_server_new_config("modules: {iq: }");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        g_assert_true(test_server_reload(server, "modules: {iq: , ping: }", NULL));
        test_server_advance(server, 301 * G_TIME_SPAN_SECOND);

        test_assert_sent(romeo, ASKED);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ping/the-server-answers", test_server_is_pinged);
        g_test_add_func("/ping/the-own-account-answers", test_own_account_is_pinged);
        g_test_add_func("/ping/a-set-is-refused", test_set);
        g_test_add_func("/ping/another-account-does-not-answer", test_other_account);
        g_test_add_func("/ping/a-silent-user-is-pinged", test_silent_user_is_pinged);
        g_test_add_func("/ping/a-busy-user-is-not", test_busy_user_is_not);
        g_test_add_func("/ping/who-answers-stays", test_who_answers_stays);
        g_test_add_func("/ping/who-answers-an-error-stays", test_who_answers_an_error_stays);
        g_test_add_func("/ping/who-does-not-answer-is-closed", test_who_does_not_is_closed);
        g_test_add_func("/ping/who-sends-something-else-stays",
                        test_who_sends_something_else_stays);
        g_test_add_func("/ping/who-leaves-meanwhile-is-forgotten", test_who_leaves_meanwhile);
        g_test_add_func("/ping/may-be-off", test_off);
        g_test_add_func("/ping/a-reload-changes-the-times", test_reload);
        g_test_add_func("/ping/sessions-from-before-are-watched", test_enabled_later);
        return g_test_run();
}
