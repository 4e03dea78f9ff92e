/*
 * activity: what a thread is at: which module's function it is in, on which host and in what.
 *
 * A few stores a call, no clock and no allocation. It is read by the same thread's handler of a
 * signal, and by another thread that watches. Belongs to what the log must know of a process that
 * dies.
 */
#pragma once

#include <motet/types.h>

/** ActivityOwner: whose code it is. Stays while any thread might look: as long as its server. */
typedef struct {
        char *module;
        char *host;      /* NULL: of server scope */
        char *file;      /* which build of the module: one word; NULL: not known */
        uint64_t n_slow; /* calls that were found slow; atomic */
} ActivityOwner;

typedef struct {
        ActivityOwner *owner; /* NULL: core's own work */
        const char *what;     /* an event's name, "timer", …; stays as long as the server */
        uint32_t serial;      /* another one with each change of the two */
        uint32_t slow;        /* serial + 1 of what was found slow; written by who watches */
        uint32_t blocked_ms;  /* how long, when that is why the process is about to end; else 0 */
} Activity;

/* Of this thread. In the executable, so that reading it in a handler of a signal allocates
 * nothing. */
extern _Thread_local Activity activity_here;

/* Each word on its own: who watches looks at serial before and after (activity_read()). */
static inline void
activity_set(ActivityOwner *owner, const char *what)
{
        Activity *here = &activity_here;

        __atomic_store_n(&here->serial, here->serial + 1, __ATOMIC_RELAXED);
        __atomic_store_n(&here->owner, owner, __ATOMIC_RELEASE);
        __atomic_store_n(&here->what, what, __ATOMIC_RELEASE);
        __atomic_store_n(&here->serial, here->serial + 1, __ATOMIC_RELEASE);
}

/** activity_read: copies what another thread is at. Returns: false when it changed meanwhile */
bool activity_read(const Activity *activity, Activity *out);

/** activity_owners_new: Returns: (own) of ActivityOwner, unref frees all */
GPtrArray *activity_owners_new(void);
/** activity_n_slow: Returns: how many calls of @module on @host (NULL: of server scope) were slow,
 * of whatever build */
uint64_t activity_n_slow(const GPtrArray *owners, const char *module, const char *host);
/** activity_owner: Returns: (borrowed from @owners) the one of these; @host and @file may be
 * NULL */
ActivityOwner *activity_owner(GPtrArray *owners, const char *module, const char *host,
                              const char *file);
