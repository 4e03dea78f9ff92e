/*
 * module_switch: enabling and disabling a module in its drop-in, with what is in force following it
 * or the file being put back.
 */
#pragma once

#include "core/config.h"

typedef struct {
        const char *config_file;
        const char *name;
        const char *host; /* NULL: where the drop-in says */
        bool enable;
} ModuleSwitch;

typedef struct {
        /* Puts the configuration in force as it is now, or, without a server, checks it. */
        bool (*apply)(void *data, GError **error);
        void (*line)(void *data, const char *text);
        void *data;
} ModuleSwitchOwner;

/**
 * module_switch_read:
 * @words: (borrowed) of a command line: "module" "enable" or "disable" and what follows
 *
 * Returns: false with MOTET_ERROR_USAGE. @out keeps pointers into @words
 */
bool module_switch_read(const char *const *words, ModuleSwitch *out, GError **error);

/**
 * module_switch_run:
 *
 * Changes plugins.d/NAME.yaml, with its comments, mode and owner kept, makes it when there is none,
 * and calls apply(). When that fails the file is put back as it was.
 *
 * Returns: false with @error: MOTET_ERROR_USAGE for a module or host that is not there, what
 * apply() says, MOTET_ERROR_IO
 */
bool module_switch_run(const ModuleSwitch *what, const ModuleSwitchOwner *owner, GError **error);
