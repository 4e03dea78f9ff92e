/*
 * manual: what there is to read about the tool and the modules, made from their tables: the help,
 * the manual pages and the completion of the shell. No command is named anywhere else.
 */
#pragma once

#include "core/command_table.h"
#include "core/module_object.h"

typedef void (*ManualPrint)(void *data, const char *line);

/**
 * manual_help:
 * @table: of command_table.h
 * @words: (borrowed) the command that is asked for, or the first words of several; none: all
 *
 * Returns: false with MOTET_ERROR_USAGE when there is none
 */
bool manual_help(const GArray *table, const char *const *words, ManualPrint print, void *data,
                 GError **error);
/** manual_argument: Returns: (own) what may be given for @arg: "one of admin, member" */
char *manual_argument(const MotetArg *arg);
/** manual_completion: Returns: (own) a script for bash */
char *manual_completion(const GArray *table);
/** manual_commands: Returns: (own) the section of motetctl(1) on commands, in man(7) */
char *manual_commands(const GArray *table);
/** manual_options: Returns: (own) the section of motet.yaml(5) on modules, in man(7) */
char *manual_options(const MotetModuleInfo *const *infos, unsigned n);

/* Modules as their files declare them, without running them. */
typedef struct {
        GPtrArray *objects; /* (own) of ModuleObject */
        GPtrArray *infos;   /* of MotetModuleInfo, by name */
} ManualModules;

/** manual_modules_init: those of @names (NULL-terminated) that can be opened in @dir */
void manual_modules_init(ManualModules *modules, const char *dir, const char *const *names);
void manual_modules_clear(ManualModules *modules);

/**
 * manual_answer:
 * @words: (borrowed) a whole command
 *
 * Answers "help" and "completion" without a server: of the modules that the configuration @file
 * enables, as far as it can be read.
 *
 * Returns: false when it is another command, or with @error
 */
bool manual_answer(const char *file, const char *const *words, ManualPrint print, void *data,
                   GError **error);
