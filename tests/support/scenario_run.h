/*
 * scenario_run: carries a scenario out: clients do what it says, and the server must do what it
 * says and nothing else.
 *
 * That nothing comes is decided without waiting for time to pass: once the server has answered, to
 * everybody who sent something, a request sent after it, what would have come has come. At the end
 * of a scenario nobody may have received anything else, and the server must stop in good order.
 */
#pragma once

#include "support/scenario.h"
#include "support/scenario_transport.h"

/**
 * scenario_run:
 * @places: (borrowed)
 *
 * Returns: false with MOTET_ERROR_CONFIG (the scenario), MOTET_ERROR_MISSING (the server did
 * something else) or others (it could not be carried out): "FILE:LINE: what, expected, got", and
 * what the server logged
 */
bool scenario_run(const Scenario *scenario, const ScenarioTransport *transport,
                  const ScenarioPlaces *places, GError **error);
