/*
 * instance: a running module as the lower layers know it: the owner of hooks, timers, waits,
 * requests and session data.
 *
 * Everything a module registers embeds an Owned. When the instance stops, instance_drop_all() drops
 * each, so that nothing outlives its owner without any code in the module.
 *
 * Order of a life: server and host filled in, instance_init(), load, running = true,
 * host_add_instance(), instance_add_hooks() (host.h); to stop: running = false,
 * instance_drop_all(), host_remove_instance(), unload, instance_clear(). It is freed, and its code
 * unmapped, only while busy is 0.
 */
#pragma once

#include <motet/module.h>

#include "core/activity.h"
#include "core/loop.h"

typedef struct Owned Owned;
/* Takes the thing apart and unlinks it (owned_remove); it must not call into the module but for
 * free functions. */
typedef void (*OwnedDrop)(Owned *owned);
struct Owned {
        List link;
        MotetModule *owner; /* NULL: in no list */
        /* ends by itself soon, and somebody waits for that: a token, a store request, a job */
        bool underway;
        OwnedDrop drop;
};

typedef struct OptionValues OptionValues;

struct MotetModule {
        const MotetModuleInfo *info;
        MotetServer *server;
        MotetHost *host; /* NULL for server scope */
        bool running;    /* false before load succeeded and once stopping: no handler of it runs */
        bool hooked;     /* its hooks are in the tables of its hosts */
        unsigned order;  /* load order: breaks ties between hooks of one priority */
        unsigned slot;   /* index of its data in a session; no two live instances share one */
        unsigned busy; /* calls of it running or promised, jobs on workers: unmapping waits for 0 */
        List owned;    /* head of Owned */
        List leftovers;      /* head of Owned: dropped, but the module still holds a pointer */
        Owned session_data;  /* in its own list while any session may hold data of it */
        Owned account_data;  /* the same of accounts */
        Owned host_data;     /* the same of hosts */
        GArray *extra_hooks; /* (own) MotetHook added at run time; NULL: none */
        void *data;
        GDestroyNotify data_free;
        OptionValues *options; /* owned by module.c */
        GError *refusal;       /* (own) of new options, while reconfigure runs; NULL: none */
        uint32_t restoring;    /* state_version of what is being restored; 0: nothing is */
        void *loaded;          /* module.c: the shared object it comes from */
        MotetModule *replaces; /* while it starts beside older code of its own; NULL otherwise */
        const char *file;      /* which build it is, read by instance_init(); NULL: not known */
        ActivityOwner *who;    /* (borrowed) by instance_init() */
        MotetStatus status;    /* as it says itself: motet_module_set_status() */
        char *status_text;     /* (own) escaped, one line; NULL: none */
};

/** instance_init: @instance is zeroed but for info, server and host; gives it a slot */
void instance_init(MotetModule *instance);
/**
 * instance_drop_all: drops everything owned, the newest first, and gives the slot back; the second
 * time a no-op
 */
void instance_drop_all(MotetModule *instance);
/**
 * instance_clear: after unload; frees what the module should have given back itself (tokens not
 * resumed)
 */
void instance_clear(MotetModule *instance);
void owned_add(Owned *owned, MotetModule *owner, OwnedDrop drop);
/** instance_underway: Returns: how much of @instance would be cut off if it stopped now */
unsigned instance_underway(const MotetModule *instance);
/** owned_remove: unlinks; a no-op when in no list */
void owned_remove(Owned *owned);
/**
 * owned_leave: moves a dropped thing to the leftovers of its former owner; @drop frees it in
 * instance_clear()
 */
void owned_leave(Owned *owned, MotetModule *owner, OwnedDrop drop);

/** InstanceCall: what ran before a call, and goes on after it. */
typedef struct {
        MotetModule *instance; /* NULL: none */
        const char *what;
} InstanceCall;

/**
 * instance_enter / instance_leave: around every call of a module's function.
 * @what: what it is called for, told when it crashes or keeps everybody waiting: the name of an
 * event, or a literal; it must stay as long as the server
 *
 * Returns: what was running before, to be given back to instance_leave()
 */
InstanceCall instance_enter(MotetModule *instance, const char *what);
void instance_leave(MotetModule *instance, InstanceCall before);
