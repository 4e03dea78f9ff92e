/*
 * session_bind: what a session becomes: authenticated, bound, available, interested; and how it
 * stops being that.
 *
 * Source: RFC 6120 sections 6 and 7.
 */
#include "core/session.h"

#include <string.h>

#include "core/account_data.h"
#include "core/meter.h"
#include "core/sessions.h"
#include "core/stream.h"
#include "core/xml.h"

/* A bind whose pre-session-bind may be waiting. */
typedef struct {
        MotetJid *full; /* (own) */
        MotetBoundFunc done;
        void *data;
        MotetModule *caller; /* its code stays while @done is promised; NULL: core */
} Bind;

/* What every setter leaves true. */
static void
check_invariants(const MotetSession *session)
{
        const MotetSessionPrivate *priv = session->priv;

        g_assert((session->full_jid != NULL) == (session->resource != NULL));
        g_assert(!session->full_jid || (session->username && session->host));
        g_assert(!priv->bound || session->full_jid);
        g_assert(priv->bound || !session->presence);
        g_assert(priv->bound || !session->interested);
        g_assert(session->presence || session->priority == 0);
        g_assert((session->username != NULL) == (priv->jid != NULL));
}

static void
take_jid(MotetSession *session, MotetJid *jid)
{
        motet_jid_unref(session->priv->jid);
        session->priv->jid = jid;
        session->username = motet_jid_local(jid);
        session->resource = motet_jid_resource(jid);
        session->full_jid = session->resource ? motet_jid_string(jid) : NULL;
}

bool
motet_session_can_starttls(const MotetSession *session)
{
        const TlsServer *tls = session->priv->server->tls;

        return motet_session_is_connected(session) && !motet_session_is_secure(session) &&
               !session->priv->handshaking &&
               ((session->host && tls_server_has_certificate(tls, session->host)) ||
                tls_server_has_certificate(tls, ""));
}

void
motet_session_starttls(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        if (!motet_session_is_connected(session))
                return;
        g_return_if_fail(!motet_session_is_secure(session) && !priv->handshaking);

        stream_restart(session);
        priv->handshaking = true;
        conn_set_tls_name(session->conn, session->host);
        conn_starttls(session->conn, priv->server->tls);
}

void
motet_session_authenticate(MotetSession *session, const char *username)
{
        MotetSessionPrivate *priv = session->priv;

        g_return_if_fail(session->type == MOTET_SESSION_C2S_UNAUTHED && priv->vhost && username);
        if (priv->destroyed)
                return;
        MotetJid *jid = motet_jid_new_parts(username, session->host, NULL);
        g_return_if_fail(jid);

        session->type = MOTET_SESSION_C2S;
        take_jid(session, jid);
        check_invariants(session);
        session_tally(session);
        priv->server->counters.authenticated++;
        session_use_limits(session, &priv->server->limits.user);
        if (!priv->closing)
                loop_timer_arm(priv->server->loop, &priv->timer, priv->server->limits.bind_timeout);

        MotetSessionEvent ev = {.condition = MOTET_CONDITION_NONE};
        session_fire(session, "session-authenticated", &ev);
}

void
motet_session_restart(MotetSession *session)
{
        if (motet_session_is_connected(session))
                stream_restart(session);
}

static void
bind_free(Bind *bind)
{
        if (bind->caller)
                bind->caller->busy--;
        motet_jid_unref(bind->full);
        g_free(bind);
}

static void
bind_end(MotetSession *session, Bind *bind, MotetCondition condition, const char *text)
{
        session->priv->binding = false;
        if (bind->caller) {
                InstanceCall before = instance_enter(bind->caller, "result of binding");
                MeterFrame frame;
                meter_enter(&frame, bind->caller);
                bind->done(session, condition, text, bind->data);
                meter_leave(&frame, bind->caller->server);
                instance_leave(bind->caller, before);
        } else {
                bind->done(session, condition, text, bind->data);
        }
        session_unpark(session);
        bind_free(bind);
}

/* After pre-session-bind. */
static void
bind_go_on(MotetEvent *event, MotetResult verdict)
{
        MotetSessionEvent *ev = (MotetSessionEvent *)event;
        Bind *bind = event->run->data;
        g_autoptr(MotetSession) session = motet_session_ref(ev->session);
        MotetSessionPrivate *priv = session->priv;

        if (event->run->end == EVENT_END_CANCELLED || !motet_session_is_connected(session)) {
                bind_end(session, bind, MOTET_RECIPIENT_UNAVAILABLE, "the session has ended");
                return;
        }
        if (verdict == MOTET_HANDLED) {
                bind_end(session, bind, ev->condition ? ev->condition : MOTET_NOT_ALLOWED,
                         ev->text);
                return;
        }
        /* While this one waited another may have come first. */
        if (motet_sessions_find(priv->vhost, session->username, motet_jid_resource(bind->full))) {
                bind_end(session, bind, MOTET_CONFLICT, NULL);
                return;
        }

        take_jid(session, g_steal_pointer(&bind->full));
        priv->bound = true;
        sessions_add(priv->server->sessions, session);
        check_invariants(session);
        session_tally(session);
        loop_timer_cancel(priv->server->loop, &priv->timer);

        bind_end(session, bind, MOTET_CONDITION_NONE, NULL);
        if (!priv->bound)
                return;
        MotetSessionEvent bound = {.condition = MOTET_CONDITION_NONE};
        session_fire(session, "session-bound", &bound);
}

void
motet_session_bind(MotetSession *session, const char *resource, MotetBoundFunc done, void *data)
{
        g_return_if_fail(session && resource && done);

        MotetSessionPrivate *priv = session->priv;
        g_return_if_fail(session->type == MOTET_SESSION_C2S && !session->full_jid &&
                         !priv->binding);

        Bind *bind = g_new0(Bind, 1);
        bind->done = done;
        bind->data = data;
        bind->caller = priv->server->current;
        if (bind->caller)
                bind->caller->busy++;
        priv->binding = true;
        session_park(session);
        if (priv->destroyed) {
                bind_end(session, bind, MOTET_RECIPIENT_UNAVAILABLE, "the session has ended");
                return;
        }
        bind->full = motet_jid_with_resource(priv->jid, resource);
        if (!bind->full ||
            strlen(motet_jid_resource(bind->full)) > priv->server->limits.resource_bytes) {
                bind_end(session, bind, MOTET_BAD_REQUEST, "no legal resource");
                return;
        }

        MotetSessionEvent ev = {
                .event = {.kind = MOTET_EVENT_SESSION, .host = priv->vhost},
                .session = session,
                .resource = motet_jid_resource(bind->full),
        };
        event_fire(priv->vhost->events, "pre-session-bind", &ev.event, bind_go_on, bind, 0);
}

static void
leave_table(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;
        MotetSessionEvent ev = {.condition = MOTET_CONDITION_NONE};

        sessions_remove(priv->server->sessions, session);
        priv->bound = false;
        if (priv->server->unbound)
                priv->server->unbound(session);
        session_fire(session, "session-unbound", &ev);
        if (priv->server->account_data)
                account_data_forget(priv->vhost, session->username);

        g_clear_pointer(&session->presence, motet_xml_unref);
        session->priority = 0;
        session->interested = false;
        check_invariants(session);
        session_tally(session);
}

bool
session_unbind(MotetSession *session, bool lost)
{
        MotetSessionPrivate *priv = session->priv;
        if (!priv->bound || priv->unbinding)
                return false;

        G_GNUC_UNUSED g_autoptr(MotetSession) hold = motet_session_ref(session);
        MotetSessionEvent ev = {.condition = MOTET_CONDITION_NONE};
        priv->unbinding = true;
        bool kept = session_fire(session, "pre-session-unbind", &ev) == MOTET_HANDLED && lost &&
                    !priv->destroy_wanted;
        if (!kept)
                leave_table(session);
        priv->unbinding = false;

        if (priv->destroy_wanted) {
                priv->destroy_wanted = false;
                motet_session_destroy(session);
        }
        return kept;
}

/* RFC 6121 4.7.2.3: an integer from -128 to 127, 0 without one. */
static int8_t
priority_of(const MotetXml *presence)
{
        const char *text =
                motet_xml_text(motet_xml_child(presence, "priority", motet_xml_ns(presence)));
        g_autofree char *trimmed = g_strstrip(g_strdup(text));
        int64_t value;

        if (!g_ascii_string_to_signed(trimmed, 10, INT8_MIN, INT8_MAX, &value, NULL))
                return 0;
        return (int8_t)value;
}

/* Whether a setter has something to set: a session that went meanwhile has not. */
static bool
is_bound(const MotetSession *session)
{
        if (session->priv->bound)
                return true;
        g_return_val_if_fail(session->priv->closing, false);
        return false;
}

void
motet_session_set_presence(MotetSession *session, const MotetXml *presence)
{
        if (!is_bound(session))
                return;

        const MotetXml *kept = presence ? xml_pack(presence) : NULL;
        motet_xml_unref(session->presence);
        session->presence = kept;
        session->priority = kept ? priority_of(kept) : 0;
        check_invariants(session);
        session_tally(session);
}

void
motet_session_set_interested(MotetSession *session, bool interested)
{
        if (!is_bound(session))
                return;

        session->interested = interested;
        check_invariants(session);
}

void
motet_session_set_roster(MotetSession *session, MotetRoster *roster)
{
        session->roster = roster;
}
