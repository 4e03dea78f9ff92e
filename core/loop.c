/*
 * loop: one GSource that wraps an epoll set; its dispatch runs turns.
 *
 * GLib polls every descriptor of every source on every iteration; with one source that is one
 * descriptor, whatever the number of connections. An iteration costs more than a turn, so one
 * dispatch runs several turns while there is work.
 */
#include "core/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <motet/error.h>

#include "core/loop_calls.h"
#include "core/loop_pool.h"
#include "core/loop_pulse.h"
#include "core/timer_wheel.h"

#define BATCH_SIZE 256
#define DISPATCH_TURNS 8
#define DISPATCH_TIME 1000 /* µs */
#define DEFAULT_OFFLOAD_LIMIT 4096
#define SETTLE_MAX_TURNS 1000000u
#define DRIVEN_START (INT64_C(1000) * G_USEC_PER_SEC)
#define DRIVEN_WALL_START (INT64_C(1767225600) * G_USEC_PER_SEC) /* 2026-01-01 */

typedef struct {
        GSource source; /* first: GLib allocates it */
        Loop *loop;
        GPollFD epoll;
} LoopSource;

typedef struct {
        Loop *loop;
        void (*work)(void *data);
        void (*done)(void *data);
        void *data;
} OffloadJob;

struct Loop {
        GMainContext *context;
        GSource *source;
        int epoll_fd;
        bool driven;
        bool quit;
        bool in_turn;
        unsigned turns_per_dispatch;
        unsigned n_watches;
        int64_t now;
        uint64_t turns;
        int64_t turn_time;
        int64_t slow_threshold;
        void (*slow_func)(void *data, int64_t us); /* NULL: nobody is told */
        void *slow_data;
        TimerWheel wheel;
        List deferred, flush, slow; /* of LoopJob */

        struct epoll_event batch[BATCH_SIZE]; /* what is ready; data.ptr NULL: not any more */
        unsigned batch_next, batch_n;

        LoopCalls calls;

        LoopPool *pool;
        unsigned offload_limit;
        unsigned n_offloaded; /* accepted, done not called yet */

        void *shared;
        GDestroyNotify shared_free;

        LoopCounters counters;
        LoopPulse *pulse; /* (borrowed) NULL: nobody looks */
};

static void
read_clock(Loop *loop)
{
        if (!loop->driven)
                loop->now = g_get_monotonic_time();
}

/* Ready descriptors */

static bool
run_ready(Loop *loop)
{
        int n = epoll_wait(loop->epoll_fd, loop->batch, BATCH_SIZE, 0);

        if (n <= 0)
                return false;
        loop->batch_n = (unsigned)n;
        for (loop->batch_next = 0; loop->batch_next < loop->batch_n;) {
                struct epoll_event *ready = &loop->batch[loop->batch_next++];
                LoopWatch *watch = ready->data.ptr;

                if (watch == NULL)
                        continue;
                uint32_t events = ready->events & (watch->events | EPOLLERR | EPOLLHUP);
                if (events != 0)
                        watch->func(watch, events);
        }
        loop->batch_n = 0;
        return true;
}

static void
forget_ready(Loop *loop, const LoopWatch *watch)
{
        for (unsigned i = loop->batch_next; i < loop->batch_n; i++) {
                if (loop->batch[i].data.ptr == watch)
                        loop->batch[i].data.ptr = NULL;
        }
}

/* Jobs and timers */

static bool
run_jobs(List *queue)
{
        List running;

        if (list_is_empty(queue))
                return false;
        /* What is queued from now on waits for the next turn: a job that queues itself starves
         * nobody. */
        list_init(&running);
        list_move_all(&running, queue);
        while (!list_is_empty(&running)) {
                LoopJob *job = CONTAINER_OF(running.next, LoopJob, link);

                list_unlink(&job->link);
                job->func(job);
        }
        return true;
}

static bool
run_slow(Loop *loop)
{
        bool any = !list_is_empty(&loop->slow);

        for (unsigned i = 0; i < LOOP_SLOW_PER_TURN && !list_is_empty(&loop->slow); i++) {
                LoopJob *job = CONTAINER_OF(loop->slow.next, LoopJob, link);

                list_unlink(&job->link);
                job->func(job);
        }
        return any;
}

static bool
run_timers(Loop *loop)
{
        List due;

        list_init(&due);
        timer_wheel_take_due(&loop->wheel, loop->now, loop->driven, &due);
        if (list_is_empty(&due))
                return false;
        while (!list_is_empty(&due)) {
                LoopTimer *timer = CONTAINER_OF(due.next, LoopTimer, link);

                list_unlink(&timer->link);
                timer->func(timer);
        }
        return true;
}

/* When the wheel wants to be looked at: a driven one to the µs, as loop_advance() stops there. */
static int64_t
next_timer(Loop *loop)
{
        return loop->driven ? timer_wheel_earliest(&loop->wheel) : timer_wheel_next(&loop->wheel);
}

static bool
has_work(Loop *loop)
{
        return !list_is_empty(&loop->deferred) || !list_is_empty(&loop->flush) ||
               !list_is_empty(&loop->slow) || next_timer(loop) <= loop->now;
}

static bool
run_turn(Loop *loop)
{
        read_clock(loop);
        int64_t start = loop->now;

        bool any = run_ready(loop);
        any |= run_jobs(&loop->deferred);
        any |= run_jobs(&loop->flush);
        read_clock(loop);
        any |= run_timers(loop);
        any |= run_slow(loop);
        if (any) {
                read_clock(loop);
                loop->turns++;
                loop->turn_time = loop->now - start;
                histogram_add(&loop->counters.turns, loop->turn_time);
                if (loop->slow_func != NULL && loop->turn_time >= loop->slow_threshold)
                        loop->slow_func(loop->slow_data, loop->turn_time);
        }
        return any;
}

/* The GSource */

static gboolean
source_prepare(GSource *source, gint *timeout_out)
{
        Loop *loop = ((LoopSource *)source)->loop;

        *timeout_out = -1;
        if (loop->in_turn)
                return FALSE;
        read_clock(loop);
        if (loop->pulse)
                loop_pulse_beat(loop->pulse);
        if (has_work(loop))
                return TRUE;
        if (loop->pulse)
                loop_pulse_sleep(loop->pulse, loop->n_offloaded > 0);
        int64_t next = next_timer(loop);
        if (!loop->driven && next != INT64_MAX)
                *timeout_out = (gint)MIN((next - loop->now + 999) / 1000, G_MAXINT);
        return FALSE;
}

static gboolean
source_check(GSource *source)
{
        LoopSource *self = (LoopSource *)source;

        if (self->loop->in_turn)
                return FALSE;
        if (self->loop->pulse)
                loop_pulse_wake(self->loop->pulse);
        /* Other sources of the context may run before ours and arm timers: the clock must not lag
         * by the time slept. */
        read_clock(self->loop);
        return has_work(self->loop) || self->epoll.revents != 0;
}

static gboolean
source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
        Loop *loop = ((LoopSource *)source)->loop;
        int64_t until = loop->now + DISPATCH_TIME;

        (void)callback, (void)data;
        loop->in_turn = true;
        for (unsigned i = 0; i < loop->turns_per_dispatch && run_turn(loop); i++) {
                if (loop->quit || loop->now >= until)
                        break;
        }
        loop->in_turn = false;
        return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
        .prepare = source_prepare,
        .check = source_check,
        .dispatch = source_dispatch,
};

static void
attach_source(Loop *loop)
{
        loop->source = g_source_new(&source_funcs, sizeof(LoopSource));
        LoopSource *self = (LoopSource *)loop->source;

        self->loop = loop;
        self->epoll = (GPollFD){.fd = loop->epoll_fd, .events = G_IO_IN};
        g_source_add_poll(loop->source, &self->epoll);
        g_source_set_name(loop->source, "motet loop");
        /* Otherwise GLib takes the descriptor out of its poll set around every dispatch and wakes
           itself up for putting it back: a write, a read and a second poll each time. in_turn keeps
           nested iterations out instead. */
        g_source_set_can_recurse(loop->source, TRUE);
        g_source_attach(loop->source, loop->context);
}

static bool
iterate(Loop *loop, unsigned turns, bool block)
{
        g_assert(!loop->in_turn);

        loop->turns_per_dispatch = turns;
        return g_main_context_iteration(loop->context, block);
}

static bool
fail_to_open(Loop *loop, GError **error)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot wait for descriptors: %s",
                    g_strerror(errno));
        g_free(loop);
        return false;
}

/* Makes what the system may refuse. Returns: false with an error, and @loop is gone */
static bool
take_descriptors(Loop *loop, GError **error)
{
        if (!loop_calls_init(&loop->calls))
                return fail_to_open(loop, error);
        loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (loop->epoll_fd >= 0 && loop_watch(loop, &loop->calls.watch, EPOLLIN, NULL))
                return true;

        int code = errno;
        if (loop->epoll_fd >= 0)
                close(loop->epoll_fd);
        loop_calls_clear(&loop->calls);
        errno = code;
        return fail_to_open(loop, error);
}

Loop *
loop_open(bool driven, GError **error)
{
        Loop *loop = g_new0(Loop, 1);

        loop->driven = driven;
        loop->now = DRIVEN_START;
        read_clock(loop);
        timer_wheel_init(&loop->wheel, loop->now);
        list_init(&loop->deferred);
        list_init(&loop->flush);
        list_init(&loop->slow);
        if (!take_descriptors(loop, error))
                return NULL;
        loop->offload_limit = DEFAULT_OFFLOAD_LIMIT;
        loop->pool = loop_pool_new(driven ? 1 : CLAMP(g_get_num_processors(), 2, 4));
        loop->context = g_main_context_ref_thread_default();
        attach_source(loop);
        return loop;
}

Loop *
loop_new(bool driven)
{
        g_autoptr(GError) error = NULL;
        Loop *loop = loop_open(driven, &error);

        if (!loop)
                g_error("%s", error->message);
        return loop;
}

/* Blocks until a worker reports: only for the end, where nothing else may run any more. */
static void
finish_offloaded(Loop *loop)
{
        while (loop_calls_run(&loop->calls) || loop->n_offloaded > 0) {
                GPollFD called = {.fd = loop->calls.watch.fd, .events = G_IO_IN};

                if (loop->n_offloaded > 0)
                        g_poll(&called, 1, -1);
        }
}

void
loop_free(Loop *loop)
{
        if (loop == NULL)
                return;

        finish_offloaded(loop);
        loop_pool_free(loop->pool);
        if (loop->shared_free != NULL)
                loop->shared_free(loop->shared);
        loop_watch(loop, &loop->calls.watch, 0, NULL);
        g_assert_cmpuint(loop->n_watches, ==, 0);
        g_assert(list_is_empty(&loop->deferred) && list_is_empty(&loop->flush));
        g_assert(list_is_empty(&loop->slow));
        g_assert(timer_wheel_next(&loop->wheel) == INT64_MAX);
        g_source_destroy(loop->source);
        g_source_unref(loop->source);
        g_main_context_unref(loop->context);
        loop_calls_clear(&loop->calls);
        close(loop->epoll_fd);
        g_free(loop);
}

void
loop_run(Loop *loop)
{
        while (!loop->quit)
                iterate(loop, DISPATCH_TURNS, true);
        loop->quit = false;
}

void
loop_quit(Loop *loop)
{
        loop->quit = true;
}

bool
loop_turn(Loop *loop, bool block)
{
        bool any = iterate(loop, 1, block);

        /* GLib also returns when it woke itself up, with nothing done. */
        while (block && !any && !loop->quit)
                any = iterate(loop, 1, true);
        return any;
}

/* Without the context, whose iteration costs more than most turns of a test. */
static void
take_turns(Loop *loop, unsigned n)
{
        g_assert(!loop->in_turn);

        loop->in_turn = true;
        while (n > 0 && run_turn(loop))
                n--;
        loop->in_turn = false;
}

void
loop_settle(Loop *loop)
{
        for (unsigned i = 0; i < SETTLE_MAX_TURNS / DISPATCH_TURNS; i++) {
                take_turns(loop, DISPATCH_TURNS - 1);
                if (iterate(loop, 1, false))
                        continue;
                if (loop->n_offloaded == 0)
                        return;
                iterate(loop, 1, true);
        }
        g_error("loop_settle: still busy after %u turns: something queues or watches itself for "
                "ever",
                SETTLE_MAX_TURNS);
}

void
loop_advance(Loop *loop, int64_t us)
{
        g_assert(loop->driven && us >= 0);

        int64_t target = loop->now + us;
        loop_settle(loop);
        for (;;) {
                int64_t next = timer_wheel_earliest(&loop->wheel);

                if (next > target)
                        break;
                loop->now = MAX(loop->now, next);
                loop_settle(loop);
        }
        loop->now = target;
        loop_settle(loop);
}

void
loop_skip(Loop *loop, int64_t us)
{
        g_assert(loop->driven && us >= 0);

        loop_settle(loop);
        loop->now += us;
        loop_settle(loop);
}

int64_t
loop_now(const Loop *loop)
{
        return loop->now;
}

int64_t
loop_wall_now(const Loop *loop)
{
        if (!loop->driven)
                return g_get_real_time();
        return DRIVEN_WALL_START + (loop->now - DRIVEN_START);
}

bool
loop_watch(Loop *loop, LoopWatch *watch, uint32_t events, GError **error)
{
        if (events == watch->events)
                return true;

        int op = events == 0 ? EPOLL_CTL_DEL : watch->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        struct epoll_event wanted = {.events = events, .data.ptr = watch};
        if (epoll_ctl(loop->epoll_fd, op, watch->fd, &wanted) < 0 && op != EPOLL_CTL_DEL) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot watch descriptor %d: %s",
                            watch->fd, g_strerror(errno));
                return false;
        }
        if (op == EPOLL_CTL_ADD)
                loop->n_watches++;
        if (op == EPOLL_CTL_DEL) {
                loop->n_watches--;
                forget_ready(loop, watch);
        }
        watch->events = events;
        return true;
}

void
loop_timer_arm(Loop *loop, LoopTimer *timer, int64_t delay)
{
        timer_wheel_remove(&loop->wheel, timer);
        delay = MAX(delay, 0);
        timer->deadline = delay > INT64_MAX - loop->now ? INT64_MAX : loop->now + delay;
        timer_wheel_add(&loop->wheel, timer);
}

void
loop_timer_cancel(Loop *loop, LoopTimer *timer)
{
        timer_wheel_remove(&loop->wheel, timer);
}

bool
loop_timer_is_armed(const LoopTimer *timer)
{
        return list_is_linked(&timer->link);
}

size_t
loop_n_timers(const Loop *loop)
{
        return timer_wheel_count(&loop->wheel);
}

static void
queue_job(List *queue, LoopJob *job)
{
        if (!list_is_linked(&job->link))
                list_append(queue, &job->link);
}

void
loop_defer(Loop *loop, LoopJob *job)
{
        queue_job(&loop->deferred, job);
}

void
loop_flush_later(Loop *loop, LoopJob *job)
{
        queue_job(&loop->flush, job);
}

void
loop_slow(Loop *loop, LoopJob *job)
{
        queue_job(&loop->slow, job);
}

bool
loop_is_behind(const Loop *loop)
{
        unsigned n = 0;

        for (const List *link = loop->slow.next; link != &loop->slow; link = link->next) {
                if (++n == LOOP_SLOW_ENOUGH)
                        return true;
        }
        return false;
}

void
loop_job_cancel(Loop *loop, LoopJob *job)
{
        (void)loop;
        list_unlink(&job->link);
}

bool
loop_job_is_queued(const LoopJob *job)
{
        return list_is_linked(&job->link);
}

void
loop_post(Loop *loop, void (*func)(void *data), void *data)
{
        loop_calls_push(&loop->calls, func, data);
}

static void
offload_done(void *data)
{
        g_autofree OffloadJob *job = data;

        job->loop->n_offloaded--;
        job->done(job->data);
}

static void
offload_work(void *data)
{
        OffloadJob *job = data;

        job->work(job->data);
        loop_post(job->loop, offload_done, job);
}

bool
loop_offload(Loop *loop, void (*work)(void *data), void (*done)(void *data), void *data)
{
        OffloadJob *job = g_new(OffloadJob, 1);

        *job = (OffloadJob){.loop = loop, .work = work, .done = done, .data = data};
        if (!loop_pool_push(loop->pool, offload_work, job, loop->offload_limit)) {
                g_free(job);
                loop->counters.offload_refused++;
                return false;
        }
        loop->n_offloaded++;
        return true;
}

void
loop_set_offload_limit(Loop *loop, unsigned max_queued)
{
        loop->offload_limit = max_queued;
}

unsigned
loop_n_workers(const Loop *loop)
{
        return loop_pool_n_threads(loop->pool);
}

void *
loop_shared(const Loop *loop)
{
        return loop->shared;
}

void
loop_set_shared(Loop *loop, void *shared, GDestroyNotify free_func)
{
        g_assert(loop->shared == NULL);

        loop->shared = shared;
        loop->shared_free = free_func;
}

void
loop_set_pulse(Loop *loop, LoopPulse *pulse)
{
        loop->pulse = pulse;
}

const Activity *
loop_worker_activity(const Loop *loop, unsigned index)
{
        return loop_pool_activity(loop->pool, index);
}

void
loop_set_slow_func(Loop *loop, int64_t threshold, void (*func)(void *data, int64_t us), void *data)
{
        loop->slow_threshold = threshold;
        loop->slow_func = func;
        loop->slow_data = data;
}

LoopCounters *
loop_counters(Loop *loop)
{
        return &loop->counters;
}

unsigned
loop_n_offloaded(const Loop *loop)
{
        return loop->n_offloaded;
}

uint64_t
loop_turns(const Loop *loop)
{
        return loop->turns;
}

int64_t
loop_turn_time(const Loop *loop)
{
        return loop->turn_time;
}
