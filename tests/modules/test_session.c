/*
 * session: the request of old clients is answered, and offered as optional.
 */
#include "support/test_server.h"

#define NS "urn:ietf:params:xml:ns:xmpp-session"

static TestServer *
start(void)
{
        return test_server_new((const char *const[]){"bind", "session", NULL});
}

static void
read_features(MotetSession *session)
{
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);
        test_assert_header(session, "<stream:stream from='example.org' id='*' version='1.0' "
                                    "xml:lang='*'/>");
}

/* draft-cridland-xmpp-session: offered after authentication, as optional. */
static void
test_offered(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_open(server, "example.org");

        motet_session_authenticate(romeo, "romeo");
        motet_session_restart(romeo);
        read_features(romeo);

        test_assert_sent(romeo, "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
                                "<session xmlns='" NS "'><optional/></session></stream:features>");
}

static void
test_not_offered_to_strangers(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *stranger = test_server_connect(server);

        read_features(stranger);

        test_assert_sent(stranger, "<stream:features/>");
}

/* RFC 3921 section 3 */
static void
test_answered(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='set' id='1'><session xmlns='" NS "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='1' to='*'/>");

        test_session_receive(romeo, "<iq type='set' id='2' to='example.org'><session xmlns='" NS
                                    "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='2' from='example.org' to='*'/>");
}

static void
test_get(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1'><session xmlns='" NS "'/></iq>");

        test_assert_sent(romeo,
                         "<iq type='error' id='1' to='*'><error type='modify'>"
                         "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session/is-offered-as-optional", test_offered);
        g_test_add_func("/session/is-not-offered-to-strangers", test_not_offered_to_strangers);
        g_test_add_func("/session/is-answered", test_answered);
        g_test_add_func("/session/a-get-is-refused", test_get);
        return g_test_run();
}
