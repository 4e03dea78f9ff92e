/*
 * private-private: what the files of the private module share.
 *
 *   private.c  the descriptor, what may be asked, and getting
 *   set.c      setting: one account's sets after each other, and the list of its keys
 */
#pragma once

#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/stanza.h>

#define NS_PRIVATE "jabber:iq:private"
/* The state of an instance. */
typedef struct {
        MotetStore *store;
        GHashTable *lines; /* (own) account -> (own) GQueue of Set; the head is running */
} Private;

#define STORE_WAIT (30 * G_TIME_SPAN_SECOND)

/* private.c */

/** private_key: Returns: (own) under which an element is kept */
char *private_key(const MotetXml *element);
/** private_fail: (take) storage failed: the client is to try again */
void private_fail(MotetLater *request, const GError *reason);

/* set.c */

/** set_start: (of a handler) carries out the set @ev, behind the other ones of its account */
MotetResult set_start(MotetModule *self, MotetStanzaEvent *ev);
/** set_forget: the account was deleted: what was not written yet is written no more */
void set_forget(const Private *private, const char *account);
