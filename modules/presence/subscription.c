/*
 * subscription: who may see whom: the states of a contact and how each subscription stanza changes
 * them.
 *
 * Source: RFC 6121 section 3 and Appendix A.
 */
#include "presence-private.h"

#include <motet/router.h>
#include <motet/service-store.h>

#define SUBSCRIPTION_WAIT (30 * G_TIME_SPAN_SECOND)

/* The nine states of Appendix A.1. */
enum {
        NONE = 0,
        TO = MOTET_ROSTER_TO,
        FROM = MOTET_ROSTER_FROM,
        BOTH = MOTET_ROSTER_BOTH,
        NONE_OUT = MOTET_ROSTER_PENDING_OUT,
        NONE_IN = MOTET_ROSTER_PENDING_IN,
        NONE_OUT_IN = MOTET_ROSTER_PENDING_OUT | MOTET_ROSTER_PENDING_IN,
        TO_IN = MOTET_ROSTER_TO | MOTET_ROSTER_PENDING_IN,
        FROM_OUT = MOTET_ROSTER_FROM | MOTET_ROSTER_PENDING_OUT,
        N_STATES = MOTET_ROSTER_SUBSCRIPTION_MASK + 1,
};

/* passes: routed to the contact (outbound) or delivered to the user (inbound). */
typedef struct {
        bool passes;
        unsigned next;
} Step;

#define PASS(next_)                                                                                \
        {                                                                                          \
                true, next_                                                                        \
        }
#define STOP(next_)                                                                                \
        {                                                                                          \
                false, next_                                                                       \
        }

/* Appendix A.2, Tables 2 to 5 */
static const Step outbound[][N_STATES] = {
        [PRESENCE_SUBSCRIBE] =
                {
                        [NONE] = PASS(NONE_OUT),
                        [NONE_OUT] = PASS(NONE_OUT),
                        [NONE_IN] = PASS(NONE_OUT_IN),
                        [NONE_OUT_IN] = PASS(NONE_OUT_IN),
                        [TO] = PASS(TO),
                        [TO_IN] = PASS(TO_IN),
                        [FROM] = PASS(FROM_OUT),
                        [FROM_OUT] = PASS(FROM_OUT),
                        [BOTH] = PASS(BOTH),
                },
        [PRESENCE_UNSUBSCRIBE] =
                {
                        [NONE] = PASS(NONE),
                        [NONE_OUT] = PASS(NONE),
                        [NONE_IN] = PASS(NONE_IN),
                        [NONE_OUT_IN] = PASS(NONE_IN),
                        [TO] = PASS(NONE),
                        [TO_IN] = PASS(NONE_IN),
                        [FROM] = PASS(FROM),
                        [FROM_OUT] = PASS(FROM),
                        [BOTH] = PASS(FROM),
                },
        [PRESENCE_SUBSCRIBED] =
                {
                        [NONE] = STOP(NONE),
                        [NONE_OUT] = STOP(NONE_OUT),
                        [NONE_IN] = PASS(FROM),
                        [NONE_OUT_IN] = PASS(FROM_OUT),
                        [TO] = STOP(TO),
                        [TO_IN] = PASS(BOTH),
                        [FROM] = STOP(FROM),
                        [FROM_OUT] = STOP(FROM_OUT),
                        [BOTH] = STOP(BOTH),
                },
        [PRESENCE_UNSUBSCRIBED] =
                {
                        [NONE] = STOP(NONE),
                        [NONE_OUT] = STOP(NONE_OUT),
                        [NONE_IN] = PASS(NONE),
                        [NONE_OUT_IN] = PASS(NONE_OUT),
                        [TO] = STOP(TO),
                        [TO_IN] = PASS(TO),
                        [FROM] = PASS(NONE),
                        [FROM_OUT] = PASS(NONE_OUT),
                        [BOTH] = PASS(TO),
                },
};

/* Appendix A.3, Tables 6 to 9 */
static const Step inbound[][N_STATES] = {
        [PRESENCE_SUBSCRIBE] =
                {
                        [NONE] = PASS(NONE_IN),
                        [NONE_OUT] = PASS(NONE_OUT_IN),
                        [NONE_IN] = STOP(NONE_IN),
                        [NONE_OUT_IN] = STOP(NONE_OUT_IN),
                        [TO] = PASS(TO_IN),
                        [TO_IN] = STOP(TO_IN),
                        [FROM] = STOP(FROM),
                        [FROM_OUT] = STOP(FROM_OUT),
                        [BOTH] = STOP(BOTH),
                },
        [PRESENCE_UNSUBSCRIBE] =
                {
                        [NONE] = STOP(NONE),
                        [NONE_OUT] = STOP(NONE_OUT),
                        [NONE_IN] = PASS(NONE),
                        [NONE_OUT_IN] = PASS(NONE_OUT),
                        [TO] = STOP(TO),
                        [TO_IN] = PASS(TO),
                        [FROM] = PASS(NONE),
                        [FROM_OUT] = PASS(NONE_OUT),
                        [BOTH] = PASS(TO),
                },
        [PRESENCE_SUBSCRIBED] =
                {
                        [NONE] = STOP(NONE),
                        [NONE_OUT] = PASS(TO),
                        [NONE_IN] = STOP(NONE_IN),
                        [NONE_OUT_IN] = PASS(TO_IN),
                        [TO] = STOP(TO),
                        [TO_IN] = STOP(TO_IN),
                        [FROM] = STOP(FROM),
                        [FROM_OUT] = PASS(BOTH),
                        [BOTH] = STOP(BOTH),
                },
        [PRESENCE_UNSUBSCRIBED] =
                {
                        [NONE] = STOP(NONE),
                        [NONE_OUT] = PASS(NONE),
                        [NONE_IN] = STOP(NONE_IN),
                        [NONE_OUT_IN] = PASS(NONE_IN),
                        [TO] = PASS(NONE),
                        [TO_IN] = PASS(NONE_IN),
                        [FROM] = STOP(FROM),
                        [FROM_OUT] = PASS(FROM),
                        [BOTH] = PASS(FROM),
                },
};

static const char *const type_names[] = {
        [PRESENCE_SUBSCRIBE] = "subscribe",
        [PRESENCE_UNSUBSCRIBE] = "unsubscribe",
        [PRESENCE_SUBSCRIBED] = "subscribed",
        [PRESENCE_UNSUBSCRIBED] = "unsubscribed",
};

/* One subscription stanza while the roster it changes is written. */
typedef struct {
        PresenceType type;
        char *account;
        MotetXml *original;    /* (own) as it came */
        MotetXml *stanza;      /* (own) between bare addresses */
        MotetSession *session; /* (own) outbound only: who sent it */
        MotetWait *wait;       /* (own) until resumed */
        bool passes;
        bool approves; /* the server answers in the user's name */
} Change;

static void
change_free(void *data)
{
        Change *change = data;

        /* One that is sent and not answered: the module stops. It must not go on as it is, between
         * resources. */
        if (change->wait && change->session)
                motet_resume_refuse(change->wait, MOTET_SERVICE_UNAVAILABLE, NULL);
        else if (change->wait)
                motet_resume(change->wait, MOTET_HANDLED);
        motet_xml_unref(change->original);
        motet_xml_unref(change->stanza);
        motet_session_unref(change->session);
        g_free(change->account);
        g_free(change);
}

/* RFC 6121 3.1.2, 3.1.3: subscriptions are between accounts, never resources. */
static Change *
change_new(const MotetStanzaEvent *ev, PresenceType type, const MotetJid *account)
{
        Change *change = g_new0(Change, 1);

        change->type = type;
        change->account = g_strdup(motet_jid_local(account));
        change->original = motet_xml_ref(ev->stanza);
        change->stanza = motet_xml_copy(ev->stanza);
        motet_xml_set_attr(change->stanza, "from", motet_jid_bare(ev->from));
        motet_xml_set_attr(change->stanza, "to", motet_jid_bare(ev->to));
        return change;
}

/* What a stored state makes of itself: nobody waits for what they have. */
static unsigned
sound(unsigned state)
{
        state &= MOTET_ROSTER_SUBSCRIPTION_MASK;
        if (state & MOTET_ROSTER_TO)
                state &= ~MOTET_ROSTER_PENDING_OUT;
        if (state & MOTET_ROSTER_FROM)
                state &= ~MOTET_ROSTER_PENDING_IN;
        return state;
}

static unsigned
take(Change *change, Step step, unsigned state)
{
        change->passes = step.passes;
        return (state & ~MOTET_ROSTER_SUBSCRIPTION_MASK) | step.next;
}

static const char *
us(const Change *change, bool is_outbound)
{
        return motet_xml_attr(change->stanza, is_outbound ? "from" : "to");
}

static const char *
them(const Change *change, bool is_outbound)
{
        return motet_xml_attr(change->stanza, is_outbound ? "to" : "from");
}

/* Why it was not done. Returns: (own) a failure of ours may pass, and is told so (RFC 6120
 * 8.3.2) */
static MotetXml *
error_of(const MotetModule *self, MotetRosterStatus status, const Change *change)
{
        if (status == MOTET_ROSTER_FULL)
                return motet_stanza_error(change->original, MOTET_RESOURCE_CONSTRAINT,
                                          "the roster is full");

        MotetCondition condition = status == MOTET_ROSTER_BUSY ? MOTET_RESOURCE_CONSTRAINT
                                                               : motet_store_condition(self);

        return motet_stanza_error_of_type(change->original, condition, "wait",
                                          "the roster cannot be changed now");
}

/* Outbound */

static unsigned
decide_outbound(MotetModule *self, unsigned state, const MotetXml **request_out, void *data)
{
        Change *change = data;
        unsigned next = take(change, outbound[change->type][sound(state)], state);

        (void)self;
        (void)request_out;
        /* RFC 6121 3.4.2 and 3.4.3: approving before being asked, and taking that back. */
        if (change->type == PRESENCE_SUBSCRIBED && !(next & MOTET_ROSTER_FROM))
                next |= MOTET_ROSTER_APPROVED;
        if (change->type == PRESENCE_UNSUBSCRIBED)
                next &= ~MOTET_ROSTER_APPROVED;
        return next;
}

static void
sent_durable(MotetModule *self, MotetRosterStatus status, unsigned before, unsigned after,
             void *data)
{
        Change *change = data;
        MotetHost *host = motet_module_host(self);

        (void)before;
        (void)after;
        if (status == MOTET_ROSTER_OK) {
                if (change->passes)
                        motet_route(host, change->stanza);
                return;
        }

        /* After the deadline it has been answered already. */
        if (motet_wait_is_live(change->wait)) {
                g_autoptr(MotetXml) error = error_of(self, status, change);
                motet_xml_set_attr(error, "to",
                                   motet_jid_string(motet_session_jid(change->session)));
                motet_reply_to(host, change->session, error);
        }
        motet_resume(g_steal_pointer(&change->wait), MOTET_HANDLED);
}

/* RFC 6121 3.1.5 and 3.2.2: who may see the user now does, who may not any more is told. */
static void
sent_pushed(MotetModule *self, unsigned before, unsigned after, void *data)
{
        Change *change = data;

        if ((before ^ after) & MOTET_ROSTER_FROM)
                send_resources(self, change->account, NULL, them(change, true),
                               after & MOTET_ROSTER_FROM);
        motet_resume(g_steal_pointer(&change->wait), MOTET_HANDLED);
}

static const MotetRosterChange outbound_change = {
        .decide = decide_outbound,
        .done = sent_durable,
        .pushed = sent_pushed,
        .free_data = change_free,
};

MotetResult
subscription_send(MotetModule *self, MotetStanzaEvent *ev, PresenceType type)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);
        Change *change = change_new(ev, type, ev->from);

        change->session = motet_session_ref(ev->session);
        change->wait = motet_wait(self, &ev->event, SUBSCRIPTION_WAIT, MOTET_DEADLINE_REFUSE);
        service->change(provider, self, change->account, motet_jid_bare(ev->to), &outbound_change,
                        change);
        return MOTET_WAIT;
}

/* Inbound */

static unsigned
decide_inbound(MotetModule *self, unsigned state, const MotetXml **request_out, void *data)
{
        Change *change = data;
        unsigned next = take(change, inbound[change->type][sound(state)], state);

        (void)self;
        if (change->type != PRESENCE_SUBSCRIBE)
                return next;

        /* RFC 6121 3.1.3: who may see the user already, or was approved before, is answered by the
         * server. */
        if (state & (MOTET_ROSTER_FROM | MOTET_ROSTER_APPROVED)) {
                change->passes = false;
                change->approves = true;
                return (state & ~MOTET_ROSTER_PENDING_IN) | MOTET_ROSTER_FROM;
        }

        *request_out = change->stanza;
        return next;
}

static void
received_durable(MotetModule *self, MotetRosterStatus status, unsigned before, unsigned after,
                 void *data)
{
        Change *change = data;
        MotetHost *host = motet_module_host(self);

        (void)after;
        /* RFC 6121 8.5.1: nothing tells a stranger whether the account exists, so neither does that
         * it has no room. */
        if (status == MOTET_ROSTER_NO_ACCOUNT || (status == MOTET_ROSTER_FULL && before == 0))
                return;
        if (status != MOTET_ROSTER_OK) {
                g_autoptr(MotetXml) error = error_of(self, status, change);
                motet_route(host, error);
                return;
        }

        if (change->approves) {
                route_simple(self, "subscribed", us(change, false), them(change, false));
        } else if (change->passes && change->type == PRESENCE_SUBSCRIBE) {
                told_note_request(self, change->account, them(change, false));
                motet_sessions_send_available(host, change->account, change->stanza);
        } else if (change->passes) {
                motet_sessions_send_interested(host, change->account, change->stanza);
        }
}

/* RFC 6121 3.1.3 and 3.3.3 */
static void
received_pushed(MotetModule *self, unsigned before, unsigned after, void *data)
{
        const Change *change = data;

        if (change->approves)
                send_resources(self, change->account, NULL, them(change, false), true);
        else if ((before & ~after) & MOTET_ROSTER_FROM)
                send_resources(self, change->account, NULL, them(change, false), false);
}

static const MotetRosterChange inbound_change = {
        .decide = decide_inbound,
        .done = received_durable,
        .pushed = received_pushed,
        .free_data = change_free,
};

/* It waits so that the module is not replaced before the roster is changed and everybody told. */
MotetResult
subscription_receive(MotetModule *self, MotetStanzaEvent *ev, PresenceType type)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);
        Change *change = change_new(ev, type, ev->to);

        change->wait = motet_wait(self, &ev->event, SUBSCRIPTION_WAIT, MOTET_DEADLINE_CONTINUE);
        service->change(provider, self, change->account, motet_jid_bare(ev->from), &inbound_change,
                        change);
        return MOTET_WAIT;
}

/* RFC 6121 2.5.2 */
void
subscription_cancel(MotetModule *self, const char *account, const char *contact, unsigned state)
{
        g_autofree char *from =
                g_strdup_printf("%s@%s", account, motet_host_name(motet_module_host(self)));

        if (state & (MOTET_ROSTER_TO | MOTET_ROSTER_PENDING_OUT))
                route_simple(self, type_names[PRESENCE_UNSUBSCRIBE], from, contact);
        if (state & MOTET_ROSTER_FROM) {
                route_simple(self, type_names[PRESENCE_UNSUBSCRIBED], from, contact);
                send_resources(self, account, NULL, contact, false);
        }
}

/* RFC 6121 3.2 and 3.3, for all contacts at once. The end of its sessions tells the rest. */
void
subscription_end_all(MotetModule *self, const char *account)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);
        const MotetRoster *roster = service->cached(provider, account);
        g_autofree char *from =
                g_strdup_printf("%s@%s", account, motet_host_name(motet_module_host(self)));

        /* Nothing of a roster changes but from the loop. */
        for (size_t i = 0; roster && i < roster->n_items; i++) {
                const char *contact = motet_roster_item_jid(roster->items[i]);
                unsigned state = roster->items[i]->state;
                if (state & (MOTET_ROSTER_TO | MOTET_ROSTER_PENDING_OUT))
                        route_simple(self, type_names[PRESENCE_UNSUBSCRIBE], from, contact);
                if (state & (MOTET_ROSTER_FROM | MOTET_ROSTER_PENDING_IN))
                        route_simple(self, type_names[PRESENCE_UNSUBSCRIBED], from, contact);
        }
}
