/*
 * command_table: all commands there are, core's own and those that modules declare, by name.
 */
#pragma once

#include <motet/command.h>

#include "core/server.h"

/* A command's place: where it was declared. */
typedef struct {
        const MotetCommandDecl *decl;
        const MotetModuleInfo *info; /* NULL: core's own */
} CommandPlace;

/** command_table_of: Returns: (own) of CommandPlace: of core and of all modules that @server
 * runs */
GArray *command_table_of(Server *server);
/** command_table_new: Returns: (own) the same, of core and of these modules */
GArray *command_table_new(const MotetModuleInfo *const *infos, unsigned n);
/**
 * command_table_find:
 * @n_words_out: how many of @words are its name
 *
 * Returns: (borrowed) the command with the most of the first words; NULL with MOTET_ERROR_USAGE,
 * saying which one may have been meant
 */
const CommandPlace *command_table_find(const GArray *table, const char *const *words,
                                       unsigned *n_words_out, GError **error);
