/*
 * trace: watching what passes for an account: its stanzas, and which module's hook handled each.
 *
 * While nobody watches it costs one compare for each hook and stanza: MotetServer.trace is NULL.
 * Lines hold names, namespaces, types, ids and sizes; no text of an element and no other attribute,
 * so neither a password nor a body.
 */
#pragma once

#include "core/event.h"

#define TRACE_WATCHES_MAX 4u

/* Who watches; embedded. */
typedef struct TraceWatch TraceWatch;
struct TraceWatch {
        List link;
        const char *address; /* prepared; bare: all sessions of the account, full: one */
        /* Takes a line; it may neither log nor change who watches. */
        void (*line)(TraceWatch *watch, const char *text);
};

/** trace_add: Returns: false when TRACE_WATCHES_MAX watch already */
bool trace_add(MotetServer *server, TraceWatch *watch);
/** trace_remove: of one that was added */
void trace_remove(MotetServer *server, TraceWatch *watch);
/** trace_first: Returns: (borrowed) one of those who watch, NULL when there are none */
TraceWatch *trace_first(const MotetServer *server);

/* Called while somebody watches. */
void trace_received(const MotetSession *session, const MotetXml *element);
void trace_sent(const MotetSession *session, const MotetXml *element);
/** trace_call: event_call(), told to those it concerns */
MotetResult trace_call(const MotetHook *hook, MotetModule *self, MotetEvent *ev);
