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

#include <motet/stanza.h>

G_BEGIN_DECLS

/** MotetStoreShape: how what is kept is found. */
typedef enum {
        MOTET_STORE_KEYVAL,  /* by account */
        MOTET_STORE_MAP,     /* by account and key */
        MOTET_STORE_ARCHIVE, /* by account; entries in the order in which they came */
} MotetStoreShape;

typedef struct MotetStore MotetStore; /* a store that an instance opened */

/**
 * motet_store_open:
 * @self: a host-scoped instance, the owner; the store closes with it
 * @name: (borrowed) lower-case letters, digits, underscore
 * @shape: how it is used: one name, one shape. Whoever opens a name on a host has what is kept
 *   there, so call it after the module
 * @error: set to MOTET_ERROR_STORE
 *
 * Opens a store of the instance's host. Nothing is read yet: what is not there is empty.
 *
 * Returns: (borrowed) a handle, the same for the same name and shape; NULL with @error when @name
 * is no name, or no backend serves it
 */
MOTET_API MotetStore *motet_store_open(MotetModule *self, const char *name, MotetStoreShape shape,
                                       GError **error);

/**
 * MotetStoreDone:
 * @self: who opened the store
 * @error: (borrowed) NULL when what was asked is done and durable; otherwise nothing changed:
 *   MOTET_ERROR_BUSY when too many requests wait already
 *
 * The answer to a write.
 */
typedef void (*MotetStoreDone)(MotetModule *self, const GError *error, void *data);
/**
 * MotetStoreRead:
 * @self: who opened the store
 * @error: (borrowed) NULL when it was read
 * @value: (borrowed) the document; NULL when there is none, or with @error
 *
 * The answer to the reading of one document.
 */
typedef void (*MotetStoreRead)(MotetModule *self, const GError *error, GBytes *value, void *data);

/**
 * MotetStoreItem: one document, and where it is.
 *
 * Growth: none within a major number of MOTET_ABI, as it comes in arrays.
 */
typedef struct {
        const char *account; /* (borrowed) */
        const char *key;     /* (borrowed) "" for keyval; NULL from motet_store_accounts() */
        GBytes *value;       /* (borrowed) NULL from motet_store_accounts() */
} MotetStoreItem;
/**
 * MotetStoreItems:
 * @self: who opened the store
 * @error: (borrowed) NULL when all were read
 * @items: (borrowed) in order of account and key
 * @n: how many; 0 with @error
 *
 * The answer to the reading of several documents.
 */
typedef void (*MotetStoreItems)(MotetModule *self, const GError *error, const MotetStoreItem *items,
                                size_t n, void *data);

/**
 * motet_store_read:
 * @account: (borrowed) prepared localpart; "" for the host itself
 * @key: (borrowed) "" for keyval
 * @done: called with the document
 *
 * Reads one document of a map or keyval.
 */
MOTET_API void motet_store_read(MotetStore *store, const char *account, const char *key,
                                MotetStoreRead done, void *data);
/**
 * motet_store_read_all:
 * @account: (borrowed) as for motet_store_read(); NULL: every account, for small stores only
 * @done: called with the documents
 *
 * Reads every document of one account, or of all.
 */
MOTET_API void motet_store_read_all(MotetStore *store, const char *account, MotetStoreItems done,
                                    void *data);
/**
 * motet_store_accounts:
 * @done: called with items without key and value
 *
 * Lists the accounts that have a document or entry, each once.
 */
MOTET_API void motet_store_accounts(MotetStore *store, MotetStoreItems done, void *data);

/**
 * MotetStoreChange: one change of a batch.
 *
 * Growth: fixed within a major number of MOTET_ABI, as it comes in arrays. What is added later uses
 * the reserved field.
 */
typedef struct {
        const char *key; /* "" for keyval */
        GBytes *value;   /* (borrowed) the new document; NULL deletes */
        bool create;     /* it must not exist yet; else the batch fails with MOTET_ERROR_EXISTS */
        const void *reserved; /* NULL */
} MotetStoreChange;

/**
 * motet_store_write:
 * @store: (borrowed) a map or keyval
 * @account: (borrowed) as for motet_store_read()
 * @changes: (borrowed) copied; all of them happen, or none
 * @n: how many
 * @epoch: refused with MOTET_ERROR_STORE when this account was written under a greater one; 0 where
 *   no cluster is
 * @done: called when it is durable, or failed; may be NULL
 *
 * Writes documents of one account at once.
 */
MOTET_API void motet_store_write(MotetStore *store, const char *account,
                                 const MotetStoreChange *changes, size_t n, uint64_t epoch,
                                 MotetStoreDone done, void *data);
/**
 * motet_store_set:
 * @store: (borrowed) a map or keyval
 * @account, @key: (borrowed) as for motet_store_read()
 * @value: (borrowed) the new document; NULL deletes
 * @done: as for motet_store_write()
 *
 * motet_store_write() of one document without epoch.
 */
MOTET_API void motet_store_set(MotetStore *store, const char *account, const char *key,
                               GBytes *value, MotetStoreDone done, void *data);

/**
 * motet_store_drop_account:
 * @self: a host-scoped instance
 * @account: (borrowed) prepared localpart
 * @done: called when all is gone, or with the first error; may be NULL
 *
 * Deletes every document and entry of @account in every store of the host, whosoever's, in all
 * backends. For who removes accounts.
 */
MOTET_API void motet_store_drop_account(MotetModule *self, const char *account, MotetStoreDone done,
                                        void *data);

/* Archives */

/**
 * MotetStoreEntry: one entry of an archive.
 *
 * Growth: as MotetStoreChange.
 */
typedef struct {
        uint64_t id;  /* grows with every entry of the host; when appending chosen by the store */
        int64_t when; /* µs since 1970 UTC */
        const char *with;     /* the other party's bare address; NULL for none */
        GBytes *value;        /* the entry, not NULL */
        const void *reserved; /* NULL */
} MotetStoreEntry;
/**
 * MotetStoreAppended:
 * @self: who opened the store
 * @error: (borrowed) NULL when it is done and durable
 * @id: of the new entry, or a number of entries; 0 with @error
 *
 * The answer to an appending or a counting.
 */
typedef void (*MotetStoreAppended)(MotetModule *self, const GError *error, uint64_t id, void *data);
/**
 * MotetStoreEntries:
 * @self: who opened the store
 * @error: (borrowed) NULL when they were read
 * @entries: (borrowed) in order of id
 * @n: how many; 0 with @error
 * @complete: false when the query's max cut the answer
 *
 * The answer to a query.
 */
typedef void (*MotetStoreEntries)(MotetModule *self, const GError *error,
                                  const MotetStoreEntry *entries, size_t n, bool complete,
                                  void *data);

/**
 * MotetStoreQuery: which entries; those that fulfil all of it. All 0: every one.
 *
 * Growth: fixed within a major number of MOTET_ABI, as it is inside MotetStoreRequest. What is
 * added later uses the reserved field.
 */
typedef struct {
        uint64_t after, before; /* exclusive ids; 0: open */
        int64_t start, end;     /* inclusive times; 0: open */
        const char *with;       /* NULL: any */
        unsigned max;           /* > 0 */
        bool newest;            /* the last @max that match instead of the first */
        const void *reserved;   /* NULL */
} MotetStoreQuery;

/**
 * motet_store_append:
 * @store: (borrowed) an archive
 * @account: (borrowed) as for motet_store_read()
 * @entry: (borrowed) copied; its id is ignored, its value must be there
 * @done: called with the id when it is durable, or with why it failed; may be NULL
 *
 * Adds an entry behind all others of the host.
 */
MOTET_API void motet_store_append(MotetStore *store, const char *account,
                                  const MotetStoreEntry *entry, MotetStoreAppended done,
                                  void *data);
/**
 * motet_store_query:
 * @store: (borrowed) an archive
 * @account: (borrowed) as for motet_store_read()
 * @query: (borrowed) copied; its max is > 0
 * @done: called with what was found
 *
 * Reads entries, at most as many as @query allows. The next page is after the last id, the one
 * before is before the first with newest set (XEP-0059).
 */
MOTET_API void motet_store_query(MotetStore *store, const char *account,
                                 const MotetStoreQuery *query, MotetStoreEntries done, void *data);
/**
 * motet_store_prune:
 * @store: (borrowed) an archive
 * @account: (borrowed) as for motet_store_read()
 * @query: (borrowed) copied; its max and newest are ignored
 * @done: called when they are gone, or with why they are not; may be NULL
 *
 * Deletes the entries that @query matches.
 */
MOTET_API void motet_store_prune(MotetStore *store, const char *account,
                                 const MotetStoreQuery *query, MotetStoreDone done, void *data);
/**
 * motet_store_count:
 * @store: (borrowed) an archive
 * @account: (borrowed) as for motet_store_read()
 * @done: called with the number as id
 *
 * Counts an account's entries.
 */
MOTET_API void motet_store_count(MotetStore *store, const char *account, MotetStoreAppended done,
                                 void *data);

/**
 * motet_store_condition:
 * @self: an instance
 *
 * For who tells a peer that the storage failed: the stanza error of type "wait" that says so. While
 * the answer of a store is told that was refused because too many requests wait already
 * (MOTET_ERROR_BUSY), it is a resource-constraint, otherwise an internal-server-error.
 * motet_later_fail() and motet_resume_refuse() do this by themselves.
 *
 * Returns: MOTET_RESOURCE_CONSTRAINT or MOTET_INTERNAL_SERVER_ERROR
 *
 * Source: RFC 6120 sections 8.3.3.6 and 8.3.3.18
 */
MOTET_API MotetCondition motet_store_condition(const MotetModule *self);

/* Backends: what they implement is the service "store:<name>". */

/** MotetStoreOp: what is asked; each as the function of that name says. */
typedef enum {
        MOTET_STORE_OP_READ,         /* motet_store_read() */
        MOTET_STORE_OP_READ_ALL,     /* motet_store_read_all() */
        MOTET_STORE_OP_ACCOUNTS,     /* motet_store_accounts() */
        MOTET_STORE_OP_WRITE,        /* motet_store_write() */
        MOTET_STORE_OP_DROP_ACCOUNT, /* motet_store_drop_account(): in every store of the host */
        MOTET_STORE_OP_APPEND,       /* motet_store_append() */
        MOTET_STORE_OP_QUERY,        /* motet_store_query() */
        MOTET_STORE_OP_PRUNE,        /* motet_store_prune() */
        MOTET_STORE_OP_COUNT,        /* motet_store_count() */
} MotetStoreOp;

/**
 * MotetStoreRequest: one request with its own copies of everything, made by core; the backend fills
 * the results before completing it.
 *
 * Growth: fields are appended with a minor number of MOTET_ABI; a backend built before does not see
 * them. An operation that a backend does not know is completed with MOTET_ERROR_STORE.
 */
typedef struct MotetStoreRequest {
        MotetStoreOp op;           /* what is asked */
        MotetStoreShape shape;     /* of the store */
        const char *host;          /* whose store */
        const char *store;         /* its name; NULL for DROP_ACCOUNT */
        const char *account;       /* NULL: all */
        const char *key;           /* READ */
        MotetStoreChange *changes; /* WRITE */
        size_t n_changes;          /* WRITE */
        uint64_t epoch;            /* WRITE */
        MotetStoreEntry entry;     /* APPEND */
        MotetStoreQuery query;     /* QUERY, PRUNE */

        /* Results. */

        GError *error;   /* (own) */
        GBytes *value;   /* (own) READ */
        GArray *items;   /* (own) of MotetStoreItem, made with motet_store_request_add_item() */
        GArray *entries; /* (own) of MotetStoreEntry, made with motet_store_request_add_entry() */
        bool complete;   /* QUERY */
        uint64_t id;     /* APPEND, COUNT */
        struct MotetStoreRequest *next; /* for the backend's own queue */
} MotetStoreRequest;

/**
 * motet_store_request_add_item / motet_store_request_add_entry:
 * @request: (borrowed) that is being answered
 * @account, @key, @value: (borrowed) of a document; NULL where the request wants none
 * @entry: (borrowed) an entry
 *
 * Adds to the results; copies what it is given. May be called on a worker thread.
 */
MOTET_API void motet_store_request_add_item(MotetStoreRequest *request, const char *account,
                                            const char *key, GBytes *value);
MOTET_API void motet_store_request_add_entry(MotetStoreRequest *request,
                                             const MotetStoreEntry *entry);

/**
 * MotetStoreBackend: service "store:<name>".
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
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

/**
 * motet_store_complete:
 * @request: (take)
 *
 * Reports the results to who asked; on the core thread only.
 */
MOTET_API void motet_store_complete(MotetStoreRequest *request);

G_END_DECLS
