/*
 * log_target: a place lines are written to, and how they look there.
 */
#pragma once

#include "core/log_record.h"

typedef enum {
        LOG_FORMAT_AUTO, /* the journal's protocol when standard error is the journal, else text */
        LOG_FORMAT_JOURNAL, /* the journal's protocol */
        LOG_FORMAT_TEXT,    /* lines; coloured on a terminal, unless $NO_COLOR is set */
        LOG_FORMAT_JSON,    /* one object a line */
} LogFormat;

/** LogOutput: a place as asked for. */
typedef struct {
        const char *target; /* "stderr", "journal", or an absolute path of a file to append to */
        LogFormat format;
        const char *journal_socket; /* NULL: the usual one; for tests */
} LogOutput;

typedef struct LogTarget LogTarget;

/** log_target_new: @error: set to MOTET_ERROR_IO, or MOTET_ERROR_CONFIG for an output that makes no
 * sense. Returns: (own) */
LogTarget *log_target_new(const LogOutput *output, GError **error);
/** log_target_ref / log_target_unref: from any thread; the last one closes it */
LogTarget *log_target_ref(LogTarget *target);
void log_target_unref(LogTarget *target);
/**
 * log_target_write:
 * @target: NULL: standard error, text
 * @patience_ms: how long to wait, all in all, for a place that takes nothing; -1: for ever
 *
 * Writes one line, and to standard error what the journal does not take. Async-signal-safe.
 */
void log_target_write(const LogTarget *target, const LogRecord *record, int patience_ms);
