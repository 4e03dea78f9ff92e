/*
 * module_edit: changes the switch of a module in the text of its drop-in: two keys, and no other
 * byte.
 */
#pragma once

#include <motet/types.h>

typedef struct {
        bool enabled;
        const char *const *hosts; /* NULL: what is said of hosts stays; empty: on all */
} ModuleEdit;

/**
 * module_edit_text:
 * @text: (borrowed) a drop-in; empty for a new one
 * @file: (borrowed) its name, for the error
 *
 * Returns: (own) the text with `enabled:` and `hosts:` as @edit says, comments, order and
 * everything else as before; read again, it says that and nothing else has changed. NULL with
 * MOTET_ERROR_CONFIG when that cannot be done: the text is wrong, or written in an unusual way;
 * with MOTET_ERROR_IO when memory is wanting
 */
char *module_edit_text(const char *text, const ModuleEdit *edit, const char *file, GError **error);
