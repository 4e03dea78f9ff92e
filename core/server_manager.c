/*
 * server_manager: what the service manager is told: ready when the storage answers, what is served,
 * how reloads ended.
 */
#include <inttypes.h>

#include "core/health.h"
#include "core/server_private.h"
#include "core/sessions.h"
#include "core/store.h"

/* STATUS= goes no more often than this, and only when it says something new. */
#define STATUS_INTERVAL (10 * G_TIME_SPAN_SECOND)

static void
count_warning(MotetModule *instance, void *data)
{
        unsigned *n = data;

        *n += instance->status == MOTET_STATUS_WARNING;
}

char *
server_manager_text(Server *server)
{
        unsigned n_warnings = 0;
        const MotetServer *base = server_base(server);
        g_autoptr(GPtrArray) troubles = health_troubles(server);
        g_autofree char *health = health_line(troubles);
        g_autofree char *reload = server_reload_text(server);

        modules_foreach(server_modules(server), count_warning, &n_warnings);
        g_autofree char *warnings =
                n_warnings > 0 ? g_strdup_printf("; %u warning%s of modules", n_warnings,
                                                 n_warnings == 1 ? "" : "s")
                               : NULL;
        return g_strdup_printf(
                "%s%s; %u host%s, %zu streams, %zu sessions%s%s", health, warnings ? warnings : "",
                base->hosts->len, base->hosts->len == 1 ? "" : "s", base->n_streams,
                sessions_count(base->sessions), reload ? "; " : "", reload ? reload : "");
}

/* With @state before it, which is a line of its own; NULL: only if the status is a new one. */
static void
tell(Server *server, const char *state)
{
        g_autofree char *status = server_manager_text(server);

        if (!state && g_strcmp0(status, server->told) == 0)
                return;
        g_autofree char *text =
                g_strdup_printf("%s%sSTATUS=%s", state ? state : "", state ? "\n" : "", status);
        notify_send(server->notify, text);
        g_free(server->told);
        server->told = g_steal_pointer(&status);
}

static void
on_timer(LoopTimer *timer)
{
        Server *server = CONTAINER_OF(timer, Server, manager_timer);

        if (server->is_ready && !server->base.stopping)
                tell(server, NULL);
        loop_timer_arm(server->base.loop, timer, STATUS_INTERVAL);
}

static void
on_storage_answered(void *data, const GError *error)
{
        Server *server = data;

        if (server->base.stopping)
                return;
        if (error) {
                motet_error("the storage does not answer: %s", error->message);
                server->failure = g_error_copy(error);
                server_stop(server);
                return;
        }
        server->is_ready = true;
        tell(server, "READY=1");
}

void
server_manager_start(Server *server)
{
        server->notify = notify_new(server->base.loop);
        server->manager_timer.func = on_timer;
        loop_timer_arm(server->base.loop, &server->manager_timer, STATUS_INTERVAL);
        store_probe(server, on_storage_answered, server);
}

void
server_manager_stop(Server *server)
{
        loop_timer_cancel(server->base.loop, &server->manager_timer);
        g_clear_pointer(&server->notify, notify_free);
        g_clear_pointer(&server->told, g_free);
        server->is_ready = false;
}

void
server_manager_reloading(Server *server)
{
        if (server->notify && server->is_ready)
                notify_reloading(server->notify);
}

void
server_manager_reloaded(Server *server)
{
        if (server->notify && server->is_ready)
                tell(server, "READY=1");
}
