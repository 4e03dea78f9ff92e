/*
 * store_request: one request to a store and its result, as a plain call.
 */
#include "support/store_kit.h"

#include <string.h>

typedef struct {
        bool told;
        int result;
        GString *text;
        char *value;
        uint64_t id;
} Answer;

static int
result_of(const GError *error)
{
        if (error == NULL)
                return 0;
        g_assert_true(error->domain == MOTET_ERROR);
        g_assert_cmpstr(error->message, !=, "");
        return STORE_KIT_ERROR(error->code);
}

static void
take_done(MotetModule *self, const GError *error, void *data)
{
        Answer *answer = data;

        (void)self;
        g_assert_false(answer->told);
        answer->told = true;
        answer->result = result_of(error);
}

static char *
text_of(GBytes *value)
{
        size_t n;
        const char *text = g_bytes_get_data(value, &n);

        return n > 0 ? g_strndup(text, n) : g_strdup("");
}

static void
take_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Answer *answer = data;

        g_assert_no_error(error);
        take_done(self, error, data);
        answer->value = value != NULL ? text_of(value) : NULL;
}

static void
take_items(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
           void *data)
{
        Answer *answer = data;

        g_assert_no_error(error);
        take_done(self, error, data);
        for (size_t i = 0; i < n; i++) {
                g_autofree char *text = items[i].value != NULL ? text_of(items[i].value) : NULL;

                g_string_append(answer->text, items[i].account);
                if (items[i].key != NULL)
                        g_string_append_printf(answer->text, "/%s=%s", items[i].key, text);
                g_string_append_c(answer->text, ' ');
        }
}

static void
take_entries(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
             bool complete, void *data)
{
        Answer *answer = data;
        uint64_t last = 0;

        g_assert_no_error(error);
        take_done(self, error, data);
        for (size_t i = 0; i < n; i++) {
                g_autofree char *text = text_of(entries[i].value);

                g_assert_cmpuint(entries[i].id, >, last);
                last = entries[i].id;
                g_string_append_printf(answer->text, "%s ", text);
        }
        if (!complete)
                g_string_append_c(answer->text, '+');
}

static void
take_id(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        Answer *answer = data;

        take_done(self, error, data);
        answer->id = id;
}

static void
await(StoreKit *kit, const Answer *answer)
{
        test_server_settle(kit->server);
        g_assert_true(answer->told);
}

GBytes *
store_kit_bytes(const char *text)
{
        return g_bytes_new(text, strlen(text));
}

StoreKit *
store_kit_start(TestServer *server)
{
        StoreKit *kit = g_new0(StoreKit, 1);
        g_autoptr(GError) error = NULL;

        kit->server = server;
        kit->owner = test_server_owner(server);
        kit->keyval = motet_store_open(kit->owner, "kit_keyval", MOTET_STORE_KEYVAL, &error);
        g_assert_no_error(error);
        kit->map = motet_store_open(kit->owner, "kit_map", MOTET_STORE_MAP, &error);
        g_assert_no_error(error);
        kit->archive = motet_store_open(kit->owner, "kit_archive", MOTET_STORE_ARCHIVE, &error);
        g_assert_no_error(error);
        return kit;
}

void
store_kit_stop(StoreKit *kit)
{
        test_server_free(kit->server);
        g_free(kit);
}

StoreKit *
store_kit_on_other_host(const StoreKit *kit)
{
        StoreKit *other = g_new0(StoreKit, 1);
        MotetServer *server = motet_host_server(test_server_host(kit->server));
        MotetHost *host = motet_host_find(server, "example.net");

        other->server = kit->server;
        other->owner = test_server_module(kit->server, "iq", host);
        g_assert_nonnull(other->owner);
        other->map = motet_store_open(other->owner, "kit_map", MOTET_STORE_MAP, NULL);
        other->archive = motet_store_open(other->owner, "kit_archive", MOTET_STORE_ARCHIVE, NULL);
        return other;
}

int
store_kit_set(StoreKit *kit, MotetStore *store, const char *account, const char *key,
              const char *text)
{
        g_autoptr(GBytes) value = text != NULL ? store_kit_bytes(text) : NULL;
        Answer answer = {0};

        motet_store_set(store, account, key, value, take_done, &answer);
        await(kit, &answer);
        return answer.result;
}

int
store_kit_write(StoreKit *kit, MotetStore *store, const char *account,
                const MotetStoreChange *changes, size_t n, uint64_t epoch)
{
        Answer answer = {0};

        motet_store_write(store, account, changes, n, epoch, take_done, &answer);
        await(kit, &answer);
        return answer.result;
}

char *
store_kit_read(StoreKit *kit, MotetStore *store, const char *account, const char *key)
{
        Answer answer = {0};

        motet_store_read(store, account, key, take_read, &answer);
        await(kit, &answer);
        return answer.value;
}

char *
store_kit_list(StoreKit *kit, MotetStore *store, const char *account, bool accounts)
{
        Answer answer = {.text = g_string_new(NULL)};

        if (accounts)
                motet_store_accounts(store, take_items, &answer);
        else
                motet_store_read_all(store, account, take_items, &answer);
        await(kit, &answer);
        return g_string_free(answer.text, FALSE);
}

uint64_t
store_kit_append(StoreKit *kit, const char *account, int64_t when, const char *with,
                 const char *text)
{
        g_autoptr(GBytes) value = store_kit_bytes(text);
        const MotetStoreEntry entry = {.when = when, .with = with, .value = value};
        Answer answer = {0};

        motet_store_append(kit->archive, account, &entry, take_id, &answer);
        await(kit, &answer);
        g_assert_cmpint(answer.result, ==, 0);
        return answer.id;
}

char *
store_kit_query(StoreKit *kit, const char *account, const MotetStoreQuery *query)
{
        Answer answer = {.text = g_string_new(NULL)};

        motet_store_query(kit->archive, account, query, take_entries, &answer);
        await(kit, &answer);
        return g_string_free(answer.text, FALSE);
}

uint64_t
store_kit_count(StoreKit *kit, const char *account)
{
        Answer answer = {0};

        motet_store_count(kit->archive, account, take_id, &answer);
        await(kit, &answer);
        g_assert_cmpint(answer.result, ==, 0);
        return answer.id;
}

int
store_kit_prune(StoreKit *kit, const char *account, const MotetStoreQuery *query)
{
        Answer answer = {0};

        motet_store_prune(kit->archive, account, query, take_done, &answer);
        await(kit, &answer);
        return answer.result;
}

int
store_kit_drop(StoreKit *kit, const char *account)
{
        Answer answer = {0};

        motet_store_drop_account(kit->owner, account, take_done, &answer);
        await(kit, &answer);
        return answer.result;
}
