/*
 * check: what is wrong, found before it hurts: a table of checks, run while the server is stopped
 * or running. Nothing is changed by one.
 */
#pragma once

#include "core/module.h"

/* What checks look at. */
typedef struct {
        const char *config_file;
        const char *root;         /* what paths of the machine begin with: "" but in tests */
        const char *resolver;     /* ADDRESS or ADDRESS:PORT; NULL: that of the machine */
        bool as_user;             /* what depends on who runs the server is asked as that user */
        bool is_user;             /* this process became that user */
        Config *config;           /* (own) NULL: it could not be read at all */
        Modules *modules;         /* (own) not running; NULL without config */
        ConfigFindings *findings; /* what config_load() found is in it already */
} CheckContext;

/* One row of the table. It looks for the findings that begin with its name and a dot. */
typedef struct {
        const char *name; /* NULL ends a table */
        const char *summary;
        /* Not called without config. */
        void (*run)(CheckContext *context);
        bool on_request;  /* tells more than what is wrong, or asks others: only when it is named */
        bool asks_others; /* waits for answers of the network */
} Check;

extern const Check checks[];

/* The rows, each in a file of its own. */
void check_config(CheckContext *context);
void check_domains(CheckContext *context);
void check_certs(CheckContext *context);
void check_limits(CheckContext *context);
void check_security(CheckContext *context);
void check_storage(CheckContext *context);
void check_listen(CheckContext *context);
void check_features(CheckContext *context);
void check_dns(CheckContext *context);

typedef struct {
        const char *config_file;
        const char *const *names; /* of checks; NULL or empty: all but those on request */
        const char *root;         /* NULL: "" */
        const char *resolver;     /* not NULL: DNS is checked as well */
        bool as_user;             /* as root: certificates and storage are looked at by the user
                                     that the server becomes, in a process of its own */
        bool json;                /* an array of findings, nothing else */
        bool strict;              /* warnings count, notes never do */
        bool serving;             /* on the core thread of a server, which waits for nobody */
} CheckParams;

enum { CHECK_CLEAN = 0, CHECK_WARNINGS = 1, CHECK_ERRORS = 2 };

/** CheckPrint: takes a line of output, without line feed */
typedef void (*CheckPrint)(void *data, const char *line);

/**
 * check_run:
 *
 * Runs checks and prints every finding: as text with its line of the file, or as JSON. What keeps
 * the configuration from being read is told whichever checks were asked for.
 *
 * Returns: an exit code: CHECK_CLEAN, CHECK_WARNINGS (strict only) or CHECK_ERRORS; 64 with @error
 * when there is no such check
 */
int check_run(const CheckParams *params, CheckPrint print, void *data, GError **error);
/** check_exit_code: @strict: warnings count, notes never do */
int check_exit_code(const ConfigFindings *findings, bool strict);

/** check_explain: prints what there is to know of the finding @name, of all when NULL. Returns:
 * false with MOTET_ERROR_USAGE when there is none */
bool check_explain(const char *name, CheckPrint print, void *data, GError **error);

/**
 * check_words:
 * @words: (borrowed) what follows "check" on a command line
 *
 * Reads words into @params; its names point into @words and into @names, which becomes
 * NULL-terminated. Returns: false with MOTET_ERROR_USAGE
 */
bool check_words(const char *const *words, CheckParams *params, GPtrArray *names, GError **error);
