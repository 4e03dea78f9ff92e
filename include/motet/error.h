/*
 * error: the GError domain for what operators and machines get wrong, and the exit codes they
 * become.
 *
 * A peer's mistakes are not errors in C: they are answered with a MotetCondition (stanza.h).
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

#define MOTET_ERROR motet_error_quark() /* the domain */

/** MotetError: the codes of MOTET_ERROR, by who can mend it. */
typedef enum {
        MOTET_ERROR_CONFIG,    /* the configuration is wrong                       (exit 78) */
        MOTET_ERROR_IO,        /* a file, socket or system call failed             (exit 74) */
        MOTET_ERROR_TLS,       /* a certificate, key or TLS setting is unusable    (exit 78) */
        MOTET_ERROR_MODULE,    /* a module cannot be opened or refused to load     (exit 78) */
        MOTET_ERROR_STORE,     /* storage failed or is damaged                     (exit 74) */
        MOTET_ERROR_XML,       /* text that should be XML is not                   (exit 65) */
        MOTET_ERROR_EXISTS,    /* what should be created is there already, or cannot be (exit 73) */
        MOTET_ERROR_MISSING,   /* what should be used is not there                 (exit 69) */
        MOTET_ERROR_USAGE,     /* a command was called wrongly                     (exit 64) */
        MOTET_ERROR_CANCELLED, /* its module or the server is stopping           (exit 75) */
        MOTET_ERROR_DENIED,    /* who asks may not                                (exit 77) */
        MOTET_ERROR_BUSY,      /* too much waits already: try again later         (exit 75) */
} MotetError;

/** motet_error_quark: Returns: the domain MOTET_ERROR, as GLib's errors want it */
MOTET_API GQuark motet_error_quark(void);

/**
 * motet_error_exit_code:
 * @error: (borrowed) what went wrong
 *
 * Returns: the sysexits code for @error, 70 for one of another domain
 */
MOTET_API int motet_error_exit_code(const GError *error);

G_END_DECLS
