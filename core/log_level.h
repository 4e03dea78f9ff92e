/*
 * log_level: which lines are written: a level for all sources and others for some, as configured,
 * and what an operator commands on top of that.
 */
#pragma once

#include "core/log_record.h"

#define LOG_LEVELS_MAX 64u   /* sources with a level of their own, configured or commanded */
#define LOG_LEVEL_UNSET (-1) /* no level of this kind: what is beneath counts */

typedef struct {
        char source[LOG_SOURCE_MAX];
        int level;
} LogLevelOf;

typedef struct {
        int level; /* of sources that are not listed; a MotetLogLevel or LOG_LEVEL_UNSET */
        unsigned n_of;
        LogLevelOf of[LOG_LEVELS_MAX];
} LogLevels;

/** log_level_parse: "error", "warn", "info" or "debug". Returns: false for another @name (or NULL),
 * leaving @level_out alone */
bool log_level_parse(const char *name, MotetLogLevel *level_out);
const char *log_level_name(MotetLogLevel level);

/** log_levels_set: @source NULL: of all that are not listed; @level LOG_LEVEL_UNSET: no more.
 * Returns: false when LOG_LEVELS_MAX are listed already, or the name is too long to be told
 * apart */
bool log_levels_set(LogLevels *levels, const char *source, int level);
/** log_levels_of: Returns: the level of @source alone (NULL: of those not listed), or
 * LOG_LEVEL_UNSET */
int log_levels_of(const LogLevels *levels, const char *source);
/** log_levels_highest: Returns: the highest level in the table, or LOG_LEVEL_UNSET */
int log_levels_highest(const LogLevels *levels);
