/*
 * scenario_shipped: which modules are on as shipped.
 */
#pragma once

#include "support/scenario_transport.h"

/**
 * scenario_shipped_modules:
 *
 * Returns: (own) those that the drop-ins of @places turn on, as far as they are there
 */
char **scenario_shipped_modules(const ScenarioPlaces *places);
