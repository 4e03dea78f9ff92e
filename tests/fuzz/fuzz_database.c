/*
 * fuzz_database: a file of the SQLite storage with any bytes changed in it, with any table changed
 * in it, or any bytes instead of it; it is refused, or whatever is asked of it is answered.
 *
 * The lower two bits of the first byte choose: bytes put in places of a good file, three bytes of
 * offset and one of value each; SQL that somebody ran on a good file; the file; the log beside a
 * good file. With 04 set the file is checked at the start.
 */
#include <stdint.h>
#include <string.h>

#include "fuzz/place.h"
#include "fuzz/quiet.h"
#include "modules/storage_sqlite/storage_sqlite-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum {
        STEPS_MAX = 100000,     /* of the machine that runs SQL of an input */
        FILE_MAX = 1024 * 1024, /* bytes an input makes of the file */
        N_OPERATIONS = MOTET_STORE_OP_COUNT + 1,
        N_PASSES = 2,
};

static char *
path_of(const char *suffix)
{
        g_autofree char *name = g_strconcat("motet.sqlite", suffix, NULL);

        return g_build_filename(place_dir(), name, NULL);
}

static Database *
open_file(bool is_checked)
{
        g_autofree char *file = path_of("");
        const DatabaseConfig config = {.file = file, .check = is_checked};
        g_autoptr(GError) error = NULL;
        Database *database = database_open(&config, &error);

        g_assert_true(database ? error == NULL : error && strstr(error->message, file));
        return database;
}

/* Requests: one of each operation, in order. */

static MotetStoreChange change = {.key = "key"};

static void
fill_request(MotetStoreRequest *request, MotetStoreOp op, const char *account, GBytes *value)
{
        bool is_archive = op == MOTET_STORE_OP_APPEND || op == MOTET_STORE_OP_QUERY ||
                          op == MOTET_STORE_OP_PRUNE || op == MOTET_STORE_OP_COUNT;

        *request = (MotetStoreRequest){
                .op = op,
                .shape = is_archive ? MOTET_STORE_ARCHIVE : MOTET_STORE_MAP,
                .host = "example.org",
                .store = op == MOTET_STORE_OP_DROP_ACCOUNT ? NULL
                         : is_archive                      ? "archive"
                                                           : "map",
                .account = op == MOTET_STORE_OP_ACCOUNTS ? NULL : account,
                .key = "key",
        };
        change.value = value;
        if (op == MOTET_STORE_OP_WRITE) {
                request->changes = &change;
                request->n_changes = 1;
        }
        if (op == MOTET_STORE_OP_APPEND)
                request->entry =
                        (MotetStoreEntry){.when = 5, .with = "juliet@example.org", .value = value};
        if (op == MOTET_STORE_OP_QUERY)
                request->query = (MotetStoreQuery){.max = 10, .newest = true};
        if (op == MOTET_STORE_OP_PRUNE)
                request->query = (MotetStoreQuery){.before = 3};
}

static void
clear_request(MotetStoreRequest *request)
{
        g_assert_true(!request->error || (!request->value && !request->items && !request->entries));
        g_clear_error(&request->error);
        g_clear_pointer(&request->value, g_bytes_unref);
        g_clear_pointer(&request->items, g_array_unref);
        g_clear_pointer(&request->entries, g_array_unref);
}

/* @last: the operation behind which there is none more */
static void
ask_all(Database *database, const char *account, MotetStoreOp last, int64_t now)
{
        static const char text[] = "value of some bytes";
        g_autoptr(GBytes) value = g_bytes_new_static(text, sizeof text);
        MotetStoreRequest requests[N_OPERATIONS];
        BatchOutcome outcome;
        unsigned n = 0;

        for (unsigned op = 0; op < N_OPERATIONS; op++) {
                if (op == MOTET_STORE_OP_DROP_ACCOUNT && last != MOTET_STORE_OP_DROP_ACCOUNT)
                        continue;
                fill_request(&requests[n], (MotetStoreOp)op, account, value);
                if (n > 0)
                        requests[n - 1].next = &requests[n];
                n++;
        }
        batch_run(database, requests, now, &outcome);
        for (unsigned i = 0; i < n; i++)
                clear_request(&requests[i]);
        g_free(outcome.trouble);
}

/* The good file */

static void
remove_files(void)
{
        static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *path = path_of(suffixes[i]);
                remove(path);
        }
}

static GBytes *
read_file(const char *suffix)
{
        g_autofree char *path = path_of(suffix);
        char *text = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(path, &text, &n, NULL));
        return g_bytes_new_take(text, n);
}

static void
write_file(const char *suffix, const void *bytes, size_t n)
{
        g_autofree char *path = path_of(suffix);

        g_assert_true(g_file_set_contents_full(path, bytes, (gssize)n, G_FILE_SET_CONTENTS_NONE,
                                               0600, NULL));
}

static GBytes *
make_good(void)
{
        static const char *const accounts[] = {"romeo", "juliet", "nurse"};
        remove_files();
        Database *database = open_file(false);

        g_assert_nonnull(database);
        for (int64_t i = 0; i < 12; i++)
                ask_all(database, accounts[i % 3], MOTET_STORE_OP_COUNT, 1000 + i);
        database_close(database);
        GBytes *good = read_file("");
        remove_files();
        return good;
}

/* What became of it */

static void
edit(GBytes *good, const uint8_t *bytes, size_t n)
{
        gsize size;
        const void *data = g_bytes_get_data(good, &size);
        g_autofree uint8_t *copy = g_memdup2(data, size);

        for (; n >= 4; bytes += 4, n -= 4) {
                size_t at = (size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2];
                copy[at % size] = bytes[3];
        }
        write_file("", copy, size);
}

static int
count_steps(void *data)
{
        int *n = data;

        return --*n <= 0;
}

static void
run_sql(const uint8_t *bytes, size_t n)
{
        g_autofree char *file = path_of("");
        g_autofree char *sql = g_strndup((const char *)bytes, n);
        int n_left = STEPS_MAX / 100;
        sqlite3 *sqlite = NULL;

        if (sqlite3_open(file, &sqlite) == SQLITE_OK) {
                sqlite3_limit(sqlite, SQLITE_LIMIT_ATTACHED, 0);
                sqlite3_limit(sqlite, SQLITE_LIMIT_LENGTH, FILE_MAX);
                sqlite3_progress_handler(sqlite, 100, count_steps, &n_left);
                sqlite3_exec(sqlite, "PRAGMA max_page_count = 200", NULL, NULL, NULL);
                sqlite3_exec(sqlite, sql, NULL, NULL, NULL);
        }
        sqlite3_close(sqlite);
}

static void
prepare(GBytes *good, const uint8_t *bytes, size_t n, unsigned how)
{
        gsize size;
        const void *data = g_bytes_get_data(good, &size);

        remove_files();
        switch (how) {
        case 0:
                edit(good, bytes, n);
                break;
        case 1:
                write_file("", data, size);
                run_sql(bytes, n);
                break;
        case 2:
                write_file("", bytes, n);
                break;
        default:
                write_file("", data, size);
                write_file("-wal", bytes, n);
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        static GBytes *good;

        if (n == 0)
                return 0;
        if (!good) {
                quiet_log(MOTET_LOG_DEBUG);
                good = make_good();
        }
        prepare(good, bytes + 1, n - 1, bytes[0] & 3);
        for (int64_t pass = 0; pass < N_PASSES; pass++) {
                Database *database = open_file((bytes[0] & 4) != 0);
                if (!database)
                        break;
                ask_all(database, "romeo", MOTET_STORE_OP_COUNT, 2000 + pass);
                ask_all(database, "juliet", MOTET_STORE_OP_DROP_ACCOUNT, 3000 + pass);
                database_close(database);
        }
        return 0;
}
