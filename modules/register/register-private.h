/*
 * register-private: what the files of the register module share.
 *
 *   name.c          which names may be had
 *   network.c       how many accounts came from where
 *   pending.c       a request while the accounts are asked
 *   registration.c  strangers: what they are asked for, and their accounts
 *   account.c       users: changing the password, cancelling the account
 *   register.c      the descriptor
 */
#pragma once

#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-auth.h>
#include <motet/session.h>
#include <motet/stanza.h>

#define NS_REGISTER "jabber:iq:register"

/* name.c */

/**
 * name_refusal:
 * @name: a prepared localpart
 * @reserved: names nobody may have, as an operator wrote them
 *
 * Returns: (borrowed) why nobody may register @name, for people; NULL when it may be had
 */
const char *name_refusal(const char *name, const char *const *reserved);

/* network.c */

typedef struct Networks Networks;

typedef struct {
        unsigned accounts; /* made in a day from one network */
        unsigned attempts; /* at making one that cost an answer whether the name is taken */
        unsigned networks; /* remembered; the one that was quiet for longest makes room */
} NetworkLimits;

Networks *networks_new(void);
void networks_free(Networks *networks);
/** networks_take: Returns: whether @network may have one account more; that one counts until it is
 * given back */
bool networks_take(Networks *networks, const NetworkLimits *limits, const char *network,
                   int64_t now);
/** networks_give_back: no account was made; the attempt still counts */
void networks_give_back(Networks *networks, const char *network);
size_t networks_n(const Networks *networks);

/* The state of an instance. */
typedef struct {
        Networks *networks;
        GQueue pendings; /* of Pending */
} Register;

/* pending.c */

/** Pending: a request, whose stream waits for the answer. */
typedef struct {
        Register *state;
        MotetLater *later;         /* whose data this is: to be answered, which frees both */
        MotetAuthRequest *request; /* NULL when nobody is asked */
        char *username;
        char *network; /* of a stranger; else NULL */
        GList link;    /* in Register.pendings */
} Pending;

/** pending_new: Returns: (borrowed) the handler must return MOTET_WAIT */
Pending *pending_new(MotetModule *self, MotetStanzaEvent *ev, const char *username);
/** pending_fail: (take) answers that the accounts cannot be changed now */
void pending_fail(Pending *pending);
/** pending_cancel_all: for unload: the accounts are asked no more */
void pending_cancel_all(MotetModule *self);

/* registration.c */

/** password_take: Returns: (own) the prepared password in @query, for password_free(); NULL when it
 * cannot be one, with *@text_out why */
char *password_take(const MotetModule *self, const MotetXml *query, const char **text_out);
void password_free(char *password);
MotetResult registration_offer(MotetModule *self, MotetFeaturesEvent *ev);
MotetResult registration_answer(MotetModule *self, MotetStanzaEvent *ev);

/* account.c */

MotetResult account_answer(MotetModule *self, MotetStanzaEvent *ev);
