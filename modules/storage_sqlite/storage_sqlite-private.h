/*
 * storage_sqlite-private: the database as its parts share it: one connection, its prepared
 * statements, documents, archives.
 *
 * A Database belongs to one thread at a time: to load and unload on the core thread, and in between
 * to the worker that runs the only batch in flight.
 */
#pragma once

#include <motet/error.h>
#include <motet/service-store.h>
#include <sqlite3.h>

typedef enum {
        STATEMENT_BEGIN_READ,
        STATEMENT_BEGIN_WRITE,
        STATEMENT_COMMIT,
        STATEMENT_ROLLBACK,
        STATEMENT_SAVEPOINT,
        STATEMENT_RELEASE,
        STATEMENT_ROLLBACK_TO,
        STATEMENT_DATA_VERSION,
        STATEMENT_STORE_FIND,
        STATEMENT_STORE_ADD,
        STATEMENT_DOCUMENT_READ,
        STATEMENT_DOCUMENT_WRITE,
        STATEMENT_DOCUMENT_DELETE,
        STATEMENT_DOCUMENTS_OF,
        STATEMENT_DOCUMENTS_ALL,
        STATEMENT_DOCUMENT_ACCOUNTS,
        STATEMENT_DOCUMENTS_DROP,
        STATEMENT_EPOCH_READ,
        STATEMENT_EPOCH_WRITE,
        STATEMENT_CHAIN_FIND,
        STATEMENT_CHAIN_BY_ID,
        STATEMENT_CHAIN_ADD,
        STATEMENT_CHAIN_SAVE,
        STATEMENT_CHAIN_DELETE,
        STATEMENT_CHAINS_OF_STORE,
        STATEMENT_CHAINS_OF_ACCOUNT,
        STATEMENT_ENTRY_ADD,
        STATEMENT_ENTRY_LINK,
        STATEMENT_ENTRY_READ,
        STATEMENT_ENTRY_RELINK,
        STATEMENT_ENTRY_DELETE,
        STATEMENT_ENTRIES_AFTER,
        STATEMENT_ENTRY_LAST,
        STATEMENT_SAVED_READ,
        STATEMENT_SAVED_WRITE,
        STATEMENT_OVERWRITE,
        STATEMENT_USE_LOG,
        STATEMENT_PAGE_SIZE,
        STATEMENT_ENTRIES_ROOT,
        N_STATEMENTS,
} Statement;

/* Where each account's chain of archive entries ends: in memory, saved behind the entries. */
typedef struct {
        GHashTable *chains; /* (own) "store account" -> Chain (own): a part of what there is */
        GPtrArray *dirty;   /* (own) of Chain (borrowed): those that differ from their row */
        GPtrArray *saving;  /* (own) likewise: what is left of the round of saving under way */
        uint64_t saving_to; /* at the end of the round all rows are right up to this id */
        unsigned n_unsaved; /* entries appended since the id up to which all rows are right */
        unsigned n_saving;  /* of these, before the round began */
        unsigned n_new;     /* of these, since chains_save_behind() */
        uint64_t last_id;   /* greatest entry id ever given */
        bool stale;         /* must be read from the database again before use */
} Archive;

/* The file as readahead.c looks at it, beside SQLite. */
typedef struct {
        int fd;              /* SQLite's own; -1: not known, and nothing is read ahead */
        uint32_t page_bytes; /* right when root is */
        uint32_t root;       /* page where the tree of entries begins; 0: to be looked up */
} Readahead;

typedef struct {
        sqlite3 *sqlite;
        sqlite3_stmt *statements[N_STATEMENTS]; /* NULL until first used */
        GHashTable *stores;                     /* (own) "host name" -> int64_t id */
        int64_t data_version;                   /* moves when another process committed */
        int64_t now;                            /* µs since 1970 of the running batch */
        bool failed;                            /* SQLite refused something since cleared */
        bool full_sync;                         /* as configured */
        bool leftover; /* a commit failed, and what it wrote may still be in the log */
        Archive archive;
        Readahead readahead;
} Database;

/* A statement being executed: bound, stepped, and reset when its variable goes out of scope. */
typedef sqlite3_stmt Cursor;

static inline void
cursor_end(Cursor *cursor)
{
        sqlite3_reset(cursor);
        sqlite3_clear_bindings(cursor);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cursor, cursor_end)

/* database.c */

typedef struct {
        const char *file;     /* absolute; created with its folder when missing */
        bool full_sync;       /* a commit survives a power cut */
        bool check;           /* read all of it before use */
        int64_t busy_timeout; /* µs another process may hold the lock */
} DatabaseConfig;

/**
 * database_open: Returns: (own) NULL with MOTET_ERROR_STORE (or _IO for the file itself) naming the
 * file
 */
Database *database_open(const DatabaseConfig *config, GError **error);
/** database_hosts: as MotetStoreBackend's hosts */
char **database_hosts(const MotetModule *self, GError **error);
/** database_close: saves what is kept behind. NULL is a no-op. */
void database_close(Database *database);
/** database_set: changes what may change while it is open: full_sync, busy_timeout */
bool database_set(Database *database, const DatabaseConfig *config, GError **error);
/**
 * database_set_sync: whether a commit syncs; a checkpoint and the head of a new log are always
 * synced. Not inside a transaction.
 */
bool database_set_sync(Database *database, bool full, GError **error);
/** database_begin: opens a transaction and notices what other processes changed */
bool database_begin(Database *database, bool write, GError **error);
/**
 * database_cursor: Returns: (borrowed) the cached statement, ready for binding; NULL with
 * MOTET_ERROR_STORE
 */
Cursor *database_cursor(Database *database, Statement statement, GError **error);
/** database_commit: when it fails, leftover_remove() must follow before anybody is told */
bool database_commit(Database *database, GError **error);
/** database_roll_back: ends the transaction that is open, if any */
void database_roll_back(Database *database);
/** database_step: Returns: 1 when there is a row, 0 at the end, -1 with MOTET_ERROR_STORE */
int database_step(Database *database, Cursor *cursor, GError **error);
/** database_run: a statement without parameters and rows */
bool database_run(Database *database, Statement statement, GError **error);
/** database_finish: steps a bound statement that returns no rows */
bool database_finish(Database *database, Cursor *cursor, GError **error);
/** database_damaged: sets @error: what is stored contradicts itself. Returns: false */
bool database_damaged(Database *database, GError **error, const char *what);
/** database_store: id of a store, made when @create; 0 in @id_out when there is none */
bool database_store(Database *database, const MotetStoreRequest *request, bool create,
                    int64_t *id_out, GError **error);
/** database_forget: drops what is known only from memory, after a rollback */
void database_forget(Database *database);

void cursor_bind_text(Cursor *cursor, int index, const char *text);
void cursor_bind_bytes(Cursor *cursor, int index, GBytes *bytes);
/** cursor_bytes: Returns: (own) */
GBytes *cursor_bytes(Cursor *cursor, int column);
/** cursor_text: Returns: (borrowed) until the next step; NULL for NULL */
const char *cursor_text(Cursor *cursor, int column);

/* schema.c */

/**
 * schema_prepare: makes the tables or brings them up to date; refuses files of other programs and
 * of newer versions
 */
bool schema_prepare(sqlite3 *sqlite, GError **error);
/** schema_check: reads the whole file for damage */
bool schema_check(sqlite3 *sqlite, GError **error);

/* documents.c: each executes one request inside the open transaction. */

bool documents_read(Database *database, MotetStoreRequest *request, GError **error);
bool documents_read_all(Database *database, MotetStoreRequest *request, GError **error);
bool documents_accounts(Database *database, MotetStoreRequest *request, GError **error);
bool documents_write(Database *database, MotetStoreRequest *request, GError **error);
/** documents_drop: deletes every document of request->account on request->host */
bool documents_drop(Database *database, MotetStoreRequest *request, GError **error);

/* archive.c: likewise. */

/** archive_append: the entry's id is database->now, or one more than the last */
bool archive_append(Database *database, MotetStoreRequest *request, GError **error);
bool archive_query(Database *database, MotetStoreRequest *request, GError **error);
bool archive_prune(Database *database, MotetStoreRequest *request, GError **error);
bool archive_count(Database *database, MotetStoreRequest *request, GError **error);
bool archive_accounts(Database *database, MotetStoreRequest *request, GError **error);
bool archive_drop(Database *database, MotetStoreRequest *request, GError **error);

/* recent.c: the newest ids of a chain, as steps from one to the next. */

#define RECENT_MAX 64        /* ids */
#define RECENT_BYTES_MAX 256 /* older ones are dropped beyond */

typedef struct {
        uint8_t *bytes; /* (own) NULL: none */
        uint16_t n_bytes, n_room;
        uint8_t n_steps;
} Recent;

void recent_clear(Recent *recent);
/** recent_push: @step: from the id that was the newest to the one that now is */
void recent_push(Recent *recent, uint64_t step);
/** recent_load: what was saved; nothing when that is damaged */
void recent_load(Recent *recent, const void *bytes, size_t n_bytes);
/** recent_ids: @head: the newest id, 0 for none. Returns: how many, newest first */
unsigned recent_ids(const Recent *recent, uint64_t head, uint64_t ids_out[RECENT_MAX]);

/* readahead.c */

#define READAHEAD_MIN 4 /* entries; for fewer it is not worth it */

/** readahead_open: after SQLite opened @file; a failure is none, then nothing is read ahead */
void readahead_open(Readahead *readahead, const char *file);
/**
 * readahead_entries: asks for the pages of the entries @ids, newest first, unless they are in
 * memory; inside a transaction
 */
void readahead_entries(Database *database, const uint64_t *ids, unsigned n);

/* chain.c: one chain an account: its entries, each naming the one before. */

typedef struct {
        int64_t id;       /* row of the table chains */
        uint64_t head;    /* id of its newest entry, 0: none */
        uint64_t entries; /* how many it has */
        Recent recent;    /* the ids before head; a part of them, and some may be gone */
        bool dirty;       /* differs from its row, and is in Archive.dirty */
        bool saving;      /* is in Archive.saving */
} Chain;

void chain_free(void *chain);

/**
 * chain_find: Returns: false with @error; @chain_out is (borrowed) NULL when there is none and
 * @create is not set
 */
bool chain_find(Database *database, int64_t store, const char *account, bool create,
                Chain **chain_out, GError **error);
/** chain_known: Returns: (borrowed) NULL when it is not in memory */
const Chain *chain_known(const Database *database, int64_t store, const char *account);
/** chain_appended: @id is the new head of @chain */
void chain_appended(Database *database, Chain *chain, uint64_t id);
/** chain_cut: @head is the head of @chain, now that newer entries are gone; chain_changed() as
 * well */
void chain_cut(Chain *chain, uint64_t head);
/**
 * chain_changed: @chain was changed otherwise; chains_save() must follow in the same transaction
 */
void chain_changed(Database *database, Chain *chain);
/** chain_delete: deletes the row of an empty @chain and forgets it */
bool chain_delete(Database *database, int64_t store, const char *account, Chain *chain,
                  GError **error);
/**
 * chains_ready: reads the chains again when what is in memory may be wrong; before any other
 * function of this part
 */
bool chains_ready(Database *database, GError **error);
/** chains_save: saves all; inside a write transaction */
bool chains_save(Database *database, GError **error);
/**
 * chains_save_behind: saves some of them when enough has gathered; before the commit of a write
 * transaction
 */
bool chains_save_behind(Database *database, GError **error);

/* leftover.c */

/**
 * leftover_remove: makes sure that what a failed commit wrote cannot come back when the server is
 * killed; not inside a transaction. Returns: false with @error when it may come back
 */
bool leftover_remove(Database *database, GError **error);

/* batch.c */

/** BatchOutcome: what the log should know. */
typedef struct {
        bool wrote;    /* something was committed */
        char *trouble; /* (own) the storage itself failed; NULL when it works */
} BatchOutcome;

/**
 * batch_run: executes @first and all behind it in order, in one transaction, without completing
 * them; on any thread. @now: µs since 1970
 */
void batch_run(Database *database, MotetStoreRequest *first, int64_t now,
               BatchOutcome *outcome_out);
