/*
 * log_writer: the thread that writes lines, and those that wait for it.
 *
 * Everything but the thread itself is called with the owner's lock held.
 */
#pragma once

#include "core/log_queue.h"
#include "core/log_target.h"

/** LogTick: says what is due; called with the lock when there is nothing to write. Returns: whether
 * it wants to be called again, at the latest *@again_out µs from now */
typedef bool (*LogTick)(int64_t *again_out);

typedef struct {
        GMutex *lock;      /* (borrowed) the owner's; NULL: never started */
        GCond wake;        /* something waits, or the thread is to stop */
        GCond written;     /* nothing waits any more, or the thread has ended */
        LogQueue queue;    /* a line is in it until it is written */
        LogTarget *target; /* (own) a reference; NULL: standard error */
        LogTick tick;
        GThread *thread; /* NULL: not running */
        uint64_t lost;   /* lines that found no room since this was told */
        uint64_t lost_ever;
        bool is_stopping, has_ended;
        bool is_stuck; /* it did not end in time: whoever writes next would be stuck as well */
} LogWriter;

/** log_writer_start: starting twice is a no-op */
void log_writer_start(LogWriter *writer, GMutex *lock, LogTarget *target, LogTick tick);
void log_writer_set_target(LogWriter *writer, LogTarget *target);
/** log_writer_take: Returns: false when no thread runs and the caller is to write; else @record
 * waits or is counted as lost */
bool log_writer_take(LogWriter *writer, const LogRecord *record);
/** log_writer_flush: Returns: false when not everything was written within @timeout µs */
bool log_writer_flush(LogWriter *writer, int64_t timeout);
/** log_writer_stop: the same, then ends the thread; one that does not end is left alone */
bool log_writer_stop(LogWriter *writer, int64_t timeout);
/** log_writer_drain: in a signal handler, whoever has the lock: writes what waits, for at most
 * @time µs. The line under way may be written twice. */
void log_writer_drain(LogWriter *writer, int patience_ms, int64_t time);
