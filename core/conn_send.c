/*
 * conn_send: the queue of bytes to be sent, its limit, and one send a turn.
 */
#include <errno.h>

#include "core/conn_private.h"

#define COMPACT_FROM 4096

void
conn_drop_out(MotetConn *conn)
{
        conn_buffer_drop(conn, &conn->out);
        conn->out_sent = conn->out_counted = 0;
}

/* Takes back what was appended since the last conn_sent(). */
static void
take_back(MotetConn *conn)
{
        if (conn->out == NULL)
                return;
        g_string_truncate(conn->out, conn->out_counted);
        if (conn->out_counted == conn->out_sent)
                conn_drop_out(conn);
}

/* One send of @n bytes; sets and clears the write timer. Returns: how many went, 0 also when it
 * ended the connection. */
static size_t
send_once(MotetConn *conn, const char *bytes, size_t n)
{
        ssize_t sent = conn->transport->send(conn, bytes, n);

        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
                conn_end_by_errno(conn, errno);
                return 0;
        }
        bool progress = sent > 0;
        if (progress)
                loop_counters(conn->loop)->bytes_out += (size_t)sent;
        conn->sending = sent < (ssize_t)n;
        if (!conn->sending)
                conn_disarm(conn, CONN_TIMER_WRITE);
        else if (!loop_timer_is_armed(&conn->timer) ||
                 (progress && conn->timer_use == CONN_TIMER_WRITE))
                conn_arm(conn, CONN_TIMER_WRITE, conn->write_timeout);
        return progress ? (size_t)sent : 0;
}

bool
conn_send_sealed(MotetConn *conn)
{
        if (conn->sealed == NULL)
                return true;

        size_t sent = send_once(conn, conn->sealed->str, conn->sealed->len);
        if (conn->phase == CONN_ENDED)
                return false;
        if (sent < conn->sealed->len) {
                g_string_erase(conn->sealed, 0, (gssize)sent);
                return false;
        }
        conn_buffer_drop(conn, &conn->sealed);
        return true;
}

static void
send_clear(MotetConn *conn)
{
        if (conn->out != NULL) {
                size_t n = conn->out_counted - conn->out_sent;

                conn->out_sent += send_once(conn, conn->out->str + conn->out_sent, n);
                if (conn->phase == CONN_ENDED)
                        return;
                if (conn->out_sent < conn->out_counted)
                        return;
                conn_drop_out(conn);
        }
        if (conn->tls == CONN_TLS_PENDING && conn->phase == CONN_OPEN)
                conn_tls_begin(conn);
}

static void
send_secure(MotetConn *conn)
{
        if (!conn_send_sealed(conn) || !conn_tls_seal(conn) || !conn_send_sealed(conn))
                return;
        /* The transport took all it was given: the rest in the next turn, after the other
         * connections. */
        if (conn->out != NULL)
                loop_flush_later(conn->loop, &conn->job);
}

static void
finish_sent(MotetConn *conn)
{
        if (!conn->transport->shut(conn)) {
                conn_end(conn, CONN_END_FINISHED, "finished");
                return;
        }
        conn->phase = CONN_LINGERING;
        /* What still comes is not looked at, and after an alert OpenSSL holds a write buffer of 16
         * KiB. */
        conn_tls_clear(conn);
}

void
conn_flush(MotetConn *conn)
{
        take_back(conn);
        if (conn->tls == CONN_TLS_SECURE)
                send_secure(conn);
        else if (conn->tls == CONN_TLS_HANDSHAKE)
                conn_send_sealed(conn);
        else
                send_clear(conn);
        bool all_sent = conn->out == NULL && conn->sealed == NULL;
        if (conn->phase == CONN_FINISHING && all_sent && !conn->overfull)
                finish_sent(conn);
}

GString *
conn_out(MotetConn *conn)
{
        if (conn->out == NULL) {
                conn->out = conn_buffer_take(conn);
                return conn->out;
        }
        g_string_truncate(conn->out, conn->out_counted);
        if (conn->out_sent >= COMPACT_FROM && conn->out_sent >= conn->out_counted / 2) {
                g_string_erase(conn->out, 0, (gssize)conn->out_sent);
                conn->out_counted -= conn->out_sent;
                conn->out_sent = 0;
        }
        return conn->out;
}

bool
conn_sent(MotetConn *conn)
{
        if (conn->out == NULL)
                return conn->phase == CONN_OPEN && !conn->overfull;
        if (conn->phase != CONN_OPEN || conn->overfull) {
                take_back(conn);
                return false;
        }

        size_t added = conn->out->len - conn->out_counted;
        size_t queued = conn_queued(conn);
        loop_flush_later(conn->loop, &conn->job);
        if (queued > conn->queue_limit || added > conn->queue_limit - queued) {
                conn->overfull = true;
                take_back(conn);
                return false;
        }
        conn->out_counted = conn->out->len;
        return true;
}

bool
conn_send(MotetConn *conn, const char *bytes, size_t n)
{
        g_string_append_len(conn_out(conn), bytes, (gssize)n);
        return conn_sent(conn);
}

void
conn_send_last(MotetConn *conn, const char *bytes, size_t n)
{
        if (conn->phase == CONN_ENDED)
                return;
        g_string_append_len(conn_out(conn), bytes, (gssize)n);
        conn->out_counted = conn->out->len;
        loop_flush_later(conn->loop, &conn->job);
}

size_t
conn_queued(const MotetConn *conn)
{
        size_t sealed = conn->sealed == NULL ? 0 : conn->sealed->len;

        return conn->out_counted - conn->out_sent + sealed;
}

void
conn_set_queue_limit(MotetConn *conn, size_t bytes)
{
        conn->queue_limit = bytes;
        if (conn->drain_awaited && conn->phase == CONN_OPEN)
                loop_flush_later(conn->loop, &conn->job);
}

void
conn_await_drained(MotetConn *conn)
{
        g_assert(conn->owner->drained);

        if (conn->phase != CONN_OPEN)
                return;
        conn->drain_awaited = true;
        loop_flush_later(conn->loop, &conn->job);
}
