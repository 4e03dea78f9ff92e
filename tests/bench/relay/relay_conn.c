/* relay_conn: one recv a readable socket, one send a piece; what a socket does not take waits in
 * order. See relay.h. */
#include "relay.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void
ask_events(Relay *relay, RelayConn *conn, uint32_t events)
{
        struct epoll_event event = {.events = events, .data.ptr = conn};

        if (conn->events == events)
                return;
        if (epoll_ctl(relay->epoll, EPOLL_CTL_MOD, conn->fd, &event) < 0)
                relay_conn_close(relay, conn, "epoll_ctl");
        else
                conn->events = events;
}

void
relay_conn_open(Relay *relay, int fd, bool is_tls)
{
        RelayConn *conn = g_new0(RelayConn, 1);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};

        conn->fd = fd;
        conn->events = event.events;
        conn->older = relay->newest;
        if (conn->older)
                conn->older->newer = conn;
        relay->newest = conn;
        relay->n_connections++;
        if (epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
                relay_conn_close(relay, conn, "epoll_ctl");
        else if (is_tls)
                relay_conn_start_tls(relay, conn);
}

void
relay_conn_start_tls(Relay *relay, RelayConn *conn)
{
        conn->ssl = SSL_new(relay->tls);
        g_assert(conn->ssl != NULL);
        SSL_set_accept_state(conn->ssl);
        if (SSL_set_fd(conn->ssl, conn->fd) != 1)
                relay_conn_close(relay, conn, "SSL_set_fd");
}

void
relay_conn_close(Relay *relay, RelayConn *conn, const char *reason)
{
        if (conn->fd < 0)
                return;
        if (reason)
                fprintf(stderr, "bench_relay: %s is closed: %s\n",
                        conn->jid ? conn->jid : "a connection", reason);
        relay_forget(relay, conn);
        SSL_free(conn->ssl);
        conn->ssl = NULL;
        close(conn->fd);
        conn->fd = -1;
        relay->n_connections--;
        if (conn->older)
                conn->older->newer = conn->newer;
        if (conn->newer)
                conn->newer->older = conn->older;
        else
                relay->newest = conn->older;
        conn->older = relay->closed;
        relay->closed = conn;
}

void
relay_free_closed(Relay *relay)
{
        while (relay->closed) {
                RelayConn *conn = relay->closed;

                relay->closed = conn->older;
                g_free(conn->name);
                g_free(conn->jid);
                g_free(conn->rest);
                g_free(conn->out);
                g_free(conn);
        }
}

/* What reading or writing TLS came to. Returns: whether it may go on later; @events_out: when the
 * socket is ready for these */
static bool
tls_waits(SSL *ssl, int result, uint32_t *events_out)
{
        switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_WANT_READ:
                *events_out = EPOLLIN;
                return true;
        case SSL_ERROR_WANT_WRITE:
                *events_out = EPOLLIN | EPOLLOUT;
                return true;
        default:
                ERR_clear_error();
                return false;
        }
}

/* Returns: how much the peer's socket took; 0: nothing now; -1: the connection is broken */
static ssize_t
write_some(RelayConn *conn, const char *data, size_t len)
{
        if (!conn->ssl) {
                ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL);
                return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
        }

        size_t n_done = 0;
        while (n_done < len) {
                uint32_t events;
                int n = SSL_write(conn->ssl, data + n_done, (int)(len - n_done));
                if (n <= 0)
                        return tls_waits(conn->ssl, n, &events) ? (ssize_t)n_done : -1;
                n_done += (size_t)n;
        }
        return (ssize_t)n_done;
}

static void
keep(Relay *relay, RelayConn *conn, const char *data, size_t len)
{
        if (conn->out_len + len > RELAY_OUT_MAX) {
                relay_conn_close(relay, conn, "it does not read");
                return;
        }
        if (conn->out_start > 0 && conn->out_start + conn->out_len + len > conn->out_size) {
                memmove(conn->out, conn->out + conn->out_start, conn->out_len);
                conn->out_start = 0;
        }
        if (conn->out_len + len > conn->out_size) {
                conn->out_size = MAX(2 * conn->out_size, conn->out_len + len);
                conn->out = g_realloc(conn->out, conn->out_size);
        }
        memcpy(conn->out + conn->out_start + conn->out_len, data, len);
        conn->out_len += len;
        ask_events(relay, conn, EPOLLIN | EPOLLOUT);
}

void
relay_conn_send(Relay *relay, RelayConn *conn, const char *data, size_t len)
{
        ssize_t n = 0;

        if (conn->fd < 0 || conn->is_ending)
                return;
        if (conn->out_len == 0)
                n = write_some(conn, data, len);
        if (n < 0)
                relay_conn_close(relay, conn, NULL);
        else if ((size_t)n < len)
                keep(relay, conn, data + n, len - (size_t)n);
}

/* RFC 6120 4.4: the stream is closed, then TLS, then TCP. */
static void
finish(Relay *relay, RelayConn *conn)
{
        if (conn->ssl && SSL_shutdown(conn->ssl) < 0)
                ERR_clear_error();
        relay_conn_close(relay, conn, NULL);
}

static void
flush(Relay *relay, RelayConn *conn)
{
        ssize_t n = write_some(conn, conn->out + conn->out_start, conn->out_len);

        if (n < 0) {
                relay_conn_close(relay, conn, NULL);
                return;
        }
        conn->out_start += (size_t)n;
        conn->out_len -= (size_t)n;
        if (conn->out_len > 0)
                return;
        g_clear_pointer(&conn->out, g_free);
        conn->out_start = conn->out_size = 0;
        if (conn->is_ending)
                finish(relay, conn);
        else
                ask_events(relay, conn, EPOLLIN);
}

void
relay_conn_end(Relay *relay, RelayConn *conn)
{
        conn->is_ending = true;
        if (conn->out_len == 0)
                finish(relay, conn);
        else
                ask_events(relay, conn, EPOLLOUT);
}

/* Returns: how many bytes came; 0: none now; -1: the connection has ended */
static ssize_t
read_some(Relay *relay, RelayConn *conn, char *buffer, size_t size)
{
        if (!conn->ssl) {
                ssize_t n = recv(conn->fd, buffer, size, 0);
                if (n > 0)
                        return n;
                return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
        }

        uint32_t events;
        int n = SSL_read(conn->ssl, buffer, (int)size);
        if (n > 0)
                return n;
        if (!tls_waits(conn->ssl, n, &events))
                return -1;
        if (conn->out_len == 0)
                ask_events(relay, conn, events);
        return 0;
}

/* The buffer has what was kept and what came, @len in all. */
static void
talk(Relay *relay, RelayConn *conn, size_t len)
{
        size_t done = relay_talk(relay, conn, relay->buffer, len);
        size_t left = len - done;

        if (conn->fd < 0 || (left == 0 && !conn->rest))
                return;
        g_clear_pointer(&conn->rest, g_free);
        conn->rest_len = left;
        if (left > RELAY_STANZA_MAX)
                relay_conn_close(relay, conn, "its stanza is too large");
        else if (left > 0)
                conn->rest = g_memdup2(relay->buffer + done, left);
}

void
relay_conn_handle(Relay *relay, RelayConn *conn, uint32_t events)
{
        if (conn->fd < 0)
                return;
        bool wrote = conn->out_len > 0;
        if (wrote && (events & EPOLLOUT))
                flush(relay, conn);
        else if (events & EPOLLOUT) /* a handshake wanted it */
                ask_events(relay, conn, EPOLLIN);
        if (conn->is_ending || (wrote && !(events & ~(uint32_t)EPOLLOUT)))
                return;
        while (conn->fd >= 0) {
                if (conn->rest_len > 0)
                        memcpy(relay->buffer, conn->rest, conn->rest_len);
                ssize_t n = read_some(relay, conn, relay->buffer + conn->rest_len, RELAY_READ_MAX);
                if (n < 0)
                        relay_conn_close(relay, conn, NULL);
                if (n <= 0)
                        return;
                talk(relay, conn, conn->rest_len + (size_t)n);
                /* OpenSSL has read ahead: the socket need not become readable for it. */
                if (conn->fd < 0 || !conn->ssl || !SSL_has_pending(conn->ssl))
                        return;
        }
}
