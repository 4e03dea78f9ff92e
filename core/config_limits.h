/*
 * config_limits: the `limits:` section of the main file.
 */
#pragma once

#include "core/config_value.h"

/** config_limits_read: @node: the section; sets in @limits what is there and good, leaves the rest
 * as it is */
void config_limits_read(const ConfigNode *node, CoreLimits *limits, ConfigFindings *findings);
/** config_limits_diff: calls @func for each limit that differs: "user.depth", "64", "32" */
void config_limits_diff(const CoreLimits *before, const CoreLimits *after,
                        void (*func)(const char *key, const char *before, const char *after,
                                     void *data),
                        void *data);

/** ConfigLimit: one limit and what it is set to. */
typedef struct {
        const char *of; /* whose: "stranger", "user", "server"; NULL: of the server itself */
        const char *key, *help;
        ConfigUnit unit;
        int64_t min, max;
        int64_t value; /* less than min: unset */
} ConfigLimit;

/** config_limits_foreach: calls @func for each limit of @limits, the server's own first */
void config_limits_foreach(const CoreLimits *limits,
                           void (*func)(const ConfigLimit *limit, void *data), void *data);
