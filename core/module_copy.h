/*
 * module_copy: private copies of modules' files: what a linker writes over in place must not be
 * what is mapped.
 */
#pragma once

#include <motet/types.h>
#include <sys/stat.h>

/**
 * module_copy_make:
 * @source: absolute, without links in it
 * @folder: where copies are kept; made when it is not there
 * @file_out: what @source was while it was copied
 *
 * Copies a module's file into a folder of its own below @folder, where this user alone may read it;
 * the loader takes two files of one path to be the same. The file and its folder must be trusted
 * (module_object.h).
 *
 * Returns: (own) the path of the copy, of the same base name; NULL with MOTET_ERROR_MISSING or
 * MOTET_ERROR_MODULE that says what to do
 */
char *module_copy_make(const char *source, const char *folder, struct stat *file_out,
                       GError **error);
/** module_copy_refuse: says of a file that cannot be used for errno @number what helps;
 * MOTET_ERROR_MISSING or MOTET_ERROR_MODULE */
void module_copy_refuse(const char *path, int number, GError **error);
/** module_copy_remove: also its own folder; what is mapped of it stays mapped */
void module_copy_remove(const char *copy);
/** module_copy_clear: removes all copies below @folder, such as one that crashed leaves */
void module_copy_clear(const char *folder);
/** module_copy_is_same: whether nothing was written between @a and @b */
bool module_copy_is_same(const struct stat *a, const struct stat *b);
