/*
 * config_log: the part `log:` of the main file.
 */
#pragma once

#include "core/config.h"

/** config_log_read: @map: (borrowed) the value of `log` */
void config_log_read(Config *config, const ConfigNode *map, ConfigFindings *findings);
/** config_log_check: once all modules are known: whether levels are given to anything that logs;
 * @map as above, or NULL */
void config_log_check(const Config *config, const ConfigNode *map, ConfigFindings *findings);
/** config_log_sources: Returns: (own) what may have a level of its own: files of the core, and the
 * modules of @config; free the array alone */
const char **config_log_sources(const Config *config);
