/*
 * ping: answer pings addressed to the server or to the sender's own account, and ping users that
 * fell silent.
 *
 * Implements  XEP-0199 (2.0.1) sections 4.1 and 4.2
 * Hooks       iq/host/urn:xmpp:ping:ping, iq/self/urn:xmpp:ping:ping, session-bound,
 *             session-resumed
 * Options     idle, timeout
 * Provides    service "idle" (service-idle.h)
 *
 * A user whose connection broke without a word looks like one who is silent. After `idle` the
 * server asks; who answers (also with an error: section 4.1) or sends anything else is there; the
 * stream of who does not is closed.
 */
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-idle.h>
#include <motet/session.h>
#include <motet/task.h>

#define NS_PING "urn:xmpp:ping"

/* Of each bound session while `idle` is on. */
typedef struct {
        MotetTimer *timer; /* until it may be idle; NULL while asked or without a connection */
        bool asked;        /* a ping is under way */
        int64_t asked_at;  /* when it was */
} Watch;

static MotetResult
answer_ping(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") != 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        g_autoptr(MotetXml) pong = motet_iq_result(ev->stanza);

        return motet_reply(ev, pong);
}

/* Watching */

static void on_quiet(MotetModule *self, MotetTimer *timer, void *data);

/* Waits until @session will have been idle long enough, counted from its last byte. */
static void
watch_again(MotetModule *self, MotetSession *session, Watch *watch)
{
        GTimeSpan idle = motet_option_int(self, "idle");
        GTimeSpan left = idle - motet_session_idle(session);

        if (idle > 0)
                watch->timer = motet_timer_add(self, session, MAX(left, 1), on_quiet, session);
}

static void
on_pong(MotetModule *self, const MotetXml *reply, void *data)
{
        MotetSession *session = data;
        Watch *watch = motet_session_data(session, self);

        if (watch == NULL)
                return;
        watch->asked = false;
        if (!motet_session_is_connected(session))
                return;
        GTimeSpan timeout = motet_option_int(self, "timeout");
        /* A client that is busy with something else is not gone. */
        if (reply != NULL || motet_session_idle(session) < timeout)
                watch_again(self, session, watch);
        /* Nor is who could not be asked, since too many requests were open. */
        else if (motet_now(self) - watch->asked_at < timeout)
                watch->timer = motet_timer_add(self, session, timeout, on_quiet, session);
        else
                motet_session_close(session, MOTET_CONNECTION_TIMEOUT, "No answer to a ping");
}

static void
unref_session(void *data)
{
        motet_session_unref(data);
}

static void
ask(MotetModule *self, MotetSession *session)
{
        MotetHost *host = motet_module_host(self);
        g_autoptr(MotetXml) iq = motet_iq_new("get", motet_host_name(host), session->full_jid);

        motet_xml_add(iq, "ping", NS_PING);
        motet_iq_send(self, host, iq, motet_option_int(self, "timeout"), on_pong,
                      motet_session_ref(session), unref_session);
}

static void
on_quiet(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;

        MotetSession *session = data;
        Watch *watch = motet_session_data(session, self);

        watch->timer = NULL;
        if (!motet_session_is_connected(session))
                return;
        watch->asked = motet_session_idle(session) >= motet_option_int(self, "idle");
        watch->asked_at = motet_now(self);
        if (watch->asked)
                ask(self, session);
        else
                watch_again(self, session, watch);
}

/* Also for one that is watched already: the options may have changed. */
static void
watch_session(MotetSession *session, void *data)
{
        MotetModule *self = data;
        Watch *watch = motet_session_data(session, self);

        if (watch == NULL) {
                watch = g_new0(Watch, 1);
                motet_session_set_data(session, self, watch, g_free);
        }
        motet_timer_cancel(g_steal_pointer(&watch->timer));
        if (!watch->asked)
                watch_again(self, session, watch);
}

static void
watch_all(MotetModule *self)
{
        motet_sessions_foreach(motet_module_host(self), watch_session, self);
}

static MotetResult
on_connected(MotetModule *self, MotetSessionEvent *ev)
{
        if (motet_option_int(self, "idle") > 0)
                watch_session(ev->session, self);
        return MOTET_CONTINUE;
}

/* A module that is enabled at run time finds sessions. */
static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        if (motet_option_int(self, "idle") > 0)
                watch_all(self);
        return true;
}

static GTimeSpan
idle_limit(MotetModule *provider, const MotetSession *session)
{
        (void)session;
        return motet_option_int(provider, "idle");
}

static const MotetIdleService service = {.limit = idle_limit};

static const MotetServiceDecl services[] = {{"idle", &service}, {0}};

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" NS_PING ":ping", answer_ping, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_PING ":ping", answer_ping, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-bound", on_connected, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-resumed", on_connected, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "idle",
                .type = MOTET_OPTION_DURATION,
                .fallback = "300s",
                .min = 0,
                .max = 24 * G_TIME_SPAN_HOUR,
                .help = "After how much silence a user is pinged; 0s: never.",
        },
        {
                .key = "timeout",
                .type = MOTET_OPTION_DURATION,
                .fallback = "60s",
                .min = G_TIME_SPAN_SECOND,
                .max = G_TIME_SPAN_HOUR,
                .help = "How long a ping may stay unanswered before the stream is closed.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "ping",
        .summary = "Answer pings, and ping users that fell silent",
        .depends = MOTET_LIST("iq"), /* delivers what is asked of users */
        .specs = MOTET_LIST("XEP-0199@2.0.1"),
        .features = MOTET_LIST(NS_PING),
        .account_features = MOTET_LIST(NS_PING),
        .services = services,
        .options = options,
        .hooks = hooks,
        .load = load,
        .reconfigure = watch_all,
};
