/*
 * log: one event, one line. The line names the module or core file it comes from.
 *
 * Control characters and bytes that are not UTF-8 are escaped and a line is cut at 1 KB, so a peer's text may be
 * passed as an argument. Never pass a password, a token, a SASL payload or a message body.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

typedef enum {
        MOTET_LOG_ERROR, /* the server cannot do its job */
        MOTET_LOG_WARN,  /* something failed and the server carries on */
        MOTET_LOG_INFO, /* what an operator wants to see once: started, stopped, reloaded, logged in */
        MOTET_LOG_DEBUG, /* a peer's mistakes, and details for developers */
} MotetLogLevel;

/**
 * motet_log:
 * @level: how important; below the configured level nothing is formatted
 * @source: (borrowed) module name or core file without suffix
 * @format: printf format
 *
 * Writes one line to the log sink. May be called from any thread.
 */
MOTET_API void motet_log(MotetLogLevel level, const char *source, const char *format, ...)
        G_GNUC_PRINTF(3, 4);

/** motet_log_enabled: whether a line of @level would be written, to save work for expensive arguments */
MOTET_API bool motet_log_enabled(MotetLogLevel level);

/* MOTET_LOG_SOURCE is set by the build for each target: the module's name, or the core file's. */
#define motet_error(...) motet_log(MOTET_LOG_ERROR, MOTET_LOG_SOURCE, __VA_ARGS__)
#define motet_warn(...) motet_log(MOTET_LOG_WARN, MOTET_LOG_SOURCE, __VA_ARGS__)
#define motet_info(...) motet_log(MOTET_LOG_INFO, MOTET_LOG_SOURCE, __VA_ARGS__)
#define motet_debug(...)                                                                           \
        do {                                                                                       \
                if (motet_log_enabled(MOTET_LOG_DEBUG))                                            \
                        motet_log(MOTET_LOG_DEBUG, MOTET_LOG_SOURCE, __VA_ARGS__);                 \
        } while (0)

G_END_DECLS
