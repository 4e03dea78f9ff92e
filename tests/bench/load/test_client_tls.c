/* The client over TLS: handshakes, records and the end. */
#include <string.h>
#include <sys/epoll.h>

#include "client_kit.h"

/* RFC 8446, XEP-0368. */
static void
test_logs_in_over_direct_tls(void)
{
        ClientKit f;
        client_kit_init(&f, "--mechanism PLAIN --security direct");
        client_kit_start_tls(&f, 0);

        g_assert_true(client_kit_shake_hands(&f));
        g_assert_cmpint(SSL_version(f.tls), ==, TLS1_3_VERSION);
        g_assert_false(SSL_session_reused(f.tls));
        f.part = 7;
        client_kit_log_in(&f);
        client_kit_say(&f, "<message/><presence/>");

        g_assert_cmpstr(f.got->str, ==, "<message/>\n<presence/>\n");
        client_kit_clear(&f);
}

/* RFC 6120 section 5.4.3.3: after the handshake a new stream begins, and what came in the clear is
 * forgotten. */
static void
test_logs_in_over_starttls(void)
{
        ClientKit f;
        client_kit_init(&f, "--mechanism PLAIN --security starttls");

        client_kit_say(&f, KIT_HEADER
                       "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
                       "</stream:features>");
        client_kit_assert_heard(&f, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        client_kit_say(&f, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" KIT_SUCCESS);
        client_kit_start_tls(&f, 0);

        g_assert_true(client_kit_shake_hands(&f));
        client_kit_log_in(&f);
        client_kit_clear(&f);
}

/* Many records arrive at once, and one arrives in parts. */
static void
test_records_are_split_and_merged(void)
{
        ClientKit f;
        g_autofree char *text = g_strnfill(50000, 'x');
        g_autofree char *stanza = g_strdup_printf("<message>%s</message>", text);
        g_autofree char *line = g_strconcat(stanza, "\n", NULL);
        client_kit_init(&f, "--mechanism PLAIN --security direct");
        client_kit_start_tls(&f, 0);
        g_assert_true(client_kit_shake_hands(&f));
        client_kit_log_in(&f);

        client_kit_say(&f, stanza);
        while (f.got->len < strlen(line))
                client_handle(&f.client, EPOLLIN);

        g_assert_cmpstr(f.got->str, ==, line);
        client_kit_clear(&f);
}

/* Figures must not be of an older protocol. */
static void
test_tls_1_2_is_refused(void)
{
        ClientKit f;
        client_kit_init(&f, "--security direct");
        client_kit_start_tls(&f, TLS1_2_VERSION);

        g_assert_false(client_kit_shake_hands(&f));
        g_assert_cmpint(f.client.state, ==, CLIENT_FAILED);
        g_assert_nonnull(strstr(f.clients.failure, "TLS: "));
        client_kit_clear(&f);
}

/* RFC 8446 section 6.1: close_notify is the end. */
static void
test_close_notify_is_an_end(void)
{
        ClientKit f;
        client_kit_init(&f, "--mechanism PLAIN --security direct");
        client_kit_start_tls(&f, 0);
        g_assert_true(client_kit_shake_hands(&f));
        client_kit_log_in(&f);

        client_leave(&f.client);
        client_kit_assert_heard(&f, "</stream:stream>");
        g_assert_cmpint(SSL_shutdown(f.tls), ==, 0);
        client_handle(&f.client, EPOLLIN);

        g_assert_cmpint(f.client.state, ==, CLIENT_LEFT);
        client_kit_clear(&f);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/client_tls/logs-in-over-direct-tls", test_logs_in_over_direct_tls);
        g_test_add_func("/client_tls/logs-in-over-starttls", test_logs_in_over_starttls);
        g_test_add_func("/client_tls/records-are-split-and-merged",
                        test_records_are_split_and_merged);
        g_test_add_func("/client_tls/tls-1-2-is-refused", test_tls_1_2_is_refused);
        g_test_add_func("/client_tls/close-notify-is-an-end", test_close_notify_is_an_end);
        return g_test_run();
}
