/*
 * event: hooks, the payloads they receive, and waiting inside a chain.
 *
 * An event is a name and a payload. Hooks of one event run by priority (higher first), ties in load
 * order; events marked * below run in reverse. The first MOTET_HANDLED ends the chain. Events fired
 * by core:
 *
 *   name                  payload   when; what MOTET_HANDLED means
 *   server-started        server    every listener is open; ignored
 *   server-stopping*      server    before streams are closed; ignored
 *   config-reloaded       server    after a reload was applied, or the code of a module replaced;
 *                                   ignored
 *   session-created       session   a connection was accepted, no byte read yet; refuse it with
 *                                   ev->condition
 *   stream-opened         session   the stream header was accepted, ours not yet sent; refuse it
 *                                   with ev->condition
 *   stream-features       features  <features/> is being built; nobody after this one adds any
 *   pre-stream            stanza    an element before authentication; it was answered
 *   stream/<ns>:<name>    stanza    the same by name, and later on an element that is no stanza; it
 *                                   was answered
 *   session-authenticated session   username is set; ignored
 *   pre-session-bind      session   ev->resource is about to be bound; refuse it with ev->condition
 *   session-bound         session   full_jid is set and the session is in the table; ignored
 *   pre-session-unbind*   session   a bound session is about to leave the table. When it lost its
 *                                   connection (conn is NULL) and was not closed: keep it bound
 *                                   (resumption); ignored otherwise
 *   session-unbound*      session   it left the table, its fields still readable; ignored
 *   session-resumed       session   a kept session got a connection again; ignored
 *   session-destroyed*    session   last event of every session; of one that never had a host told
 *                                   to server-scoped modules only; ignored
 *   pre-<kind>/<dest>     stanza    our user sent a stanza, which may be changed; it was answered
 *                                   or dropped
 *   outbound-<kind>/<dest> stanza   the server or a module routes a stanza in the name of an
 *                                   account of ours; it was answered or dropped
 *   inbound-<kind>/<dest> stanza    a stanza for bare, full or host, from whomever, before the
 *                                   events below; it was answered or dropped
 *   <kind>/<dest>/<ns>:<name>       an iq request (get or set), by its child: <kind> is iq; it was
 *                         stanza    answered
 *   <kind>/<dest>         stanza    a stanza for <dest>; it was delivered, answered or dropped
 *   route/remote          stanza    for a domain that is not ours; it was taken over
 *   route/elsewhere       stanza    for an address of our hosts that has no session here; it was
 *                                   taken over
 *
 * <kind> is message, presence or iq. <dest> is self (no `to`, or the sender's own bare address),
 * bare, full, host (a domain of ours without localpart) or remote (only with pre- and outbound-).
 * What the server or a module routes is never self, and no pre- event runs for it, but one of
 * outbound-. pre-, outbound-, self and route/remote run on the sender's host, the others on the
 * host of `to`. route/elsewhere, events with features, the server, an account or a payload of
 * their own, and session events but stream-opened and pre-session-bind cannot wait.
 *
 * Source: RFC 6120 sections 8 and 10.
 */
#pragma once

#include <motet/stanza.h>
#include <motet/types.h>

G_BEGIN_DECLS

#define MOTET_PRIO_EARLY 100   /* before those who do the work: filters, rewriting */
#define MOTET_PRIO_NORMAL 0    /* who does the work */
#define MOTET_PRIO_LATE (-100) /* after those: fallbacks, and who only watches what nobody took */

/** MotetEventKind: which payload an event has. */
typedef enum {
        MOTET_EVENT_STANZA = 1, /* MotetStanzaEvent */
        MOTET_EVENT_SESSION,    /* MotetSessionEvent */
        MOTET_EVENT_FEATURES,   /* MotetFeaturesEvent */
        MOTET_EVENT_SERVER,     /* MotetServerEvent */
        MOTET_EVENT_ACCOUNT,    /* MotetAccountEvent */
        MOTET_EVENT_CUSTOM,     /* MotetCustomEvent */
} MotetEventKind;

/** MotetDest: what a stanza is addressed to, <dest> in names of events. */
typedef enum {
        MOTET_DEST_SELF,   /* no `to`, or the sender's own bare address */
        MOTET_DEST_BARE,   /* an account of ours */
        MOTET_DEST_FULL,   /* a resource of an account of ours */
        MOTET_DEST_HOST,   /* a domain of ours */
        MOTET_DEST_REMOTE, /* a domain that is not ours */
        MOTET_N_DESTS,     /* how many there are */
} MotetDest;

/**
 * MotetEvent: the head of every payload, made by core. Valid only while the handler runs.
 *
 * Growth: none within a major number of MOTET_ABI, because it is the first member of all payloads.
 * Payloads themselves are made by core alone, are never copied by a module, and grow at their end;
 * a handler built before does not see what was added.
 */
struct MotetEvent {
        const char *name;     /* as declared */
        MotetEventKind kind;  /* which payload this is the head of */
        MotetHost *host;      /* whose hooks run; NULL for events of the server as a whole */
        struct EventRun *run; /* core only: where the chain stands */
};

/** MotetStanzaEvent: a stanza on its way, or an element before authentication. */
struct MotetStanzaEvent {
        MotetEvent event;      /* the head */
        MotetSession *session; /* whose stream it came from; NULL when it was routed */
        MotetXml *stanza; /* owned by the dispatcher; changed only in pre- events; ref to keep */
        MotetStanzaKind kind; /* MOTET_STANZA_NONE for an element that is no stanza */
        MotetDest dest;       /* where it goes; means nothing for an element that is no stanza */
        const MotetJid *from; /* the sender, full when it has a resource; NULL: not authenticated */
        const MotetJid
                *to; /* the addressee, also where @stanza has no `to`; the sender's bare address for
                                 self; NULL: none */
        const MotetXml *payload; /* an iq request's or result's only child; NULL otherwise */
};

/** MotetSessionEvent: something happened to a session, or is about to. */
typedef struct {
        MotetEvent event;         /* the head */
        MotetSession *session;    /* (borrowed) never NULL */
        const char *resource;     /* pre-session-bind: the prepared resource; NULL otherwise */
        MotetCondition condition; /* set by a handler that refuses with MOTET_HANDLED */
        const char *text;         /* explanation for @condition, a literal; NULL for none */
} MotetSessionEvent;

/** MotetFeaturesEvent: the features of a stream are being collected. */
typedef struct {
        MotetEvent event;      /* the head */
        MotetSession *session; /* (borrowed) whose stream */
        MotetXml *features;    /* (borrowed) <features/>: handlers add children */
} MotetFeaturesEvent;

/** MotetServerEvent: something happened to the server. */
typedef struct {
        MotetEvent event;    /* the head; its host is NULL */
        MotetServer *server; /* (borrowed) */
} MotetServerEvent;

/** MotetAccountEvent: something happened to an account; declared by modules (service headers). */
typedef struct {
        MotetEvent event;     /* the head */
        const char *username; /* (borrowed) prepared localpart on event.host */
} MotetAccountEvent;

/**
 * MotetCustomEvent: a payload known to the module that declares the event; its service header says
 * which.
 */
typedef struct {
        MotetEvent event; /* the head */
        void *data;       /* as handed to motet_fire_custom() */
} MotetCustomEvent;

/**
 * MotetStanzaHandler / MotetSessionHandler / MotetFeaturesHandler / MotetServerHandler /
 * MotetAccountHandler / MotetCustomHandler:
 * @self: the instance whose hook it is
 *
 * A handler runs on the core thread and must not block. It may not keep the event or anything in it
 * without taking a reference of its own. It must answer a request it returns MOTET_HANDLED for, and
 * return MOTET_WAIT only with a token from motet_wait() or motet_later_new().
 *
 * Returns: MOTET_CONTINUE, MOTET_HANDLED, or MOTET_WAIT where the event can wait
 */
typedef MotetResult (*MotetStanzaHandler)(MotetModule *self, MotetStanzaEvent *ev);
typedef MotetResult (*MotetSessionHandler)(MotetModule *self, MotetSessionEvent *ev);
typedef MotetResult (*MotetFeaturesHandler)(MotetModule *self, MotetFeaturesEvent *ev);
typedef MotetResult (*MotetServerHandler)(MotetModule *self, MotetServerEvent *ev);
typedef MotetResult (*MotetAccountHandler)(MotetModule *self, MotetAccountEvent *ev);
typedef MotetResult (*MotetCustomHandler)(MotetModule *self, MotetCustomEvent *ev);

/**
 * MotetHook: one row of a module's hook table, in its constant data; made with the macros below.
 *
 * Growth: the size of a row is fixed within a major number of MOTET_ABI, because rows of modules
 * built before are that far apart. What is added later uses the reserved field.
 */
typedef struct {
        const char *event;   /* name; NULL ends a table */
        MotetEventKind kind; /* which member of @fn is set */
        int priority;        /* higher runs first */
        union {
                MotetStanzaHandler stanza;     /* of MOTET_EVENT_STANZA */
                MotetSessionHandler session;   /* of MOTET_EVENT_SESSION */
                MotetFeaturesHandler features; /* of MOTET_EVENT_FEATURES */
                MotetServerHandler server;     /* of MOTET_EVENT_SERVER */
                MotetAccountHandler account;   /* of MOTET_EVENT_ACCOUNT */
                MotetCustomHandler custom;     /* of MOTET_EVENT_CUSTOM */
        } fn;                                  /* the handler */
        const void *reserved;                  /* NULL */
} MotetHook;

/**
 * MOTET_ON_STANZA / MOTET_ON_SESSION / MOTET_ON_FEATURES / MOTET_ON_SERVER / MOTET_ON_ACCOUNT /
 * MOTET_ON_CUSTOM:
 * @event_: the event's name, a literal
 * @fn_: the handler: one of another payload does not compile
 * @prio_: MOTET_PRIO_NORMAL, or another number: higher runs first
 *
 * A row of a hook table. A module whose row names an unknown event, or one of another payload, does
 * not load.
 */
#define MOTET_ON_STANZA(event_, fn_, prio_)                                                        \
        {                                                                                          \
                .event = (event_), .kind = MOTET_EVENT_STANZA, .priority = (prio_),                \
                .fn.stanza = (fn_)                                                                 \
        }
#define MOTET_ON_SESSION(event_, fn_, prio_)                                                       \
        {                                                                                          \
                .event = (event_), .kind = MOTET_EVENT_SESSION, .priority = (prio_),               \
                .fn.session = (fn_)                                                                \
        }
#define MOTET_ON_FEATURES(event_, fn_, prio_)                                                      \
        {                                                                                          \
                .event = (event_), .kind = MOTET_EVENT_FEATURES, .priority = (prio_),              \
                .fn.features = (fn_)                                                               \
        }
#define MOTET_ON_SERVER(event_, fn_, prio_)                                                        \
        {                                                                                          \
                .event = (event_), .kind = MOTET_EVENT_SERVER, .priority = (prio_),                \
                .fn.server = (fn_)                                                                 \
        }
#define MOTET_ON_ACCOUNT(event_, fn_, prio_)                                                       \
        {                                                                                          \
                .event = (event_), .kind = MOTET_EVENT_ACCOUNT, .priority = (prio_),               \
                .fn.account = (fn_)                                                                \
        }
#define MOTET_ON_CUSTOM(event_, fn_, prio_)                                                        \
        {                                                                                          \
                .event = (event_), .kind = MOTET_EVENT_CUSTOM, .priority = (prio_),                \
                .fn.custom = (fn_)                                                                 \
        }

/**
 * MotetEventDecl: an event a module fires; one row of its descriptor's .events.
 *
 * Growth: as MotetHook.
 */
typedef struct {
        const char *name;     /* NULL ends a table */
        MotetEventKind kind;  /* its payload */
        const char *moment;   /* when it is fired and what MOTET_HANDLED means there */
        const void *reserved; /* NULL */
} MotetEventDecl;

/**
 * motet_hook_add:
 * @self: who hooks; the hook goes when it does
 * @hook: (borrowed) copied
 * @error: set to MOTET_ERROR_MODULE
 *
 * Adds a hook at run time, for the rare case that a table cannot express. A running chain does not
 * see it.
 *
 * Returns: false with @error set when the event is unknown or carries another payload
 */
MOTET_API bool motet_hook_add(MotetModule *self, const MotetHook *hook, GError **error);

/**
 * motet_fire_account / motet_fire_custom:
 * @self: the module that declared @event
 * @host: whose hooks run
 * @event: (borrowed) the name
 * @username, @data: the payload; borrowed until return
 *
 * Runs the chain of an event that @self declared. Such a chain cannot WAIT: a handler that tries is
 * a programming error.
 *
 * Returns: MOTET_HANDLED or MOTET_CONTINUE
 */
MOTET_API MotetResult motet_fire_account(MotetModule *self, MotetHost *host, const char *event,
                                         const char *username);
MOTET_API MotetResult motet_fire_custom(MotetModule *self, MotetHost *host, const char *event,
                                        void *data);

/* Waiting */

typedef struct MotetWait MotetWait; /* a token: a chain that is parked */

/** MotetDeadline: what happens to a chain whose token nobody resumed in time. */
typedef enum {
        MOTET_DEADLINE_CONTINUE, /* as if MOTET_CONTINUE */
        MOTET_DEADLINE_REFUSE,   /* refused with resource-constraint (of type wait for stanzas) */
} MotetDeadline;

/**
 * motet_wait:
 * @self: who waits
 * @event: (borrowed) the head of the payload being handled
 * @timeout: µs until @at_deadline is applied; > 0
 * @at_deadline: the declared outcome when nobody resumed
 *
 * Parks the running chain. The handler must return MOTET_WAIT next, and later exactly once call
 * motet_resume(). The session's further stanzas wait behind this one; other sessions go on. When
 * the session goes first, the token is cancelled: motet_resume() on it then does nothing, and must
 * still be called once to free it. When the module stops first, the chain goes on from the loop
 * with the next handler; what was not answered is resumed with MOTET_CONTINUE in unload
 * (MOTET_HANDLED still means that it was answered, and ends the chain). Waiting is allowed in
 * stanza events (also before authentication) but route/elsewhere, in stream-opened and in
 * pre-session-bind. motet_resume() may be called before the handler has returned.
 *
 * Returns: (own) the token, consumed by motet_resume()
 */
MOTET_API MotetWait *motet_wait(MotetModule *self, MotetEvent *event, GTimeSpan timeout,
                                MotetDeadline at_deadline);

/**
 * motet_resume:
 * @wait: (take) the token
 * @verdict: MOTET_CONTINUE: the next handler runs; MOTET_HANDLED: the waiting handler answered
 *
 * Continues the parked chain, possibly before returning. After a passed deadline or a cancelled
 * token it does nothing.
 */
MOTET_API void motet_resume(MotetWait *wait, MotetResult verdict);

/**
 * motet_resume_refuse:
 * @wait: (take) the token
 * @condition: of a stanza error for stanzas and binds, of a stream error for stream-opened and
 *   elements; not MOTET_CONDITION_NONE
 *
 * Ends a parked bind or stream-opened chain with @condition, answers a stanza with it, or closes
 * the stream of an element that is no stanza. MOTET_INTERNAL_SERVER_ERROR is told as
 * motet_store_condition() has it.
 */
MOTET_API void motet_resume_refuse(MotetWait *wait, MotetCondition condition, const char *text);

/**
 * motet_wait_is_live:
 * @wait: (borrowed) a token that was not resumed yet
 *
 * Returns: whether resuming @wait would still do something: false past the deadline or when
 * cancelled
 */
MOTET_API bool motet_wait_is_live(const MotetWait *wait);

G_END_DECLS
