/*
 * conn_peer: an owner of a connection that writes down what it is told, and the far end.
 */
#include "support/conn_peer.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
on_received(void *data, const char *bytes, size_t n)
{
        ConnPeer *peer = data;

        g_string_append_c(peer->received, '|');
        g_string_append_len(peer->received, bytes, (gssize)n);
        if (peer->on_received != NULL)
                peer->on_received(peer);
}

static void
on_secured(void *data)
{
        (void)data;
        g_assert_not_reached();
}

static void
on_ended(void *data, ConnEnd end, const char *text)
{
        ConnPeer *peer = data;

        g_string_append_c(peer->told, 'e');
        g_assert_nonnull(text);
        peer->end = end;
        peer->end_text = g_strdup(text);
        if (peer->on_ended != NULL)
                peer->on_ended(peer);
}

static void
on_overfull(void *data)
{
        ConnPeer *peer = data;

        g_string_append_c(peer->told, 'o');
        if (peer->on_overfull != NULL)
                peer->on_overfull(peer);
}

static const ConnOwner owner = {
        .received = on_received,
        .secured = on_secured,
        .ended = on_ended,
        .overfull = on_overfull,
};

static ConnConfig
begin(ConnPeer *peer)
{
        *peer = (ConnPeer){
                .loop = loop_new(true),
                .received = g_string_new(NULL),
                .told = g_string_new(NULL),
                .out = g_string_new(NULL),
                .fd = -1,
        };
        return (ConnConfig){
                .loop = peer->loop,
                .owner = &owner,
                .data = peer,
                .write_timeout = MINUTE,
                .handshake_timeout = 10 * SECOND,
        };
}

void
conn_peer_init_memory(ConnPeer *peer)
{
        ConnConfig config = begin(peer);

        peer->conn = conn_new_memory(&config, peer->out);
}

void
conn_peer_init_socket(ConnPeer *peer)
{
        ConnConfig config = begin(peer);
        int fds[2];
        int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

        g_assert_cmpint(socketpair(AF_UNIX, type, 0, fds), ==, 0);
        peer->fd = fds[1];
        peer->conn = conn_new_take_fd(&config, fds[0], "192.0.2.1");
}

void
conn_peer_clear(ConnPeer *peer)
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

void
conn_peer_receive(ConnPeer *peer, const char *text)
{
        conn_memory_receive(peer->conn, text, strlen(text));
}

void
conn_peer_send(ConnPeer *peer, const char *text)
{
        g_assert_true(conn_send(peer->conn, text, strlen(text)));
}

void
conn_peer_read(ConnPeer *peer)
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

void
conn_peer_assert_ended(const ConnPeer *peer, ConnEnd end)
{
        g_assert_cmpstr(strchr(peer->told->str, 'e'), ==, "e");
        g_assert_cmpint((int)peer->end, ==, (int)end);
}

void
conn_peer_free_conn(ConnPeer *peer)
{
        g_clear_pointer(&peer->conn, conn_free);
}
