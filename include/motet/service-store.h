/*
 * service-store: durable data, asynchronous, in three shapes.
 *
 *   map      (account, key) -> document
 *   keyval   account -> document: a map whose key is ""
 *   archive  account -> entries, append-only, read by id, time range and other party
 *
 * A store has a name ("roster", "accounts"); the config's `storage:` says which backend serves it.
 * An account is a prepared localpart of the host the store was opened on; "" is the host itself. A
 * document is bytes of its owner's own format.
 *
 * Promises: functions never block and call back on the core thread, after returning. A write is
 * reported without error only when it is durable. A read sees every write submitted before it.
 * Requests of one store and account finish in order of submission. When the owning module stops,
 * its unfinished writes are still carried out, but nobody is called.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

typedef enum { MOTET_STORE_KEYVAL, MOTET_STORE_MAP, MOTET_STORE_ARCHIVE } MotetStoreShape;

typedef struct MotetStore MotetStore;

/**
 * motet_store_open:
 * @self: a host-scoped instance, the owner; the store closes with it
 * @name: (borrowed) lower-case letters, digits, underscore
 * @error: set to MOTET_ERROR_STORE
 *
 * Returns: (borrowed) a handle, the same for the same name and shape; NULL when no backend serves
 * it
 */
MOTET_API MotetStore *motet_store_open(MotetModule *self, const char *name, MotetStoreShape shape,
                                       GError **error);

/** MotetStoreDone: @error is NULL when what was asked is done and durable; (borrowed) otherwise,
 * and nothing changed. */
typedef void (*MotetStoreDone)(MotetModule *self, const GError *error, void *data);
/** MotetStoreRead: as MotetStoreDone; @value (borrowed) is NULL when there is none. */
typedef void (*MotetStoreRead)(MotetModule *self, const GError *error, GBytes *value, void *data);

typedef struct {
        const char *account;
        const char *key;
        GBytes *value;
} MotetStoreItem;
/** MotetStoreItems: as MotetStoreDone; @items (borrowed) are in order of account and key. */
typedef void (*MotetStoreItems)(MotetModule *self, const GError *error, const MotetStoreItem *items,
                                size_t n, void *data);

/** motet_store_read: reads one document. @key "" for keyval. */
MOTET_API void motet_store_read(MotetStore *store, const char *account, const char *key,
                                MotetStoreRead done, void *data);
/** motet_store_read_all: reads every document of @account; @account NULL: of every account, for
 * small stores only. */
MOTET_API void motet_store_read_all(MotetStore *store, const char *account, MotetStoreItems done,
                                    void *data);
/** motet_store_accounts: lists the accounts that have a document or entry, each once, as items
 * without key and value. */
MOTET_API void motet_store_accounts(MotetStore *store, MotetStoreItems done, void *data);

/** MotetStoreChange: one change of a batch. */
typedef struct {
        const char *key; /* "" for keyval */
        GBytes *value;   /* (borrowed) the new document; NULL deletes */
        bool create;     /* it must not exist yet; else the batch fails with MOTET_ERROR_EXISTS */
} MotetStoreChange;

/**
 * motet_store_write:
 * @changes: (borrowed) copied; all of them happen, or none
 * @epoch: refused with MOTET_ERROR_STORE when this account was written under a greater one; 0 where
 * no cluster is
 * @done: may be NULL
 */
MOTET_API void motet_store_write(MotetStore *store, const char *account,
                                 const MotetStoreChange *changes, size_t n, uint64_t epoch,
                                 MotetStoreDone done, void *data);
/** motet_store_set: motet_store_write() of one document without epoch; a NULL @value deletes */
MOTET_API void motet_store_set(MotetStore *store, const char *account, const char *key,
                               GBytes *value, MotetStoreDone done, void *data);

/** motet_store_drop_account: deletes every document and entry of @account in every store of
 * @self's host, in all backends. */
MOTET_API void motet_store_drop_account(MotetModule *self, const char *account, MotetStoreDone done,
                                        void *data);

/* Archives */

typedef struct {
        uint64_t id; /* grows with every entry of the host; 0 when appending: chosen by the store */
        int64_t when;     /* µs since 1970 UTC */
        const char *with; /* the other party's bare address; NULL for none */
        GBytes *value;
} MotetStoreEntry;
typedef void (*MotetStoreAppended)(MotetModule *self, const GError *error, uint64_t id, void *data);
/** MotetStoreEntries: @entries (borrowed) in order of id; @complete: false when @max cut the
 * answer */
typedef void (*MotetStoreEntries)(MotetModule *self, const GError *error,
                                  const MotetStoreEntry *entries, size_t n, bool complete,
                                  void *data);

typedef struct {
        uint64_t after, before; /* exclusive ids; 0: open */
        int64_t start, end;     /* inclusive times; 0: open */
        const char *with;       /* NULL: any */
        unsigned max;           /* > 0 */
        bool newest;            /* the last @max that match instead of the first */
} MotetStoreQuery;

MOTET_API void motet_store_append(MotetStore *store, const char *account,
                                  const MotetStoreEntry *entry, MotetStoreAppended done,
                                  void *data);
MOTET_API void motet_store_query(MotetStore *store, const char *account,
                                 const MotetStoreQuery *query, MotetStoreEntries done, void *data);
/** motet_store_prune: deletes the entries @query matches; its max and newest are ignored */
MOTET_API void motet_store_prune(MotetStore *store, const char *account,
                                 const MotetStoreQuery *query, MotetStoreDone done, void *data);
/** motet_store_count: reports the number of entries of @account as the id of MotetStoreAppended */
MOTET_API void motet_store_count(MotetStore *store, const char *account, MotetStoreAppended done,
                                 void *data);

/* What a backend implements: service "store:<name>". */

typedef enum {
        MOTET_STORE_OP_READ,
        MOTET_STORE_OP_READ_ALL,
        MOTET_STORE_OP_ACCOUNTS,
        MOTET_STORE_OP_WRITE,
        MOTET_STORE_OP_DROP_ACCOUNT, /* in every store of the host */
        MOTET_STORE_OP_APPEND,
        MOTET_STORE_OP_QUERY,
        MOTET_STORE_OP_PRUNE,
        MOTET_STORE_OP_COUNT,
} MotetStoreOp;

/** MotetStoreRequest: one request with its own copies of everything; the backend fills the
 * results before completing it. */
typedef struct MotetStoreRequest {
        MotetStoreOp op;
        MotetStoreShape shape;
        const char *host;
        const char *store;   /* NULL for DROP_ACCOUNT */
        const char *account; /* NULL: all */
        const char *key;
        MotetStoreChange *changes;
        size_t n_changes;
        uint64_t epoch;
        MotetStoreEntry entry;
        MotetStoreQuery query;
        /* results */
        GError *error;   /* (own) */
        GBytes *value;   /* (own) READ */
        GArray *items;   /* (own) of MotetStoreItem, made with motet_store_request_add_item() */
        GArray *entries; /* (own) of MotetStoreEntry, made with motet_store_request_add_entry() */
        bool complete;   /* QUERY */
        uint64_t id;     /* APPEND, COUNT */
        struct MotetStoreRequest *next; /* for the backend's own queue */
} MotetStoreRequest;

/** The two adders copy what they are given; they may be called on a worker thread. */
MOTET_API void motet_store_request_add_item(MotetStoreRequest *request, const char *account,
                                            const char *key, GBytes *value);
MOTET_API void motet_store_request_add_entry(MotetStoreRequest *request,
                                             const MotetStoreEntry *entry);

typedef struct {
        /**
         * submit:
         * @request: (take) until motet_store_complete(); its strings stay valid and may be read on
         * a worker
         *
         * Queues @request; never blocks, never completes it before returning. Must complete every
         * request in the end, also when stopping.
         */
        void (*submit)(MotetModule *provider, MotetStoreRequest *request);
        /**
         * hosts:
         * @self: may be asked for its options only: nothing of it was loaded
         *
         * Tells for which hosts something is kept, beside a running server and changing nothing.
         * NULL: what is kept ends with the server.
         *
         * Returns: (own) names for g_strfreev(), none when there is no store yet; NULL with @error
         */
        char **(*hosts)(const MotetModule *self, GError **error);
} MotetStoreBackend;

/** motet_store_complete: (take) reports the results to who asked; on the core thread only */
MOTET_API void motet_store_complete(MotetStoreRequest *request);

G_END_DECLS
