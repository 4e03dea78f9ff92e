/*
 * loop: turns and their stages, watches, other sources of the context.
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
#include "support/loop_trace.h"

/* Stages */

/* loop.h: a turn runs ready descriptors, deferred calls, flush, timers, slow work, in this
 * order. */
static void
test_stages_run_in_order(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem watch, defer, flush, timer, slow;
        loop_item_init(&watch, &trace, "w");
        loop_item_init(&defer, &trace, "d");
        loop_item_init(&flush, &trace, "f");
        loop_item_init(&timer, &trace, "t");
        loop_item_init(&slow, &trace, "s");
        loop_slow(trace.loop, &slow.job);
        loop_timer_arm(trace.loop, &timer.timer, 0);
        loop_flush_later(trace.loop, &flush.job);
        loop_defer(trace.loop, &defer.job);
        loop_item_watch_ready(&watch);

        g_assert_true(loop_turn(trace.loop, false));

        g_assert_cmpstr(trace.log->str, ==, "wdfts");
        loop_item_unwatch(&watch);
        loop_trace_clear(&trace);
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
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem item;
        loop_item_init(&item, &trace, "j");
        loop_defer(trace.loop, &item.job);
        loop_defer(trace.loop, &item.job);
        loop_flush_later(trace.loop, &item.job);
        g_assert_true(loop_job_is_queued(&item.job));

        loop_settle(trace.loop);

        g_assert_cmpuint(item.calls, ==, 1);
        g_assert_false(loop_job_is_queued(&item.job));
        loop_trace_clear(&trace);
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
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem victim, after;
        loop_item_init(&victim, &trace, "v");
        loop_item_init(&after, &trace, "a");
        Canceller canceller = {
                .job.func = cancel_victim, .loop = trace.loop, .victim = &victim.job};
        loop_defer(trace.loop, &canceller.job);
        loop_defer(trace.loop, &victim.job);
        loop_defer(trace.loop, &after.job);

        loop_settle(trace.loop);

        g_assert_cmpstr(trace.log->str, ==, "a");
        loop_trace_clear(&trace);
}

/* PERFORMANCE-FACTS "Loop and threads": at most two pieces of slow work a turn, in order of
 * queuing. */
static void
test_slow_work_is_bounded_a_turn(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem items[LOOP_SLOW_PER_TURN + 1];
        for (unsigned i = 0; i < G_N_ELEMENTS(items); i++) {
                loop_item_init(&items[i], &trace, &"0123456789"[i]);
                loop_slow(trace.loop, &items[i].job);
        }

        loop_turn(trace.loop, false);

        for (unsigned i = 0; i < LOOP_SLOW_PER_TURN; i++)
                g_assert_cmpuint(items[i].calls, ==, 1);
        g_assert_cmpuint(items[LOOP_SLOW_PER_TURN].calls, ==, 0);
        loop_turn(trace.loop, false);
        g_assert_cmpuint(items[LOOP_SLOW_PER_TURN].calls, ==, 1);
        loop_trace_clear(&trace);
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

/* Two watches that are ready in one batch, of which the first told changes the other to @events;
 * whichever is first. */
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

/* The owner of a removed watch may have freed it: it must not be told what epoll reported
 * before. */
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
        g_autoptr(GError) error = NULL;
        g_autofree char *path = NULL;
        LoopTrace trace;
        LoopItem item;
        loop_trace_init(&trace, true);
        loop_item_init(&item, &trace, "w");
        int fd = item.watch.fd = g_file_open_tmp(NULL, &path, NULL);

        g_assert_false(loop_watch(trace.loop, &item.watch, EPOLLIN, &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_cmpuint(item.watch.events, ==, 0);
        loop_trace_clear(&trace);
        close(fd);
        unlink(path);
}

/* More ready descriptors than one epoll_wait() returns: all are told, each turn some. */
static void
test_more_ready_than_a_batch(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        enum { N = 600 };
        g_autofree LoopItem *items = g_new(LoopItem, N);
        for (unsigned i = 0; i < N; i++) {
                loop_item_init(&items[i], &trace, "w");
                loop_item_watch_ready(&items[i]);
        }

        for (unsigned turn = 0; turn < 10; turn++)
                loop_turn(trace.loop, false);

        for (unsigned i = 0; i < N; i++) {
                g_assert_cmpuint(items[i].calls, >, 0);
                loop_item_unwatch(&items[i]);
        }
        loop_trace_clear(&trace);
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
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem item;
        loop_item_init(&item, &trace, "w");
        item.watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        g_assert_true(loop_watch(trace.loop, &item.watch, EPOLLIN, NULL));
        GThread *thread = g_thread_new("writer", write_later, &item.watch.fd);

        g_assert_true(loop_turn(trace.loop, true));

        g_assert_cmpuint(item.calls, ==, 1);
        g_thread_join(thread);
        loop_item_unwatch(&item);
        loop_trace_clear(&trace);
}

static void
iterate_inside(LoopWatch *watch, uint32_t events)
{
        LoopItem *item = CONTAINER_OF(watch, LoopItem, watch);

        (void)events;
        item->calls++;
        g_assert_false(g_main_context_iteration(NULL, FALSE));
}

/* A library that iterates the context inside a handler does not run our handlers inside each
 * other. */
static void
test_nested_iteration_runs_no_turn(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, true);
        LoopItem item;
        loop_item_init(&item, &trace, "w");
        item.watch.func = iterate_inside;
        loop_item_watch_ready(&item);

        loop_turn(trace.loop, false);

        g_assert_cmpuint(item.calls, ==, 1);
        loop_item_unwatch(&item);
        loop_trace_clear(&trace);
}

static void
quit_loop(LoopTimer *timer)
{
        LoopItem *item = CONTAINER_OF(timer, LoopItem, timer);

        item->calls++;
        loop_quit(item->trace->loop);
}

static void
test_run_ends_with_quit(void)
{
        LoopTrace trace;
        loop_trace_init(&trace, false);
        LoopItem item;
        loop_item_init(&item, &trace, "q");
        item.timer.func = quit_loop;
        loop_timer_arm(trace.loop, &item.timer, 2 * MS);

        loop_run(trace.loop);
        g_assert_cmpuint(item.calls, ==, 1);
        /* Asked for before it runs: it does not run at all. */
        loop_quit(trace.loop);
        loop_run(trace.loop);

        loop_trace_clear(&trace);
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

/* R14: without a descriptor there is no loop, and an error says so instead of the process
 * ending. */
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
        ADD("other-sources-of-the-context-run", test_other_sources_of_the_context_run);
        ADD("blocking-turn-waits-for-something-to-do",
            test_blocking_turn_waits_for_something_to_do);
        ADD("nested-iteration-runs-no-turn", test_nested_iteration_runs_no_turn);
        ADD("run-ends-with-quit", test_run_ends_with_quit);
        ADD("settling-is-bounded", test_settling_is_bounded);
#undef ADD
        return g_test_run();
}
