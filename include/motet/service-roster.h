/*
 * service-roster: an account's contacts as others may read them, and service "roster" of a host to
 * change what two accounts are to each other.
 *
 * A roster is shared by all sessions of its account and kept in memory as long as one of them is
 * bound. What is read here is always durable: a change is seen only after it was written. Changes
 * of one account are made one after the other.
 *
 * Source: RFC 6121 sections 2, 3 and Appendix A.
 */
#pragma once

#include <motet/types.h>

#include <string.h>

G_BEGIN_DECLS

#define MOTET_NS_ROSTER "jabber:iq:roster" /* RFC 6121 section 2.1.1 */

/* What the user and a contact are to each other; any set of these but PENDING_OUT with TO and
 * PENDING_IN with FROM. */
#define MOTET_ROSTER_TO 0x01u   /* the user sees the contact's presence */
#define MOTET_ROSTER_FROM 0x02u /* the contact sees the user's presence */
#define MOTET_ROSTER_BOTH (MOTET_ROSTER_TO | MOTET_ROSTER_FROM) /* each sees the other's */
#define MOTET_ROSTER_PENDING_OUT 0x04u /* the user asked and waits: ask='subscribe' */
#define MOTET_ROSTER_PENDING_IN 0x08u  /* the contact asked and waits; its request is kept */
#define MOTET_ROSTER_APPROVED 0x10u    /* the user approved before being asked: approved='true' */
#define MOTET_ROSTER_LISTED 0x20u      /* the client sees it; else only a request is kept */

/** MOTET_ROSTER_SUBSCRIPTION_MASK: the first four bits are the nine states of RFC 6121 Appendix
 * A. */
#define MOTET_ROSTER_SUBSCRIPTION_MASK 0x0fu

/**
 * MotetRosterItem: one contact, in one allocation, made by who provides the service. Read it with
 * the functions below.
 *
 * Growth: none within a major number of MOTET_ABI; nor of MotetRoster: those functions are
 * compiled into modules.
 */
typedef struct {
        uint8_t state;      /* MOTET_ROSTER_… */
        uint8_t n_groups;   /* groups it is in */
        uint16_t name_at;   /* offset of the name in text; 0: none */
        uint16_t groups_at; /* offset of the groups in text, each ended by NUL */
        char text[];        /* the contact's bare address, then the others */
} MotetRosterItem;

/** MotetRoster: the contacts of one account. */
struct MotetRoster {
        const char *account;     /* prepared localpart */
        const char *version;     /* opaque, never "" (RFC 6121 2.6) */
        MotetRosterItem **items; /* by address as of strcmp(); replaced singly, never changed */
        size_t n_items;          /* those not listed included */
};

/** motet_roster_item_jid: Returns: (borrowed) the contact's bare address */
static inline const char *
motet_roster_item_jid(const MotetRosterItem *item)
{
        return item->text;
}

/** motet_roster_item_name: Returns: (borrowed) the user's name for the contact, NULL for none */
static inline const char *
motet_roster_item_name(const MotetRosterItem *item)
{
        return item->name_at ? item->text + item->name_at : NULL;
}

/**
 * motet_roster_item_group:
 * @i: below item->n_groups
 *
 * Returns: (borrowed) the name of group number @i
 */
static inline const char *
motet_roster_item_group(const MotetRosterItem *item, unsigned i)
{
        const char *group = item->text + item->groups_at;

        while (i-- > 0)
                group += strlen(group) + 1;
        return group;
}

/**
 * motet_roster_find:
 * @contact: (borrowed) a prepared bare address
 *
 * Returns: (borrowed) its item, NULL when there is none
 */
static inline const MotetRosterItem *
motet_roster_find(const MotetRoster *roster, const char *contact)
{
        size_t low = 0, high = roster->n_items;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(contact, roster->items[middle]->text);
                if (order == 0)
                        return roster->items[middle];
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

/** MotetRosterStatus: how a change ended. */
typedef enum {
        MOTET_ROSTER_OK,         /* durable, or nothing had to be written */
        MOTET_ROSTER_NO_ACCOUNT, /* there is no such account */
        MOTET_ROSTER_FULL,       /* a limit of the roster would be passed; nothing changed */
        MOTET_ROSTER_BUSY,   /* too many changes of this account wait already; nothing changed */
        MOTET_ROSTER_FAILED, /* storage failed; nothing changed */
} MotetRosterStatus;

/**
 * MotetRosterChange: a change of what the user and one contact are to each other, in the order its
 * functions are called.
 *
 * They are called on the core thread, possibly before change() returns, each with the data handed
 * to change(). What leads to a state with one of TO, FROM, PENDING_OUT and APPROVED is LISTED
 * without saying so.
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /**
         * decide: Returns: the new state for @state (0: no item). To enter PENDING_IN,
         * *@request_out is set to the (borrowed) stanza to keep. An item left with no bit set is
         * deleted.
         */
        unsigned (*decide)(MotetModule *caller, unsigned state, const MotetXml **request_out,
                           void *data);
        /** done: called once, in any case: @before and @after are the states; with a status other
         * than OK they are equal. The clients do not know yet. */
        void (*done)(MotetModule *caller, MotetRosterStatus status, unsigned before, unsigned after,
                     void *data);
        /** pushed: after done, once all interested resources were told (or had nothing to be told);
         * may be NULL */
        void (*pushed)(MotetModule *caller, unsigned before, unsigned after, void *data);
        GDestroyNotify free_data; /* called last, in any case; may be NULL */
} MotetRosterChange;

/**
 * MotetRosterFunc:
 * @status: OK, NO_ACCOUNT, BUSY (too much of this account waits already) or FAILED
 * @roster: (borrowed) NULL unless @status is OK
 *
 * The answer of read().
 */
typedef void (*MotetRosterFunc)(MotetModule *caller, MotetRosterStatus status,
                                const MotetRoster *roster, void *data);

/**
 * MotetRosterService: service "roster". An account is a prepared localpart, a contact a prepared
 * bare address.
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /** change: queues a change; the roster is loaded when it is not. @change (borrowed)
         * outlives the call: a constant. */
        void (*change)(MotetModule *provider, MotetModule *caller, const char *account,
                       const char *contact, const MotetRosterChange *change, void *data);
        /** read: calls @func once the changes queued so far are done: at once when none is and the
         * roster is loaded. */
        void (*read)(MotetModule *provider, MotetModule *caller, const char *account,
                     MotetRosterFunc func, void *data, GDestroyNotify free_data);
        /** cached: Returns: (borrowed) the roster when it is in memory, as it is for every account
         * with a bound session; else NULL */
        const MotetRoster *(*cached)(MotetModule *provider, const char *account);
        /** is_busy: whether changes of @account are queued or being written */
        bool (*is_busy)(MotetModule *provider, const char *account);
        /** request: Returns: (borrowed) the stanza kept for a contact in state PENDING_IN of a
         * cached roster, else NULL */
        const MotetXml *(*request)(MotetModule *provider, const char *account, const char *contact);
        /** forget: calls no function of @caller any more but free_data; its unload() does it. What
         * was not decided yet is dropped. */
        void (*forget)(MotetModule *provider, MotetModule *caller);
} MotetRosterService;

/**
 * MotetRosterChanged: payload of roster-changed.
 *
 * Growth: none within a major number of MOTET_ABI, as it is made and read by different modules.
 */
typedef struct {
        const char *account; /* (borrowed) prepared localpart */
        const char *contact; /* (borrowed) prepared bare address */
        unsigned before;     /* MOTET_ROSTER_…; 0: there was no item */
        unsigned after;      /* MOTET_ROSTER_…; 0: the item is gone */
        bool removed;        /* by the user: the subscriptions end with it (RFC 6121 2.5.2) */
} MotetRosterChanged;

/**
 * MOTET_EVENT_ROSTER_CHANGED: custom payload MotetRosterChanged, on the account's host: durable,
 * before the clients are told; HANDLED is ignored.
 */
#define MOTET_EVENT_ROSTER_CHANGED "roster-changed"

G_END_DECLS
