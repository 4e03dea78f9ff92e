/*
 * router: sending stanzas on behalf of the server or an account, and answering them.
 *
 * Source: RFC 6120 sections 8.1, 8.2.3 and 10.
 */
#pragma once

#include <motet/event.h>
#include <motet/types.h>

G_BEGIN_DECLS

/**
 * motet_route:
 * @host: the host that sends
 * @stanza: (borrowed) with `from` at @host and a `to`; referenced as long as needed and from then
 *   on immutable
 *
 * Sends @stanza where its `to` says: the events of that destination on a host of ours (never
 * "self"), or route/remote. In the name of an account, outbound- events run before, but no pre-
 * event. What nobody takes is answered with the error of RFC 6120 section 8, to its `from`;
 * presence is dropped. May run handlers before returning; beyond 32 routings inside each other it
 * does so from the loop. Without a legal `from` and `to` it is dropped with a warning.
 */
MOTET_API void motet_route(MotetHost *host, MotetXml *stanza);

/**
 * motet_deliver:
 * @host: host of @to
 * @to: (borrowed) a full address on @host
 * @stanza: (borrowed) from then on immutable
 *
 * Queues @stanza on the session bound to @to, or hands it to route/elsewhere. No other event runs.
 *
 * Returns: whether anybody took it
 */
MOTET_API bool motet_deliver(MotetHost *host, const MotetJid *to, MotetXml *stanza);

/**
 * motet_reply:
 * @ev: (borrowed) what is answered
 * @reply: (borrowed) from motet_iq_result() or motet_stanza_error()
 *
 * Sends @reply to where @ev came from: the sender's own session when it is one of ours, the route
 * otherwise.
 *
 * Returns: MOTET_HANDLED, to be returned by the handler
 */
MOTET_API MotetResult motet_reply(const MotetStanzaEvent *ev, MotetXml *reply);

/**
 * motet_reply_error: motet_reply() of motet_stanza_error(); silent where none may be sent. Returns:
 * MOTET_HANDLED
 */
MOTET_API MotetResult motet_reply_error(const MotetStanzaEvent *ev, MotetCondition condition,
                                        const char *text);

/**
 * motet_reply_to: as motet_reply(), for a handler that answers later: @session may be NULL (then
 * the answer is routed from @host) and may have been closed meanwhile (then the answer is dropped).
 */
MOTET_API void motet_reply_to(MotetHost *host, MotetSession *session, MotetXml *reply);

/**
 * MotetIqFunc:
 * @reply: (borrowed) the iq of type result or error; NULL when none came in time or its addressee
 *   went away
 *
 * Called exactly once and never before motet_iq_send() returns, unless @self goes first.
 */
typedef void (*MotetIqFunc)(MotetModule *self, const MotetXml *reply, void *data);

/**
 * motet_iq_send:
 * @iq: (borrowed) of type get or set, with from and to; its id is overwritten
 * @timeout: µs until @func is called with NULL
 * @free_func: for @data, called after @func or instead of it; may be NULL
 *
 * Sends a request and matches its answer by id and sender (RFC 6120 section 8.1.3 and 8.2.3). At
 * most 10 000 may be open; beyond, @func is called with NULL from the loop, as for a `to` that is
 * no address.
 */
MOTET_API void motet_iq_send(MotetModule *self, MotetHost *host, MotetXml *iq, GTimeSpan timeout,
                             MotetIqFunc func, void *data, GDestroyNotify free_func);

G_END_DECLS
