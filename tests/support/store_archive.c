/*
 * store_archive: the tests of the kit that are about archives and whole accounts.
 */
#include "support/store_kit.h"

#include <string.h>

static StoreKit *
start(const void *config)
{
        return store_kit_start(test_server_new_config(config));
}

static void
assert_text(char *text, const char *expected)
{
        g_assert_cmpstr(text, ==, expected);
        g_free(text);
}

static void
test_ids_grow(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        uint64_t last = 0;

        /* The clock stands still meanwhile. */
        for (unsigned i = 0; i < 50; i++) {
                uint64_t id =
                        store_kit_append(kit, i % 2 != 0 ? "romeo" : "juliet", 1, NULL, "text");

                g_assert_cmpuint(id, >, last);
                last = id;
        }
        test_server_advance(kit->server, G_TIME_SPAN_SECOND);
        g_assert_cmpuint(store_kit_append(kit, "romeo", 1, NULL, "text"), >, last);
}

/* Also when the newest are gone. */
static void
test_ids_grow_after_prune(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        const MotetStoreQuery everything = {.max = 1};

        store_kit_append(kit, "romeo", 1, NULL, "text");
        uint64_t last = store_kit_append(kit, "romeo", 1, NULL, "text");

        g_assert_cmpint(store_kit_prune(kit, "romeo", &everything), ==, 0);
        g_assert_cmpuint(store_kit_append(kit, "romeo", 1, NULL, "text"), >, last);
        g_assert_cmpint(store_kit_drop(kit, "romeo"), ==, 0);
        g_assert_cmpuint(store_kit_append(kit, "romeo", 1, NULL, "text"), >, last + 1);
}

static void
take_entries(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
             bool complete, void *data)
{
        (void)self;
        g_assert_no_error(error);
        g_assert_cmpuint(n, ==, 2);
        g_assert_true(complete);
        g_assert_cmpuint(entries[0].id, <, entries[1].id);
        g_assert_cmpint(entries[0].when, ==, -5);
        g_assert_cmpstr(entries[0].with, ==, "juliet@example.org");
        g_assert_cmpuint(g_bytes_get_size(entries[0].value), ==, 3);
        g_assert_true(memcmp(g_bytes_get_data(entries[0].value, NULL), "a\0b", 3) == 0);
        g_assert_cmpint(entries[1].when, ==, INT64_MAX);
        g_assert_null(entries[1].with);
        g_assert_cmpuint(g_bytes_get_size(entries[1].value), ==, 0);
        *(bool *)data = true;
}

static void
test_entry_is_whole(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) value = g_bytes_new("a\0b", 3), empty = g_bytes_new(NULL, 0);
        const MotetStoreEntry entry = {.when = -5, .with = "juliet@example.org", .value = value};
        const MotetStoreEntry other = {.when = INT64_MAX, .value = empty};
        const MotetStoreQuery query = {.max = 10};
        bool told = false;

        motet_store_append(kit->archive, "romeo", &entry, NULL, NULL);
        motet_store_append(kit->archive, "romeo", &other, NULL, NULL);
        motet_store_query(kit->archive, "romeo", &query, take_entries, &told);
        test_server_settle(kit->server);

        g_assert_true(told);
}

static void
test_page_limits(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        for (unsigned i = 0; i < 4; i++) {
                char text[] = {(char)('a' + i), '\0'};

                store_kit_append(kit, "romeo", i, NULL, text);
        }

        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 5}), "a b c d ");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 4}), "a b c d ");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 3}), "a b c +");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 3, .newest = true}),
                    "b c d +");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 4, .newest = true}),
                    "a b c d ");
        assert_text(store_kit_query(kit, "juliet", &(MotetStoreQuery){.max = 3}), "");
}

/* The id a page ends before may be of an entry that is gone, or of another account. */
static void
test_before_any_id(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        uint64_t first = store_kit_append(kit, "romeo", 1, NULL, "a");
        uint64_t hers = store_kit_append(kit, "juliet", 1, NULL, "hers");
        uint64_t gone = store_kit_append(kit, "romeo", 2, NULL, "gone");
        uint64_t last = store_kit_append(kit, "romeo", 3, NULL, "b");

        store_kit_prune(kit, "romeo", &(MotetStoreQuery){.start = 2, .end = 2});

        assert_text(store_kit_query(kit, "romeo",
                                    &(MotetStoreQuery){.before = hers, .max = 9, .newest = true}),
                    "a ");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.before = gone, .max = 9}),
                    "a ");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.before = last, .max = 9}),
                    "a ");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.before = first, .max = 9}),
                    "");
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.before = last + 1, .max = 9}),
                    "a b ");
        assert_text(store_kit_query(kit, "juliet", &(MotetStoreQuery){.before = last, .max = 9}),
                    "hers ");
}

/* Every combination of conditions, against the plain meaning of each. */

#define N_ENTRIES 40

typedef struct {
        uint64_t id;
        int64_t when;
        const char *with;
        char text[8];
        bool pruned;
} Expected;

static const char *const partners[] = {NULL, "juliet@example.org", "nurse@example.net"};

static void
fill(StoreKit *kit, Expected *entries)
{
        for (unsigned i = 0; i < N_ENTRIES; i++) {
                Expected *entry = &entries[i];

                *entry = (Expected){.when = 1000 + (int64_t)(i * 7 % N_ENTRIES),
                                    .with = partners[i % 3]};
                g_snprintf(entry->text, sizeof entry->text, "e%u", i);
                entry->id = store_kit_append(kit, "romeo", entry->when, entry->with, entry->text);
                store_kit_append(kit, "juliet", entry->when, entry->with, "not his");
        }
}

static bool
is_meant(const MotetStoreQuery *query, const Expected *entry)
{
        bool after = query->after == 0 || entry->id > query->after;
        bool before = query->before == 0 || entry->id < query->before;
        bool start_ok = query->start == 0 || entry->when >= query->start;
        bool end_ok = query->end == 0 || entry->when <= query->end;
        bool with = query->with == NULL || g_strcmp0(query->with, entry->with) == 0;

        return !entry->pruned && after && before && start_ok && end_ok && with;
}

static char *
expect(const MotetStoreQuery *query, const Expected *entries)
{
        GString *text = g_string_new(NULL);
        unsigned matching = 0, seen = 0;

        for (unsigned i = 0; i < N_ENTRIES; i++)
                matching += is_meant(query, &entries[i]);
        for (unsigned i = 0; i < N_ENTRIES; i++) {
                if (!is_meant(query, &entries[i]))
                        continue;
                if (query->newest ? matching - seen <= query->max : seen < query->max)
                        g_string_append_printf(text, "%s ", entries[i].text);
                seen++;
        }
        return g_string_free(g_string_append(text, matching > query->max ? "+" : ""), FALSE);
}

/* The combination with this number, of N_QUERIES. */
static MotetStoreQuery
query_number(unsigned number, const Expected *entries)
{
        static const unsigned maxima[] = {1, 7, 100};
        const uint64_t afters[] = {0, entries[9].id, entries[N_ENTRIES - 1].id};
        const uint64_t befores[] = {0, entries[30].id, entries[0].id};
        MotetStoreQuery query = {0};

        query.after = afters[number % 3];
        number /= 3;
        query.before = befores[number % 3];
        number /= 3;
        query.start = number % 2 != 0 ? 1010 : 0;
        number /= 2;
        query.end = number % 2 != 0 ? 1033 : 0;
        number /= 2;
        query.with = partners[number % 3];
        number /= 3;
        query.max = maxima[number % 3];
        number /= 3;
        query.newest = number % 2 != 0;
        return query;
}

#define N_QUERIES (3 * 3 * 2 * 2 * 3 * 3 * 2)

static void
test_queries(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        Expected entries[N_ENTRIES];

        fill(kit, entries);
        for (unsigned i = 0; i < N_QUERIES; i++) {
                MotetStoreQuery query = query_number(i, entries);
                g_autofree char *expected = expect(&query, entries);

                assert_text(store_kit_query(kit, "romeo", &query), expected);
        }
}

static void
test_prunes(const void *data)
{
        const MotetStoreQuery everything = {.max = N_ENTRIES};
        const unsigned n_prunes = 3 * 3 * 2 * 2 * 3;

        for (unsigned i = 0; i < n_prunes; i++) {
                g_autoptr(StoreKit) kit = start(data);
                Expected entries[N_ENTRIES];
                unsigned left = 0;

                fill(kit, entries);
                MotetStoreQuery query = query_number(i, entries);

                g_assert_cmpint(store_kit_prune(kit, "romeo", &query), ==, 0);
                for (unsigned j = 0; j < N_ENTRIES; j++) {
                        entries[j].pruned = is_meant(&query, &entries[j]);
                        left += !entries[j].pruned;
                }

                g_autofree char *expected = expect(&everything, entries);

                assert_text(store_kit_query(kit, "romeo", &everything), expected);
                g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, left);
                g_assert_cmpuint(store_kit_count(kit, "juliet"), ==, N_ENTRIES);
        }
}

/* What is appended after pruning joins what was left. */
static void
test_append_after_prune(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        uint64_t ids[5];

        for (unsigned i = 0; i < 5; i++) {
                char text[] = {(char)('a' + i), '\0'};

                ids[i] = store_kit_append(kit, "romeo", i + 1, NULL, text);
        }
        store_kit_prune(kit, "romeo", &(MotetStoreQuery){.after = ids[2]});
        store_kit_append(kit, "romeo", 9, NULL, "f");
        store_kit_prune(kit, "romeo", &(MotetStoreQuery){.start = 2, .end = 2});
        store_kit_append(kit, "romeo", 10, NULL, "g");

        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 10}), "a c f g ");
        g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, 4);
}

static void
test_archive_accounts(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        store_kit_append(kit, "romeo", 1, NULL, "text");
        store_kit_append(kit, "juliet", 1, NULL, "text");
        store_kit_append(kit, "juliet", 1, NULL, "text");
        store_kit_append(kit, "nurse", 1, NULL, "text");
        store_kit_prune(kit, "nurse", &(MotetStoreQuery){0});

        assert_text(store_kit_list(kit, kit->archive, NULL, true), "juliet romeo ");
}

static void
note_id(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(uint64_t *)data = id;
}

/* Requests of an archive are in order as those of a map. */
static void
test_archive_in_order(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) value = store_kit_bytes("text");
        const MotetStoreEntry entry = {.when = 1, .value = value};
        uint64_t before = 99, between = 99, after = 99;

        motet_store_count(kit->archive, "romeo", note_id, &before);
        motet_store_append(kit->archive, "romeo", &entry, NULL, NULL);
        motet_store_append(kit->archive, "romeo", &entry, NULL, NULL);
        motet_store_count(kit->archive, "romeo", note_id, &between);
        motet_store_prune(kit->archive, "romeo", &(MotetStoreQuery){0}, NULL, NULL);
        motet_store_count(kit->archive, "romeo", note_id, &after);
        test_server_settle(kit->server);

        g_assert_cmpuint(before, ==, 0);
        g_assert_cmpuint(between, ==, 2);
        g_assert_cmpuint(after, ==, 0);
}

/* Accounts */

static void
test_drop_account(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autofree StoreKit *other = store_kit_on_other_host(kit);

        store_kit_set(kit, kit->map, "romeo", "a", "text");
        store_kit_set(kit, kit->map, "romeo", "b", "text");
        store_kit_set(kit, kit->keyval, "romeo", "", "text");
        store_kit_append(kit, "romeo", 1, NULL, "text");
        store_kit_append(kit, "romeo", 1, NULL, "text");
        store_kit_set(kit, kit->map, "juliet", "a", "hers");
        store_kit_append(kit, "juliet", 1, NULL, "hers");
        store_kit_set(other, other->map, "romeo", "a", "there");
        store_kit_append(other, "romeo", 1, NULL, "there");

        g_assert_cmpint(store_kit_drop(kit, "romeo"), ==, 0);

        assert_text(store_kit_list(kit, kit->map, NULL, false), "juliet/a=hers ");
        assert_text(store_kit_list(kit, kit->keyval, NULL, true), "");
        assert_text(store_kit_list(kit, kit->archive, NULL, true), "juliet ");
        g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, 0);
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 9}), "");
        assert_text(store_kit_query(kit, "juliet", &(MotetStoreQuery){.max = 9}), "hers ");
        assert_text(store_kit_list(other, other->map, NULL, false), "romeo/a=there ");
        assert_text(store_kit_query(other, "romeo", &(MotetStoreQuery){.max = 9}), "there ");
}

static void
test_drop_missing_account(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(store_kit_drop(kit, "romeo"), ==, 0);
}

static void
test_account_made_again(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        store_kit_append(kit, "romeo", 1, NULL, "former");
        store_kit_drop(kit, "romeo");
        store_kit_append(kit, "romeo", 1, NULL, "new");

        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 9}), "new ");
        g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, 1);
}

const StoreKitTest store_kit_archive_tests[] = {
        {"entry-ids-grow", test_ids_grow},
        {"entry-ids-grow-after-pruning", test_ids_grow_after_prune},
        {"an-entry-is-kept-whole", test_entry_is_whole},
        {"a-page-ends-at-its-limit", test_page_limits},
        {"before-any-id", test_before_any_id},
        {"every-combination-of-conditions", test_queries},
        {"pruning-by-every-combination", test_prunes},
        {"appending-after-pruning", test_append_after_prune},
        {"accounts-with-entries-are-listed", test_archive_accounts},
        {"archives-are-in-order", test_archive_in_order},
        {"a-dropped-account-is-gone-everywhere", test_drop_account},
        {"dropping-no-account-is-no-error", test_drop_missing_account},
        {"an-account-made-again-is-empty", test_account_made_again},
        {0},
};
