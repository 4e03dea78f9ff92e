/*
 * host: the server as the streams see it, and its virtual hosts.
 */
#pragma once

#include <motet/event.h>
#include <motet/host.h>
#include <motet/session.h>

#include "core/instance.h"
#include "core/loop.h"
#include "core/slots.h"
#include "core/tls.h"
#include "core/xml_parser.h"

typedef struct EventNames EventNames;
typedef struct EventTable EventTable;
typedef struct IqTable IqTable;
typedef struct Sessions Sessions;
typedef struct Trace Trace;

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
        unsigned connections;      /* held at a time; 0: as many as descriptors allow         0 */
        unsigned resource_bytes;   /* longest resource a client may ask for               1 023 */
        int64_t blocked_timeout;   /* a module keeps the loop, 0: for ever                 10 s */
        unsigned module_crashes;   /* until a module is left out, 0: never                    3 */
        int64_t module_crash_period; /* in which they happened                              1 h */
} CoreLimits;

/* How far a session has come. */
typedef enum {
        SESSION_STAGE_CONNECTED,     /* no stream header that was accepted yet */
        SESSION_STAGE_OPENED,        /* not authenticated */
        SESSION_STAGE_AUTHENTICATED, /* without a resource */
        SESSION_STAGE_BOUND,
        SESSION_STAGE_AVAILABLE,
        SESSION_STAGE_DETACHED, /* bound, kept without a connection */
        SESSION_N_STAGES,
} SessionStage;

#define SESSION_N_TYPES (MOTET_SESSION_COMPONENT + 1)

/* How many sessions there are of each kind, kept by session_tally(). */
typedef size_t SessionTally[SESSION_N_TYPES][SESSION_N_STAGES];

/* What streams and all above them count, for metrics. */
typedef struct {
        uint64_t stanzas_in[MOTET_STANZA_IQ + 1], stanzas_out[MOTET_STANZA_IQ + 1];
        uint64_t accepted; /* connections that became sessions */
        uint64_t refused;  /* connections, by limits.connections or by a module */
        uint64_t authenticated;
        Histogram store_reads, store_writes; /* from the request to its result */
        uint64_t store_failures;
        size_t store_queue;   /* requests without a result */
        int64_t store_failed; /* when one failed last, loop_now(); 0: none did */
} ServerCounters;

/* server.c (layer 4) embeds it as its first member. */
struct MotetServer {
        Loop *loop;
        TlsServer *tls;
        XmlPool *xml_pool;
        Sessions *sessions;       /* bound sessions of all hosts */
        GHashTable *account_data; /* account_data.c; NULL: no module keeps any */
        EventNames *names;
        EventTable *events;     /* hooks of events of no host: server-started, session-created */
        IqTable *iqs;           /* requests we sent that wait for an answer; router_init() */
        GPtrArray *hosts;       /* of MotetHost, config order */
        GHashTable *host_index; /* prepared domain -> MotetHost */
        uint64_t n_hosts_ever;  /* hosts there ever were */
        List streams;           /* head: every session not yet destroyed, by its link */
        size_t n_streams;
        uint64_t n_accepted;     /* sessions there ever were */
        Trace *trace;            /* who watches accounts; NULL: nobody */
        List waits;              /* head: parked chains that belong to no session */
        GPtrArray *slots;        /* MotetModule by slot, NULL where free */
        GPtrArray *owners;       /* of ActivityOwner: whose code there ever was */
        struct Meter *meter;     /* (own) NULL: nobody measures */
        unsigned n_meters;       /* so far */
        MotetModule *current;    /* whose function is running; NULL outside modules */
        const MotetEvent *event; /* whose hook is running; NULL outside hooks */
        unsigned route_depth;    /* routings on the stack */
        const GError *failure;   /* of the storage, while a module is told of it; else NULL */
        CoreLimits limits;
        bool serving; /* listeners are open */
        bool stopping;
        /* Handed in: RAND_bytes, or a seeded stream in tests. */
        void (*random)(void *buffer, size_t n);
        /* stream_set_receive() */
        void (*receive)(MotetSession *session, MotetXml *element);
        /* Told when a session has left the table; router_init(). */
        void (*unbound)(MotetSession *session);
        SessionTally tally; /* of those without a host yet */
        ServerCounters counters;
};

struct MotetHost {
        char *name;
        MotetServer *server;
        EventTable *events;
        GPtrArray *instances; /* borrowed, server-scoped ones included, in load order */
        size_t n_sessions;    /* bound */
        SessionTally tally;
        Slot *slots; /* of the modules that keep data with it */
        unsigned n_slots;
        unsigned refs;   /* its own, and those of sessions and parked chains that know it */
        uint64_t number; /* no other host of the server ever has it */
        bool going;      /* being removed: no new streams */
};

/** limits_default: the numbers of a server without `limits:` in its config */
void limits_default(CoreLimits *limits);

/**
 * server_base_init: everything in MotetServer but the router's part, ready for hosts; it owns
 * @loop_take
 */
void server_base_init(MotetServer *server, Loop *loop_take);
/** server_failure_condition: Returns: which stanza error tells a peer of a failure of ours, as
 * motet_store_condition() */
MotetCondition server_failure_condition(const MotetServer *server);
/** server_base_set_random: all random numbers come from @random; before there is any session */
void server_base_set_random(MotetServer *server, void (*random)(void *buffer, size_t n));
/**
 * server_base_clear: no host or instance is left; sessions still there are destroyed, telling
 * nobody
 */
void server_base_clear(MotetServer *server);
/** host_random_id: Returns: (own) @bytes random bytes as hexadecimal digits */
char *host_random_id(MotetServer *server, size_t bytes);

MotetHost *host_new(MotetServer *server, const char *prepared_name);
/**
 * host_free: after its instances stopped; sessions still there are destroyed, but for those whose
 * last words wait to be sent. Who has a reference finds it without any instances
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
