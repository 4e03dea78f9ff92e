/* The client in the clear, at each byte: how it logs in and leaves, and what it does not put up
 * with. */
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "client_kit.h"

/* RFC 6120 sections 6.4 and 7.6: whatever part of the stream arrives at once, the login takes the
 * same steps. */
static void
test_logs_in_at_each_byte(void)
{
        for (size_t part = 1; part < strlen(KIT_SASL) + 2; part++) {
                ClientKit f;
                client_kit_init(&f, "--mechanism PLAIN");
                f.part = part;
                client_kit_log_in(&f);
                client_kit_clear(&f);
        }
}

/* RFC 3921 section 3: a session is begun where the server does not say that it is optional. */
static void
test_begins_a_session_only_when_it_must(void)
{
        static const struct {
                const char *feature;
                const char *said;
        } cases[] = {
                {"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", "id='session'"},
                {"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>",
                 "id='roster'"},
                {"<sm xmlns='urn:xmpp:sm:3'><optional/></sm>", "id='roster'"},
                {"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/><sm xmlns='urn:xmpp:sm:3'>"
                 "<optional/></sm>",
                 "id='session'"},
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                ClientKit f;
                g_autofree char *bind = g_strdup_printf(KIT_BIND, cases[i].feature);
                client_kit_init(&f, "--mechanism PLAIN");
                client_kit_say(&f, KIT_SASL);
                client_kit_say(&f, KIT_SUCCESS);
                client_kit_say(&f, bind);
                g_free(client_kit_heard(&f));
                client_kit_say(&f, KIT_BOUND);
                client_kit_assert_heard(&f, cases[i].said);
                client_kit_clear(&f);
        }
}

/* Presence and messages of others come between, at the same time or in parts. */
static void
test_stanzas_reach_the_work_whole(void)
{
        const char *all = "<presence from='a'/> <message><forwarded><message/></forwarded>"
                          "</message><presence from='b>'></presence>";
        const char *expected = "<presence from='a'/>\n<message><forwarded><message/></forwarded>"
                               "</message>\n<presence from='b>'></presence>\n";

        for (size_t part = 1; part <= strlen(all); part++) {
                ClientKit f;
                client_kit_init(&f, "--mechanism PLAIN");
                client_kit_log_in(&f);
                f.part = part;
                client_kit_say(&f, all);
                g_assert_cmpstr(f.got->str, ==, expected);
                g_assert_null(f.client.rest);
                client_kit_clear(&f);
        }
}

/* Presence that arrives while somebody logs in is no answer to a step of it. */
static void
test_other_stanzas_do_not_disturb_the_login(void)
{
        ClientKit f;
        g_autofree char *bind = g_strdup_printf(KIT_BIND, "");
        client_kit_init(&f, "--mechanism PLAIN");

        client_kit_say(&f, KIT_SASL KIT_SUCCESS);
        client_kit_say(&f, bind);
        client_kit_say(&f, "<message id='bind' type='result'/>" KIT_BOUND);
        client_kit_say(
                &f,
                "<presence/><iq type='get' id='roster'/><iq type='result' id='bind'/>" KIT_ROSTER);

        g_assert_cmpint(f.client.state, ==, CLIENT_READY);
        client_kit_clear(&f);
}

static void
assert_fails(const char *words, const char *said, const char *why)
{
        ClientKit f;
        client_kit_init(&f, words);

        client_kit_say(&f, said);

        g_assert_cmpint(f.client.state, ==, CLIENT_FAILED);
        if (!strstr(f.clients.failure, why) || !g_str_has_prefix(f.clients.failure, "user7: "))
                g_error("'%s' does not tell '%s'", f.clients.failure, why);
        client_kit_clear(&f);
}

static void
test_refusals_are_told(void)
{
        const char *failure = KIT_SASL "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                                       "<not-authorized/></failure>";
        const char *error = KIT_HEADER "<stream:error><host-unknown/></stream:error>";

        assert_fails("--mechanism PLAIN", failure, "not-authorized");
        assert_fails("--mechanism PLAIN", error, "host-unknown");
        assert_fails("--mechanism SCRAM-SHA-1", KIT_SASL, "does not offer the mechanism");
        assert_fails("--security starttls", KIT_SASL, "offers no STARTTLS");
        assert_fails("--mechanism PLAIN", KIT_HEADER "</stream:stream>", "ended the stream");
        assert_fails("--mechanism PLAIN", KIT_HEADER "<!-- -->", "no XMPP");
        assert_fails("--mechanism PLAIN", KIT_SASL KIT_SUCCESS KIT_HEADER "<stream:features/>",
                     "no resource binding");
}

static void
test_a_login_step_refused_is_told(void)
{
        ClientKit f;
        g_autofree char *bind = g_strdup_printf(KIT_BIND, "");
        client_kit_init(&f, "--mechanism PLAIN");

        client_kit_say(&f, KIT_SASL KIT_SUCCESS);
        client_kit_say(&f, bind);
        client_kit_say(&f, "<iq type='error' id='bind'><error><conflict/></error></iq>");

        g_assert_cmpint(f.client.state, ==, CLIENT_FAILED);
        g_assert_nonnull(strstr(f.clients.failure, "conflict"));
        client_kit_clear(&f);
}

static void
test_a_closed_connection_is_told(void)
{
        ClientKit f;
        client_kit_init(&f, "--mechanism PLAIN");
        client_kit_log_in(&f);

        g_assert_cmpint(shutdown(f.peer, SHUT_WR), ==, 0);
        client_handle(&f.client, EPOLLIN);

        g_assert_cmpint(f.client.state, ==, CLIENT_FAILED);
        g_assert_nonnull(strstr(f.clients.failure, "closed the connection"));
        client_kit_clear(&f);
}

/* What a server may send is bounded: a stanza of 1 MiB is taken, a longer one is not. */
static void
test_a_stanza_is_bounded(void)
{
        ClientKit f;
        g_autofree char *text = g_strnfill(32768, 'x');
        client_kit_init(&f, "--mechanism PLAIN");
        client_kit_log_in(&f);

        client_kit_say(&f, "<message>");
        for (unsigned i = 0; i < CLIENT_STANZA_MAX / 32768 - 1; i++)
                client_kit_say(&f, text);
        g_assert_cmpint(f.client.state, ==, CLIENT_READY);
        client_kit_say(&f, text + strlen("<message>"));
        g_assert_cmpuint(f.client.rest_len, ==, CLIENT_STANZA_MAX);
        g_assert_cmpint(f.client.state, ==, CLIENT_READY);
        client_kit_say(&f, "x");

        g_assert_cmpint(f.client.state, ==, CLIENT_FAILED);
        g_assert_nonnull(strstr(f.clients.failure, "more than 1048576 bytes"));
        client_kit_clear(&f);
}

/* RFC 6120 section 4.4: both ends of the stream are sent, and what arrives before is no concern of
 * the work. */
static void
test_leaves_politely(void)
{
        ClientKit f;
        client_kit_init(&f, "--mechanism PLAIN");
        client_kit_log_in(&f);
        f.is_over = true;

        client_kit_say(&f, "<message/><message/>");
        client_kit_assert_heard(&f, "</stream:stream>");
        g_assert_cmpint(f.client.state, ==, CLIENT_LEAVING);
        client_kit_say(&f, "<presence/></stream:stream>");

        g_assert_cmpint(f.client.state, ==, CLIENT_LEFT);
        g_assert_cmpstr(f.got->str, ==, "<message/>\n");
        client_kit_clear(&f);
}

/* A socket that takes no more is no loss: the rest waits, in order, until the server reads. */
static void
test_what_the_socket_does_not_take_waits(void)
{
        ClientKit f;
        GString *sent = g_string_new(NULL), *got = g_string_new(NULL);
        client_kit_init(&f, "--mechanism PLAIN");
        client_kit_log_in(&f);

        for (unsigned i = 0; !f.client.wire.queue || f.client.wire.queue->len < 200000; i++) {
                g_autofree char *text = g_strdup_printf("<message id='%u'/>", i);
                client_send(&f.client, text, strlen(text));
                g_string_append(sent, text);
        }
        while (got->len < sent->len) {
                g_autofree char *text = client_kit_heard(&f);
                g_assert_cmpstr(text, !=, "");
                g_string_append(got, text);
                client_handle(&f.client, EPOLLOUT);
        }

        g_assert_cmpstr(got->str, ==, sent->str);
        g_assert_null(f.client.wire.queue);
        g_assert_false(f.client.wire.is_watched_out);
        g_string_free(sent, TRUE);
        g_string_free(got, TRUE);
        client_kit_clear(&f);
}

static void
test_a_server_that_does_not_read_is_told(void)
{
        ClientKit f;
        g_autofree char *text = g_strnfill(WIRE_QUEUE_MAX / 2, ' ');
        client_kit_init(&f, "--mechanism PLAIN");
        client_kit_log_in(&f);

        for (unsigned i = 0; i < 4; i++)
                client_send(&f.client, text, strlen(text));

        g_assert_cmpint(f.client.state, ==, CLIENT_FAILED);
        g_assert_nonnull(strstr(f.clients.failure, "does not read"));
        client_kit_clear(&f);
}

static void
note_failure(Client *client, const char *why)
{
        g_assert_cmpint(client->state, ==, CLIENT_FAILED);
        g_assert_null(client->clients->work);
        client->clients->work = g_strdup(why);
}

/* Where newcomers may fail the run goes on, and the work knows why each did. */
static void
test_a_failure_may_be_the_works(void)
{
        ClientKit f;
        client_kit_init(&f, "--mechanism PLAIN");
        f.clients.work = NULL;
        f.clients.on_failed = note_failure;

        client_kit_say(&f, KIT_SASL);
        client_kit_say(
                &f, "<failure "
                    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>");

        g_assert_null(f.clients.failure);
        g_autofree char *why = f.clients.work;
        g_assert_nonnull(strstr(why, "<temporary-auth-failure/>"));
        client_kit_clear(&f);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/client/logs-in-at-each-byte", test_logs_in_at_each_byte);
        g_test_add_func("/client/begins-a-session-only-when-it-must",
                        test_begins_a_session_only_when_it_must);
        g_test_add_func("/client/stanzas-reach-the-work-whole", test_stanzas_reach_the_work_whole);
        g_test_add_func("/client/other-stanzas-do-not-disturb-the-login",
                        test_other_stanzas_do_not_disturb_the_login);
        g_test_add_func("/client/refusals-are-told", test_refusals_are_told);
        g_test_add_func("/client/a-login-step-refused-is-told", test_a_login_step_refused_is_told);
        g_test_add_func("/client/a-closed-connection-is-told", test_a_closed_connection_is_told);
        g_test_add_func("/client/a-stanza-is-bounded", test_a_stanza_is_bounded);
        g_test_add_func("/client/leaves-politely", test_leaves_politely);
        g_test_add_func("/client/a-failure-may-be-the-works", test_a_failure_may_be_the_works);
        g_test_add_func("/client/what-the-socket-does-not-take-waits",
                        test_what_the_socket_does_not_take_waits);
        g_test_add_func("/client/a-server-that-does-not-read-is-told",
                        test_a_server_that_does_not_read_is_told);
        return g_test_run();
}
