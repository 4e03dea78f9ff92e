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

/* A row that leaves out its last fields, which then are 0 or NULL, is right. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

G_BEGIN_DECLS

typedef struct MotetCommand MotetCommand; /* a command that was given and not finished yet */

/**
 * MotetCommandFunc:
 * @command: (own) until it is finished
 *
 * Runs a command whose arguments were found right. Answers with motet_command_print() any number of
 * times and motet_command_finish() once, before it returns or later. When @self stops first, the
 * command is ended for it (MOTET_ERROR_CANCELLED) and is gone when unload is called. Must not
 * block.
 */
typedef void (*MotetCommandFunc)(MotetModule *self, MotetCommand *command);

/** MotetArgType: what an argument must be, and what motet_command_arg() makes of it. */
typedef enum {
        MOTET_ARG_STRING,  /* any text, as given */
        MOTET_ARG_JID,     /* a bare address of a host we serve, prepared */
        MOTET_ARG_HOST,    /* a domain we serve, prepared */
        MOTET_ARG_SECRET,  /* from a prompt or standard input, never on a command line */
        MOTET_ARG_FLAG,    /* an option without a value: its own name when given */
        MOTET_ARG_ADDRESS, /* as JID, or with a resource */
        MOTET_ARG_PERIOD,  /* "90s", "10m": of min..max, in µs; motet_command_number() */
        MOTET_ARG_NUMBER,  /* of min..max, both ≥ 0; motet_command_number() */
        MOTET_ARG_WORD,    /* one of words */
} MotetArgType;

/**
 * MotetArg: one row of a command's table of arguments, in the module's constant data.
 *
 * Growth: the size of a row is fixed within a major number of MOTET_ABI, because rows of modules
 * built before are that far apart. What is added later uses the reserved field.
 */
typedef struct {
        /* for the usage line; "--name" is an option: optional, anywhere behind the command's words,
         * with its value in the next word (or "--name=value") unless it is a flag; NULL ends a
         * table */
        const char *name;
        MotetArgType type;        /* what it must be */
        bool optional;            /* it may be left out; only at the end */
        const char *const *words; /* WORD: what is allowed, NULL-terminated; else NULL */
        int64_t min, max;         /* PERIOD, NUMBER: inclusive bounds; else 0 */
        const void *reserved;     /* NULL */
} MotetArg;

/** MotetCommandRight: who may give a command. */
typedef enum {
        MOTET_FOR_OPERATOR, /* who runs the server */
        MOTET_FOR_ADMIN,    /* also an administrator of a host, about that host */
        MOTET_FOR_SELF,     /* also everybody, about their own account */
} MotetCommandRight;

/**
 * MotetCommandDecl: one row of a descriptor's .commands. The first words of all commands are
 * shared: a module's are best called after it.
 *
 * Growth: as MotetArg.
 */
typedef struct MotetCommandDecl {
        const char *name;        /* "user add"; NULL ends a table */
        const MotetArg *args;    /* NULL: none */
        const char *help;        /* one line */
        MotetCommandFunc run;    /* on the core thread, by the instance that the arguments name */
        MotetCommandRight right; /* who may give it */
        const void *reserved;    /* NULL */
} MotetCommandDecl;

/**
 * motet_command_arg:
 * @name: as in the declaration, "--" included
 *
 * Returns: (borrowed) until the command is finished: the argument as checked and prepared; NULL
 * when an optional one was not given, or none has that name
 */
MOTET_API const char *motet_command_arg(const MotetCommand *command, const char *name);
/**
 * motet_command_number:
 * @name: as in the declaration, "--" included
 *
 * Returns: a PERIOD in µs, or a NUMBER; 0 when it was not given
 */
MOTET_API int64_t motet_command_number(const MotetCommand *command, const char *name);
/** motet_command_print: adds one line for standard output (without line feed) */
MOTET_API void motet_command_print(MotetCommand *command, const char *format, ...)
        G_GNUC_PRINTF(2, 3);
/**
 * motet_command_finish:
 * @command: (take)
 * @error: (take) NULL on success; else its message is printed and its code becomes the exit code,
 * see motet_error_exit_code()
 *
 * Ends the command. A command of a host-scoped module that names no host goes on with the next host
 * that has it, unless it failed.
 */
MOTET_API void motet_command_finish(MotetCommand *command, GError *error);

G_END_DECLS
