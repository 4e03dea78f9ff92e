/*
 * command: what operators call with motetctl; declared in a module's descriptor, run on the core
 * thread.
 *
 * One declaration serves the tool, its help, its manual page and the completion of the shell, and
 * whoever else lets somebody give commands: the core checks the arguments against their types, and
 * whether who asks may ask that. A command of a host-scoped module is run by the instance of the
 * host that its first argument names (an address or a domain).
 */
#pragma once

#include <motet/types.h>

/* Rows of the tables below gain fields at their end: one that leaves them out is right. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

G_BEGIN_DECLS

typedef struct MotetCommand MotetCommand;

/** MotetCommandFunc: answers with motet_command_print() any number of times and
 * motet_command_finish() once, now or later. */
typedef void (*MotetCommandFunc)(MotetModule *self, MotetCommand *command);

typedef enum {
        MOTET_ARG_STRING,
        MOTET_ARG_JID,     /* a bare address of a host we serve, prepared */
        MOTET_ARG_HOST,    /* a domain we serve, prepared */
        MOTET_ARG_SECRET,  /* from a prompt or standard input, never on a command line */
        MOTET_ARG_FLAG,    /* an option without a value: its own name when given */
        MOTET_ARG_ADDRESS, /* as JID, or with a resource */
        MOTET_ARG_PERIOD,  /* "90s", "10m": of min..max, in µs */
        MOTET_ARG_NUMBER,  /* of min..max, both ≥ 0 */
        MOTET_ARG_WORD,    /* one of words */
} MotetArgType;

typedef struct {
        /* for the usage line; "--name" is an option: optional, anywhere behind the command's words,
         * with its value in the next word (or "--name=value") unless it is a flag; NULL ends a
         * table */
        const char *name;
        MotetArgType type;
        bool optional;            /* only at the end */
        const char *const *words; /* WORD: NULL-terminated */
        int64_t min, max;         /* PERIOD, NUMBER */
} MotetArg;

/** MotetCommandRight: who may give a command. */
typedef enum {
        MOTET_FOR_OPERATOR, /* who runs the server */
        MOTET_FOR_ADMIN,    /* also an administrator of a host, about that host */
        MOTET_FOR_SELF,     /* also everybody, about their own account */
} MotetCommandRight;

/** MotetCommandDecl: one row of a descriptor's .commands. */
typedef struct MotetCommandDecl {
        const char *name;     /* "user add"; NULL ends a table */
        const MotetArg *args; /* NULL: none */
        const char *help;     /* one line */
        MotetCommandFunc run;
        MotetCommandRight right;
} MotetCommandDecl;

/** motet_command_arg: Returns: (borrowed) the argument as checked and prepared; NULL when an
 * optional one was not given */
MOTET_API const char *motet_command_arg(const MotetCommand *command, const char *name);
/** motet_command_number: Returns: a PERIOD in µs, or a NUMBER; 0 when it was not given */
MOTET_API int64_t motet_command_number(const MotetCommand *command, const char *name);
/** motet_command_print: adds one line for standard output (without line feed) */
MOTET_API void motet_command_print(MotetCommand *command, const char *format, ...)
        G_GNUC_PRINTF(2, 3);
/** motet_command_finish: ends the command; @error (NULL on success) is taken, is printed and
 * becomes the exit code */
MOTET_API void motet_command_finish(MotetCommand *command, GError *error);

G_END_DECLS
