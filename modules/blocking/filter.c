/*
 * filter: what becomes of stanzas from and to blocked addresses.
 *
 * Source: XEP-0191 sections 3.3 and 4.
 */
#include "blocking-private.h"

#include <motet/router.h>

#include <string.h>

#define NS_ERRORS "urn:xmpp:blocking:errors"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"

/* Verdicts: whether @stanza is stopped by the list, and then what is answered: *@reply_out is (own)
 * or stays NULL. */
typedef bool (*Judge)(const List *list, const MotetXml *stanza, const MotetJid *other,
                      MotetXml **reply_out);

static bool
is_request(const MotetXml *iq)
{
        const char *type = motet_xml_attr(iq, "type");

        return g_strcmp0(type, "get") == 0 || g_strcmp0(type, "set") == 0;
}

/* Rooms speak for those whom they pass on. */
static bool
is_blocked_inviter(const List *list, const MotetXml *occupant)
{
        const MotetXml *invite = motet_xml_child(occupant, "invite", NS_MUC_USER);
        g_autoptr(MotetJid) inviter = invite ? motet_jid_new(motet_xml_attr(invite, "from")) : NULL;

        return inviter && set_blocks(list->jids, inviter);
}

/*
 * XEP-0191 3.3: as if the user were offline. A room takes an error for the end of the user's
 * visit, so it gets none when only one of its occupants is blocked.
 */
static bool
judge_message(const List *list, const MotetXml *stanza, const MotetJid *from, MotetXml **reply_out)
{
        const MotetXml *occupant = motet_xml_child(stanza, "x", NS_MUC_USER);
        bool is_of_room = occupant || g_strcmp0(motet_xml_attr(stanza, "type"), "groupchat") == 0;
        g_autoptr(MotetJid) whole = motet_jid_to_bare(from);

        if (occupant && is_blocked_inviter(list, occupant))
                return true;
        if (!set_blocks(list->jids, from))
                return false;
        if (!is_of_room || set_blocks(list->jids, whole))
                *reply_out = motet_stanza_error(stanza, MOTET_SERVICE_UNAVAILABLE, NULL);
        return true;
}

/* What comes from @from. */
static bool
judge_inbound(const List *list, const MotetXml *stanza, const MotetJid *from, MotetXml **reply_out)
{
        switch (motet_stanza_kind(stanza)) {
        case MOTET_STANZA_MESSAGE:
                return judge_message(list, stanza, from, reply_out);
        case MOTET_STANZA_IQ:
                if (!set_blocks(list->jids, from))
                        return false;
                if (is_request(stanza))
                        *reply_out = motet_stanza_error(stanza, MOTET_SERVICE_UNAVAILABLE, NULL);
                return true;
        case MOTET_STANZA_PRESENCE:
        case MOTET_STANZA_NONE:
        default:
                return set_blocks(list->jids, from);
        }
}

static MotetXml *
blocked_error(const MotetXml *stanza)
{
        MotetXml *reply = motet_stanza_error_of_type(stanza, MOTET_NOT_ACCEPTABLE, "cancel", NULL);

        if (reply)
                motet_xml_add((MotetXml *)motet_xml_child(reply, "error", NULL), "blocked",
                              NS_ERRORS);
        return reply;
}

/* What our user sends to @to. */
static bool
judge_sent(const List *list, const MotetXml *stanza, const MotetJid *to, MotetXml **reply_out)
{
        if (!set_blocks(list->jids, to))
                return false;

        *reply_out = blocked_error(stanza);
        return true;
}

/* What is routed to @to in the user's name. */
static bool
judge_routed(const List *list, const MotetXml *stanza, const MotetJid *to, MotetXml **reply_out)
{
        if (!set_blocks(list->jids, to))
                return false;

        if (motet_stanza_kind(stanza) == MOTET_STANZA_IQ)
                *reply_out = blocked_error(stanza);
        return true;
}

/* A stanza whose judge has to wait for the list. */
typedef struct {
        MotetLater *later; /* whose data this is */
        Judge judge;
        const MotetJid *other; /* held by @later */
} Parked;

static void
judge_parked(List *list, bool is_loaded, void *data)
{
        const Parked *parked = data;
        MotetLater *later = parked->later;
        g_autoptr(MotetXml) reply = NULL;

        /* Nothing may come through that is perhaps blocked. What goes to many, as presence does,
         * names none of them and is not answered. */
        if (!is_loaded && list->lists && !motet_xml_attr(motet_later_stanza(later), "to"))
                motet_later_answer(later, NULL);
        else if (!is_loaded && list->lists)
                motet_later_fail(later, "the block list cannot be read");
        else if (is_loaded && parked->judge(list, motet_later_stanza(later), parked->other, &reply))
                motet_later_answer(later, reply);
        else
                motet_later_continue(later);
}

static MotetResult
park(MotetModule *self, MotetStanzaEvent *ev, const MotetJid *account, const MotetJid *other,
     Judge judge)
{
        Parked *parked = g_new0(Parked, 1);

        parked->judge = judge;
        parked->other = other;
        parked->later = motet_later_new(self, ev, BLOCKING_WAIT);
        motet_later_set_data(parked->later, parked, g_free);

        List *list = list_take(motet_module_data(self), motet_jid_local(account));
        list_when_loaded(list, judge_parked, parked);
        list_release(list);
        return MOTET_WAIT;
}

static MotetResult
apply(MotetModule *self, MotetStanzaEvent *ev, const MotetJid *account, const MotetJid *other,
      Judge judge)
{
        /* XEP-0191 note 3: never between the resources of one user. */
        if (strcmp(motet_jid_bare(account), motet_jid_bare(other)) == 0)
                return MOTET_CONTINUE;

        const List *list = list_find(motet_module_data(self), motet_jid_local(account));
        if (!list)
                return park(self, ev, account, other, judge);

        g_autoptr(MotetXml) reply = NULL;
        if (g_hash_table_size(list->jids) == 0 || !judge(list, ev->stanza, other, &reply))
                return MOTET_CONTINUE;
        return reply ? motet_reply(ev, reply) : MOTET_HANDLED;
}

MotetResult
blocking_filter_sent(MotetModule *self, MotetStanzaEvent *ev)
{
        return apply(self, ev, ev->from, ev->to, judge_sent);
}

/*
 * Answers are to what was let in, or are refusals; the server ends the subscriptions of a contact
 * that the user removed (RFC 6121 2.5.2).
 */
static bool
is_always_routed(const MotetStanzaEvent *ev)
{
        const char *type = motet_xml_attr(ev->stanza, "type");

        if (motet_stanza_is_error(ev->stanza))
                return true;
        if (ev->kind == MOTET_STANZA_IQ)
                return !is_request(ev->stanza);
        return ev->kind == MOTET_STANZA_PRESENCE && type &&
               (strcmp(type, "unsubscribe") == 0 || strcmp(type, "unsubscribed") == 0);
}

MotetResult
blocking_filter_routed(MotetModule *self, MotetStanzaEvent *ev)
{
        if (is_always_routed(ev))
                return MOTET_CONTINUE;
        return apply(self, ev, ev->from, ev->to, judge_routed);
}

/* Presence that nobody is there to see: of contacts, who may be many. */
static bool
is_seen_by_nobody(const MotetStanzaEvent *ev)
{
        const char *type = motet_xml_attr(ev->stanza, "type");
        size_t n = 0;

        return ev->kind == MOTET_STANZA_PRESENCE && (!type || strcmp(type, "unavailable") == 0) &&
               !motet_sessions_of(ev->event.host, motet_jid_local(ev->to), &n);
}

MotetResult
blocking_filter_inbound(MotetModule *self, MotetStanzaEvent *ev)
{
        if (is_seen_by_nobody(ev))
                return MOTET_CONTINUE;
        return apply(self, ev, ev->to, ev->from, judge_inbound);
}
