/*
 * log_limit: counting lines by source.
 */
#include "core/log_limit.h"

#include <string.h>

static LogSource *
find_source(LogLimit *limit, const char *name)
{
        for (unsigned i = 0; i < limit->n_sources; i++) {
                if (strncmp(limit->sources[i].name, name, LOG_SOURCE_MAX - 1) == 0)
                        return &limit->sources[i];
        }
        if (limit->n_sources == LOG_SOURCES)
                return &limit->sources[LOG_SOURCES - 1];

        LogSource *source = &limit->sources[limit->n_sources++];
        source->second = -1;
        g_strlcpy(source->name, limit->n_sources == LOG_SOURCES ? "other sources" : name,
                  LOG_SOURCE_MAX);
        return source;
}

static void
count_untold(LogLimit *limit, LogSource *source, unsigned *counter)
{
        if (source->dropped == 0 && source->repeats == 0)
                limit->n_untold++;
        (*counter)++;
}

/* The clock may have been set back: then the window is over, too. */
static bool
is_in_window(const LogSource *source, int64_t now)
{
        return now < source->repeat_until && now >= source->repeat_until - LOG_REPEAT_WINDOW;
}

static void
tell_repeats(LogSource *source, int64_t now, LogEmit emit)
{
        char text[LOG_LINE_MAX];
        const LogRecord told = {
                .time = now,
                .level = source->level,
                .source = source->name,
                .about.session = *source->session ? source->session : NULL,
                .text = text,
        };

        g_snprintf(text, sizeof text, "%u times more: ", source->repeats);
        g_strlcat(text, source->text, sizeof text);
        /* Perhaps it was cut inside a character. */
        const char *end;
        if (!g_utf8_validate(text, -1, &end))
                text[end - text] = '\0';
        source->repeats = 0;
        emit(&told);
}

static void
tell_dropped(LogSource *source, int64_t now, LogEmit emit)
{
        char text[64];
        const LogRecord told = {
                .time = now, .level = MOTET_LOG_WARN, .source = source->name, .text = text};

        g_snprintf(text, sizeof text, "%u more lines dropped", source->dropped);
        source->dropped = 0;
        emit(&told);
}

void
log_limit_tell(LogLimit *limit, int64_t now, bool all, LogEmit emit)
{
        for (unsigned i = 0; i < limit->n_sources && limit->n_untold > 0; i++) {
                LogSource *source = &limit->sources[i];
                if (source->dropped == 0 && source->repeats == 0)
                        continue;
                if (source->repeats > 0 && (all || !is_in_window(source, now)))
                        tell_repeats(source, now, emit);
                if (source->dropped > 0 && (all || source->second != now / G_USEC_PER_SEC))
                        tell_dropped(source, now, emit);
                if (source->dropped == 0 && source->repeats == 0)
                        limit->n_untold--;
        }
}

static bool
is_repeated(const LogSource *source, const LogRecord *record)
{
        const char *session = record->about.session ? record->about.session : "";

        return is_in_window(source, record->time) && record->level == source->level &&
               strcmp(record->text, source->text) == 0 && strcmp(session, source->session) == 0;
}

/* @record will be written: from now on it is the one that others repeat. */
static void
remember(LogLimit *limit, LogSource *source, const LogRecord *record, LogEmit emit)
{
        if (source->repeats > 0) {
                tell_repeats(source, record->time, emit);
                if (source->dropped == 0)
                        limit->n_untold--;
        }
        g_strlcpy(source->text, record->text, sizeof source->text);
        g_strlcpy(source->session, record->about.session ? record->about.session : "",
                  sizeof source->session);
        source->level = record->level;
        source->repeat_until = record->time + LOG_REPEAT_WINDOW;
        source->written = 0;
}

bool
log_limit_admit(LogLimit *limit, const LogRecord *record, LogEmit emit)
{
        int64_t second = record->time / G_USEC_PER_SEC;

        log_limit_tell(limit, record->time, false, emit);
        if (limit->lines_per_s == 0)
                return true;

        LogSource *source = find_source(limit, record->source);
        /* The shared slot knows no line of one source. */
        bool is_shared = source == &limit->sources[LOG_SOURCES - 1];
        bool is_again = !is_shared && is_repeated(source, record);
        if (is_again && source->written >= LOG_REPEATS) {
                count_untold(limit, source, &source->repeats);
                return false;
        }
        if (source->second != second) {
                source->second = second;
                source->lines = 0;
        }
        if (source->lines >= limit->lines_per_s) {
                count_untold(limit, source, &source->dropped);
                return false;
        }
        source->lines++;
        if (!is_shared && !is_again)
                remember(limit, source, record, emit);
        source->written++;
        return true;
}
