/*
 * log_render: a record as one line of text, coloured or not, or as one JSON object.
 *
 * Also used while the process crashes: no allocation, no locale, no time zone.
 *
 * Source: RFC 3339, RFC 8259, sd-daemon(3).
 */
#include "core/log_render.h"

#include <string.h>

#include "core/log_level.h"

#define SECONDS_PER_DAY 86400
#define SESSION_SHOWN 8 /* characters of a session's id that tell it from others on a screen */
#define DIM "\033[2m"
#define RESET "\033[0m"

static const char *const colours[] = {
        [MOTET_LOG_ERROR] = "\033[1;31m",
        [MOTET_LOG_WARN] = "\033[33m",
        [MOTET_LOG_INFO] = "\033[32m",
        [MOTET_LOG_DEBUG] = "\033[34m",
};

unsigned
log_priority(MotetLogLevel level)
{
        static const unsigned priorities[] = {
                [MOTET_LOG_ERROR] = 3,
                [MOTET_LOG_WARN] = 4,
                [MOTET_LOG_INFO] = 6,
                [MOTET_LOG_DEBUG] = 7,
        };

        return priorities[level];
}

void
log_line_append_n(LogLine *line, const char *bytes, size_t n)
{
        size_t fits = MIN(n, sizeof line->bytes - line->n);

        memcpy(line->bytes + line->n, bytes, fits);
        line->n += fits;
}

void
log_line_append(LogLine *line, const char *text)
{
        log_line_append_n(line, text, strlen(text));
}

void
log_line_append_unsigned(LogLine *line, uint64_t value, unsigned width)
{
        char digits[20];
        unsigned n = 0;

        for (; value > 0 || n == 0; value /= 10)
                digits[sizeof digits - ++n] = (char)('0' + value % 10);
        while (n < MIN(width, sizeof digits))
                digits[sizeof digits - ++n] = '0';
        log_line_append_n(line, digits + sizeof digits - n, n);
}

/* The proleptic Gregorian date @days after 1970-01-01, in eras of 400 years from March on. */
static void
append_date(LogLine *line, uint64_t days)
{
        uint64_t shifted = days + 719468; /* since 0000-03-01 */
        uint64_t era = shifted / 146097, in_era = shifted % 146097;
        uint64_t year =
                (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365; /* of the era */
        uint64_t in_year = in_era - (365 * year + year / 4 - year / 100);
        uint64_t month = (5 * in_year + 2) / 153; /* 0 is March */

        log_line_append_unsigned(line, era * 400 + year + (month >= 10), 4);
        log_line_append(line, "-");
        log_line_append_unsigned(line, month < 10 ? month + 3 : month - 9, 2);
        log_line_append(line, "-");
        log_line_append_unsigned(line, in_year - (153 * month + 2) / 5 + 1, 2);
}

/* RFC 3339 5.6 in UTC, with @digits of the fraction. */
static void
append_time(LogLine *line, int64_t time, unsigned digits)
{
        uint64_t us = (uint64_t)MAX(time, 0), fraction = us % G_USEC_PER_SEC;
        uint64_t seconds = us / G_USEC_PER_SEC, of_day = seconds % SECONDS_PER_DAY;

        append_date(line, seconds / SECONDS_PER_DAY);
        log_line_append(line, "T");
        log_line_append_unsigned(line, of_day / 3600, 2);
        log_line_append(line, ":");
        log_line_append_unsigned(line, of_day / 60 % 60, 2);
        log_line_append(line, ":");
        log_line_append_unsigned(line, of_day % 60, 2);
        log_line_append(line, ".");
        log_line_append_unsigned(line, digits == 3 ? fraction / 1000 : fraction, digits);
        log_line_append(line, "Z");
}

/*
 * " [romeo@example.org 3f9a12c0]": the account or else the host, and which session. It stands
 * before the text, where no peer can write, and holds no resource, which a peer chooses.
 */
static void
append_about(LogLine *line, const LogFields *about)
{
        const char *who = about->jid ? about->jid : about->host;

        if (!who && !about->session)
                return;
        log_line_append(line, " [");
        if (who)
                log_line_append_n(line, who, strcspn(who, "/"));
        if (who && about->session)
                log_line_append(line, " ");
        if (about->session)
                log_line_append_n(line, about->session, strnlen(about->session, SESSION_SHOWN));
        log_line_append(line, "]");
}

static void
render_text(const LogRecord *record, LogStyle style, LogLine *line)
{
        bool is_coloured = style == LOG_STYLE_COLOUR;

        if (style != LOG_STYLE_PRIORITY) {
                log_line_append(line, is_coloured ? DIM : "");
                append_time(line, record->time, 3);
                log_line_append(line, is_coloured ? RESET " " : " ");
                log_line_append(line, is_coloured ? colours[record->level] : "");
                log_line_append(line, log_level_name(record->level));
                log_line_append(line, is_coloured ? RESET " " : " ");
        }
        log_line_append(line, record->source);
        log_line_append(line, is_coloured ? DIM : "");
        append_about(line, &record->about);
        log_line_append(line, is_coloured ? RESET ": " : ": ");
        log_line_append(line, record->text);
}

/* RFC 8259 7. Control characters are escaped already; a backslash of that is text here. */
static void
append_member(LogLine *line, const char *name, const char *value)
{
        if (!value)
                return;
        log_line_append(line, ",\"");
        log_line_append(line, name);
        log_line_append(line, "\":\"");
        while (*value) {
                size_t n = strcspn(value, "\"\\");
                log_line_append_n(line, value, n);
                value += n;
                if (!*value)
                        break;
                log_line_append(line, "\\");
                log_line_append_n(line, value++, 1);
        }
        log_line_append(line, "\"");
}

static void
render_json(const LogRecord *record, LogLine *line)
{
        log_line_append(line, "{\"time\":\"");
        append_time(line, record->time, 6);
        log_line_append(line, "\"");
        append_member(line, "level", log_level_name(record->level));
        append_member(line, "module", record->source);
        append_member(line, "host", record->about.host);
        append_member(line, "jid", record->about.jid);
        append_member(line, "session", record->about.session);
        append_member(line, "message", record->text);
        log_line_append(line, "}");
}

void
log_render(const LogRecord *record, LogStyle style, LogLine *line_out)
{
        line_out->n = 0;
        if (style == LOG_STYLE_PRIORITY || style == LOG_STYLE_PRIORITY_JSON) {
                log_line_append(line_out, "<");
                log_line_append_unsigned(line_out, log_priority(record->level), 1);
                log_line_append(line_out, ">");
        }
        if (style == LOG_STYLE_JSON || style == LOG_STYLE_PRIORITY_JSON)
                render_json(record, line_out);
        else
                render_text(record, style, line_out);
        log_line_append(line_out, "\n");
}
