/*
 * scenario_tcp: scenarios with the built server over TCP and TLS (scenario_daemon.h), in real time.
 *
 * The server must present a certificate of the domain. SIGPIPE is ignored from the first connection
 * on.
 */
#pragma once

#include "support/scenario_transport.h"

extern const ScenarioTransport scenario_tcp;
