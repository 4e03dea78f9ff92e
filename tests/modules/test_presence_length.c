/*
 * Tests of the presence module with presence that is long: what one user sends once goes to many,
 * who did not ask for it when it ends what was sent to them directly.
 */
#include <string.h>

#include "support/test_server.h"

#define ROMEO "romeo@example.org/orchard"
#define N_RECEIVERS 20
#define LENGTH_MAX 10000 /* by default, without what the server adds */

static TestServer *
start(void)
{
        return test_server_new(MOTET_LIST("storage_memory", "roster", "presence"));
}

static MotetSession *
come(TestServer *server, const char *jid)
{
        MotetSession *session = test_server_bind(server, jid);

        test_session_receive(session, "<presence/>");
        g_free(test_session_take_sent(session));
        return session;
}

/* The peer sends a presence of @type that is @length bytes long as it is kept and sent, which is
 * with its sender. */
static void
send_presence(TestServer *server, MotetSession *session, const char *type, size_t length)
{
        g_autofree char *start = g_strdup_printf("<presence%s%s%s><status>", type ? " type='" : "",
                                                 type ? type : "", type ? "'" : "");
        static const char from[] = " from='" ROMEO "'", end[] = "</status></presence>";
        size_t used = strlen(start) + strlen(from) + strlen(end);
        g_autofree char *fill = g_strnfill(length - used, 'x');
        g_autofree char *xml = g_strconcat(start, fill, end, NULL);

        test_session_receive(session, xml);
        for (int i = 0; i < 10; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);
}

/* R16, RFC 6121 4.6: the end of directed presence goes to each receiver, with what was said last
 * unless that is long. */
static void
test_long_farewell_is_not_multiplied(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = come(server, ROMEO);
        MotetSession *receivers[N_RECEIVERS];

        for (int i = 0; i < N_RECEIVERS; i++) {
                g_autofree char *jid = g_strdup_printf("user%d@example.org/desk", i);
                g_autofree char *directed = g_strdup_printf("<presence to='%s'/>", jid);
                receivers[i] = come(server, jid);
                test_session_receive(romeo, directed);
                g_free(test_session_take_sent(receivers[i]));
        }
        send_presence(server, romeo, "unavailable", 200000);

        for (int i = 0; i < N_RECEIVERS; i++) {
                g_autofree char *to = g_strdup_printf("user%d@example.org/desk", i);
                g_autofree char *expected = g_strdup_printf(
                        "<presence type='unavailable' from='" ROMEO "' to='%s'/>", to);
                test_assert_sent(receivers[i], expected);
        }
}

/* R16: at the limit, and one byte more. */
static void
test_limit_of_farewell(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = come(server, ROMEO);
        MotetSession *other = come(server, "romeo@example.org/balcony");
        g_free(test_session_take_sent(romeo));

        send_presence(server, romeo, "unavailable", LENGTH_MAX);
        g_autofree char *told = test_session_take_sent(other);
        g_assert_nonnull(strstr(told, "<status>x"));

        test_session_receive(romeo, "<presence/>");
        g_free(test_session_take_sent(other));
        send_presence(server, romeo, "unavailable", LENGTH_MAX + 1);
        test_assert_sent(other, "<presence type='unavailable' from='" ROMEO
                                "' to='romeo@example.org/balcony'/>");
}

/* R16: a presence is kept for each session, and sent to all contacts. */
static void
test_limit_of_presence(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = come(server, ROMEO);
        MotetSession *other = come(server, "romeo@example.org/balcony");
        g_free(test_session_take_sent(romeo));

        send_presence(server, romeo, NULL, LENGTH_MAX);
        g_autofree char *told = test_session_take_sent(other);
        g_assert_nonnull(strstr(told, "<status>x"));
        g_free(test_session_take_sent(romeo));

        send_presence(server, romeo, NULL, LENGTH_MAX + 1);
        test_assert_sent(romeo, "<presence type='error' to='" ROMEO
                                "'><error type='modify'><policy-violation "
                                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
        test_assert_sent_nothing(other);
        g_assert_nonnull(romeo->presence);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/presence-length/long-farewell-is-not-multiplied",
                        test_long_farewell_is_not_multiplied);
        g_test_add_func("/presence-length/limit-of-farewell", test_limit_of_farewell);
        g_test_add_func("/presence-length/limit-of-presence", test_limit_of_presence);
        return g_test_run();
}
