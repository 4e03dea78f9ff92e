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
 * motet_route_to:
 * @host: the host that sends
 * @stanza: (borrowed) as in motet_route(), but without a `to`
 * @to: (borrowed) the addressee
 *
 * motet_route() of a stanza that goes to many: it is neither copied nor serialised for each. In the
 * events `to` is that of the event, not an attribute of the stanza; who receives it sees it there.
 */
MOTET_API void motet_route_to(MotetHost *host, MotetXml *stanza, const MotetJid *to);

/**
 * motet_deliver:
 * @host: host of @to
 * @to: (borrowed) a full address on @host
 * @stanza: (borrowed) from then on immutable
 *
 * Queues @stanza, with @to as its `to` when it has none, on the session bound to @to, or hands it
 * to route/elsewhere. No other event runs.
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
 * motet_reply_error:
 * @condition: of a stanza error
 *
 * motet_reply() of motet_stanza_error(); silent where none may be sent.
 *
 * Returns: MOTET_HANDLED, to be returned by the handler
 */
MOTET_API MotetResult motet_reply_error(const MotetStanzaEvent *ev, MotetCondition condition,
                                        const char *text);

/**
 * motet_reply_to:
 * @host: (borrowed) whose hooks ran
 * @session: (borrowed) whose stanza is answered; NULL: the answer is routed from @host. When it was
 *   closed meanwhile the answer is dropped
 * @reply: (borrowed) as in motet_reply()
 *
 * As motet_reply(), for a handler that answers later and holds a reference on @session;
 * motet_later_new() does it all.
 */
MOTET_API void motet_reply_to(MotetHost *host, MotetSession *session, MotetXml *reply);

/* Answering later */

typedef struct MotetLater MotetLater; /* an answer that is still to be given */

/**
 * motet_later_new:
 * @self: who answers
 * @ev: (borrowed) what is answered; its event is one that can wait, see motet_wait()
 * @timeout: µs until the sender gets resource-constraint of type wait; > 0
 *
 * Parks the running chain and holds what the answer needs; the handler returns MOTET_WAIT next. One
 * of motet_later_answer(), _result(), _error(), _fail() and _continue() ends it, once, also past
 * its deadline or when the sender's session went: then nothing is sent. It may be ended before the
 * handler has returned.
 *
 * When @self stops first, the chain goes on from the loop with the next handler. What is not ended
 * by the end of unload is freed: nothing need be remembered for that.
 *
 * Returns: (own) ended by @self; NULL when the chain cannot wait, a programming error
 */
MOTET_API MotetLater *motet_later_new(MotetModule *self, MotetStanzaEvent *ev, GTimeSpan timeout);

/**
 * motet_later_stanza / motet_later_from / motet_later_to / motet_later_host: what the event said.
 * Returns: (borrowed) until @later ends; the addresses NULL where those of the event were
 */
MOTET_API const MotetXml *motet_later_stanza(const MotetLater *later);
MOTET_API const MotetJid *motet_later_from(const MotetLater *later);
MOTET_API const MotetJid *motet_later_to(const MotetLater *later);
MOTET_API MotetHost *motet_later_host(const MotetLater *later);
/**
 * motet_later_session: whose stream it came from. Returns: (borrowed) NULL when it was routed, or
 * the session is gone
 */
MOTET_API MotetSession *motet_later_session(const MotetLater *later);
/** motet_later_is_live: whether an answer would still be sent: false past the deadline, or when the
 * session or the host went */
MOTET_API bool motet_later_is_live(const MotetLater *later);

/**
 * motet_later_set_data:
 * @data: (take) what else the module needs for the answer; set once
 * @free_func: for @data, called when @later ends, or after unload when it does not (the data of the
 *   module is still there); may be NULL
 *
 * Keeps one pointer with the answer.
 */
MOTET_API void motet_later_set_data(MotetLater *later, void *data, GDestroyNotify free_func);
/** motet_later_data: Returns: (borrowed) what was set, NULL for nothing */
MOTET_API void *motet_later_data(const MotetLater *later);

/**
 * motet_later_answer:
 * @later: (take)
 * @reply: (borrowed) as in motet_reply(); NULL: the stanza is taken without an answer
 *
 * Sends @reply to where the stanza came from, if it still waits for that, and ends the chain as
 * MOTET_HANDLED does. May run handlers before returning.
 */
MOTET_API void motet_later_answer(MotetLater *later, MotetXml *reply);
/**
 * motet_later_result:
 * @later: (take)
 *
 * motet_later_answer() with the empty result of an iq.
 */
MOTET_API void motet_later_result(MotetLater *later);
/**
 * motet_later_error:
 * @later: (take)
 * @condition: of a stanza error; not MOTET_CONDITION_NONE
 * @type: as in motet_stanza_error_of_type(); NULL: the one that belongs to @condition
 * @text: explanation, or NULL
 *
 * motet_later_answer() with that error; silent where none may be sent.
 */
MOTET_API void motet_later_error(MotetLater *later, MotetCondition condition, const char *type,
                                 const char *text);
/**
 * motet_later_fail:
 * @later: (take)
 *
 * motet_later_error() for a failure of ours that may pass, such as that of a store, of type wait:
 * with the condition that motet_store_condition() has at that moment.
 *
 * Source: RFC 6120 section 8.3.2
 */
MOTET_API void motet_later_fail(MotetLater *later, const char *text);
/**
 * motet_later_continue:
 * @later: (take)
 *
 * Leaves the answer to the next handler, as MOTET_CONTINUE does; possibly runs it before returning,
 * but never while the module stops.
 */
MOTET_API void motet_later_continue(MotetLater *later);

/* Requests of our own */

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
 * @host: (borrowed) the host that sends
 * @iq: (borrowed) of type get or set, with from and to; its id is overwritten
 * @timeout: µs until @func is called with NULL
 * @func: called with the answer
 * @free_func: for @data, called after @func or instead of it; may be NULL
 *
 * Sends a request and matches its answer by id and sender (RFC 6120 section 8.1.3 and 8.2.3). At
 * most 10 000 may be open; beyond, @func is called with NULL from the loop, as for a `to` that is
 * no address.
 */
MOTET_API void motet_iq_send(MotetModule *self, MotetHost *host, MotetXml *iq, GTimeSpan timeout,
                             MotetIqFunc func, void *data, GDestroyNotify free_func);

G_END_DECLS
