/*
 * module_folder: a folder of modules of its own, for one test: links to what other folders hold.
 *
 * So modules of several folders are in one, and a module's file can be replaced while others use
 * the same modules.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct ModuleFolder ModuleFolder;

/**
 * module_folder_new:
 * @sources: folders; of what is in several, the first is taken
 *
 * Returns: (own) NULL with MOTET_ERROR_IO when a folder cannot be read
 */
ModuleFolder *module_folder_new(const char *const *sources, GError **error);
/** module_folder_free: lets go of code that is kept, and removes the folder */
void module_folder_free(ModuleFolder *folder);
const char *module_folder_path(const ModuleFolder *folder);
/** module_folder_sources: Returns: (own) what it was made of, separated by ':' */
char *module_folder_sources(const ModuleFolder *folder);
/**
 * module_folder_renew: from now on the file of @module is a new one with the same content, as after
 * an upgrade
 *
 * Returns: false with MOTET_ERROR_MISSING when there is no such module, or MOTET_ERROR_IO
 */
bool module_folder_renew(ModuleFolder *folder, const char *module, GError **error);
/**
 * module_folder_keep: the code of modules that are open stays mapped although they are closed,
 * until module_folder_free(), so that a sanitizer can say in which function memory was allocated
 * that the module did not free
 */
void module_folder_keep(ModuleFolder *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModuleFolder, module_folder_free)
