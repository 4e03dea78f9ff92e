/*
 * module_top: what each module costs, measured for a while.
 */
#include <motet/error.h>
#include <string.h>

#include "core/list.h"
#include "core/module_private.h"

typedef struct ModuleTop {
        Modules *modules;
        LoopTimer timer;
        ModulesMeasured func;
        void *data;
        bool is_sample; /* gives way to whoever measures on purpose */
} ModuleTop;

static void
finish(ModuleTop *top, const GError *error)
{
        Modules *modules = top->modules;
        HeapCount rest;
        g_autoptr(GPtrArray) rows = meter_stop(modules->server, &rest);

        modules->top = NULL;
        loop_timer_cancel(modules->server->loop, &top->timer);
        top->func(top->data, rows, &rest, error);
        g_free(top);
}

static void
end_of_time(LoopTimer *timer)
{
        finish(CONTAINER_OF(timer, ModuleTop, timer), NULL);
}

static ModuleTop *
start(Modules *modules, int64_t span, ModulesMeasured func, void *data)
{
        ModuleTop *top = g_new0(ModuleTop, 1);

        top->modules = modules;
        top->func = func;
        top->data = data;
        top->timer.func = end_of_time;
        modules->top = top;
        meter_start(modules->server);
        loop_timer_arm(modules->server->loop, &top->timer, span);
        return top;
}

void
module_top_sample(Modules *modules, int64_t span, ModulesMeasured func, void *data)
{
        start(modules, span, func, data)->is_sample = true;
}

bool
modules_measure(Modules *modules, int64_t span, bool with_memory, ModulesMeasured func, void *data,
                GError **error)
{
        if (modules->top && modules->top->is_sample)
                module_top_cancel(modules);
        if (modules->top) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CANCELLED,
                            "somebody else is measuring at this moment: try again");
                return false;
        }
        ModuleTop *top = start(modules, span, func, data);
        if (!with_memory || meter_count_memory(modules->server, error))
                return true;
        loop_timer_cancel(modules->server->loop, &top->timer);
        g_ptr_array_unref(meter_stop(modules->server, NULL));
        g_clear_pointer(&modules->top, g_free);
        return false;
}

void
module_top_cancel(Modules *modules)
{
        if (!modules->top)
                return;
        g_autoptr(GError) error =
                g_error_new(MOTET_ERROR, MOTET_ERROR_CANCELLED, "the server is stopping");
        finish(modules->top, error);
}

void
modules_weigh(const Modules *modules, const char *name, const char *host, ModuleWeight *weight_out)
{
        *weight_out = (ModuleWeight){0};
        for (guint i = 0; i < modules->instances->len; i++) {
                const MotetModule *instance = g_ptr_array_index(modules->instances, i);
                if (strcmp(instance->info->name, name) != 0 ||
                    g_strcmp0(instance->host ? instance->host->name : NULL, host) != 0)
                        continue;
                weight_out->mapped = module_object_mapped(instance->loaded);
                for (const List *link = instance->owned.next; link != &instance->owned;
                     link = link->next)
                        weight_out->n_owned++;
        }
}
