/*
 * config_module: a module's switch, hosts and options, as a drop-in or in the main file.
 */
#pragma once

#include "core/config.h"

/**
 * config_module_read:
 * @config: its hosts are read already; without any, hosts are not checked against them
 * @name: (borrowed) copied
 * @node: the drop-in or section; outlives the result
 *
 * Returns: (own) what could be read, also with findings
 */
ConfigModule *config_module_read(const Config *config, const char *name, ConfigNode *node,
                                 ConfigFindings *findings);
/** config_module_free: NULL is a no-op */
void config_module_free(ConfigModule *module);
/** config_module_is_name: lower-case letters, digits and underscores, at most 64 */
bool config_module_is_name(const char *text);
/**
 * config_module_override:
 * @host: (borrowed) prepared; NULL: where the files say, or everywhere
 *
 * Enables or disables a module with the options that the files give it, whatever they say of
 * whether it runs. With @host it is enabled there, and stays enabled where it is.
 */
void config_module_override(Config *config, const char *name, const char *host, bool enabled);
/** config_module_restore: ends config_module_override(); a no-op without */
void config_module_restore(Config *config, const char *name);
