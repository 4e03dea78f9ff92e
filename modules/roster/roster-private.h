/*
 * roster-private: what the files of the roster module share.
 *
 *   item.c     one contact: its forms in memory, in storage and on the wire
 *   account.c  one account's contacts in memory: loading, looking up, replacing, limits
 *   change.c   the queue of an account: reads and changes, one after the other; the service
 *   query.c    the client's requests
 *   push.c     telling interested resources of changes, and their answers
 *   handover.c what goes over to newer code of the module
 *   roster.c   the descriptor, and the roster of a session
 */
#pragma once

#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/service-roster.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/xml.h>

#define ROSTER_VERSION_KEY "@"   /* no address: the document that holds the version */
#define ROSTER_VERSION_EMPTY "0" /* of a roster that was never changed */
#define ROSTER_VERSION_BYTES 8   /* of one that is made here, written in letters and digits */
#define ROSTER_GROUPS_MAX 50     /* so that the offsets of an item fit */
#define ROSTER_WAIT (30 * G_TIME_SPAN_SECOND)

typedef struct Account Account;
typedef struct Task Task;

/* The state of an instance. */
typedef struct {
        MotetModule *self;
        MotetStore *store;
        GHashTable *accounts; /* name -> Account (borrowed) */
        GQueue pushes;        /* of Push: not answered yet, the oldest first */
        bool is_timed;        /* a timer runs for the oldest */
} Rosters;

struct Account {
        MotetRoster roster; /* what others see */
        Rosters *rosters;   /* NULL once detached: the account was deleted, or the module stops */
        unsigned refs;
        char *name;
        char *version;
        GPtrArray *items; /* (own) of MotetRosterItem, sorted; roster.items is its array */
        GHashTable
                *requests; /* contact -> stanza kept for a state with PENDING_IN; NULL: none was */
        size_t bytes;      /* of all items */
        MotetAuthRequest *asking; /* whether the account exists; NULL when nobody is asked */
        GQueue tasks;             /* of Task; the head is the one that runs */
        bool is_running;
        bool is_loaded;
        bool is_loading; /* holds a reference */
        bool exists;     /* known to exist: it has a session */
        bool is_missing; /* there is none of that name; while it is loading */
        bool is_going;   /* its data is about to be deleted: nothing is written any more */
};

/* A session's share of its account's roster: in memory as long as one session has it. */
typedef struct {
        MotetModule *self;
        MotetSession *session; /* (borrowed) it owns this */
        Account *account;      /* (own) */
        /* (borrowed) of the code that this one is to replace, until it has; NULL: none */
        MotetRoster *former;
        GQueue pushes;  /* of Push: what its client has not answered yet */
        bool is_blamed; /* the log says already that its client does not answer well */
} Hold;

/* item.c */

MotetRosterItem *item_new(const char *jid, unsigned state, const char *name,
                          const char *const *groups, unsigned n_groups);
/** item_with_state: Returns: (own) a copy of @item, or of an item without name and groups when it
 * is NULL */
MotetRosterItem *item_with_state(const MotetRosterItem *item, const char *jid, unsigned state);
size_t item_size(const MotetRosterItem *item);
/** item_document: Returns: (own) as it is stored; @request may be NULL */
GBytes *item_document(const MotetRosterItem *item, const MotetXml *request);
/** item_parse: Returns: (own) NULL when @document is damaged; *@request_out is (own) or NULL */
MotetRosterItem *item_parse(const char *jid, GBytes *document, MotetXml **request_out);
/** item_add_to: appends <item/> to a roster query */
void item_add_to(MotetXml *query, const MotetRosterItem *item);

/* account.c */

/** account_take: Returns: (own) the account's object, made when there was none */
Account *account_take(Rosters *rosters, const char *name);
Account *account_ref(Account *account);
void account_unref(Account *account);
/** account_load: starts loading; account_loaded() is called later, unless the module stops */
void account_load(Account *account);
/** account_stop_loading: the module stops: the store calls back no more, whoever else is asked is
 * told not to */
void account_stop_loading(Account *account, MotetModule *self);
/** account_loaded: in change.c */
void account_loaded(Account *account, MotetRosterStatus status);
const MotetRosterItem *account_find(const Account *account, const char *contact);
/** account_request: Returns: (borrowed) the stanza kept for a contact that waits for an answer,
 * or NULL */
const MotetXml *account_request(const Account *account, const char *contact);
/** account_replace: @item (take) takes the place of the contact's; NULL removes it. @request
 * (borrowed) replaces the kept one. @version (take) or NULL */
void account_replace(Account *account, const char *contact, MotetRosterItem *item,
                     const MotetXml *request, char *version);
/** account_fill: all that is stored of the account, instead of what was there */
void account_fill(Account *account, const MotetStoreItem *items, size_t n);
/** account_has_room: whether @item may take the place of @old (or be added) under the limits */
bool account_has_room(const Account *account, const MotetRosterItem *old,
                      const MotetRosterItem *item);
/** account_detach: forgets the account; its sessions keep what they have, nothing is changed any
 * more */
void account_detach(Account *account);

/* change.c */

extern const MotetRosterService roster_service;

/** RosterSetDone: @before is 0 when the client had no such item */
typedef void (*RosterSetDone)(MotetModule *self, MotetRosterStatus status, unsigned before,
                              void *data);

/** RosterSet: what a client wants of one contact. */
typedef struct {
        const char *name; /* or NULL */
        const char *const *groups;
        unsigned n_groups;
        bool remove;
} RosterSet;

/** roster_set: queues the client's wish; @set (borrowed) is copied. A removal of what is not listed
 * ends with OK and @before 0. */
void roster_set(Rosters *rosters, const char *account, const char *contact, const RosterSet *set,
                RosterSetDone done, void *data, GDestroyNotify free_data);
/** roster_read: as read() of the service, for an account whose existence is sure */
void roster_read(Rosters *rosters, const char *account, MotetRosterFunc func, void *data,
                 GDestroyNotify free_data);
/** account_drop_tasks: frees everything queued, calling nobody: the module stops */
void account_drop_tasks(Account *account);
/** account_advance: after account_detach(): lets what is queued fail */
void account_advance(Account *account);

/* handover.c */

GBytes *handover_save(MotetModule *self);
bool handover_restore(MotetModule *self, GBytes *state, GError **error);

/* roster.c */

/** roster_adopt_all: gives all sessions that were bound before this instance started their
 * rosters */
void roster_adopt_all(MotetModule *self);

/* query.c */

MotetResult roster_answer_get_or_set(MotetModule *self, MotetStanzaEvent *ev);
MotetResult roster_refuse_stranger(MotetModule *self, MotetStanzaEvent *ev);
MotetResult roster_refuse_forged_push(MotetModule *self, MotetStanzaEvent *ev);

/* push.c */

/** roster_push: tells all interested resources; @item NULL: @contact was removed */
void roster_push(Account *account, const char *contact, const MotetRosterItem *item);
/** push_take_answer: a client answered, perhaps a push */
MotetResult push_take_answer(MotetModule *self, MotetStanzaEvent *ev);
/** push_forget_all: what @hold's client did not answer */
void push_forget_all(Hold *hold);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_unref)
