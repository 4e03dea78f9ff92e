/*
 * log: where lines go, which are written, and how many of one source.
 *
 * The sink is the one global of the server. All functions may be called from any thread.
 */
#pragma once

#include <motet/log.h>

#define LOG_LINE_MAX 1024u   /* bytes of one line, without its newline */
#define LOG_LINES_PER_S 100u /* of one source, unless log_set_rate() says otherwise */

typedef void (*LogFunc)(MotetLogLevel level, const char *source, const char *text, void *data);
typedef int64_t (*LogClock)(void *data);

/** log_set_level: lines above @level are not written; the default is MOTET_LOG_INFO */
void log_set_level(MotetLogLevel level);
/** log_level_parse: "error", "warn", "info" or "debug". Returns: false for another @name, leaving
 * @level_out alone */
bool log_level_parse(const char *name, MotetLogLevel *level_out);

/**
 * log_set_target:
 * @target: "stderr", "journal", or an absolute path of a file to append to; the same path again
 * reopens it
 * @error: set to MOTET_ERROR_IO, or MOTET_ERROR_CONFIG for a target that is none of these
 *
 * Returns: false with @error set, the former target still in use
 */
bool log_set_target(const char *target, GError **error);

/** log_set_journal: as log_set_target() with "journal", at another socket than the usual one. For tests. */
bool log_set_journal(const char *socket_path, GError **error);

/** log_set_func: lines, escaped and cut, go to @func instead; NULL: to the target again. For tests.
 */
void log_set_func(LogFunc func, void *data);
/** log_set_rate: lines of one source in one second; beyond them lines are dropped and counted. 0:
 * no limit */
void log_set_rate(unsigned lines_per_s);
/** log_set_clock: µs since 1970 for time stamps and rates; NULL: the real time. For tests. */
void log_set_clock(LogClock clock, void *data);
