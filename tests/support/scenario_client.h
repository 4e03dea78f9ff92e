/*
 * scenario_client: a client of a scenario: one connection, its stream, and the elements that came
 * and were not asked for yet.
 */
#pragma once

#include <motet/jid.h>
#include <motet/xml.h>

#include "support/scenario_transport.h"

/** the password of every account of a scenario */
#define SCENARIO_PASSWORD "secret"

typedef struct ScenarioClient ScenarioClient;

/** scenario_client_new: @connection: (take); @name, @domain: copied */
ScenarioClient *scenario_client_new(const ScenarioTransport *transport, void *connection,
                                    const char *name, const char *domain);
void scenario_client_free(ScenarioClient *client);
const char *scenario_client_name(const ScenarioClient *client);
/** scenario_client_connection: Returns: (borrowed) NULL once it has ended */
void *scenario_client_connection(ScenarioClient *client);

void scenario_client_send(ScenarioClient *client, const char *text);
/** scenario_client_send_header: to @domain */
void scenario_client_send_header(ScenarioClient *client, const char *domain);
/** scenario_client_log_in: opens a stream, authenticates, opens the next one and takes its
 * features */
bool scenario_client_log_in(ScenarioClient *client, const char *username, GError **error);
/** scenario_client_bind: the resource of @full_jid, which the server must grant */
bool scenario_client_bind(ScenarioClient *client, const char *full_jid, GError **error);

/** scenario_client_await: reads until an element, or the end, is there. Returns: (borrowed) the
 * element, NULL when it will not come */
const MotetXml *scenario_client_await(ScenarioClient *client);
/** scenario_client_peek: reads what is there. Returns: as scenario_client_await() */
const MotetXml *scenario_client_peek(ScenarioClient *client);
/** scenario_client_drop: what scenario_client_await() returned was the one wanted */
void scenario_client_drop(ScenarioClient *client);
/** scenario_client_settle: until the server has handled all that was sent, if it answers such
 * questions to this client */
void scenario_client_settle(ScenarioClient *client);

/** scenario_client_has_acted: whether anything was sent since it settled */
bool scenario_client_has_acted(const ScenarioClient *client);
/** scenario_client_is_closed: the server's stream has ended, and so has the connection; reads until
 * then */
bool scenario_client_is_closed(ScenarioClient *client);
/** scenario_client_has_ended: whether nothing more will come, as far as is known */
bool scenario_client_has_ended(const ScenarioClient *client);
/** scenario_client_has_stream_end: the server ended its stream in form, with </stream:stream> */
bool scenario_client_has_stream_end(const ScenarioClient *client);
/** scenario_client_state: Returns: (own) why no element comes, for messages */
char *scenario_client_state(const ScenarioClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScenarioClient, scenario_client_free)
