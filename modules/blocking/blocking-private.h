/*
 * blocking-private: what the files of the blocking module share.
 *
 *   list.c      the list of one account in memory: loading, keeping, matching addresses
 *   change.c    blocking and unblocking, one change of an account after the other
 *   contacts.c  what the contacts learn of a change
 *   handover.c  what goes over to newer code of the module
 *   query.c     the client's requests and what it is told
 *   filter.c    what becomes of stanzas from and to blocked addresses
 *   blocking.c  the descriptor, and the lists of sessions
 */
#pragma once

#include <motet/jid.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/xml.h>

#define NS_BLOCKING "urn:xmpp:blocking"
#define BLOCKING_WAIT (30 * G_TIME_SPAN_SECOND)

typedef struct List List;
typedef struct Change Change;

/* The state of an instance. */
typedef struct {
        MotetModule *self;
        MotetStore *store;
        GHashTable *by_account; /* account -> List (borrowed) */
        GHashTable *none;       /* (own) the set of everybody who blocks nobody: nearly all */
        GQueue idle;            /* of loaded List (own) nobody holds, the longest unused first */
} Lists;

struct List {
        Lists *lists; /* NULL once detached: the account was deleted */
        char *account;
        GHashTable *jids; /* (own) prepared addresses; replaced, never changed */
        unsigned holders; /* 0: idle */
        GList idle_link;
        bool is_loaded;
        bool is_loading; /* is a holder */
        GQueue waiting;  /* until it is loaded; each a holder */
        GQueue changes;  /* of Change (own); the head is under way */
};

/* Of each session from before its binding. */
typedef struct {
        List *list;      /* (own) held, so that it stays in memory */
        bool is_awaited; /* has requested the list: is told of changes */
} Watch;

/* list.c */

/** ListFunc: @is_loaded false: it could not be read. @list is held while it runs. */
typedef void (*ListFunc)(List *list, bool is_loaded, void *data);

/** list_take: Returns: (own) the account's list, held, made when there was none */
List *list_take(Lists *lists, const char *account);
/** list_hold: one holder more */
List *list_hold(List *list);
/** list_release: one holder less; NULL is a no-op */
void list_release(List *list);
/** list_find: Returns: (borrowed) the loaded list, NULL when it is not in memory; to be used at
 * once */
const List *list_find(Lists *lists, const char *account);
/** list_when_loaded: calls @func once: at once when it is loaded or too many wait already, at the
 * latest when the module stops */
void list_when_loaded(List *list, ListFunc func, void *data);
/** list_fill: what it has is known without asking the storage */
void list_fill(List *list, const char *const *jids);
/** list_detach: its account is deleted: who holds it can change it no more */
void list_detach(List *list);
/** list_stop: the module stops: calls everybody who waits */
void list_stop(List *list);
void lists_free(void *data);

/** set_new: Returns: (own) an empty set of addresses */
GHashTable *set_new(void);
/** set_blocks: whether a set of addresses covers @jid (XEP-0191 section 5) */
bool set_blocks(GHashTable *jids, const MotetJid *jid);

/* change.c */

struct Change {
        List *list;        /* (own) held */
        MotetLater *later; /* (own) until answered */
        bool is_block;
        GPtrArray *items; /* (own) prepared addresses, each once; none: unblock all */
        GHashTable *next; /* (own) the addresses blocked afterwards, while it is written */
};

/** change_submit: (take) queues it behind the others of its account */
void change_submit(Change *change);
void change_free(void *data);

/* contacts.c */

/** contacts_hide: before @next takes force, tells who becomes blocked that the user is gone */
void contacts_hide(const List *list, GHashTable *next, const GPtrArray *items);
/** contacts_show: after @before was replaced, shows the user to who was unblocked, and the
 * contacts to the user */
void contacts_show(const List *list, GHashTable *before, const GPtrArray *items);
/** contacts_forget_requests: drops the subscription requests of who is blocked */
void contacts_forget_requests(const List *list);
/** contacts_stop: the module stops */
void contacts_stop(MotetModule *self);

/* handover.c */

GBytes *handover_save(MotetModule *self);
bool handover_restore(MotetModule *self, GBytes *state, GError **error);
GBytes *handover_save_session(MotetModule *self, MotetSession *session);
bool handover_restore_session(MotetModule *self, MotetSession *session, GBytes *state,
                              GError **error);

/* query.c */

MotetResult blocking_answer_list(MotetModule *self, MotetStanzaEvent *ev);
MotetResult blocking_answer_change(MotetModule *self, MotetStanzaEvent *ev);
MotetResult blocking_refuse_forged_push(MotetModule *self, MotetStanzaEvent *ev);
/** blocking_push: tells all sessions that requested the list */
void blocking_push(const Change *change);

/* filter.c */

/** blocking_filter_sent: what our user sends (pre-) */
MotetResult blocking_filter_sent(MotetModule *self, MotetStanzaEvent *ev);
/** blocking_filter_routed: what is routed in a user's name (outbound-) */
MotetResult blocking_filter_routed(MotetModule *self, MotetStanzaEvent *ev);
/** blocking_filter_inbound: what comes for a user (inbound-) */
MotetResult blocking_filter_inbound(MotetModule *self, MotetStanzaEvent *ev);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Change, change_free)
