/*
 * module_copy: private copies of modules' files: what a linker writes over in place must not be
 * what is mapped.
 */
#pragma once

#include <motet/types.h>
#include <sys/stat.h>

/* A module's file that somebody has opened for this process. */
typedef struct {
        int fd;           /* -1: none */
        struct stat file; /* as it was when it came */
        const char *path; /* (borrowed) its name to who opened it, for texts and its base name */
} ModuleCopySource;

/**
 * module_copy_make:
 * @source: (borrowed) any file: what is no module's is refused
 * @folder: where copies are kept; made when it is not there
 *
 * Copies a module's file into a folder of its own below @folder, where this user alone may read it;
 * the loader takes two files of one path to be the same. It must be a file that is trusted
 * (module_object.h), opened for reading, and still what it was when it came; where its descriptor
 * stands is neither asked nor changed.
 *
 * Returns: (own) the path of the copy, of the same base name; NULL with MOTET_ERROR_MODULE or
 * MOTET_ERROR_IO that says what to do
 */
char *module_copy_make(const ModuleCopySource *source, const char *folder, GError **error);
/** module_copy_remove: also its own folder; what is mapped of it stays mapped */
void module_copy_remove(const char *copy);
/** module_copy_clear: removes all copies below @folder, such as one that crashed leaves */
void module_copy_clear(const char *folder);
/** module_copy_is_same: whether nothing was written between @a and @b */
bool module_copy_is_same(const struct stat *a, const struct stat *b);
