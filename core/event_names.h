/*
 * event_names: which events exist, what they carry, and how names built from namespaces are taken
 * apart.
 *
 * Names are interned once, when declared or hooked: from then on a name is a pointer.
 */
#pragma once

#include <motet/event.h>

typedef struct EventNames EventNames; /* declared names with their payload kinds; one a server */

/* Stanza chains by number, so that dispatch builds no string and allocates nothing. */
typedef enum {
        EVENT_NO_SLOT,
        EVENT_PRE_STREAM,
        EVENT_STREAM,
        EVENT_PRE_STANZA,
        EVENT_OUTBOUND,
        EVENT_INBOUND,
        EVENT_STANZA,
        EVENT_STANZA_NAMED,
        EVENT_ROUTE_REMOTE,
        EVENT_ROUTE_ELSEWHERE,
} EventSlot;

/* What a stanza chain is found by; what its slot does not need is 0 or "". */
typedef struct {
        EventSlot slot;
        MotetStanzaKind kind;
        MotetDest dest;
        const char *ns;
        const char *name;
} EventKey;

typedef struct {
        char *name;
        MotetEventKind kind;
        bool reverse; /* hooks run in reverse order: the end of something */
        bool server;  /* of the server as a whole, fired in its own table */
        EventKey key; /* strings owned */
} EventName;

EventNames *event_names_new(void); /* with core's own events declared */
void event_names_free(EventNames *names);
/**
 * event_names_declare: false with MOTET_ERROR_MODULE when @name is declared with another kind, or
 * is no name
 */
bool event_names_declare(EventNames *names, const char *name, MotetEventKind kind, GError **error);
/**
 * event_names_check: whether a hook on @name with payload @kind is legal; else MOTET_ERROR_MODULE
 * saying why
 */
bool event_names_check(const EventNames *names, const char *name, MotetEventKind kind,
                       GError **error);
/**
 * event_names_intern: Returns: (borrowed) as long as @names; NULL when @name is neither declared
 * nor of a legal form
 */
const EventName *event_names_intern(EventNames *names, const char *name);
