/*
 * event: tables of hooks and the running of chains.
 *
 * Names are interned once, when declared or hooked. A table (one a host, one for server events)
 * maps names to chains. A chain is an immutable counted array: changing a table replaces chains, so
 * a running or parked chain is never changed under its feet; hooks of stopped instances are
 * skipped.
 */
#pragma once

#include <motet/event.h>

#include "core/event_names.h"
#include "core/instance.h"

typedef struct EventTable EventTable;
typedef struct EventChain EventChain;

/**
 * EventAfter: the rest of the work once the chain has ended, at once or after waiting; @verdict is
 * never WAIT.
 *
 * Called exactly once for every chain fired. Before anything else it looks at ev->run->end.
 */
typedef void (*EventAfter)(MotetEvent *ev, MotetResult verdict);

typedef enum {
        EVENT_END_VERDICT, /* a handler decided, or nobody did */
        EVENT_END_REFUSED, /* motet_resume_refuse(), or a deadline: answer with the run's condition;
                              @verdict is HANDLED */
        EVENT_END_CANCELLED, /* the session or host went while the chain was parked: clean up,
                                answer nobody */
} EventEnd;

/* Lives on the stack of who fires; moved to the heap, with the payload, by motet_wait(). */
typedef struct EventRun {
        EventChain *chain; /* (own) NULL: nobody hooked */
        unsigned next;     /* index of the hook to run next */
        EventAfter after;  /* NULL: this chain cannot wait */
        void *data;        /* for @after */
        int stage;         /* for @after */
        MotetWait *wait;   /* set by motet_wait() in the running handler */
        EventEnd end;
        MotetCondition condition; /* REFUSED */
        const char *text;         /* REFUSED: explanation or NULL */
} EventRun;

/** event_table_new: @names (borrowed) outlives it */
EventTable *event_table_new(EventNames *names);
/** event_table_free: drops the hooks still in it */
void event_table_free(EventTable *table);
/** event_table_add: @hook is copied and owned by @owner (dropped with it); its name was checked */
void event_table_add(EventTable *table, MotetModule *owner, const MotetHook *hook);
/** event_mark_hooks: for meter.c: hooks of all instances, also those added later, are run by way of
 * meter_enter(), or not any more */
void event_mark_hooks(MotetServer *server, bool is_measured);
/**
 * event_hand_over:
 * @to: newer code of the same module, its hooks in force
 *
 * Where both hook the same event with the same priority the place of @from becomes that of @to, so
 * that chains that run or are parked go on with the newer code.
 */
void event_hand_over(MotetModule *from, MotetModule *to);
bool event_table_has(const EventTable *table, const char *name);
/**
 * event_table_list: calls @func for every hook, events sorted by name, hooks in running order; for
 * tools and tests
 */
void event_table_list(const EventTable *table,
                      void (*func)(const char *event, int priority, const MotetModule *owner,
                                   void *data),
                      void *data);

/**
 * event_fire: runs the chain of @name for @ev, whose head's host and kind are filled in; then
 * @after (not NULL). Any payload.
 */
void event_fire(EventTable *table, const char *name, MotetEvent *ev, EventAfter after, void *data,
                int stage);
/** event_fire_now: the same for a chain that cannot wait. Returns: HANDLED or CONTINUE */
MotetResult event_fire_now(EventTable *table, const char *name, MotetEvent *ev);

/**
 * event_fire_stanza: the chain "pre-stream", "stream/<ns>:<name>" (of ev->stanza),
 * "pre-<kind>/<dest>", "outbound-<kind>/<dest>", "inbound-<kind>/<dest>", "<kind>/<dest>",
 * "<kind>/<dest>/<ns>:<name>" (of ev->payload), "route/remote" or "route/elsewhere"
 */
void event_fire_stanza(EventTable *table, EventSlot slot, MotetStanzaEvent *ev, EventAfter after,
                       void *data, int stage);
/** event_fire_stanza_now: the same for a chain that cannot wait */
MotetResult event_fire_stanza_now(EventTable *table, EventSlot slot, MotetStanzaEvent *ev);
/** event_table_has_slot: whether anybody hooks route/remote or route/elsewhere; one compare */
bool event_table_has_slot(const EventTable *table, EventSlot slot);

/** event_call: calls @hook (borrowed), whatever its payload; for the running of chains */
MotetResult event_call(const MotetHook *hook, MotetModule *self, MotetEvent *ev);
/** event_go: for event_wait.c: runs the chain of ev->run from where it stands, then its after */
void event_go(MotetEvent *ev);
EventChain *event_chain_ref(EventChain *chain);
void event_chain_unref(EventChain *chain);
