/* Chat flows between clients on socket pairs, whose other ends do what a server must not. */
#include "chat.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define N 4

typedef struct {
        Options options;
        Run run;
        Chat chat;
        int peers[N]; /* the server's ends */
} Fixture;

static void
set_up(Fixture *f)
{
        char *argv[] = {(char *)"bench_xmpp", (char *)"message", (char *)"--port",
                        (char *)"1",          (char *)"--pairs", (char *)"2",
                        (char *)"--sessions", (char *)"4",       NULL};
        g_assert_true(options_parse(&f->options, G_N_ELEMENTS(argv) - 1, argv, NULL));
        run_init(&f->run, &f->options);
        for (unsigned i = 0; i < N; i++) {
                int ends[2];
                Client *client = &f->run.crowd.each[i];
                g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), ==, 0);
                f->peers[i] = ends[1];
                g_assert_true(wire_take_fd(&client->wire, ends[0]));
                client->state = CLIENT_READY;
                client->cut.depth = 1;
                client->jid = g_strdup_printf("user%u@localhost/r0", i);
        }
        chat_init(&f->chat, &f->run, false);
        f->chat.patience_us = 0;
        f->run.is_open = true;
}

static void
tear_down(Fixture *f)
{
        chat_clear(&f->chat);
        run_clear(&f->run);
        options_clear(&f->options);
        for (unsigned i = 0; i < N; i++)
                close(f->peers[i]);
}

/* @n messages of flow @flow. Returns: (owned) what its sender said, which is all of them */
static char *
sent(Fixture *f, unsigned flow, unsigned n)
{
        char data[4096];
        for (unsigned i = 0; i < n; i++)
                chat_send(&f->chat, &f->chat.flows[flow], g_get_monotonic_time());
        ssize_t len = read(f->peers[f->chat.flows[flow].from->index], data, sizeof data);
        g_assert_cmpint(len, ==, (gssize)n * MESSAGE_LEN);
        return g_strndup(data, (gsize)len);
}

static void
deliver(Fixture *f, unsigned client, const char *text, size_t len)
{
        g_assert_cmpint(write(f->peers[client], text, len), ==, (gssize)len);
        client_handle(&f->run.crowd.each[client], EPOLLIN);
}

/* Pairs are spread over all clients; each has a flow there and one back. */
static void
test_all_that_arrives_in_order_is_well(void)
{
        Fixture f;
        set_up(&f);
        g_autofree char *one = sent(&f, 0, 3), *two = sent(&f, 3, 2);

        deliver(&f, 1, one, strlen(one));
        deliver(&f, 2, "<presence from='x'/><message from='localhost'><body>hi</body></message>",
                71);
        deliver(&f, 2, two, strlen(two));

        g_assert_true(chat_end(&f.chat));
        g_assert_cmpuint(f.run.report.sent, ==, 5);
        g_assert_cmpuint(f.run.report.received, ==, 5);
        g_assert_cmpuint(f.run.report.operations, ==, 5);
        tear_down(&f);
}

static void
assert_faulty(Fixture *f, uint64_t lost, uint64_t reordered, uint64_t duplicated)
{
        g_assert_false(chat_end(&f->chat));
        g_assert_cmpuint(f->run.report.sent - f->run.report.received, ==, lost);
        g_assert_cmpuint(f->run.report.reordered, ==, reordered);
        g_assert_cmpuint(f->run.report.duplicated, ==, duplicated);
        g_assert_nonnull(f->run.crowd.clients.failure);
        tear_down(f);
}

static void
test_a_lost_message_is_told(void)
{
        Fixture f;
        set_up(&f);
        g_autofree char *text = sent(&f, 0, 3);

        deliver(&f, 1, text, MESSAGE_LEN);
        deliver(&f, 1, text + MESSAGE_LEN * 2, MESSAGE_LEN);

        assert_faulty(&f, 1, 0, 0);
}

/* RFC 6120 section 10.1: stanzas from one entity to another arrive in the order they were sent. */
static void
test_a_reordered_message_is_told(void)
{
        Fixture f;
        set_up(&f);
        g_autofree char *text = sent(&f, 0, 2);

        deliver(&f, 1, text + MESSAGE_LEN, MESSAGE_LEN);
        deliver(&f, 1, text, MESSAGE_LEN);

        assert_faulty(&f, 0, 1, 0);
}

static void
test_a_duplicated_message_is_told(void)
{
        Fixture f;
        set_up(&f);
        g_autofree char *text = sent(&f, 0, 1);

        deliver(&f, 1, text, MESSAGE_LEN);
        deliver(&f, 1, text, MESSAGE_LEN);

        assert_faulty(&f, 0, 0, 1);
}

static void
test_a_message_to_the_wrong_client_is_told(void)
{
        Fixture f;
        set_up(&f);
        g_autofree char *text = sent(&f, 0, 1);

        deliver(&f, 2, text, MESSAGE_LEN);

        assert_faulty(&f, 1, 0, 0);
}

static void
test_a_message_that_was_never_sent_is_told(void)
{
        Fixture f;
        set_up(&f);
        g_autofree char *text = sent(&f, 0, 1);
        f.chat.flows[0].n_sent = 0;
        f.chat.n_sent = 0;

        deliver(&f, 1, text, MESSAGE_LEN);

        g_assert_cmpint(f.run.crowd.each[1].state, ==, CLIENT_FAILED);
        g_assert_nonnull(strstr(f.run.crowd.clients.failure, "nobody sent"));
        tear_down(&f);
}

/* RFC 6120 section 8.3: a message that cannot be delivered comes back. */
static void
test_a_message_that_comes_back_is_told(void)
{
        Fixture f;
        set_up(&f);
        g_autofree char *text = sent(&f, 0, 1);

        g_autofree char *back = g_strdup_printf("<message type='error' %s", strstr(text, "id='"));
        deliver(&f, 0, back, strlen(back));

        g_assert_cmpint(f.run.crowd.each[0].state, ==, CLIENT_FAILED);
        g_assert_nonnull(strstr(f.run.crowd.clients.failure, "came back"));
        tear_down(&f);
}

static void
answer(Chat *chat, Flow *flow)
{
        chat_send(chat, flow->back, 0);
}

/* Each message that arrives is answered by the next, until the chat ends. */
static void
test_messages_are_answered_until_the_end(void)
{
        Fixture f;
        char data[4096];
        set_up(&f);
        f.chat.on_arrived = answer;
        g_autofree char *text = sent(&f, 0, 2);

        deliver(&f, 1, text, MESSAGE_LEN);
        g_assert_cmpint(read(f.peers[1], data, sizeof data), ==, MESSAGE_LEN);
        g_assert_false(chat_end(&f.chat));
        deliver(&f, 1, text + MESSAGE_LEN, MESSAGE_LEN);

        g_assert_cmpint(read(f.peers[1], data, sizeof data), <, 0);
        g_assert_cmpuint(f.chat.n_sent, ==, 3);
        g_assert_cmpuint(f.chat.n_arrived, ==, 2);
        tear_down(&f);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/chat/all-that-arrives-in-order-is-well",
                        test_all_that_arrives_in_order_is_well);
        g_test_add_func("/chat/a-lost-message-is-told", test_a_lost_message_is_told);
        g_test_add_func("/chat/a-reordered-message-is-told", test_a_reordered_message_is_told);
        g_test_add_func("/chat/a-duplicated-message-is-told", test_a_duplicated_message_is_told);
        g_test_add_func("/chat/a-message-to-the-wrong-client-is-told",
                        test_a_message_to_the_wrong_client_is_told);
        g_test_add_func("/chat/a-message-that-was-never-sent-is-told",
                        test_a_message_that_was_never_sent_is_told);
        g_test_add_func("/chat/a-message-that-comes-back-is-told",
                        test_a_message_that_comes_back_is_told);
        g_test_add_func("/chat/messages-are-answered-until-the-end",
                        test_messages_are_answered_until_the_end);
        return g_test_run();
}
