/*
 * scenario_transport: what a scenario is run on: a server, and connections to it.
 *
 * Two of them exist: scenario_tcp.h and scenario_memory.h. A function that returns bool sets its
 * error when it returns false. A function that is NULL is something this transport cannot do.
 */
#pragma once

#include <motet/types.h>

#include "support/module_folder.h"

/** ScenarioSetup: what differs from the shipped configuration, in which "localhost" is served */
typedef struct {
        GPtrArray *hosts;     /* domains beside localhost */
        GHashTable *options;  /* module → its options as "{…}", or "": it is on */
        GHashTable *disabled; /* set of modules that are off */
        const char *main;     /* lines of the main file; "" for none */
} ScenarioSetup;

/** ScenarioPlaces: where what is served comes from; all (borrowed) */
typedef struct {
        ModuleFolder *modules;   /* with those of one's own that are to be tested */
        const char *plugins_dir; /* the switches of modules as shipped */
} ScenarioPlaces;

typedef enum {
        SCENARIO_READ_MORE,    /* bytes were appended */
        SCENARIO_READ_NOTHING, /* nothing is there, and waiting would not help */
        SCENARIO_READ_END,     /* the server has closed the connection; said again each time */
} ScenarioRead;

typedef struct {
        /** new: a server that is not started yet. @places outlives it. Returns: (own) */
        void *(*new)(const ScenarioPlaces *places, GError **error);
        /** free: ends it however it is; its connections are closed before. NULL is a no-op */
        void (*free)(void *server);
        bool (*start)(void *server, const ScenarioSetup *setup, GError **error);
        /** stop: as by an operator; the server bids its clients farewell and waits for them to
         * close */
        void (*stop)(void *server);
        /** await_end: after stop(); false when the server does not end well */
        bool (*await_end)(void *server, GError **error);
        /** kill: as by a power cut */
        bool (*kill)(void *server, GError **error);
        bool (*reload)(void *server, const ScenarioSetup *setup, GError **error);
        /** renew: the file of @module is a new one, with the same content, before its code is
         * replaced */
        bool (*renew)(void *server, const char *module, GError **error);
        void (*advance)(void *server, GTimeSpan us);
        /** settle: until everything that connections brought to the server is handled, what waits
         * for the store included */
        bool (*settle)(void *server, GError **error);
        /** command: of motetctl. @output gets a line each line. Returns: the exit code, -1 with
         * @error when it was not run */
        int (*command)(void *server, char **words, GString *output, GError **error);
        /** log: Returns: (own) what the server logged so far, "" for nothing */
        char *(*log)(void *server);

        /** connect: Returns: (own) a connection, with TLS done unless @in_clear */
        void *(*connect)(void *server, const char *domain, bool in_clear, GError **error);
        /** close: (take) without a word */
        void (*close)(void *connection);
        /** secure: TLS from here on */
        bool (*secure)(void *connection, const char *domain, GError **error);
        /** authenticate: makes the stream that of @username without SASL; NULL where SASL is to be
         * used */
        void (*authenticate)(void *connection, const char *username);
        /** send: what a server that has closed does not take is dropped */
        void (*send)(void *connection, const char *bytes, size_t n);
        /** receive: appends to @out what is there; when @wait is set and nothing is there, waits
         * for it, a minute at most */
        ScenarioRead (*receive)(void *connection, GString *out, bool wait);
} ScenarioTransport;
