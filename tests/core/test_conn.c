/*
 * conn: reading, the send queue and its limits, pausing, rates, finishing; over the memory transport and real sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <motet/conn.h>

#include "core/conn_private.h"

#define MS INT64_C(1000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)

/* An owner that writes down what it is told; what it does when told is set by the test. */
typedef struct Peer Peer;
struct Peer {
        Loop *loop;
        MotetConn *conn;
        GString *out;      /* memory transport: what the peer gets */
        GString *received; /* with '|' before each call */
        GString *told;     /* "o" for overfull, "e" for ended */
        ConnEnd end;
        char *end_text;
        int fd; /* socket transport: the far end */
        void (*on_received)(Peer *peer);
        void (*on_overfull)(Peer *peer);
        void (*on_ended)(Peer *peer);
};

static void
peer_received(void *data, const char *bytes, size_t n)
{
        Peer *peer = data;

        g_string_append_c(peer->received, '|');
        g_string_append_len(peer->received, bytes, (gssize)n);
        if (peer->on_received != NULL)
                peer->on_received(peer);
}

static void
peer_secured(void *data)
{
        (void)data;
        g_assert_not_reached();
}

static void
peer_ended(void *data, ConnEnd end, const char *text)
{
        Peer *peer = data;

        g_string_append_c(peer->told, 'e');
        g_assert_nonnull(text);
        peer->end = end;
        peer->end_text = g_strdup(text);
        if (peer->on_ended != NULL)
                peer->on_ended(peer);
}

static void
peer_overfull(void *data)
{
        Peer *peer = data;

        g_string_append_c(peer->told, 'o');
        if (peer->on_overfull != NULL)
                peer->on_overfull(peer);
}

static const ConnOwner peer_owner = {
        .received = peer_received,
        .secured = peer_secured,
        .ended = peer_ended,
        .overfull = peer_overfull,
};

static ConnConfig
peer_config(Peer *peer)
{
        *peer = (Peer){
                .loop = loop_new(true),
                .received = g_string_new(NULL),
                .told = g_string_new(NULL),
                .out = g_string_new(NULL),
                .fd = -1,
        };
        return (ConnConfig){
                .loop = peer->loop,
                .owner = &peer_owner,
                .data = peer,
                .write_timeout = MINUTE,
                .handshake_timeout = 10 * SECOND,
        };
}

static void
peer_init_memory(Peer *peer)
{
        ConnConfig config = peer_config(peer);

        peer->conn = conn_new_memory(&config, peer->out);
}

static void
peer_init_socket(Peer *peer)
{
        ConnConfig config = peer_config(peer);
        int fds[2];
        int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

        g_assert_cmpint(socketpair(AF_UNIX, type, 0, fds), ==, 0);
        peer->fd = fds[1];
        peer->conn = conn_new_take_fd(&config, fds[0], "192.0.2.1");
}

static void
peer_clear(Peer *peer)
{
        conn_free(peer->conn);
        loop_free(peer->loop);
        if (peer->fd >= 0)
                close(peer->fd);
        g_string_free(peer->out, TRUE);
        g_string_free(peer->received, TRUE);
        g_string_free(peer->told, TRUE);
        g_free(peer->end_text);
}

static void
receive(Peer *peer, const char *text)
{
        conn_memory_receive(peer->conn, text, strlen(text));
}

static void
send_text(Peer *peer, const char *text)
{
        g_assert_true(conn_send(peer->conn, text, strlen(text)));
}

/* What the far end of the socket got since the last call. */
static void
read_far_end(Peer *peer)
{
        char bytes[65536];

        g_string_truncate(peer->out, 0);
        for (;;) {
                ssize_t n = recv(peer->fd, bytes, sizeof bytes, 0);
                if (n <= 0)
                        break;
                g_string_append_len(peer->out, bytes, n);
        }
}

static void
assert_ended(const Peer *peer, ConnEnd end)
{
        g_assert_cmpstr(strchr(peer->told->str, 'e'), ==, "e");
        g_assert_cmpint((int)peer->end, ==, (int)end);
}

/* Receiving */

static void
test_received_bytes_are_told_in_the_next_turn(void)
{
        Peer peer;
        peer_init_memory(&peer);
        loop_settle(peer.loop);

        receive(&peer, "<a/>");
        receive(&peer, "<b/>");
        g_assert_cmpstr(peer.received->str, ==, "");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|<a/><b/>");
        peer_clear(&peer);
}

static void
test_socket_bytes_are_told(void)
{
        Peer peer;
        peer_init_socket(&peer);
        g_assert_cmpint(send(peer.fd, "hello", 5, 0), ==, 5);
        loop_advance(peer.loop, SECOND);

        g_assert_cmpstr(peer.received->str, ==, "|hello");
        g_assert_cmpstr(motet_conn_peer(peer.conn), ==, "192.0.2.1");
        g_assert_false(motet_conn_is_secure(peer.conn));
        g_assert_null(motet_conn_tls_version(peer.conn));
        g_assert_null(motet_conn_channel_binding(peer.conn, "tls-exporter"));
        peer_clear(&peer);
}

static void
test_time_of_the_last_read_is_known(void)
{
        Peer peer;
        peer_init_memory(&peer);
        int64_t start = loop_now(peer.loop);
        loop_advance(peer.loop, SECOND);
        g_assert_cmpint(conn_last_read(peer.conn), ==, start);

        receive(&peer, "x");
        loop_settle(peer.loop);

        g_assert_cmpint(conn_last_read(peer.conn), ==, start + SECOND);
        peer_clear(&peer);
}

/* A peer that closes after its last bytes loses none of them. */
static void
test_last_bytes_are_told_before_the_end(void)
{
        Peer peer;
        peer_init_memory(&peer);
        receive(&peer, "</stream>");
        conn_memory_end(peer.conn);

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|</stream>");
        assert_ended(&peer, CONN_END_PEER);
        peer_clear(&peer);
}

static void
test_half_closed_socket_ends_after_its_bytes(void)
{
        Peer peer;
        peer_init_socket(&peer);
        g_assert_cmpint(send(peer.fd, "bye", 3, 0), ==, 3);
        g_assert_cmpint(shutdown(peer.fd, SHUT_WR), ==, 0);

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|bye");
        assert_ended(&peer, CONN_END_PEER);
        peer_clear(&peer);
}

/* Pausing */

static void
test_paused_connection_reads_nothing(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_pause(peer.conn);
        conn_pause(peer.conn);
        receive(&peer, "x");
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "");
        conn_unpause(peer.conn);
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "");

        conn_unpause(peer.conn);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|x");
        peer_clear(&peer);
}

static void
pause_conn(Peer *peer)
{
        conn_pause(peer->conn);
}

static void
test_pausing_while_receiving_stops_the_next_read(void)
{
        Peer peer;
        peer_init_socket(&peer);
        peer.on_received = pause_conn;
        g_assert_cmpint(send(peer.fd, "1", 1, 0), ==, 1);
        loop_settle(peer.loop);
        g_assert_cmpint(send(peer.fd, "2", 1, 0), ==, 1);
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "|1");

        conn_unpause(peer.conn);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|1|2");
        peer_clear(&peer);
}

/* A hang-up is reported by epoll whatever is asked for: it must neither spin nor lose what was sent before it. */
static void
test_hang_up_while_paused_waits_quietly(void)
{
        Peer peer;
        peer_init_socket(&peer);
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
        assert_ended(&peer, CONN_END_PEER);
        peer_clear(&peer);
}

/* A reset is told at once: a parked session need not wait to learn that its peer is gone. */
static void
test_reset_while_paused_ends(void)
{
        Peer peer;
        peer_init_socket(&peer);
        send_text(&peer, "never read");
        conn_pause(peer.conn);
        loop_settle(peer.loop);
        close(peer.fd);
        peer.fd = -1;

        loop_settle(peer.loop);

        assert_ended(&peer, CONN_END_PEER);
        peer_clear(&peer);
}

/* Rate: R12 */

static void
test_burst_is_read_at_once_and_one_byte_more_later(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_rate(peer.conn, 10, 100);
        g_autofree char *text = g_strnfill(101, 'x');
        receive(&peer, text);

        loop_settle(peer.loop);
        g_assert_cmpuint(peer.received->len, ==, 1 + 100);
        loop_advance(peer.loop, 99 * MS);
        g_assert_cmpuint(peer.received->len, ==, 1 + 100);
        loop_advance(peer.loop, 2 * MS);

        g_assert_cmpuint(peer.received->len, ==, 1 + 100 + 1 + 1);
        peer_clear(&peer);
}

static void
test_burst_exactly_is_not_delayed(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_rate(peer.conn, 10, 100);
        g_autofree char *text = g_strnfill(99, 'x');
        receive(&peer, text);
        loop_settle(peer.loop);

        receive(&peer, "y");
        loop_settle(peer.loop);

        g_assert_cmpuint(peer.received->len, ==, 1 + 99 + 1 + 1);
        peer_clear(&peer);
}

static void
test_rate_holds_over_time(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1000, 2000);
        g_autofree char *text = g_strnfill(20000, 'x');
        receive(&peer, text);

        loop_advance(peer.loop, 10 * SECOND);

        size_t n_bytes = 0;
        for (const char *c = peer.received->str; *c != '\0'; c++)
                n_bytes += *c == 'x';
        g_assert_cmpuint(n_bytes, <=, 12000);
        g_assert_cmpuint(n_bytes, >=, 11900);
        peer_clear(&peer);
}

static void
test_lifted_rate_reads_on(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1, 1);
        receive(&peer, "abc");
        loop_settle(peer.loop);
        g_assert_cmpstr(peer.received->str, ==, "|a");

        conn_set_rate(peer.conn, 0, 0);
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "|a|bc");
        peer_clear(&peer);
}

static void
test_raised_rate_is_in_force_at_once(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1, 1);
        receive(&peer, "abc");
        loop_settle(peer.loop);

        conn_set_rate(peer.conn, 1000, 1000);
        loop_advance(peer.loop, 60 * MS);

        g_assert_cmpstr(peer.received->str, ==, "|a|bc");
        peer_clear(&peer);
}

/* Sending */

/* PERFORMANCE-FACTS: at most one send a connection a turn. */
static void
test_what_is_sent_in_one_turn_leaves_together(void)
{
        Peer peer;
        peer_init_memory(&peer);
        loop_settle(peer.loop);
        send_text(&peer, "a");
        send_text(&peer, "b");
        g_string_append(conn_out(peer.conn), "c");
        g_assert_true(conn_sent(peer.conn));
        g_assert_cmpstr(peer.out->str, ==, "");
        g_assert_cmpuint(conn_queued(peer.conn), ==, 3);

        loop_turn(peer.loop, false);

        g_assert_cmpstr(peer.out->str, ==, "abc");
        g_assert_cmpuint(conn_queued(peer.conn), ==, 0);
        peer_clear(&peer);
}

static void
test_append_without_sent_is_not_sent(void)
{
        Peer peer;
        peer_init_memory(&peer);
        send_text(&peer, "a");
        g_string_append(conn_out(peer.conn), "dropped");
        send_text(&peer, "b");
        g_string_append(conn_out(peer.conn), "dropped");

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "ab");
        peer_clear(&peer);
}

static void
test_slow_reader_gets_everything_in_order(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 0);
        g_autoptr(GString) expected = g_string_new(NULL);
        for (unsigned i = 0; i < 3000; i++) {
                g_autofree char *text = g_strdup_printf("<stanza n='%u'/>", i);
                g_string_append(expected, text);
                send_text(&peer, text);
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
        peer_clear(&peer);
}

static void
test_slow_socket_gets_everything_in_order(void)
{
        Peer peer;
        peer_init_socket(&peer);
        g_autofree char *text = g_malloc(1024 * 1024 + 1);
        for (unsigned i = 0; i < 1024 * 1024; i++)
                text[i] = (char)('a' + i % 23);
        text[1024 * 1024] = '\0';
        send_text(&peer, text);
        loop_settle(peer.loop);
        g_assert_cmpuint(conn_queued(peer.conn), >, 0);

        g_autoptr(GString) all = g_string_new(NULL);
        while (all->len < 1024 * 1024) {
                read_far_end(&peer);
                g_assert_cmpuint(peer.out->len, >, 0);
                g_string_append_len(all, peer.out->str, (gssize)peer.out->len);
                loop_settle(peer.loop);
        }

        g_assert_true(memcmp(all->str, text, all->len) == 0);
        g_assert_cmpuint(conn_queued(peer.conn), ==, 0);
        peer_clear(&peer);
}

static void
test_sending_to_a_gone_peer_ends(void)
{
        Peer peer;
        peer_init_socket(&peer);
        conn_pause(peer.conn);
        loop_settle(peer.loop);
        close(peer.fd);
        peer.fd = -1;

        send_text(&peer, "x");
        loop_settle(peer.loop);

        assert_ended(&peer, CONN_END_PEER);
        g_assert_false(conn_send(peer.conn, "x", 1));
        peer_clear(&peer);
}

/* The queue's limit: R15 */

static void
test_queue_at_its_limit_is_kept(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_queue_limit(peer.conn, 10);
        conn_memory_set_window(peer.conn, 0);

        send_text(&peer, "12345");
        loop_settle(peer.loop);
        send_text(&peer, "67890");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.told->str, ==, "");
        g_assert_cmpuint(conn_queued(peer.conn), ==, 10);
        peer_clear(&peer);
}

static void
test_queue_one_past_its_limit_ends(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_queue_limit(peer.conn, 10);
        conn_memory_set_window(peer.conn, 0);
        send_text(&peer, "1234567890");

        g_assert_false(conn_send(peer.conn, "1", 1));
        g_assert_false(conn_send(peer.conn, "", 0));
        g_assert_cmpuint(conn_queued(peer.conn), ==, 10);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.told->str, ==, "oe");
        assert_ended(&peer, CONN_END_QUEUE);
        peer_clear(&peer);
}

static void
send_stream_error(Peer *peer)
{
        conn_send_last(peer->conn, "<error/>", 8);
        conn_finish(peer->conn, SECOND);
}

/* The piece that did not fit is dropped whole, so that a last stream error is still well-formed; it is tried once. */
static void
test_overfull_owner_may_say_why(void)
{
        Peer peer;
        peer_init_memory(&peer);
        peer.on_overfull = send_stream_error;
        conn_set_queue_limit(peer.conn, 10);
        send_text(&peer, "<a/>");
        g_assert_false(conn_send(peer.conn, "<toolong/>", 10));

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "<a/><error/>");
        g_assert_cmpstr(peer.told->str, ==, "oe");
        assert_ended(&peer, CONN_END_QUEUE);
        peer_clear(&peer);
}

static void
free_conn(Peer *peer)
{
        g_clear_pointer(&peer->conn, conn_free);
}

static void
test_overfull_owner_may_free(void)
{
        Peer peer;
        peer_init_memory(&peer);
        peer.on_overfull = free_conn;
        conn_set_queue_limit(peer.conn, 1);
        g_assert_false(conn_send(peer.conn, "12", 2));

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.told->str, ==, "o");
        peer_clear(&peer);
}

/* Stalled writes: R13 */

static void
test_write_without_progress_times_out(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 3);
        send_text(&peer, "12345");

        loop_advance(peer.loop, MINUTE - 1);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_advance(peer.loop, 1);

        assert_ended(&peer, CONN_END_TIMEOUT);
        peer_clear(&peer);
}

static void
test_progress_starts_the_write_timeout_anew(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 0);
        send_text(&peer, "12345");
        loop_advance(peer.loop, MINUTE - 1);
        conn_memory_set_window(peer.conn, 1);
        loop_advance(peer.loop, MINUTE - 1);
        g_assert_cmpstr(peer.told->str, ==, "");

        conn_memory_set_window(peer.conn, SIZE_MAX);
        loop_advance(peer.loop, 10 * MINUTE);

        g_assert_cmpstr(peer.out->str, ==, "12345");
        g_assert_cmpstr(peer.told->str, ==, "");
        peer_clear(&peer);
}

/* More to send is no progress: a peer that reads nothing cannot be kept alive by what others write to it. */
static void
test_new_output_does_not_put_off_the_write_timeout(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 0);
        for (unsigned i = 0; i < 59; i++) {
                send_text(&peer, "x");
                loop_advance(peer.loop, SECOND);
        }
        g_assert_cmpstr(peer.told->str, ==, "");

        send_text(&peer, "x");
        loop_advance(peer.loop, SECOND);

        assert_ended(&peer, CONN_END_TIMEOUT);
        peer_clear(&peer);
}

/* Finishing */

static void
test_finish_sends_what_is_queued(void)
{
        Peer peer;
        peer_init_memory(&peer);
        send_text(&peer, "</stream>");
        conn_finish(peer.conn, 5 * SECOND);
        g_assert_false(conn_send(peer.conn, "late", 4));
        receive(&peer, "ignored");

        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "</stream>");
        g_assert_cmpstr(peer.received->str, ==, "");
        assert_ended(&peer, CONN_END_FINISHED);
        peer_clear(&peer);
}

static void
test_finish_gives_up_at_its_timeout(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_memory_set_window(peer.conn, 2);
        send_text(&peer, "</stream>");
        conn_finish(peer.conn, 5 * SECOND);

        loop_advance(peer.loop, 5 * SECOND - 1);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_advance(peer.loop, 1);

        assert_ended(&peer, CONN_END_FINISHED);
        g_assert_cmpstr(peer.out->str, ==, "</");
        peer_clear(&peer);
}

static void
test_finished_socket_waits_for_the_peer_to_close(void)
{
        Peer peer;
        peer_init_socket(&peer);
        send_text(&peer, "</stream>");
        g_assert_cmpint(send(peer.fd, "unread", 6, 0), ==, 6);
        conn_finish(peer.conn, 5 * SECOND);
        loop_settle(peer.loop);
        read_far_end(&peer);
        g_assert_cmpstr(peer.out->str, ==, "</stream>");
        g_assert_cmpint(recv(peer.fd, &(char){0}, 1, 0), ==, 0);
        g_assert_cmpstr(peer.told->str, ==, "");

        close(peer.fd);
        peer.fd = -1;
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.received->str, ==, "");
        assert_ended(&peer, CONN_END_FINISHED);
        peer_clear(&peer);
}

static void
test_finished_socket_does_not_wait_for_ever(void)
{
        Peer peer;
        peer_init_socket(&peer);
        conn_finish(peer.conn, 5 * SECOND);

        loop_advance(peer.loop, 5 * SECOND - 1);
        g_assert_cmpstr(peer.told->str, ==, "");
        loop_advance(peer.loop, 1);

        assert_ended(&peer, CONN_END_FINISHED);
        peer_clear(&peer);
}

/* Freeing */

static void
test_owner_may_free_while_receiving(void)
{
        Peer peer;
        peer_init_socket(&peer);
        peer.on_received = free_conn;
        g_assert_cmpint(send(peer.fd, "x", 1, 0), ==, 1);

        loop_settle(peer.loop);

        g_assert_null(peer.conn);
        g_assert_cmpstr(peer.told->str, ==, "");
        g_assert_cmpint(recv(peer.fd, &(char){0}, 1, 0), ==, 0);
        peer_clear(&peer);
}

static void
test_owner_may_free_when_ended(void)
{
        Peer peer;
        peer_init_memory(&peer);
        peer.on_ended = free_conn;
        conn_memory_end(peer.conn);

        loop_settle(peer.loop);

        assert_ended(&peer, CONN_END_PEER);
        peer_clear(&peer);
}

static void
test_free_tells_nobody_and_leaves_nothing(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_set_rate(peer.conn, 1, 1);
        conn_memory_set_window(peer.conn, 0);
        receive(&peer, "xy");
        send_text(&peer, "abc");
        loop_settle(peer.loop);
        g_string_truncate(peer.received, 0);
        receive(&peer, "z");
        send_text(&peer, "def");

        free_conn(&peer);
        loop_advance(peer.loop, 10 * MINUTE);

        g_assert_cmpstr(peer.told->str, ==, "");
        g_assert_cmpstr(peer.received->str, ==, "");
        peer_clear(&peer);
}

static void
test_ended_connection_ignores_what_comes_after(void)
{
        Peer peer;
        peer_init_memory(&peer);
        conn_memory_end(peer.conn);
        loop_settle(peer.loop);

        g_string_append(conn_out(peer.conn), "x");
        g_assert_false(conn_sent(peer.conn));
        conn_finish(peer.conn, SECOND);
        conn_pause(peer.conn);
        conn_unpause(peer.conn);
        conn_set_rate(peer.conn, 1, 1);
        conn_memory_set_window(peer.conn, 1);
        receive(&peer, "x");
        conn_memory_end(peer.conn);
        loop_advance(peer.loop, MINUTE);

        assert_ended(&peer, CONN_END_PEER);
        g_assert_cmpstr(peer.told->str, ==, "e");
        peer_clear(&peer);
}

/* One reader per turn and connection: a flood from one does not hold back the others. */
static void
test_flood_is_read_in_bounded_pieces(void)
{
        Peer peer;
        peer_init_memory(&peer);
        loop_settle(peer.loop);
        g_autofree char *text = g_strnfill(200000, 'x');
        receive(&peer, text);

        loop_turn(peer.loop, false);
        g_assert_cmpuint(peer.received->len, <=, 65536 + 1);
        g_assert_cmpuint(peer.received->len, >, 1);
        loop_settle(peer.loop);

        g_assert_cmpuint(peer.received->len, >, 200000);
        peer_clear(&peer);
}

/* PERFORMANCE-FACTS, budgets: session and connection together 640 bytes, and no buffer while nothing is under way. */
static void
test_idle_connection_holds_no_buffer(void)
{
        Peer peer;
        peer_init_socket(&peer);
        g_assert_cmpint(send(peer.fd, "ping", 4, 0), ==, 4);
        send_text(&peer, "pong");
        g_assert_nonnull(peer.conn->out);

        loop_settle(peer.loop);

        g_assert_null(peer.conn->out);
        g_assert_null(peer.conn->sealed);
        g_assert_null(peer.conn->held);
        g_assert_null(peer.conn->rate);
        g_assert_false(loop_timer_is_armed(&peer.conn->timer));
        g_assert_cmpuint(sizeof *peer.conn, <=, 288);
        peer_clear(&peer);
}

static void
finish_conn(Peer *peer)
{
        send_text(peer, "</stream>");
        conn_finish(peer->conn, SECOND);
}

static void
test_owner_may_finish_while_receiving(void)
{
        Peer peer;
        peer_init_memory(&peer);
        peer.on_received = finish_conn;
        receive(&peer, "</stream>");
        loop_settle(peer.loop);

        g_assert_cmpstr(peer.out->str, ==, "</stream>");
        g_assert_cmpstr(peer.told->str, ==, "e");
        assert_ended(&peer, CONN_END_FINISHED);
        peer_clear(&peer);
}

static void
answer(Peer *peer)
{
        send_text(peer, "answer ");
}

/* Stages: what is read in a turn is answered in the same turn, in one send. */
static void
test_answer_leaves_in_the_turn_of_the_question(void)
{
        Peer peer;
        peer_init_socket(&peer);
        peer.on_received = answer;
        loop_settle(peer.loop);
        g_assert_cmpint(send(peer.fd, "?", 1, 0), ==, 1);

        loop_turn(peer.loop, false);

        read_far_end(&peer);
        g_assert_cmpstr(peer.out->str, ==, "answer ");
        peer_clear(&peer);
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
