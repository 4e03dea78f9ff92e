/*
 * router: what happens to a stanza: checked, stamped, classified, offered to hooks, and answered
 * when nobody took it.
 *
 * Source: RFC 6120 sections 8 and 10.
 */
#pragma once

#include <motet/router.h>

#include "core/session.h"

/**
 * router_receive: (take) one element of @session's open stream; see <motet/event.h> for the order
 * of events
 */
void router_receive(MotetSession *session, MotetXml *element);

/**
 * router_offer_elsewhere: fires route/elsewhere for an address of @host without a session here.
 * Returns: whether it was taken; one compare when nobody hooks it
 */
bool router_offer_elsewhere(MotetHost *host, const MotetJid *to, MotetXml *stanza);

/**
 * router_init: connects the router with the streams of @server (stream_set_receive(), iqs, unbound)
 */
void router_init(MotetServer *server);
/** router_clear: after all instances are gone, before server_base_clear() */
void router_clear(MotetServer *server);
