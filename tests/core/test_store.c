/*
 * Tests of service-store's front: which backend gets a request, that it has copies, and who is told
 * its result, when.
 *
 * The backends are fakes that keep every request until the test completes it.
 */
#include <motet/service-store.h>

#include <motet/error.h>
#include <string.h>

#include "support/test_server.h"

static const char config_yaml[] =
        "storage:\n  default: one\n  stores:\n    roster: two\n    gone: missing\n";

/* A backend; its instance data is the queue of requests it holds. */
static void
keep(MotetModule *provider, MotetStoreRequest *request)
{
        g_queue_push_tail(motet_module_data(provider), request);
}

static void
complete_at_once(MotetModule *provider, MotetStoreRequest *request)
{
        (void)provider;
        request->error = g_error_new(MOTET_ERROR, MOTET_ERROR_STORE, "no patience");
        motet_store_complete(request);
}

static const MotetStoreBackend keeping = {.submit = keep};
static const MotetStoreBackend impatient = {.submit = complete_at_once};
static const MotetServiceDecl one_services[] = {{"store:one", &keeping}, {0}};
static const MotetServiceDecl two_services[] = {{"store:two", &keeping}, {0}};
static const MotetServiceDecl impatient_services[] = {{"store:one", &impatient}, {0}};
static const MotetModuleInfo one_info = {.abi = MOTET_ABI, .name = "one", .services = one_services};
static const MotetModuleInfo two_info = {.abi = MOTET_ABI, .name = "two", .services = two_services};
static const MotetModuleInfo impatient_info = {
        .abi = MOTET_ABI, .name = "impatient", .services = impatient_services};

typedef struct {
        TestServer *server;
        MotetModule one, two;
        GQueue one_queue, two_queue;
        GString *told; /* what callbacks were told */
} Fixture;

static void
start_instance(Fixture *fixture, MotetModule *instance, const MotetModuleInfo *info, GQueue *queue)
{
        *instance = (MotetModule){.info = info,
                                  .server = server_base(test_server_core(fixture->server)),
                                  .host = test_server_host(fixture->server)};
        instance_init(instance);
        motet_module_set_data(instance, queue, NULL);
        instance->running = true;
        host_add_instance(instance->host, instance);
}

static void
stop_instance(MotetModule *instance)
{
        if (!instance->running)
                return;
        instance->running = false;
        instance_drop_all(instance);
        host_remove_instance(instance->host, instance);
        instance_clear(instance);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->server = test_server_new_config(config_yaml);
        fixture->told = g_string_new(NULL);
        g_queue_init(&fixture->one_queue);
        g_queue_init(&fixture->two_queue);
        start_instance(fixture, &fixture->one, &one_info, &fixture->one_queue);
        start_instance(fixture, &fixture->two, &two_info, &fixture->two_queue);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpuint(g_queue_get_length(&fixture->one_queue), ==, 0);
        g_assert_cmpuint(g_queue_get_length(&fixture->two_queue), ==, 0);
        stop_instance(&fixture->one);
        stop_instance(&fixture->two);
        test_server_free(fixture->server);
        g_string_free(fixture->told, TRUE);
}

static MotetStore *
open_store(Fixture *fixture, const char *name, MotetStoreShape shape)
{
        g_autoptr(GError) error = NULL;
        MotetStore *store =
                motet_store_open(test_server_owner(fixture->server), name, shape, &error);

        g_assert_no_error(error);
        return store;
}

static GBytes *
bytes(const char *text)
{
        return g_bytes_new(text, strlen(text));
}

static void
assert_bytes(GBytes *value, const char *expected)
{
        g_autoptr(GBytes) wanted = bytes(expected);

        g_assert_true(g_bytes_equal(value, wanted));
}

static void
append_bytes(GString *text, GBytes *value)
{
        gsize n;
        const char *data = value ? g_bytes_get_data(value, &n) : NULL;

        if (data)
                g_string_append_len(text, data, (gssize)n);
        else
                g_string_append(text, "nothing");
}

static void
note_done(MotetModule *self, const GError *error, void *data)
{
        Fixture *fixture = data;

        g_assert_true(self == test_server_owner(fixture->server));
        g_string_append_printf(fixture->told, "done %s;", error ? error->message : "well");
}

static void
note_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Fixture *fixture = data;

        (void)self;
        g_string_append_printf(fixture->told, "read %s ", error ? error->message : "well");
        append_bytes(fixture->told, value);
        g_string_append_c(fixture->told, ';');
}

static void
note_items(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
           void *data)
{
        Fixture *fixture = data;

        (void)self;
        g_string_append_printf(fixture->told, "%zu items %s", n, error ? error->message : "");
        for (size_t i = 0; i < n; i++) {
                g_string_append_printf(fixture->told, " %s/%s=", items[i].account,
                                       items[i].key ? items[i].key : "-");
                append_bytes(fixture->told, items[i].value);
        }
        g_string_append_c(fixture->told, ';');
}

static void
note_appended(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        Fixture *fixture = data;

        (void)self;
        g_string_append_printf(fixture->told, "id %u %s;", (unsigned)id,
                               error ? error->message : "well");
}

static void
note_entries(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
             bool complete, void *data)
{
        Fixture *fixture = data;

        (void)self;
        (void)error;
        g_string_append_printf(fixture->told, "%zu entries %s", n, complete ? "complete" : "cut");
        for (size_t i = 0; i < n; i++)
                g_string_append_printf(fixture->told, " %u:%s", (unsigned)entries[i].id,
                                       entries[i].with ? entries[i].with : "-");
        g_string_append_c(fixture->told, ';');
}

static MotetStoreRequest *
take(GQueue *queue)
{
        MotetStoreRequest *request = g_queue_pop_head(queue);

        g_assert_nonnull(request);
        return request;
}

/* The configuration's `storage:` decides. */
static void
test_the_configuration_names_the_backend(Fixture *fixture, gconstpointer data)
{
        (void)data;
        motet_store_read(open_store(fixture, "accounts", MOTET_STORE_KEYVAL), "romeo", "",
                         note_read, fixture);
        motet_store_read(open_store(fixture, "roster", MOTET_STORE_KEYVAL), "romeo", "", note_read,
                         fixture);

        MotetStoreRequest *accounts = take(&fixture->one_queue),
                          *roster = take(&fixture->two_queue);
        g_assert_cmpstr(accounts->store, ==, "accounts");
        g_assert_cmpstr(accounts->host, ==, "example.org");
        g_assert_cmpstr(roster->store, ==, "roster");
        motet_store_complete(accounts);
        motet_store_complete(roster);
}

static void
test_a_missing_backend_is_an_error(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        MotetStore *store = motet_store_open(test_server_owner(fixture->server), "gone",
                                             MOTET_STORE_MAP, &error);

        g_assert_null(store);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_STORE);
        g_assert_nonnull(strstr(error->message, "\"missing\""));
}

static void
test_store_names_are_checked(Fixture *fixture, gconstpointer data)
{
        static const char *const names[] = {"", "Roster", "a b", "a/b", "rostér", NULL};

        (void)data;
        for (const char *const *name = names; *name; name++) {
                g_autoptr(GError) error = NULL;
                g_assert_null(motet_store_open(test_server_owner(fixture->server), *name,
                                               MOTET_STORE_MAP, &error));
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_STORE);
        }
        g_assert_nonnull(open_store(fixture, "a_9", MOTET_STORE_MAP));
}

static void
test_one_name_and_shape_is_one_handle(Fixture *fixture, gconstpointer data)
{
        (void)data;
        MotetStore *map = open_store(fixture, "things", MOTET_STORE_MAP);

        g_assert_true(open_store(fixture, "things", MOTET_STORE_MAP) == map);
        g_assert_true(open_store(fixture, "things", MOTET_STORE_ARCHIVE) != map);
        g_assert_true(open_store(fixture, "others", MOTET_STORE_MAP) != map);
}

static void
test_a_request_has_copies(Fixture *fixture, gconstpointer data)
{
        MotetStore *store = open_store(fixture, "things", MOTET_STORE_MAP);
        char account[] = "romeo", key[] = "colour";
        GBytes *value = bytes("red");

        (void)data;
        const MotetStoreChange changes[] = {{.key = key, .value = value, .create = true},
                                            {.key = "old"}};
        motet_store_write(store, account, changes, 2, 7, note_done, fixture);
        memset(account, 'x', sizeof account - 1);
        memset(key, 'x', sizeof key - 1);
        g_bytes_unref(value);

        MotetStoreRequest *request = take(&fixture->one_queue);
        g_assert_cmpint(request->op, ==, MOTET_STORE_OP_WRITE);
        g_assert_cmpstr(request->account, ==, "romeo");
        g_assert_cmpuint(request->epoch, ==, 7);
        g_assert_cmpuint(request->n_changes, ==, 2);
        g_assert_cmpstr(request->changes[0].key, ==, "colour");
        g_assert_true(request->changes[0].create);
        assert_bytes(request->changes[0].value, "red");
        g_assert_cmpstr(request->changes[1].key, ==, "old");
        g_assert_null(request->changes[1].value);
        motet_store_complete(request);
        g_assert_cmpstr(fixture->told->str, ==, "done well;");
}

static void
test_what_is_read_is_told(Fixture *fixture, gconstpointer data)
{
        MotetStore *store = open_store(fixture, "things", MOTET_STORE_MAP);
        g_autoptr(GBytes) value = bytes("red");

        (void)data;
        motet_store_read(store, "romeo", "colour", note_read, fixture);
        motet_store_read_all(store, NULL, note_items, fixture);
        motet_store_accounts(store, note_items, fixture);

        MotetStoreRequest *read = take(&fixture->one_queue);
        read->value = bytes("blue");
        motet_store_complete(read);
        MotetStoreRequest *all = take(&fixture->one_queue);
        g_assert_null(all->account);
        motet_store_request_add_item(all, "juliet", "colour", value);
        motet_store_request_add_item(all, "romeo", "colour", value);
        motet_store_complete(all);
        MotetStoreRequest *accounts = take(&fixture->one_queue);
        g_assert_cmpint(accounts->op, ==, MOTET_STORE_OP_ACCOUNTS);
        motet_store_request_add_item(accounts, "juliet", NULL, NULL);
        motet_store_complete(accounts);

        g_assert_cmpstr(fixture->told->str, ==,
                        "read well blue;2 items  juliet/colour=red romeo/colour=red;1 items  "
                        "juliet/-=nothing;");
}

static void
test_archives_pass_through(Fixture *fixture, gconstpointer data)
{
        MotetStore *store = open_store(fixture, "archive", MOTET_STORE_ARCHIVE);
        g_autoptr(GBytes) value = bytes("hello");
        const MotetStoreEntry entry = {.when = 5, .with = "juliet@example.org", .value = value};
        const MotetStoreQuery query = {
                .after = 3, .with = "juliet@example.org", .max = 2, .newest = true};

        (void)data;
        motet_store_append(store, "romeo", &entry, note_appended, fixture);
        motet_store_query(store, "romeo", &query, note_entries, fixture);
        motet_store_count(store, "romeo", note_appended, fixture);
        motet_store_prune(store, "romeo", &query, note_done, fixture);

        MotetStoreRequest *append = take(&fixture->one_queue);
        g_assert_cmpint(append->entry.when, ==, 5);
        g_assert_cmpstr(append->entry.with, ==, "juliet@example.org");
        append->id = 9;
        motet_store_complete(append);
        MotetStoreRequest *asked = take(&fixture->one_queue);
        g_assert_cmpuint(asked->query.after, ==, 3);
        g_assert_cmpuint(asked->query.max, ==, 2);
        g_assert_true(asked->query.newest);
        motet_store_request_add_entry(
                asked, &(MotetStoreEntry){.id = 4, .with = "juliet@example.org", .value = value});
        motet_store_request_add_entry(asked, &(MotetStoreEntry){.id = 5, .value = value});
        motet_store_complete(asked);
        MotetStoreRequest *count = take(&fixture->one_queue);
        count->id = 2;
        motet_store_complete(count);
        MotetStoreRequest *prune = take(&fixture->one_queue);
        g_assert_cmpint(prune->op, ==, MOTET_STORE_OP_PRUNE);
        motet_store_complete(prune);

        g_assert_cmpstr(fixture->told->str, ==,
                        "id 9 well;2 entries cut 4:juliet@example.org 5:-;id 2 well;done well;");
}

/* service-store.h: on failure nothing is handed out beside the error. */
static void
test_an_error_comes_without_results(Fixture *fixture, gconstpointer data)
{
        MotetStore *store = open_store(fixture, "things", MOTET_STORE_KEYVAL);
        g_autoptr(GBytes) value = bytes("red");

        (void)data;
        motet_store_read(store, "romeo", "", note_read, fixture);
        motet_store_read_all(store, "romeo", note_items, fixture);
        MotetStoreRequest *read = take(&fixture->one_queue), *all = take(&fixture->one_queue);
        read->value = g_bytes_ref(value);
        read->error = g_error_new(MOTET_ERROR, MOTET_ERROR_STORE, "torn");
        motet_store_request_add_item(all, "romeo", "", value);
        all->error = g_error_new(MOTET_ERROR, MOTET_ERROR_STORE, "torn");
        motet_store_complete(read);
        motet_store_complete(all);

        g_assert_cmpstr(fixture->told->str, ==, "read torn nothing;0 items torn;");
}

/* service-store.h: functions call back after returning, even when the answer is known at once. */
static void
test_nobody_is_told_before_the_function_returns(Fixture *fixture, gconstpointer data)
{
        MotetStore *store = open_store(fixture, "things", MOTET_STORE_KEYVAL);
        g_autoptr(GBytes) value = bytes("red");

        (void)data;
        stop_instance(&fixture->one);
        start_instance(fixture, &fixture->one, &impatient_info, &fixture->one_queue);
        motet_store_set(store, "romeo", "", value, note_done, fixture);

        g_assert_cmpstr(fixture->told->str, ==, "");
        test_server_settle(fixture->server);
        g_assert_cmpstr(fixture->told->str, ==, "done no patience;");
}

/* A reload may take the backend away. */
static void
test_a_backend_that_went_is_told_later(Fixture *fixture, gconstpointer data)
{
        MotetStore *store = open_store(fixture, "things", MOTET_STORE_KEYVAL);

        (void)data;
        stop_instance(&fixture->one);
        motet_store_set(store, "romeo", "", NULL, note_done, fixture);

        g_assert_cmpstr(fixture->told->str, ==, "");
        test_server_settle(fixture->server);
        g_assert_nonnull(strstr(fixture->told->str, "provides the storage \"one\""));
}

/* service-store.h: unfinished writes of a stopped owner are carried out, and nobody is called. */
static void
test_nobody_is_told_for_a_stopped_owner(Fixture *fixture, gconstpointer data)
{
        MotetModule asker;
        g_autoptr(GBytes) value = bytes("red");

        (void)data;
        start_instance(fixture, &asker, &two_info, &fixture->two_queue);
        MotetStore *store = motet_store_open(&asker, "things", MOTET_STORE_KEYVAL, NULL);
        motet_store_set(store, "romeo", "", value, note_done, fixture);
        motet_store_drop_account(&asker, "romeo", note_done, fixture);
        stop_instance(&asker);

        MotetStoreRequest *write = take(&fixture->one_queue);
        assert_bytes(write->changes[0].value, "red");
        motet_store_complete(write);
        motet_store_complete(take(&fixture->one_queue));
        motet_store_complete(take(&fixture->two_queue));
        test_server_settle(fixture->server);
        g_assert_cmpstr(fixture->told->str, ==, "");
}

static void
test_a_result_still_to_be_told_is_dropped_with_its_owner(Fixture *fixture, gconstpointer data)
{
        MotetModule asker;

        (void)data;
        start_instance(fixture, &asker, &two_info, &fixture->two_queue);
        MotetStore *store = motet_store_open(&asker, "things", MOTET_STORE_KEYVAL, NULL);
        stop_instance(&fixture->one);
        motet_store_set(store, "romeo", "", NULL, note_done, fixture);
        stop_instance(&asker);

        test_server_settle(fixture->server);
        g_assert_cmpstr(fixture->told->str, ==, "");
}

/* In all backends in use, each once: "missing" is named in the configuration, and not there. */
static void
test_an_account_is_dropped_everywhere(Fixture *fixture, gconstpointer data)
{
        (void)data;
        motet_store_drop_account(test_server_owner(fixture->server), "romeo", note_done, fixture);

        MotetStoreRequest *one = take(&fixture->one_queue), *two = take(&fixture->two_queue);
        g_assert_cmpint(one->op, ==, MOTET_STORE_OP_DROP_ACCOUNT);
        g_assert_cmpstr(one->account, ==, "romeo");
        g_assert_null(one->store);
        motet_store_complete(one);
        test_server_settle(fixture->server);
        g_assert_cmpstr(fixture->told->str, ==, "");
        motet_store_complete(two);

        g_assert_true(g_str_has_prefix(fixture->told->str, "done no module on example.org"));
        g_assert_true(g_str_has_suffix(fixture->told->str, ";"));
        g_assert_cmpint(strchr(fixture->told->str, ';') - fixture->told->str, ==,
                        (int)fixture->told->len - 1);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/store/the-configuration-names-the-backend", test_the_configuration_names_the_backend);
        ADD("/store/a-missing-backend-is-an-error", test_a_missing_backend_is_an_error);
        ADD("/store/store-names-are-checked", test_store_names_are_checked);
        ADD("/store/one-name-and-shape-is-one-handle", test_one_name_and_shape_is_one_handle);
        ADD("/store/a-request-has-copies", test_a_request_has_copies);
        ADD("/store/what-is-read-is-told", test_what_is_read_is_told);
        ADD("/store/archives-pass-through", test_archives_pass_through);
        ADD("/store/an-error-comes-without-results", test_an_error_comes_without_results);
        ADD("/store/nobody-is-told-before-the-function-returns",
            test_nobody_is_told_before_the_function_returns);
        ADD("/store/a-backend-that-went-is-told-later", test_a_backend_that_went_is_told_later);
        ADD("/store/nobody-is-told-for-a-stopped-owner", test_nobody_is_told_for_a_stopped_owner);
        ADD("/store/a-result-still-to-be-told-is-dropped-with-its-owner",
            test_a_result_still_to_be_told_is_dropped_with_its_owner);
        ADD("/store/an-account-is-dropped-everywhere", test_an_account_is_dropped_everywhere);
        return g_test_run();
}
