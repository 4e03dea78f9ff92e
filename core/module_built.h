/*
 * module_built: the file that a build makes of a module, seen by who develops it, and each build
 * after the one before.
 *
 * A file is taken when it is at rest: two looks in a row have found the same.
 */
#pragma once

#include <motet/types.h>

typedef struct ModuleBuilt ModuleBuilt;

/**
 * module_built_new:
 * @path: absolute: mod_<name>.so, or a folder in which there is one such file, or in its folder
 * modules/
 * @tell: called with what keeps a later build from being taken, once for each
 *
 * Returns: (own) NULL with MOTET_ERROR_USAGE, MOTET_ERROR_MISSING, or MOTET_ERROR_MODULE where the
 * file cannot be opened, or others than its owner and root may put another in its place
 */
ModuleBuilt *module_built_new(const char *path, void (*tell)(void *data, const char *text),
                              void *data, GError **error);
void module_built_free(ModuleBuilt *built);
/** module_built_path: Returns: (borrowed) of the file, without links in it */
const char *module_built_path(const ModuleBuilt *built);
/**
 * module_built_next: looks at the file
 *
 * Returns: (own) a descriptor of it: the first time, and when it is another build than was returned
 * last, and at rest; otherwise -1
 */
int module_built_next(ModuleBuilt *built);
/** module_built_name: Returns: (own) the module that a file at @path is of; NULL with
 * MOTET_ERROR_USAGE */
char *module_built_name(const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModuleBuilt, module_built_free)
