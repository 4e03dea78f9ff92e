/*
 * scenario_daemon: the built motetd as a process of its own, with the shipped configuration in a
 * folder of its own.
 *
 * $MOTET_TEST_BUILD has motetd and motetctl; which modules are on as shipped, scenario_shipped.h
 * knows.
 */
#pragma once

#include "support/scenario_transport.h"

typedef struct ScenarioDaemon ScenarioDaemon;

/** scenario_daemon_new: @places: (borrowed) outlives it */
ScenarioDaemon *scenario_daemon_new(const ScenarioPlaces *places, GError **error);
/** scenario_daemon_free: kills it if it runs, and removes its folder */
void scenario_daemon_free(ScenarioDaemon *daemon);

/** scenario_daemon_start: until it says that it is ready; listens on free ports of 127.0.0.1 */
bool scenario_daemon_start(ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error);
/** scenario_daemon_stop: sends SIGTERM */
void scenario_daemon_stop(ScenarioDaemon *daemon);
/** scenario_daemon_await_end: it must exit with 0, and no sanitizer may have said anything */
bool scenario_daemon_await_end(ScenarioDaemon *daemon, GError **error);
bool scenario_daemon_kill(ScenarioDaemon *daemon, GError **error);
bool scenario_daemon_reload(ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error);
/** scenario_daemon_command: motetctl as a program. Returns: as ScenarioTransport's command() */
int scenario_daemon_command(ScenarioDaemon *daemon, char **words, GString *output, GError **error);
/** scenario_daemon_ask: the same, said to the running server's control socket */
int scenario_daemon_ask(ScenarioDaemon *daemon, const char *const *words, GString *output,
                        GError **error);
/** scenario_daemon_port: 0 when it does not listen so */
uint16_t scenario_daemon_port(ScenarioDaemon *daemon, bool tls);
/** scenario_daemon_certificate: Returns: (own) the file with the certificate of @domain */
char *scenario_daemon_certificate(const ScenarioDaemon *daemon, const char *domain);
char *scenario_daemon_log(const ScenarioDaemon *daemon);
