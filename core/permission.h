/*
 * permission: the permissions of modules as settings: each is a word, the least role that has it.
 *
 * An instance holds them with its options, their keys behind PERMISSION_PREFIX, so that a changed
 * one is told, reloaded and undone as an option is.
 */
#pragma once

#include <motet/module.h>

#include "core/config.h"

#define PERMISSION_PREFIX "permissions."

/** permission_option: Returns: @permission as an option, its key the name alone; borrows from it */
MotetOption permission_option(const MotetPermission *permission);
/** permission_table_check: whether a module's table is sound; findings name the module */
bool permission_table_check(const MotetPermission *table, const char *module,
                            ConfigFindings *findings);
/**
 * permission_values_add:
 * @values_take: the module's options
 * @node: (borrowed) what an operator wrote, a map or NULL
 *
 * Returns: (own) @values_take and behind them the permissions, also when findings were added
 */
OptionValues *permission_values_add(OptionValues *values_take, const MotetModuleInfo *info,
                                    const ConfigNode *node, const Config *config,
                                    ConfigFindings *findings);
