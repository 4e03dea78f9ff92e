/*
 * module_built: the file that a build has made of a module.
 */
#pragma once

#include <motet/types.h>

/**
 * module_built_find:
 * @path: absolute: mod_<name>.so, or a folder in which there is one such file, or in its folder
 * modules/
 * @name_out: (own) the module's name
 *
 * Returns: (own) the path of the file, without links in it; NULL with MOTET_ERROR_USAGE, or as of
 * module_copy_refuse()
 */
char *module_built_find(const char *path, char **name_out, GError **error);
