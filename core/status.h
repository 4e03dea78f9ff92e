/*
 * status: what the server serves and holds, and whether it is well: what one screen tells.
 */
#pragma once

#include "core/confine.h"
#include "core/minute.h"
#include "core/process.h"
#include "core/server.h"

typedef struct {
        const char *name;  /* (borrowed) */
        size_t n_sessions; /* bound */
        int64_t expiry;    /* of its certificate, s since 1970; 0: it has none */
        char *trouble;     /* (own) why that is not renewed; NULL */
} StatusHost;

typedef struct {
        char *address; /* (own) */
        uint16_t port;
        bool direct_tls;
} StatusListener;

typedef struct {
        char *source; /* (own) "all" or a module's */
        const char *level;
        int64_t left; /* µs; 0: until the server ends */
} StatusLevel;

typedef struct {
        const char *name, *host; /* (borrowed) host NULL: of server scope */
        MotetStatus status;
        const char *text; /* (borrowed) or NULL */
        char *line;       /* (own) all of it */
} StatusModule;

typedef struct {
        bool is_stopping;
        int64_t now;    /* s since 1970 */
        int64_t uptime; /* µs */
        size_t stages[SESSION_N_STAGES];
        size_t n_streams;
        MinuteCounts minute;
        ProcessUsage usage;
        size_t store_queue;
        unsigned n_offloaded;
        unsigned n_instances;
        GArray *hosts;       /* of StatusHost */
        GArray *listeners;   /* of StatusListener */
        GArray *levels;      /* of StatusLevel: commanded, not configured */
        GPtrArray *changed;  /* names of modules whose file is another one than runs */
        GArray *modules;     /* of StatusModule: those that are not well */
        GPtrArray *troubles; /* texts; none: healthy */
        bool is_safe;        /* safe mode */
        GPtrArray *absent;   /* texts: modules that are enabled and left out, each with why */
        GPtrArray *slow;     /* texts: modules that kept everybody waiting, each with how often */
        ServerReload reload;
        char *reload_text; /* (own) NULL: there was none */
        ConfineState confined;
} Status;

/** status_init: looks at @server, which serves */
void status_init(Status *status, Server *server);
void status_clear(Status *status);
/** status_json: Returns: (own) one object on one line */
char *status_json(const Status *status);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Status, status_clear)
