/*
 * log: who may write which lines, how many, and where they go.
 *
 * A line is formatted and escaped by whoever says it, then waits in a ring of LOG_QUEUE_SIZE bytes
 * for a thread that writes it: a terminal that was stopped, a full disk or a journal that hangs
 * keeps nobody waiting, and the core thread makes no system call for it. When the ring is full
 * lines are counted, and "N lines lost" is told as soon as there is room. Before log_start() and
 * after log_stop() whoever says a line writes it.
 *
 * The sink is the one global of the server. All functions may be called from any thread. A child
 * made by fork(2) has no thread that writes: it must exec or exit, and says nothing.
 */
#pragma once

#include "core/log_level.h"
#include "core/log_limit.h"
#include "core/log_record.h"
#include "core/log_target.h"

#define LOG_QUEUE_SIZE (256u * 1024u)

typedef void (*LogFunc)(MotetLogLevel level, const char *source, const char *text, void *data);
typedef int64_t (*LogClock)(void *data);
/** LogContext: fills in whom the line about to be written is about; on the thread that set it. It
 * may not log. */
typedef void (*LogContext)(LogFields *about_out, void *data);

/** log_set_levels: @configured: (borrowed) copied; the default is MOTET_LOG_INFO for everybody */
void log_set_levels(const LogLevels *configured);
/** log_set_level: @level for everybody */
void log_set_level(MotetLogLevel level);
/**
 * log_command_level:
 * @source: NULL: everybody; goes before what is configured for single sources
 * @level: LOG_LEVEL_UNSET: as configured again
 *
 * Returns: false when too many sources have a level of their own
 */
bool log_command_level(const char *source, int level);
/** log_level_of: Returns: the highest level at which @source (NULL: who has none of its own)
 * writes */
MotetLogLevel log_level_of(const char *source);

/**
 * log_set_output:
 * @error: set to MOTET_ERROR_IO, or MOTET_ERROR_CONFIG for an output that makes no sense
 *
 * A file that is in use already is opened again.
 *
 * Returns: false with @error set, the former output still in use
 */
bool log_set_output(const LogOutput *output, GError **error);
/** log_set_target: log_set_output() with LOG_FORMAT_AUTO */
bool log_set_target(const char *target, GError **error);
/** log_set_rate: lines of one source in one second; beyond them lines are dropped and counted. 0:
 * no limit, and repeated lines are written, too */
void log_set_rate(unsigned lines_per_s);
/** log_set_context: of lines said on this thread from now on; NULL: none */
void log_set_context(LogContext func, void *data);
/** log_clear_context: when it is still the one with @data */
void log_clear_context(const void *data);

/** log_n_lost: Returns: lines that found no room in the ring so far */
uint64_t log_n_lost(void);

/** log_start: from now on a thread of its own writes; starting twice is a no-op */
void log_start(void);
/**
 * log_flush: waits until everything said so far is written, at most @timeout µs
 *
 * Returns: false when it was not
 */
bool log_flush(int64_t timeout);
/** log_stop: writes everything that waits, for at most @timeout µs, and ends the thread. Returns:
 * false when something was lost */
bool log_stop(int64_t timeout);
/**
 * log_catch_crashes: in a program that ends by a signal of its own fault, or abort(3), what waits
 * is written first, and the signal told. Whatever else handles it comes after that.
 */
void log_catch_crashes(void);
/** log_catch_glib: what GLib and libraries upon it have to say becomes lines of source "glib" */
void log_catch_glib(void);

/** log_write: motet_log() about @about; NULL: whatever the context knows */
void log_write(MotetLogLevel level, const char *source, const LogFields *about, const char *format,
               va_list args) G_GNUC_PRINTF(4, 0);

/** log_set_func: lines, escaped and cut, go to @func instead; NULL: to the output again. For
 * tests. */
void log_set_func(LogFunc func, void *data);
/** log_set_clock: µs since 1970 for time stamps and rates; NULL: the real time. For tests. */
void log_set_clock(LogClock clock, void *data);
