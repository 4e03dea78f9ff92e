/*
 * storage_sqlite: what it does when the file or the disk fails it, or somebody else uses the file.
 */
#include "support/store_other.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <motet/task.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void
assert_text(char *text, const char *expected)
{
        g_assert_cmpstr(text, ==, expected);
        g_free(text);
}

static void
assert_names(const char *text, const StorePlace *place, const char *what)
{
        g_assert_nonnull(strstr(text, place->file));
        g_assert_nonnull(strstr(text, what));
}

/* Failing */

static char *
file_text(const StorePlace *place)
{
        char *text;
        gsize n;

        g_assert_true(g_file_get_contents(place->file, &text, &n, NULL));
        return text;
}

static void
change_bytes(const StorePlace *place, long offset, const char *bytes, size_t n)
{
        FILE *file = fopen(place->file, "r+b");

        g_assert_nonnull(file);
        g_assert_cmpint(fseek(file, offset, SEEK_SET), ==, 0);
        g_assert_cmpuint(fwrite(bytes, 1, n, file), ==, n);
        g_assert_cmpint(fclose(file), ==, 0);
}

#define N_DOCUMENTS 200

static const char document[] = "a document of some length, to fill pages";

static void
make_file(const StorePlace *place)
{
        g_autoptr(StoreKit) kit = store_place_open(place, "");

        for (unsigned i = 0; i < N_DOCUMENTS; i++) {
                g_autofree char *key = g_strdup_printf("key %u", i);

                store_kit_set(kit, kit->map, "romeo", key, document);
        }
}

static void
test_no_database(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autofree char *folder = g_path_get_dirname(place->file);
        g_autofree char *text = g_strnfill(8192, 'x');

        g_mkdir(folder, 0700);
        g_assert_true(g_file_set_contents(place->file, text, -1, NULL));

        g_autofree char *refusal = store_place_refuse(place, "");
        g_autofree char *after = file_text(place);

        assert_names(refusal, place, "not a database");
        g_assert_cmpstr(after, ==, text);
}

static void
test_damaged(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autofree char *zeros = g_strnfill(4096 * 4, '\xff');

        make_file(place);
        change_bytes(place, 4096 * 2, zeros, 4096 * 4);

        g_autofree char *refusal = store_place_refuse(place, ", check_at_start: true");

        assert_names(refusal, place, "damaged");
}

static void
note_result(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        g_string_append_printf(data, "%d ", error != NULL ? STORE_KIT_ERROR(error->code) : 0);
}

typedef struct {
        GBytes *expected;
        unsigned n_right, n_failed;
} Reading;

static void
check_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Reading *reading = data;

        (void)self;
        if (error != NULL) {
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_STORE);
                reading->n_failed++;
                return;
        }
        g_assert_true(g_bytes_equal(value, reading->expected));
        reading->n_right++;
}

/* Damage that shows only later fails what it touches, and nothing that is done beside it. */
static void
test_damaged_later(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autofree char *noise = g_strnfill(4096, '\xff');
        g_autoptr(GBytes) expected = store_kit_bytes(document);
        g_autoptr(GString) results = g_string_new(NULL);
        Reading reading = {.expected = expected};
        struct stat status;

        make_file(place);
        g_assert_cmpint(stat(place->file, &status), ==, 0);
        change_bytes(place, status.st_size - 4096, noise, 4096);

        g_autoptr(StoreKit) kit = store_place_open(place, "");

        /* Of an account on another page: the last one has the last keys. */
        motet_store_set(kit->map, "abram", "key", expected, note_result, results);
        for (unsigned i = 0; i < N_DOCUMENTS; i++) {
                g_autofree char *key = g_strdup_printf("key %u", i);

                motet_store_read(kit->map, "romeo", key, check_read, &reading);
        }
        test_server_settle(kit->server);

        g_assert_cmpuint(reading.n_failed, >, 0);
        g_assert_cmpuint(reading.n_right, >, 0);
        g_assert_cmpuint(reading.n_failed + reading.n_right, ==, N_DOCUMENTS);
        g_assert_cmpstr(results->str, ==, "0 ");
        assert_text(store_kit_read(kit, kit->map, "abram", "key"), document);
}

/* Bytes 68 to 71 of an SQLite file say whose it is. */
static void
test_of_another_program(void)
{
        g_autoptr(StorePlace) place = store_place_new();

        make_file(place);
        change_bytes(place, 68, "\1\2\3\4", 4);

        g_autofree char *refusal = store_place_refuse(place, "");

        assert_names(refusal, place, "another program");
}

/* Bytes 60 to 63 say by which version it was made. */
static void
test_of_a_newer_version(void)
{
        g_autoptr(StorePlace) place = store_place_new();

        make_file(place);
        change_bytes(place, 60, "\0\0\0\x63", 4);

        g_autofree char *refusal = store_place_refuse(place, "");

        assert_names(refusal, place, "newer version");
}

static void
test_no_folder(void)
{
        g_autofree char *yaml = store_place_config("/dev/null/data/test.sqlite", "");
        g_autofree char *refusal = test_server_refuse(yaml);

        g_assert_nonnull(strstr(refusal, "/dev/null/data"));
}

/* What operators are told of the module: with the file, for it may be one of several. */
static void
assert_status(const StoreKit *kit, const StorePlace *place, MotetStatus status)
{
        const MotetModule *module = test_server_module(kit->server, "storage_sqlite", NULL);
        const char *text;

        g_assert_cmpint(motet_module_status(module, &text), ==, status);
        if (status != MOTET_STATUS_OK)
                assert_names(text, place, "disk");
}

typedef ssize_t (*Pread)(int fd, void *bytes, size_t n, off64_t at);

static int reads_fail; /* atomic */

/* Stands before the C library's for SQLite too. */
#pragma GCC visibility push(default)
ssize_t
pread64(int fd, void *bytes, size_t n, off64_t at)
{
        Pread real;

        if (g_atomic_int_get(&reads_fail)) {
                errno = EIO;
                return -1;
        }
        *(void **)&real = dlsym(RTLD_NEXT, "pread64");
        return real(fd, bytes, n, at);
}
#pragma GCC visibility pop

/* R31: SQLite calls a file malformed that the disk did not let it read (SQLITE_IOERR_CORRUPTFS). It
 * is as it was: when the disk reads again everything is there. */
static void
test_reading_fails(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(GString) results = g_string_new(NULL);
        g_autoptr(GBytes) value = store_kit_bytes("new");

        make_file(place);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_atomic_int_set(&reads_fail, 1);
        for (unsigned i = 0; i < N_DOCUMENTS; i++) {
                g_autofree char *key = g_strdup_printf("key %u", i);

                motet_store_set(kit->map, "romeo", key, value, note_result, results);
        }
        test_server_settle(kit->server);
        assert_status(kit, place, MOTET_STATUS_ERROR);
        g_atomic_int_set(&reads_fail, 0);

        g_autofree char *failed = g_strdup_printf("%d ", STORE_KIT_ERROR(MOTET_ERROR_STORE));
        g_assert_true(g_str_has_prefix(results->str, failed));
        g_assert_null(strstr(results->str, " 0 "));
        for (unsigned i = 0; i < N_DOCUMENTS; i++) {
                g_autofree char *key = g_strdup_printf("key %u", i);

                assert_text(store_kit_read(kit, kit->map, "romeo", key), document);
        }
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key 0", "new"), ==, 0);
        assert_status(kit, place, MOTET_STATUS_OK);
        g_autoptr(StoreKit) again = store_place_open(place, ", check_at_start: true");
        assert_text(store_kit_read(again, again->map, "romeo", "key 0"), "new");
}

static void
set_file_limit(rlim_t bytes)
{
        struct rlimit limit;

        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
        limit.rlim_cur = bytes;
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void
note_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)self;
        g_assert_no_error(error);
        g_string_append_printf(data, "%s ", value != NULL ? "found" : "none");
}

static void
note_id(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        (void)id;
        note_result(self, error, data);
}

/* Writes little, much (@size bytes, more than the disk has) and little in one go. */
static void
fill_disk(StoreKit *kit, size_t size, GString *results)
{
        g_autofree char *text = g_strnfill(size, 'x');
        g_autoptr(GBytes) big = store_kit_bytes(text), little = store_kit_bytes("little");
        const MotetStoreEntry entry = {.when = 1, .value = little};

        signal(SIGXFSZ, SIG_IGN);
        set_file_limit(256 * 1024);
        motet_store_set(kit->map, "romeo", "first", little, note_result, results);
        motet_store_read(kit->map, "romeo", "first", note_read, results);
        motet_store_append(kit->archive, "romeo", &entry, note_id, results);
        motet_store_set(kit->map, "romeo", "big", big, note_result, results);
        motet_store_read(kit->map, "romeo", "there", note_read, results);
        motet_store_read(kit->map, "romeo", "first", note_read, results);
        test_server_settle(kit->server);
        set_file_limit(RLIM_INFINITY);
}

/*
 * When the disk is full writes fail and change nothing; reading, also of what failed beside it,
 * tells what is there.
 */
static void
test_disk_full(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GString) results = g_string_new(NULL);
        uint64_t last = store_kit_append(kit, "romeo", 1, NULL, "a");

        store_kit_set(kit, kit->map, "romeo", "there", "text");
        fill_disk(kit, 384 * 1024, results);
        assert_status(kit, place, MOTET_STATUS_ERROR);

        int failed = STORE_KIT_ERROR(MOTET_ERROR_STORE);
        g_autofree char *expected =
                g_strdup_printf("%d none %d %d found none ", failed, failed, failed);

        g_assert_cmpstr(results->str, ==, expected);
        assert_text(store_kit_list(kit, kit->map, "romeo", false), "romeo/there=text ");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 9}), "a ");

        /* And it goes on when there is room again. */
        g_assert_cmpuint(store_kit_append(kit, "romeo", 2, NULL, "b"), >, last);
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "first", "text"), ==, 0);
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 9}), "a b ");
        g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, 2);
        assert_status(kit, place, MOTET_STATUS_OK);
}

/* What is larger than SQLite's cache reaches the disk, and fails, before the commit: alone. */
static void
test_disk_full_before_commit(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GString) results = g_string_new(NULL);

        store_kit_set(kit, kit->map, "romeo", "there", "text");
        fill_disk(kit, 4 * 1024 * 1024, results);

        g_autofree char *expected =
                g_strdup_printf("0 found 0 %d found found ", STORE_KIT_ERROR(MOTET_ERROR_STORE));
        g_assert_cmpstr(results->str, ==, expected);
        assert_text(store_kit_list(kit, kit->map, "romeo", false),
                    "romeo/first=little romeo/there=text ");
}

static void
test_queue_limit(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, ", queue_limit: 100");
        g_autoptr(GBytes) value = store_kit_bytes("text");
        g_autoptr(GString) results = g_string_new(NULL), expected = g_string_new(NULL);

        for (unsigned i = 0; i < 101; i++) {
                g_autofree char *key = g_strdup_printf("%u", i);

                motet_store_set(kit->map, "romeo", key, value, note_result, results);
                g_string_append_printf(expected, "%d ",
                                       i < 100 ? 0 : STORE_KIT_ERROR(MOTET_ERROR_BUSY));
        }
        test_server_settle(kit->server);

        g_assert_cmpstr(results->str, ==, expected->str);
        assert_text(store_kit_read(kit, kit->map, "romeo", "99"), "text");
        assert_text(store_kit_read(kit, kit->map, "romeo", "100"), NULL);
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "100", "text"), ==, 0);
}

static void
note_gone(void *gone)
{
        *(bool *)gone = true;
}

/* Of what is refused nothing is kept while it waits to be told. */
static void
test_queue_size(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, ", queue_size: 1 MiB");
        g_autofree char *text = g_strnfill(1024 * 1024, 'x');
        g_autoptr(GBytes) all = store_kit_bytes(text);
        g_autoptr(GString) results = g_string_new(NULL);
        bool gone = false;
        GBytes *one = g_bytes_new_with_free_func("x", 1, note_gone, &gone);
        const MotetStoreEntry entry = {.when = 1, .value = one};

        motet_store_set(kit->map, "romeo", "none", NULL, note_result, results);
        motet_store_set(kit->map, "romeo", "fits", all, note_result, results);
        motet_store_set(kit->map, "romeo", "more", one, note_result, results);
        motet_store_append(kit->archive, "romeo", &entry, note_id, results);
        motet_store_set(kit->map, "romeo", "also none", NULL, note_result, results);
        motet_store_read(kit->map, "romeo", "fits", note_read, results);
        g_bytes_unref(one);
        g_assert_true(gone);
        g_assert_cmpstr(results->str, ==, "");
        test_server_settle(kit->server);

        int failed = STORE_KIT_ERROR(MOTET_ERROR_BUSY);
        g_autofree char *expected = g_strdup_printf("0 0 %d %d 0 found ", failed, failed);

        g_assert_cmpstr(results->str, ==, expected);
        assert_text(store_kit_read(kit, kit->map, "romeo", "more"), NULL);
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "more", text), ==, 0);
}

/* What somebody else did */

/* One whose failure ends the whole transaction spoils no other either. */
static void
test_transaction_is_ended(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GBytes) value = store_kit_bytes("text");
        g_autoptr(GString) results = g_string_new(NULL);
        const MotetStoreEntry entry = {.when = 1, .value = value};

        store_other_tamper(
                place, "CREATE TRIGGER poison BEFORE INSERT ON documents WHEN NEW.key = 'poison'"
                       " BEGIN SELECT RAISE(ROLLBACK, 'poisoned'); END");
        motet_store_set(kit->map, "romeo", "a", value, note_result, results);
        motet_store_append(kit->archive, "romeo", &entry, note_id, results);
        motet_store_set(kit->map, "romeo", "poison", value, note_result, results);
        motet_store_read(kit->map, "romeo", "a", note_read, results);
        motet_store_set(kit->map, "romeo", "b", value, note_result, results);
        test_server_settle(kit->server);

        g_autofree char *expected =
                g_strdup_printf("0 0 %d found 0 ", STORE_KIT_ERROR(MOTET_ERROR_STORE));

        g_assert_cmpstr(results->str, ==, expected);
        assert_text(store_kit_list(kit, kit->map, "romeo", false), "romeo/a=text romeo/b=text ");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 9}), "text ");
}

/* Pruning that fails half-way has pruned nothing. */
static void
test_prune_fails(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");

        store_kit_append(kit, "romeo", 1, NULL, "a");
        store_kit_append(kit, "romeo", 2, NULL, "b");
        store_kit_append(kit, "romeo", 3, NULL, "c");
        store_other_tamper(place, "CREATE TRIGGER stuck BEFORE DELETE ON entries WHEN OLD.time = 2"
                                  " BEGIN SELECT RAISE(ABORT, 'stuck'); END");

        g_assert_cmpint(store_kit_prune(kit, "romeo", &(MotetStoreQuery){0}), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_STORE));
        g_assert_cmpint(store_kit_drop(kit, "romeo"), ==, STORE_KIT_ERROR(MOTET_ERROR_STORE));
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 9}), "a b c ");
        store_kit_append(kit, "romeo", 4, NULL, "d");
        g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, 4);
}

static void
note_entries(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
             bool complete, void *data)
{
        (void)entries;
        (void)n;
        (void)complete;
        note_result(self, error, data);
}

static void
check_archive_fails(const char *sql)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GString) results = g_string_new(NULL);

        store_kit_append(kit, "romeo", 1, NULL, "a");
        store_kit_append(kit, "romeo", 2, NULL, "b");
        store_kit_append(kit, "romeo", 3, NULL, "c");
        store_other_tamper(place, sql);
        motet_store_query(kit->archive, "romeo", &(MotetStoreQuery){.max = 9}, note_entries,
                          results);
        test_server_settle(kit->server);

        g_autofree char *expected = g_strdup_printf("%d ", STORE_KIT_ERROR(MOTET_ERROR_STORE));

        g_assert_cmpstr(results->str, ==, expected);
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "text"), ==, 0);
}

/* A chain that is broken, goes round, or belongs to nobody is an error and not an endless loop. */
static void
test_broken_chains(void)
{
        check_archive_fails("DELETE FROM entries WHERE time = 2");
        check_archive_fails("UPDATE entries SET previous = (SELECT max(id) FROM entries)"
                            " WHERE time = 2");
        check_archive_fails("DELETE FROM chains");
}

/* Ids only grow; after the greatest there is none. */
static void
test_last_id(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GBytes) value = store_kit_bytes("text");
        g_autoptr(GString) results = g_string_new(NULL);
        const MotetStoreEntry entry = {.when = 1, .value = value};

        store_kit_append(kit, "romeo", 1, NULL, "a");
        store_other_tamper(place, "UPDATE entries SET id = 9223372036854775806;"
                                  "UPDATE chains SET head = 9223372036854775806");
        g_assert_cmpuint(store_kit_append(kit, "juliet", 1, NULL, "b"), ==, INT64_MAX);
        motet_store_append(kit->archive, "juliet", &entry, note_id, results);
        test_server_settle(kit->server);

        g_autofree char *expected = g_strdup_printf("%d ", STORE_KIT_ERROR(MOTET_ERROR_STORE));

        g_assert_cmpstr(results->str, ==, expected);
        assert_text(store_kit_query(kit, "juliet", &(MotetStoreQuery){.max = 9}), "b ");
}

/* A worker pool without room */

typedef struct {
        GMutex lock;
        GCond opened;
        bool open;
} Gate;

static void
wait_at_gate(void *data)
{
        Gate *gate = data;

        g_mutex_lock(&gate->lock);
        while (!gate->open)
                g_cond_wait(&gate->opened, &gate->lock);
        g_mutex_unlock(&gate->lock);
}

static void
open_gate(Gate *gate)
{
        g_mutex_lock(&gate->lock);
        gate->open = true;
        g_cond_broadcast(&gate->opened);
        g_mutex_unlock(&gate->lock);
}

/* The batch waits for its turn, and so does what came after it. */
static void
test_pool_is_full(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GBytes) first = store_kit_bytes("first"), second = store_kit_bytes("second");
        g_autoptr(GString) results = g_string_new(NULL);
        Loop *loop = test_server_host(kit->server)->server->loop;
        Gate gate = {.open = false};

        loop_set_offload_limit(loop, 1);
        while (motet_offload(kit->owner, wait_at_gate, NULL, &gate, NULL))
                ;
        motet_store_set(kit->map, "romeo", "key", first, note_result, results);
        for (unsigned i = 0; i < 5; i++)
                loop_turn(loop, false);
        motet_store_set(kit->map, "romeo", "key", second, note_result, results);
        for (unsigned i = 0; i < 5; i++)
                loop_turn(loop, false);
        g_assert_cmpstr(results->str, ==, "");
        open_gate(&gate);
        test_server_settle(kit->server);
        test_server_advance(kit->server, G_TIME_SPAN_SECOND);

        g_assert_cmpstr(results->str, ==, "0 0 ");
        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "second");
}

/* Sharing */

static void
test_locked(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, ", busy_timeout: 0s");
        g_autoptr(StoreOther) other = store_other_open(place);

        store_kit_set(kit, kit->map, "romeo", "key", "text");
        store_other_run(other, "BEGIN IMMEDIATE");

        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "new"), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_STORE));
        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "text");
        store_other_run(other, "COMMIT");
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "new"), ==, 0);
}

/*
 * Two servers, as motetctl beside motetd: each goes on from what the other did, chains of archives
 * included.
 */
static void
test_shared(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) first = store_place_open(place, ""),
                            second = store_place_open(place, "");

        store_kit_append(first, "romeo", 1, NULL, "a");
        store_kit_append(second, "romeo", 2, NULL, "b");
        store_kit_append(first, "romeo", 3, NULL, "c");
        store_kit_append(second, "juliet", 3, NULL, "hers");
        assert_text(store_kit_query(second, "romeo", &(MotetStoreQuery){.max = 9}), "a b c ");
        store_kit_prune(second, "romeo", &(MotetStoreQuery){.start = 2, .end = 3});
        store_kit_append(first, "romeo", 4, NULL, "d");
        store_kit_append(second, "romeo", 5, NULL, "e");
        assert_text(store_kit_query(first, "romeo", &(MotetStoreQuery){.max = 9}), "a d e ");
        g_assert_cmpuint(store_kit_count(first, "romeo"), ==, 3);
        store_kit_drop(second, "romeo");
        store_kit_append(first, "romeo", 6, NULL, "f");
        assert_text(store_kit_query(second, "romeo", &(MotetStoreQuery){.max = 9}), "f ");

        store_kit_set(first, first->map, "romeo", "key", "1");
        store_kit_set(second, second->map, "romeo", "key", "2");
        assert_text(store_kit_read(first, first->map, "romeo", "key"), "2");
}

/* Another file is for the next start: a reload that names one changes nothing. */
static void
test_another_file(void)
{
        g_autoptr(StorePlace) place = store_place_new(), other = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autofree char *yaml = store_place_config(other->file, ", busy_timeout: 0s");
        g_autofree char *refusal = NULL;

        g_assert_false(test_server_reload(kit->server, yaml, &refusal));

        g_assert_nonnull(strstr(refusal, "changing \"storage_sqlite.file\" needs a restart"));
        g_assert_false(g_file_test(other->file, G_FILE_TEST_EXISTS));
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "text"), ==, 0);
}

/* The other options are for now. */
static void
test_reload(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autofree char *yaml =
                store_place_config(place->file, ", synchronous: normal, busy_timeout: 0s");
        g_autoptr(StoreOther) locker = NULL;

        g_assert_true(test_server_reload(kit->server, yaml, NULL));

        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "text"), ==, 0);
        locker = store_other_open(place);
        store_other_run(locker, "BEGIN IMMEDIATE");
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "new"), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_STORE));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/storage_sqlite_faults/what-is-no-database-is-refused", test_no_database);
        g_test_add_func("/storage_sqlite_faults/a-damaged-file-is-refused", test_damaged);
        g_test_add_func("/storage_sqlite_faults/damage-found-later-fails-what-it-touches",
                        test_damaged_later);
        g_test_add_func("/storage_sqlite_faults/a-file-of-another-program-is-refused",
                        test_of_another_program);
        g_test_add_func("/storage_sqlite_faults/a-file-of-a-newer-version-is-refused",
                        test_of_a_newer_version);
        g_test_add_func("/storage_sqlite_faults/a-folder-that-cannot-be-made-is-named",
                        test_no_folder);
        g_test_add_func("/storage_sqlite_faults/a-disk-that-does-not-read-damages-nothing",
                        test_reading_fails);
        g_test_add_func("/storage_sqlite_faults/a-full-disk-fails-writes-alone", test_disk_full);
        g_test_add_func("/storage_sqlite_faults/a-full-disk-fails-what-is-large-alone",
                        test_disk_full_before_commit);
        g_test_add_func("/storage_sqlite_faults/what-passes-the-queue-limit-is-refused",
                        test_queue_limit);
        g_test_add_func("/storage_sqlite_faults/what-passes-the-queue-size-is-refused",
                        test_queue_size);
        g_test_add_func("/storage_sqlite_faults/what-ends-the-transaction-spoils-no-other",
                        test_transaction_is_ended);
        g_test_add_func("/storage_sqlite_faults/pruning-that-fails-prunes-nothing",
                        test_prune_fails);
        g_test_add_func("/storage_sqlite_faults/broken-chains-are-errors", test_broken_chains);
        g_test_add_func("/storage_sqlite_faults/after-the-last-id-nothing-is-appended",
                        test_last_id);
        g_test_add_func("/storage_sqlite_faults/a-full-worker-pool-delays-alone",
                        test_pool_is_full);
        g_test_add_func("/storage_sqlite_faults/a-locked-file-fails-writes-alone", test_locked);
        g_test_add_func("/storage_sqlite_faults/two-servers-share-a-file", test_shared);
        g_test_add_func("/storage_sqlite_faults/another-file-needs-a-restart", test_another_file);
        g_test_add_func("/storage_sqlite_faults/a-reload-changes-the-rest", test_reload);
        return g_test_run();
}
