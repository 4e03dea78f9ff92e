/*
 * store_other: see the header.
 */
#include "support/store_other.h"

#include <dlfcn.h>

typedef int (*RowFunc)(void *data, int n, char **columns, char **names);

struct StoreOther {
        void *library, *sqlite;
        int (*exec)(void *sqlite, const char *sql, RowFunc row, void *data, char **error);
        int (*close)(void *sqlite);
};

StoreOther *
store_other_open(const StorePlace *place)
{
        StoreOther *other = g_new0(StoreOther, 1);
        int (*open_file)(const char *file, void **sqlite) = NULL;

        other->library = dlopen("libsqlite3.so.0", RTLD_NOW);
        g_assert_nonnull(other->library);
        *(void **)&open_file = dlsym(other->library, "sqlite3_open");
        *(void **)&other->exec = dlsym(other->library, "sqlite3_exec");
        *(void **)&other->close = dlsym(other->library, "sqlite3_close");
        g_assert_cmpint(open_file(place->file, &other->sqlite), ==, 0);
        return other;
}

void
store_other_close(StoreOther *other)
{
        if (other == NULL)
                return;
        g_assert_cmpint(other->close(other->sqlite), ==, 0);
        dlclose(other->library);
        g_free(other);
}

void
store_other_run(StoreOther *other, const char *sql)
{
        g_assert_cmpint(other->exec(other->sqlite, sql, NULL, NULL, NULL), ==, 0);
}

static int
take_number(void *data, int n, char **columns, char **names)
{
        (void)n;
        (void)names;
        *(int64_t *)data = g_ascii_strtoll(columns[0], NULL, 10);
        return 0;
}

int64_t
store_other_number(StoreOther *other, const char *sql)
{
        int64_t number = INT64_MIN;

        g_assert_cmpint(other->exec(other->sqlite, sql, take_number, &number, NULL), ==, 0);
        g_assert_cmpint(number, !=, INT64_MIN);
        return number;
}

void
store_other_tamper(const StorePlace *place, const char *sql)
{
        g_autoptr(StoreOther) other = store_other_open(place);

        store_other_run(other, sql);
}
