/*
 * router: the way of a stanza, stage by stage.
 *
 * A client's stanza: checks, `from`, destination, pre- events, inbound- events, events of the
 * destination, fallback. One that the server or a module routes has outbound- events instead of
 * pre- events. Every stage may wait: all that is known travels in the event.
 */
#include "core/router.h"

#include <string.h>

#include <motet/log.h>

#include "core/iq.h"
#include "core/stream.h"
#include "core/xml.h"

/* Handlers that route to each other go on from the loop beyond this, so that the stack has an
 * end. */
#define MAX_DEPTH 32

typedef enum {
        STAGE_PRE_STREAM,
        STAGE_STREAM,
        STAGE_PRE,
        STAGE_OUTBOUND,
        STAGE_INBOUND,
        STAGE_NAMED,
        STAGE_GENERAL,
} Stage;

static bool
is_request(const MotetXml *iq)
{
        const char *type = motet_xml_attr(iq, "type");

        return type && (strcmp(type, "get") == 0 || strcmp(type, "set") == 0);
}

static bool
is_reply(const MotetXml *iq)
{
        const char *type = motet_xml_attr(iq, "type");

        return type && (strcmp(type, "result") == 0 || strcmp(type, "error") == 0);
}

static const MotetXml *
payload_of(MotetStanzaKind kind, const MotetXml *stanza)
{
        if (kind != MOTET_STANZA_IQ || motet_stanza_is_error(stanza))
                return NULL;
        return motet_xml_child(stanza, NULL, NULL);
}

static void
send_reply(MotetHost *host, MotetSession *session, MotetXml *reply)
{
        if (session)
                motet_session_send(session, reply);
        else
                motet_route(host, reply);
}

MotetResult
motet_reply(const MotetStanzaEvent *ev, MotetXml *reply)
{
        g_return_val_if_fail(ev && reply, MOTET_HANDLED);

        send_reply(ev->event.host, ev->session, reply);
        return MOTET_HANDLED;
}

/* @error is (take); NULL where none may be sent */
static void
reply_error(const MotetStanzaEvent *ev, MotetXml *error)
{
        g_autoptr(MotetXml) reply = error;

        if (!reply)
                return;
        /* A stanza of motet_route_to() does not say whom it was for. */
        if (!ev->session && ev->to && !motet_xml_attr(reply, "from"))
                motet_xml_set_attr(reply, "from", motet_jid_string(ev->to));
        motet_reply(ev, reply);
}

MotetResult
motet_reply_error(const MotetStanzaEvent *ev, MotetCondition condition, const char *text)
{
        reply_error(ev, motet_stanza_error(ev->stanza, condition, text));
        return MOTET_HANDLED;
}

void
motet_reply_to(MotetHost *host, MotetSession *session, MotetXml *reply)
{
        g_return_if_fail(host && reply);

        send_reply(host, session, reply);
}

/* A refused token: by a module, or by its deadline. */
static void
answer_refusal(const MotetStanzaEvent *ev, const EventRun *run)
{
        if (ev->kind == MOTET_STANZA_NONE) {
                motet_session_close(ev->session, run->condition, run->text);
                return;
        }

        reply_error(ev, motet_stanza_error(ev->stanza, run->condition, run->text));
}

/* RFC 6120 8.4 and 10.5: nobody took it. */
static void
fall_back(const MotetStanzaEvent *ev)
{
        bool is_remote = ev->dest == MOTET_DEST_REMOTE;

        if (ev->kind == MOTET_STANZA_IQ && !is_request(ev->stanza))
                return;
        /* Presence is an announcement, not a request: only a client that named a domain itself
         * learns that it is not there. */
        if (ev->kind == MOTET_STANZA_PRESENCE && !(is_remote && ev->session))
                return;
        motet_reply_error(ev, is_remote ? MOTET_REMOTE_SERVER_NOT_FOUND : MOTET_SERVICE_UNAVAILABLE,
                          NULL);
}

static void go_on(MotetEvent *event, MotetResult verdict);

static void
fire_general(MotetStanzaEvent *ev)
{
        EventSlot slot = ev->dest == MOTET_DEST_REMOTE ? EVENT_ROUTE_REMOTE : EVENT_STANZA;

        event_fire_stanza(ev->event.host->events, slot, ev, go_on, NULL, STAGE_GENERAL);
}

/* The events of the destination. */
static void
fire_destination(MotetStanzaEvent *ev)
{
        if (ev->kind == MOTET_STANZA_IQ && ev->dest != MOTET_DEST_REMOTE && ev->payload &&
            is_request(ev->stanza))
                event_fire_stanza(ev->event.host->events, EVENT_STANZA_NAMED, ev, go_on, NULL,
                                  STAGE_NAMED);
        else
                fire_general(ev);
}

/* Before anything is done with it, whom it is for may refuse it. */
static void
enter_destination(MotetStanzaEvent *ev)
{
        ev->payload = payload_of(ev->kind, ev->stanza);
        xml_freeze(ev->stanza);
        if (ev->dest != MOTET_DEST_REMOTE && ev->dest != MOTET_DEST_SELF) {
                MotetHost *host = motet_host_find(ev->event.host->server, motet_jid_domain(ev->to));
                /* It went while the stanza waited. */
                if (!host) {
                        motet_reply_error(ev, MOTET_REMOTE_SERVER_NOT_FOUND, NULL);
                        return;
                }
                ev->event.host = host;
                event_fire_stanza(host->events, EVENT_INBOUND, ev, go_on, NULL, STAGE_INBOUND);
                return;
        }
        fire_destination(ev);
}

static void
refuse_element(const MotetStanzaEvent *ev)
{
        if (ev->session->type != MOTET_SESSION_C2S &&
            motet_stanza_kind(ev->stanza) != MOTET_STANZA_NONE)
                motet_session_close(ev->session, MOTET_NOT_AUTHORIZED,
                                    NULL); /* RFC 6120 4.9.3.12 */
        else
                motet_session_close(ev->session, MOTET_UNSUPPORTED_STANZA_TYPE,
                                    NULL); /* 4.9.3.24 */
}

/* After each stage. */
static void
go_on(MotetEvent *event, MotetResult verdict)
{
        MotetStanzaEvent *ev = (MotetStanzaEvent *)event;
        const EventRun *run = event->run;

        if (run->end == EVENT_END_CANCELLED)
                return;
        if (run->end == EVENT_END_REFUSED) {
                answer_refusal(ev, run);
                return;
        }
        if (verdict == MOTET_HANDLED)
                return;

        switch ((Stage)run->stage) {
        case STAGE_PRE_STREAM:
                event_fire_stanza(event->host->events, EVENT_STREAM, ev, go_on, NULL, STAGE_STREAM);
                return;
        case STAGE_STREAM:
                refuse_element(ev);
                return;
        case STAGE_PRE:
        case STAGE_OUTBOUND:
                enter_destination(ev);
                return;
        case STAGE_INBOUND:
                fire_destination(ev);
                return;
        case STAGE_NAMED:
                fire_general(ev);
                return;
        case STAGE_GENERAL:
                fall_back(ev);
                return;
        }
}

static void
receive_element(MotetSession *session, MotetXml *element)
{
        MotetHost *host = motet_session_host(session);
        const MotetJid *own = motet_session_jid(session);
        /* A handler may authenticate or bind, which exchanges the session's address. */
        g_autoptr(MotetJid) from = own ? motet_jid_ref(own) : NULL;
        MotetStanzaEvent ev = {
                .event = {.kind = MOTET_EVENT_STANZA, .host = host},
                .session = session,
                .stanza = element,
                .from = from,
        };

        if (session->type == MOTET_SESSION_C2S)
                event_fire_stanza(host->events, EVENT_STREAM, &ev, go_on, NULL, STAGE_STREAM);
        else
                event_fire_stanza(host->events, EVENT_PRE_STREAM, &ev, go_on, NULL,
                                  STAGE_PRE_STREAM);
}

static MotetDest
classify(MotetServer *server, const MotetJid *to)
{
        if (!motet_host_find(server, motet_jid_domain(to)))
                return MOTET_DEST_REMOTE;
        if (!motet_jid_local(to))
                return MOTET_DEST_HOST;
        return motet_jid_is_bare(to) ? MOTET_DEST_BARE : MOTET_DEST_FULL;
}

/* RFC 6120 8.1.2.1: a client may name itself, by its full or bare address, and nobody else. */
static bool
is_from_own(const MotetSession *session, const MotetXml *stanza)
{
        const char *text = motet_xml_attr(stanza, "from");
        if (!text || (session->full_jid && strcmp(text, session->full_jid) == 0))
                return true;

        const MotetJid *own = motet_session_jid(session);
        g_autoptr(MotetJid) from = motet_jid_new(text);
        return from && (motet_jid_equal(from, own) ||
                        (motet_jid_is_bare(from) &&
                         strcmp(motet_jid_string(from), motet_jid_bare(own)) == 0));
}

/* RFC 6120 7.1: until it has a resource a client may only talk to its server, about itself. */
static bool
is_allowed_unbound(const MotetSession *session, MotetStanzaKind kind, const MotetXml *stanza,
                   const MotetJid *to)
{
        if (kind != MOTET_STANZA_IQ)
                return false;
        if (!to)
                return motet_xml_attr(stanza, "to") == NULL;
        return strcmp(motet_jid_string(to), session->host) == 0 ||
               motet_jid_equal(to, motet_session_jid(session));
}

/* RFC 6120 8.2.3 */
static bool
is_iq_sound(const MotetXml *iq)
{
        if (!motet_xml_attr(iq, "id"))
                return false;
        if (is_request(iq))
                return motet_xml_n_children(iq) == 1;
        if (motet_stanza_is_error(iq))
                return true;
        return is_reply(iq) && motet_xml_n_children(iq) <= 1;
}

static void
receive_stanza(MotetSession *session, MotetStanzaKind kind, MotetXml *stanza)
{
        MotetHost *host = motet_session_host(session);
        /* A handler may bind, which exchanges the session's address. */
        g_autoptr(MotetJid) from = motet_jid_ref(motet_session_jid(session));
        const char *to_text = motet_xml_attr(stanza, "to");
        g_autoptr(MotetJid) to = motet_jid_new(to_text);
        MotetStanzaEvent ev = {
                .event = {.kind = MOTET_EVENT_STANZA, .host = host},
                .session = session,
                .stanza = stanza,
                .kind = kind,
                .from = from,
        };

        if (!is_from_own(session, stanza)) {
                motet_session_close(session, MOTET_INVALID_FROM, NULL);
                return;
        }
        if (!session->full_jid && !is_allowed_unbound(session, kind, stanza, to)) {
                motet_session_close(session, MOTET_NOT_AUTHORIZED, "no resource is bound");
                return;
        }
        xml_set_attr(stanza, "from", motet_jid_string(from));
        /* RFC 6120 4.7.4: the language of the stream is the stanza's when it leaves the stream. */
        if (motet_session_lang(session) && !motet_xml_attr(stanza, "xml:lang"))
                xml_set_attr(stanza, "xml:lang", motet_session_lang(session));
        if (to_text && !to) {
                motet_reply_error(&ev, MOTET_JID_MALFORMED, NULL);
                return;
        }
        if (kind == MOTET_STANZA_IQ && !is_iq_sound(stanza)) {
                motet_reply_error(&ev, MOTET_BAD_REQUEST, NULL);
                return;
        }

        if (!to)
                to = motet_jid_to_bare(from);
        ev.to = to;
        ev.dest = strcmp(motet_jid_string(to), motet_jid_bare(from)) == 0
                          ? MOTET_DEST_SELF
                          : classify(host->server, to);
        ev.payload = payload_of(kind, stanza);
        if (kind == MOTET_STANZA_IQ && ev.dest != MOTET_DEST_REMOTE && is_reply(stanza) &&
            iq_table_answer(host->server->iqs, stanza, from))
                return;
        event_fire_stanza(host->events, EVENT_PRE_STANZA, &ev, go_on, NULL, STAGE_PRE);
}

void
router_receive(MotetSession *session, MotetXml *element)
{
        G_GNUC_UNUSED g_autoptr(MotetXml) owned = element;
        MotetStanzaKind kind = motet_stanza_kind(element);

        session->priv->server->counters.stanzas_in[kind]++;
        if (session->type != MOTET_SESSION_C2S || kind == MOTET_STANZA_NONE)
                receive_element(session, element);
        else if (strcmp(motet_xml_ns(element), session->priv->content_ns) != 0)
                motet_session_close(session, MOTET_INVALID_NAMESPACE, NULL); /* RFC 6120 4.9.3.10 */
        else
                receive_stanza(session, kind, element);
}

typedef struct {
        LoopJob job;
        MotetServer *server;
        char *host; /* by name: it may be gone by then */
        MotetXml *stanza;
        MotetJid *to;
} Deferred;

static void
route_deferred(LoopJob *job)
{
        Deferred *deferred = (Deferred *)(void *)job;
        MotetHost *host = motet_host_find(deferred->server, deferred->host);

        if (host)
                motet_route_to(host, deferred->stanza, deferred->to);
        motet_xml_unref(deferred->stanza);
        motet_jid_unref(deferred->to);
        g_free(deferred->host);
        g_free(deferred);
}

static void
route_later(MotetHost *host, MotetXml *stanza, const MotetJid *to)
{
        Deferred *deferred = g_new0(Deferred, 1);

        deferred->job.func = route_deferred;
        deferred->server = host->server;
        deferred->host = g_strdup(host->name);
        deferred->stanza = motet_xml_ref(stanza);
        deferred->to = motet_jid_ref(to);
        loop_defer(host->server->loop, &deferred->job);
}

/* The account of ours in whose name it is sent may refuse it. */
static void
leave_sender(MotetStanzaEvent *ev)
{
        if (motet_jid_local(ev->from) &&
            strcmp(motet_jid_domain(ev->from), ev->event.host->name) == 0)
                event_fire_stanza(ev->event.host->events, EVENT_OUTBOUND, ev, go_on, NULL,
                                  STAGE_OUTBOUND);
        else
                enter_destination(ev);
}

/* @to is NULL when it is no address */
static void
route(MotetHost *host, MotetXml *stanza, const MotetJid *to)
{
        MotetServer *server = host->server;
        MotetStanzaKind kind = motet_stanza_kind(stanza);
        g_return_if_fail(kind != MOTET_STANZA_NONE);

        xml_freeze(stanza);
        g_autoptr(MotetJid) from = motet_jid_new(motet_xml_attr(stanza, "from"));
        if (!from || !to) {
                motet_warn("%s: dropped a stanza to route without sender or addressee", host->name);
                return;
        }

        if (server->route_depth >= MAX_DEPTH) {
                route_later(host, stanza, to);
                return;
        }

        G_GNUC_UNUSED g_autoptr(MotetXml) held = motet_xml_ref(stanza);
        MotetStanzaEvent ev = {
                .event = {.kind = MOTET_EVENT_STANZA, .host = host},
                .stanza = stanza,
                .kind = kind,
                .dest = classify(server, to),
                .from = from,
                .to = to,
        };
        server->route_depth++;
        if (kind != MOTET_STANZA_IQ || ev.dest == MOTET_DEST_REMOTE || !is_reply(stanza) ||
            !iq_table_answer(server->iqs, stanza, from))
                leave_sender(&ev);
        server->route_depth--;
}

void
motet_route(MotetHost *host, MotetXml *stanza)
{
        g_return_if_fail(host && stanza);

        g_autoptr(MotetJid) to = motet_jid_new(motet_xml_attr(stanza, "to"));
        route(host, stanza, to);
}

void
motet_route_to(MotetHost *host, MotetXml *stanza, const MotetJid *to)
{
        g_return_if_fail(host && stanza && to);

        route(host, stanza, to);
}

bool
router_offer_elsewhere(MotetHost *host, const MotetJid *to, MotetXml *stanza)
{
        if (!event_table_has_slot(host->events, EVENT_ROUTE_ELSEWHERE))
                return false;

        g_autoptr(MotetJid) from = motet_jid_new(motet_xml_attr(stanza, "from"));
        MotetStanzaEvent ev = {
                .event = {.kind = MOTET_EVENT_STANZA, .host = host},
                .stanza = stanza,
                .kind = motet_stanza_kind(stanza),
                .dest = motet_jid_is_bare(to) ? MOTET_DEST_BARE : MOTET_DEST_FULL,
                .from = from,
                .to = to,
        };
        return event_fire_stanza_now(host->events, EVENT_ROUTE_ELSEWHERE, &ev) == MOTET_HANDLED;
}

bool
motet_deliver(MotetHost *host, const MotetJid *to, MotetXml *stanza)
{
        g_return_val_if_fail(host && to && stanza, false);
        g_return_val_if_fail(motet_jid_local(to) && motet_jid_resource(to), false);

        xml_freeze(stanza);
        MotetSession *session =
                motet_sessions_find(host, motet_jid_local(to), motet_jid_resource(to));
        const char *text = motet_xml_attr(stanza, "to") ? NULL : motet_jid_string(to);
        if (session && session_send_to(session, stanza, text))
                return true;
        return router_offer_elsewhere(host, to, stanza);
}

static void
forget_unbound(MotetSession *session)
{
        iq_table_gone(session->priv->server->iqs, session->full_jid);
}

void
router_init(MotetServer *server)
{
        server->iqs = iq_table_new(server);
        server->unbound = forget_unbound;
        stream_set_receive(server, router_receive);
}

void
router_clear(MotetServer *server)
{
        server->unbound = NULL;
        g_clear_pointer(&server->iqs, iq_table_free);
}
