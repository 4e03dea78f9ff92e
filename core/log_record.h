/*
 * log_record: one line as it goes from who says it to where it is written.
 */
#pragma once

#include <motet/log.h>

#define LOG_LINE_MAX 1024u   /* bytes of a text, escaped, with its NUL */
#define LOG_SOURCE_MAX 32u   /* bytes of a source's name that tell it from others, with its NUL */
#define LOG_HOST_MAX 1024u   /* RFC 7622 3.2: 1023 bytes, and NUL */
#define LOG_JID_MAX 3072u    /* RFC 7622 3.1: 3071 bytes, and NUL */
#define LOG_SESSION_MAX 128u /* bytes of a stream id */

/** LogFields: whom a line is about; each NULL when nobody knows. */
typedef struct {
        const char *host;    /* prepared domain */
        const char *jid;     /* full once bound, bare after authentication */
        const char *session; /* stream id */
} LogFields;

/** LogRecord: nothing in it needs escaping any more. Strings are borrowed. */
typedef struct {
        int64_t time; /* µs since 1970 */
        MotetLogLevel level;
        const char *source;
        LogFields about;
        const char *text;
} LogRecord;
