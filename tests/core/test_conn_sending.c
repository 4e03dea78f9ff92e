/*
 * conn: the send queue, its limits and its timeouts; over the memory transport and real sockets.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/conn_peer.h"

/* PERFORMANCE-FACTS: at most one send a connection a turn. */
static void
test_what_is_sent_in_one_turn_leaves_together(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        loop_settle(peer.loop);
        conn_peer_send(&peer, "a");
        conn_peer_send(&peer, "b");
        g_string_append(conn_out(peer.conn), "c");
        g_assert_true(conn_sent(peer.conn));
        g_assert_cmpstr(peer.out->str, ==, "");
        g_assert_cmpuint(conn_queued(peer.conn), ==, 3);

        loop_turn(peer.loop, false);

        g_assert_cmpstr(peer.out->str, ==, "abc");
        g_assert_cmpuint(conn_queued(peer.conn), ==, 0);
        conn_peer_clear(&peer);
}

static void
test_append_without_sent_is_not_sent(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_peer_send(&peer, "a");
        g_string_append(conn_out(peer.conn), "dropped");
        conn_peer_send(&peer, "b");
        g_string_append(conn_out(peer.conn), "dropped");

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "ab");
        conn_peer_clear(&peer);
}

static void
test_slow_reader_gets_everything_in_order(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 0);
        g_autoptr(GString) expected = g_string_new(NULL);
        for (unsigned i = 0; i < 3000; i++) {
                g_autofree char *text = g_strdup_printf("<stanza n='%u'/>", i);
                g_string_append(expected, text);
                conn_peer_send(&peer, text);
                if (i % 7 == 0)
                        conn_memory_set_window(peer.conn, i % 50);
                if (i % 3 == 0)
                        loop_turn(peer.loop, false);
        }
        loop_settle(peer.loop);
        g_assert_cmpuint(peer.out->len + conn_queued(peer.conn), ==, expected->len);
        g_assert_cmpuint(conn_queued(peer.conn), >, 0);

        conn_memory_set_window(peer.conn, SIZE_MAX);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, expected->str);
        conn_peer_clear(&peer);
}

static void
test_slow_socket_gets_everything_in_order(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        g_autofree char *text = g_malloc(1024 * 1024 + 1);
        for (unsigned i = 0; i < 1024 * 1024; i++)
                text[i] = (char)('a' + i % 23);
        text[1024 * 1024] = '\0';
        conn_peer_send(&peer, text);
        loop_settle(peer.loop);
        g_assert_cmpuint(conn_queued(peer.conn), >, 0);

        g_autoptr(GString) all = g_string_new(NULL);
        while (all->len < 1024 * 1024) {
                conn_peer_read(&peer);
                g_assert_cmpuint(peer.out->len, >, 0);
                g_string_append_len(all, peer.out->str, (gssize)peer.out->len);
                loop_settle(peer.loop);
        }

        g_assert_true(memcmp(all->str, text, all->len) == 0);
        g_assert_cmpuint(conn_queued(peer.conn), ==, 0);
        conn_peer_clear(&peer);
}

static void
test_sending_to_a_gone_peer_ends(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        conn_pause(peer.conn);
        loop_settle(peer.loop);
        close(peer.fd);
        peer.fd = -1;

        conn_peer_send(&peer, "x");
        loop_settle(peer.loop);

        conn_peer_assert_ended(&peer, CONN_END_PEER);
        g_assert_false(conn_send(peer.conn, "x", 1));
        conn_peer_clear(&peer);
}

/* The queue's limit: R15 */

static void
test_queue_at_its_limit_is_kept(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_queue_limit(peer.conn, 10);
        conn_memory_set_window(peer.conn, 0);

        conn_peer_send(&peer, "12345");
        loop_settle(peer.loop);
        conn_peer_send(&peer, "67890");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.told->str, ==, "");
        g_assert_cmpuint(conn_queued(peer.conn), ==, 10);
        conn_peer_clear(&peer);
}

static void
test_queue_one_past_its_limit_ends(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_queue_limit(peer.conn, 10);
        conn_memory_set_window(peer.conn, 0);
        conn_peer_send(&peer, "1234567890");

        g_assert_false(conn_send(peer.conn, "1", 1));
        g_assert_false(conn_send(peer.conn, "", 0));
        g_assert_cmpuint(conn_queued(peer.conn), ==, 10);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.told->str, ==, "oe");
        conn_peer_assert_ended(&peer, CONN_END_QUEUE);
        conn_peer_clear(&peer);
}

static void
send_stream_error(ConnPeer *peer)
{
        conn_send_last(peer->conn, "<error/>", 8);
        conn_finish(peer->conn, SECOND);
}

/* The piece that did not fit is dropped whole, so that a last stream error is still well-formed; it
 * is tried once. */
static void
test_overfull_owner_may_say_why(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        peer.on_overfull = send_stream_error;
        conn_set_queue_limit(peer.conn, 10);
        conn_peer_send(&peer, "<a/>");
        g_assert_false(conn_send(peer.conn, "<toolong/>", 10));

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "<a/><error/>");
        g_assert_cmpstr(peer.told->str, ==, "oe");
        conn_peer_assert_ended(&peer, CONN_END_QUEUE);
        conn_peer_clear(&peer);
}

static void
test_overfull_owner_may_free(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        peer.on_overfull = conn_peer_free_conn;
        conn_set_queue_limit(peer.conn, 1);
        g_assert_false(conn_send(peer.conn, "12", 2));

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.told->str, ==, "o");
        conn_peer_clear(&peer);
}

/* Stalled writes: R13 */

static void
test_write_without_progress_times_out(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 3);
        conn_peer_send(&peer, "12345");

        loop_advance(peer.loop, MINUTE - 1);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_advance(peer.loop, 1);

        conn_peer_assert_ended(&peer, CONN_END_TIMEOUT);
        conn_peer_clear(&peer);
}

static void
test_progress_starts_the_write_timeout_anew(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 0);
        conn_peer_send(&peer, "12345");
        loop_advance(peer.loop, MINUTE - 1);
        conn_memory_set_window(peer.conn, 1);
        loop_advance(peer.loop, MINUTE - 1);
        g_assert_cmpstr(peer.told->str, ==, "");

        conn_memory_set_window(peer.conn, SIZE_MAX);
        loop_advance(peer.loop, 10 * MINUTE);

        g_assert_cmpstr(peer.out->str, ==, "12345");
        g_assert_cmpstr(peer.told->str, ==, "");
        conn_peer_clear(&peer);
}

/* More to send is no progress: a peer that reads nothing cannot be kept alive by what others write
 * to it. */
static void
test_new_output_does_not_put_off_the_write_timeout(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 0);
        for (unsigned i = 0; i < 59; i++) {
                conn_peer_send(&peer, "x");
                loop_advance(peer.loop, SECOND);
        }
        g_assert_cmpstr(peer.told->str, ==, "");

        conn_peer_send(&peer, "x");
        loop_advance(peer.loop, SECOND);

        conn_peer_assert_ended(&peer, CONN_END_TIMEOUT);
        conn_peer_clear(&peer);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/conn/" path, func)
        ADD("what-is-sent-in-one-turn-leaves-together",
            test_what_is_sent_in_one_turn_leaves_together);
        ADD("append-without-sent-is-not-sent", test_append_without_sent_is_not_sent);
        ADD("slow-reader-gets-everything-in-order", test_slow_reader_gets_everything_in_order);
        ADD("slow-socket-gets-everything-in-order", test_slow_socket_gets_everything_in_order);
        ADD("sending-to-a-gone-peer-ends", test_sending_to_a_gone_peer_ends);
        ADD("queue-at-its-limit-is-kept", test_queue_at_its_limit_is_kept);
        ADD("queue-one-past-its-limit-ends", test_queue_one_past_its_limit_ends);
        ADD("overfull-owner-may-say-why", test_overfull_owner_may_say_why);
        ADD("overfull-owner-may-free", test_overfull_owner_may_free);
        ADD("write-without-progress-times-out", test_write_without_progress_times_out);
        ADD("progress-starts-the-write-timeout-anew", test_progress_starts_the_write_timeout_anew);
        ADD("new-output-does-not-put-off-the-write-timeout",
            test_new_output_does_not_put_off_the_write_timeout);
#undef ADD
        return g_test_run();
}
