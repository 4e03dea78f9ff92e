/*
 * documents: reading and writing documents by store, account and key.
 */
#include "storage_sqlite-private.h"

bool
documents_read(Database *database, MotetStoreRequest *request, GError **error)
{
        int64_t store;

        if (!database_store(database, request, false, &store, error))
                return false;

        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_DOCUMENT_READ, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        cursor_bind_text(cursor, 2, request->account);
        cursor_bind_text(cursor, 3, request->key);

        int found = database_step(database, cursor, error);

        if (found > 0)
                request->value = cursor_bytes(cursor, 0);
        return found >= 0;
}

bool
documents_read_all(Database *database, MotetStoreRequest *request, GError **error)
{
        int64_t store;

        if (!database_store(database, request, false, &store, error))
                return false;

        g_autoptr(Cursor) cursor = database_cursor(
                database,
                request->account != NULL ? STATEMENT_DOCUMENTS_OF : STATEMENT_DOCUMENTS_ALL, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        if (request->account != NULL)
                cursor_bind_text(cursor, 2, request->account);

        int found;

        while ((found = database_step(database, cursor, error)) > 0) {
                g_autoptr(GBytes) value = cursor_bytes(cursor, 2);

                motet_store_request_add_item(request, cursor_text(cursor, 0),
                                             cursor_text(cursor, 1), value);
        }
        return found == 0;
}

bool
documents_accounts(Database *database, MotetStoreRequest *request, GError **error)
{
        int64_t store;

        if (!database_store(database, request, false, &store, error))
                return false;

        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_DOCUMENT_ACCOUNTS, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);

        int found;

        while ((found = database_step(database, cursor, error)) > 0)
                motet_store_request_add_item(request, cursor_text(cursor, 0), NULL, NULL);
        return found == 0;
}

/* Writing */

static bool
epoch_write(Database *database, int64_t store, const MotetStoreRequest *request, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_EPOCH_WRITE, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        cursor_bind_text(cursor, 2, request->account);
        sqlite3_bind_int64(cursor, 3, (int64_t)request->epoch);
        return database_finish(database, cursor, error);
}

/* Refuses a writer that lost the account to a later one, and remembers a later one. */
static bool
epoch_check(Database *database, int64_t store, const MotetStoreRequest *request, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_EPOCH_READ, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        cursor_bind_text(cursor, 2, request->account);

        int found = database_step(database, cursor, error);
        uint64_t stored = found > 0 ? (uint64_t)sqlite3_column_int64(cursor, 0) : 0;

        if (found < 0)
                return false;
        if (request->epoch < stored) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE,
                            "refused: epoch %" G_GUINT64_FORMAT
                            " is over, now is %" G_GUINT64_FORMAT,
                            request->epoch, stored);
                return false;
        }
        return request->epoch == stored || epoch_write(database, store, request, error);
}

static bool
require_absent(Database *database, int64_t store, const MotetStoreRequest *request, const char *key,
               GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_DOCUMENT_READ, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        cursor_bind_text(cursor, 2, request->account);
        cursor_bind_text(cursor, 3, key);

        int found = database_step(database, cursor, error);

        if (found > 0)
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_EXISTS, "exists already");
        return found == 0;
}

static bool
apply_change(Database *database, int64_t store, const MotetStoreRequest *request,
             const MotetStoreChange *change, GError **error)
{
        if (change->create && !require_absent(database, store, request, change->key, error))
                return false;

        g_autoptr(Cursor) cursor = database_cursor(
                database,
                change->value != NULL ? STATEMENT_DOCUMENT_WRITE : STATEMENT_DOCUMENT_DELETE,
                error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        cursor_bind_text(cursor, 2, request->account);
        cursor_bind_text(cursor, 3, change->key);
        if (change->value != NULL)
                cursor_bind_bytes(cursor, 4, change->value);
        return database_finish(database, cursor, error);
}

bool
documents_write(Database *database, MotetStoreRequest *request, GError **error)
{
        int64_t store;

        if (!database_store(database, request, true, &store, error) ||
            !epoch_check(database, store, request, error))
                return false;
        for (size_t i = 0; i < request->n_changes; i++) {
                if (!apply_change(database, store, request, &request->changes[i], error))
                        return false;
        }
        return true;
}

bool
documents_drop(Database *database, MotetStoreRequest *request, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_DOCUMENTS_DROP, error);

        if (cursor == NULL)
                return false;
        cursor_bind_text(cursor, 1, request->host);
        cursor_bind_text(cursor, 2, request->account);
        return database_finish(database, cursor, error);
}
