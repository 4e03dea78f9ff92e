/*
 * presence: tell who is there to those who may know, and let users decide who may.
 *
 * Implements  RFC 6121 sections 3, 4, 8.5 (presence) and Appendix A, XEP-0203 (2.0) in them
 * Hooks       pre-presence/self, pre-presence/bare, pre-presence/full, pre-presence/host,
 *             pre-presence/remote, presence/self, presence/bare, presence/full, session-unbound,
 *             stream-features, roster-changed, user-deleting, user-deleted, user-created
 * Events      presence-initial, presence-changed, presence-unavailable (service-presence.h)
 * Provides    service "presence" (service-presence.h)
 * Options     max_bytes, max_directed, max_last
 */
#include "presence-private.h"

#include <motet/router.h>
#include <motet/service-auth.h>
#include <motet/service-presence.h>

#include <string.h>

#define NS_PREAPPROVAL "urn:xmpp:features:pre-approval"

static PresenceType
type_of(const MotetXml *presence)
{
        static const char *const names[PRESENCE_UNKNOWN] = {
                [PRESENCE_UNAVAILABLE] = "unavailable",
                [PRESENCE_SUBSCRIBE] = "subscribe",
                [PRESENCE_UNSUBSCRIBE] = "unsubscribe",
                [PRESENCE_SUBSCRIBED] = "subscribed",
                [PRESENCE_UNSUBSCRIBED] = "unsubscribed",
                [PRESENCE_PROBE] = "probe",
                [PRESENCE_ERROR] = "error",
        };
        const char *type = motet_xml_attr(presence, "type");

        for (int i = 0; i < PRESENCE_UNKNOWN; i++) {
                if (g_strcmp0(type, names[i]) == 0)
                        return (PresenceType)i;
        }
        return PRESENCE_UNKNOWN;
}

/* RFC 6121 4.7.2.3: at most one, an integer of -128..127. */
static bool
is_priority_legal(const MotetXml *presence)
{
        const MotetXml *priority = motet_xml_child(presence, "priority", MOTET_NS_CLIENT);
        if (!priority)
                return true;
        if (motet_xml_next(priority, "priority", MOTET_NS_CLIENT))
                return false;

        g_autofree char *text = g_strdup(motet_xml_text(priority));
        return g_ascii_string_to_signed(g_strstrip(text), 10, -128, 127, NULL, NULL);
}

/* One presence is kept for its session, and goes to everybody who may see it. */
static bool
is_short(MotetModule *self, const MotetXml *presence)
{
        g_autofree char *text = motet_xml_string(presence, MOTET_NS_CLIENT);

        return strlen(text) <= (size_t)motet_option_int(self, "max_bytes");
}

/* Returns: (own) the end of @session without a word */
static MotetXml *
farewell_new(const MotetSession *session)
{
        MotetXml *gone = motet_xml_new("presence", MOTET_NS_CLIENT);

        motet_xml_set_attr(gone, "from", session->full_jid);
        motet_xml_set_attr(gone, "type", "unavailable");
        return gone;
}

static void
fire(MotetModule *self, const char *event, MotetPresenceChange *change)
{
        motet_fire_custom(self, motet_module_host(self), event, change);
}

static bool
is_away(MotetModule *self, const char *account)
{
        size_t n = 0;
        MotetSession *const *sessions = motet_sessions_of(motet_module_host(self), account, &n);

        for (size_t i = 0; i < n; i++) {
                if (sessions[i]->presence)
                        return false;
        }
        return true;
}

static MotetResult
become_available(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetSession *session = ev->session;
        MotetPresenceChange change = {
                .session = session,
                .stanza = ev->stanza,
                .was_available = session->presence != NULL,
                .old_priority = session->presence ? session->priority : 0,
        };

        if (!is_priority_legal(ev->stanza))
                return motet_reply_error(ev, MOTET_BAD_REQUEST,
                                         "a priority is an integer of -128..127");
        if (!is_short(self, ev->stanza))
                return motet_reply_error(ev, MOTET_POLICY_VIOLATION, "a presence is not so long");

        motet_session_set_presence(session, ev->stanza);
        last_forget(self, session->username);
        broadcast_available(self, session, ev->stanza, !change.was_available);
        fire(self,
             change.was_available ? MOTET_EVENT_PRESENCE_CHANGED : MOTET_EVENT_PRESENCE_INITIAL,
             &change);
        return MOTET_HANDLED;
}

static MotetResult
become_unavailable(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetSession *session = ev->session;
        /* Those who were told directly did not ask to be told: of a long one they learn the end
         * alone. */
        g_autoptr(MotetXml) gone =
                is_short(self, ev->stanza) ? motet_xml_ref(ev->stanza) : farewell_new(session);
        MotetPresenceChange change = {
                .session = session,
                .stanza = gone,
                .was_available = session->presence != NULL,
                .old_priority = session->presence ? session->priority : 0,
        };

        /* RFC 6121 4.5.2: the resource that goes is told, too. */
        if (change.was_available) {
                broadcast_to_own(self, session, gone);
                motet_session_set_presence(session, NULL);
                if (is_away(self, session->username))
                        last_note(self, session->username, gone);
        }
        broadcast_unavailable(self, session, gone, change.was_available);
        if (change.was_available)
                fire(self, MOTET_EVENT_PRESENCE_UNAVAILABLE, &change);
        return MOTET_HANDLED;
}

static MotetResult
process_directed(MotetModule *self, MotetStanzaEvent *ev, PresenceType type)
{
        if (type == PRESENCE_UNAVAILABLE)
                directed_remove(self, ev->session, ev->to);
        else if (!directed_add(self, ev->session, ev->to))
                return motet_reply_error(ev, MOTET_RESOURCE_CONSTRAINT,
                                         "too many receivers of directed presence");
        told_note(self, ev->session, ev->to);
        return MOTET_CONTINUE;
}

/* The user's own resources may be told directly, too, also by one that is available to nobody
 * else. */
static MotetResult
process_directed_to_own(MotetModule *self, MotetStanzaEvent *ev, PresenceType type)
{
        if (process_directed(self, ev, type) == MOTET_CONTINUE)
                deliver_in_order(self, ev);
        return MOTET_HANDLED;
}

/* What our user sends to somebody. */
static MotetResult
process_outbound(MotetModule *self, MotetStanzaEvent *ev)
{
        PresenceType type = type_of(ev->stanza);

        last_remove_forged(self, ev->stanza, ev->from);
        if (type == PRESENCE_UNKNOWN)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "unknown type of presence");
        if (is_subscription(type) && strcmp(motet_jid_bare(ev->from), motet_jid_bare(ev->to)) == 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "users see themselves");
        if (is_subscription(type))
                return subscription_send(self, ev, type);
        if (type == PRESENCE_AVAILABLE || type == PRESENCE_UNAVAILABLE)
                return process_directed(self, ev, type);
        return MOTET_CONTINUE;
}

/* What goes to many is as little to be believed. */
static MotetResult
process_own_outbound(MotetModule *self, MotetStanzaEvent *ev)
{
        last_remove_forged(self, ev->stanza, ev->from);
        return MOTET_CONTINUE;
}

/* Presence without addressee, or to the own account. */
static MotetResult
process_own(MotetModule *self, MotetStanzaEvent *ev)
{
        PresenceType type = type_of(ev->stanza);
        bool is_directed = motet_xml_attr(ev->stanza, "to") != NULL;

        if (!ev->session || !ev->session->full_jid)
                return MOTET_CONTINUE;

        switch (type) {
        case PRESENCE_AVAILABLE:
        case PRESENCE_UNAVAILABLE:
                if (is_directed)
                        return process_directed_to_own(self, ev, type);
                return type == PRESENCE_AVAILABLE ? become_available(self, ev)
                                                  : become_unavailable(self, ev);
        case PRESENCE_PROBE:
                probe_answer(self, ev->from, ev->to);
                return MOTET_HANDLED;
        case PRESENCE_ERROR:
                return MOTET_HANDLED;
        case PRESENCE_SUBSCRIBE:
        case PRESENCE_UNSUBSCRIBE:
        case PRESENCE_SUBSCRIBED:
        case PRESENCE_UNSUBSCRIBED:
        case PRESENCE_UNKNOWN:
        default:
                /* RFC 6121 4.2.2: users see themselves; there is nothing to ask for. */
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "users see themselves");
        }
}

/* Who answers with an error does not want to know, and so not of the end either. */
static void
note_error(MotetModule *self, const MotetStanzaEvent *ev)
{
        const char *resource = motet_jid_resource(ev->to);
        MotetSession *session = resource ? motet_sessions_find(motet_module_host(self),
                                                               motet_jid_local(ev->to), resource)
                                         : NULL;

        if (session)
                directed_remove(self, session, ev->from);
}

/* Presence for an account or resource of ours. */
static MotetResult
process_inbound(MotetModule *self, MotetStanzaEvent *ev)
{
        PresenceType type = type_of(ev->stanza);

        switch (type) {
        case PRESENCE_ERROR:
                note_error(self, ev);
                deliver_in_order(self, ev);
                return MOTET_HANDLED;
        case PRESENCE_AVAILABLE:
        case PRESENCE_UNAVAILABLE:
                deliver_in_order(self, ev);
                return MOTET_HANDLED;
        case PRESENCE_PROBE:
                probe_answer(self, ev->from, ev->to);
                return MOTET_HANDLED;
        case PRESENCE_SUBSCRIBE:
        case PRESENCE_UNSUBSCRIBE:
        case PRESENCE_SUBSCRIBED:
        case PRESENCE_UNSUBSCRIBED:
                return subscription_receive(self, ev, type);
        case PRESENCE_UNKNOWN:
        default:
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "unknown type of presence");
        }
}

/* RFC 6121 4.5.2: a resource that went without a word is declared unavailable by the server. */
static MotetResult
leave(MotetModule *self, MotetSessionEvent *ev)
{
        MotetSession *session = ev->session;
        bool was_available = session->presence != NULL;
        g_autoptr(MotetXml) gone = farewell_new(session);
        MotetPresenceChange change = {
                .session = session,
                .stanza = gone,
                .was_available = was_available,
                .old_priority = was_available ? session->priority : 0,
        };

        if (was_available) {
                broadcast_to_own(self, session, gone);
                if (is_away(self, session->username))
                        last_note(self, session->username, NULL);
        }
        broadcast_unavailable(self, session, gone, was_available);
        if (was_available)
                fire(self, MOTET_EVENT_PRESENCE_UNAVAILABLE, &change);
        return MOTET_CONTINUE;
}

static MotetResult
follow_roster(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetRosterChanged *changed = ev->data;

        if (changed->before & ~changed->after & MOTET_ROSTER_FROM)
                debt_cancel(self, changed->account, changed->contact);
        if (changed->removed)
                subscription_cancel(self, changed->account, changed->contact, changed->before);
        return MOTET_CONTINUE;
}

static MotetResult
offer_preapproval(MotetModule *self, MotetFeaturesEvent *ev)
{
        (void)self;

        if (ev->session->type == MOTET_SESSION_C2S)
                motet_xml_add(ev->features, "sub", NS_PREAPPROVAL);
        return MOTET_CONTINUE;
}

static MotetResult
end_subscriptions(MotetModule *self, MotetAccountEvent *ev)
{
        subscription_end_all(self, ev->username);
        return MOTET_CONTINUE;
}

/* Once when the account is gone, and once for the session in which its user asked for that, which
 * leaves last of all: whoever has the name next did not say it. */
static MotetResult
forget_former_user(MotetModule *self, MotetAccountEvent *ev)
{
        last_forget(self, ev->username);
        return MOTET_CONTINUE;
}

/* Where no module keeps accounts there are no such events. */
static void
hook_deletion(MotetModule *self)
{
        static const MotetHook on_deletion[] = {
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETING, end_subscriptions, MOTET_PRIO_NORMAL),
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, forget_former_user, MOTET_PRIO_NORMAL),
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_CREATED, forget_former_user, MOTET_PRIO_NORMAL),
        };

        for (size_t i = 0; i < G_N_ELEMENTS(on_deletion); i++) {
                g_autoptr(GError) unknown = NULL;
                if (!motet_hook_add(self, &on_deletion[i], &unknown))
                        motet_debug("%s", unknown->message);
        }
}

static void
presence_free(void *data)
{
        Presence *presence = data;

        lasts_free(presence->lasts);
        g_free(presence);
}

static bool
load(MotetModule *self, GError **error)
{
        Presence *presence = g_new0(Presence, 1);

        (void)error;
        presence->lasts = lasts_new();
        motet_module_set_data(self, presence, presence_free);
        hook_deletion(self);
        return true;
}

static void
unload(MotetModule *self)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);

        if (service)
                service->forget(provider, self);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("pre-presence/self", process_own_outbound, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-presence/bare", process_outbound, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-presence/full", process_outbound, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-presence/host", process_outbound, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-presence/remote", process_outbound, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("presence/self", process_own, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("presence/bare", process_inbound, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("presence/full", process_inbound, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-unbound", leave, MOTET_PRIO_NORMAL),
        MOTET_ON_FEATURES("stream-features", offer_preapproval, MOTET_PRIO_NORMAL),
        MOTET_ON_CUSTOM(MOTET_EVENT_ROSTER_CHANGED, follow_roster, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {"max_bytes", MOTET_OPTION_SIZE, "10 KB", 1024, 262144, NULL,
         "Longest presence that is kept and told to all who may see it, in bytes."},
        {"max_directed", MOTET_OPTION_INT, "500", 1, 100000, NULL,
         "Addresses one session may send its presence to directly, such as chat rooms."},
        {"max_last", MOTET_OPTION_INT, "10000", 0, 10000000, NULL,
         "Accounts that are away whose last words are kept for those who may see them; 0: none."},
        {0},
};

static const MotetEventDecl events[] = {
        {MOTET_EVENT_PRESENCE_INITIAL, MOTET_EVENT_CUSTOM,
         "a session became available and everybody was told (MotetPresenceChange); HANDLED is "
         "ignored"},
        {MOTET_EVENT_PRESENCE_CHANGED, MOTET_EVENT_CUSTOM,
         "an available session sent another presence (MotetPresenceChange); HANDLED is ignored"},
        {MOTET_EVENT_PRESENCE_UNAVAILABLE, MOTET_EVENT_CUSTOM,
         "a session is no longer available (MotetPresenceChange); HANDLED is ignored"},
        {0},
};

static const MotetPresenceService presence_service = {.last = last_find};

static const MotetServiceDecl services[] = {{"presence", &presence_service}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "presence",
        .summary = "Tell who is there to those who may know",
        .depends = MOTET_LIST("service:roster"),
        .wants = MOTET_LIST("service:auth"),
        .specs = MOTET_LIST("RFC6121", "XEP-0203@2.0"),
        .services = services,
        .events = events,
        .options = options,
        .hooks = hooks,
        .load = load,
        .unload = unload,
        .save_session = kept_save,
        .restore_session = kept_restore,
        .state_version = 2,
        .state_oldest = 1,
};
