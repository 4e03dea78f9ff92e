/*
 * module_instance: one instance of a module from its load to its end, and what it may ask about
 * itself.
 */
#include <motet/error.h>
#include <string.h>

#include "core/event.h"
#include "core/module_private.h"

static void
join_hosts(MotetModule *instance)
{
        if (instance->host) {
                host_add_instance(instance->host, instance);
                return;
        }
        for (guint i = 0; i < instance->server->hosts->len; i++)
                host_add_instance(g_ptr_array_index(instance->server->hosts, i), instance);
}

static void
leave_hosts(MotetModule *instance)
{
        if (instance->host) {
                host_remove_instance(instance->host, instance);
                return;
        }
        for (guint i = 0; i < instance->server->hosts->len; i++)
                host_remove_instance(g_ptr_array_index(instance->server->hosts, i), instance);
}

MotetModule *
module_instance_new(Modules *modules, ModuleObject *object, MotetHost *host, OptionValues *options)
{
        MotetModule *instance = g_new0(MotetModule, 1);

        instance->info = object->info;
        instance->server = modules->server;
        instance->host = host;
        instance->options = options;
        instance->loaded = object;
        g_autofree char *build = quarantine_build(&object->file);
        instance->file = build;
        instance_init(instance);
        instance->file = NULL;
        object->n_instances++;
        return instance;
}

static void
instance_free(MotetModule *instance)
{
        ModuleObject *object = instance->loaded;

        object->n_instances--;
        g_free(instance);
}

const char *
module_place(const MotetModule *instance)
{
        return instance->host ? instance->host->name : "all hosts";
}

void
module_free_lingering(Modules *modules)
{
        for (guint i = modules->lingering->len; i-- > 0;) {
                MotetModule *instance = g_ptr_array_index(modules->lingering, i);
                if (instance->busy == 0)
                        instance_free(g_ptr_array_remove_index(modules->lingering, i));
        }
}

void
module_instance_end(Modules *modules, MotetModule *instance)
{
        bool is_loaded = instance->running;

        instance->running = false;
        instance_drop_all(instance);
        leave_hosts(instance);
        if (is_loaded && instance->info->unload) {
                InstanceCall before = instance_enter(instance, "unload");
                instance->info->unload(instance);
                instance_leave(instance, before);
        }
        instance_clear(instance);
        motet_module_set_data(instance, NULL, NULL);
        g_clear_pointer(&instance->options, option_values_free);
        g_clear_error(&instance->refusal);
        module_status_clear(instance);

        g_ptr_array_remove(modules->instances, instance);
        if (instance->busy == 0) {
                instance_free(instance);
                return;
        }
        motet_info("module %s on %s stopped; %u of its jobs are still running, so its code stays "
                   "mapped",
                   instance->info->name, module_place(instance), instance->busy);
        g_ptr_array_add(modules->lingering, instance);
}

static bool
declare_events(MotetModule *instance, GError **error)
{
        const MotetEventDecl *event = instance->info->events;

        for (; event && event->name; event++) {
                if (!event_names_declare(instance->server->names, event->name, event->kind, error))
                        return false;
        }
        return true;
}

static bool
run_load(MotetModule *instance, GError **error)
{
        if (!instance->info->load)
                return true;

        InstanceCall before = instance_enter(instance, "load");
        bool is_loaded = instance->info->load(instance, error);
        instance_leave(instance, before);
        if (!is_loaded && error && !*error)
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MODULE, "it gave no reason");
        return is_loaded;
}

static void
run_unload(MotetModule *instance)
{
        if (!instance->info->unload)
                return;

        InstanceCall before = instance_enter(instance, "unload");
        instance->info->unload(instance);
        instance_leave(instance, before);
}

static bool
load_and_restore(MotetModule *instance, const ModuleState *state, GError **error)
{
        if (!declare_events(instance, error) || !run_load(instance, error))
                return false;
        if (!state || module_state_restore(instance, state, error))
                return true;
        instance_drop_all(instance);
        run_unload(instance);
        return false;
}

bool
module_instance_start(Modules *modules, MotetModule *instance, const ModuleState *state,
                      GError **error)
{
        meter_extend(modules->server);
        if (!load_and_restore(instance, state, error)) {
                g_prefix_error(error, "module %s on %s: ", instance->info->name,
                               module_place(instance));
                return false;
        }
        g_ptr_array_add(modules->instances, instance);
        instance->running = true;
        join_hosts(instance);
        instance_add_hooks(instance);
        motet_debug("module %s loaded on %s", instance->info->name, module_place(instance));
        return true;
}

bool
module_instance_reconfigure(MotetModule *instance, GError **error)
{
        if (!instance->info->reconfigure)
                return true;

        InstanceCall before = instance_enter(instance, "reconfigure");
        instance->info->reconfigure(instance);
        instance_leave(instance, before);
        if (!instance->refusal)
                return true;
        g_propagate_prefixed_error(error, g_steal_pointer(&instance->refusal),
                                   "module %s on %s: ", instance->info->name,
                                   module_place(instance));
        return false;
}

void
motet_module_refuse(MotetModule *self, GError *error)
{
        g_return_if_fail(self && error);

        g_clear_error(&self->refusal);
        self->refusal = error;
}

MotetHost *
motet_module_host(const MotetModule *self)
{
        return self->host;
}

MotetServer *
motet_module_server(const MotetModule *self)
{
        return self->server;
}

const MotetModuleInfo *
motet_module_info(const MotetModule *self)
{
        return self->info;
}

uint32_t
motet_module_state_version(const MotetModule *self)
{
        return self->restoring;
}

void
motet_module_set_data(MotetModule *self, void *data, GDestroyNotify free_func)
{
        void *former = self->data;
        GDestroyNotify former_free = self->data_free;

        self->data = data;
        self->data_free = free_func;
        if (former && former_free)
                former_free(former);
}

void *
motet_module_data(const MotetModule *self)
{
        return self->data;
}

static const void *
find_service(const MotetModuleInfo *info, const char *name)
{
        const MotetServiceDecl *service = info->services;

        for (; service && service->name; service++) {
                if (strcmp(service->name, name) == 0)
                        return service->api;
        }
        return NULL;
}

const void *
motet_service(MotetHost *host, const char *name, MotetModule **provider_out)
{
        g_return_val_if_fail(host, NULL);

        /* The newest first: at a reload a provider is started before the one it replaces is
         * stopped. */
        for (guint i = host->instances->len; i-- > 0;) {
                MotetModule *instance = g_ptr_array_index(host->instances, i);
                const void *api = instance->running ? find_service(instance->info, name) : NULL;
                if (!api)
                        continue;
                *provider_out = instance;
                return api;
        }
        return NULL;
}
