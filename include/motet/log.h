/*
 * log: one event, one line. The line names the module or core file it comes from, and the host,
 * account and session it is about.
 *
 * Control characters, what turns the direction of text around and bytes that are not UTF-8 are
 * escaped and the text is cut at 1 KB, so a peer's text may be passed as an argument. Never pass a
 * password, a token, a SASL payload or a message body.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

/** MotetLogLevel: how important a line is. */
typedef enum {
        MOTET_LOG_ERROR, /* the server cannot do its job */
        MOTET_LOG_WARN,  /* something failed and the server carries on */
        MOTET_LOG_INFO, /* what an operator wants to see once: started, stopped, reloaded, logged in
                         */
        MOTET_LOG_DEBUG, /* a peer's mistakes, and details for developers */
} MotetLogLevel;

/**
 * motet_log:
 * @level: how important; below the level of @source nothing is formatted
 * @source: (borrowed) module name or core file without suffix
 * @format: printf format
 *
 * Writes one line to the log. It is about the session whose event is being handled, if any, and
 * else about the host of the module that is running. Does not wait for whoever reads the log: lines
 * that find no room are counted and told later. May be called from any thread.
 */
MOTET_API void motet_log(MotetLogLevel level, const char *source, const char *format, ...)
        G_GNUC_PRINTF(3, 4);

/**
 * motet_log_session:
 * @level, @source: as for motet_log()
 * @session: (borrowed) whom the line is about; NULL: as motet_log()
 *
 * Writes one line about @session, for whoever knows better than the event being handled: after
 * waiting, or when it is about somebody else than the sender. On the core thread only.
 */
MOTET_API void motet_log_session(MotetLogLevel level, const char *source,
                                 const MotetSession *session, const char *format, ...)
        G_GNUC_PRINTF(4, 5);

/**
 * motet_log_accepts:
 * @level, @source: as for motet_log()
 *
 * Returns: whether a line of @level from @source would be written; from any thread
 */
MOTET_API bool motet_log_accepts(MotetLogLevel level, const char *source);

/** motet_log_ceiling: no line above this level is written, whoever says it. Read by the macros
 * below, written by core only. */
extern MOTET_API int motet_log_ceiling;

/**
 * MOTET_LOG_PASSES:
 * @level_: a MotetLogLevel
 *
 * Whether anybody's line of that level would be written: one compare, from any thread.
 */
#define MOTET_LOG_PASSES(level_)                                                                   \
        ((int)(level_) <= __atomic_load_n(&motet_log_ceiling, __ATOMIC_RELAXED))

/* MOTET_LOG_SOURCE is set by the build for each target: the module's name, or the core file's. */

/**
 * motet_log_enabled:
 * @level_: a MotetLogLevel
 *
 * Whether a line of this level of this module would be written, to save work for expensive
 * arguments.
 */
#define motet_log_enabled(level_)                                                                  \
        (MOTET_LOG_PASSES(level_) && motet_log_accepts((level_), MOTET_LOG_SOURCE))

/**
 * MOTET_LOG_AT:
 * @level_: a MotetLogLevel
 * @...: format and arguments of motet_log()
 *
 * Writes a line. A level that is off costs one compare: nothing is called and no argument is
 * evaluated.
 */
#define MOTET_LOG_AT(level_, ...)                                                                  \
        do {                                                                                       \
                if (MOTET_LOG_PASSES(level_))                                                      \
                        motet_log((level_), MOTET_LOG_SOURCE, __VA_ARGS__);                        \
        } while (0)
/**
 * MOTET_LOG_SESSION_AT:
 * @level_: a MotetLogLevel
 * @session_: as for motet_log_session()
 * @...: format and arguments of motet_log_session()
 *
 * Writes a line about a session, as MOTET_LOG_AT() does.
 */
#define MOTET_LOG_SESSION_AT(level_, session_, ...)                                                \
        do {                                                                                       \
                if (MOTET_LOG_PASSES(level_))                                                      \
                        motet_log_session((level_), MOTET_LOG_SOURCE, (session_), __VA_ARGS__);    \
        } while (0)

/**
 * motet_error / motet_warn / motet_info / motet_debug:
 * @...: format and arguments of motet_log()
 *
 * MOTET_LOG_AT() of that level.
 */
#define motet_error(...) MOTET_LOG_AT(MOTET_LOG_ERROR, __VA_ARGS__)
#define motet_warn(...) MOTET_LOG_AT(MOTET_LOG_WARN, __VA_ARGS__)
#define motet_info(...) MOTET_LOG_AT(MOTET_LOG_INFO, __VA_ARGS__)
#define motet_debug(...) MOTET_LOG_AT(MOTET_LOG_DEBUG, __VA_ARGS__)

/**
 * motet_session_warn / motet_session_info / motet_session_debug:
 * @session_: as for motet_log_session()
 * @...: format and arguments of motet_log_session()
 *
 * MOTET_LOG_SESSION_AT() of that level.
 */
#define motet_session_warn(session_, ...)                                                          \
        MOTET_LOG_SESSION_AT(MOTET_LOG_WARN, session_, __VA_ARGS__)
#define motet_session_info(session_, ...)                                                          \
        MOTET_LOG_SESSION_AT(MOTET_LOG_INFO, session_, __VA_ARGS__)
#define motet_session_debug(session_, ...)                                                         \
        MOTET_LOG_SESSION_AT(MOTET_LOG_DEBUG, session_, __VA_ARGS__)

G_END_DECLS
