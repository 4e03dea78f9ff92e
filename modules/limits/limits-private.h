/*
 * limits-private: the parts of the limits module.
 *
 *   strangers.c  connections that have not logged in, counted by address
 *   unbound.c    streams that have, and have no resource yet, counted by account
 *   limits.c     hooks, options and the descriptor
 */
#pragma once

#include <motet/module.h>
#include <motet/session.h>

typedef struct Strangers Strangers;
typedef struct Stranger Stranger;

typedef struct {
        unsigned per_address; /* at one time */
        unsigned per_second;  /* new ones of one address */
        unsigned all;         /* at one time */
} StrangerLimits;

typedef enum {
        STRANGER_WELCOME,
        STRANGER_TOO_MANY, /* its address holds per_address already */
        STRANGER_TOO_FAST, /* its address had per_second within the last second */
} StrangerVerdict;

Strangers *strangers_new(void);
/** strangers_free: every Stranger is gone already */
void strangers_free(Strangers *strangers);

/**
 * strangers_add:
 * @session: (borrowed) must outlive the Stranger
 * @stranger_out: (own) when welcome
 */
StrangerVerdict strangers_add(Strangers *strangers, const StrangerLimits *limits,
                              MotetSession *session, const char *peer, int64_t now,
                              Stranger **stranger_out);
void stranger_free(Stranger *stranger);

/**
 * strangers_surplus: Returns: (borrowed) the session that has been a stranger for longest when
 * there are more than @all; else NULL
 */
MotetSession *strangers_surplus(const Strangers *strangers, unsigned all);
size_t strangers_n(const Strangers *strangers);
size_t strangers_n_addresses(const Strangers *strangers);

/** Unbound: one stream that counts for its account until this is freed */
typedef struct Unbound Unbound;

/** unbound_table_new: Returns: (own) every Unbound of it goes before it does */
GHashTable *unbound_table_new(void);
/**
 * unbound_add:
 * @address: (borrowed) the account's bare address
 *
 * Returns: (own) NULL when the account has @max already
 */
Unbound *unbound_add(GHashTable *accounts, const char *address, unsigned max);
/** unbound_free: @unbound is an Unbound */
void unbound_free(void *unbound);

/** Limits: the instance of the module. */
typedef struct {
        Strangers *strangers;
        GHashTable *unbound; /* address -> account with streams that have no resource */
} Limits;
