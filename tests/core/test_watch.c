/*
 * Tests of watch: who keeps the core thread is told and counted, and ended when it lasts too long.
 * Nothing here depends on how long something takes: what blocks does so until it was noticed.
 */
#include "core/watch.h"

#include <string.h>

#include "core/log.h"
#include "core/loop_pulse.h"

#define PATIENCE (4 * G_TIME_SPAN_MINUTE)

typedef struct {
        Loop *loop;
        GPtrArray *owners;
        ActivityOwner *owner;
        GMutex lock; /* guards log, which the thread that looks writes */
        GString *log;
        LoopJob job;
} Fixture;

static void
take_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        Fixture *f = data;

        (void)source;
        g_mutex_lock(&f->lock);
        g_string_append_printf(f->log, "%s: %s\n", level == MOTET_LOG_WARN ? "warn" : "else", text);
        g_mutex_unlock(&f->lock);
}

static void
set_up(Fixture *f, gconstpointer data)
{
        (void)data;
        f->loop = loop_new(false);
        f->owners = activity_owners_new();
        f->owner = activity_owner(f->owners, "blocker", "example.org", NULL);
        g_mutex_init(&f->lock);
        f->log = g_string_new(NULL);
        log_set_func(take_line, f);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
        (void)data;
        log_set_func(NULL, NULL);
        loop_free(f->loop);
        g_ptr_array_unref(f->owners);
        g_string_free(f->log, TRUE);
        g_mutex_clear(&f->lock);
}

static bool
has_told(Fixture *f, const char *text)
{
        g_mutex_lock(&f->lock);
        bool has = strstr(f->log->str, text) != NULL;
        g_mutex_unlock(&f->lock);
        return has;
}

static void
await_line(Fixture *f, const char *text)
{
        int64_t deadline = g_get_monotonic_time() + PATIENCE;

        while (!has_told(f, text)) {
                g_assert_cmpint(g_get_monotonic_time(), <, deadline);
                g_usleep(1000);
        }
}

/* Keeps the loop until it was counted as slow. */
static void
be_slow(LoopJob *job)
{
        Fixture *f = CONTAINER_OF(job, Fixture, job);
        int64_t deadline = g_get_monotonic_time() + PATIENCE;

        activity_set(f->owner, "message/bare");
        while (__atomic_load_n(&f->owner->n_slow, __ATOMIC_RELAXED) == 0) {
                g_assert_cmpint(g_get_monotonic_time(), <, deadline);
                g_usleep(1000);
        }
        activity_set(NULL, NULL);
        loop_quit(f->loop);
}

static void
run_job(Fixture *f, LoopJobFunc func)
{
        f->job.func = func;
        loop_defer(f->loop, &f->job);
        loop_run(f->loop);
}

/* R33: a call of 100 ms or more */
static void
test_a_slow_call_is_counted_and_told(Fixture *f, gconstpointer data)
{
        (void)data;
        G_GNUC_UNUSED g_autoptr(Watch) watch = watch_new(f->loop);

        run_job(f, be_slow);

        await_line(f, "warn: module blocker on example.org took ");
        g_assert_true(has_told(f, " ms at message/bare: everybody waited for it"));
        g_assert_cmpuint(f->owner->n_slow, ==, 1);
}

/* Keeps the loop until that was told. */
static void
be_told(LoopJob *job)
{
        Fixture *f = CONTAINER_OF(job, Fixture, job);

        activity_set(f->owner, "timer");
        await_line(f, "warn: module blocker on example.org has been at timer for 1 s and still is");
        activity_set(NULL, NULL);
        loop_quit(f->loop);
}

static void
test_a_call_that_lasts_is_told_meanwhile(Fixture *f, gconstpointer data)
{
        (void)data;
        G_GNUC_UNUSED g_autoptr(Watch) watch = watch_new(f->loop);

        run_job(f, be_told);

        g_assert_cmpuint(f->owner->n_slow, ==, 1);
}

static void
work_until_told(void *data)
{
        Fixture *f = data;

        activity_set(f->owner, "job");
        await_line(f, "warn: a job of module blocker on example.org has been running for ");
        activity_set(NULL, NULL);
}

static void
quit(void *data)
{
        loop_quit(((Fixture *)data)->loop);
}

/* It keeps nobody but those who wait for a worker: it is no slow call. */
static void
test_a_long_job_is_told(Fixture *f, gconstpointer data)
{
        (void)data;
        G_GNUC_UNUSED g_autoptr(Watch) watch = watch_new(f->loop);

        g_assert_true(loop_offload(f->loop, work_until_told, quit, f));
        loop_run(f->loop);

        g_assert_cmpuint(f->owner->n_slow, ==, 0);
}

static void
quit_loop(LoopJob *job)
{
        loop_quit(CONTAINER_OF(job, Fixture, job)->loop);
}

/* The thread that looks sleeps with the loop, and wakes with it. */
static void
test_it_sleeps_and_wakes_with_the_loop(Fixture *f, gconstpointer data)
{
        (void)data;
        G_GNUC_UNUSED g_autoptr(Watch) watch = watch_new(f->loop);
        const LoopPulse *pulse = (const LoopPulse *)watch; /* its first member */
        int64_t deadline = g_get_monotonic_time() + PATIENCE;

        /* Nothing is to be done: this returns when somebody posts. */
        loop_post(f->loop, quit, f);
        loop_run(f->loop);
        while (!__atomic_load_n(&pulse->is_awaited, __ATOMIC_SEQ_CST)) {
                g_assert_cmpint(g_get_monotonic_time(), <, deadline);
                __atomic_store_n((bool *)&pulse->is_asleep, true, __ATOMIC_SEQ_CST);
                g_usleep(1000);
        }
        run_job(f, quit_loop);

        run_job(f, be_slow);
        await_line(f, "warn: module blocker on example.org took ");
}

static void
block_for_ever(LoopJob *job)
{
        Fixture *f = CONTAINER_OF(job, Fixture, job);

        activity_set(f->owner, "message/bare");
        for (;;)
                g_usleep(1000);
}

/* R33: the process aborts, and its last words name whose fault it is. */
static void
test_who_blocks_for_ever_is_ended(Fixture *f, gconstpointer data)
{
        (void)data;
        if (g_test_subprocess()) {
                log_set_func(NULL, NULL);
                log_catch_crashes();
                Watch *watch = watch_new(f->loop);
                watch_set_timeout(watch, G_TIME_SPAN_SECOND);
                run_job(f, block_for_ever);
                return;
        }
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*error main: aborted: nobody was served for * s, which is "
                                  "limits.blocked_timeout (SIGABRT), in module blocker on "
                                  "example.org, at message/bare\n*error main:   #0 *");
}

/* Core's own work is not ended, whatever it does; without a time-out nobody is. */
static void
test_without_a_timeout_nobody_is_ended(Fixture *f, gconstpointer data)
{
        (void)data;
        G_GNUC_UNUSED g_autoptr(Watch) watch = watch_new(f->loop);

        watch_set_timeout(watch, 1);
        watch_set_timeout(watch, 0);
        run_job(f, be_told);

        g_assert_cmpuint(f->owner->n_slow, ==, 1);
}

#define ADD(path, func) g_test_add("/watch/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("a-slow-call-is-counted-and-told", test_a_slow_call_is_counted_and_told);
        ADD("a-call-that-lasts-is-told-meanwhile", test_a_call_that_lasts_is_told_meanwhile);
        ADD("a-long-job-is-told", test_a_long_job_is_told);
        ADD("it-sleeps-and-wakes-with-the-loop", test_it_sleeps_and_wakes_with_the_loop);
        ADD("who-blocks-for-ever-is-ended", test_who_blocks_for_ever_is_ended);
        ADD("without-a-timeout-nobody-is-ended", test_without_a_timeout_nobody_is_ended);
        return g_test_run();
}
