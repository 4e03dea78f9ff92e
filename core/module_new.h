/*
 * module_new: writing a new module, from templates: its code, options, manual, tests and what
 * builds it.
 */
#pragma once

#include <motet/types.h>

typedef struct {
        const char *name;
        const char *dir;       /* the folder that it gets; NULL: of its name, in the current one */
        const char *templates; /* folder; NULL: where this program's package has them */
        const char *const
                *taken; /* names of modules that there are beside the installed ones; NULL: none */
} ModuleNew;

/**
 * module_new_read:
 * @words: (borrowed) of a command line: "module" "new" and what follows
 *
 * Returns: false with MOTET_ERROR_USAGE. @out keeps pointers into @words
 */
bool module_new_read(const char *const *words, ModuleNew *out, GError **error);

/**
 * module_new_write:
 * @print: gets lines for who asked: what was written and what to do next
 *
 * Writes all files of a module, or none. What is there is left alone.
 *
 * Returns: false with @error: MOTET_ERROR_USAGE for a name that will not do, MOTET_ERROR_EXISTS
 * when a file is there, MOTET_ERROR_MISSING without templates, MOTET_ERROR_IO
 */
bool module_new_write(const ModuleNew *what, void (*print)(void *data, const char *line),
                      void *data, GError **error);
