/*
 * delayed_storage: the storage "memory", at which every request arrives only after a while.
 */
#include <motet/host.h>
#include <motet/module.h>
#include <motet/service-store.h>
#include <motet/task.h>

static void
hand_on(MotetModule *self)
{
        GQueue *waiting = motet_module_data(self);
        MotetStoreRequest *request = g_queue_pop_head(waiting);
        MotetHost *host = motet_host_find(motet_module_server(self), request->host);
        MotetModule *provider = NULL;
        const MotetStoreBackend *backend = motet_service(host, "store:memory", &provider);

        backend->submit(provider, request);
}

static void
on_time(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;
        (void)data;
        hand_on(self);
}

static void
submit(MotetModule *provider, MotetStoreRequest *request)
{
        GTimeSpan delay = motet_option_int(provider, "delay");

        g_queue_push_tail(motet_module_data(provider), request);
        if (delay > 0)
                motet_timer_add(provider, NULL, delay, on_time, NULL);
        else
                hand_on(provider);
}

static void
queue_free(void *queue)
{
        g_queue_free(queue);
}

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        motet_module_set_data(self, g_queue_new(), queue_free);
        return true;
}

static void
unload(MotetModule *self)
{
        while (!g_queue_is_empty(motet_module_data(self)))
                hand_on(self);
}

static const MotetStoreBackend delayed = {.submit = submit};

static const MotetServiceDecl services[] = {{"store:delayed", &delayed}, {0}};

static const MotetOption options[] = {
        {"delay", MOTET_OPTION_DURATION, "10s", 0, G_TIME_SPAN_HOUR, NULL, "How long it takes."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "delayed_storage",
        .summary = "Store later",
        .scope = MOTET_SCOPE_SERVER,
        .depends = MOTET_LIST("storage_memory"),
        .services = services,
        .options = options,
        .load = load,
        .unload = unload,
};
