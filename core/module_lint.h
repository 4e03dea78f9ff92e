/*
 * module_lint: what is wrong with a module's file, told to its author before an operator finds it:
 * `motetctl module lint`. It needs no configuration and no server.
 */
#pragma once

#include <motet/module.h>

#include "core/check.h"

typedef struct {
        const char *const *files; /* NULL-terminated, at least one */
        bool json;                /* an array of findings, nothing else */
        bool strict;              /* warnings count, notes never do */
} ModuleLintParams;

/**
 * module_lint_words:
 * @words: (borrowed) what follows "module lint" on a command line
 *
 * Reads words into @params; its files point into @words and into @files, which becomes
 * NULL-terminated. Returns: false with MOTET_ERROR_USAGE
 */
bool module_lint_words(const char *const *words, ModuleLintParams *params, GPtrArray *files,
                       GError **error);
/**
 * module_lint_run:
 *
 * Prints what is wrong with each file, as checks print their findings. A file is opened only when
 * that runs no code of its own and cannot fail for a reason that is known before.
 *
 * Returns: an exit code, as check_run()
 */
int module_lint_run(const ModuleLintParams *params, CheckPrint print, void *data);

/**
 * module_lint_info:
 * @path: of the file that @info is from, as findings name it
 *
 * Adds what is wrong with a descriptor and its tables. Events it does not declare itself are looked
 * for in the modules that lie beside it and in those of this installation.
 */
void module_lint_info(const char *path, const MotetModuleInfo *info, ConfigFindings *findings);
