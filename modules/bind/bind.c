/*
 * bind: give a session its resource.
 *
 * Implements  RFC 6120 section 7
 * Hooks       stream-features, session-unbound,
 *             iq/self and iq/host/urn:ietf:params:xml:ns:xmpp-bind:bind
 * Options     conflict
 *
 * When a new session takes the resource of another (kick_old), the former is told <conflict/> and
 * closed, which it is from the loop. The table never holds two sessions of one address, so the
 * newcomer waits until the former has left it.
 */
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/session.h>
#include <motet/task.h>

#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define RANDOM_BYTES 12 /* of a generated resource: unique, and not to be guessed by strangers */
#define TAKE_OVER_TIMEOUT (30 * G_TIME_SPAN_SECOND) /* for the former session to leave */

/* RFC 6120 7.4: offered only once the client is authenticated. */
static MotetResult
offer_bind(MotetModule *self, MotetFeaturesEvent *ev)
{
        (void)self;

        if (ev->session->type == MOTET_SESSION_C2S && ev->session->full_jid == NULL)
                motet_xml_add(ev->features, "bind", NS_BIND);
        return MOTET_CONTINUE;
}

/* Answering */

static void
answer_bound(MotetSession *session, const MotetXml *request)
{
        g_autoptr(MotetXml) result = motet_iq_result(request);
        MotetXml *bind = motet_xml_add(result, "bind", NS_BIND);

        motet_xml_add_with_text(bind, "jid", NULL, session->full_jid);
        motet_session_send(session, result);
}

/* The implementer's part of motet_session_bind(): @data is the request, held since. */
static void
on_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        g_autoptr(MotetXml) request = data;

        if (condition == MOTET_CONDITION_NONE) {
                answer_bound(session, request);
                return;
        }

        /* A failure of ours may pass, so the client is to try again (RFC 6120 8.3.2). */
        const char *type =
                condition == MOTET_INTERNAL_SERVER_ERROR ? "wait" : motet_condition_type(condition);
        g_autoptr(MotetXml) refusal = motet_stanza_error_of_type(request, condition, type, text);

        motet_session_send(session, refusal);
}

/* The resource */

/* The one asked for, "" for none. Returns: false when the request is malformed */
static bool
requested_resource(const MotetXml *bind, const char **resource_out)
{
        const MotetXml *resource = motet_xml_child(bind, "resource", NS_BIND);

        *resource_out = motet_xml_text(resource);
        return resource == NULL || motet_xml_next(resource, "resource", NS_BIND) == NULL;
}

static MotetSession *
holder(const MotetSession *session, const char *resource)
{
        return motet_sessions_find(motet_session_host(session), session->username, resource);
}

static char *
generate(MotetModule *self, const MotetSession *session)
{
        char *resource = motet_random_id(self, RANDOM_BYTES);

        while (holder(session, resource) != NULL) {
                g_free(resource);
                resource = motet_random_id(self, RANDOM_BYTES);
        }
        return resource;
}

/* The first of resource-2, resource-3, … that is free; a generated one when that is too long. */
static char *
increment(MotetModule *self, const MotetSession *session, const char *resource)
{
        for (unsigned number = 2;; number++) {
                g_autofree char *candidate = g_strdup_printf("%s-%u", resource, number);
                g_autofree char *prepared = motet_jid_prepare_resource(candidate);

                if (prepared == NULL)
                        return generate(self, session);
                if (holder(session, prepared) == NULL)
                        return g_steal_pointer(&prepared);
        }
}

/* Taking over */

/*
 * A session that waits for the former holder of its resource to leave. Owns all it names; all NULL
 * once moved.
 */
typedef struct {
        MotetWait *wait; /* NULL once resumed */
        MotetSession *session;
        MotetXml *request;
        char *resource;
} Newcomer;

static void
newcomer_free(void *data)
{
        Newcomer *newcomer = data;

        /* Not bound: cancelled, or its module is stopping. */
        if (newcomer->wait != NULL)
                motet_resume(newcomer->wait, MOTET_CONTINUE);
        motet_session_unref(newcomer->session);
        motet_xml_unref(newcomer->request);
        g_free(newcomer->resource);
        g_free(newcomer);
}

/* Takes @newcomer: it goes on once @former is out of the table. */
static void
take_over(MotetModule *self, Newcomer *newcomer, MotetSession *former)
{
        GPtrArray *newcomers = motet_module_data(self);

        g_ptr_array_add(newcomers, newcomer);
        motet_session_close(former, MOTET_CONFLICT, "Replaced by a new connection");
}

static Newcomer *
newcomer_move(Newcomer *newcomer)
{
        Newcomer *moved = g_memdup2(newcomer, sizeof *newcomer);

        *newcomer = (Newcomer){0};
        return moved;
}

static void
bind_newcomer(MotetModule *self, void *data)
{
        Newcomer *newcomer = data;

        if (!motet_wait_is_live(newcomer->wait))
                return;

        /* Of several that waited for one resource the last one wins. */
        MotetSession *former = holder(newcomer->session, newcomer->resource);

        if (former != NULL) {
                take_over(self, newcomer_move(newcomer), former);
                return;
        }
        motet_session_bind(newcomer->session, newcomer->resource, on_bound,
                           motet_xml_ref(newcomer->request));
        motet_resume(g_steal_pointer(&newcomer->wait), MOTET_HANDLED);
}

/* Later, so that everybody is told that the former is gone before anybody hears of the new one. */
static MotetResult
let_newcomers_bind(MotetModule *self, MotetSessionEvent *ev)
{
        GPtrArray *newcomers = motet_module_data(self);

        for (unsigned i = 0; i < newcomers->len;) {
                const Newcomer *newcomer = g_ptr_array_index(newcomers, i);

                if (g_str_equal(newcomer->session->username, ev->session->username) &&
                    g_str_equal(newcomer->resource, ev->session->resource))
                        motet_defer(self, bind_newcomer, g_ptr_array_steal_index(newcomers, i),
                                    newcomer_free);
                else
                        i++;
        }
        return MOTET_CONTINUE;
}

/* Binding */

static MotetResult
wait_for(MotetModule *self, MotetStanzaEvent *ev, MotetSession *former)
{
        Newcomer *newcomer = g_new0(Newcomer, 1);

        newcomer->wait = motet_wait(self, &ev->event, TAKE_OVER_TIMEOUT, MOTET_DEADLINE_REFUSE);
        newcomer->session = motet_session_ref(ev->session);
        newcomer->request = motet_xml_ref(ev->stanza);
        newcomer->resource = g_strdup(former->resource);
        take_over(self, newcomer, former);
        return MOTET_WAIT;
}

static MotetResult
bind_to(const MotetStanzaEvent *ev, const char *resource)
{
        motet_session_bind(ev->session, resource, on_bound, motet_xml_ref(ev->stanza));
        return MOTET_HANDLED;
}

/* RFC 6120 7.7.2.2 */
static MotetResult
settle_conflict(MotetModule *self, MotetStanzaEvent *ev, MotetSession *former)
{
        const char *policy = motet_option_string(self, "conflict");

        if (g_str_equal(policy, "kick_old"))
                return wait_for(self, ev, former);
        if (g_str_equal(policy, "kick_new"))
                return motet_reply_error(ev, MOTET_CONFLICT, "The resource is in use");

        g_autofree char *other = g_str_equal(policy, "increment")
                                         ? increment(self, ev->session, former->resource)
                                         : generate(self, ev->session);

        return bind_to(ev, other);
}

static MotetResult
bind_resource(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetSession *session = ev->session;
        const char *requested;

        if (session == NULL || session->type != MOTET_SESSION_C2S)
                return MOTET_CONTINUE;
        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "set") != 0 ||
            !requested_resource(ev->payload, &requested))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);
        /* RFC 6120 7.6.2.2: one resource a stream. */
        if (session->full_jid != NULL)
                return motet_reply_error(ev, MOTET_NOT_ALLOWED, "A resource is bound already");

        /*
         * RFC 6120 7.6: none asked for, the server makes one; 7.7.2.1: what is no legal resource.
         */
        g_autofree char *prepared = requested[0] != '\0' ? motet_jid_prepare_resource(requested)
                                                         : generate(self, session);

        if (prepared == NULL)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "Not a legal resource");

        MotetSession *former = holder(session, prepared);

        return former != NULL ? settle_conflict(self, ev, former) : bind_to(ev, prepared);
}

/* The module */

static void
newcomers_free(void *data)
{
        g_ptr_array_unref(data);
}

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        motet_module_set_data(self, g_ptr_array_new_with_free_func(newcomer_free), newcomers_free);
        return true;
}

/* RFC 6120 7.6 sends the request without address; some clients address the server. */
static const MotetHook hooks[] = {
        MOTET_ON_FEATURES("stream-features", offer_bind, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-unbound", let_newcomers_bind, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_BIND ":bind", bind_resource, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS_BIND ":bind", bind_resource, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "conflict",
                .type = MOTET_OPTION_ENUM,
                .fallback = "kick_old",
                .values = MOTET_LIST("kick_old", "kick_new", "increment", "random"),
                .help = "When the resource is in use: kick_old ends the former session; kick_new "
                        "refuses the new one; increment appends a number; random makes another "
                        "resource.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "bind",
        .summary = "Give each session a resource",
        .specs = MOTET_LIST("RFC6120"),
        .options = options,
        .hooks = hooks,
        .load = load,
        .guards = true, /* without it nobody is served */
};
