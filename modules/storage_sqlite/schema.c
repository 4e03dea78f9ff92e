/*
 * schema: the tables, and how an older database becomes one of today.
 *
 * PRAGMA user_version counts the steps of migrations[] that a file has been through. A step is
 * never changed once released: a new one is added behind it.
 */
#include "storage_sqlite-private.h"

#include <motet/log.h>

#define APPLICATION_ID 0x6d6f7465 /* "mote": so that file(1) and we know whose it is */

/*
 * documents: keyed by account, so an account's documents lie together. epochs: outlive the
 * documents, so that a node that lost an account cannot bring it back. entries: keyed by time
 * alone: appending always writes at the end of one B-tree, whoever it is for, and never to a
 *   page an account. `previous` leads from each entry to the one before of the same chain.
 * chains.head, chains.entries: right for all entries up to meta.archive_saved; later ones are found
 * in entries itself.
 */
static const char *const migrations[] = {
        "CREATE TABLE stores (id INTEGER PRIMARY KEY, host TEXT NOT NULL, name TEXT NOT NULL,"
        " UNIQUE (host, name)) STRICT;"
        "CREATE TABLE documents (store INTEGER NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL,"
        " value BLOB NOT NULL, PRIMARY KEY (store, account, key)) WITHOUT ROWID, STRICT;"
        "CREATE TABLE epochs (store INTEGER NOT NULL, account TEXT NOT NULL, epoch INTEGER NOT "
        "NULL,"
        " PRIMARY KEY (store, account)) WITHOUT ROWID, STRICT;"
        "CREATE TABLE chains (id INTEGER PRIMARY KEY, store INTEGER NOT NULL, account TEXT NOT "
        "NULL,"
        " head INTEGER NOT NULL, entries INTEGER NOT NULL, UNIQUE (store, account)) STRICT;"
        "CREATE TABLE entries (id INTEGER PRIMARY KEY, chain INTEGER NOT NULL,"
        " previous INTEGER NOT NULL, time INTEGER NOT NULL, party TEXT, value BLOB NOT NULL) "
        "STRICT;"
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;",
        /* recent: as recent.c writes it. */
        "ALTER TABLE chains ADD COLUMN recent BLOB;",
};

static bool
execute(sqlite3 *sqlite, const char *sql, GError **error)
{
        if (sqlite3_exec(sqlite, sql, NULL, NULL, NULL) == SQLITE_OK)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE, "%s", sqlite3_errmsg(sqlite));
        return false;
}

static bool
read_number(sqlite3 *sqlite, const char *sql, int64_t *number_out, GError **error)
{
        sqlite3_stmt *statement = NULL;
        bool found = sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL) == SQLITE_OK &&
                     sqlite3_step(statement) == SQLITE_ROW;

        if (found)
                *number_out = sqlite3_column_int64(statement, 0);
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE, "%s", sqlite3_errmsg(sqlite));
        sqlite3_finalize(statement);
        return found;
}

static bool
migrate_from(sqlite3 *sqlite, size_t version, GError **error)
{
        for (size_t i = version; i < G_N_ELEMENTS(migrations); i++) {
                if (!execute(sqlite, migrations[i], error))
                        return false;
        }

        g_autofree char *mark =
                g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %zu;",
                                APPLICATION_ID, G_N_ELEMENTS(migrations));

        return execute(sqlite, mark, error);
}

/* Whether the file is one of ours (or empty), and how old. */
static bool
recognise(sqlite3 *sqlite, size_t *version_out, GError **error)
{
        int64_t id, version, n_tables;

        if (!read_number(sqlite, "PRAGMA application_id", &id, error) ||
            !read_number(sqlite, "PRAGMA user_version", &version, error) ||
            !read_number(sqlite, "SELECT count(*) FROM sqlite_schema", &n_tables, error))
                return false;
        if (id != APPLICATION_ID && n_tables > 0) {
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_STORE,
                                    "is a database of another program");
                return false;
        }
        if (version < 0 || (uint64_t)version > G_N_ELEMENTS(migrations)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE,
                            "was written by a newer version (schema %" G_GINT64_FORMAT
                            ", this one knows %zu)",
                            version, G_N_ELEMENTS(migrations));
                return false;
        }
        *version_out = (size_t)version;
        return true;
}

static bool
upgrade(sqlite3 *sqlite, GError **error)
{
        size_t version;

        if (!recognise(sqlite, &version, error))
                return false;
        if (version == G_N_ELEMENTS(migrations))
                return true;
        if (version > 0)
                motet_info("upgrading the schema from %zu to %zu", version,
                           G_N_ELEMENTS(migrations));
        return migrate_from(sqlite, version, error);
}

bool
schema_prepare(sqlite3 *sqlite, GError **error)
{
        /*
         * The lock comes first: of two processes that find an old file, the second must see the
         * first's work.
         */
        if (!execute(sqlite, "BEGIN IMMEDIATE", error))
                return false;
        if (upgrade(sqlite, error) && execute(sqlite, "COMMIT", error))
                return true;
        execute(sqlite, "ROLLBACK", NULL);
        return false;
}

bool
schema_check(sqlite3 *sqlite, GError **error)
{
        sqlite3_stmt *statement = NULL;
        bool answered = sqlite3_prepare_v2(sqlite, "PRAGMA quick_check(1)", -1, &statement, NULL) ==
                                SQLITE_OK &&
                        sqlite3_step(statement) == SQLITE_ROW;
        const char *answer =
                answered ? (const char *)sqlite3_column_text(statement, 0) : sqlite3_errmsg(sqlite);
        bool sound = answered && g_strcmp0(answer, "ok") == 0;

        if (!sound)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE, "is damaged: %s", answer);
        sqlite3_finalize(statement);
        return sound;
}
