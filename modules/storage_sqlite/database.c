/*
 * database: one connection to one file: opened so that what is committed stays, its statements
 * prepared once.
 *
 * The file is in write-ahead mode: readers of other processes do not wait for us, a commit is one
 * append and one sync.
 */
#include "storage_sqlite-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static const char *const texts[N_STATEMENTS] = {
        [STATEMENT_BEGIN_READ] = "BEGIN",
        /* At once: a lock taken later could find that another process wrote since we read. */
        [STATEMENT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
        [STATEMENT_COMMIT] = "COMMIT",
        [STATEMENT_ROLLBACK] = "ROLLBACK",
        [STATEMENT_SAVEPOINT] = "SAVEPOINT request",
        [STATEMENT_RELEASE] = "RELEASE request",
        [STATEMENT_ROLLBACK_TO] = "ROLLBACK TO request",
        [STATEMENT_DATA_VERSION] = "PRAGMA data_version",
        [STATEMENT_STORE_FIND] = "SELECT id FROM stores WHERE host = ?1 AND name = ?2",
        [STATEMENT_STORE_ADD] = "INSERT INTO stores (host, name) VALUES (?1, ?2)",
        [STATEMENT_DOCUMENT_READ] =
                "SELECT value FROM documents WHERE store = ?1 AND account = ?2 AND key = ?3",
        [STATEMENT_DOCUMENT_WRITE] =
                "INSERT INTO documents (store, account, key, value) VALUES (?1, ?2, ?3, ?4)"
                " ON CONFLICT DO UPDATE SET value = excluded.value",
        [STATEMENT_DOCUMENT_DELETE] =
                "DELETE FROM documents WHERE store = ?1 AND account = ?2 AND key = ?3",
        [STATEMENT_DOCUMENTS_OF] = "SELECT account, key, value FROM documents"
                                   " WHERE store = ?1 AND account = ?2 ORDER BY key",
        [STATEMENT_DOCUMENTS_ALL] = "SELECT account, key, value FROM documents"
                                    " WHERE store = ?1 ORDER BY account, key",
        [STATEMENT_DOCUMENT_ACCOUNTS] =
                "SELECT DISTINCT account FROM documents WHERE store = ?1 ORDER BY account",
        [STATEMENT_DOCUMENTS_DROP] = "DELETE FROM documents WHERE account = ?2"
                                     " AND store IN (SELECT id FROM stores WHERE host = ?1)",
        [STATEMENT_EPOCH_READ] = "SELECT epoch FROM epochs WHERE store = ?1 AND account = ?2",
        [STATEMENT_EPOCH_WRITE] = "INSERT INTO epochs (store, account, epoch) VALUES (?1, ?2, ?3)"
                                  " ON CONFLICT DO UPDATE SET epoch = excluded.epoch",
        [STATEMENT_CHAIN_FIND] =
                "SELECT id, head, entries, recent FROM chains WHERE store = ?1 AND account = ?2",
        [STATEMENT_CHAIN_BY_ID] = "SELECT store, account FROM chains WHERE id = ?1",
        [STATEMENT_CHAIN_ADD] =
                "INSERT INTO chains (store, account, head, entries) VALUES (?1, ?2, 0, 0)",
        [STATEMENT_CHAIN_SAVE] =
                "UPDATE chains SET head = ?2, entries = ?3, recent = ?4 WHERE id = ?1",
        [STATEMENT_CHAIN_DELETE] = "DELETE FROM chains WHERE id = ?1",
        [STATEMENT_CHAINS_OF_STORE] =
                "SELECT account, head FROM chains WHERE store = ?1 ORDER BY account",
        [STATEMENT_CHAINS_OF_ACCOUNT] = "SELECT store FROM chains WHERE account = ?2"
                                        " AND store IN (SELECT id FROM stores WHERE host = ?1)",
        [STATEMENT_ENTRY_ADD] = "INSERT INTO entries (id, chain, previous, time, party, value)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        [STATEMENT_ENTRY_LINK] = "SELECT previous, time, party, chain FROM entries WHERE id = ?1",
        [STATEMENT_ENTRY_READ] = "SELECT time, party, value FROM entries WHERE id = ?1",
        [STATEMENT_ENTRY_RELINK] = "UPDATE entries SET previous = ?2 WHERE id = ?1",
        [STATEMENT_ENTRY_DELETE] = "DELETE FROM entries WHERE id = ?1",
        [STATEMENT_ENTRIES_AFTER] = "SELECT id, chain FROM entries WHERE id > ?1 ORDER BY id",
        [STATEMENT_ENTRY_LAST] = "SELECT max(id) FROM entries",
        [STATEMENT_SAVED_READ] = "SELECT value FROM meta WHERE key = 'archive_saved'",
        [STATEMENT_SAVED_WRITE] = "INSERT INTO meta (key, value) VALUES ('archive_saved', ?1)"
                                  " ON CONFLICT DO UPDATE SET value = excluded.value",
        /* Every time another value: an equal one would not be written. */
        [STATEMENT_OVERWRITE] = "INSERT INTO meta (key, value) VALUES ('leftovers', 1)"
                                " ON CONFLICT DO UPDATE SET value = value + 1",
        [STATEMENT_USE_LOG] = "PRAGMA journal_mode = WAL",
        [STATEMENT_PAGE_SIZE] = "PRAGMA page_size",
        [STATEMENT_ENTRIES_ROOT] =
                "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'entries'",
};

/* Statements */

static bool
fail(Database *database, GError **error)
{
        database->failed = true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE, "%s (%d)",
                    sqlite3_errmsg(database->sqlite), sqlite3_extended_errcode(database->sqlite));
        return false;
}

bool
database_damaged(Database *database, GError **error, const char *what)
{
        database->failed = true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE, "the database is damaged: %s", what);
        return false;
}

Cursor *
database_cursor(Database *database, Statement statement, GError **error)
{
        sqlite3_stmt **cached = &database->statements[statement];

        if (*cached == NULL &&
            sqlite3_prepare_v3(database->sqlite, texts[statement], -1, SQLITE_PREPARE_PERSISTENT,
                               cached, NULL) != SQLITE_OK)
                fail(database, error);
        return *cached;
}

int
database_step(Database *database, Cursor *cursor, GError **error)
{
        int code = sqlite3_step(cursor);

        if (code == SQLITE_ROW)
                return 1;
        if (code == SQLITE_DONE)
                return 0;
        fail(database, error);
        return -1;
}

bool
database_finish(Database *database, Cursor *cursor, GError **error)
{
        return database_step(database, cursor, error) == 0;
}

bool
database_run(Database *database, Statement statement, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, statement, error);

        return cursor != NULL && database_finish(database, cursor, error);
}

void
cursor_bind_text(Cursor *cursor, int index, const char *text)
{
        sqlite3_bind_text(cursor, index, text, -1, SQLITE_STATIC);
}

void
cursor_bind_bytes(Cursor *cursor, int index, GBytes *bytes)
{
        size_t n;
        const void *data = g_bytes_get_data(bytes, &n);

        /* A NULL pointer would bind NULL, which is not the empty document. */
        sqlite3_bind_blob64(cursor, index, n > 0 ? data : "", n, SQLITE_STATIC);
}

GBytes *
cursor_bytes(Cursor *cursor, int column)
{
        const void *data = sqlite3_column_blob(cursor, column);

        return g_bytes_new(data, (size_t)sqlite3_column_bytes(cursor, column));
}

const char *
cursor_text(Cursor *cursor, int column)
{
        return (const char *)sqlite3_column_text(cursor, column);
}

/* Transactions */

static bool
notice_others(Database *database, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_DATA_VERSION, error);

        if (cursor == NULL || database_step(database, cursor, error) < 0)
                return false;

        int64_t version = sqlite3_column_int64(cursor, 0);

        if (version != database->data_version)
                database_forget(database);
        database->data_version = version;
        return true;
}

void
database_roll_back(Database *database)
{
        if (!sqlite3_get_autocommit(database->sqlite))
                database_run(database, STATEMENT_ROLLBACK, NULL);
}

bool
database_begin(Database *database, bool write, GError **error)
{
        /* A rollback that failed would otherwise block every later transaction. */
        database_roll_back(database);
        return database_run(database, write ? STATEMENT_BEGIN_WRITE : STATEMENT_BEGIN_READ,
                            error) &&
               notice_others(database, error);
}

bool
database_commit(Database *database, GError **error)
{
        if (database_run(database, STATEMENT_COMMIT, error))
                return true;
        database->leftover = true;
        return false;
}

void
database_forget(Database *database)
{
        g_hash_table_remove_all(database->stores);
        database->archive.stale = true;
        database->readahead.root = 0;
}

static bool
store_add(Database *database, const MotetStoreRequest *request, int64_t *id_out, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_STORE_ADD, error);

        if (cursor == NULL)
                return false;
        cursor_bind_text(cursor, 1, request->host);
        cursor_bind_text(cursor, 2, request->store);
        if (!database_finish(database, cursor, error))
                return false;
        *id_out = sqlite3_last_insert_rowid(database->sqlite);
        return true;
}

static bool
store_find(Database *database, const MotetStoreRequest *request, int64_t *id_out, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_STORE_FIND, error);

        if (cursor == NULL)
                return false;
        cursor_bind_text(cursor, 1, request->host);
        cursor_bind_text(cursor, 2, request->store);

        int found = database_step(database, cursor, error);

        *id_out = found > 0 ? sqlite3_column_int64(cursor, 0) : 0;
        return found >= 0;
}

bool
database_store(Database *database, const MotetStoreRequest *request, bool create, int64_t *id_out,
               GError **error)
{
        /* A space is in no host name, so the pair is unambiguous. */
        g_autofree char *name = g_strconcat(request->host, " ", request->store, NULL);
        const int64_t *known = g_hash_table_lookup(database->stores, name);

        if (known != NULL) {
                *id_out = *known;
                return true;
        }
        if (!store_find(database, request, id_out, error))
                return false;
        if (*id_out == 0 && !create)
                return true;
        if (*id_out == 0 && !store_add(database, request, id_out, error))
                return false;
        g_hash_table_insert(database->stores, g_steal_pointer(&name),
                            g_memdup2(id_out, sizeof *id_out));
        return true;
}

/* Opening and closing */

static bool
sync_folder(const char *folder)
{
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool synced = fd >= 0 && fsync(fd) == 0;

        if (fd >= 0)
                close(fd);
        return synced;
}

/* With those above it; each is synced in the one above, or a power cut could take all of it. */
static bool
make_folder(const char *folder)
{
        g_autofree char *above = g_path_get_dirname(folder);

        if (g_file_test(folder, G_FILE_TEST_IS_DIR))
                return true;
        if (!make_folder(above))
                return false;
        return (g_mkdir(folder, 0700) == 0 || errno == EEXIST) && sync_folder(above);
}

/*
 * Made by us and not by SQLite, for the mode. Only when it is not there: closing a descriptor of a
 * file that another connection of this process has open would drop that connection's locks (POSIX).
 */
static bool
create_file(const char *file, GError **error)
{
        g_autofree char *folder = g_path_get_dirname(file);

        if (g_file_test(file, G_FILE_TEST_EXISTS))
                return true;
        if (!make_folder(folder)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot create folder %s: %s",
                            folder, g_strerror(errno));
                return false;
        }

        int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0 && errno == EEXIST)
                return true;
        if (fd < 0 || close(fd) != 0 || !sync_folder(folder)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot create: %s",
                            g_strerror(errno));
                return false;
        }
        return true;
}

static bool
pragma(Database *database, const char *sql, GError **error)
{
        return sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ||
               fail(database, error);
}

bool
database_set_sync(Database *database, bool full, GError **error)
{
        return pragma(database, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                      error);
}

bool
database_set(Database *database, const DatabaseConfig *config, GError **error)
{
        sqlite3_busy_timeout(database->sqlite, (int)(config->busy_timeout / 1000));
        if (!database_set_sync(database, config->full_sync, error))
                return false;
        database->full_sync = config->full_sync;
        return true;
}

/* Where SQLite cannot have a log it says so and goes on without, and without what rests on it. */
static bool
use_log(Database *database, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_USE_LOG, error);

        if (cursor == NULL || database_step(database, cursor, error) < 0)
                return false;
        if (g_strcmp0(cursor_text(cursor, 0), "wal") == 0)
                return true;
        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_STORE,
                            "no write-ahead log can be used where this file is");
        return false;
}

static bool
set_up(Database *database, const DatabaseConfig *config, GError **error)
{
        sqlite3_extended_result_codes(database->sqlite, 1);
        sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        return database_set(database, config, error) &&
               pragma(database, "PRAGMA cell_size_check = ON", error) &&
               pragma(database, "PRAGMA temp_store = MEMORY", error) &&
               /* The system keeps the file in memory too; 8 MiB made warm reads a fifth quicker. */
               pragma(database, "PRAGMA cache_size = -512", error) && use_log(database, error) &&
               /* After a burst the log goes back to this size. */
               pragma(database, "PRAGMA journal_size_limit = 67108864", error) &&
               (!config->check || schema_check(database->sqlite, error)) &&
               schema_prepare(database->sqlite, error);
}

static void
release(Database *database)
{
        for (size_t i = 0; i < N_STATEMENTS; i++)
                sqlite3_finalize(database->statements[i]);
        sqlite3_close(database->sqlite);
        g_hash_table_unref(database->stores);
        g_hash_table_unref(database->archive.chains);
        g_ptr_array_unref(database->archive.dirty);
        g_ptr_array_unref(database->archive.saving);
        g_free(database);
}

/*
 * SQLite takes a file that it cannot open for writing, whyever, for one to read, and stays with
 * that: a moment without a descriptor to spare would make the server refuse every change until it
 * is started anew.
 */
static bool
check_writable(const Database *database, GError **error)
{
        if (sqlite3_db_readonly(database->sqlite, "main") == 0)
                return true;
        g_set_error(
                error, MOTET_ERROR, MOTET_ERROR_IO,
                "it cannot be opened for writing: see its owner and mode, and whether there are "
                "descriptors left");
        return false;
}

Database *
database_open(const DatabaseConfig *config, GError **error)
{
        if (!create_file(config->file, error)) {
                g_prefix_error(error, "%s: ", config->file);
                return NULL;
        }

        Database *database = g_new0(Database, 1);

        database->stores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        database->archive.chains =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, chain_free);
        database->archive.dirty = g_ptr_array_new();
        database->archive.saving = g_ptr_array_new();
        database->archive.stale = true;

        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
        bool opened = (sqlite3_open_v2(config->file, &database->sqlite, flags, NULL) == SQLITE_OK ||
                       fail(database, error)) &&
                      check_writable(database, error);

        if (!opened || !set_up(database, config, error)) {
                g_prefix_error(error, "%s: ", config->file);
                release(database);
                return NULL;
        }
        readahead_open(&database->readahead, config->file);
        return database;
}

void
database_close(Database *database)
{
        if (database == NULL)
                return;
        leftover_remove(database, NULL);
        /* Saves the next start the reading of unsaved entries; nothing is lost without it. */
        if (!database->archive.stale && database->archive.n_unsaved > 0 &&
            (!database_begin(database, true, NULL) || database->archive.stale ||
             !chains_save(database, NULL) || !database_run(database, STATEMENT_COMMIT, NULL)))
                database_roll_back(database);
        release(database);
}
