/*
 * scenario_memory: scenarios with a server in this process (test_server.h), without sockets, whose
 * time only moves when told.
 *
 * The modules that are on as shipped are on, but for those about sockets and logins: streams begin
 * authenticated where a client logs in. Everything is kept in memory, so that a server that stops
 * has forgotten everything.
 */
#pragma once

#include "support/scenario_transport.h"

extern const ScenarioTransport scenario_memory;
