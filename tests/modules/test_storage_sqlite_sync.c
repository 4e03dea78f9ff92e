/*
 * storage_sqlite: what it does when the disk does not sync: what was refused does not come back
 * when the server is killed, whatever else the disk refuses.
 *
 * This program's own functions stand before those of the C library by which SQLite writes. Each
 * test runs once more as a child, which kills itself; then the file is opened again.
 *
 * Source: SECURITY-DEFAULTS R31.
 */
#include "support/store_other.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_VARIABLE "MOTET_TEST_DATABASE"

/* What the disk does: all zero is a good one. */
typedef struct {
        unsigned n_syncs_good,
                n_syncs_bad; /* the next syncs: those that succeed, then those that fail */
        bool writes_fail, truncation_fails; /* from the first sync on that failed */
} Faults;

#define FOR_EVER 1000
#define STANDS_BEFORE __attribute__((visibility("default")))

static struct {
        Faults faults;
        bool sync_failed;
        unsigned n_synced; /* since then */
} disk;

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_ftruncate)(int, off64_t);

__attribute__((constructor)) static void
find_real(void)
{
        *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
        *(void **)&real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
}

STANDS_BEFORE ssize_t
pwrite64(int fd, const void *bytes, size_t n, off64_t offset)
{
        if (disk.sync_failed && disk.faults.writes_fail) {
                errno = ENOSPC;
                return -1;
        }
        return real_pwrite(fd, bytes, n, offset);
}

STANDS_BEFORE int
ftruncate64(int fd, off64_t length)
{
        if (disk.sync_failed && disk.faults.truncation_fails) {
                errno = EIO;
                return -1;
        }
        return real_ftruncate(fd, length);
}

/* The process is killed and not the machine: nothing is lost when nothing is synced. */
STANDS_BEFORE int
fdatasync(int fd)
{
        (void)fd;
        if (disk.faults.n_syncs_good > 0) {
                disk.faults.n_syncs_good--;
        } else if (disk.faults.n_syncs_bad > 0) {
                disk.faults.n_syncs_bad--;
                disk.sync_failed = true;
                errno = EIO;
                return -1;
        }
        disk.n_synced += disk.sync_failed;
        return 0;
}

STANDS_BEFORE int
fsync(int fd)
{
        return fdatasync(fd);
}

/* The child */

static void
note_result(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        if (error != NULL)
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_STORE);
        g_string_append(data, error != NULL ? "refused " : "done ");
}

static void
note_value(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        size_t n;
        const char *text = g_bytes_get_data(value, &n);

        (void)self;
        g_assert_no_error(error);
        g_string_append_printf(data, "%.*s ", (int)MIN(n, strlen("before")), text);
}

static StoreKit *
child_open(void)
{
        g_autofree char *file = g_strdup(g_getenv(FILE_VARIABLE));
        const StorePlace place = {.file = file};
        StoreKit *kit = store_place_open(&place, "");

        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "before"), ==, 0);
        return kit;
}

/*
 * Two documents in one commit, with no @padding on one page, with much on many; and in the same
 * batch, so that nothing is done after it, reading the first.
 */
static void
write_both(StoreKit *kit, const char *text, size_t padding, GString *results)
{
        g_autofree char *rest = g_strnfill(padding, 'x'), *all = g_strconcat(text, rest, NULL);
        g_autoptr(GBytes) value = store_kit_bytes(all);

        motet_store_set(kit->map, "romeo", "key", value, note_result, results);
        motet_store_set(kit->map, "romeo", "other", value, note_result, results);
        motet_store_read(kit->map, "romeo", "key", note_value, results);
        test_server_settle(kit->server);
}

static void G_GNUC_NORETURN
die(const GString *results)
{
        g_print("%ssynced %s.\n", results->str, disk.n_synced > 0 ? "again" : "never");
        fflush(stdout);
        raise(SIGKILL);
        g_assert_not_reached();
}

static void G_GNUC_NORETURN
fail_commit(StoreKit *kit, const Faults *faults, size_t padding)
{
        g_autoptr(GString) results = g_string_new(NULL);

        disk.faults = *faults;
        write_both(kit, "after", padding, results);
        die(results);
}

/* All of the log goes into the database, so that the next commit begins a new log in its place. */
static void
begin_log_anew(void)
{
        g_autofree char *file = g_strdup(g_getenv(FILE_VARIABLE));
        const StorePlace place = {.file = file};

        store_other_tamper(&place, "PRAGMA wal_checkpoint(RESTART)");
}

/* The parent */

/* Lets the child do its part on a new file. Returns: (own) where that is */
static StorePlace *
let_child_die(const char *expected)
{
        StorePlace *place = store_place_new();

        g_setenv(FILE_VARIABLE, place->file, TRUE);
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_assert_false(g_test_trap_has_passed());
        g_test_trap_assert_stdout(expected);
        return place;
}

static void
assert_kept(const StorePlace *place, const char *expected)
{
        g_autoptr(StoreKit) kit = store_place_open(place, ", check_at_start: true");
        g_autofree char *found = store_kit_list(kit, kit->map, "romeo", false);

        g_assert_cmpstr(found, ==, expected);
}

static void
check_refused(const char *expected)
{
        g_autoptr(StorePlace) place = let_child_die(expected);

        assert_kept(place, "romeo/key=before ");
}

/* Also a power cut cannot bring it back: what took its place is synced before it is refused. */
static void
test_fails_once(void)
{
        if (g_test_subprocess())
                fail_commit(child_open(), &(Faults){.n_syncs_bad = 1}, 0);
        check_refused("*refused refused before synced again.*");
}

static void
test_many_pages(void)
{
        if (g_test_subprocess())
                fail_commit(child_open(), &(Faults){.n_syncs_bad = 1}, 20000);
        check_refused("*refused refused before synced again.*");
}

static void
test_fails_for_ever(void)
{
        if (g_test_subprocess())
                fail_commit(child_open(), &(Faults){.n_syncs_bad = FOR_EVER}, 20000);
        check_refused("*refused refused before synced never.*");
}

/* The log is cut off where nothing can be written over it. */
static void
test_no_space(void)
{
        if (g_test_subprocess())
                fail_commit(child_open(), &(Faults){.n_syncs_bad = FOR_EVER, .writes_fail = true},
                            20000);
        check_refused("*refused refused before synced never.*");
}

/* It is written over where the log cannot be cut off. */
static void
test_no_truncation(void)
{
        if (g_test_subprocess())
                fail_commit(child_open(),
                            &(Faults){.n_syncs_bad = FOR_EVER, .truncation_fails = true}, 20000);
        check_refused("*refused refused before synced never.*");
}

/* The first sync is that of the log's head, before anything is in it. */
static void
test_head_fails(void)
{
        if (g_test_subprocess()) {
                StoreKit *kit = child_open();

                begin_log_anew();
                fail_commit(kit, &(Faults){.n_syncs_bad = FOR_EVER}, 0);
        }
        check_refused("*refused refused before synced never.*");
}

/* The second one is of the frames; and the head, which is written again, cannot be synced again. */
static void
test_new_log(void)
{
        if (g_test_subprocess()) {
                StoreKit *kit = child_open();

                begin_log_anew();
                fail_commit(kit, &(Faults){.n_syncs_good = 1, .n_syncs_bad = FOR_EVER}, 0);
        }
        check_refused("*refused refused before synced never.*");
}

/* Nothing at all can be done, and so nothing is written either. Returns: (own) */
static StoreKit *
let_nothing_work(GString *results)
{
        StoreKit *kit = child_open();

        disk.faults = (Faults){.n_syncs_bad = 1, .writes_fail = true, .truncation_fails = true};
        write_both(kit, "after", 0, results);
        write_both(kit, "later", 0, results);
        disk.faults = (Faults){0};
        return kit;
}

#define NOTHING_WORKED "*refused refused before refused refused before "

/* Whatever is done first when the disk works again. */
static void
test_nothing_works(void)
{
        if (g_test_subprocess()) {
                g_autoptr(GString) results = g_string_new(NULL);
                StoreKit *kit = let_nothing_work(results);

                motet_store_read(kit->map, "romeo", "key", note_value, results);
                test_server_settle(kit->server);
                die(results);
        }
        check_refused(NOTHING_WORKED "before synced again.*");
}

static void
test_works_again(void)
{
        if (g_test_subprocess()) {
                g_autoptr(GString) results = g_string_new(NULL);
                StoreKit *kit = let_nothing_work(results);

                g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "third", "text"), ==, 0);
                die(results);
        }

        g_autoptr(StorePlace) place = let_child_die(NOTHING_WORKED "synced again.*");

        assert_kept(place, "romeo/key=before romeo/third=text ");
}

/* What is refused now does not spoil what is done later. */
static void
test_goes_on(void)
{
        if (g_test_subprocess()) {
                StoreKit *kit = child_open();
                g_autoptr(GString) results = g_string_new(NULL);

                disk.faults.n_syncs_bad = 1;
                write_both(kit, "after", 20000, results);
                write_both(kit, "later", 0, results);
                die(results);
        }

        g_autoptr(StorePlace) place =
                let_child_die("*refused refused before done done later synced again.*");

        assert_kept(place, "romeo/key=later romeo/other=later ");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/storage_sqlite_sync/what-was-refused-does-not-come-back",
                        test_fails_once);
        g_test_add_func("/storage_sqlite_sync/nor-when-it-is-large", test_many_pages);
        g_test_add_func("/storage_sqlite_sync/nor-when-no-sync-succeeds", test_fails_for_ever);
        g_test_add_func("/storage_sqlite_sync/nor-when-nothing-can-be-written", test_no_space);
        g_test_add_func("/storage_sqlite_sync/nor-when-nothing-can-be-cut-off", test_no_truncation);
        g_test_add_func("/storage_sqlite_sync/nor-when-a-new-log-cannot-be-begun", test_head_fails);
        g_test_add_func("/storage_sqlite_sync/nor-when-a-new-log-was-begun", test_new_log);
        g_test_add_func("/storage_sqlite_sync/nothing-is-written-before-it-is-gone",
                        test_nothing_works);
        g_test_add_func("/storage_sqlite_sync/writing-goes-on-when-the-disk-works",
                        test_works_again);
        g_test_add_func("/storage_sqlite_sync/what-comes-later-is-kept", test_goes_on);
        return g_test_run();
}
