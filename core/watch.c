/*
 * watch: a thread that looks whether the core thread goes on, and tells whose code keeps it.
 */
#include "core/watch.h"

#include <motet/log.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "core/log_crash.h"
#include "core/loop_pool.h"
#include "core/loop_pulse.h"

#define LOOK (20 * G_TIME_SPAN_MILLISECOND)
/* Between two looks, more than this is no time of who is looked at: this thread slept as well. */
#define GAP G_TIME_SPAN_SECOND
#define TELL_FIRST G_TIME_SPAN_SECOND /* a call that still runs is told after so long... */
#define TELL_AGAIN 4                  /* ...and each time it has lasted so many times as long */
#define TELL_PAUSE G_TIME_SPAN_SECOND /* between two lines about calls that ended */
#define JOB_SLOW                                                                                   \
        (10 * G_TIME_SPAN_SECOND) /* of a job on a worker, which keeps nobody but others' jobs */
#define DEATH_TIME (10 * G_TIME_SPAN_SECOND) /* that the core thread has for its last words */

/* One thread, as it was seen the last time. */
typedef struct {
        Activity at;
        int64_t lasted; /* µs, that this was seen to go on without a change */
        int64_t tell;   /* it is told next when it has lasted so long */
} Seen;

struct Watch {
        LoopPulse pulse; /* first: what the loop knows is this pointer */
        Loop *loop;
        GThread *thread;
        pthread_t core;
        Activity *core_activity;
        GMutex lock; /* guards is_stopping, and the wait for the loop to wake */
        GCond wake;
        bool is_stopping;
        int64_t timeout; /* µs, atomic; 0: none */

        /* Of the thread that looks alone. */
        int64_t looked; /* when, monotonic */
        uint32_t beats;
        int64_t blocked; /* µs without a beat */
        Seen call, jobs[LOOP_POOL_MAX_THREADS];
        int64_t told; /* when a call that ended was told last */
        unsigned n_untold;
};

static void
describe(const Seen *seen, char *text, size_t size)
{
        const ActivityOwner *owner = seen->at.owner;

        g_snprintf(text, size, "module %s%s%s", owner->module, owner->host ? " on " : "",
                   owner->host ? owner->host : "");
}

/* The core thread */

static void
tell_still(Seen *seen)
{
        char who[128];

        describe(seen, who, sizeof who);
        motet_warn("%s has been at %s for %" G_GINT64_FORMAT
                   " s and still is: everybody waits for it",
                   who, seen->at.what, seen->lasted / G_TIME_SPAN_SECOND);
        seen->tell *= TELL_AGAIN;
}

static void
tell_ended(Watch *watch, const Seen *seen)
{
        char who[128], more[64] = "";

        if (watch->told > 0 && watch->looked - watch->told < TELL_PAUSE) {
                watch->n_untold++;
                return;
        }
        if (watch->n_untold > 0)
                g_snprintf(more, sizeof more,
                           " (so it was with %u other calls since the last line)", watch->n_untold);
        describe(seen, who, sizeof who);
        motet_warn("%s took %" G_GINT64_FORMAT " ms at %s: everybody waited for it%s", who,
                   seen->lasted / G_TIME_SPAN_MILLISECOND, seen->at.what, more);
        watch->told = watch->looked;
        watch->n_untold = 0;
}

/* Returns: whether it is at the same as before, and has been for @step longer */
static bool
goes_on(Seen *seen, const Activity *at, int64_t step)
{
        if (seen->at.owner && at->owner == seen->at.owner && at->serial == seen->at.serial) {
                seen->lasted += step;
                return true;
        }
        return false;
}

static void
see_anew(Seen *seen, const Activity *at, int64_t tell)
{
        *seen = (Seen){.at = *at, .tell = tell};
}

static void
look_at_call(Watch *watch, int64_t step)
{
        Seen *seen = &watch->call;
        Activity at;

        /* What changes right now is seen the next time. */
        if (!activity_read(watch->core_activity, &at))
                at = (Activity){0};
        if (!goes_on(seen, &at, step)) {
                if (seen->lasted >= WATCH_SLOW_CALL)
                        tell_ended(watch, seen);
                see_anew(seen, &at, TELL_FIRST);
                return;
        }
        if (seen->lasted >= WATCH_SLOW_CALL && seen->lasted - step < WATCH_SLOW_CALL) {
                __atomic_fetch_add(&at.owner->n_slow, 1, __ATOMIC_RELAXED);
                __atomic_store_n(&watch->core_activity->slow, at.serial + 1, __ATOMIC_RELAXED);
        }
        if (seen->lasted >= seen->tell)
                tell_still(seen);
}

/* The core thread tells what it is at, in the handler of the signal; where it cannot even do that,
 * the process ends without. */
static void
abort_core(Watch *watch)
{
        __atomic_store_n(&watch->core_activity->blocked_ms,
                         (uint32_t)(watch->blocked / G_TIME_SPAN_MILLISECOND), __ATOMIC_RELEASE);
        pthread_kill(watch->core, SIGABRT);
        g_usleep((gulong)DEATH_TIME);
        kill(getpid(), SIGKILL);
}

static void
look_at_loop(Watch *watch, int64_t step)
{
        uint32_t beats = __atomic_load_n(&watch->pulse.beats, __ATOMIC_RELAXED);
        bool is_asleep = __atomic_load_n(&watch->pulse.is_asleep, __ATOMIC_ACQUIRE);
        int64_t timeout = __atomic_load_n(&watch->timeout, __ATOMIC_RELAXED);

        if (is_asleep || beats != watch->beats)
                watch->blocked = 0;
        else
                watch->blocked += step;
        watch->beats = beats;
        if (timeout > 0 && watch->blocked >= timeout && watch->call.at.owner)
                abort_core(watch);
}

/* Workers */

static void
look_at_job(Seen *seen, const Activity *activity, int64_t step)
{
        char who[128];
        Activity at;

        if (!activity || !activity_read(activity, &at))
                return;
        if (!goes_on(seen, &at, step)) {
                see_anew(seen, &at, JOB_SLOW);
        } else if (seen->lasted >= seen->tell) {
                describe(seen, who, sizeof who);
                motet_warn("a job of %s has been running for %" G_GINT64_FORMAT
                           " s: it keeps a worker from all others",
                           who, seen->lasted / G_TIME_SPAN_SECOND);
                seen->tell *= TELL_AGAIN;
        }
}

/* The thread */

static void
look(Watch *watch)
{
        int64_t now = g_get_monotonic_time();
        int64_t step = now - watch->looked;

        watch->looked = now;
        if (step > GAP)
                step = LOOK;
        look_at_call(watch, step);
        look_at_loop(watch, step);
        for (unsigned i = 0; i < LOOP_POOL_MAX_THREADS; i++)
                look_at_job(&watch->jobs[i], loop_worker_activity(watch->loop, i), step);
}

/* Nobody does anything. */
static bool
is_idle(const Watch *watch)
{
        return __atomic_load_n(&watch->pulse.is_asleep, __ATOMIC_SEQ_CST) &&
               !__atomic_load_n(&watch->pulse.has_jobs, __ATOMIC_RELAXED);
}

/* Locked. Sleeps as long as the loop does, unless something is to be seen meanwhile. */
static void
wait_for_loop(Watch *watch)
{
        if (watch->call.at.owner)
                return;
        __atomic_store_n(&watch->pulse.is_awaited, true, __ATOMIC_SEQ_CST);
        while (!watch->is_stopping && is_idle(watch))
                g_cond_wait(&watch->wake, &watch->lock);
        __atomic_store_n(&watch->pulse.is_awaited, false, __ATOMIC_RELAXED);
        watch->looked = g_get_monotonic_time();
}

static void *
run(void *data)
{
        G_GNUC_UNUSED g_autoptr(LogCrashStack) stack = log_crash_stack_new();
        Watch *watch = data;

        watch->looked = g_get_monotonic_time();
        g_mutex_lock(&watch->lock);
        while (!watch->is_stopping) {
                g_mutex_unlock(&watch->lock);
                look(watch);
                g_mutex_lock(&watch->lock);
                wait_for_loop(watch);
                if (!watch->is_stopping)
                        g_cond_wait_until(&watch->wake, &watch->lock,
                                          g_get_monotonic_time() + LOOK);
        }
        g_mutex_unlock(&watch->lock);
        return NULL;
}

static void
on_woken(LoopPulse *pulse)
{
        Watch *watch = (Watch *)pulse;

        g_mutex_lock(&watch->lock);
        g_cond_signal(&watch->wake);
        g_mutex_unlock(&watch->lock);
}

Watch *
watch_new(Loop *loop)
{
        Watch *watch = g_new0(Watch, 1);
        sigset_t all, before;

        watch->pulse.woken = on_woken;
        watch->loop = loop;
        watch->core = pthread_self();
        watch->core_activity = &activity_here;
        g_mutex_init(&watch->lock);
        g_cond_init(&watch->wake);
        loop_set_pulse(loop, &watch->pulse);

        /* Signals are for the core thread. */
        log_crash_fill_but_faults(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        watch->thread = g_thread_try_new("watch", run, watch, NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (!watch->thread)
                motet_warn("no thread left: nobody looks whether everybody waits for a module");
        return watch;
}

void
watch_free(Watch *watch)
{
        if (!watch)
                return;
        loop_set_pulse(watch->loop, NULL);
        g_mutex_lock(&watch->lock);
        watch->is_stopping = true;
        g_cond_signal(&watch->wake);
        g_mutex_unlock(&watch->lock);
        if (watch->thread)
                g_thread_join(watch->thread);
        g_cond_clear(&watch->wake);
        g_mutex_clear(&watch->lock);
        g_free(watch);
}

void
watch_set_timeout(Watch *watch, int64_t us)
{
        __atomic_store_n(&watch->timeout, us, __ATOMIC_RELAXED);
}
