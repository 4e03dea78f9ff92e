/*
 * log_level: tables of levels.
 */
#include "core/log_level.h"

#include <string.h>

static const char *const names[] = {
        [MOTET_LOG_ERROR] = "error",
        [MOTET_LOG_WARN] = "warn",
        [MOTET_LOG_INFO] = "info",
        [MOTET_LOG_DEBUG] = "debug",
};

bool
log_level_parse(const char *name, MotetLogLevel *level_out)
{
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                if (g_strcmp0(name, names[i]) == 0) {
                        *level_out = (MotetLogLevel)i;
                        return true;
                }
        }
        return false;
}

const char *
log_level_name(MotetLogLevel level)
{
        return names[level];
}

static unsigned
find(const LogLevels *levels, const char *source)
{
        unsigned i = 0;

        while (i < levels->n_of && strcmp(levels->of[i].source, source) != 0)
                i++;
        return i;
}

bool
log_levels_set(LogLevels *levels, const char *source, int level)
{
        if (!source) {
                levels->level = level;
                return true;
        }

        unsigned i = find(levels, source);
        if (level == LOG_LEVEL_UNSET) {
                if (i < levels->n_of)
                        levels->of[i] = levels->of[--levels->n_of];
                return true;
        }
        if (i == LOG_LEVELS_MAX || strlen(source) >= LOG_SOURCE_MAX)
                return false;
        if (i == levels->n_of) {
                g_strlcpy(levels->of[i].source, source, LOG_SOURCE_MAX);
                levels->n_of++;
        }
        levels->of[i].level = level;
        return true;
}

int
log_levels_of(const LogLevels *levels, const char *source)
{
        if (!source)
                return levels->level;

        unsigned i = find(levels, source);
        return i < levels->n_of ? levels->of[i].level : LOG_LEVEL_UNSET;
}

int
log_levels_highest(const LogLevels *levels)
{
        int highest = levels->level;

        for (unsigned i = 0; i < levels->n_of; i++)
                highest = MAX(highest, levels->of[i].level);
        return highest;
}
