/*
 * confine_files: from now on this process opens no file but those below what was named.
 *
 * What is refused fails with EACCES (core/denial.h tells it from missing rights). Files that are
 * open already, and sockets that are connected to, are not looked at; nor are names, sizes and
 * modes.
 *
 * Source: SECURITY-DEFAULTS R29; landlock(7).
 */
#pragma once

#include <motet/types.h>

typedef enum {
        CONFINE_READ = 1,    /* files and folders */
        CONFINE_WRITE = 2,   /* and making, changing, renaming and removing them */
        CONFINE_SOCKETS = 4, /* making and removing sockets */
        CONFINE_EXECUTE = 8, /* starting programs */
        CONFINE_DEVICE = 16, /* writing to what is there */
} ConfineRights;

typedef struct ConfineFiles ConfineFiles;

/** confine_files_version: Returns: that of the kernel's Landlock; 0: it has none, or may not be
 * asked */
int confine_files_version(void);
/** confine_files_new: Returns: (own) nothing is allowed yet, and everything until it is enforced */
ConfineFiles *confine_files_new(void);
void confine_files_free(ConfineFiles *files);
/** confine_files_add: allows @rights (of ConfineRights) for @path and what is below it, and where a
 * link leads. A path that is not there is left out. Before it is enforced */
void confine_files_add(ConfineFiles *files, const char *path, unsigned rights);
/** confine_files_add_folder_of: allows them for the folder that @path is in, also behind a link:
 * for files that are replaced by others, or have others beside them */
void confine_files_add_folder_of(ConfineFiles *files, const char *path, unsigned rights);
/** confine_files_allow: whether all of @rights were allowed for @path, which may be a file to be
 * made; true as long as nothing is enforced */
bool confine_files_allow(const ConfineFiles *files, const char *path, unsigned rights);
/**
 * confine_files_enforce: for this thread, those it makes from now on, and for good; MOTET_ERROR_IO
 * when the kernel cannot
 */
bool confine_files_enforce(ConfineFiles *files, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfineFiles, confine_files_free)
