/*
 * session: the private half of a session, its life from accept to retirement.
 *
 * accept → (stream, restarts) → authenticate → bind → unbind → destroy. A session is in
 * server->streams until it is destroyed, which holds its first reference. Closing:
 * motet_session_close() marks it; the loop then says the last words, unbinds it and lets the
 * connection finish; when that has ended, the session is destroyed. A session that loses its
 * connection without closing may be kept by pre-session-unbind: it stays bound with conn NULL.
 */
#pragma once

#include <motet/conn.h>
#include <motet/jid.h>
#include <motet/session.h>

#include "core/conn.h"
#include "core/event.h"
#include "core/host.h"
#include "core/slots.h"
#include "core/xml_parser.h"

/* Something that goes with a session; embedded. */
typedef struct SessionTie SessionTie;
typedef void (*SessionCut)(SessionTie *tie);
struct SessionTie {
        List link;
        SessionCut cut; /* called, already untied, when the session is destroyed */
};

/* One block holds both halves. */
struct MotetSessionPrivate {
        MotetSession session;
        MotetServer *server;
        MotetHost *vhost; /* (own) a reference */
        unsigned refs;
        List link; /* in server->streams */
        XmlParser *parser;
        MotetSessionLimits limits;
        MotetJid *jid; /* bare after authentication, full once bound */
        char *id;      /* stream id */
        char *lang;
        char *peer_from;        /* prepared `from` of the peer's header: `to` of ours */
        Slot *slots;            /* of the modules that keep data with it */
        List ties;              /* head of SessionTie: timers and parked chains */
        LoopTimer timer;        /* login, then bind, then the end of closing */
        LoopTimer rate_timer;   /* end of a pause for stanzas_per_s */
        LoopJob job;            /* resuming the parser, finishing a close */
        int64_t stanza_due;     /* token bucket of stanzas_per_s: when it will be full again, µs */
        const char *content_ns; /* jabber:client, jabber:server; a literal */
        char *close_text;
        MotetCondition close_condition;
        int64_t last_read; /* kept when the connection is gone, µs */
        int64_t accepted;  /* when, µs */
        uint64_t number;   /* rises from session to session */
        unsigned n_slots;
        unsigned parked;     /* reasons to read no further stanza */
        bool reading_paused; /* parser and connection are paused because of parked */
        bool bound;          /* in the table */
        bool binding;
        bool unbinding; /* being told of: destroying waits for the end of that */
        bool destroy_wanted;
        bool closing;
        bool ended; /* our last words are queued */
        bool destroyed;
        bool header_sent; /* our stream header of the current stream */
        bool peer_closed; /* the peer's </stream:stream> was seen */
        bool handshaking; /* inside a TLS handshake: nothing can be said */
        uint8_t tallied;  /* session_tally() */
};

/**
 * session_accept_fd: (take) a session for an accepted socket; fires session-created. Returns:
 * (borrowed) NULL when refused
 */
MotetSession *session_accept_fd(MotetServer *server, const MotetListen *spec, int fd,
                                const char *peer);
/** session_accept_memory: the same without a socket; what it sends is appended to @out */
MotetSession *session_accept_memory(MotetServer *server, const MotetListen *spec, GString *out);

/** session_close_all: closes every session with @condition; of @host, or of all when NULL */
void session_close_all(MotetServer *server, MotetHost *host, MotetCondition condition,
                       const char *text);
/** session_evict: the same of @host, with the last words said and the sessions unbound on return:
 * what remains of them waits for their peers to read */
void session_evict(MotetServer *server, MotetHost *host, MotetCondition condition,
                   const char *text);
/**
 * session_park / session_unpark: no further stanza of @session is read meanwhile; counted; reading
 * goes on from the loop
 */
void session_park(MotetSession *session);
void session_unpark(MotetSession *session);
/** session_lost: the connection has ended; unbinds and destroys, or keeps */
void session_lost(MotetSession *session);
/**
 * session_finish: nothing more is expected from the peer: the connection ends once everything is
 * sent
 */
void session_finish(MotetSession *session);
/**
 * session_charge_stanza: takes one stanza out of the bucket, and parks the session while it is
 * empty
 */
void session_charge_stanza(MotetSession *session);
/**
 * session_tie / session_untie: untying what is not tied is a no-op; tying to a destroyed session is
 * an error
 */
void session_tie(MotetSession *session, SessionTie *tie, SessionCut cut);
void session_untie(SessionTie *tie);

/** session_send_to: motet_session_send() with another `to`, for one stanza and many receivers */
bool session_send_to(MotetSession *session, const MotetXml *stanza, const char *to);
/**
 * session_fire: fires a session event that cannot wait, on its host, or on the server's table
 * before it has one
 */
MotetResult session_fire(MotetSession *session, const char *name, MotetSessionEvent *ev);
/**
 * session_unbind: takes a bound session out of the table, telling before and after. Returns: true
 * when it is kept instead (only if @lost)
 */
bool session_unbind(MotetSession *session, bool lost);
/** session_tally: after anything that moves it from one SessionStage to another: counts it there */
void session_tally(MotetSession *session);
/** session_use_limits: (borrowed) copied, and told to the connection */
void session_use_limits(MotetSession *session, const MotetSessionLimits *limits);
/** session_drained: its queue has drained: calls those who await that */
void session_drained(MotetSession *session);
/** session_free_slots: frees all module data */
void session_free_slots(MotetSession *session);
