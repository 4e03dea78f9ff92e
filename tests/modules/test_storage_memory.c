/*
 * storage_memory: the promises of a store, and the limit of the memory.
 */
#include "support/store_kit.h"

#include <string.h>

static const char config[] = "hosts: {example.org: , example.net: }\n"
                             "storage: {default: memory}\n"
                             "modules: {storage_memory: {options: {max_bytes: 16 MiB}}, iq: }\n";

static const char small[] = "hosts: {example.org: , example.net: }\n"
                            "storage: {default: memory}\n"
                            "modules: {storage_memory: {options: {max_bytes: 4096}}, iq: }\n";

/*
 * Of the 4096 bytes one document takes its key, which is its address of 28 bytes, 96 more, and its
 * value.
 */
#define ROOM (4096 - 28 - 96)

static int
set_bytes(StoreKit *kit, const char *key, size_t n)
{
        g_autofree char *text = g_strnfill(n, 'x');

        return store_kit_set(kit, kit->map, "romeo", key, text);
}

static void
test_limit(void)
{
        g_autoptr(StoreKit) kit = store_kit_start(test_server_new_config(small));

        g_assert_cmpint(set_bytes(kit, "a", ROOM + 1), ==, STORE_KIT_ERROR(MOTET_ERROR_STORE));
        g_assert_null(store_kit_read(kit, kit->map, "romeo", "a"));

        g_assert_cmpint(set_bytes(kit, "a", ROOM), ==, 0);
        g_assert_cmpint(set_bytes(kit, "b", 1), ==, STORE_KIT_ERROR(MOTET_ERROR_STORE));
}

static void
test_room_comes_back(void)
{
        g_autoptr(StoreKit) kit = store_kit_start(test_server_new_config(small));

        for (unsigned i = 0; i < 3; i++) {
                g_assert_cmpint(set_bytes(kit, "a", ROOM), ==, 0);
                g_assert_cmpint(set_bytes(kit, "a", ROOM - 1), ==, 0);
                g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "a", NULL), ==, 0);
                g_assert_cmpint(set_bytes(kit, "b", ROOM), ==, 0);
                g_assert_cmpint(store_kit_drop(kit, "romeo"), ==, 0);
        }
}

/* A batch that does not fit changes nothing, and takes no room. */
static void
test_batch_beyond_the_limit(void)
{
        g_autoptr(StoreKit) kit = store_kit_start(test_server_new_config(small));
        g_autofree char *text = g_strnfill(2000, 'x');
        g_autoptr(GBytes) value = store_kit_bytes(text);
        const MotetStoreChange changes[] = {
                {.key = "a", .value = value},
                {.key = "b", .value = value},
        };

        g_assert_cmpint(store_kit_write(kit, kit->map, "romeo", changes, 2, 0), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_STORE));
        g_assert_cmpint(set_bytes(kit, "a", ROOM), ==, 0);
}

static void
note_result(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        (void)self;
        (void)id;
        *(int *)data = error != NULL ? STORE_KIT_ERROR(error->code) : 0;
}

static int
append_bytes(StoreKit *kit, size_t n)
{
        g_autofree char *text = g_strnfill(n, 'x');
        g_autoptr(GBytes) value = store_kit_bytes(text);
        const MotetStoreEntry entry = {.when = 1, .with = "a@b", .value = value};
        int result = -1;

        motet_store_append(kit->archive, "romeo", &entry, note_result, &result);
        test_server_settle(kit->server);
        return result;
}

static void
test_archive_limit(void)
{
        g_autoptr(StoreKit) kit = store_kit_start(test_server_new_config(small));
        const size_t room = 4096 - 3 - 96;

        g_assert_cmpint(append_bytes(kit, room + 1), ==, STORE_KIT_ERROR(MOTET_ERROR_STORE));
        g_assert_cmpuint(store_kit_count(kit, "romeo"), ==, 0);
        for (unsigned i = 0; i < 3; i++) {
                g_assert_cmpint(append_bytes(kit, room), ==, 0);
                g_assert_cmpint(append_bytes(kit, 0), ==, STORE_KIT_ERROR(MOTET_ERROR_STORE));
                g_assert_cmpint(store_kit_prune(kit, "romeo", &(MotetStoreQuery){0}), ==, 0);
        }
}

/* Nothing is promised to survive, and nothing does. */
static void
test_gone_with_the_server(void)
{
        g_autoptr(StoreKit) first = store_kit_start(test_server_new_config(config));

        store_kit_set(first, first->map, "romeo", "key", "text");
        g_clear_pointer(&first, store_kit_stop);

        g_autoptr(StoreKit) second = store_kit_start(test_server_new_config(config));

        g_assert_null(store_kit_read(second, second->map, "romeo", "key"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_kit_add("storage_memory", config);
        g_test_add_func("/storage_memory/what-passes-the-limit-is-refused", test_limit);
        g_test_add_func("/storage_memory/room-comes-back", test_room_comes_back);
        g_test_add_func("/storage_memory/a-batch-beyond-the-limit-changes-nothing",
                        test_batch_beyond_the_limit);
        g_test_add_func("/storage_memory/entries-count-against-the-limit", test_archive_limit);
        g_test_add_func("/storage_memory/nothing-survives-the-server", test_gone_with_the_server);
        return g_test_run();
}
