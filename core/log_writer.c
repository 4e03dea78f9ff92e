/*
 * log_writer: the thread that writes lines, and those that wait for it.
 */
#include "core/log_writer.h"

#include <signal.h>

#include "core/log.h"
#include "core/log_crash.h"

static bool
push_lost(LogWriter *writer)
{
        char text[96];
        const LogRecord record = {
                .time = g_get_real_time(),
                .level = MOTET_LOG_WARN,
                .source = "log",
                .text = text,
        };

        g_snprintf(text, sizeof text,
                   "%" G_GUINT64_FORMAT " lines lost: what takes the log did not keep up",
                   writer->lost);
        /* Not urgent: it would take the room of others while nothing is read. */
        if (!log_queue_push(&writer->queue, &record, false))
                return false;
        writer->lost = 0;
        return true;
}

/* Returns: whether there is a line; false: nothing, and the thread is to stop. */
static bool
wait_for_line(LogWriter *writer)
{
        while (writer->queue.n == 0) {
                int64_t again = 0;
                if (writer->lost > 0) {
                        push_lost(writer);
                        continue;
                }
                bool wants_again = writer->tick(&again);
                if (writer->queue.n > 0)
                        break;
                g_cond_broadcast(&writer->written);
                if (writer->is_stopping)
                        return false;
                if (wants_again)
                        g_cond_wait_until(&writer->wake, writer->lock,
                                          g_get_monotonic_time() + again);
                else
                        g_cond_wait(&writer->wake, writer->lock);
        }
        return true;
}

static void *
run(void *data)
{
        G_GNUC_UNUSED g_autoptr(LogCrashStack) stack = log_crash_stack_new();
        LogWriter *writer = data;

        g_mutex_lock(writer->lock);
        while (wait_for_line(writer)) {
                LogTarget *target = log_target_ref(writer->target);
                LogRecord record;
                log_queue_peek(&writer->queue, &record);
                g_mutex_unlock(writer->lock);
                log_target_write(target, &record, -1);
                log_target_unref(target);
                g_mutex_lock(writer->lock);
                log_queue_drop(&writer->queue);
        }
        writer->has_ended = true;
        g_cond_broadcast(&writer->written);
        g_mutex_unlock(writer->lock);
        return NULL;
}

/* Signals are for the core thread. Returns: (own) NULL when the system has no threads left */
static GThread *
start_thread(LogWriter *writer)
{
        sigset_t all, before;

        log_crash_fill_but_faults(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        GThread *thread = g_thread_try_new("log", run, writer, NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return thread;
}

void
log_writer_start(LogWriter *writer, GMutex *lock, LogTarget *target, LogTick tick)
{
        if (writer->thread || writer->is_stuck)
                return;
        writer->lock = lock;
        writer->tick = tick;
        writer->is_stopping = writer->has_ended = false;
        writer->lost = 0;
        log_queue_init(&writer->queue, LOG_QUEUE_SIZE);
        log_writer_set_target(writer, target);
        writer->thread = start_thread(writer);
        if (writer->thread)
                return;
        /* Who logs writes, then. */
        log_queue_clear(&writer->queue);
        log_writer_set_target(writer, NULL);
}

void
log_writer_set_target(LogWriter *writer, LogTarget *target)
{
        LogTarget *former = writer->target;

        writer->target = log_target_ref(target);
        log_target_unref(former);
}

static void
count_lost(LogWriter *writer)
{
        writer->lost++;
        writer->lost_ever++;
}

bool
log_writer_take(LogWriter *writer, const LogRecord *record)
{
        if (!writer->thread)
                return writer->is_stuck;
        bool is_urgent = record->level <= MOTET_LOG_WARN;
        if (writer->lost > 0 && !push_lost(writer) && !is_urgent)
                count_lost(writer);
        else if (!log_queue_push(&writer->queue, record, is_urgent))
                count_lost(writer);
        else if (writer->queue.n == 1)
                g_cond_signal(&writer->wake);
        return true;
}

bool
log_writer_flush(LogWriter *writer, int64_t timeout)
{
        int64_t deadline = g_get_monotonic_time() + timeout;

        while (writer->thread && (writer->queue.n > 0 || writer->lost > 0)) {
                if (!g_cond_wait_until(&writer->written, writer->lock, deadline))
                        return false;
        }
        return !writer->is_stuck;
}

bool
log_writer_stop(LogWriter *writer, int64_t timeout)
{
        int64_t deadline = g_get_monotonic_time() + timeout;

        if (!writer->thread)
                return !writer->is_stuck;
        writer->is_stopping = true;
        g_cond_signal(&writer->wake);
        while (!writer->has_ended) {
                if (g_cond_wait_until(&writer->written, writer->lock, deadline))
                        continue;
                writer->is_stuck = true;
                g_thread_unref(g_steal_pointer(&writer->thread));
                return false;
        }
        /* It has nothing left to do but to give back the lock. */
        g_mutex_unlock(writer->lock);
        g_thread_join(writer->thread);
        g_mutex_lock(writer->lock);
        writer->thread = NULL;
        log_queue_clear(&writer->queue);
        log_writer_set_target(writer, NULL);
        return true;
}

void
log_writer_drain(LogWriter *writer, int patience_ms, int64_t time)
{
        int64_t deadline = g_get_monotonic_time() + time;
        LogRecord record;

        while (writer->thread && log_queue_peek(&writer->queue, &record)) {
                if (g_get_monotonic_time() > deadline)
                        return;
                log_target_write(writer->target, &record, patience_ms);
                log_queue_drop(&writer->queue);
        }
}
