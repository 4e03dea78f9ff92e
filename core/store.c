/*
 * store: hands requests to the backend that the configuration names, and their results to who
 * asked.
 *
 * A request carries copies of all it needs. When its owner stops it is still carried out, and its
 * result dropped.
 */
#include <motet/service-store.h>

#include <motet/error.h>
#include <string.h>

#include "core/meter.h"
#include "core/server.h"
#include "core/store.h"

struct MotetStore {
        Owned owned;
        MotetModule *owner;
        char *name;
        MotetStoreShape shape;
};

typedef enum {
        RESULT_DONE,
        RESULT_READ,
        RESULT_ITEMS,
        RESULT_APPENDED,
        RESULT_ENTRIES,
        RESULT_PART,
        RESULT_PROBED
} Result;

typedef struct Drop Drop;
typedef struct Probe Probe;

/* A request with who asked for it. */
typedef struct {
        MotetStoreRequest request; /* first: what backends hold is this pointer */
        Owned owned;               /* owner NULL: nobody is told */
        Owned given;               /* its owner is whose backend has it */
        MotetServer *server;
        MotetHost *vhost; /* only until it is submitted */
        int64_t asked;    /* when, loop_now() */
        LoopJob job; /* tells a result later that was known before the asking function returned */
        bool is_submitting;
        Result result; /* which member of @done is set */
        union {
                MotetStoreDone done;
                MotetStoreRead read;
                MotetStoreItems items;
                MotetStoreAppended appended;
                MotetStoreEntries entries;
                Drop *drop;
                Probe *probe;
        } done;
        void *data;
} Call;

/* Dropping an account in several backends. */
struct Drop {
        Owned owned;
        unsigned n_left;
        GError *error; /* the first */
        MotetStoreDone done;
        void *data;
};

static MotetStore *
store_of(Owned *owned)
{
        return CONTAINER_OF(owned, MotetStore, owned);
}

static void
store_drop(Owned *owned)
{
        MotetStore *store = store_of(owned);

        owned_remove(owned);
        g_free(store->name);
        g_free(store);
}

static const Config *
config_of(const MotetModule *self)
{
        return server_config((const Server *)self->server);
}

static const char *
backend_of(const Config *config, const char *name)
{
        const char *backend = g_hash_table_lookup(config->storage, name);

        return backend ? backend : config->storage_default;
}

static const MotetStoreBackend *
find_backend(MotetHost *host, const char *backend, MotetModule **provider_out, GError **error)
{
        g_autofree char *service = g_strconcat("store:", backend, NULL);
        const MotetStoreBackend *api = motet_service(host, service, provider_out);

        if (!api)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE,
                            "no module on %s provides the storage \"%s\": enable storage_%s, or "
                            "name another in \"storage\"",
                            host->name, backend, backend);
        return api;
}

/* Opening */

static bool
is_store_name(const char *name)
{
        return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static MotetStore *
find_open(MotetModule *self, const char *name, MotetStoreShape shape)
{
        for (List *link = self->owned.next; link != &self->owned; link = link->next) {
                Owned *owned = CONTAINER_OF(link, Owned, link);
                if (owned->drop == store_drop && strcmp(store_of(owned)->name, name) == 0 &&
                    store_of(owned)->shape == shape)
                        return store_of(owned);
        }
        return NULL;
}

MotetStore *
motet_store_open(MotetModule *self, const char *name, MotetStoreShape shape, GError **error)
{
        MotetModule *provider;

        g_return_val_if_fail(self->host, NULL);
        if (!is_store_name(name)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE, "\"%s\" is no name for a store",
                            name);
                return NULL;
        }

        MotetStore *store = find_open(self, name, shape);
        if (store)
                return store;
        if (!find_backend(self->host, backend_of(config_of(self), name), &provider, error))
                return NULL;
        store = g_new0(MotetStore, 1);
        store->owner = self;
        store->name = g_strdup(name);
        store->shape = shape;
        owned_add(&store->owned, self, store_drop);
        return store;
}

/* Requests */

static bool
is_write(MotetStoreOp op)
{
        switch (op) {
        case MOTET_STORE_OP_WRITE:
        case MOTET_STORE_OP_DROP_ACCOUNT:
        case MOTET_STORE_OP_APPEND:
        case MOTET_STORE_OP_PRUNE:
                return true;
        case MOTET_STORE_OP_READ:
        case MOTET_STORE_OP_READ_ALL:
        case MOTET_STORE_OP_ACCOUNTS:
        case MOTET_STORE_OP_QUERY:
        case MOTET_STORE_OP_COUNT:
                break;
        }
        return false;
}

static void
clear_item(void *data)
{
        MotetStoreItem *item = data;

        g_free((char *)item->account);
        g_free((char *)item->key);
        g_clear_pointer(&item->value, g_bytes_unref);
}

static void
clear_entry(void *data)
{
        MotetStoreEntry *entry = data;

        g_free((char *)entry->with);
        g_clear_pointer(&entry->value, g_bytes_unref);
}

static void
call_free(Call *call)
{
        MotetStoreRequest *request = &call->request;

        call->server->counters.store_queue--;
        owned_remove(&call->owned);
        owned_remove(&call->given);
        g_free((char *)request->host);
        g_free((char *)request->store);
        g_free((char *)request->account);
        g_free((char *)request->key);
        for (size_t i = 0; i < request->n_changes; i++) {
                g_free((char *)request->changes[i].key);
                g_clear_pointer(&request->changes[i].value, g_bytes_unref);
        }
        g_free(request->changes);
        clear_entry(&request->entry);
        g_free((char *)request->query.with);
        g_clear_error(&request->error);
        g_clear_pointer(&request->value, g_bytes_unref);
        g_clear_pointer(&request->items, g_array_unref);
        g_clear_pointer(&request->entries, g_array_unref);
        g_free(call);
}

/* Its owner stops: the backend still holds the request, unless only the telling was left. */
static void
call_drop(Owned *owned)
{
        Call *call = CONTAINER_OF(owned, Call, owned);

        owned_remove(owned);
        if (!loop_job_is_queued(&call->job))
                return;
        loop_job_cancel(call->server->loop, &call->job);
        call_free(call);
}

static void drop_part_done(Drop *drop, const GError *error);
static void probe_answered(Probe *probe, const GError *error);

static void
tell(const Call *call, MotetModule *owner)
{
        const MotetStoreRequest *request = &call->request;
        const GError *error = request->error;
        const GArray *items = error ? NULL : request->items;
        const GArray *entries = error ? NULL : request->entries;

        switch (call->result) {
        case RESULT_DONE:
                if (call->done.done)
                        call->done.done(owner, error, call->data);
                break;
        case RESULT_READ:
                call->done.read(owner, error, error ? NULL : request->value, call->data);
                break;
        case RESULT_ITEMS:
                call->done.items(owner, error, items ? (const void *)items->data : NULL,
                                 items ? items->len : 0, call->data);
                break;
        case RESULT_APPENDED:
                if (call->done.appended)
                        call->done.appended(owner, error, error ? 0 : request->id, call->data);
                break;
        case RESULT_ENTRIES:
                call->done.entries(owner, error, entries ? (const void *)entries->data : NULL,
                                   entries ? entries->len : 0, !error && request->complete,
                                   call->data);
                break;
        case RESULT_PART:
                drop_part_done(call->done.drop, error);
                break;
        case RESULT_PROBED:
                g_assert_not_reached();
        }
}

/* Who asks wrongly is no failure of the storage. */
static bool
has_failed(const Call *call)
{
        return call->request.error &&
               !g_error_matches(call->request.error, MOTET_ERROR, MOTET_ERROR_EXISTS) &&
               !g_error_matches(call->request.error, MOTET_ERROR, MOTET_ERROR_CANCELLED);
}

static void
count(const Call *call)
{
        ServerCounters *counters = &call->server->counters;
        int64_t now = loop_now(call->server->loop);

        histogram_add(is_write(call->request.op) ? &counters->store_writes : &counters->store_reads,
                      now - call->asked);
        if (!has_failed(call))
                return;
        counters->store_failures++;
        counters->store_failed = now;
}

static void
finish_of(Call *call, MotetModule *owner)
{
        InstanceCall before = instance_enter(owner, "answer of the storage");
        MotetServer *server = owner->server;
        MeterFrame frame;

        meter_enter(&frame, owner);
        server->failure = call->request.error;
        tell(call, owner);
        server->failure = NULL;
        call_free(call);
        meter_leave(&frame, server);
        instance_leave(owner, before);
}

static void
finish(Call *call)
{
        MotetModule *owner = call->owned.owner;

        count(call);
        owned_remove(&call->owned);
        if (owner) {
                finish_of(call, owner);
                return;
        }
        if (call->result == RESULT_PROBED)
                probe_answered(call->done.probe, call->request.error);
        call_free(call);
}

static void
finish_later(LoopJob *job)
{
        finish(CONTAINER_OF(job, Call, job));
}

void
motet_store_complete(MotetStoreRequest *request)
{
        Call *call = (Call *)request;

        if (call->is_submitting)
                loop_defer(call->server->loop, &call->job);
        else
                finish(call);
}

static Call *
call_new_of(MotetHost *host, MotetStoreOp op, const char *account)
{
        Call *call = g_new0(Call, 1);

        call->request.op = op;
        call->request.host = g_strdup(host->name);
        call->request.account = g_strdup(account);
        call->server = host->server;
        call->vhost = host;
        call->asked = loop_now(host->server->loop);
        call->job.func = finish_later;
        call->server->counters.store_queue++;
        return call;
}

static Call *
call_new(MotetModule *owner, MotetStoreOp op, const char *account)
{
        Call *call = call_new_of(owner->host, op, account);

        call->owned.underway = true;
        owned_add(&call->owned, owner, call_drop);
        return call;
}

/* Takes @call. */
static void
submit(Call *call, const char *backend)
{
        MotetModule *provider;
        const MotetStoreBackend *api =
                find_backend(call->vhost, backend, &provider, &call->request.error);

        call->is_submitting = true;
        if (api) {
                InstanceCall before = instance_enter(provider, "request to the storage");
                MeterFrame frame;
                call->given.underway = true;
                owned_add(&call->given, provider, owned_remove);
                meter_enter(&frame, provider);
                api->submit(provider, &call->request);
                meter_leave(&frame, provider->server);
                instance_leave(provider, before);
        } else {
                motet_store_complete(&call->request);
        }
        call->is_submitting = false;
}

static Call *
store_call(MotetStore *store, MotetStoreOp op, const char *account)
{
        Call *call = call_new(store->owner, op, account);

        call->request.store = g_strdup(store->name);
        call->request.shape = store->shape;
        return call;
}

static void
submit_to(Call *call, const MotetStore *store)
{
        submit(call, backend_of(config_of(store->owner), store->name));
}

void
motet_store_read(MotetStore *store, const char *account, const char *key, MotetStoreRead done,
                 void *data)
{
        g_return_if_fail(account && key && done);

        Call *call = store_call(store, MOTET_STORE_OP_READ, account);
        call->request.key = g_strdup(key);
        call->result = RESULT_READ;
        call->done.read = done;
        call->data = data;
        submit_to(call, store);
}

static void
ask_items(MotetStore *store, MotetStoreOp op, const char *account, MotetStoreItems done, void *data)
{
        g_return_if_fail(done);

        Call *call = store_call(store, op, account);
        call->result = RESULT_ITEMS;
        call->done.items = done;
        call->data = data;
        submit_to(call, store);
}

void
motet_store_read_all(MotetStore *store, const char *account, MotetStoreItems done, void *data)
{
        ask_items(store, MOTET_STORE_OP_READ_ALL, account, done, data);
}

void
motet_store_accounts(MotetStore *store, MotetStoreItems done, void *data)
{
        ask_items(store, MOTET_STORE_OP_ACCOUNTS, NULL, done, data);
}

void
motet_store_write(MotetStore *store, const char *account, const MotetStoreChange *changes, size_t n,
                  uint64_t epoch, MotetStoreDone done, void *data)
{
        g_return_if_fail(account && store->shape != MOTET_STORE_ARCHIVE);

        Call *call = store_call(store, MOTET_STORE_OP_WRITE, account);
        call->request.changes = g_new0(MotetStoreChange, n);
        call->request.n_changes = n;
        call->request.epoch = epoch;
        for (size_t i = 0; i < n; i++) {
                call->request.changes[i].key = g_strdup(changes[i].key ? changes[i].key : "");
                call->request.changes[i].create = changes[i].create;
                if (changes[i].value)
                        call->request.changes[i].value = g_bytes_ref(changes[i].value);
        }
        call->result = RESULT_DONE;
        call->done.done = done;
        call->data = data;
        submit_to(call, store);
}

void
motet_store_set(MotetStore *store, const char *account, const char *key, GBytes *value,
                MotetStoreDone done, void *data)
{
        const MotetStoreChange change = {.key = key, .value = value};

        motet_store_write(store, account, &change, 1, 0, done, data);
}

/* Archives */

static void
copy_query(MotetStoreQuery *to, const MotetStoreQuery *from)
{
        *to = *from;
        to->with = g_strdup(from->with);
}

static void
copy_entry(MotetStoreEntry *to, const MotetStoreEntry *from)
{
        *to = *from;
        to->with = g_strdup(from->with);
        to->value = from->value ? g_bytes_ref(from->value) : NULL;
}

void
motet_store_append(MotetStore *store, const char *account, const MotetStoreEntry *entry,
                   MotetStoreAppended done, void *data)
{
        g_return_if_fail(account && entry->value && store->shape == MOTET_STORE_ARCHIVE);

        Call *call = store_call(store, MOTET_STORE_OP_APPEND, account);
        copy_entry(&call->request.entry, entry);
        call->result = RESULT_APPENDED;
        call->done.appended = done;
        call->data = data;
        submit_to(call, store);
}

void
motet_store_query(MotetStore *store, const char *account, const MotetStoreQuery *query,
                  MotetStoreEntries done, void *data)
{
        g_return_if_fail(account && done && query->max > 0 && store->shape == MOTET_STORE_ARCHIVE);

        Call *call = store_call(store, MOTET_STORE_OP_QUERY, account);
        copy_query(&call->request.query, query);
        call->result = RESULT_ENTRIES;
        call->done.entries = done;
        call->data = data;
        submit_to(call, store);
}

void
motet_store_prune(MotetStore *store, const char *account, const MotetStoreQuery *query,
                  MotetStoreDone done, void *data)
{
        g_return_if_fail(account && store->shape == MOTET_STORE_ARCHIVE);

        Call *call = store_call(store, MOTET_STORE_OP_PRUNE, account);
        copy_query(&call->request.query, query);
        call->result = RESULT_DONE;
        call->done.done = done;
        call->data = data;
        submit_to(call, store);
}

void
motet_store_count(MotetStore *store, const char *account, MotetStoreAppended done, void *data)
{
        g_return_if_fail(account && done && store->shape == MOTET_STORE_ARCHIVE);

        Call *call = store_call(store, MOTET_STORE_OP_COUNT, account);
        call->result = RESULT_APPENDED;
        call->done.appended = done;
        call->data = data;
        submit_to(call, store);
}

/* Dropping an account */

static void
drop_free(Drop *drop)
{
        owned_remove(&drop->owned);
        g_clear_error(&drop->error);
        g_free(drop);
}

/* The parts are owned as well, and are dropped with it: nobody comes back to it. */
static void
drop_drop(Owned *owned)
{
        drop_free(CONTAINER_OF(owned, Drop, owned));
}

static void
drop_part_done(Drop *drop, const GError *error)
{
        if (error && !drop->error)
                drop->error = g_error_copy(error);
        if (--drop->n_left > 0)
                return;
        if (drop->done)
                drop->done(drop->owned.owner, drop->error, drop->data);
        drop_free(drop);
}

/* Returns: the backends in use, each once; borrowed names. */
static GPtrArray *
backends_in_use(const Config *config)
{
        GPtrArray *backends = g_ptr_array_new();
        GHashTableIter iter;
        gpointer name;

        g_ptr_array_add(backends, config->storage_default);
        g_hash_table_iter_init(&iter, config->storage);
        while (g_hash_table_iter_next(&iter, NULL, &name)) {
                if (!g_ptr_array_find_with_equal_func(backends, name, g_str_equal, NULL))
                        g_ptr_array_add(backends, name);
        }
        return backends;
}

void
motet_store_drop_account(MotetModule *self, const char *account, MotetStoreDone done, void *data)
{
        g_return_if_fail(self->host && account);

        g_autoptr(GPtrArray) backends = backends_in_use(config_of(self));
        Drop *drop = g_new0(Drop, 1);
        drop->n_left = backends->len;
        drop->done = done;
        drop->data = data;
        owned_add(&drop->owned, self, drop_drop);
        for (guint i = 0; i < backends->len; i++) {
                Call *call = call_new(self, MOTET_STORE_OP_DROP_ACCOUNT, account);
                call->result = RESULT_PART;
                call->done.drop = drop;
                submit(call, g_ptr_array_index(backends, i));
        }
}

/* Probing: a read of nothing, by everything that serves a store of a host. */

struct Probe {
        unsigned n_left; /* answers, and one until all were asked */
        GError *error;   /* the first */
        StoreProbed func;
        void *data;
};

static void
probe_answered(Probe *probe, const GError *error)
{
        if (error && !probe->error)
                probe->error = g_error_copy(error);
        if (--probe->n_left > 0)
                return;
        probe->func(probe->data, probe->error);
        g_clear_error(&probe->error);
        g_free(probe);
}

static void
probe_one(MotetHost *host, const char *backend, Probe *probe)
{
        MotetModule *provider;

        /* Where no module stores anything none need be there. */
        if (!find_backend(host, backend, &provider, NULL))
                return;
        Call *call = call_new_of(host, MOTET_STORE_OP_READ, "");
        call->request.store = g_strdup("probe");
        call->request.shape = MOTET_STORE_KEYVAL;
        call->request.key = g_strdup("");
        call->result = RESULT_PROBED;
        call->done.probe = probe;
        probe->n_left++;
        submit(call, backend);
}

void
store_probe(Server *server, StoreProbed func, void *data)
{
        const MotetServer *base = server_base(server);
        g_autoptr(GPtrArray) backends = backends_in_use(server_config(server));
        Probe *probe = g_new0(Probe, 1);

        probe->n_left = 1;
        probe->func = func;
        probe->data = data;
        for (guint i = 0; i < base->hosts->len; i++) {
                for (guint of = 0; of < backends->len; of++)
                        probe_one(g_ptr_array_index(base->hosts, i), backends->pdata[of], probe);
        }
        probe_answered(probe, NULL);
}

/* For backends */

void
motet_store_request_add_item(MotetStoreRequest *request, const char *account, const char *key,
                             GBytes *value)
{
        const MotetStoreItem item = {.account = g_strdup(account),
                                     .key = g_strdup(key),
                                     .value = value ? g_bytes_ref(value) : NULL};

        if (!request->items) {
                request->items = g_array_new(FALSE, FALSE, sizeof(MotetStoreItem));
                g_array_set_clear_func(request->items, clear_item);
        }
        g_array_append_val(request->items, item);
}

void
motet_store_request_add_entry(MotetStoreRequest *request, const MotetStoreEntry *entry)
{
        MotetStoreEntry copy;

        if (!request->entries) {
                request->entries = g_array_new(FALSE, FALSE, sizeof(MotetStoreEntry));
                g_array_set_clear_func(request->entries, clear_entry);
        }
        copy_entry(&copy, entry);
        g_array_append_val(request->entries, copy);
}

MotetCondition
motet_store_condition(const MotetModule *self)
{
        g_return_val_if_fail(self, MOTET_INTERNAL_SERVER_ERROR);

        return server_failure_condition(self->server);
}
