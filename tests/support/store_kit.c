/*
 * store_kit: the tests that are about documents.
 */
#include "support/store_kit.h"

#include <stdlib.h>
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

/* Documents */

static void
test_nothing(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), NULL);
        assert_text(store_kit_list(kit, kit->map, "romeo", false), "");
        assert_text(store_kit_list(kit, kit->map, NULL, false), "");
        assert_text(store_kit_list(kit, kit->map, NULL, true), "");
}

static void
test_written_is_read(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "first"), ==, 0);
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "second"), ==, 0);

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "second");
}

static void
test_keyval(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(store_kit_set(kit, kit->keyval, "romeo", "", "document"), ==, 0);

        assert_text(store_kit_read(kit, kit->keyval, "romeo", ""), "document");
        assert_text(store_kit_list(kit, kit->keyval, NULL, false), "romeo/=document ");
}

/* An account of "" is the host itself. */
static void
test_host_account(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(store_kit_set(kit, kit->map, "", "key", "of the host"), ==, 0);

        assert_text(store_kit_read(kit, kit->map, "", "key"), "of the host");
        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), NULL);
        assert_text(store_kit_list(kit, kit->map, "", false), "/key=of the host ");
}

static void
test_empty_is_not_none(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", ""), ==, 0);

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "");
        assert_text(store_kit_read(kit, kit->map, "romeo", "other"), NULL);
}

static void
take_value(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(GBytes **)data = value != NULL ? g_bytes_ref(value) : NULL;
}

static void
check_round_trip(StoreKit *kit, GBytes *value)
{
        g_autoptr(GBytes) read = NULL;
        MotetStoreChange change = {.key = "key", .value = value};

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", &change, 1, 0), ==, 0);
        motet_store_read(kit->map, "romeo", "key", take_value, &read);
        test_server_settle(kit->server);

        g_assert_nonnull(read);
        g_assert_true(g_bytes_equal(read, value));
}

static void
test_every_byte(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        guint8 bytes[512];

        for (unsigned i = 0; i < sizeof bytes; i++)
                bytes[i] = (guint8)(i * 7);

        g_autoptr(GBytes) value = g_bytes_new(bytes, sizeof bytes);

        check_round_trip(kit, value);
}

static void
test_big(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        size_t n = 1024 * 1024;
        guint8 *bytes = g_malloc(n);

        for (size_t i = 0; i < n; i++)
                bytes[i] = (guint8)((i * i) >> 8);

        g_autoptr(GBytes) value = g_bytes_new_take(bytes, n);

        check_round_trip(kit, value);
}

static const char *const odd_keys[] = {
        " ",
        "'",
        "\"",
        "%",
        "%s",
        "*",
        "--",
        ";DROP TABLE documents",
        "A",
        "NULL",
        "\\",
        "a",
        "a b",
        "a\nb",
        "a/b",
        "romeo",
        "urn:xmpp:ping",
        "\xc3\xa9",
        "\xf0\x9f\x90\xb8",
};

static int
compare_texts(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys are bytes: compared and ordered as such. */
static void
test_odd_keys(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        const char *sorted[G_N_ELEMENTS(odd_keys)];
        g_autoptr(GString) expected = g_string_new(NULL);

        memcpy(sorted, odd_keys, sizeof odd_keys);
        qsort(sorted, G_N_ELEMENTS(sorted), sizeof *sorted, compare_texts);
        for (size_t i = 0; i < G_N_ELEMENTS(odd_keys); i++) {
                const char *key = odd_keys[i];

                g_assert_cmpint(store_kit_set(kit, kit->map, key, key, key), ==, 0);
                g_string_append_printf(expected, "%s/%s=%s ", sorted[i], sorted[i], sorted[i]);
        }

        for (size_t i = 0; i < G_N_ELEMENTS(odd_keys); i++)
                assert_text(store_kit_read(kit, kit->map, odd_keys[i], odd_keys[i]), odd_keys[i]);
        assert_text(store_kit_list(kit, kit->map, NULL, false), expected->str);
}

static void
test_accounts_are_apart(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        store_kit_set(kit, kit->map, "romeo", "key", "his");
        store_kit_set(kit, kit->map, "rome", "okey", "other");
        store_kit_set(kit, kit->map, "juliet", "key", "hers");

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "his");
        assert_text(store_kit_read(kit, kit->map, "juliet", "key"), "hers");
        assert_text(store_kit_list(kit, kit->map, "rome", false), "rome/okey=other ");
}

static void
test_stores_are_apart(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        store_kit_set(kit, kit->map, "romeo", "", "in the map");
        store_kit_set(kit, kit->keyval, "romeo", "", "in the keyval");

        assert_text(store_kit_read(kit, kit->map, "romeo", ""), "in the map");
        assert_text(store_kit_read(kit, kit->keyval, "romeo", ""), "in the keyval");
}

static void
test_hosts_are_apart(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autofree StoreKit *other = store_kit_on_other_host(kit);

        store_kit_set(kit, kit->map, "romeo", "key", "here");
        store_kit_set(other, other->map, "romeo", "key", "there");
        store_kit_append(kit, "romeo", 1, NULL, "here");

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "here");
        assert_text(store_kit_read(other, other->map, "romeo", "key"), "there");
        g_assert_cmpuint(store_kit_count(other, "romeo"), ==, 0);
}

static void
test_delete(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        store_kit_set(kit, kit->map, "romeo", "key", "text");
        store_kit_set(kit, kit->map, "romeo", "other", "text");
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", NULL), ==, 0);

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), NULL);
        assert_text(store_kit_list(kit, kit->map, "romeo", false), "romeo/other=text ");
}

static void
test_delete_missing(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", NULL), ==, 0);
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", NULL), ==, 0);
}

static void
test_read_all_in_order(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        store_kit_set(kit, kit->map, "juliet", "b", "3");
        store_kit_set(kit, kit->map, "romeo", "a", "4");
        store_kit_set(kit, kit->map, "juliet", "a", "2");
        store_kit_set(kit, kit->map, "benvolio", "z", "1");

        assert_text(store_kit_list(kit, kit->map, NULL, false),
                    "benvolio/z=1 juliet/a=2 juliet/b=3 romeo/a=4 ");
        assert_text(store_kit_list(kit, kit->map, "juliet", false), "juliet/a=2 juliet/b=3 ");
        assert_text(store_kit_list(kit, kit->map, NULL, true), "benvolio juliet romeo ");
}

static void
test_account_without_documents(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        store_kit_set(kit, kit->map, "romeo", "key", "text");
        store_kit_set(kit, kit->map, "romeo", "key", NULL);

        assert_text(store_kit_list(kit, kit->map, NULL, true), "");
}

/* Batches */

static void
test_batch(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) text = store_kit_bytes("new");

        store_kit_set(kit, kit->map, "romeo", "gone", "old");
        store_kit_set(kit, kit->map, "romeo", "changed", "old");

        const MotetStoreChange changes[] = {
                {.key = "gone"},
                {.key = "changed", .value = text},
                {.key = "made", .value = text, .create = true},
        };

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", changes, 3, 0), ==, 0);
        assert_text(store_kit_list(kit, kit->map, "romeo", false),
                    "romeo/changed=new romeo/made=new ");
}

static void
test_empty_batch(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", NULL, 0, 0), ==, 0);
        assert_text(store_kit_list(kit, kit->map, NULL, true), "");
}

static void
test_create_conflict(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) text = store_kit_bytes("new");
        const MotetStoreChange create = {.key = "key", .value = text, .create = true};

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", &create, 1, 0), ==, 0);
        store_kit_set(kit, kit->map, "romeo", "key", "old");

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", &create, 1, 0), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_EXISTS));
        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "old");
}

static void
test_batch_is_atomic(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) text = store_kit_bytes("new");

        store_kit_set(kit, kit->map, "romeo", "a", "old");
        store_kit_set(kit, kit->map, "romeo", "b", "old");

        const MotetStoreChange changes[] = {
                {.key = "a", .value = text}, {.key = "b"},
                {.key = "c", .value = text}, {.key = "a", .value = text, .create = true},
                {.key = "d", .value = text},
        };

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", changes, 5, 0), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_EXISTS));
        assert_text(store_kit_list(kit, kit->map, "romeo", false), "romeo/a=old romeo/b=old ");
}

/* Changes of a batch happen in order: a document may be replaced as a new one. */
static void
test_batch_in_order(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) text = store_kit_bytes("new");

        store_kit_set(kit, kit->map, "romeo", "key", "old");

        const MotetStoreChange changes[] = {
                {.key = "key"},
                {.key = "key", .value = text, .create = true},
        };

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", changes, 2, 0), ==, 0);
        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "new");
}

static void
note_result(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        g_string_append_printf(data, "%d ", error != NULL ? STORE_KIT_ERROR(error->code) : 0);
}

/*
 * A request that is refused takes nothing with it of those that are carried out at the same time.
 */
static void
test_refused_alone(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) text = store_kit_bytes("text");
        g_autoptr(GString) results = g_string_new(NULL);
        const MotetStoreChange changes[] = {
                {.key = "extra", .value = text},
                {.key = "a", .value = text, .create = true},
        };

        motet_store_set(kit->map, "romeo", "a", text, note_result, results);
        motet_store_write(kit->map, "romeo", changes, 2, 0, note_result, results);
        motet_store_set(kit->map, "romeo", "b", text, note_result, results);
        test_server_settle(kit->server);

        g_autofree char *expected = g_strdup_printf("0 %d 0 ", STORE_KIT_ERROR(MOTET_ERROR_EXISTS));

        g_assert_cmpstr(results->str, ==, expected);
        assert_text(store_kit_list(kit, kit->map, NULL, false), "romeo/a=text romeo/b=text ");
}

static const StoreKitTest document_tests[] = {
        {"nothing-is-there-at-first", test_nothing},
        {"what-was-written-is-read", test_written_is_read},
        {"a-keyval-has-one-document", test_keyval},
        {"the-host-itself-has-documents", test_host_account},
        {"an-empty-document-is-not-none", test_empty_is_not_none},
        {"every-byte-is-kept", test_every_byte},
        {"a-megabyte-is-kept", test_big},
        {"keys-are-bytes", test_odd_keys},
        {"accounts-are-apart", test_accounts_are_apart},
        {"stores-are-apart", test_stores_are_apart},
        {"hosts-are-apart", test_hosts_are_apart},
        {"deleted-is-gone", test_delete},
        {"deleting-nothing-is-no-error", test_delete_missing},
        {"documents-are-listed-in-order", test_read_all_in_order},
        {"an-account-without-documents-is-not-listed", test_account_without_documents},
        {"a-batch-changes-all", test_batch},
        {"an-empty-batch-succeeds", test_empty_batch},
        {"create-refuses-what-exists", test_create_conflict},
        {"a-refused-batch-changes-nothing", test_batch_is_atomic},
        {"a-batch-is-in-order", test_batch_in_order},
        {"a-refused-request-spoils-no-other", test_refused_alone},
        {0},
};

static void
add_tests(const char *unit, const char *config_yaml, const StoreKitTest *tests)
{
        for (; tests->name != NULL; tests++) {
                g_autofree char *path = g_strdup_printf("/%s/%s", unit, tests->name);

                g_test_add_data_func(path, config_yaml, tests->run);
        }
}

void
store_kit_add(const char *unit, const char *config_yaml)
{
        add_tests(unit, config_yaml, document_tests);
        add_tests(unit, config_yaml, store_kit_order_tests);
        add_tests(unit, config_yaml, store_kit_archive_tests);
}
