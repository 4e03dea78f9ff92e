/*
 * config_confine: the part `confine:` of the main file.
 */
#pragma once

#include "core/config.h"

/** config_confine_read: @map: (borrowed) the value of `confine` */
void config_confine_read(Config *config, const ConfigNode *map, ConfigFindings *findings);
/** config_confine_default: Returns: deny; abort in a build with a sanitizer, which is for finding
 * mistakes */
ConfigConfine config_confine_default(void);
/** config_confine_word: Returns: (borrowed) "deny", as it is written */
const char *config_confine_word(ConfigConfine confine);

/* The words, in order of ConfigConfine; NULL at the end. */
extern const char *const config_confine_words[];
