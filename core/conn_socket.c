/*
 * conn_socket: bytes of a connection over a non-blocking stream socket.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/conn_private.h"

static ssize_t
socket_receive(MotetConn *conn, void *buffer, size_t n)
{
        return recv(conn->watch.fd, buffer, n, 0);
}

static ssize_t
socket_send(MotetConn *conn, const void *bytes, size_t n)
{
        return send(conn->watch.fd, bytes, n, MSG_NOSIGNAL);
}

static bool
socket_want(MotetConn *conn, uint32_t events, GError **error)
{
        /* A hang-up is told whatever is asked for, turn after turn: until something is wanted
         * again, do not ask. */
        uint32_t watched = events == 0 && conn->hung_up ? 0 : events | EPOLLERR;

        return loop_watch(conn->loop, &conn->watch, watched, error);
}

static bool
socket_shut(MotetConn *conn)
{
        return shutdown(conn->watch.fd, SHUT_WR) == 0;
}

static void
socket_close(MotetConn *conn)
{
        loop_watch(conn->loop, &conn->watch, 0, NULL);
        close(conn->watch.fd);
        conn->watch.fd = -1;
}

static const ConnTransport socket_transport = {
        .receive = socket_receive,
        .send = socket_send,
        .want = socket_want,
        .shut = socket_shut,
        .close = socket_close,
};

static void
on_socket_ready(LoopWatch *watch, uint32_t events)
{
        conn_ready(CONTAINER_OF(watch, MotetConn, watch), events);
}

MotetConn *
conn_new_take_fd(const ConnConfig *config, int fd, const char *peer)
{
        MotetConn *conn = g_new0(MotetConn, 1);

        conn_init(conn, config, &socket_transport, peer);
        conn->watch.func = on_socket_ready;
        conn->watch.fd = fd;
        conn_start(conn);
        return conn;
}
