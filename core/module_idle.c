/*
 * module_idle: waiting for a moment at which nothing of a module is under way, so that its code can
 * be replaced with nothing cut off.
 */
#include <motet/error.h>
#include <string.h>

#include "core/list.h"
#include "core/module_private.h"

#define LOOK_AGAIN (2 * G_TIME_SPAN_MILLISECOND)

typedef struct ModuleIdle {
        Modules *modules;
        LoopTimer timer;
        int64_t deadline;
        char *name, *host; /* host NULL: all */
        void (*func)(void *data, const GError *error);
        void *data;
} ModuleIdle;

static unsigned
count_underway(const ModuleIdle *idle)
{
        const GPtrArray *instances = idle->modules->instances;
        unsigned n = 0;

        for (guint i = 0; i < instances->len; i++) {
                const MotetModule *instance = g_ptr_array_index(instances, i);
                if (strcmp(instance->info->name, idle->name) == 0 &&
                    (!idle->host || !instance->host ||
                     strcmp(instance->host->name, idle->host) == 0))
                        n += instance_underway(instance);
        }
        return n;
}

static void
finish(ModuleIdle *idle, const GError *error)
{
        Modules *modules = idle->modules;

        modules->idle = NULL;
        loop_timer_cancel(modules->server->loop, &idle->timer);
        idle->func(idle->data, error);
        g_free(idle->name);
        g_free(idle->host);
        g_free(idle);
}

static void
look(LoopTimer *timer)
{
        ModuleIdle *idle = CONTAINER_OF(timer, ModuleIdle, timer);
        Loop *loop = idle->modules->server->loop;
        unsigned n = count_underway(idle);

        if (n == 0) {
                finish(idle, NULL);
                return;
        }
        if (loop_now(loop) < idle->deadline) {
                loop_timer_arm(loop, timer, LOOK_AGAIN);
                return;
        }
        g_autoptr(GError) error =
                g_error_new(MOTET_ERROR, MOTET_ERROR_CANCELLED,
                            "nothing was changed: module %s is busy, %u things are under way; try "
                            "again",
                            idle->name, n);
        finish(idle, error);
}

void
modules_when_idle(Modules *modules, const char *name, const char *host, int64_t patience,
                  void (*func)(void *data, const GError *error), void *data)
{
        if (modules->idle) {
                g_autoptr(GError) error = g_error_new(
                        MOTET_ERROR, MOTET_ERROR_CANCELLED,
                        "nothing was changed: module %s is being replaced at this moment",
                        modules->idle->name);
                func(data, error);
                return;
        }
        ModuleIdle *idle = g_new0(ModuleIdle, 1);
        idle->modules = modules;
        idle->name = g_strdup(name);
        idle->host = g_strdup(host);
        idle->func = func;
        idle->data = data;
        idle->timer.func = look;
        idle->deadline = loop_now(modules->server->loop) + patience;
        modules->idle = idle;
        look(&idle->timer);
}

void
module_idle_cancel(Modules *modules)
{
        if (!modules->idle)
                return;
        g_autoptr(GError) error = g_error_new(MOTET_ERROR, MOTET_ERROR_CANCELLED,
                                              "nothing was changed: the server is stopping");
        finish(modules->idle, error);
}
