/*
 * session: the life of a session from accept to its last reference, and what may be asked of it.
 */
#include "core/session.h"

#include "core/list.h"
#include "core/stream.h"
#include "core/trace.h"
#include "core/xml.h"

MotetSession *
motet_session_ref(MotetSession *session)
{
        session->priv->refs++;
        return session;
}

void
motet_session_unref(MotetSession *session)
{
        if (!session || --session->priv->refs > 0)
                return;

        MotetSessionPrivate *priv = session->priv;
        g_assert(priv->destroyed && list_is_empty(&priv->ties));
        loop_job_cancel(priv->server->loop, &priv->job);
        xml_parser_free(priv->parser);
        host_unref(priv->vhost);
        motet_jid_unref(priv->jid);
        g_free(priv->id);
        g_free(priv->lang);
        g_free(priv->peer_from);
        g_free(priv->close_text);
        g_free(priv);
}

MotetResult
session_fire(MotetSession *session, const char *name, MotetSessionEvent *ev)
{
        MotetSessionPrivate *priv = session->priv;

        ev->event.kind = MOTET_EVENT_SESSION;
        ev->event.host = priv->vhost;
        ev->session = session;
        return event_fire_now(priv->vhost ? priv->vhost->events : priv->server->events, name,
                              &ev->event);
}

void
session_tie(MotetSession *session, SessionTie *tie, SessionCut cut)
{
        g_assert(!session->priv->destroyed);

        tie->cut = cut;
        list_append(&session->priv->ties, &tie->link);
}

void
session_untie(SessionTie *tie)
{
        list_unlink(&tie->link);
}

static void
cut_ties(MotetSessionPrivate *priv)
{
        while (!list_is_empty(&priv->ties)) {
                SessionTie *tie = CONTAINER_OF(priv->ties.prev, SessionTie, link);
                session_untie(tie);
                tie->cut(tie);
        }
}

static void
drop_conn(MotetSession *session)
{
        MotetConn *conn = g_steal_pointer(&session->conn);
        if (!conn)
                return;

        session->priv->last_read = conn_last_read(conn);
        xml_parser_stop(session->priv->parser);
        conn_free(conn);
}

void
session_finish(MotetSession *session)
{
        xml_parser_stop(session->priv->parser);
        loop_timer_cancel(session->priv->server->loop, &session->priv->timer);
        conn_finish(session->conn, session->priv->server->limits.close_timeout);
}

/* The last words of a closing session. */
static void
finish_close(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        priv->ended = true;
        if (!session->conn || priv->handshaking) {
                motet_session_destroy(session);
                return;
        }
        if (priv->close_condition != MOTET_CONDITION_NONE)
                stream_error(session, priv->close_condition, priv->close_text);
        else
                stream_end(session);

        session_unbind(session, false);
        if (!session->conn)
                return;
        /* RFC 6120 4.4: without an error the peer is given time to end its own stream; 4.9.1.1:
         * after one it is not. */
        if (priv->close_condition != MOTET_CONDITION_NONE || priv->peer_closed || session->notopen)
                session_finish(session);
        else
                loop_timer_arm(priv->server->loop, &priv->timer,
                               priv->server->limits.close_timeout);
}

static void
go_on_reading(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        priv->reading_paused = false;
        if (!session->conn)
                return;
        conn_unpause(session->conn);
        xml_parser_resume(priv->parser);
}

static void
run_job(LoopJob *job)
{
        MotetSessionPrivate *priv = CONTAINER_OF(job, MotetSessionPrivate, job);
        g_autoptr(MotetSession) session = motet_session_ref(&priv->session);

        if (priv->destroyed)
                return;
        if (priv->closing && !priv->ended)
                finish_close(session);
        if (priv->parked == 0 && priv->reading_paused && !priv->destroyed)
                go_on_reading(session);
}

void
session_park(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        priv->parked++;
        if (priv->reading_paused || !session->conn)
                return;
        priv->reading_paused = true;
        xml_parser_pause(priv->parser);
        conn_pause(session->conn);
}

void
session_unpark(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        g_assert(priv->parked > 0);
        /* Never from here into the parser: the caller may stand on its stack. */
        if (--priv->parked == 0 && !priv->destroyed)
                loop_defer(priv->server->loop, &priv->job);
}

static void
end_rate_pause(LoopTimer *timer)
{
        session_unpark(&CONTAINER_OF(timer, MotetSessionPrivate, rate_timer)->session);
}

void
session_charge_stanza(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;
        int64_t now = loop_now(priv->server->loop);
        int64_t cost = G_TIME_SPAN_SECOND / priv->limits.stanzas_per_s;

        priv->stanza_due = MAX(priv->stanza_due, now) + cost;
        int64_t wait = priv->stanza_due + cost - (now + G_TIME_SPAN_SECOND);
        if (wait <= 0 || loop_timer_is_armed(&priv->rate_timer))
                return;
        session_park(session);
        loop_timer_arm(priv->server->loop, &priv->rate_timer, wait);
}

static void
pass_deadline(LoopTimer *timer)
{
        MotetSession *session = &CONTAINER_OF(timer, MotetSessionPrivate, timer)->session;

        if (session->priv->ended)
                session_finish(session);
        else if (!session->username)
                motet_session_close(session, MOTET_CONNECTION_TIMEOUT, "too slow to authenticate");
        else
                motet_session_close(session, MOTET_CONNECTION_TIMEOUT,
                                    "too slow to bind a resource");
}

static MotetSession *
session_new(MotetServer *server, const MotetListen *spec)
{
        MotetSessionPrivate *priv = g_new0(MotetSessionPrivate, 1);
        MotetSession *session = &priv->session;
        bool is_client =
                spec->type == MOTET_SESSION_C2S || spec->type == MOTET_SESSION_C2S_UNAUTHED;

        session->priv = priv;
        session->notopen = true;
        session->type = is_client ? MOTET_SESSION_C2S_UNAUTHED : spec->type;
        priv->server = server;
        priv->refs = 1;
        priv->content_ns = is_client ? MOTET_NS_CLIENT : MOTET_NS_SERVER;
        priv->limits = server->limits.stranger;
        priv->timer.func = pass_deadline;
        priv->rate_timer.func = end_rate_pause;
        priv->job.func = run_job;
        list_init(&priv->ties);
        list_append(&server->streams, &priv->link);
        server->n_streams++;
        session_tally(session);
        priv->number = ++server->n_accepted;
        priv->accepted = loop_now(server->loop);
        priv->parser = xml_parser_new(server->xml_pool, &stream_xml_sink, session, &priv->limits);
        return session;
}

/* Everything after the connection is there. Returns: NULL when it was refused */
static MotetSession *
session_start(MotetSession *session, const MotetListen *spec)
{
        MotetSessionPrivate *priv = session->priv;
        MotetServer *server = priv->server;
        G_GNUC_UNUSED g_autoptr(MotetSession) hold = motet_session_ref(session);
        MotetSessionEvent ev = {.condition = MOTET_CONDITION_NONE};

        session_use_limits(session, &server->limits.stranger);
        /* Inside direct TLS nothing can be said before the handshake. */
        priv->handshaking = spec->direct_tls;
        if (session_fire(session, "session-created", &ev) == MOTET_HANDLED) {
                if (ev.condition == MOTET_CONDITION_NONE)
                        motet_session_destroy(session);
                else
                        motet_session_close(session, ev.condition, ev.text);
        }
        if (!motet_session_is_connected(session)) {
                server->counters.refused++;
                return NULL;
        }

        server->counters.accepted++;
        if (spec->direct_tls) {
                conn_set_alpn(session->conn, spec->alpn);
                conn_starttls(session->conn, server->tls);
        }
        loop_timer_arm(server->loop, &priv->timer, server->limits.login_timeout);
        return session;
}

static ConnConfig
conn_config(MotetServer *server, MotetSession *session)
{
        return (ConnConfig){
                .loop = server->loop,
                .owner = &stream_conn_owner,
                .data = session,
                .write_timeout = server->limits.write_timeout,
                .handshake_timeout = server->limits.handshake_timeout,
        };
}

MotetSession *
session_accept_fd(MotetServer *server, const MotetListen *spec, int fd, const char *peer)
{
        MotetSession *session = session_new(server, spec);
        ConnConfig config = conn_config(server, session);

        session->conn = conn_new_take_fd(&config, fd, peer);
        return session_start(session, spec);
}

MotetSession *
session_accept_memory(MotetServer *server, const MotetListen *spec, GString *out)
{
        MotetSession *session = session_new(server, spec);
        ConnConfig config = conn_config(server, session);

        session->conn = conn_new_memory(&config, out);
        return session_start(session, spec);
}

bool
session_send_to(MotetSession *session, const MotetXml *stanza, const char *to)
{
        if (!motet_session_is_connected(session) || !session->priv->header_sent)
                return false;
        if (G_UNLIKELY(session->priv->server->trace))
                trace_sent(session, stanza);
        xml_append(stanza, conn_out(session->conn), session->priv->content_ns, to);
        if (!conn_sent(session->conn))
                return false;
        session->priv->server->counters.stanzas_out[motet_stanza_kind(stanza)]++;
        return true;
}

bool
motet_session_send(MotetSession *session, const MotetXml *stanza)
{
        g_return_val_if_fail(session && stanza, false);

        return session_send_to(session, stanza, NULL);
}

void
motet_session_close(MotetSession *session, MotetCondition condition, const char *text)
{
        g_return_if_fail(session);

        MotetSessionPrivate *priv = session->priv;
        if (priv->closing)
                return;
        priv->closing = true;
        priv->close_condition = condition;
        priv->close_text = g_strdup(text);
        loop_timer_cancel(priv->server->loop, &priv->timer);
        loop_defer(priv->server->loop, &priv->job);
}

void
session_close_all(MotetServer *server, MotetHost *host, MotetCondition condition, const char *text)
{
        for (List *link = server->streams.next; link != &server->streams; link = link->next) {
                MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                if (!host || priv->vhost == host)
                        motet_session_close(&priv->session, condition, text);
        }
}

void
session_evict(MotetServer *server, MotetHost *host, MotetCondition condition, const char *text)
{
        for (List *link = server->streams.next; link != &server->streams;) {
                MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                link = link->next;
                if (priv->vhost != host || priv->ended)
                        continue;
                g_autoptr(MotetSession) session = motet_session_ref(&priv->session);
                motet_session_close(session, condition, text);
                finish_close(session);
                /* The handlers told of it may end others: the list is looked at anew. */
                link = server->streams.next;
        }
}

void
motet_session_destroy(MotetSession *session)
{
        g_return_if_fail(session);

        MotetSessionPrivate *priv = session->priv;
        if (priv->destroyed)
                return;
        /* A handler of an unbind event destroys: it must not overtake the rest of that. */
        if (priv->unbinding) {
                priv->destroy_wanted = true;
                return;
        }

        G_GNUC_UNUSED g_autoptr(MotetSession) hold = motet_session_ref(session);
        MotetSessionEvent ev = {.condition = MOTET_CONDITION_NONE};
        priv->closing = priv->ended = true;
        session_unbind(session, false);
        if (priv->destroyed)
                return;
        priv->destroyed = true;
        session_tally(session);
        cut_ties(priv);
        session_fire(session, "session-destroyed", &ev);
        session->roster = NULL;
        session_free_slots(session);

        loop_timer_cancel(priv->server->loop, &priv->timer);
        loop_timer_cancel(priv->server->loop, &priv->rate_timer);
        drop_conn(session);
        list_unlink(&priv->link);
        priv->server->n_streams--;
        motet_session_unref(session);
}

void
session_lost(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        drop_conn(session);
        session->notopen = true;
        priv->header_sent = false;
        loop_timer_cancel(priv->server->loop, &priv->timer);
        if (!priv->closing && session_unbind(session, true)) {
                session_tally(session);
                return;
        }
        motet_session_destroy(session);
}

bool
motet_session_is_connected(const MotetSession *session)
{
        return session->conn && !session->priv->closing && !session->priv->destroyed;
}

bool
motet_session_is_secure(const MotetSession *session)
{
        return session->conn && motet_conn_is_secure(session->conn);
}

MotetHost *
motet_session_host(const MotetSession *session)
{
        return session->priv->vhost;
}

MotetServer *
motet_session_server(const MotetSession *session)
{
        return session->priv->server;
}

const MotetJid *
motet_session_jid(const MotetSession *session)
{
        return session->priv->jid;
}

const char *
motet_session_id(const MotetSession *session)
{
        return session->priv->id;
}

const char *
motet_session_lang(const MotetSession *session)
{
        return session->priv->lang;
}

GTimeSpan
motet_session_idle(const MotetSession *session)
{
        const MotetSessionPrivate *priv = session->priv;
        int64_t last = session->conn ? conn_last_read(session->conn) : priv->last_read;

        return loop_now(priv->server->loop) - last;
}

size_t
motet_session_queued(const MotetSession *session)
{
        return session->conn ? conn_queued(session->conn) : 0;
}
