/*
 * log_limit: how many lines of one source are written, and how often one that is said again and
 * again.
 *
 * What was left out is told with the next line of whomever, or by log_limit_tell().
 */
#pragma once

#include "core/log_record.h"

#define LOG_LINES_PER_S 100u /* of one source, unless it is configured */
#define LOG_SOURCES 64u      /* counted separately; the last slot is shared by the rest */
#define LOG_REPEATS 3u       /* that often the same line is written; then it is only counted */
#define LOG_REPEAT_WINDOW (10 * G_USEC_PER_SEC) /* until so long after it was first said */

typedef void (*LogEmit)(const LogRecord *record);

typedef struct {
        char name[LOG_SOURCE_MAX];
        int64_t second;   /* the second @lines belongs to */
        unsigned lines;   /* written in it */
        unsigned dropped; /* not written, not yet told */
        /* The line written last: how often it was written and then only counted, and until when. */
        char text[LOG_LINE_MAX], session[LOG_SESSION_MAX];
        MotetLogLevel level;
        int64_t repeat_until;
        unsigned written, repeats;
} LogSource;

typedef struct {
        unsigned lines_per_s; /* 0: no limit, and nothing is left out */
        unsigned n_sources;
        unsigned n_untold; /* sources with dropped or repeats > 0 */
        LogSource sources[LOG_SOURCES];
} LogLimit;

/** log_limit_admit: tells what is due, then decides. Returns: whether @record is to be written */
bool log_limit_admit(LogLimit *limit, const LogRecord *record, LogEmit emit);
/** log_limit_tell: tells what was left out: in seconds and windows that are over at @now, or
 * @all */
void log_limit_tell(LogLimit *limit, int64_t now, bool all, LogEmit emit);
