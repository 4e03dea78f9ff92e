/*
 * Tests of delays that a user says are ours, in what is delivered at once (XEP-0203 section 5).
 * What is kept: test_offline.c.
 */
#include <string.h>

#include "support/test_server.h"

#define ROMEO "romeo@example.org/orchard"
#define JULIET "juliet@example.org/balcony"
#define DELAYS                                                                                     \
        "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='1597-01-01'/>"                    \
        "<delay xmlns='urn:xmpp:delay' from='juliet@example.org' stamp='1597-01-02'/>"             \
        "<delay xmlns='urn:xmpp:delay' from='" ROMEO "' stamp='1597-01-03'/>"                      \
        "<delay xmlns='urn:xmpp:delay' from='a.example' stamp='1597-01-04'/>"
#define LEFT                                                                                       \
        "<delay xmlns='urn:xmpp:delay' from='" ROMEO "' stamp='1597-01-03'/>"                      \
        "<delay xmlns='urn:xmpp:delay' from='a.example' stamp='1597-01-04'/>"

static TestServer *
start(void)
{
        return test_server_new(
                MOTET_LIST("storage_memory", "roster", "presence", "message", "offline"));
}

static MotetSession *
come(TestServer *server, const char *jid)
{
        MotetSession *session = test_server_bind(server, jid);

        test_session_receive(session, "<presence/>");
        g_free(test_session_take_sent(session));
        return session;
}

/* R25: of others; those who delayed it themselves may say so. */
static void
test_message(void)
{
        static const char *const addresses[] = {JULIET, "juliet@example.org"};
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = come(server, ROMEO);
        MotetSession *juliet = come(server, JULIET);

        for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
                g_autofree char *said = g_strdup_printf(
                        "<message to='%s' type='chat'>" DELAYS "</message>", addresses[i]);
                test_session_receive(romeo, said);
                test_assert_sent(juliet, "<message from='*' to='*' type='chat'>" LEFT "</message>");
        }
}

static void
test_message_to_oneself(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = come(server, ROMEO);

        test_session_receive(romeo,
                             "<message to='romeo@example.org' type='chat'>" DELAYS "</message>");

        test_assert_sent(romeo, "<message from='*' to='*' type='chat'>" LEFT "</message>");
}

/* R25 */
static void
test_directed_presence(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = come(server, ROMEO);
        MotetSession *juliet = come(server, JULIET);

        test_session_receive(romeo, "<presence to='" JULIET "'>" DELAYS "</presence>");

        test_assert_sent(juliet, "<presence from='*' to='*'>" LEFT "</presence>");
}

/* R25 */
static void
test_presence_to_all(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = come(server, ROMEO);
        MotetSession *other = come(server, "romeo@example.org/chamber");
        g_free(test_session_take_sent(romeo));

        test_session_receive(romeo, "<presence>" DELAYS "</presence>");

        test_assert_sent(other, "<presence from='*' to='*'>" LEFT "</presence>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/forged-delay/message", test_message);
        g_test_add_func("/forged-delay/message-to-oneself", test_message_to_oneself);
        g_test_add_func("/forged-delay/directed-presence", test_directed_presence);
        g_test_add_func("/forged-delay/presence-to-all", test_presence_to_all);
        return g_test_run();
}
