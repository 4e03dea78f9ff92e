/*
 * storage_memory: keep documents and archives in memory alone, for tests and set-ups that are
 * thrown away.
 *
 * Implements  service "store:memory" (service-store.h), without being durable
 * Hooks       none
 * Options     max_bytes
 */
#include "storage_memory-private.h"

#include <motet/module.h>
#include <motet/task.h>

typedef struct {
        Memory *memory;
        MotetStoreRequest *first, *last; /* waiting for the end of this turn */
        bool scheduled;
} Storage;

static MotetStoreRequest *
queue_take(Storage *storage)
{
        MotetStoreRequest *request = storage->first;

        storage->first = request->next;
        if (storage->first == NULL)
                storage->last = NULL;
        request->next = NULL;
        return request;
}

/*
 * What is submitted while results are told waits for the next turn, so that nobody is kept from
 * theirs.
 */
static void
run_queue(MotetModule *self, void *data)
{
        (void)data;

        Storage *storage = motet_module_data(self);
        uint64_t limit = (uint64_t)motet_option_int(self, "max_bytes");
        const MotetStoreRequest *end = storage->last;
        bool ended = end == NULL;

        storage->scheduled = false;
        while (!ended) {
                MotetStoreRequest *request = queue_take(storage);

                ended = request == end;
                memory_execute(storage->memory, request, limit, motet_wall_now(self));
                motet_store_complete(request);
        }
}

static void
submit(MotetModule *provider, MotetStoreRequest *request)
{
        Storage *storage = motet_module_data(provider);

        request->next = NULL;
        if (storage->last != NULL)
                storage->last->next = request;
        else
                storage->first = request;
        storage->last = request;
        if (!storage->scheduled)
                motet_defer(provider, run_queue, NULL, NULL);
        storage->scheduled = true;
}

static void
storage_free(void *data)
{
        Storage *storage = data;

        memory_free(storage->memory);
        g_free(storage);
}

static bool
load(MotetModule *self, GError **error)
{
        (void)error;

        Storage *storage = g_new0(Storage, 1);

        storage->memory = memory_new();
        motet_module_set_data(self, storage, storage_free);
        return true;
}

static void
unload(MotetModule *self)
{
        const Storage *storage = motet_module_data(self);

        while (storage->first != NULL)
                run_queue(self, NULL);
}

static const MotetStoreBackend backend = {.submit = submit};

static const MotetServiceDecl services[] = {
        {"store:memory", &backend},
        {0},
};

static const MotetOption options[] = {
        {
                .key = "max_bytes",
                .type = MOTET_OPTION_SIZE,
                .fallback = "64 MiB",
                .min = 4096,
                .max = INT64_C(1) << 40,
                .help = "How much may be kept; writes beyond fail.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "storage_memory",
        .summary = "Keep documents and archives in memory alone",
        .scope = MOTET_SCOPE_SERVER,
        .services = services,
        .options = options,
        .replace = MOTET_REPLACE_NEVER,
        .load = load,
        .unload = unload,
        .guards = true,
};
