/*
 * hosts: for which hosts the file keeps something, read without opening the store.
 *
 * Beside a running server this is one more reader of its write-ahead log. Without that log the file
 * is whole and nobody writes to it: then it is read as it lies, and no file is made beside it.
 */
#include "storage_sqlite-private.h"

#include <motet/module.h>
#include <unistd.h>

static void
close_sqlite(sqlite3 *sqlite)
{
        sqlite3_close(sqlite);
}

typedef sqlite3 Reader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reader, close_sqlite)

typedef sqlite3_stmt Rows;
static void
end_rows(Rows *rows)
{
        sqlite3_finalize(rows);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, end_rows)

static bool
fail(sqlite3 *sqlite, const char *file, GError **error)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE, "\"%s\": %s", file,
                    sqlite3_errmsg(sqlite));
        return false;
}

static bool
open_reader(const char *file, sqlite3 **sqlite_out, GError **error)
{
        g_autofree char *log = g_strconcat(file, "-wal", NULL);
        g_autofree char *escaped = g_uri_escape_string(file, "/", FALSE);
        bool is_in_use = access(log, F_OK) == 0;
        g_autofree char *uri =
                g_strdup_printf("file:%s%s", escaped, is_in_use ? "" : "?immutable=1");
        g_autoptr(Reader) sqlite = NULL;

        int code = sqlite3_open_v2(uri, &sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
        if (code != SQLITE_OK)
                return fail(sqlite, file, error);
        sqlite3_busy_timeout(sqlite, 1000);
        *sqlite_out = g_steal_pointer(&sqlite);
        return true;
}

char **
database_hosts(const MotetModule *self, GError **error)
{
        const char *file = motet_option_string(self, "file");
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        g_autoptr(Reader) sqlite = NULL;
        g_autoptr(Rows) rows = NULL;
        int code;

        if (access(file, F_OK) < 0)
                return g_strv_builder_end(names);
        if (!open_reader(file, &sqlite, error))
                return NULL;
        if (sqlite3_prepare_v2(sqlite, "SELECT DISTINCT host FROM stores ORDER BY host", -1, &rows,
                               NULL) != SQLITE_OK) {
                fail(sqlite, file, error);
                return NULL;
        }
        while ((code = sqlite3_step(rows)) == SQLITE_ROW)
                g_strv_builder_add(names, (const char *)sqlite3_column_text(rows, 0));
        if (code == SQLITE_DONE)
                return g_strv_builder_end(names);
        fail(sqlite, file, error);
        return NULL;
}
