/*
 * option: typed options of a module. They are checked before any code of the module runs, so what a
 * module reads is valid.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

/** MotetOptionType: how a value is written, and what reads it. */
typedef enum {
        MOTET_OPTION_BOOL,     /* true, false; motet_option_bool() */
        MOTET_OPTION_INT,      /* an integer in min..max; motet_option_int() */
        MOTET_OPTION_SIZE,     /* 65536, 64 KiB, 1 MB; motet_option_int() in bytes */
        MOTET_OPTION_DURATION, /* 300s, 5m, 12h, 2d, 250ms; motet_option_int() in µs */
        MOTET_OPTION_STRING,   /* text of min..max bytes; motet_option_string() */
        MOTET_OPTION_ENUM,     /* one of values; motet_option_string() */
        MOTET_OPTION_LIST,     /* strings of min..max bytes, or of values; motet_option_list() */
        MOTET_OPTION_INTS,     /* integers in min..max; motet_option_list() */
        MOTET_OPTION_PATH,    /* a file; motet_option_string(), absolute. As written, it is relative
                                  to the config's folder; as a default, to data_dir */
        MOTET_OPTION_JID,     /* a bare address; motet_option_string(), prepared */
        MOTET_OPTION_DOMAIN,  /* a domain; motet_option_string(), prepared */
        MOTET_OPTION_ADDRESS, /* a numeric IP address, or one of values; motet_option_string() */
        MOTET_OPTION_JIDS,    /* lists of those; motet_option_list() */
        MOTET_OPTION_DOMAINS,
        MOTET_OPTION_ADDRESSES,
        /* text of min..max bytes (both 0: at most 4096), without default: as written, or in a file,
         * {file: PATH}, or a credential of the service, {credential: NAME}; a line feed at the end
         * does not count. Shown nowhere; motet_option_secret() */
        MOTET_OPTION_SECRET,
} MotetOptionType;

/**
 * MotetOption: one row of a module's option table, in its constant data.
 *
 * Growth: the size of a row is fixed within a major number of MOTET_ABI, because rows of modules
 * built before are that far apart. What is added later uses the reserved field.
 */
typedef struct {
        const char *key;           /* snake_case; NULL ends a table */
        MotetOptionType type;      /* how it is written */
        const char *fallback;      /* default, written as in YAML: "30s", "[5222]"; NULL: unset */
        int64_t min, max;          /* inclusive: the integer, bytes, or µs; both 0: no range */
        const char *const *values; /* for ENUM and LIST: what is allowed; NULL: anything. For
                                      ADDRESS: words that are allowed too */
        const char *help;          /* one sentence for operators */
        const void *reserved;      /* NULL */
} MotetOption;

/**
 * motet_option_bool:
 * @self: whose option; the functions below are alike
 * @key: as in its table; a key that is not there, or of a type that this function does not read,
 * ends the server: it is an error of the program that the first run shows
 *
 * Returns: the value in force; false when unset and without default
 */
MOTET_API bool motet_option_bool(const MotetModule *self, const char *key);
/**
 * motet_option_int:
 * @key: of type INT, SIZE (bytes) or DURATION (µs)
 *
 * Returns: the value in force, inside its range; 0 when unset and without default
 */
MOTET_API int64_t motet_option_int(const MotetModule *self, const char *key);
/**
 * motet_option_string:
 * @key: of type STRING, ENUM, PATH, JID, DOMAIN or ADDRESS
 *
 * Returns: (borrowed) until the next reload; NULL when unset and without default
 */
MOTET_API const char *motet_option_string(const MotetModule *self, const char *key);
/**
 * motet_option_list:
 * @key: of type LIST, INTS, JIDS, DOMAINS or ADDRESSES
 *
 * Returns: (borrowed) NULL-terminated, until the next reload; empty when unset
 */
MOTET_API const char *const *motet_option_list(const MotetModule *self, const char *key);
/**
 * motet_option_secret:
 * @key: of type SECRET
 *
 * Copies are the caller's to wipe; it goes into no log and no answer.
 *
 * Returns: (borrowed) until the next reload, when it is wiped; NULL when unset
 */
MOTET_API const char *motet_option_secret(const MotetModule *self, const char *key);

G_END_DECLS
