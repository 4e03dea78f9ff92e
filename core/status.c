/*
 * status: collecting it.
 */
#include "core/status.h"

#include <string.h>

#include "core/health.h"
#include "core/module_object.h"
#include "core/server_private.h"

static void
add_tally(Status *status, const SessionTally tally)
{
        for (unsigned type = 0; type < SESSION_N_TYPES; type++) {
                for (unsigned stage = 0; stage < SESSION_N_STAGES; stage++)
                        status->stages[stage] += tally[type][stage];
        }
}

static void
clear_host(void *data)
{
        g_free(((StatusHost *)data)->trouble);
}

static void
add_hosts(Status *status, Server *server)
{
        const MotetServer *base = server_base(server);

        add_tally(status, base->tally);
        for (guint i = 0; i < base->hosts->len; i++) {
                const MotetHost *host = g_ptr_array_index(base->hosts, i);
                const StatusHost told = {
                        .name = host->name,
                        .n_sessions = host->n_sessions,
                        .expiry = tls_server_expiry(base->tls, host->name),
                        .trouble = g_strdup(
                                certificates_trouble(server_certificates(server), host->name)),
                };
                g_array_append_val(status->hosts, told);
                add_tally(status, host->tally);
        }
}

static void
clear_listener(void *data)
{
        g_free(((StatusListener *)data)->address);
}

static void
add_listener(const MotetListen *spec, uint16_t port, void *data)
{
        Status *status = data;
        const StatusListener told = {g_strdup(spec->address), port, spec->direct_tls};

        g_array_append_val(status->listeners, told);
}

static void
clear_level(void *data)
{
        g_free(((StatusLevel *)data)->source);
}

static void
add_level(void *data, const char *source, const char *level, int64_t left)
{
        Status *status = data;
        const StatusLevel told = {g_strdup(source), level, left};

        g_array_append_val(status->levels, told);
}

static void
clear_module(void *data)
{
        g_free(((StatusModule *)data)->line);
}

static void
add_module_status(Status *status, const MotetModule *instance)
{
        if (instance->status == MOTET_STATUS_OK)
                return;
        const StatusModule told = {instance->info->name,
                                   instance->host ? instance->host->name : NULL, instance->status,
                                   instance->status_text, module_status_line(instance)};
        g_array_append_val(status->modules, told);
}

static void
add_slow(Status *status, const MotetModule *instance)
{
        const char *name = instance->info->name,
                   *host = instance->host ? instance->host->name : NULL;
        uint64_t n = activity_n_slow(instance->server->owners, name, host);

        if (n > 0)
                g_ptr_array_add(
                        status->slow,
                        g_strdup_printf("module %s%s%s kept everybody waiting for 100 ms or "
                                        "more %" G_GUINT64_FORMAT " times",
                                        name, host ? " on " : "", host ? host : "", n));
}

static void
add_module(MotetModule *instance, void *data)
{
        Status *status = data;
        const char *name = instance->info->name;

        status->n_instances++;
        add_slow(status, instance);
        add_module_status(status, instance);
        if (!instance->loaded || !module_object_has_changed(instance->loaded))
                return;
        if (!g_ptr_array_find_with_equal_func(status->changed, name, g_str_equal, NULL))
                g_ptr_array_add(status->changed, (gpointer)name);
}

static void
add_absent(const char *name, const char *why, void *data)
{
        g_ptr_array_add(data, g_strdup_printf("module %s is left out: %s", name, why));
}

void
status_init(Status *status, Server *server)
{
        const MotetServer *base = server_base(server);

        *status = (Status){
                .is_stopping = base->stopping,
                .now = loop_wall_now(base->loop) / G_USEC_PER_SEC,
                .uptime = server_uptime(server),
                .n_streams = base->n_streams,
                .usage = process_usage(),
                .store_queue = base->counters.store_queue,
                .n_offloaded = loop_n_offloaded(base->loop),
                .reload = *server_last_reload(server),
                .reload_text = server_reload_text(server),
                .confined = confine_state(server->confine),
                .hosts = g_array_new(FALSE, FALSE, sizeof(StatusHost)),
                .listeners = g_array_new(FALSE, FALSE, sizeof(StatusListener)),
                .levels = g_array_new(FALSE, FALSE, sizeof(StatusLevel)),
                .modules = g_array_new(FALSE, FALSE, sizeof(StatusModule)),
                .changed = g_ptr_array_new(),
                .is_safe = modules_are_safe(server_modules(server)),
                .absent = g_ptr_array_new_with_free_func(g_free),
                .slow = g_ptr_array_new_with_free_func(g_free),
                .troubles = health_troubles(server),
        };
        g_array_set_clear_func(status->hosts, clear_host);
        g_array_set_clear_func(status->listeners, clear_listener);
        g_array_set_clear_func(status->levels, clear_level);
        g_array_set_clear_func(status->modules, clear_module);
        if (server->minute)
                status->minute = minute_counts(server->minute);
        add_hosts(status, server);
        listens_foreach(server_listens(server), add_listener, status);
        log_commands_foreach(server->log_commands, add_level, status);
        modules_foreach(server_modules(server), add_module, status);
        modules_foreach_absent(server_modules(server), add_absent, status->absent);
}

void
status_clear(Status *status)
{
        g_clear_pointer(&status->hosts, g_array_unref);
        g_clear_pointer(&status->listeners, g_array_unref);
        g_clear_pointer(&status->levels, g_array_unref);
        g_clear_pointer(&status->modules, g_array_unref);
        g_clear_pointer(&status->changed, g_ptr_array_unref);
        g_clear_pointer(&status->troubles, g_ptr_array_unref);
        g_clear_pointer(&status->absent, g_ptr_array_unref);
        g_clear_pointer(&status->slow, g_ptr_array_unref);
        g_clear_pointer(&status->reload_text, g_free);
}
