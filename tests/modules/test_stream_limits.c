/*
 * stream_limits: XEP-0478, what the features of a stream tell of its limits.
 */
#include <string.h>

#include <motet/service-idle.h>

#include "support/test_server.h"

#define LIMITS "<limits xmlns='urn:xmpp:stream-limits:0'>"
#define CORE "limits: {stranger: {stanza_bytes: 10000}, user: {stanza_bytes: 20000}}\n"

static TestServer *
start(const char *modules)
{
        g_autofree char *config = g_strdup_printf(CORE "modules: {%s}", modules);

        return test_server_new_config(config);
}

static MotetSession *
open_as_stranger(TestServer *server)
{
        MotetSession *session = test_server_connect(server);
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);
        return session;
}

static MotetSession *
open_as_user(TestServer *server)
{
        MotetSession *session = test_server_login(server, "romeo@example.org");
        g_autofree char *header = test_session_header("example.org");

        g_free(test_session_take_sent(session));
        motet_session_restart(session);
        test_session_receive(session, header);
        return session;
}

/* Section 4: limits change with the login. (R10) */
static void
test_max_bytes(void)
{
        g_autoptr(TestServer) server = start("stream_limits: ");

        test_assert_sent(open_as_stranger(server),
                         "<stream:features>" LIMITS
                         "<max-bytes>10000</max-bytes></limits></stream:features>");
        test_assert_sent(open_as_user(server),
                         "<stream:features>" LIMITS
                         "<max-bytes>20000</max-bytes></limits></stream:features>");
}

/* Returns: (own) a message of @n bytes */
static char *
message_of(size_t n)
{
        static const char start_tag[] = "<message to='example.org'><body>";
        static const char end_tag[] = "</body></message>";
        g_autofree char *text = g_strnfill(n - strlen(start_tag) - strlen(end_tag), 'x');

        return g_strconcat(start_tag, text, end_tag, NULL);
}

/* Section 3.1: what is told is what is accepted, and no byte more. (R10) */
static void
test_what_is_told_is_true(void)
{
        g_autoptr(TestServer) server = start("stream_limits: ");
        MotetSession *session = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *largest = message_of(20000), *larger = message_of(20001);

        test_session_receive(session, largest);
        g_free(test_session_take_sent(session));
        g_assert_true(motet_session_is_connected(session));

        /* What a stranger may send at once is used up. */
        test_server_advance(server, G_TIME_SPAN_SECOND);
        test_session_receive(session, larger);
        test_assert_stream_error(session, "policy-violation");
}

/* Section 3.1: seconds without traffic until the server sees whether somebody is there. (R13) */
static void
test_idle_seconds(void)
{
        g_autoptr(TestServer) server =
                start("iq: , ping: {options: {idle: 250s}}, stream_limits: ");

        test_assert_sent(open_as_user(server),
                         "<stream:features>" LIMITS "<max-bytes>20000</max-bytes>"
                         "<idle-seconds>250</idle-seconds></limits></stream:features>");
}

/* Who has not logged in has a time that does not depend on what he sends. */
static void
test_strangers_are_told_no_idle_seconds(void)
{
        g_autoptr(TestServer) server = start("iq: , ping: , stream_limits: ");

        test_assert_sent(open_as_stranger(server),
                         "<stream:features>" LIMITS
                         "<max-bytes>10000</max-bytes></limits></stream:features>");
}

/* Where silence has no limit there is none to tell. */
static void
test_no_idle_limit(void)
{
        g_autoptr(TestServer) server = start("iq: , ping: {options: {idle: 0s}}, stream_limits: ");

        test_assert_sent(open_as_user(server),
                         "<stream:features>" LIMITS
                         "<max-bytes>20000</max-bytes></limits></stream:features>");
}

/* A reload counts from the next stream on; so does one that takes the provider away. */
static void
test_reload(void)
{
        g_autoptr(TestServer) server = start("iq: , ping: , stream_limits: ");

        g_assert_true(test_server_reload(
                server, CORE "modules: {iq: , ping: {options: {idle: 90s}}, stream_limits: }",
                NULL));
        test_assert_sent(open_as_user(server),
                         "<stream:features>" LIMITS "<max-bytes>20000</max-bytes>"
                         "<idle-seconds>90</idle-seconds></limits></stream:features>");

        g_assert_true(test_server_reload(server, CORE "modules: {stream_limits: }", NULL));
        test_assert_sent(open_as_user(server),
                         "<stream:features>" LIMITS
                         "<max-bytes>20000</max-bytes></limits></stream:features>");
}

/* RFC 6120 5.3.1 and R2: before TLS, where that is required, nothing but STARTTLS. */
static void
test_nothing_in_clear(void)
{
        g_autoptr(TestServer) server = start("tls: , stream_limits: ");
        g_autofree char *sent = test_session_take_sent(open_as_stranger(server));

        g_assert_nonnull(strstr(sent, "features"));
        g_assert_null(strstr(sent, "limits"));
}

/* service-idle, as whoever asks the module ping. */
static void
test_service(void)
{
        g_autoptr(TestServer) server = start("iq: , ping: {options: {idle: 250s}}");
        MotetSession *session = test_server_bind(server, "romeo@example.org/orchard");
        MotetModule *provider = NULL;
        const MotetIdleService *idle = motet_service(test_server_host(server), "idle", &provider);

        g_assert_nonnull(idle);
        g_assert_cmpint(idle->limit(provider, session), ==, 250 * G_TIME_SPAN_SECOND);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/stream_limits/max-bytes-change-with-the-login", test_max_bytes);
        g_test_add_func("/stream_limits/what-is-told-is-true", test_what_is_told_is_true);
        g_test_add_func("/stream_limits/idle-seconds", test_idle_seconds);
        g_test_add_func("/stream_limits/strangers-are-told-no-idle-seconds",
                        test_strangers_are_told_no_idle_seconds);
        g_test_add_func("/stream_limits/no-idle-limit", test_no_idle_limit);
        g_test_add_func("/stream_limits/reload", test_reload);
        g_test_add_func("/stream_limits/nothing-in-clear", test_nothing_in_clear);
        g_test_add_func("/stream_limits/service-idle", test_service);
        return g_test_run();
}
