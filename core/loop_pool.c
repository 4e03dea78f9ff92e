/*
 * loop_pool: plain threads around one locked queue.
 */
#include "core/loop_pool.h"

#include <pthread.h>
#include <signal.h>

#include "core/log_crash.h"

typedef struct {
        void (*func)(void *data);
        void *data;
} PoolJob;

struct LoopPool {
        GMutex lock; /* guards all below but the threads, which the core thread alone touches */
        GCond wake;
        GQueue waiting; /* of PoolJob */
        bool stopping;
        unsigned n_threads;
        unsigned n_started;
        GThread *threads[LOOP_POOL_MAX_THREADS];
        const Activity *activities[LOOP_POOL_MAX_THREADS]; /* atomic; each by its thread */
        unsigned n_running;                                /* atomic */
};

static PoolJob *
wait_for_job(LoopPool *pool)
{
        G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pool->lock);

        while (g_queue_is_empty(&pool->waiting) && !pool->stopping)
                g_cond_wait(&pool->wake, &pool->lock);
        return g_queue_pop_head(&pool->waiting);
}

static gpointer
run_worker(gpointer data)
{
        G_GNUC_UNUSED g_autoptr(LogCrashStack) stack = log_crash_stack_new();
        LoopPool *pool = data;
        unsigned index = __atomic_fetch_add(&pool->n_running, 1, __ATOMIC_RELAXED);

        __atomic_store_n(&pool->activities[index], &activity_here, __ATOMIC_RELEASE);
        for (;;) {
                g_autofree PoolJob *job = wait_for_job(pool);

                if (job == NULL)
                        return NULL;
                job->func(job->data);
        }
}

/* As many of the threads as the system allows; what is missing is tried again with the next job. */
static void
start_threads(LoopPool *pool)
{
        sigset_t all, before;
        GThread *thread;

        /* Signals are for the core thread: a worker inherits a mask that blocks them, but for its
           own faults, which would end the process without a word. */
        log_crash_fill_but_faults(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        while (pool->n_started < pool->n_threads &&
               (thread = g_thread_try_new("motet-worker", run_worker, pool, NULL)))
                pool->threads[pool->n_started++] = thread;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
}

LoopPool *
loop_pool_new(unsigned n_threads)
{
        g_assert(n_threads >= 1 && n_threads <= LOOP_POOL_MAX_THREADS);

        LoopPool *pool = g_new0(LoopPool, 1);
        g_mutex_init(&pool->lock);
        g_cond_init(&pool->wake);
        g_queue_init(&pool->waiting);
        pool->n_threads = n_threads;
        return pool;
}

void
loop_pool_free(LoopPool *pool)
{
        if (pool == NULL)
                return;

        g_mutex_lock(&pool->lock);
        pool->stopping = true;
        g_cond_broadcast(&pool->wake);
        g_mutex_unlock(&pool->lock);
        for (unsigned i = 0; i < pool->n_started; i++)
                g_thread_join(pool->threads[i]);
        g_assert(g_queue_is_empty(&pool->waiting));
        g_cond_clear(&pool->wake);
        g_mutex_clear(&pool->lock);
        g_free(pool);
}

bool
loop_pool_push(LoopPool *pool, void (*func)(void *data), void *data, unsigned max_waiting)
{
        if (pool->n_started < pool->n_threads)
                start_threads(pool);
        if (pool->n_started == 0)
                return false;

        G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pool->lock);
        if (g_queue_get_length(&pool->waiting) >= max_waiting)
                return false;

        PoolJob *job = g_new(PoolJob, 1);
        *job = (PoolJob){.func = func, .data = data};
        g_queue_push_tail(&pool->waiting, job);
        g_cond_signal(&pool->wake);
        return true;
}

const Activity *
loop_pool_activity(const LoopPool *pool, unsigned index)
{
        g_assert(index < LOOP_POOL_MAX_THREADS);

        return __atomic_load_n(&pool->activities[index], __ATOMIC_ACQUIRE);
}

unsigned
loop_pool_n_threads(const LoopPool *pool)
{
        return pool->n_threads;
}
