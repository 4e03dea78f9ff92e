/*
 * log: formats lines and hands them on: level, escape, limit, queue.
 */
#include "core/log.h"

#include <stdarg.h>
#include <string.h>

#include "core/log_crash.h"
#include "core/log_escape.h"
#include "core/log_writer.h"

#define PATIENCE_MS 1000      /* of who writes a line itself */
#define CRASH_PATIENCE_MS 100 /* of a process that is about to die, for one line */
#define CRASH_TIME (2 * G_USEC_PER_SEC)

int motet_log_ceiling = MOTET_LOG_INFO;

typedef struct {
        GMutex lock; /* guards all but motet_log_ceiling */
        LogLevels configured, commanded;
        LogLimit limit;
        LogTarget *target; /* (own) NULL: standard error */
        LogWriter writer;
        LogFunc func;
        void *func_data;
        LogClock clock;
        void *clock_data;
        LogContext context;
        void *context_data;
        GThread *context_thread;
} LogSink;

static LogSink sink = {
        .configured.level = MOTET_LOG_INFO,
        .commanded.level = LOG_LEVEL_UNSET,
        .limit.lines_per_s = LOG_LINES_PER_S,
};

/* Levels */

static void
renew_ceiling(void)
{
        int highest =
                MAX(log_levels_highest(&sink.configured), log_levels_highest(&sink.commanded));

        __atomic_store_n(&motet_log_ceiling, highest, __ATOMIC_RELAXED);
}

/* Locked. What is commanded goes before what is configured, one's own before everybody's. */
static int
level_of(const char *source)
{
        const int levels[] = {
                source ? log_levels_of(&sink.commanded, source) : LOG_LEVEL_UNSET,
                sink.commanded.level,
                source ? log_levels_of(&sink.configured, source) : LOG_LEVEL_UNSET,
        };

        for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
                if (levels[i] != LOG_LEVEL_UNSET)
                        return levels[i];
        }
        return sink.configured.level;
}

void
log_set_levels(const LogLevels *configured)
{
        g_mutex_lock(&sink.lock);
        sink.configured = *configured;
        renew_ceiling();
        g_mutex_unlock(&sink.lock);
}

void
log_set_level(MotetLogLevel level)
{
        const LogLevels levels = {.level = (int)level};

        log_set_levels(&levels);
}

bool
log_command_level(const char *source, int level)
{
        g_mutex_lock(&sink.lock);
        bool is_set = log_levels_set(&sink.commanded, source, level);
        renew_ceiling();
        g_mutex_unlock(&sink.lock);
        return is_set;
}

MotetLogLevel
log_level_of(const char *source)
{
        g_mutex_lock(&sink.lock);
        int level = level_of(source);
        g_mutex_unlock(&sink.lock);
        return (MotetLogLevel)level;
}

bool
motet_log_accepts(MotetLogLevel level, const char *source)
{
        return MOTET_LOG_PASSES(level) && level <= log_level_of(source);
}

/* Lines */

static int64_t
wall_now(void)
{
        return sink.clock ? sink.clock(sink.clock_data) : g_get_real_time();
}

/* Locked, as all below. */
static void
emit(const LogRecord *record)
{
        if (sink.func)
                sink.func(record->level, record->source, record->text, sink.func_data);
        else if (!log_writer_take(&sink.writer, record))
                log_target_write(sink.target, record, PATIENCE_MS);
}

static bool
tell_left_out(int64_t *again_out)
{
        log_limit_tell(&sink.limit, wall_now(), false, emit);
        *again_out = G_USEC_PER_SEC;
        return sink.limit.n_untold > 0;
}

static const char *
harmless(const char *value, char *buffer, size_t size)
{
        if (!value || (strlen(value) < size && !log_escape_is_needed(value)))
                return value;
        log_escape(value, strlen(value), false, buffer, size);
        return buffer;
}

static void
say(MotetLogLevel level, const char *source, const LogFields *about, const char *text)
{
        char host[LOG_HOST_MAX], jid[LOG_JID_MAX], session[LOG_SESSION_MAX];
        LogFields context = {0};

        if (about)
                context = *about;
        else if (sink.context && sink.context_thread == g_thread_self())
                sink.context(&context, sink.context_data);

        char name[LOG_SOURCE_MAX];
        const LogRecord record = {
                .time = wall_now(),
                .level = level,
                .source = harmless(source, name, sizeof name),
                .about = {.host = harmless(context.host, host, sizeof host),
                          .jid = harmless(context.jid, jid, sizeof jid),
                          .session = harmless(context.session, session, sizeof session)},
                .text = text,
        };
        if (log_limit_admit(&sink.limit, &record, emit))
                emit(&record);
}

void
log_write(MotetLogLevel level, const char *source, const LogFields *about, const char *format,
          va_list args)
{
        char raw[LOG_LINE_MAX], text[LOG_LINE_MAX];

        if (!motet_log_accepts(level, source))
                return;
        int n = g_vsnprintf(raw, sizeof raw, format, args);
        bool cut = n < 0 || (size_t)n >= sizeof raw;
        /* The line's own head (time, level, source) counts too. */
        log_escape(raw, strlen(raw), cut, text, sizeof text - LOG_SOURCE_MAX - 36);

        g_mutex_lock(&sink.lock);
        say(level, source, about, text);
        g_mutex_unlock(&sink.lock);
}

void
motet_log(MotetLogLevel level, const char *source, const char *format, ...)
{
        va_list args;

        g_return_if_fail(source != NULL && format != NULL && level <= MOTET_LOG_DEBUG);
        va_start(args, format);
        log_write(level, source, NULL, format, args);
        va_end(args);
}

/* Where they go */

bool
log_set_output(const LogOutput *output, GError **error)
{
        g_return_val_if_fail(output != NULL && output->target != NULL, false);

        LogTarget *target = log_target_new(output, error);
        if (!target)
                return false;
        g_mutex_lock(&sink.lock);
        LogTarget *former = sink.target;
        sink.target = target;
        log_writer_set_target(&sink.writer, target);
        g_mutex_unlock(&sink.lock);
        log_target_unref(former);
        return true;
}

bool
log_set_target(const char *target, GError **error)
{
        const LogOutput output = {.target = target, .format = LOG_FORMAT_AUTO};

        return log_set_output(&output, error);
}

void
log_set_rate(unsigned lines_per_s)
{
        g_mutex_lock(&sink.lock);
        sink.limit.lines_per_s = lines_per_s;
        g_mutex_unlock(&sink.lock);
}

void
log_set_context(LogContext func, void *data)
{
        g_mutex_lock(&sink.lock);
        sink.context = func;
        sink.context_data = data;
        sink.context_thread = g_thread_self();
        g_mutex_unlock(&sink.lock);
}

void
log_clear_context(const void *data)
{
        g_mutex_lock(&sink.lock);
        if (sink.context_data == data)
                sink.context = NULL;
        g_mutex_unlock(&sink.lock);
}

void
log_set_func(LogFunc func, void *data)
{
        g_mutex_lock(&sink.lock);
        sink.func = func;
        sink.func_data = data;
        g_mutex_unlock(&sink.lock);
}

void
log_set_clock(LogClock clock, void *data)
{
        g_mutex_lock(&sink.lock);
        sink.clock = clock;
        sink.clock_data = data;
        g_mutex_unlock(&sink.lock);
}

/* The thread that writes */

void
log_start(void)
{
        g_mutex_lock(&sink.lock);
        log_writer_start(&sink.writer, &sink.lock, sink.target, tell_left_out);
        g_mutex_unlock(&sink.lock);
}

uint64_t
log_n_lost(void)
{
        g_mutex_lock(&sink.lock);
        uint64_t n = sink.writer.lost_ever;
        g_mutex_unlock(&sink.lock);
        return n;
}

bool
log_flush(int64_t timeout)
{
        g_mutex_lock(&sink.lock);
        bool is_written = log_writer_flush(&sink.writer, timeout);
        g_mutex_unlock(&sink.lock);
        return is_written;
}

bool
log_stop(int64_t timeout)
{
        g_mutex_lock(&sink.lock);
        log_limit_tell(&sink.limit, wall_now(), true, emit);
        bool is_written = log_writer_stop(&sink.writer, timeout);
        g_mutex_unlock(&sink.lock);
        return is_written;
}

/* Ends of other kinds */

/*
 * In a signal handler. The lock may be held by whoever crashed, or by a thread that goes on: it is
 * waited for a while and then done without, since nobody will miss a line told twice.
 */
static void
write_before_death(const char *what)
{
        bool is_locked = false;

        for (int i = 0; !is_locked && i < 10; i++) {
                is_locked = g_mutex_trylock(&sink.lock);
                if (!is_locked)
                        g_usleep(1000);
        }
        const LogRecord record = {
                .time = wall_now(),
                .level = MOTET_LOG_ERROR,
                .source = "main",
                .text = what,
        };
        log_writer_drain(&sink.writer, CRASH_PATIENCE_MS, CRASH_TIME);
        if (!sink.func)
                log_target_write(sink.target, &record, CRASH_PATIENCE_MS);
        if (is_locked)
                g_mutex_unlock(&sink.lock);
}

void
log_catch_crashes(void)
{
        log_crash_catch(write_before_death);
}

static GLogWriterOutput
take_from_glib(GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer data)
{
        MotetLogLevel level = MOTET_LOG_DEBUG;
        const char *text = "";

        (void)data;
        if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
                level = MOTET_LOG_ERROR;
        else if (flags & G_LOG_LEVEL_WARNING)
                level = MOTET_LOG_WARN;
        else if (flags & G_LOG_LEVEL_MESSAGE)
                level = MOTET_LOG_INFO;
        for (gsize i = 0; i < n_fields; i++) {
                if (strcmp(fields[i].key, "MESSAGE") == 0 && fields[i].length == -1)
                        text = fields[i].value;
        }
        motet_log(level, "glib", "%s", text);
        return G_LOG_WRITER_HANDLED;
}

void
log_catch_glib(void)
{
        g_log_set_writer_func(take_from_glib, NULL, NULL);
}
