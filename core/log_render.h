/*
 * log_render: a record as one line of text, coloured or not, or as one JSON object.
 */
#pragma once

#include "core/log_record.h"

typedef enum {
        LOG_STYLE_PLAIN,    /* time, level, source, whom it is about, text */
        LOG_STYLE_COLOUR,   /* the same with terminal sequences */
        LOG_STYLE_PRIORITY, /* "<6>" instead of time and level, as of sd-daemon(3) */
        LOG_STYLE_JSON,     /* RFC 8259, one object */
        LOG_STYLE_PRIORITY_JSON,
} LogStyle;

/* Everything in it may need two bytes in JSON; and names, time, level. */
#define LOG_RENDERED_MAX                                                                           \
        (2 * (LOG_LINE_MAX + LOG_SOURCE_MAX + LOG_HOST_MAX + LOG_JID_MAX + LOG_SESSION_MAX) + 256)

/* Does not allocate and calls nothing that is not async-signal-safe (signal-safety(7)). */
typedef struct {
        size_t n;
        char bytes[LOG_RENDERED_MAX]; /* not NUL-terminated */
} LogLine;

/** log_render: @line_out: gets @record in @style, with a line feed */
void log_render(const LogRecord *record, LogStyle style, LogLine *line_out);
/** log_priority: Returns: the priority of @level, as of syslog(3) */
unsigned log_priority(MotetLogLevel level);

void log_line_append(LogLine *line, const char *text);
void log_line_append_n(LogLine *line, const char *bytes, size_t n);
/** log_line_append_unsigned: decimal, with zeros in front up to @width digits */
void log_line_append_unsigned(LogLine *line, uint64_t value, unsigned width);
