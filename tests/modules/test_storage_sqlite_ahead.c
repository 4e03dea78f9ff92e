/*
 * storage_sqlite: which pages it asks the system for before it reads an account's newest entries.
 *
 * This program's own functions stand before those of the C library by which the module looks
 * whether a page is in memory, and asks for
 * it. */
#include "support/store_other.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define STANDS_BEFORE __attribute__((visibility("default")))
#define PAGE 4096

static struct {
        bool in_memory; /* all there is */
        GArray *asked;  /* (own) of off_t; NULL: not noted */
} cache;

STANDS_BEFORE ssize_t
preadv2(int fd, const struct iovec *parts, int n, off_t offset, int flags)
{
        if ((flags & RWF_NOWAIT) != 0 && !cache.in_memory) {
                errno = EAGAIN;
                return -1;
        }
        return preadv(fd, parts, n, offset);
}

STANDS_BEFORE int
posix_fadvise(int fd, off_t offset, off_t n, int advice)
{
        (void)fd;
        g_assert_cmpint(advice, ==, POSIX_FADV_WILLNEED);
        g_assert_cmpint(n, ==, PAGE);
        if (cache.asked != NULL)
                g_array_append_val(cache.asked, offset);
        return 0;
}

/* An entry that fills more than half of a page, so that each has one of its own. */
static char *
entry_text(const char *account, unsigned number)
{
        g_autofree char *padding = g_strnfill(PAGE / 2, '.');

        return g_strdup_printf("<%s %u>%s", account, number, padding);
}

/* Entries of two accounts in turn; the clock moves by @step between them. */
static void
append_many(StoreKit *kit, unsigned n, GTimeSpan step)
{
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *his = entry_text("romeo", i), *hers = entry_text("juliet", i);

                test_server_advance(kit->server, step);
                store_kit_append(kit, "romeo", i, NULL, his);
                store_kit_append(kit, "juliet", i, NULL, hers);
        }
}

/* All in the file and not in its log, nothing in memory. */
static void
fill(const StorePlace *place, unsigned n, GTimeSpan step)
{
        g_autoptr(StoreKit) kit = store_place_open(place, "");

        append_many(kit, n, step);
}

/* Returns: (own) what was found, and what was asked for in @asked_out */
static char *
query(StoreKit *kit, const MotetStoreQuery *what, GArray **asked_out)
{
        char *found;

        cache.asked = g_array_new(FALSE, FALSE, sizeof(off_t));
        found = store_kit_query(kit, "romeo", what);
        *asked_out = g_steal_pointer(&cache.asked);
        return found;
}

/* Whether one of the pages that were asked for holds that entry. */
static bool
was_asked_for(const StorePlace *place, const GArray *asked, unsigned number)
{
        g_autofree char *mark = g_strdup_printf("<romeo %u>", number), *bytes = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(place->file, &bytes, &n, NULL));
        for (guint i = 0; i < asked->len; i++) {
                gsize at = (gsize)g_array_index(asked, off_t, i);

                if (at + PAGE <= n && memmem(bytes + at, PAGE, mark, strlen(mark)) != NULL)
                        return true;
        }
        return false;
}

/* Of @n entries the newest @n_known, and no others. */
static void
assert_asked_for(const StorePlace *place, const GArray *asked, unsigned n, unsigned n_known)
{
        for (unsigned i = 0; i < n; i++)
                g_assert_cmpint(was_asked_for(place, asked, i), ==, i >= n - n_known);
}

/* Returns: (own) what is found when there are @n */
static char *
expect_newest(unsigned n, unsigned max)
{
        GString *expected = g_string_new(NULL);

        for (unsigned i = n - MIN(n, max); i < n; i++) {
                g_autofree char *text = entry_text("romeo", i);

                g_string_append_printf(expected, "%s ", text);
        }
        return g_string_free(g_string_append(expected, n > max ? "+" : ""), FALSE);
}

static void
assert_newest(const char *found, unsigned n, unsigned max)
{
        g_autofree char *expected = expect_newest(n, max);

        g_assert_cmpstr(found, ==, expected);
}

static void
check_newest(unsigned n, GTimeSpan step, unsigned max, unsigned n_known)
{
        g_autoptr(StorePlace) place = store_place_new();
        fill(place, n, step);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GArray) asked = NULL;

        g_autofree char *found = query(kit, &(MotetStoreQuery){.max = max, .newest = true}, &asked);

        assert_newest(found, n, max);
        assert_asked_for(place, asked, n, n_known);
}

/* And one more, which tells whether there are more. */
static void
test_newest(void)
{
        check_newest(80, G_TIME_SPAN_MILLISECOND, 50, 51);
}

static void
test_all(void)
{
        check_newest(10, G_TIME_SPAN_MILLISECOND, 50, 10);
}

static void
test_few(void)
{
        check_newest(10, G_TIME_SPAN_MILLISECOND, 2, 0);
        check_newest(10, G_TIME_SPAN_MILLISECOND, 3, 4);
}

/* 64 ids are remembered. */
static void
test_most_ids(void)
{
        check_newest(64, G_TIME_SPAN_MILLISECOND, 200, 64);
        check_newest(65, G_TIME_SPAN_MILLISECOND, 200, 64);
}

/* And 256 bytes of steps; one of ten hours takes 6. */
static void
test_most_bytes(void)
{
        check_newest(43, 10 * G_TIME_SPAN_HOUR, 200, 43);
        check_newest(44, 10 * G_TIME_SPAN_HOUR, 200, 43);
}

static void
test_in_memory(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        fill(place, 60, 1);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GArray) asked = NULL;

        cache.in_memory = true;
        g_autofree char *found = query(kit, &(MotetStoreQuery){.max = 50, .newest = true}, &asked);
        cache.in_memory = false;

        assert_newest(found, 60, 50);
        g_assert_cmpuint(asked->len, ==, 0);
}

/* With conditions all that is remembered may be read, but nothing before what is asked for. */
static void
test_conditions(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        fill(place, 20, 1);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GArray) asked = NULL, after = NULL;
        uint64_t last = store_kit_append(kit, "romeo", 99, NULL, "last");

        g_autofree char *none =
                query(kit, &(MotetStoreQuery){.max = 1, .newest = true, .with = "x@y"}, &asked);
        assert_asked_for(place, asked, 20, 20);
        g_assert_cmpstr(none, ==, "");

        g_autofree char *found =
                query(kit, &(MotetStoreQuery){.max = 9, .after = last - 1}, &after);
        g_assert_cmpstr(found, ==, "last ");
        g_assert_cmpuint(after->len, ==, 0);
}

/* When the newest are gone the others are found, and remembered again as they come. */
static void
test_newest_gone(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        fill(place, 20, 1);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autoptr(GArray) asked = NULL, again = NULL;

        store_kit_prune(kit, "romeo", &(MotetStoreQuery){.start = 15});
        g_autofree char *found = query(kit, &(MotetStoreQuery){.max = 50, .newest = true}, &asked);
        assert_newest(found, 15, 50);
        g_assert_cmpuint(asked->len, ==, 0);

        append_many(kit, 5, 1);
        g_autofree char *more = query(kit, &(MotetStoreQuery){.max = 50, .newest = true}, &again);
        g_autofree char *expected = expect_newest(5, 5);
        g_assert_true(g_str_has_suffix(more, expected));
        g_assert_cmpuint(again->len, >, 0);
}

/* Damage */

static void
write_page(const StorePlace *place, int64_t page, const char *bytes)
{
        FILE *file = fopen(place->file, "r+b");

        g_assert_nonnull(file);
        g_assert_cmpint(fseek(file, (page - 1) * PAGE, SEEK_SET), ==, 0);
        g_assert_cmpuint(fwrite(bytes, 1, PAGE, file), ==, PAGE);
        g_assert_cmpint(fclose(file), ==, 0);
}

/* Bytes that look like a page with others below. */
static void
make_nonsense(char bytes[PAGE], GRand *random)
{
        for (unsigned i = 0; i < PAGE; i++)
                bytes[i] = (char)g_rand_int(random);
        bytes[0] = 5;
        /* With a number of cells for which there is room, or with any. */
        if (g_rand_boolean(random))
                bytes[3] = (char)g_rand_int_range(random, 0, 9);
        /* And pages that are there, so that it goes round; or cells at the end and behind it. */
        for (unsigned i = 8; i + 4 <= PAGE && g_rand_boolean(random); i += 4)
                memset(bytes + i, 0, 3);
        if (g_rand_boolean(random))
                return;
        for (unsigned i = 12; i + 2 <= PAGE / 2; i += 2) {
                unsigned at = (unsigned)g_rand_int_range(random, PAGE - 20, PAGE + 20);

                bytes[i] = (char)(at >> 8);
                bytes[i + 1] = (char)at;
        }
}

/* SQLite has the root of the tree in memory; what is in the file instead is only looked at
 * ahead. */
static void
check_damage(StoreKit *kit, const StorePlace *place, int64_t root, const char bytes[PAGE])
{
        g_autoptr(GArray) asked = NULL;

        write_page(place, root, bytes);
        g_autofree char *found = query(kit, &(MotetStoreQuery){.max = 50, .newest = true}, &asked);
        assert_newest(found, 60, 50);
        g_assert_cmpuint(asked->len, <=, 51 * 12);
}

static int64_t
root_of_entries(const StorePlace *place)
{
        g_autoptr(StoreOther) other = store_other_open(place);

        return store_other_number(other,
                                  "SELECT rootpage FROM sqlite_schema WHERE name = 'entries'");
}

static void
test_damage(void)
{
        g_autoptr(GRand) random = g_rand_new_with_seed(1);
        g_autoptr(StorePlace) place = store_place_new();
        g_autofree char *before = NULL;
        char bytes[PAGE] = {5};
        gsize n;

        fill(place, 60, 1);
        g_assert_true(g_file_get_contents(place->file, &before, &n, NULL));

        int64_t root = root_of_entries(place);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, 60);

        for (unsigned i = 0; i < 300; i++) {
                make_nonsense(bytes, random);
                check_damage(kit, place, root, bytes);
        }
        /* Below the page is the page itself. */
        memset(bytes + 1, 0, PAGE - 1);
        bytes[11] = (char)root;
        check_damage(kit, place, root, bytes);
        cache.in_memory = true;
        check_damage(kit, place, root, bytes);
        cache.in_memory = false;
        write_page(place, root, before + (root - 1) * PAGE);
}

/* What was remembered is not believed when it cannot be. */
static void
check_nonsense(const char *recent)
{
        g_autoptr(StorePlace) place = store_place_new();
        fill(place, 10, 1);
        g_autofree char *sql = g_strdup_printf("UPDATE chains SET recent = %s", recent);
        g_autoptr(GArray) asked = NULL;

        store_other_tamper(place, sql);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        g_autofree char *found = query(kit, &(MotetStoreQuery){.max = 50, .newest = true}, &asked);

        assert_newest(found, 10, 50);
        g_assert_cmpuint(asked->len, ==, 0);
}

static void
test_nonsense(void)
{
        check_nonsense("x''");
        /* A step that does not end, one of 71 bits, of no length, beyond the first id. */
        check_nonsense("x'0101010181'");
        check_nonsense("x'01010101ffffffffffffffffffff01'");
        check_nonsense("x'0101010100'");
        check_nonsense("x'01010101ffffffffffffffffff01'");
        /* More than there may be. */
        check_nonsense("CAST(replace(hex(zeroblob(35)), '0', char(1)) AS BLOB)");
        check_nonsense("CAST(replace(hex(zeroblob(129)), '0', char(1)) AS BLOB)");
}

/* The tests of every store, with nothing in memory: what is asked for changes no answer. */
static const char config[] =
        STORE_PLACE_CONFIG "modules: {storage_sqlite: {options: {synchronous: normal}}, iq: }\n";

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_kit_add("storage_sqlite_ahead", config);
        g_test_add_func("/storage_sqlite_ahead/the-newest-are-asked-for-at-once", test_newest);
        g_test_add_func("/storage_sqlite_ahead/all-when-there-are-no-more", test_all);
        g_test_add_func("/storage_sqlite_ahead/but-not-for-a-few", test_few);
        g_test_add_func("/storage_sqlite_ahead/no-more-ids-than-the-limit", test_most_ids);
        g_test_add_func("/storage_sqlite_ahead/nor-more-bytes", test_most_bytes);
        g_test_add_func("/storage_sqlite_ahead/what-is-in-memory-is-not-asked-for", test_in_memory);
        g_test_add_func("/storage_sqlite_ahead/conditions", test_conditions);
        g_test_add_func("/storage_sqlite_ahead/the-newest-may-be-gone", test_newest_gone);
        g_test_add_func("/storage_sqlite_ahead/a-damaged-page-changes-no-answer", test_damage);
        g_test_add_func("/storage_sqlite_ahead/what-is-remembered-may-be-nonsense", test_nonsense);
        return g_test_run();
}
