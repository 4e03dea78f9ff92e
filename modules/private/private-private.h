/*
 * private-private: what the files of the private module share.
 *
 *   private.c  the descriptor, what may be asked, and getting
 *   set.c      setting: one account's sets after each other, and the list of its keys
 */
#pragma once

#include <motet/module.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/stanza.h>

#define NS_PRIVATE "jabber:iq:private"

/* The state of an instance. */
typedef struct {
        MotetStore *store;
        GQueue requests;   /* of Request: all that wait for the store */
        GHashTable *lines; /* (own) account -> (own) GQueue of its sets; the head is running */
} Private;

/* A request while the store works for it. */
typedef struct {
        Private *private;
        GList link;            /* in private->requests */
        char *account;         /* (own) */
        MotetSession *session; /* (own) */
        MotetXml *iq;          /* (own) */
        MotetWait *wait;       /* (own) */
        GHashTable *documents; /* (own) of a set: key -> (own) GBytes, NULL to delete it */
        bool is_forgotten;     /* its account was deleted: it must write nothing any more */
} Request;

/* private.c */

/** private_key: Returns: (own) under which an element is kept */
char *private_key(const MotetXml *element);
/** request_answer: past its deadline a request was answered already, and nothing is sent */
void request_answer(MotetModule *self, const Request *request, MotetXml *reply);
/** request_fail: storage failed: the client is to try again */
void request_fail(MotetModule *self, const Request *request, const GError *reason);
/** request_end: (take) lets the chain go on with @verdict */
void request_end(Request *request, MotetResult verdict);

/* set.c */

/** set_documents: Returns: (own) what a set writes, as Request.documents; NULL when an element is too large */
GHashTable *set_documents(const MotetModule *self, const MotetXml *query);
/** set_start: carries out the set that @request (take) is, behind the other ones of its account */
void set_start(Request *request);
/** set_forget: the account was deleted: what was not written yet is written no more */
void set_forget(const Private *private, const char *account);
