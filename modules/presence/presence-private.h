/*
 * presence-private: what the files of the presence module share.
 *
 *   subscription.c  the state tables of RFC 6121 Appendix A, outbound and inbound
 *   broadcast.c     telling contacts and own resources, and asking for theirs
 *   probe.c         answering who asks
 *   debt.c          what a session is still to be told, as it has to read first
 *   told.c          what of that was told meanwhile
 *   directed.c      who was told directly
 *   kept.c          what is kept with a session
 *   last.c          the last unavailable presence of accounts that are away
 *   presence.c      the descriptor, and what becomes of each presence stanza
 */
#pragma once

#include <motet/jid.h>
#include <motet/module.h>
#include <motet/service-roster.h>
#include <motet/session.h>
#include <motet/stanza.h>

/* RFC 6121 section 4.7.1 */
typedef enum {
        PRESENCE_AVAILABLE, /* no type */
        PRESENCE_UNAVAILABLE,
        PRESENCE_SUBSCRIBE,
        PRESENCE_UNSUBSCRIBE,
        PRESENCE_SUBSCRIBED,
        PRESENCE_UNSUBSCRIBED,
        PRESENCE_PROBE,
        PRESENCE_ERROR,
        PRESENCE_UNKNOWN,
} PresenceType;

static inline bool
is_subscription(PresenceType type)
{
        return type >= PRESENCE_SUBSCRIBE && type <= PRESENCE_UNSUBSCRIBED;
}

/* subscription.c */

/** subscription_send: our user's subscription stanza. Returns: the verdict of the pre- event */
MotetResult subscription_send(MotetModule *self, MotetStanzaEvent *ev, PresenceType type);
/** subscription_receive: a subscription stanza for an account of ours. Returns: the verdict: it
 * waits */
MotetResult subscription_receive(MotetModule *self, MotetStanzaEvent *ev, PresenceType type);
/** subscription_end_all: @account is about to be deleted: ends what it has with others */
void subscription_end_all(MotetModule *self, const char *account);
/** subscription_cancel: the user removed a contact: ends what @state has of subscriptions */
void subscription_cancel(MotetModule *self, const char *account, const char *contact,
                         unsigned state);

/* kept.c */

/** Debt: the resources of one account that one session is still to be told of. */
typedef struct {
        GList link;            /* in Kept.debts */
        char *account;         /* of the instance's host */
        GHashTable *told;      /* (own) names of resources, or contacts, it need not be told of */
        bool is_for_available; /* nothing is owed once the session is not available any more */
} Debt;

/** Kept: what the module keeps with one session. */
typedef struct {
        MotetModule *self;
        GHashTable *directed;   /* (own) set of full or bare addresses; NULL: none */
        GQueue debts;           /* of Debt (own) */
        GHashTable *by_account; /* of Debt (borrowed); NULL: there were none */
        bool is_waiting;        /* a call is to come that goes on with the debts */
} Kept;

/** kept_find: Returns: (borrowed) NULL when nothing is kept with @session */
Kept *kept_find(MotetModule *self, const MotetSession *session);
/** kept_take: the same, made when there is none; NULL when @session is gone */
Kept *kept_take(MotetModule *self, MotetSession *session);
/** kept_save / kept_restore: for newer code of the module */
GBytes *kept_save(MotetModule *self, MotetSession *session);
bool kept_restore(MotetModule *self, MotetSession *session, GBytes *state, GError **error);

/* debt.c */

/** DEBT_REQUESTS: in the place of an account: the subscription requests that wait for an answer */
#define DEBT_REQUESTS ""

/** debt_owe: tells @session of all available resources of @account, or that there are none (not of
 * its own ones): now as far as it has read enough, and the rest later */
void debt_owe(MotetModule *self, MotetSession *session, const char *account);
/** debt_may_be_owed: whether the user wants to see the bare address @contact: what is owed is
 * bounded by the roster */
bool debt_may_be_owed(const MotetSession *session, const char *contact);
/** debt_cancel: @contact may not see @account any more */
void debt_cancel(MotetModule *self, const char *account, const char *contact);
/** debt_new: Returns: (own) for debt_take_over() */
Debt *debt_new(const char *account, bool is_for_available);
/** debt_take_over: @debt (take) is one that older code had; nothing is sent before return */
void debt_take_over(MotetModule *self, MotetSession *session, Debt *debt);
/** debt_find: Returns: (borrowed) what is owed of @account, NULL for nothing; @kept may be NULL */
Debt *debt_find(const Kept *kept, const char *account);
/** debts_clear: nothing is owed any more */
void debts_clear(Kept *kept);

/* told.c */

/** told_has: whether @name, a resource or a contact, need not be told of */
bool told_has(const Debt *debt, const char *name);
/** told_add: @name need not be told of; who calls sees to a bound */
void told_add(Debt *debt, const char *name);
/** told_keep_present: the first @n_told of @found, sessions of the account, were told of; names of
 * resources that are not in @found are forgotten */
void told_keep_present(Debt *debt, const GPtrArray *found, guint n_told);
/** told_add_request: the request of @contact, in the roster of @session, was told; the names are at
 * most as many as the roster has items */
void told_add_request(Debt *debt, const MotetSession *session, const char *contact);
/** told_note: @to is about to be told of the session @about: nothing older is owed any more */
void told_note(MotetModule *self, const MotetSession *about, const MotetJid *to);
/** told_note_own: the same of all available sessions of the account of @about */
void told_note_own(MotetModule *self, const MotetSession *about);
/** told_note_request: the available sessions of @account are about to get the request of @contact,
 * in its roster already */
void told_note_request(MotetModule *self, const char *account, const char *contact);

/* broadcast.c */

/** roster_of: Returns: (borrowed) service "roster" of @self's host with its @provider_out */
const MotetRosterService *roster_of(MotetModule *self, MotetModule **provider_out);
/** route_simple: routes a presence without content from one address to another */
void route_simple(MotetModule *self, const char *type, const char *from, const char *to);
/** route_copy: routes a copy of @presence from one address to another */
void route_copy(MotetModule *self, const MotetXml *presence, const char *from, const char *to);
/** broadcast_available: a presence of @session that was just set; @initial: it was not available
 * before */
void broadcast_available(MotetModule *self, MotetSession *session, const MotetXml *presence,
                         bool initial);
/** broadcast_unavailable: @session goes: tells who knows of it and forgets its directed receivers.
 * @was_available as it was */
void broadcast_unavailable(MotetModule *self, MotetSession *session, const MotetXml *presence,
                           bool was_available);
/** broadcast_to_own: a presence of @session goes to all available resources of its account */
void broadcast_to_own(MotetModule *self, MotetSession *session, const MotetXml *presence);
/** deliver_in_order: to all available resources of a bare @to, or the one of a full @to, behind the
 * changes of its roster that are under way */
void deliver_in_order(MotetModule *self, const MotetStanzaEvent *ev);

/* probe.c */

/** available_resources: Returns: (own) of MotetSession (own): those of @account that are available
 * now; only the one named @resource when it is not NULL */
GPtrArray *available_resources(MotetModule *self, const char *account, const char *resource);
/** send_resources: the presence of each available resource of @account, or that it is no more, to
 * @to. Returns: how many */
unsigned send_resources(MotetModule *self, const char *account, const char *resource,
                        const char *to, bool available);
/** probe_answer: an addressee of ours is probed (RFC 6121 4.3.2) */
void probe_answer(MotetModule *self, const MotetJid *from, const MotetJid *to);

/* directed.c */

/** directed_add: Returns: false when @session has too many directed receivers */
bool directed_add(MotetModule *self, MotetSession *session, const MotetJid *to);
void directed_remove(MotetModule *self, MotetSession *session, const MotetJid *to);
/** directed_end: whoever was told directly, and is not told by broadcast, is told that it is over
 * (RFC 6121 4.6.3), and forgotten */
void directed_end(MotetModule *self, MotetSession *session, const MotetXml *presence,
                  bool was_available);

/* last.c */

typedef struct Lasts Lasts;

/** Presence: the state of an instance. */
typedef struct {
        Lasts *lasts;     /* (own) */
        unsigned n_debts; /* of all sessions together */
} Presence;

Lasts *lasts_new(void);
void lasts_free(Lasts *lasts);
/** last_note: @account has no available resource any more; @presence (borrowed) was its last word,
 * NULL when it went without one */
void last_note(MotetModule *self, const char *account, const MotetXml *presence);
/** last_forget: @account is back, or deleted */
void last_forget(MotetModule *self, const char *account);
/** last_find: as last() of the service */
const MotetXml *last_find(MotetModule *self, const char *account, int64_t *when_out);
/** last_answer: Returns: (own) unavailable presence from the bare @from: what was said last, and
 * when, as far as it is known */
MotetXml *last_answer(MotetModule *self, const MotetJid *from, const char *to);
/** last_remove_forged: nobody but us says what was delayed by us, but @sender of itself (XEP-0203
 * section 5) */
void last_remove_forged(MotetModule *self, MotetXml *presence, const MotetJid *sender);
