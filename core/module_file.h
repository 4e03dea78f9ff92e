/*
 * module_file: what can be said of a module's file before it is opened, which would run code of it,
 * and opening it.
 */
#pragma once

#include <motet/module.h>

#include "core/elf_file.h"

/* Each returns false with MOTET_ERROR_MODULE: the end of a sentence that begins with the name of
 * the file, and says what to do. */

/** module_file_is_module: whether it exports a descriptor */
bool module_file_is_module(const ElfFile *file, GError **error);
/** module_file_fits: whether a module was built for an interface that this program has: of the same
 * major number, and of no later minor number */
bool module_file_fits(const ElfFile *file, GError **error);
/** module_file_fits_abi: the same of the number in its descriptor */
bool module_file_fits_abi(uint32_t abi, GError **error);
/** module_file_is_complete: whether this program has the functions of the interface that it uses,
 * and the sanitizer it was built with, without which the loader ends the program */
bool module_file_is_complete(const ElfFile *file, GError **error);
/** module_file_check: all of these */
bool module_file_check(const ElfFile *file, GError **error);

/** module_file_open: Returns: (own) of dlopen(), for dlclose(); NULL with @error */
void *module_file_open(const ElfFile *file, const char *path, GError **error);
/** module_file_info: @handle: of module_file_open(). Returns: (own) a copy of the descriptor, for
 * g_free(): what older headers did not have is NULL; NULL when there is none */
MotetModuleInfo *module_file_info(void *handle);
