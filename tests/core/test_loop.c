/*
 * loop: turns and their stages, watches, timers, the driven clock, calls from other threads and workers.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <motet/error.h>

#include "core/loop.h"

#define MS INT64_C(1000)
#define SECOND (1000 * MS)
#define DAY (24 * 3600 * SECOND)

/* What happened, in order. */
typedef struct {
        Loop *loop;
        GString *log;
} Trace;

static void
trace_init(Trace *trace, bool driven)
{
        trace->loop = loop_new(driven);
        trace->log = g_string_new(NULL);
}

static void
trace_clear(Trace *trace)
{
        loop_free(trace->loop);
        g_string_free(trace->log, TRUE);
}

typedef struct {
        LoopJob job;
        LoopTimer timer;
        LoopWatch watch;
        Trace *trace;
        const char *name;
        int64_t fired_at;
        unsigned calls;
} Item;

static void
on_item_job(LoopJob *job)
{
        Item *item = CONTAINER_OF(job, Item, job);

        item->calls++;
        g_string_append(item->trace->log, item->name);
}

static void
on_item_timer(LoopTimer *timer)
{
        Item *item = CONTAINER_OF(timer, Item, timer);

        item->calls++;
        item->fired_at = loop_now(item->trace->loop);
        g_string_append(item->trace->log, item->name);
}

static void
on_item_watch(LoopWatch *watch, uint32_t events)
{
        Item *item = CONTAINER_OF(watch, Item, watch);

        (void)events;
        item->calls++;
        g_string_append(item->trace->log, item->name);
}

static void
item_init(Item *item, Trace *trace, const char *name)
{
        *item = (Item){
                .job.func = on_item_job,
                .timer.func = on_item_timer,
                .watch = {.func = on_item_watch, .fd = -1},
                .trace = trace,
                .name = name,
        };
}

/* An eventfd that is ready: watched, it is told in every turn. */
static void
item_watch_ready(Item *item)
{
        item->watch.fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        g_assert_cmpint(item->watch.fd, >=, 0);
        g_assert_true(loop_watch(item->trace->loop, &item->watch, EPOLLIN, NULL));
}

static void
item_unwatch(Item *item)
{
        g_assert_true(loop_watch(item->trace->loop, &item->watch, 0, NULL));
        close(item->watch.fd);
}

/* Stages */

/* loop.h: a turn runs ready descriptors, deferred calls, flush, timers, slow work, in this order. */
static void
test_stages_run_in_order(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item watch, defer, flush, timer, slow;
        item_init(&watch, &trace, "w");
        item_init(&defer, &trace, "d");
        item_init(&flush, &trace, "f");
        item_init(&timer, &trace, "t");
        item_init(&slow, &trace, "s");
        loop_slow(trace.loop, &slow.job);
        loop_timer_arm(trace.loop, &timer.timer, 0);
        loop_flush_later(trace.loop, &flush.job);
        loop_defer(trace.loop, &defer.job);
        item_watch_ready(&watch);

        g_assert_true(loop_turn(trace.loop, false));

        g_assert_cmpstr(trace.log->str, ==, "wdfts");
        item_unwatch(&watch);
        trace_clear(&trace);
}

typedef struct {
        LoopJob job;
        Loop *loop;
        void (*queue)(Loop *loop, LoopJob *job);
        unsigned calls;
} Requeuer;

static void
queue_again(LoopJob *job)
{
        Requeuer *requeuer = CONTAINER_OF(job, Requeuer, job);

        requeuer->calls++;
        requeuer->queue(requeuer->loop, job);
}

/* loop.h: a job queued from its own stage waits for the next turn, so it starves nobody. */
static void
test_job_that_requeues_itself_runs_once_a_turn(void)
{
        void (*const queues[])(Loop *, LoopJob *) = {loop_defer, loop_flush_later};

        for (unsigned i = 0; i < G_N_ELEMENTS(queues); i++) {
                g_autoptr(Loop) loop = loop_new(true);
                Requeuer requeuer = {.job.func = queue_again, .loop = loop, .queue = queues[i]};
                queues[i](loop, &requeuer.job);

                for (unsigned turn = 1; turn <= 3; turn++) {
                        loop_turn(loop, false);
                        g_assert_cmpuint(requeuer.calls, ==, turn);
                }

                loop_job_cancel(loop, &requeuer.job);
        }
}

static void
test_queued_job_is_queued_once(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item item;
        item_init(&item, &trace, "j");
        loop_defer(trace.loop, &item.job);
        loop_defer(trace.loop, &item.job);
        loop_flush_later(trace.loop, &item.job);
        g_assert_true(loop_job_is_queued(&item.job));

        loop_settle(trace.loop);

        g_assert_cmpuint(item.calls, ==, 1);
        g_assert_false(loop_job_is_queued(&item.job));
        trace_clear(&trace);
}

typedef struct {
        LoopJob job;
        Loop *loop;
        LoopJob *victim;
} Canceller;

static void
cancel_victim(LoopJob *job)
{
        Canceller *canceller = CONTAINER_OF(job, Canceller, job);

        loop_job_cancel(canceller->loop, canceller->victim);
}

static void
test_job_cancelled_by_an_earlier_one_does_not_run(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item victim, after;
        item_init(&victim, &trace, "v");
        item_init(&after, &trace, "a");
        Canceller canceller = {
                .job.func = cancel_victim, .loop = trace.loop, .victim = &victim.job};
        loop_defer(trace.loop, &canceller.job);
        loop_defer(trace.loop, &victim.job);
        loop_defer(trace.loop, &after.job);

        loop_settle(trace.loop);

        g_assert_cmpstr(trace.log->str, ==, "a");
        trace_clear(&trace);
}

/* PERFORMANCE-FACTS "Loop and threads": at most two pieces of slow work a turn, in order of queuing. */
static void
test_slow_work_is_bounded_a_turn(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item items[LOOP_SLOW_PER_TURN + 1];
        for (unsigned i = 0; i < G_N_ELEMENTS(items); i++) {
                item_init(&items[i], &trace, &"0123456789"[i]);
                loop_slow(trace.loop, &items[i].job);
        }

        loop_turn(trace.loop, false);

        for (unsigned i = 0; i < LOOP_SLOW_PER_TURN; i++)
                g_assert_cmpuint(items[i].calls, ==, 1);
        g_assert_cmpuint(items[LOOP_SLOW_PER_TURN].calls, ==, 0);
        loop_turn(trace.loop, false);
        g_assert_cmpuint(items[LOOP_SLOW_PER_TURN].calls, ==, 1);
        trace_clear(&trace);
}

static void
test_turn_without_work_does_nothing(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        loop_settle(loop);
        uint64_t turns = loop_turns(loop);

        g_assert_false(loop_turn(loop, false));

        g_assert_cmpuint(loop_turns(loop), ==, turns);
}

/* Watches */

typedef struct {
        LoopWatch watch;
        Loop *loop;
        LoopWatch *victim;
        uint32_t victim_events; /* what it is changed to */
        unsigned calls;
} Remover;

static void
change_victim(LoopWatch *watch, uint32_t events)
{
        Remover *remover = CONTAINER_OF(watch, Remover, watch);

        (void)events;
        remover->calls++;
        g_assert_true(loop_watch(remover->loop, remover->victim, remover->victim_events, NULL));
}

/* Two watches that are ready in one batch, of which the first told changes the other to @events; whichever is first. */
static void
check_change_within_a_batch(uint32_t events)
{
        g_autoptr(Loop) loop = loop_new(true);
        Remover a = {.watch = {.func = change_victim, .fd = eventfd(1, EFD_CLOEXEC)}, .loop = loop};
        Remover b = {.watch = {.func = change_victim, .fd = eventfd(1, EFD_CLOEXEC)}, .loop = loop};
        a.victim = &b.watch;
        b.victim = &a.watch;
        a.victim_events = b.victim_events = events;
        g_assert_true(loop_watch(loop, &a.watch, EPOLLIN, NULL));
        g_assert_true(loop_watch(loop, &b.watch, EPOLLIN, NULL));

        loop_turn(loop, false);

        g_assert_cmpuint(a.calls + b.calls, ==, 1);
        loop_watch(loop, &a.watch, 0, NULL);
        loop_watch(loop, &b.watch, 0, NULL);
        close(a.watch.fd);
        close(b.watch.fd);
}

/* The owner of a removed watch may have freed it: it must not be told what epoll reported before. */
static void
test_watch_removed_within_a_batch_is_not_called(void)
{
        check_change_within_a_batch(0);
}

static void
test_event_no_longer_wanted_within_a_batch_is_not_told(void)
{
        check_change_within_a_batch(EPOLLERR);
}

static void
remove_and_add_again(LoopWatch *watch, uint32_t events)
{
        Remover *remover = CONTAINER_OF(watch, Remover, watch);

        (void)events;
        remover->calls++;
        loop_watch(remover->loop, remover->victim, 0, NULL);
        /* The descriptor now in use under the same address is not ready. */
        close(remover->victim->fd);
        remover->victim->fd = eventfd(0, EFD_CLOEXEC);
        g_assert_true(loop_watch(remover->loop, remover->victim, EPOLLIN, NULL));
}

static void
test_watch_replaced_within_a_batch_gets_no_stale_event(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        Remover a = {.watch = {.func = remove_and_add_again, .fd = eventfd(1, EFD_CLOEXEC)},
                     .loop = loop};
        Remover b = {.watch = {.func = remove_and_add_again, .fd = eventfd(1, EFD_CLOEXEC)},
                     .loop = loop};
        a.victim = &b.watch;
        b.victim = &a.watch;
        g_assert_true(loop_watch(loop, &a.watch, EPOLLIN, NULL));
        g_assert_true(loop_watch(loop, &b.watch, EPOLLIN, NULL));

        loop_turn(loop, false);

        g_assert_cmpuint(a.calls + b.calls, ==, 1);
        loop_watch(loop, &a.watch, 0, NULL);
        loop_watch(loop, &b.watch, 0, NULL);
        close(a.watch.fd);
        close(b.watch.fd);
}

/* epoll(7): regular files cannot be watched. */
static void
test_refused_descriptor_is_an_error(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        g_autoptr(GError) error = NULL;
        g_autofree char *path = NULL;
        int fd = g_file_open_tmp(NULL, &path, NULL);
        LoopWatch watch = {.func = on_item_watch, .fd = fd};

        g_assert_false(loop_watch(loop, &watch, EPOLLIN, &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_cmpuint(watch.events, ==, 0);
        close(fd);
        unlink(path);
}

/* More ready descriptors than one epoll_wait() returns: all are told, each turn some. */
static void
test_more_ready_than_a_batch(void)
{
        Trace trace;
        trace_init(&trace, true);
        enum { N = 600 };
        g_autofree Item *items = g_new(Item, N);
        for (unsigned i = 0; i < N; i++) {
                item_init(&items[i], &trace, "w");
                item_watch_ready(&items[i]);
        }

        for (unsigned turn = 0; turn < 10; turn++)
                loop_turn(trace.loop, false);

        for (unsigned i = 0; i < N; i++) {
                g_assert_cmpuint(items[i].calls, >, 0);
                item_unwatch(&items[i]);
        }
        trace_clear(&trace);
}

/* Timers */

static void
test_timer_fires_at_its_deadline_and_once(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item item;
        item_init(&item, &trace, "t");
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
        trace_clear(&trace);
}

static void
test_timers_fire_in_order_of_deadlines(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item items[5];
        const int64_t delays[] = {70 * SECOND, 1200, 1100, 3 * DAY, 1100};
        for (unsigned i = 0; i < 5; i++) {
                item_init(&items[i], &trace, (const char *[]){"a", "b", "c", "d", "e"}[i]);
                loop_timer_arm(trace.loop, &items[i].timer, delays[i]);
        }

        loop_advance(trace.loop, 4 * DAY);

        g_assert_cmpstr(trace.log->str, ==, "cebad");
        trace_clear(&trace);
}

static void
test_rearmed_timer_forgets_its_former_deadline(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item item;
        item_init(&item, &trace, "t");
        loop_timer_arm(trace.loop, &item.timer, 5 * MS);
        loop_timer_arm(trace.loop, &item.timer, 2 * SECOND);

        loop_advance(trace.loop, 2 * SECOND - 1);
        g_assert_cmpuint(item.calls, ==, 0);
        loop_timer_arm(trace.loop, &item.timer, 0);
        loop_settle(trace.loop);

        g_assert_cmpuint(item.calls, ==, 1);
        trace_clear(&trace);
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
        Trace trace;
        trace_init(&trace, true);
        Item victim;
        item_init(&victim, &trace, "v");
        TimerCanceller canceller = {
                .timer.func = cancel_timer, .loop = trace.loop, .victim = &victim.timer};
        loop_timer_arm(trace.loop, &canceller.timer, MS);
        loop_timer_arm(trace.loop, &victim.timer, MS);

        loop_advance(trace.loop, SECOND);

        g_assert_cmpuint(victim.calls, ==, 0);
        trace_clear(&trace);
}

static void
arm_again(LoopTimer *timer)
{
        Item *item = CONTAINER_OF(timer, Item, timer);

        item->calls++;
        loop_timer_arm(item->trace->loop, timer, 10 * MS);
}

static void
test_timer_may_rearm_itself(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item item;
        item_init(&item, &trace, "t");
        item.timer.func = arm_again;
        loop_timer_arm(trace.loop, &item.timer, 10 * MS);

        loop_advance(trace.loop, SECOND);

        g_assert_cmpuint(item.calls, ==, 100);
        loop_timer_cancel(trace.loop, &item.timer);
        trace_clear(&trace);
}

static void
test_longest_delays_neither_fire_nor_overflow(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item forever, years;
        item_init(&forever, &trace, "f");
        item_init(&years, &trace, "y");
        loop_timer_arm(trace.loop, &forever.timer, INT64_MAX);
        loop_timer_arm(trace.loop, &years.timer, 1000 * DAY);

        loop_advance(trace.loop, 1000 * DAY - 1);
        g_assert_cmpstr(trace.log->str, ==, "");
        loop_advance(trace.loop, 1);

        g_assert_cmpstr(trace.log->str, ==, "y");
        g_assert_true(loop_timer_is_armed(&forever.timer));
        loop_timer_cancel(trace.loop, &forever.timer);
        trace_clear(&trace);
}

/* In real time a timer may be late, as the machine pleases, but never early. */
static void
test_real_timer_is_never_early(void)
{
        Trace trace;
        trace_init(&trace, false);
        Item items[20];
        int64_t deadlines[20];
        for (unsigned i = 0; i < 20; i++) {
                item_init(&items[i], &trace, "t");
                loop_timer_arm(trace.loop, &items[i].timer, (int64_t)i * 700);
                deadlines[i] = loop_now(trace.loop) + (int64_t)i * 700;
        }

        while (trace.log->len < 20)
                loop_turn(trace.loop, true);

        for (unsigned i = 0; i < 20; i++)
                g_assert_cmpint(items[i].fired_at, >=, deadlines[i]);
        trace_clear(&trace);
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
        Trace trace;
        trace_init(&trace, true);
        int64_t start = loop_now(trace.loop);
        TimerWithJob both = {.timer.func = defer_job, .job.func = note_time, .loop = trace.loop};
        Item later;
        item_init(&later, &trace, "l");
        loop_timer_arm(trace.loop, &both.timer, 5 * MS);
        loop_timer_arm(trace.loop, &later.timer, 6 * MS);

        loop_advance(trace.loop, SECOND);

        g_assert_cmpint(both.job_ran_at, ==, start + 5 * MS);
        g_assert_cmpint(later.fired_at, ==, start + 6 * MS);
        trace_clear(&trace);
}

static void
queue_for_ever(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        Requeuer requeuer = {.job.func = queue_again, .loop = loop, .queue = loop_defer};
        loop_defer(loop, &requeuer.job);

        loop_settle(loop);
}

/* A test that can never settle fails with a reason instead of hanging. */
static void
test_settling_is_bounded(void)
{
        if (g_test_subprocess()) {
                queue_for_ever();
                return;
        }

        g_test_trap_subprocess(NULL, 0, 0);

        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*still busy after 1000000 turns*");
}

/* GLib */

static gboolean
count_and_stop(gpointer data)
{
        unsigned *calls = data;

        ++*calls;
        return G_SOURCE_REMOVE;
}

static void
test_other_sources_of_the_context_run(void)
{
        g_autoptr(GMainContext) context = g_main_context_new();
        g_main_context_push_thread_default(context);
        g_autoptr(Loop) loop = loop_new(true);
        unsigned calls = 0;
        g_autoptr(GSource) source = g_idle_source_new();
        g_source_set_callback(source, count_and_stop, &calls, NULL);
        g_source_attach(source, context);

        loop_settle(loop);

        g_assert_cmpuint(calls, ==, 1);
        g_main_context_pop_thread_default(context);
}

static gpointer
write_later(gpointer data)
{
        const int *fd = data;

        g_assert_cmpint(eventfd_write(*fd, 1), ==, 0);
        return NULL;
}

/* GLib's own wake-ups, which a new loop starts with, are not something that happened. */
static void
test_blocking_turn_waits_for_something_to_do(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item item;
        item_init(&item, &trace, "w");
        item.watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        g_assert_true(loop_watch(trace.loop, &item.watch, EPOLLIN, NULL));
        GThread *thread = g_thread_new("writer", write_later, &item.watch.fd);

        g_assert_true(loop_turn(trace.loop, true));

        g_assert_cmpuint(item.calls, ==, 1);
        g_thread_join(thread);
        item_unwatch(&item);
        trace_clear(&trace);
}

static void
iterate_inside(LoopWatch *watch, uint32_t events)
{
        Item *item = CONTAINER_OF(watch, Item, watch);

        (void)events;
        item->calls++;
        g_assert_false(g_main_context_iteration(NULL, FALSE));
}

/* A library that iterates the context inside a handler does not run our handlers inside each other. */
static void
test_nested_iteration_runs_no_turn(void)
{
        Trace trace;
        trace_init(&trace, true);
        Item item;
        item_init(&item, &trace, "w");
        item.watch.func = iterate_inside;
        item_watch_ready(&item);

        loop_turn(trace.loop, false);

        g_assert_cmpuint(item.calls, ==, 1);
        item_unwatch(&item);
        trace_clear(&trace);
}

static void
quit_loop(LoopTimer *timer)
{
        Item *item = CONTAINER_OF(timer, Item, timer);

        item->calls++;
        loop_quit(item->trace->loop);
}

static void
test_run_ends_with_quit(void)
{
        Trace trace;
        trace_init(&trace, false);
        Item item;
        item_init(&item, &trace, "q");
        item.timer.func = quit_loop;
        loop_timer_arm(trace.loop, &item.timer, 2 * MS);

        loop_run(trace.loop);
        g_assert_cmpuint(item.calls, ==, 1);
        /* Asked for before it runs: it does not run at all. */
        loop_quit(trace.loop);
        loop_run(trace.loop);

        trace_clear(&trace);
}

static void
note_slow_turn(void *data, int64_t us)
{
        int64_t *longest = data;

        *longest = MAX(*longest, us);
}

static void
work_for_5_ms(LoopJob *job)
{
        int64_t end = g_get_monotonic_time() + 5 * G_TIME_SPAN_MILLISECOND;

        (void)job;
        while (g_get_monotonic_time() < end)
                continue;
}

/* R33: whoever keeps everybody waiting is told of. */
static void
test_slow_turn_is_told(void)
{
        g_autoptr(Loop) loop = loop_new(false);
        LoopJob job = {.func = work_for_5_ms};
        int64_t longest = 0;

        loop_set_slow_func(loop, 5 * G_TIME_SPAN_MILLISECOND, note_slow_turn, &longest);
        loop_defer(loop, &job);
        loop_settle(loop);

        g_assert_cmpint(longest, >=, 5 * G_TIME_SPAN_MILLISECOND);
        g_assert_cmpint(loop_turn_time(loop), <=, longest);
}

/* R14: without a descriptor there is no loop, and an error says so instead of the process ending. */
static void
test_without_descriptors_there_is_an_error(void)
{
        struct rlimit before, low;
        G_GNUC_UNUSED g_autoptr(Loop) warm =
                loop_new(true); /* GLib's own descriptor is there from now on */
        int first = dup(STDIN_FILENO);

        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
        close(first);
        for (rlim_t n = 0; n < 2; n++) {
                g_autoptr(GError) error = NULL;
                low = (struct rlimit){(rlim_t)first + n, before.rlim_max};

                g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &low), ==, 0);
                Loop *loop = loop_open(true, &error);
                g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
                g_assert_null(loop);
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
                int next = dup(STDIN_FILENO);
                g_assert_cmpint(next, ==, first);
                close(next);
        }
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/loop/" path, func)
        ADD("stages-run-in-order", test_stages_run_in_order);
        ADD("slow-turn-is-told", test_slow_turn_is_told);
        ADD("job-that-requeues-itself-runs-once-a-turn",
            test_job_that_requeues_itself_runs_once_a_turn);
        ADD("queued-job-is-queued-once", test_queued_job_is_queued_once);
        ADD("job-cancelled-by-an-earlier-one-does-not-run",
            test_job_cancelled_by_an_earlier_one_does_not_run);
        ADD("slow-work-is-bounded-a-turn", test_slow_work_is_bounded_a_turn);
        ADD("turn-without-work-does-nothing", test_turn_without_work_does_nothing);
        ADD("watch-removed-within-a-batch-is-not-called",
            test_watch_removed_within_a_batch_is_not_called);
        ADD("event-no-longer-wanted-within-a-batch-is-not-told",
            test_event_no_longer_wanted_within_a_batch_is_not_told);
        ADD("watch-replaced-within-a-batch-gets-no-stale-event",
            test_watch_replaced_within_a_batch_gets_no_stale_event);
        ADD("refused-descriptor-is-an-error", test_refused_descriptor_is_an_error);
        ADD("without-descriptors-there-is-an-error", test_without_descriptors_there_is_an_error);
        ADD("more-ready-than-a-batch", test_more_ready_than_a_batch);
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
        ADD("settling-is-bounded", test_settling_is_bounded);
        ADD("other-sources-of-the-context-run", test_other_sources_of_the_context_run);
        ADD("blocking-turn-waits-for-something-to-do",
            test_blocking_turn_waits_for_something_to_do);
        ADD("nested-iteration-runs-no-turn", test_nested_iteration_runs_no_turn);
        ADD("run-ends-with-quit", test_run_ends_with_quit);
#undef ADD
        return g_test_run();
}
