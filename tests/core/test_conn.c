/*
 * conn: reading, pausing, rates, finishing; over the memory transport and real sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <motet/conn.h>

#include "core/conn_private.h"
#include "support/conn_peer.h"

/* Receiving */

static void
test_received_bytes_are_told_in_the_next_turn(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        loop_settle(peer.loop);

        conn_peer_receive(&peer, "<a/>");
        conn_peer_receive(&peer, "<b/>");
        g_assert_cmpstr(peer.received->str, ==, "");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|<a/><b/>");
        conn_peer_clear(&peer);
}

static void
test_socket_bytes_are_told(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        g_assert_cmpint(send(peer.fd, "hello", 5, 0), ==, 5);
        loop_advance(peer.loop, SECOND);

        g_assert_cmpstr(peer.received->str, ==, "|hello");
        g_assert_cmpstr(motet_conn_peer(peer.conn), ==, "192.0.2.1");
        g_assert_false(motet_conn_is_secure(peer.conn));
        g_assert_null(motet_conn_tls_version(peer.conn));
        g_assert_null(motet_conn_channel_binding(peer.conn, "tls-exporter"));
        conn_peer_clear(&peer);
}

static void
test_time_of_the_last_read_is_known(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        int64_t start = loop_now(peer.loop);
        loop_advance(peer.loop, SECOND);
        g_assert_cmpint(conn_last_read(peer.conn), ==, start);

        conn_peer_receive(&peer, "x");
        loop_settle(peer.loop);

        g_assert_cmpint(conn_last_read(peer.conn), ==, start + SECOND);
        conn_peer_clear(&peer);
}

/* A peer that closes after its last bytes loses none of them. */
static void
test_last_bytes_are_told_before_the_end(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_peer_receive(&peer, "</stream>");
        conn_memory_end(peer.conn);

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|</stream>");
        conn_peer_assert_ended(&peer, CONN_END_PEER);
        conn_peer_clear(&peer);
}

static void
test_half_closed_socket_ends_after_its_bytes(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        g_assert_cmpint(send(peer.fd, "bye", 3, 0), ==, 3);
        g_assert_cmpint(shutdown(peer.fd, SHUT_WR), ==, 0);

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|bye");
        conn_peer_assert_ended(&peer, CONN_END_PEER);
        conn_peer_clear(&peer);
}

/* Pausing */

static void
test_paused_connection_reads_nothing(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_pause(peer.conn);
        conn_pause(peer.conn);
        conn_peer_receive(&peer, "x");
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "");
        conn_unpause(peer.conn);
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "");

        conn_unpause(peer.conn);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|x");
        conn_peer_clear(&peer);
}

static void
pause_conn(ConnPeer *peer)
{
        conn_pause(peer->conn);
}

static void
test_pausing_while_receiving_stops_the_next_read(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        peer.on_received = pause_conn;
        g_assert_cmpint(send(peer.fd, "1", 1, 0), ==, 1);
        loop_settle(peer.loop);
        g_assert_cmpint(send(peer.fd, "2", 1, 0), ==, 1);
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "|1");

        conn_unpause(peer.conn);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|1|2");
        conn_peer_clear(&peer);
}

/* A hang-up is reported by epoll whatever is asked for: it must neither spin nor lose what was sent
 * before it. */
static void
test_hang_up_while_paused_waits_quietly(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        loop_settle(peer.loop);
        conn_pause(peer.conn);
        g_assert_cmpint(send(peer.fd, "last", 4, 0), ==, 4);
        close(peer.fd);
        peer.fd = -1;

        loop_settle(peer.loop);
        g_assert_cmpstr(peer.told->str, ==, "");
        conn_unpause(peer.conn);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|last");
        conn_peer_assert_ended(&peer, CONN_END_PEER);
        conn_peer_clear(&peer);
}

/* A reset is told at once: a parked session need not wait to learn that its peer is gone. */
static void
test_reset_while_paused_ends(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        conn_peer_send(&peer, "never read");
        conn_pause(peer.conn);
        loop_settle(peer.loop);
        close(peer.fd);
        peer.fd = -1;

        loop_settle(peer.loop);

        conn_peer_assert_ended(&peer, CONN_END_PEER);
        conn_peer_clear(&peer);
}

/* Rate: R12 */

static void
test_burst_is_read_at_once_and_one_byte_more_later(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_rate(peer.conn, 10, 100);
        g_autofree char *text = g_strnfill(101, 'x');
        conn_peer_receive(&peer, text);

        loop_settle(peer.loop);
        g_assert_cmpuint(peer.received->len, ==, 1 + 100);
        loop_advance(peer.loop, 99 * MS);
        g_assert_cmpuint(peer.received->len, ==, 1 + 100);
        loop_advance(peer.loop, 2 * MS);

        g_assert_cmpuint(peer.received->len, ==, 1 + 100 + 1 + 1);
        conn_peer_clear(&peer);
}

static void
test_burst_exactly_is_not_delayed(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_rate(peer.conn, 10, 100);
        g_autofree char *text = g_strnfill(99, 'x');
        conn_peer_receive(&peer, text);
        loop_settle(peer.loop);

        conn_peer_receive(&peer, "y");
        loop_settle(peer.loop);

        g_assert_cmpuint(peer.received->len, ==, 1 + 99 + 1 + 1);
        conn_peer_clear(&peer);
}

static void
test_rate_holds_over_time(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1000, 2000);
        g_autofree char *text = g_strnfill(20000, 'x');
        conn_peer_receive(&peer, text);

        loop_advance(peer.loop, 10 * SECOND);

        size_t n_bytes = 0;
        for (const char *c = peer.received->str; *c != '\0'; c++)
                n_bytes += *c == 'x';
        g_assert_cmpuint(n_bytes, <=, 12000);
        g_assert_cmpuint(n_bytes, >=, 11900);
        conn_peer_clear(&peer);
}

static void
test_lifted_rate_reads_on(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1, 1);
        conn_peer_receive(&peer, "abc");
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "|a");

        conn_set_rate(peer.conn, 0, 0);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|a|bc");
        conn_peer_clear(&peer);
}

static void
test_raised_rate_is_in_force_at_once(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1, 1);
        conn_peer_receive(&peer, "abc");
        loop_settle(peer.loop);

        conn_set_rate(peer.conn, 1000, 1000);
        loop_advance(peer.loop, 60 * MS);

        g_assert_cmpstr(peer.received->str, ==, "|a|bc");
        conn_peer_clear(&peer);
}

/* Finishing */

static void
test_finish_sends_what_is_queued(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_peer_send(&peer, "</stream>");
        conn_finish(peer.conn, 5 * SECOND);
        g_assert_false(conn_send(peer.conn, "late", 4));
        conn_peer_receive(&peer, "ignored");

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "</stream>");
        g_assert_cmpstr(peer.received->str, ==, "");
        conn_peer_assert_ended(&peer, CONN_END_FINISHED);
        conn_peer_clear(&peer);
}

static void
test_finish_gives_up_at_its_timeout(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 2);
        conn_peer_send(&peer, "</stream>");
        conn_finish(peer.conn, 5 * SECOND);

        loop_advance(peer.loop, 5 * SECOND - 1);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_advance(peer.loop, 1);

        conn_peer_assert_ended(&peer, CONN_END_FINISHED);
        g_assert_cmpstr(peer.out->str, ==, "</");
        conn_peer_clear(&peer);
}

static void
test_finished_socket_waits_for_the_peer_to_close(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        conn_peer_send(&peer, "</stream>");
        g_assert_cmpint(send(peer.fd, "unread", 6, 0), ==, 6);
        conn_finish(peer.conn, 5 * SECOND);
        loop_settle(peer.loop);
        conn_peer_read(&peer);
        g_assert_cmpstr(peer.out->str, ==, "</stream>");
        g_assert_cmpint(recv(peer.fd, &(char){0}, 1, 0), ==, 0);
        g_assert_cmpstr(peer.told->str, ==, "");

        close(peer.fd);
        peer.fd = -1;
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "");
        conn_peer_assert_ended(&peer, CONN_END_FINISHED);
        conn_peer_clear(&peer);
}

static void
test_finished_socket_does_not_wait_for_ever(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        conn_finish(peer.conn, 5 * SECOND);

        loop_advance(peer.loop, 5 * SECOND - 1);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_advance(peer.loop, 1);

        conn_peer_assert_ended(&peer, CONN_END_FINISHED);
        conn_peer_clear(&peer);
}

/* Freeing */

static void
test_owner_may_free_while_receiving(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        peer.on_received = conn_peer_free_conn;
        g_assert_cmpint(send(peer.fd, "x", 1, 0), ==, 1);

        loop_settle(peer.loop);

        g_assert_null(peer.conn);
        g_assert_cmpstr(peer.told->str, ==, "");
        g_assert_cmpint(recv(peer.fd, &(char){0}, 1, 0), ==, 0);
        conn_peer_clear(&peer);
}

static void
test_owner_may_free_when_ended(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        peer.on_ended = conn_peer_free_conn;
        conn_memory_end(peer.conn);

        loop_settle(peer.loop);

        conn_peer_assert_ended(&peer, CONN_END_PEER);
        conn_peer_clear(&peer);
}

static void
test_free_tells_nobody_and_leaves_nothing(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1, 1);
        conn_memory_set_window(peer.conn, 0);
        conn_peer_receive(&peer, "xy");
        conn_peer_send(&peer, "abc");
        loop_settle(peer.loop);
        g_string_truncate(peer.received, 0);
        conn_peer_receive(&peer, "z");
        conn_peer_send(&peer, "def");

        conn_peer_free_conn(&peer);
        loop_advance(peer.loop, 10 * MINUTE);

        g_assert_cmpstr(peer.told->str, ==, "");
        g_assert_cmpstr(peer.received->str, ==, "");
        conn_peer_clear(&peer);
}

static void
test_ended_connection_ignores_what_comes_after(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        conn_memory_end(peer.conn);
        loop_settle(peer.loop);

        g_string_append(conn_out(peer.conn), "x");
        g_assert_false(conn_sent(peer.conn));
        conn_finish(peer.conn, SECOND);
        conn_pause(peer.conn);
        conn_unpause(peer.conn);
        conn_set_rate(peer.conn, 1, 1);
        conn_memory_set_window(peer.conn, 1);
        conn_peer_receive(&peer, "x");
        conn_memory_end(peer.conn);
        loop_advance(peer.loop, MINUTE);

        conn_peer_assert_ended(&peer, CONN_END_PEER);
        g_assert_cmpstr(peer.told->str, ==, "e");
        conn_peer_clear(&peer);
}

/* One reader per turn and connection: a flood from one does not hold back the others. */
static void
test_flood_is_read_in_bounded_pieces(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        loop_settle(peer.loop);
        g_autofree char *text = g_strnfill(200000, 'x');
        conn_peer_receive(&peer, text);

        loop_turn(peer.loop, false);
        g_assert_cmpuint(peer.received->len, <=, 65536 + 1);
        g_assert_cmpuint(peer.received->len, >, 1);
        loop_settle(peer.loop);

        g_assert_cmpuint(peer.received->len, >, 200000);
        conn_peer_clear(&peer);
}

/* PERFORMANCE-FACTS, budgets: session and connection together 640 bytes, and no buffer while
 * nothing is under way. */
static void
test_idle_connection_holds_no_buffer(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        g_assert_cmpint(send(peer.fd, "ping", 4, 0), ==, 4);
        conn_peer_send(&peer, "pong");
        g_assert_nonnull(peer.conn->out);

        loop_settle(peer.loop);

        g_assert_null(peer.conn->out);
        g_assert_null(peer.conn->sealed);
        g_assert_null(peer.conn->held);
        g_assert_null(peer.conn->rate);
        g_assert_false(loop_timer_is_armed(&peer.conn->timer));
        g_assert_cmpuint(sizeof *peer.conn, <=, 288);
        conn_peer_clear(&peer);
}

static void
finish_conn(ConnPeer *peer)
{
        conn_peer_send(peer, "</stream>");
        conn_finish(peer->conn, SECOND);
}

static void
test_owner_may_finish_while_receiving(void)
{
        ConnPeer peer;
        conn_peer_init_memory(&peer);
        peer.on_received = finish_conn;
        conn_peer_receive(&peer, "</stream>");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "</stream>");
        g_assert_cmpstr(peer.told->str, ==, "e");
        conn_peer_assert_ended(&peer, CONN_END_FINISHED);
        conn_peer_clear(&peer);
}

static void
answer(ConnPeer *peer)
{
        conn_peer_send(peer, "answer ");
}

/* Stages: what is read in a turn is answered in the same turn, in one send. */
static void
test_answer_leaves_in_the_turn_of_the_question(void)
{
        ConnPeer peer;
        conn_peer_init_socket(&peer);
        peer.on_received = answer;
        loop_settle(peer.loop);
        g_assert_cmpint(send(peer.fd, "?", 1, 0), ==, 1);

        loop_turn(peer.loop, false);

        conn_peer_read(&peer);
        g_assert_cmpstr(peer.out->str, ==, "answer ");
        conn_peer_clear(&peer);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/conn/" path, func)
        ADD("received-bytes-are-told-in-the-next-turn",
            test_received_bytes_are_told_in_the_next_turn);
        ADD("socket-bytes-are-told", test_socket_bytes_are_told);
        ADD("time-of-the-last-read-is-known", test_time_of_the_last_read_is_known);
        ADD("last-bytes-are-told-before-the-end", test_last_bytes_are_told_before_the_end);
        ADD("half-closed-socket-ends-after-its-bytes",
            test_half_closed_socket_ends_after_its_bytes);
        ADD("flood-is-read-in-bounded-pieces", test_flood_is_read_in_bounded_pieces);
        ADD("idle-connection-holds-no-buffer", test_idle_connection_holds_no_buffer);
        ADD("answer-leaves-in-the-turn-of-the-question",
            test_answer_leaves_in_the_turn_of_the_question);
        ADD("owner-may-finish-while-receiving", test_owner_may_finish_while_receiving);
        ADD("paused-connection-reads-nothing", test_paused_connection_reads_nothing);
        ADD("pausing-while-receiving-stops-the-next-read",
            test_pausing_while_receiving_stops_the_next_read);
        ADD("hang-up-while-paused-waits-quietly", test_hang_up_while_paused_waits_quietly);
        ADD("reset-while-paused-ends", test_reset_while_paused_ends);
        ADD("burst-is-read-at-once-and-one-byte-more-later",
            test_burst_is_read_at_once_and_one_byte_more_later);
        ADD("burst-exactly-is-not-delayed", test_burst_exactly_is_not_delayed);
        ADD("rate-holds-over-time", test_rate_holds_over_time);
        ADD("lifted-rate-reads-on", test_lifted_rate_reads_on);
        ADD("raised-rate-is-in-force-at-once", test_raised_rate_is_in_force_at_once);
        ADD("finish-sends-what-is-queued", test_finish_sends_what_is_queued);
        ADD("finish-gives-up-at-its-timeout", test_finish_gives_up_at_its_timeout);
        ADD("finished-socket-waits-for-the-peer-to-close",
            test_finished_socket_waits_for_the_peer_to_close);
        ADD("finished-socket-does-not-wait-for-ever", test_finished_socket_does_not_wait_for_ever);
        ADD("owner-may-free-while-receiving", test_owner_may_free_while_receiving);
        ADD("owner-may-free-when-ended", test_owner_may_free_when_ended);
        ADD("free-tells-nobody-and-leaves-nothing", test_free_tells_nobody_and_leaves_nothing);
        ADD("ended-connection-ignores-what-comes-after",
            test_ended_connection_ignores_what_comes_after);
#undef ADD
        return g_test_run();
}
