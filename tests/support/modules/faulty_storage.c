/*
 * faulty_storage: the storage "memory" behind a disk that takes its time and now and then fails, as
 * its service "faults" says.
 *
 * Requests of one account are carried out in the order they came in, those of different accounts in
 * any order. One that fails changes nothing.
 *
 * Implements  service "store:faulty" (service-store.h), service "faults" (faults.h)
 * Hooks       none
 * Options     none
 */
#include "faults.h"

#include <motet/error.h>
#include <motet/host.h>
#include <motet/module.h>
#include <motet/service-store.h>
#include <motet/task.h>

typedef struct {
        GHashTable *queues; /* (own) account -> (own) Queue; only those with requests */
        int64_t barrier;    /* µs: nothing submitted from now on is carried out before */
        FaultsPlan plan;
        uint64_t state; /* of the numbers below */
} Disk;

typedef struct {
        char *account;
        GQueue requests; /* of MotetStoreRequest, in order of submission; one timer each */
        int64_t due;     /* µs: of the last of them */
} Queue;

static uint64_t
next_number(Disk *disk)
{
        /* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators". */
        uint64_t z = disk->state += 0x9e3779b97f4a7c15u;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

static void
hand_on(MotetModule *self, MotetStoreRequest *request)
{
        MotetHost *host = motet_host_find(motet_module_server(self), request->host);
        MotetModule *provider = NULL;
        const MotetStoreBackend *backend = motet_service(host, "store:memory", &provider);

        backend->submit(provider, request);
}

static void
carry_out(MotetModule *self, Disk *disk, MotetStoreRequest *request)
{
        if (next_number(disk) % 1000 >= disk->plan.failures) {
                hand_on(self, request);
                return;
        }
        request->error = g_error_new_literal(
                MOTET_ERROR, disk->plan.is_full ? MOTET_ERROR_BUSY : MOTET_ERROR_STORE,
                "the disk failed");
        motet_store_complete(request);
}

static void
queue_free(void *data)
{
        Queue *queue = data;

        g_assert(g_queue_is_empty(&queue->requests));
        g_free(queue->account);
        g_free(queue);
}

static void
on_due(MotetModule *self, MotetTimer *timer, void *data)
{
        Disk *disk = motet_module_data(self);
        Queue *queue = data;
        MotetStoreRequest *request = g_queue_pop_head(&queue->requests);

        (void)timer;
        if (g_queue_is_empty(&queue->requests))
                g_hash_table_remove(disk->queues, queue->account);
        carry_out(self, disk, request);
}

static Queue *
queue_of(Disk *disk, const char *account)
{
        Queue *queue = g_hash_table_lookup(disk->queues, account);

        if (!queue) {
                queue = g_new0(Queue, 1);
                queue->account = g_strdup(account);
                g_queue_init(&queue->requests);
                g_hash_table_insert(disk->queues, queue->account, queue);
        }
        return queue;
}

/* What is about all accounts comes after all that was submitted, and before all that will be. */
static int64_t
latest(const Disk *disk)
{
        int64_t due = disk->barrier;
        GHashTableIter iter;
        void *queue;

        g_hash_table_iter_init(&iter, disk->queues);
        while (g_hash_table_iter_next(&iter, NULL, &queue))
                due = MAX(due, ((const Queue *)queue)->due);
        return due;
}

static void
submit(MotetModule *provider, MotetStoreRequest *request)
{
        Disk *disk = motet_module_data(provider);
        Queue *queue = queue_of(disk, request->account ? request->account : "\n");
        int64_t now = motet_now(provider);
        int64_t wait = disk->plan.delay
                               ? (int64_t)(next_number(disk) % ((uint64_t)disk->plan.delay + 1))
                               : 0;
        int64_t before = request->account ? MAX(queue->due, disk->barrier) : latest(disk);

        queue->due = MAX(before + 1, now + 1 + wait);
        if (!request->account)
                disk->barrier = queue->due;
        g_queue_push_tail(&queue->requests, request);
        motet_timer_add(provider, NULL, queue->due - now, on_due, queue);
}

static void
set_plan(MotetModule *provider, const FaultsPlan *plan)
{
        Disk *disk = motet_module_data(provider);

        disk->plan = *plan;
        disk->state = plan->seed;
}

static void
disk_free(void *data)
{
        Disk *disk = data;

        g_hash_table_unref(disk->queues);
        g_free(disk);
}

static bool
load(MotetModule *self, GError **error)
{
        Disk *disk = g_new0(Disk, 1);

        (void)error;
        disk->queues = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, queue_free);
        motet_module_set_data(self, disk, disk_free);
        return true;
}

static void
unload(MotetModule *self)
{
        Disk *disk = motet_module_data(self);
        GHashTableIter iter;
        void *data;

        g_hash_table_iter_init(&iter, disk->queues);
        while (g_hash_table_iter_next(&iter, NULL, &data)) {
                Queue *queue = data;
                while (!g_queue_is_empty(&queue->requests))
                        hand_on(self, g_queue_pop_head(&queue->requests));
        }
}

static const MotetStoreBackend backend = {.submit = submit};
static const FaultsService faults = {.set_plan = set_plan};

static const MotetServiceDecl services[] = {
        {"store:faulty", &backend},
        {"faults", &faults},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "faulty_storage",
        .summary = "Store late, or fail to",
        .scope = MOTET_SCOPE_SERVER,
        .depends = MOTET_LIST("storage_memory"),
        .services = services,
        .load = load,
        .unload = unload,
};
