/*
 * Tests of stanzas that are longer when they are written than when they were read: whom they are
 * sent to has a send queue that is measured by the first, who sends them a limit that is measured
 * by the second.
 */
#include <string.h>

#include "support/test_server.h"

#define JULIET "juliet@example.org"
#define LENGTH 260000 /* of a stanza's filling; one has at most 262,144 bytes by default */
#define WRITTEN_MAX 393216

static TestServer *
start_server(void)
{
        return test_server_new(
                MOTET_LIST("storage_memory", "roster", "presence", "message", "offline", "iq"));
}

static MotetSession *
come(TestServer *server, const char *jid)
{
        MotetSession *session = test_server_bind(server, jid);

        test_session_receive(session, "<presence/>");
        g_free(test_session_take_sent(session));
        return session;
}

/* Returns: (own) @n times @text */
static char *
repeat(const char *text, size_t n)
{
        GString *all = g_string_new(NULL);

        for (size_t i = 0; i < n; i++)
                g_string_append(all, text);
        return g_string_free(all, FALSE);
}

/* Each is written several times as long as it is read. Returns: (own) */
static char *
inflated(const char *how)
{
        if (g_str_equal(how, "attribute")) {
                g_autofree char *quotes = repeat("\"", LENGTH);
                return g_strdup_printf("<x xmlns='urn:x' a='%s'/>", quotes);
        }
        if (g_str_equal(how, "text")) {
                g_autofree char *brackets = repeat(">", LENGTH);
                return g_strdup_printf("<body>%s</body>", brackets);
        }
        if (g_str_equal(how, "cdata")) {
                g_autofree char *ampersands = repeat("&", LENGTH);
                return g_strdup_printf("<body><![CDATA[%s]]></body>", ampersands);
        }

        /* The namespaces are named once, and written with each element. */
        g_autofree char *name = repeat("n", 240);
        g_autofree char *elements = repeat("<a:e b:c=''/>", 2000);
        return g_strdup_printf("<x xmlns='urn:x' xmlns:a='urn:a%s' xmlns:b='urn:b%s'>%s</x>", name,
                               name, elements);
}

static void
send_inflated(TestServer *server, const void *how)
{
        MotetSession *romeo = come(server, "romeo@example.org/orchard");
        g_autofree char *content = inflated(how);
        g_autofree char *message =
                g_strdup_printf("<message to='" JULIET "' type='chat'>%s</message>", content);

        g_assert_cmpuint(strlen(message), <=, 262144);
        test_session_receive(romeo, message);
        for (int i = 0; i < 10; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);
}

/* R10, R15: what one user may send does not end the stream of another. */
static void
test_no_stanza_ends_its_receiver(const void *how)
{
        g_autoptr(TestServer) server = start_server();
        MotetSession *juliet = come(server, JULIET "/balcony");

        send_inflated(server, how);

        g_assert_true(motet_session_is_connected(juliet));
}

/* R15, R16: nor does what was kept for a user, at each login again. */
static void
test_no_letter_ends_its_receiver(const void *how)
{
        g_autoptr(TestServer) server = start_server();

        send_inflated(server, how);
        MotetSession *juliet = come(server, JULIET "/balcony");
        test_server_advance(server, G_TIME_SPAN_SECOND);

        g_assert_true(motet_session_is_connected(juliet));
}

/* Returns: whether a message to juliet that is written with @n bytes is let through; else its
 * stream ends */
static bool
is_let_through(size_t n)
{
        static const char start[] = "<message to='" JULIET "' type='chat'><body>";
        static const char end[] = "</body></message>";
        g_autoptr(TestServer) server = start_server();
        MotetSession *juliet = come(server, JULIET "/balcony");
        MotetSession *romeo = come(server, "romeo@example.org/orchard");
        g_autofree char *brackets = repeat(">", LENGTH / 4);
        size_t used = strlen(start) + 4 * strlen(brackets) + strlen(end);
        g_autofree char *fill = repeat("x", n - used);
        g_autofree char *message = g_strconcat(start, brackets, fill, end, NULL);

        test_session_receive(romeo, message);
        for (int i = 0; i < 10; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);
        g_autofree char *got = test_session_take_sent(juliet);
        if (!motet_session_is_connected(romeo)) {
                test_assert_stream_error(romeo, "policy-violation");
                g_assert_cmpstr(got, ==, "");
                return false;
        }
        g_assert_nonnull(strstr(got, "&gt;x"));
        return true;
}

/* R10: half as long again as a stanza may be, and one byte more. */
static void
test_limit_of_what_is_written(void)
{
        g_assert_true(is_let_through(WRITTEN_MAX));
        g_assert_false(is_let_through(WRITTEN_MAX + 1));
}

int
main(int argc, char **argv)
{
        static const char *const ways[] = {"attribute", "text", "cdata", "namespaces"};

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
                g_autofree char *live =
                        g_strdup_printf("/expansion/no-stanza-ends-its-receiver/%s", ways[i]);
                g_autofree char *kept =
                        g_strdup_printf("/expansion/no-letter-ends-its-receiver/%s", ways[i]);
                g_test_add_data_func(live, ways[i], test_no_stanza_ends_its_receiver);
                g_test_add_data_func(kept, ways[i], test_no_letter_ends_its_receiver);
        }
        g_test_add_func("/expansion/limit-of-what-is-written", test_limit_of_what_is_written);
        return g_test_run();
}
