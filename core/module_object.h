/*
 * module_object: one shared object mod_<name>.so: opened after its file was found trustworthy, read
 * without running it.
 */
#pragma once

#include <motet/module.h>
#include <sys/stat.h>

#include "core/config.h"
#include "core/module_copy.h"

typedef struct ModuleObject ModuleObject;
struct ModuleObject {
        char *name, *path;
        void *handle;                /* of dlopen() */
        const MotetModuleInfo *info; /* (own) a copy: what older headers did not have is NULL */
        struct stat file;            /* as it was when opened */
        unsigned n_instances;        /* running, or stopped with work left: it stays mapped */
        char *copy;                  /* (own) of path, which was opened instead; NULL: path was */
};

/**
 * module_object_open:
 * @dir: modules_dir
 * @error: set to MOTET_ERROR_MODULE, or MOTET_ERROR_MISSING when there is no such file, with a text
 * that says what to do
 *
 * Opens mod_<name>.so in @dir when both belong to root or to who runs this process and nobody else
 * may write them. Checks its ABI and its name.
 */
ModuleObject *module_object_open(const char *dir, const char *name, GError **error);
/**
 * module_object_reopen:
 * @object: open
 *
 * Opens the file that has taken the place of the one @object was opened from, beside it. One that
 * was written over in place is refused: it has changed under the code that runs.
 */
ModuleObject *module_object_reopen(const ModuleObject *object, GError **error);
/**
 * module_object_open_copy:
 * @source: a file of a module of that @name
 * @folder: where the copy is kept (module_copy.h) until the object is closed
 *
 * As module_object_open(), but a copy is opened, so that @source may be written over while its code
 * runs. path and file of the result are those of @source.
 */
ModuleObject *module_object_open_copy(const char *name, const ModuleCopySource *source,
                                      const char *folder, GError **error);
/**
 * module_object_is_trusted:
 * @file: what @path is
 *
 * Whoever may write a module may do all that the server may (SECURITY-DEFAULTS R28). Returns: false
 * when that are others than root and who runs this process
 */
bool module_object_is_trusted(const char *path, const struct stat *file, GError **error);
/** module_object_mapped: Returns: bytes of memory its code and data are mapped at */
size_t module_object_mapped(const ModuleObject *object);
/** module_object_names: Returns: (own) the names of all modules in @dir, in no order, for
 * g_strfreev() */
char **module_object_names(const char *dir);
/** module_object_close: of an object without instances; NULL is a no-op */
void module_object_close(ModuleObject *object);
/** module_object_has_changed: whether the file is another one than was opened; never of a copy,
 * whose file may be out of sight */
bool module_object_has_changed(const ModuleObject *object);
/** module_object_is: whether @word names it, or a service that it provides: "service:auth"; of a
 * family "service:store:*" */
bool module_object_is(const ModuleObject *object, const char *word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModuleObject, module_object_close)
