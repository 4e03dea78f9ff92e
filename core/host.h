/*
 * host: the server as the streams see it, and its virtual hosts.
 */
#pragma once

#include <motet/event.h>
#include <motet/host.h>
#include <motet/session.h>

#include "core/instance.h"
#include "core/loop.h"
#include "core/tls.h"
#include "core/xml_parser.h"

typedef struct EventNames EventNames;
typedef struct EventTable EventTable;
typedef struct IqTable IqTable;
typedef struct Sessions Sessions;

/**
 * CoreLimits: what the core enforces itself; filled from `limits:` in the config, defaults of
 * limits_default(). Times in µs.
 */
typedef struct {
        MotetSessionLimits stranger, user, server;
        int64_t handshake_timeout; /* accept to the end of the TLS handshake                10 s */
        int64_t login_timeout;     /* accept to authenticated                               30 s */
        int64_t bind_timeout;      /* authenticated to bound                                30 s */
        int64_t write_timeout;     /* a send without progress                               60 s */
        int64_t close_timeout;     /* our end to the peer's, or to all bytes being sent       5 s */
        unsigned offload_queue;    /* jobs waiting for a worker                           4 096 */
        unsigned resource_bytes;   /* longest resource a client may ask for               1 023 */
} CoreLimits;

/* server.c (layer 4) embeds it as its first member. */
struct MotetServer {
        Loop *loop;
        TlsServer *tls;
        XmlPool *xml_pool;
        Sessions *sessions; /* bound sessions of all hosts */
        EventNames *names;
        EventTable *events;     /* hooks of events of no host: server-started, session-created */
        IqTable *iqs;           /* requests we sent that wait for an answer; router_init() */
        GPtrArray *hosts;       /* of MotetHost, config order */
        GHashTable *host_index; /* prepared domain -> MotetHost */
        List streams;           /* head: every session not yet destroyed, by its link */
        size_t n_streams;
        List waits;           /* head: parked chains that belong to no session */
        GPtrArray *slots;     /* MotetModule by slot, NULL where free */
        MotetModule *current; /* whose function is running; NULL outside modules */
        unsigned route_depth; /* routings on the stack */
        CoreLimits limits;
        bool serving; /* listeners are open */
        bool stopping;
        /* Handed in: RAND_bytes, or a seeded stream in tests. */
        void (*random)(void *buffer, size_t n);
        /* stream_set_receive() */
        void (*receive)(MotetSession *session, MotetXml *element);
        /* Told when a session has left the table; router_init(). */
        void (*unbound)(MotetSession *session);
};

struct MotetHost {
        char *name;
        MotetServer *server;
        EventTable *events;
        GPtrArray *instances; /* borrowed, server-scoped ones included, in load order */
        size_t n_sessions;    /* bound */
        unsigned refs;        /* its own, and those of sessions and parked chains that know it */
        bool going;           /* being removed: no new streams */
};

/** limits_default: the numbers of a server without `limits:` in its config */
void limits_default(CoreLimits *limits);

/**
 * server_base_init: everything in MotetServer but the router's part, ready for hosts; @driven as in
 * loop_new()
 */
void server_base_init(MotetServer *server, bool driven);
/**
 * server_base_clear: no host or instance is left; sessions still there are destroyed, telling
 * nobody
 */
void server_base_clear(MotetServer *server);
/** host_random_id: Returns: (own) @bytes random bytes as hexadecimal digits */
char *host_random_id(MotetServer *server, size_t bytes);

MotetHost *host_new(MotetServer *server, const char *prepared_name);
/**
 * host_free: after its instances stopped; sessions still there are destroyed. Who has a reference
 * finds it without any hooks
 */
void host_free(MotetHost *host);
MotetHost *host_ref(MotetHost *host);
/** host_unref: NULL is a no-op */
void host_unref(MotetHost *host);

/**
 * host_add_instance: enters @instance in the list of @host; when its hooks are in force already (a
 * server-scoped one on a host made later), adds them to this host as well.
 */
void host_add_instance(MotetHost *host, MotetModule *instance);
/**
 * host_remove_instance: a no-op when it is not in the list; its hooks went with instance_drop_all()
 */
void host_remove_instance(MotetHost *host, MotetModule *instance);

/**
 * instance_add_hooks:
 *
 * Puts the hooks of the descriptor, and those load added, into the tables they belong to: the hosts
 * that list @instance, and the server's for events of no host. All names were checked with
 * event_names_check(). Once, after load.
 */
void instance_add_hooks(MotetModule *instance);
