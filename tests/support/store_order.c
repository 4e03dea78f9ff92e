/*
 * store_order: the tests of the kit that are about epochs, order and the end of an owner.
 */
#include "support/store_kit.h"

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

/* Epochs */

static int
write_under(StoreKit *kit, const char *account, const char *text, uint64_t epoch)
{
        g_autoptr(GBytes) value = store_kit_bytes(text);
        const MotetStoreChange change = {.key = "key", .value = value};

        return store_kit_write(kit, kit->map, account, &change, 1, epoch);
}

static void
test_older_epoch(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        int refused = STORE_KIT_ERROR(MOTET_ERROR_STORE);

        g_assert_cmpint(write_under(kit, "romeo", "5", 5), ==, 0);
        g_assert_cmpint(write_under(kit, "romeo", "4", 4), ==, refused);
        g_assert_cmpint(write_under(kit, "romeo", "0", 0), ==, refused);

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "5");
}

static void
test_same_and_newer_epoch(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(write_under(kit, "romeo", "5", 5), ==, 0);
        g_assert_cmpint(write_under(kit, "romeo", "5 again", 5), ==, 0);
        g_assert_cmpint(write_under(kit, "romeo", "huge", UINT64_MAX), ==, 0);
        g_assert_cmpint(write_under(kit, "romeo", "6", 6), !=, 0);

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "huge");
}

static void
test_epoch_of_one_account(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(write_under(kit, "romeo", "5", 5), ==, 0);

        g_assert_cmpint(write_under(kit, "juliet", "1", 1), ==, 0);
}

/* A write that is refused for another reason does not move the epoch. */
static void
test_epoch_of_refused_write(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) text = store_kit_bytes("text");
        const MotetStoreChange create = {.key = "key", .value = text, .create = true};

        g_assert_cmpint(write_under(kit, "romeo", "1", 1), ==, 0);
        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", &create, 1, 9), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_EXISTS));

        g_assert_cmpint(write_under(kit, "romeo", "2", 2), ==, 0);
}

/* Who lost the account cannot bring it back. */
static void
test_epoch_outlives_account(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);

        g_assert_cmpint(write_under(kit, "romeo", "5", 5), ==, 0);
        g_assert_cmpint(store_kit_drop(kit, "romeo"), ==, 0);

        g_assert_cmpint(write_under(kit, "romeo", "4", 4), ==, STORE_KIT_ERROR(MOTET_ERROR_STORE));
        assert_text(store_kit_list(kit, kit->map, NULL, true), "");
}

/* Order */

static void
note_value(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)self;
        g_assert_no_error(error);
        if (value == NULL)
                g_string_append(data, "none ");
        else
                g_string_append_printf(data, "%.*s ", (int)g_bytes_get_size(value),
                                       (const char *)g_bytes_get_data(value, NULL));
}

/* A read sees every write submitted before it, and none submitted after. */
static void
test_reads_see_writes_before(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GBytes) first = store_kit_bytes("first"), second = store_kit_bytes("second");
        g_autoptr(GString) log = g_string_new(NULL);

        motet_store_read(kit->map, "romeo", "key", note_value, log);
        motet_store_set(kit->map, "romeo", "key", first, NULL, NULL);
        motet_store_read(kit->map, "romeo", "key", note_value, log);
        motet_store_set(kit->map, "romeo", "key", second, NULL, NULL);
        motet_store_read(kit->map, "romeo", "key", note_value, log);
        motet_store_set(kit->map, "romeo", "key", NULL, NULL, NULL);
        motet_store_read(kit->map, "romeo", "key", note_value, log);
        test_server_settle(kit->server);

        g_assert_cmpstr(log->str, ==, "none first second none ");
}

static void
test_not_before_return(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GString) log = g_string_new(NULL);

        motet_store_read(kit->map, "romeo", "key", note_value, log);
        g_assert_cmpstr(log->str, ==, "");
        test_server_settle(kit->server);

        g_assert_cmpstr(log->str, ==, "none ");
}

typedef struct {
        GArray *finished; /* of unsigned */
        unsigned number;
} Numbered;

static void
note_number(MotetModule *self, const GError *error, void *data)
{
        Numbered *numbered = data;

        (void)self;
        g_assert_no_error(error);
        g_array_append_val(numbered->finished, numbered->number);
        g_free(numbered);
}

static void
test_many_in_order(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        g_autoptr(GArray) finished = g_array_new(FALSE, FALSE, sizeof(unsigned));
        const unsigned n = 3000;

        for (unsigned i = 0; i < n; i++) {
                g_autofree char *account = g_strdup_printf("user%u", i % 100);
                g_autofree char *key = g_strdup_printf("%u", i / 100);
                g_autoptr(GBytes) value = store_kit_bytes(key);
                Numbered *numbered = g_new(Numbered, 1);

                *numbered = (Numbered){finished, i};
                motet_store_set(kit->map, account, key, value, note_number, numbered);
        }
        test_server_settle(kit->server);

        g_assert_cmpuint(finished->len, ==, n);
        for (unsigned i = 100; i < n; i++)
                g_assert_cmpuint(g_array_index(finished, unsigned, i), >,
                                 g_array_index(finished, unsigned, i - 100));
        assert_text(store_kit_read(kit, kit->map, "user7", "29"), "29");
}

typedef struct {
        StoreKit *kit;
        unsigned left;
} Countdown;

static void
write_next(MotetModule *self, const GError *error, void *data)
{
        Countdown *countdown = data;
        g_autofree char *text = g_strdup_printf("%u", countdown->left);
        g_autoptr(GBytes) value = store_kit_bytes(text);

        (void)self;
        g_assert_no_error(error);
        if (countdown->left-- > 0)
                motet_store_set(countdown->kit->map, "romeo", "key", value, write_next, countdown);
}

/* Who is told of a result may ask for the next thing at once. */
static void
test_asking_from_a_result(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        Countdown countdown = {kit, 50};

        write_next(kit->owner, NULL, &countdown);
        test_server_settle(kit->server);

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "1");
}

static void
never_told(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        (void)error;
        (void)data;
        g_assert_not_reached();
}

/* What an owner that stops has asked for is carried out, and nobody is told. */
static void
test_owner_stops(const void *data)
{
        g_autoptr(StoreKit) kit = start(data);
        MotetModule *iq = test_server_module(kit->server, "iq", test_server_host(kit->server));
        MotetStore *store = motet_store_open(iq, "kit_map", MOTET_STORE_MAP, NULL);
        g_autoptr(GBytes) value = store_kit_bytes("text");
        g_autoptr(GString) without = g_string_new(data);

        g_assert_cmpuint(g_string_replace(without, ", iq: }", "}", 0), ==, 1);
        motet_store_set(store, "romeo", "key", value, never_told, NULL);
        g_assert_true(test_server_reload(kit->server, without->str, NULL));

        g_assert_null(test_server_module(kit->server, "iq", test_server_host(kit->server)));
        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "text");
}

const StoreKitTest store_kit_order_tests[] = {
        {"an-older-epoch-is-refused", test_older_epoch},
        {"the-same-and-a-newer-epoch-may-write", test_same_and_newer_epoch},
        {"an-epoch-is-of-one-account", test_epoch_of_one_account},
        {"a-refused-write-moves-no-epoch", test_epoch_of_refused_write},
        {"an-epoch-outlives-its-account", test_epoch_outlives_account},
        {"reads-see-the-writes-before-them", test_reads_see_writes_before},
        {"nobody-is-told-before-return", test_not_before_return},
        {"many-finish-in-order", test_many_in_order},
        {"what-a-stopped-owner-asked-is-done", test_owner_stops},
        {"a-result-may-ask-for-more", test_asking_from_a_result},
        {0},
};
