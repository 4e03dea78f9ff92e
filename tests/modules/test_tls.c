/*
 * test_tls: STARTTLS, and what may happen before it.
 */
#include <openssl/ssl.h>

#include "support/test_client.h"

#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define STARTTLS "<starttls xmlns='" NS_TLS "'/>"

/* Adds a feature that must not be seen before TLS. */
static MotetResult
add_feature(MotetModule *self, MotetFeaturesEvent *ev)
{
        (void)self;
        motet_xml_add(ev->features, "later", "urn:test");
        return MOTET_CONTINUE;
}

static TestServer *
server_with(const char *modules_yaml, bool certified)
{
        TestServer *server = test_server_new_yaml(modules_yaml);

        test_server_hook(server, &(MotetHook)MOTET_ON_FEATURES("stream-features", add_feature,
                                                               MOTET_PRIO_NORMAL));
        if (certified)
                test_server_certify(server, "");
        return server;
}

#define REQUIRED "tls:\n"
#define OPTIONAL "tls:\n  options:\n    required: false\n"

static MotetSession *
session_with_header(TestServer *server)
{
        MotetSession *session = test_server_connect(server);
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);
        return session;
}

/* RFC 6120 5.3.1: STARTTLS stands alone where it is required */
static void
test_required_stands_alone(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, true);

        MotetSession *session = session_with_header(server);

        test_assert_sent(session, "<stream:features><starttls xmlns='" NS_TLS
                                  "'><required/></starttls></stream:features>");
}

/* RFC 6120 5.4.1: without <required/> where it is not */
static void
test_optional_comes_with_others(void)
{
        g_autoptr(TestServer) server = server_with(OPTIONAL, true);

        MotetSession *session = session_with_header(server);

        test_assert_sent(session, "<stream:features><starttls xmlns='" NS_TLS
                                  "'/><later xmlns='urn:test'/></stream:features>");
}

/* A host that cannot do it does not offer it, and still offers nothing else. */
static void
test_not_offered_without_certificate(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, false);

        MotetSession *session = session_with_header(server);

        test_assert_sent(session, "<stream:features/>");
}

/* Nothing but STARTTLS before TLS */
static void
test_other_elements_are_refused(void)
{
        static const char *const elements[] = {
                "<message to='juliet@example.org'><body>hi</body></message>",
                "<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>",
                "<presence/>",
                "<compress xmlns='http://jabber.org/protocol/compress'/>",
        };
        g_autoptr(TestServer) server = server_with(REQUIRED, true);

        for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
                MotetSession *session = test_server_open(server, "example.org");
                test_session_receive(session, elements[i]);
                test_assert_stream_error(session, "policy-violation");
        }
}

/* Where TLS is not required, it is not this module that refuses. */
static void
test_optional_refuses_nothing(void)
{
        g_autoptr(TestServer) server = server_with(OPTIONAL, true);
        MotetSession *session = test_server_open(server, "example.org");

        test_session_receive(session, "<message/>");

        test_assert_stream_error(session, "not-authorized");
}

/* RFC 6120 5.4.2.2: failure ends the stream, without a stream error */
static void
test_failure_without_certificate(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, false);
        MotetSession *session = test_server_open(server, "example.org");

        test_session_receive(session, STARTTLS);

        test_assert_sent(session, "<failure xmlns='" NS_TLS "'/>");
        test_assert_closed(session);
}

/* RFC 6120 5.4.3.3: after the handshake a new stream, which is secure */
static void
test_proceed_then_secure(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, true);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");

        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_3_VERSION);

        g_assert_true(motet_session_is_secure(test_client_session(client)));
        g_assert_nonnull(strstr(features, "<later xmlns='urn:test'/>"));
        g_assert_null(strstr(features, "starttls"));
}

static void
test_proceed_then_secure_tls12(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, true);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");

        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_2_VERSION);

        g_assert_true(motet_session_is_secure(test_client_session(client)));
        g_assert_nonnull(strstr(features, "<later xmlns='urn:test'/>"));
}

/* RFC 6120 5.4.2.2: not on a stream that is secure already */
static void
test_failure_inside_tls(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, true);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_free(test_client_starttls(client, "example.org", TLS1_3_VERSION));

        test_client_send(client, STARTTLS);

        g_autofree char *answer = test_client_take(client);
        g_assert_cmpstr(answer, ==, "<failure xmlns='" NS_TLS "'/></stream:stream>");
}

/*
 * What was sent behind <starttls/> in clear is never read, neither in clear nor as part of the
 * secure stream
 */
static void
test_bytes_behind_starttls_are_dropped(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, true);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_free(test_client_open(client, "example.org"));

        test_client_send(client, STARTTLS "<message><body>smuggled</body></message><presence/>");

        g_autofree char *answer = test_client_take(client);
        g_assert_cmpstr(answer, ==, "<proceed xmlns='" NS_TLS "'/>");
        g_assert_true(test_client_handshake(client, TLS1_3_VERSION, NULL));
        g_autofree char *features = test_client_open(client, "example.org");
        g_assert_nonnull(strstr(features, "<stream:features>"));
        g_assert_null(strstr(features, "error"));
}

/* On a direct TLS port there is nothing to start. */
static void
test_not_offered_inside_direct_tls(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, true);
        g_autoptr(TestClient) client = test_client_new_direct(server, NULL);
        g_assert_true(test_client_handshake(client, TLS1_3_VERSION, NULL));

        g_autofree char *features = test_client_open(client, "example.org");

        g_assert_nonnull(strstr(features, "<later xmlns='urn:test'/>"));
        g_assert_null(strstr(features, "starttls"));
}

/* RFC 6120 5.3: it belongs to negotiation, which is over after authentication */
static void
test_not_for_authenticated_streams(void)
{
        g_autoptr(TestServer) server = server_with(REQUIRED, true);
        MotetSession *session = test_server_login(server, "romeo@example.org");

        test_session_receive(session, STARTTLS);

        g_autofree char *sent = test_session_take_sent(session);
        g_assert_null(strstr(sent, "<proceed"));
        g_assert_false(motet_session_is_connected(session));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/tls/required-stands-alone", test_required_stands_alone);
        g_test_add_func("/tls/optional-comes-with-others", test_optional_comes_with_others);
        g_test_add_func("/tls/not-offered-without-certificate",
                        test_not_offered_without_certificate);
        g_test_add_func("/tls/other-elements-are-refused", test_other_elements_are_refused);
        g_test_add_func("/tls/optional-refuses-nothing", test_optional_refuses_nothing);
        g_test_add_func("/tls/failure-without-certificate", test_failure_without_certificate);
        g_test_add_func("/tls/proceed-then-secure", test_proceed_then_secure);
        g_test_add_func("/tls/proceed-then-secure-with-tls-1.2", test_proceed_then_secure_tls12);
        g_test_add_func("/tls/failure-inside-tls", test_failure_inside_tls);
        g_test_add_func("/tls/bytes-behind-starttls-are-dropped",
                        test_bytes_behind_starttls_are_dropped);
        g_test_add_func("/tls/not-offered-inside-direct-tls", test_not_offered_inside_direct_tls);
        g_test_add_func("/tls/not-for-authenticated-streams", test_not_for_authenticated_streams);
        return g_test_run();
}
