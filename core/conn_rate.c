/*
 * conn_rate: a token bucket on bytes read; an empty one stops reading until a timer says there is
 * something in it.
 */
#include "core/conn_private.h"

static void
refill(ConnRate *rate, int64_t now)
{
        int64_t elapsed = now - rate->updated;
        int64_t missing = (int64_t)rate->burst - rate->level;
        int64_t to_full = missing * G_USEC_PER_SEC / rate->bytes_per_s + 1;

        if (elapsed >= to_full) {
                rate->level = rate->burst;
                rate->updated = now;
                return;
        }
        int64_t added = elapsed * rate->bytes_per_s / G_USEC_PER_SEC;
        rate->level += added;
        /* Only the time of whole bytes is used up: no rounding is lost, however often this runs. */
        rate->updated += added * G_USEC_PER_SEC / rate->bytes_per_s;
}

static void
wait_for_level(ConnRate *rate)
{
        if (rate->level > 0)
                return;
        /* 50 ms worth, so that a slow rate does not become one read a byte. */
        int64_t goal = CLAMP(rate->bytes_per_s / 20, 1, rate->burst);
        int64_t full_at = rate->updated + (goal - rate->level) * G_USEC_PER_SEC / rate->bytes_per_s;

        loop_timer_arm(rate->conn->loop, &rate->timer, full_at + 1 - loop_now(rate->conn->loop));
}

static void
on_rate_timer(LoopTimer *timer)
{
        ConnRate *rate = CONTAINER_OF(timer, ConnRate, timer);

        refill(rate, loop_now(rate->conn->loop));
        wait_for_level(rate);
        loop_flush_later(rate->conn->loop, &rate->conn->job);
}

bool
conn_rate_is_exceeded(const MotetConn *conn)
{
        return conn->rate != NULL && loop_timer_is_armed(&conn->rate->timer);
}

size_t
conn_rate_allowance(const MotetConn *conn)
{
        if (conn->rate == NULL)
                return SIZE_MAX;
        refill(conn->rate, loop_now(conn->loop));
        return (size_t)MAX(conn->rate->level, 0);
}

void
conn_rate_charge(MotetConn *conn, size_t n)
{
        if (conn->rate == NULL)
                return;
        refill(conn->rate, loop_now(conn->loop));
        conn->rate->level -= (int64_t)n;
        wait_for_level(conn->rate);
}

void
conn_rate_clear(MotetConn *conn)
{
        if (conn->rate == NULL)
                return;
        loop_timer_cancel(conn->loop, &conn->rate->timer);
        g_clear_pointer(&conn->rate, g_free);
}

void
conn_set_rate(MotetConn *conn, uint32_t bytes_per_s, uint32_t burst)
{
        if (conn->phase != CONN_OPEN)
                return;
        loop_flush_later(conn->loop, &conn->job);
        if (bytes_per_s == 0) {
                conn_rate_clear(conn);
                return;
        }

        burst = MAX(burst, 1);
        if (conn->rate == NULL) {
                conn->rate = g_new(ConnRate, 1);
                *conn->rate = (ConnRate){
                        .conn = conn,
                        .timer.func = on_rate_timer,
                        .level = burst,
                };
        } else {
                refill(conn->rate, loop_now(conn->loop));
                loop_timer_cancel(conn->loop, &conn->rate->timer);
        }
        conn->rate->bytes_per_s = bytes_per_s;
        conn->rate->burst = burst;
        conn->rate->level = MIN(conn->rate->level, burst);
        conn->rate->updated = loop_now(conn->loop);
        wait_for_level(conn->rate);
}
