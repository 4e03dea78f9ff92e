/*
 * command: what operators call with motetctl; declared in a module's descriptor, run on the core
 * thread.
 *
 * A command of a host-scoped module is run by the instance of the host that its first argument
 * names (an address or a domain).
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

typedef struct MotetCommand MotetCommand;

/** MotetCommandFunc: answers with motet_command_print() any number of times and
 * motet_command_finish() once, now or later. */
typedef void (*MotetCommandFunc)(MotetModule *self, MotetCommand *command);

typedef enum {
        MOTET_ARG_STRING,
        MOTET_ARG_JID,    /* a bare address of a host we serve, prepared */
        MOTET_ARG_HOST,   /* a domain we serve, prepared */
        MOTET_ARG_SECRET, /* from a prompt or standard input, never on a command line */
} MotetArgType;

typedef struct {
        const char *name; /* for the usage line; NULL ends a table */
        MotetArgType type;
        bool optional; /* only at the end */
} MotetArg;

/** MotetCommandDecl: one row of a descriptor's .commands. */
typedef struct MotetCommandDecl {
        const char *name;     /* "user add"; NULL ends a table */
        const MotetArg *args; /* NULL: none */
        const char *help;     /* one line */
        MotetCommandFunc run;
} MotetCommandDecl;

/** motet_command_arg: Returns: (borrowed) the argument as checked and prepared; NULL when an
 * optional one was not given */
MOTET_API const char *motet_command_arg(const MotetCommand *command, const char *name);
/** motet_command_print: adds one line for standard output (without line feed) */
MOTET_API void motet_command_print(MotetCommand *command, const char *format, ...)
        G_GNUC_PRINTF(2, 3);
/** motet_command_finish: ends the command; @error (NULL on success) is taken, is printed and
 * becomes the exit code */
MOTET_API void motet_command_finish(MotetCommand *command, GError *error);

G_END_DECLS
