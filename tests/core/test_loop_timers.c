/*
 * loop: timers, and the driven clock.
 */
#include <string.h>

#include "support/loop_trace.h"

static void
test_timer_fires_at_its_deadline_and_once(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem item;
        loop_item_init(&item, &trace, "t");
        int64_t start = loop_now(trace.loop);
        loop_timer_arm(trace.loop, &item.timer, 1234);

        loop_advance(trace.loop, 1233);
        g_assert_cmpuint(item.calls, ==, 0);
        g_assert_true(loop_timer_is_armed(&item.timer));
        loop_advance(trace.loop, 1);
        g_assert_cmpuint(item.calls, ==, 1);
        g_assert_cmpint(item.fired_at, ==, start + 1234);
        g_assert_false(loop_timer_is_armed(&item.timer));
        loop_advance(trace.loop, DAY);

        g_assert_cmpuint(item.calls, ==, 1);
        loop_trace_clear(&trace);
}

static void
test_timers_fire_in_order_of_deadlines(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem items[5];
        const int64_t delays[] = {70 * SECOND, 1200, 1100, 3 * DAY, 1100};
        for (unsigned i = 0; i < 5; i++) {
                loop_item_init(&items[i], &trace, (const char *[]){"a", "b", "c", "d", "e"}[i]);
                loop_timer_arm(trace.loop, &items[i].timer, delays[i]);
        }

        loop_advance(trace.loop, 4 * DAY);

        g_assert_cmpstr(trace.log->str, ==, "cebad");
        loop_trace_clear(&trace);
}

static void
test_rearmed_timer_forgets_its_former_deadline(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem item;
        loop_item_init(&item, &trace, "t");
        loop_timer_arm(trace.loop, &item.timer, 5 * MS);
        loop_timer_arm(trace.loop, &item.timer, 2 * SECOND);

        loop_advance(trace.loop, 2 * SECOND - 1);
        g_assert_cmpuint(item.calls, ==, 0);
        loop_timer_arm(trace.loop, &item.timer, 0);
        loop_settle(trace.loop);

        g_assert_cmpuint(item.calls, ==, 1);
        loop_trace_clear(&trace);
}

typedef struct {
        LoopTimer timer;
        Loop *loop;
        LoopTimer *victim;
} TimerCanceller;

static void
cancel_timer(LoopTimer *timer)
{
        TimerCanceller *canceller = CONTAINER_OF(timer, TimerCanceller, timer);

        loop_timer_cancel(canceller->loop, canceller->victim);
}

static void
test_timer_cancelled_by_one_due_at_the_same_time_does_not_fire(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem victim;
        loop_item_init(&victim, &trace, "v");
        TimerCanceller canceller = {
                .timer.func = cancel_timer, .loop = trace.loop, .victim = &victim.timer};
        loop_timer_arm(trace.loop, &canceller.timer, MS);
        loop_timer_arm(trace.loop, &victim.timer, MS);

        loop_advance(trace.loop, SECOND);

        g_assert_cmpuint(victim.calls, ==, 0);
        loop_trace_clear(&trace);
}

static void
arm_again(LoopTimer *timer)
{
        LoopItem *item = CONTAINER_OF(timer, LoopItem, timer);

        item->calls++;
        loop_timer_arm(item->trace->loop, timer, 10 * MS);
}

static void
test_timer_may_rearm_itself(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem item;
        loop_item_init(&item, &trace, "t");
        item.timer.func = arm_again;
        loop_timer_arm(trace.loop, &item.timer, 10 * MS);

        loop_advance(trace.loop, SECOND);

        g_assert_cmpuint(item.calls, ==, 100);
        loop_timer_cancel(trace.loop, &item.timer);
        loop_trace_clear(&trace);
}

static void
test_longest_delays_neither_fire_nor_overflow(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem forever, years;
        loop_item_init(&forever, &trace, "f");
        loop_item_init(&years, &trace, "y");
        loop_timer_arm(trace.loop, &forever.timer, INT64_MAX);
        loop_timer_arm(trace.loop, &years.timer, 1000 * DAY);

        loop_advance(trace.loop, 1000 * DAY - 1);
        g_assert_cmpstr(trace.log->str, ==, "");
        loop_advance(trace.loop, 1);

        g_assert_cmpstr(trace.log->str, ==, "y");
        g_assert_true(loop_timer_is_armed(&forever.timer));
        loop_timer_cancel(trace.loop, &forever.timer);
        loop_trace_clear(&trace);
}

/* In real time a timer may be late, as the machine pleases, but never early. */
static void
test_real_timer_is_never_early(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, false);
        LoopItem items[20];
        int64_t deadlines[20];
        for (unsigned i = 0; i < 20; i++) {
                loop_item_init(&items[i], &trace, "t");
                loop_timer_arm(trace.loop, &items[i].timer, (int64_t)i * 700);
                deadlines[i] = loop_now(trace.loop) + (int64_t)i * 700;
        }

        while (trace.log->len < 20)
                loop_turn(trace.loop, true);

        for (unsigned i = 0; i < 20; i++)
                g_assert_cmpint(items[i].fired_at, >=, deadlines[i]);
        loop_trace_clear(&trace);
}

/* The driven clock */

static void
test_driven_clock_stands_still(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        int64_t now = loop_now(loop);

        for (unsigned i = 0; i < 100; i++)
                loop_turn(loop, false);
        g_assert_cmpint(loop_now(loop), ==, now);
        g_assert_cmpint(loop_wall_now(loop), ==, INT64_C(1767225600) * SECOND);
        loop_advance(loop, 90 * SECOND);

        g_assert_cmpint(loop_now(loop), ==, now + 90 * SECOND);
        g_assert_cmpint(loop_wall_now(loop), ==, INT64_C(1767225690) * SECOND);
}

typedef struct {
        LoopTimer timer;
        LoopJob job;
        Loop *loop;
        int64_t job_ran_at;
} TimerWithJob;

static void
defer_job(LoopTimer *timer)
{
        TimerWithJob *both = CONTAINER_OF(timer, TimerWithJob, timer);

        loop_defer(both->loop, &both->job);
}

static void
note_time(LoopJob *job)
{
        TimerWithJob *both = CONTAINER_OF(job, TimerWithJob, job);

        both->job_ran_at = loop_now(both->loop);
}

static void
test_advance_settles_after_each_timer(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        int64_t start = loop_now(trace.loop);
        TimerWithJob both = {.timer.func = defer_job, .job.func = note_time, .loop = trace.loop};
        LoopItem later;
        loop_item_init(&later, &trace, "l");
        loop_timer_arm(trace.loop, &both.timer, 5 * MS);
        loop_timer_arm(trace.loop, &later.timer, 6 * MS);

        loop_advance(trace.loop, SECOND);

        g_assert_cmpint(both.job_ran_at, ==, start + 5 * MS);
        g_assert_cmpint(later.fired_at, ==, start + 6 * MS);
        loop_trace_clear(&trace);
}

/* loop.h: after a sleep of the machine what was due meanwhile fires late, once each, in order. */
static void
test_skip_fires_late_and_once(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        int64_t start = loop_now(trace.loop);
        LoopItem first, second, later;
        loop_item_init(&first, &trace, "f");
        loop_item_init(&second, &trace, "s");
        loop_item_init(&later, &trace, "l");
        loop_timer_arm(trace.loop, &second.timer, 6 * MS);
        loop_timer_arm(trace.loop, &first.timer, 5 * MS);
        loop_timer_arm(trace.loop, &later.timer, DAY);

        loop_skip(trace.loop, SECOND);

        g_assert_cmpint(loop_now(trace.loop), ==, start + SECOND);
        g_assert_cmpstr(trace.log->str, ==, "fs");
        g_assert_cmpint(first.fired_at, ==, start + SECOND);
        loop_timer_cancel(trace.loop, &later.timer);
        loop_trace_clear(&trace);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/loop/" path, func)
        ADD("timer-fires-at-its-deadline-and-once", test_timer_fires_at_its_deadline_and_once);
        ADD("timers-fire-in-order-of-deadlines", test_timers_fire_in_order_of_deadlines);
        ADD("rearmed-timer-forgets-its-former-deadline",
            test_rearmed_timer_forgets_its_former_deadline);
        ADD("timer-cancelled-by-one-due-at-the-same-time-does-not-fire",
            test_timer_cancelled_by_one_due_at_the_same_time_does_not_fire);
        ADD("timer-may-rearm-itself", test_timer_may_rearm_itself);
        ADD("longest-delays-neither-fire-nor-overflow",
            test_longest_delays_neither_fire_nor_overflow);
        ADD("real-timer-is-never-early", test_real_timer_is_never_early);
        ADD("driven-clock-stands-still", test_driven_clock_stands_still);
        ADD("advance-settles-after-each-timer", test_advance_settles_after_each_timer);
        ADD("skip-fires-late-and-once", test_skip_fires_late_and_once);
#undef ADD
        return g_test_run();
}
