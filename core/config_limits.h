/*
 * config_limits: the `limits:` section of the main file.
 */
#pragma once

#include "core/config.h"

/** config_limits_read: @node: the section; sets in @limits what is there and good, leaves the rest
 * as it is */
void config_limits_read(const ConfigNode *node, CoreLimits *limits, ConfigFindings *findings);
