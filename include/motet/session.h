/*
 * session: one XML stream with one peer, as the protocol speaks of it.
 *
 * The struct is there to be read; it is written only by the functions below. Connected resource:
 * full_jid (also resource). Available resource: presence. Interested resource: interested.
 * Available and interested imply connected.
 *
 * Nothing dies under a handler: sending never destroys a session, and closing is finished from the
 * loop. Who waits holds a reference and asks motet_session_is_connected() again.
 *
 * Source: RFC 6120 sections 4, 6, 7; RFC 6121 sections 2.2, 4.
 */
#pragma once

#include <motet/stanza.h>
#include <motet/types.h>

G_BEGIN_DECLS

/** MotetSessionType: whom the stream is with. */
typedef enum {
        MOTET_SESSION_C2S_UNAUTHED, /* a client that has not logged in */
        MOTET_SESSION_C2S,          /* a client */
        MOTET_SESSION_S2S_IN,       /* a server that connected to us */
        MOTET_SESSION_S2S_OUT,      /* a server that we connected to */
        MOTET_SESSION_COMPONENT,    /* a component of its own domain */
} MotetSessionType;

typedef struct MotetSessionPrivate MotetSessionPrivate; /* core only */

/**
 * MotetSession: a stream, made and written by core only; a module reads it.
 *
 * Growth: fields are appended with a minor number of MOTET_ABI; a module built before does not see
 * them. No module makes or copies one.
 */
struct MotetSession {
        MotetSessionPrivate *priv; /* core only */
        MotetConn *conn;           /* the connection; NULL once closed */
        bool notopen;              /* true until the peer's stream header was accepted */
        MotetSessionType type;     /* whom the stream is with */
        const char *username;      /* localpart, prepared; NULL before authentication */
        const char *host;          /* our domain for this stream; NULL before the stream header */
        const char *resource;      /* NULL before resource binding */
        const char *full_jid;      /* username@host/resource; NULL before resource binding */
        int8_t priority;           /* -128..127, default 0; from the last available presence */
        const MotetXml *presence;  /* last undirected one without type; NULL when unavailable */
        bool interested;           /* has requested the roster: receives roster pushes */
        MotetRoster *roster;       /* from session-bound on; layout: service-roster */
};

/**
 * motet_session_ref: takes a reference: the struct stays readable, also when the session is
 * destroyed meanwhile. Returns: (own) @session
 */
MOTET_API MotetSession *motet_session_ref(MotetSession *session);
/**
 * motet_session_unref:
 * @session: (take) NULL is a no-op
 *
 * Drops a reference. A session without references after session-destroyed is freed.
 */
MOTET_API void motet_session_unref(MotetSession *session);

/**
 * motet_session_send:
 * @session: a session in any state; a session that is closing drops the stanza
 * @stanza: (borrowed) serialised before return and from then on immutable
 *
 * Queues @stanza on the session's connection. Never blocks, never runs another handler and never
 * destroys @session: a peer that stops reading is closed later, from the loop, once its queue
 * passes limits.send_queue bytes.
 *
 * Returns: false if the session is closing, has no connection or no open stream, and the stanza was
 * dropped
 *
 * Source: RFC 6120 section 10.1 (in-order processing)
 */
MOTET_API bool motet_session_send(MotetSession *session, const MotetXml *stanza);

/**
 * motet_session_close:
 * @session: a session in any state; closing twice is a no-op
 * @condition: a stream error to send first, or MOTET_CONDITION_NONE for a plain </stream:stream>
 * @text: explanation for the error, or NULL
 *
 * Marks @session closing. What is queued is still sent; no further stanza is read. The loop sends
 * the end of the stream and unbinds the session; it is destroyed when everything was sent and,
 * without a condition, the peer has ended its stream too (at most limits.close_timeout). So
 * @session stays valid in the running handler. Inside a TLS handshake nothing can be said: the
 * connection is dropped.
 *
 * Source: RFC 6120 sections 4.4 and 4.9
 */
MOTET_API void motet_session_close(MotetSession *session, MotetCondition condition,
                                   const char *text);

/**
 * motet_session_destroy:
 * @session: a session in any state; destroying twice is a no-op
 *
 * The one way out: unbinds, tells (pre-session-unbind, session-unbound, session-destroyed), drops
 * the connection without further words and retires the session. Inside a handler of its unbind
 * events it takes effect after those. The struct is freed with its last reference.
 * motet_session_close() is what a module nearly always wants.
 */
MOTET_API void motet_session_destroy(MotetSession *session);

/**
 * motet_session_is_connected: whether it has a connection, is not closing and was not destroyed:
 * sending can succeed
 */
MOTET_API bool motet_session_is_connected(const MotetSession *session);
/** motet_session_is_secure: whether its connection is inside TLS */
MOTET_API bool motet_session_is_secure(const MotetSession *session);
/**
 * motet_session_host: Returns: (borrowed) the virtual host of this stream, NULL before the stream
 * header
 */
MOTET_API MotetHost *motet_session_host(const MotetSession *session);
/** motet_session_server: Returns: (borrowed) the server it belongs to */
MOTET_API MotetServer *motet_session_server(const MotetSession *session);
/**
 * motet_session_jid: Returns: (borrowed) full_jid as an address; after authentication the bare one;
 * NULL before
 */
MOTET_API const MotetJid *motet_session_jid(const MotetSession *session);
/**
 * motet_session_id: Returns: (borrowed) the stream id of the current stream, unpredictable; NULL
 * before the stream header
 */
MOTET_API const char *motet_session_id(const MotetSession *session);
/**
 * motet_session_lang: Returns: (borrowed) xml:lang of the peer's stream header, NULL when none was
 * given
 */
MOTET_API const char *motet_session_lang(const MotetSession *session);
/** motet_session_idle: Returns: µs since the last byte was read from the peer */
MOTET_API GTimeSpan motet_session_idle(const MotetSession *session);
/**
 * motet_session_queued: Returns: bytes that wait to be read by the peer; who has much to send waits
 * while they are more than half of limits.send_queue: motet_session_await_drained()
 */
MOTET_API size_t motet_session_queued(const MotetSession *session);

/**
 * MotetDrainedFunc:
 * @self: who asked
 * @session: (borrowed) connected
 *
 * Called on the core thread, from the loop. May send and ask again.
 */
typedef void (*MotetDrainedFunc)(MotetModule *self, MotetSession *session);

/**
 * motet_session_await_drained:
 * @session: a session of any host
 * @self: who asks
 * @func: called once, when motet_session_queued() is at most half of limits.send_queue; asking
 *   again before that changes nothing
 *
 * For who has more to send than a peer may leave unread: send until more than half is used, ask,
 * and go on in @func. It is never called before return: when nothing waits, soon afterwards. It is
 * not called once @session closes or has lost its connection, nor once @self has stopped; newer
 * code of a module asks anew. What nobody asked for costs nothing when a stanza is sent.
 *
 * Returns: false when @session is not connected, and @func will not be called
 */
MOTET_API bool motet_session_await_drained(MotetSession *session, MotetModule *self,
                                           MotetDrainedFunc func);

/* Progress of a stream: called by the modules that negotiate it. */

/**
 * motet_session_starttls:
 * @session: in clear, see motet_session_can_starttls()
 *
 * Sends what is queued (the caller's <proceed/>), then starts the TLS handshake as server; bytes
 * the peer sent behind its request are dropped. Afterwards the peer opens a new stream. Must not be
 * called on a secure session; does nothing on one that is closing.
 *
 * Source: RFC 6120 section 5.4
 */
MOTET_API void motet_session_starttls(MotetSession *session);
/**
 * motet_session_can_starttls: whether it may be called: in clear, connected, and with a certificate
 * to present
 */
MOTET_API bool motet_session_can_starttls(const MotetSession *session);

/**
 * motet_session_authenticate:
 * @session: a client's that was not authenticated yet
 * @username: (borrowed) prepared localpart of an account of its host
 *
 * Makes the session one of that account (type c2s) and fires session-authenticated. Sends nothing;
 * the caller sends its success element and then calls motet_session_restart().
 */
MOTET_API void motet_session_authenticate(MotetSession *session, const char *username);

/**
 * motet_session_restart: forgets the stream: the peer opens a new one on the same connection (RFC
 * 6120 section 4.3.3).
 */
MOTET_API void motet_session_restart(MotetSession *session);

/**
 * MotetBoundFunc:
 * @session: (borrowed) that was to be bound
 * @condition: MOTET_CONDITION_NONE when bound; otherwise why it was refused, and nothing changed
 * @text: (borrowed) explanation or NULL
 *
 * Called exactly once, before return or later, as the module that called motet_session_bind(); when
 * @session went away in between, with recipient-unavailable and nobody to answer.
 */
typedef void (*MotetBoundFunc)(MotetSession *session, MotetCondition condition, const char *text,
                               void *data);

/**
 * motet_session_bind:
 * @session: authenticated, not yet bound, not being bound
 * @resource: (borrowed) prepared resource that no session of this account holds; one that is
 *   illegal or longer than limits.resource_bytes is refused with bad-request, one that another
 *   session took while this one waited with conflict
 * @done: told how it ended
 *
 * Fires pre-session-bind, which may wait or refuse; then sets resource and full_jid, enters the
 * session in the table, calls @done (which answers the client) and fires session-bound. Stanzas of
 * this session wait meanwhile.
 *
 * Source: RFC 6120 section 7
 */
MOTET_API void motet_session_bind(MotetSession *session, const char *resource, MotetBoundFunc done,
                                  void *data);

/**
 * motet_session_set_presence:
 * @session: a connected resource
 * @presence: (borrowed) a presence without type, packed and kept; NULL makes the resource
 *   unavailable
 *
 * Sets presence and priority together. Sends nothing. Does nothing when @session was unbound
 * meanwhile.
 */
MOTET_API void motet_session_set_presence(MotetSession *session, const MotetXml *presence);
/**
 * motet_session_set_interested:
 * @session: a connected resource
 * @interested: whether it is to receive roster pushes
 *
 * Marks it as interested. Sends nothing. Does nothing when @session was unbound meanwhile.
 *
 * Source: RFC 6121 section 2.2
 */
MOTET_API void motet_session_set_interested(MotetSession *session, bool interested);
/**
 * motet_session_set_roster:
 * @roster: (borrowed) kept; NULL before the session or the roster goes
 *
 * For who provides the service "roster": sets the field.
 */
MOTET_API void motet_session_set_roster(MotetSession *session, MotetRoster *roster);

/**
 * MotetSessionLimits: what one peer may make the server hold or do. Each is > 0.
 *
 * Growth: none within a major number of MOTET_ABI, as modules make copies of it; further limits get
 * functions of their own.
 */
typedef struct {
        uint32_t stanza_bytes;  /* one stanza or stream header */
        uint32_t depth;         /* element nesting, the stanza itself is 1 */
        uint32_t elements;      /* elements in one stanza, and half its attributes */
        uint32_t attributes;    /* attributes of one element */
        uint32_t namespaces;    /* namespace declarations in one stanza */
        uint32_t name_bytes;    /* one element or attribute name, with its namespace */
        uint32_t send_queue;    /* bytes waiting to be read by the peer; beyond: closed with
                               policy-violation */
        uint32_t bytes_per_s;   /* beyond the burst, reading pauses */
        uint32_t bytes_burst;   /* bytes that may come at once */
        uint32_t stanzas_per_s; /* beyond the burst of one second, reading pauses */
} MotetSessionLimits;

/** motet_session_limits: Returns: (borrowed) the limits in force */
MOTET_API const MotetSessionLimits *motet_session_limits(const MotetSession *session);
/**
 * motet_session_set_limits:
 * @limits: (borrowed) copied; a changed copy of those in force
 *
 * Puts limits in force from the next stanza. For modules that decide on limits.
 */
MOTET_API void motet_session_set_limits(MotetSession *session, const MotetSessionLimits *limits);

/* Data of a module, one pointer a session. */

/**
 * motet_session_set_data:
 * @self: whose data it is: each module has its own
 * @data: (take) replaces the former, which is freed; NULL for none
 * @free_func: frees @data at the latest after session-destroyed or with @self; at once when that is
 *   past; may be NULL
 *
 * Keeps one pointer with the session.
 */
MOTET_API void motet_session_set_data(MotetSession *session, MotetModule *self, void *data,
                                      GDestroyNotify free_func);
/** motet_session_data: Returns: (borrowed) what was set, NULL when nothing */
MOTET_API void *motet_session_data(const MotetSession *session, MotetModule *self);

/* The table of bound sessions. */

/**
 * motet_sessions_find:
 * @resource: (borrowed) prepared
 *
 * Returns: (borrowed) the bound session, NULL when there is none on this machine
 */
MOTET_API MotetSession *motet_sessions_find(MotetHost *host, const char *username,
                                            const char *resource);

/**
 * motet_sessions_of:
 * @n_out: set to the number of sessions
 *
 * Returns: (borrowed) the account's bound sessions in order of binding, valid until the next bind
 * or unbind; who closes sessions while walking is safe (closing is deferred), who destroys them is
 * not. NULL when there are none
 */
MOTET_API MotetSession *const *motet_sessions_of(MotetHost *host, const char *username,
                                                 size_t *n_out);

/**
 * motet_sessions_foreach:
 * @func: called for each session of @host bound now and still bound when its turn comes, before
 *   return; in no order; may close and destroy sessions
 *
 * Walks over the bound sessions. The work grows with their number.
 */
MOTET_API void motet_sessions_foreach(MotetHost *host,
                                      void (*func)(MotetSession *session, void *data), void *data);

/** motet_sessions_count: Returns: bound sessions of @host */
MOTET_API size_t motet_sessions_count(const MotetHost *host);

/**
 * motet_sessions_send_available / motet_sessions_send_interested:
 * @stanza: (borrowed) sent to each with `to` set to its full JID, serialised once
 *
 * Sends to all available (or interested) resources of one account, those elsewhere included
 * (route/elsewhere).
 *
 * Returns: how many sessions of this machine it was queued for
 */
MOTET_API size_t motet_sessions_send_available(MotetHost *host, const char *username,
                                               const MotetXml *stanza);
MOTET_API size_t motet_sessions_send_interested(MotetHost *host, const char *username,
                                                const MotetXml *stanza);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MotetSession, motet_session_unref)

G_END_DECLS
