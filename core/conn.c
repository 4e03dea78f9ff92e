/*
 * conn: queues, limits, pausing and the end of a connection.
 *
 * All input and output happens in calls from the loop: readiness, the connection's own job in the
 * flush stage, its timer. What the owner calls only changes state and queues that job, so the owner
 * is never called from inside its own call.
 */
#include "core/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/conn_private.h"

#define DEFAULT_QUEUE_LIMIT (1024 * 1024)

/* The end */

static void
release(MotetConn *conn)
{
        loop_job_cancel(conn->loop, &conn->job);
        loop_timer_cancel(conn->loop, &conn->timer);
        conn_rate_clear(conn);
        conn_tls_clear(conn);
        conn_drop_out(conn);
        conn->transport->close(conn);
}

void
conn_end(MotetConn *conn, ConnEnd end, const char *text)
{
        g_assert(conn->in_call);

        if (conn->phase == CONN_ENDED)
                return;
        conn->phase = CONN_ENDED;
        if (conn->tls == CONN_TLS_PENDING || conn->tls == CONN_TLS_HANDSHAKE)
                loop_counters(conn->loop)->handshakes_failed++;
        conn->end_text = g_strdup(text);
        release(conn);
        conn->owner->ended(conn->data, end, conn->end_text);
}

void
conn_end_by_errno(MotetConn *conn, int code)
{
        bool by_peer = code == ECONNRESET || code == EPIPE;

        if (conn->phase == CONN_LINGERING)
                conn_end(conn, CONN_END_FINISHED, "finished");
        else
                conn_end(conn, by_peer ? CONN_END_PEER : CONN_END_ERROR, g_strerror(code));
}

void
conn_arm(MotetConn *conn, ConnTimerUse use, int64_t delay)
{
        if (delay <= 0)
                return;
        conn->timer_use = use;
        loop_timer_arm(conn->loop, &conn->timer, delay);
}

void
conn_disarm(MotetConn *conn, ConnTimerUse use)
{
        if (conn->timer_use == use)
                loop_timer_cancel(conn->loop, &conn->timer);
}

/* Calls from the loop */

static uint32_t
wanted_events(const MotetConn *conn)
{
        uint32_t events = conn->sending ? EPOLLOUT : 0;
        bool reads;

        if (conn->tls == CONN_TLS_PENDING)
                reads = false;
        else if (conn->tls == CONN_TLS_HANDSHAKE)
                reads = conn->phase == CONN_OPEN && !conn->stepping;
        else
                reads = conn_may_read(conn) && conn->held == NULL;
        if (reads || conn->phase == CONN_LINGERING)
                events |= EPOLLIN;
        return events;
}

void
conn_enter(MotetConn *conn)
{
        g_assert(!conn->in_call);
        conn->in_call = true;
}

void
conn_leave(MotetConn *conn)
{
        if (conn->phase != CONN_ENDED) {
                g_autoptr(GError) error = NULL;

                if (!conn->transport->want(conn, wanted_events(conn), &error))
                        conn_end(conn, CONN_END_ERROR, error->message);
        }
        conn->in_call = false;
        if (conn->freed)
                g_free(conn);
}

bool
conn_may_read(const MotetConn *conn)
{
        return conn->phase == CONN_OPEN && conn->pauses == 0 && !conn->overfull &&
               !conn_rate_is_exceeded(conn);
}

void
conn_tell_received(MotetConn *conn, const char *bytes, size_t n)
{
        conn_rate_charge(conn, n);
        conn->owner->received(conn->data, bytes, n);
}

static void
read_once(MotetConn *conn)
{
        ConnShared *shared = conn_shared(conn);
        size_t limit = CONN_READ_SIZE;

        if (conn->phase == CONN_OPEN)
                limit = MIN(limit, conn_rate_allowance(conn));
        ssize_t n = conn->transport->receive(conn, shared->received, limit);
        if (n < 0) {
                if (errno != EAGAIN && errno != EINTR)
                        conn_end_by_errno(conn, errno);
                return;
        }
        if (n == 0) {
                bool finished = conn->phase == CONN_LINGERING;

                conn_end(conn, finished ? CONN_END_FINISHED : CONN_END_PEER,
                         finished ? "finished" : "closed by the peer");
                return;
        }
        conn->last_read = loop_now(conn->loop);
        loop_counters(conn->loop)->bytes_in += (size_t)n;
        if (conn->phase == CONN_LINGERING)
                return;
        if (conn->tls == CONN_TLS_SECURE) {
                conn_tls_input(conn, shared->received, (size_t)n);
                return;
        }
        conn_tell_received(conn, shared->received, (size_t)n);
        /* Passwords come this way where an operator allows it. */
        explicit_bzero(shared->received, (size_t)n);
}

static void
input_ready(MotetConn *conn, uint32_t events)
{
        if (wanted_events(conn) & EPOLLIN) {
                if (conn->tls == CONN_TLS_HANDSHAKE && conn->phase == CONN_OPEN)
                        conn_tls_queue_step(conn);
                else
                        read_once(conn);
        } else if (events & EPOLLERR) {
                conn_end(conn, CONN_END_PEER, "the connection broke");
        } else if (events & EPOLLHUP) {
                conn->hung_up = true;
        }
}

void
conn_ready(MotetConn *conn, uint32_t events)
{
        conn_enter(conn);
        if (events & EPOLLOUT) {
                conn->sending = false;
                loop_flush_later(conn->loop, &conn->job);
        }
        if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
                input_ready(conn, events);
        conn_leave(conn);
}

static void
tell_overfull(MotetConn *conn)
{
        conn->overfull_told = true;
        if (conn->owner->overfull != NULL)
                conn->owner->overfull(conn->data);
}

static void
tell_drained(MotetConn *conn)
{
        if (conn->phase != CONN_OPEN || conn->overfull || conn_queued(conn) > conn->queue_limit / 2)
                return;
        conn->drain_awaited = false;
        conn->owner->drained(conn->data);
}

static void
on_job(LoopJob *job)
{
        MotetConn *conn = CONTAINER_OF(job, MotetConn, job);

        conn_enter(conn);
        if (conn->overfull && !conn->overfull_told)
                tell_overfull(conn);
        if (conn->phase < CONN_LINGERING && (!conn->sending || conn->overfull))
                conn_flush(conn);
        if (conn->overfull)
                conn_end(conn, CONN_END_QUEUE, "the send queue passed its limit");
        else if (conn->held != NULL && conn_may_read(conn))
                conn_tls_input_held(conn);
        if (G_UNLIKELY(conn->drain_awaited))
                tell_drained(conn);
        conn_leave(conn);
}

static void
on_timer(LoopTimer *timer)
{
        MotetConn *conn = CONTAINER_OF(timer, MotetConn, timer);

        conn_enter(conn);
        switch (conn->timer_use) {
        case CONN_TIMER_WRITE:
                conn_end(conn, CONN_END_TIMEOUT, "the peer does not read");
                break;
        case CONN_TIMER_HANDSHAKE:
                conn_end(conn, CONN_END_TIMEOUT, "the TLS handshake took too long");
                break;
        case CONN_TIMER_FINISH:
                conn_end(conn, CONN_END_FINISHED, "finished, not all was sent or taken in time");
                break;
        }
        conn_leave(conn);
}

/* For the transports and the owner */

void
conn_init(MotetConn *conn, const ConnConfig *config, const ConnTransport *transport,
          const char *peer)
{
        conn->loop = config->loop;
        conn->owner = config->owner;
        conn->data = config->data;
        conn->write_timeout = config->write_timeout;
        conn->handshake_timeout = config->handshake_timeout;
        conn->transport = transport;
        conn->peer = g_strdup(peer);
        conn->queue_limit = DEFAULT_QUEUE_LIMIT;
        conn->last_read = loop_now(config->loop);
        conn->job.func = on_job;
        conn->timer.func = on_timer;
}

void
conn_start(MotetConn *conn)
{
        loop_flush_later(conn->loop, &conn->job);
}

void
conn_free(MotetConn *conn)
{
        if (conn == NULL)
                return;

        g_assert(!conn->freed);
        if (conn->phase != CONN_ENDED) {
                conn->phase = CONN_ENDED;
                release(conn);
        }
        /* What was appended after the end. */
        conn_drop_out(conn);
        g_clear_pointer(&conn->peer, g_free);
        g_clear_pointer(&conn->alpn, g_free);
        g_clear_pointer(&conn->sni, g_free);
        g_clear_pointer(&conn->end_text, g_free);
        conn->freed = true;
        if (!conn->in_call)
                g_free(conn);
}

void
conn_finish(MotetConn *conn, int64_t timeout)
{
        if (conn->phase != CONN_OPEN)
                return;

        conn->phase = CONN_FINISHING;
        conn_rate_clear(conn);
        conn_buffer_drop(conn, &conn->held);
        /* Before the handshake is complete nothing may be sent that was meant to be sealed. */
        if (conn->tls == CONN_TLS_HANDSHAKE)
                conn_drop_out(conn);
        conn_arm(conn, CONN_TIMER_FINISH, MAX(timeout, 1));
        loop_flush_later(conn->loop, &conn->job);
}

void
conn_pause(MotetConn *conn)
{
        g_assert(conn->pauses < G_MAXUINT16);
        conn->pauses++;
        if (conn->phase != CONN_ENDED)
                loop_flush_later(conn->loop, &conn->job);
}

void
conn_unpause(MotetConn *conn)
{
        g_assert(conn->pauses > 0);
        conn->pauses--;
        if (conn->phase != CONN_ENDED)
                loop_flush_later(conn->loop, &conn->job);
}

int64_t
conn_last_read(const MotetConn *conn)
{
        return conn->last_read;
}

const char *
motet_conn_peer(const MotetConn *conn)
{
        g_return_val_if_fail(conn != NULL, NULL);

        return conn->peer;
}
