/*
 * scenario_shipped: which modules are on as shipped.
 */
#pragma once

#include <glib.h>

/**
 * scenario_shipped_modules:
 *
 * Returns: (own) those that plugins.d/ in $MOTET_TEST_SOURCE turns on, as far as they are built
 */
char **scenario_shipped_modules(void);
