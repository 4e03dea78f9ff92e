/*
 * server: the whole assembled: configuration, hosts, modules, listeners, control socket; start,
 * reload, stop.
 */
#include "core/server.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <motet/command.h>
#include <motet/error.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/certificates.h"
#include "core/commands.h"
#include "core/event.h"
#include "core/log.h"
#include "core/module_dev.h"
#include "core/module_private.h"
#include "core/privileges.h"
#include "core/process.h"
#include "core/router.h"
#include "core/server_private.h"
#include "core/session.h"
#include "core/tls.h"

#define SLOW_TURN (100 * G_TIME_SPAN_MILLISECOND)
#define LOCK_PATIENCE (5 * G_TIME_SPAN_SECOND) /* how long a command waits for another one */
#define LOCK_POLL 20000                        /* µs between two tries */
#define STOP_POLL 10000 /* µs between two looks whether all streams are gone */
/* Beyond limits.close_timeout, which each session keeps itself. */
#define STOP_GRACE G_TIME_SPAN_SECOND

MotetServer *
server_base(Server *server)
{
        return &server->base;
}

Modules *
server_modules(Server *server)
{
        return server->modules;
}

Listens *
server_listens(Server *server)
{
        return server->listens;
}

Certificates *
server_certificates(Server *server)
{
        return server->certificates;
}

const Config *
server_config(const Server *server)
{
        return server->config;
}

int64_t
server_uptime(const Server *server)
{
        return loop_now(server->base.loop) - server->started;
}

int64_t
motet_server_uptime(const MotetServer *server)
{
        return server_uptime((const Server *)server);
}

void
server_finish_when_stopped(Server *server, MotetCommand *command)
{
        g_ptr_array_add(server->last_words, command);
}

/* Making */

static bool
become_user(const Config *config, bool serve, GError **error)
{
        if (!privileges_are_root())
                return true;
        if (config->user)
                return privileges_become(config->user, error);
        if (!serve)
                return privileges_become_owner(config->data_dir, error);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                    "%s: will not serve as root: set \"user\" to an account made for the server, "
                    "or start it as that user",
                    config->file);
        return false;
}

/* One program at a time: another one would not see what this one holds in memory. Waits a while
 * for a command to end. */
static bool
lock_data_dir(Server *server, const char *path, GError **error)
{
        int64_t deadline = g_get_monotonic_time() + (server->serve ? 0 : LOCK_PATIENCE);

        server->data_lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        while (server->data_lock >= 0 && flock(server->data_lock, LOCK_EX | LOCK_NB) < 0) {
                if (errno == EWOULDBLOCK && g_get_monotonic_time() < deadline) {
                        g_usleep(LOCK_POLL);
                        continue;
                }
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "\"%s\" cannot be locked: %s", path,
                            errno == EWOULDBLOCK ? "another server or motetctl uses it"
                                                 : g_strerror(errno));
                return false;
        }
        if (server->data_lock >= 0)
                return true;
        g_set_error(error, MOTET_ERROR, errno == EACCES ? MOTET_ERROR_DENIED : MOTET_ERROR_IO,
                    "cannot open \"%s\": %s", path, g_strerror(errno));
        return false;
}

static bool
take_data_dir(Server *server, const Config *config, GError **error)
{
        if (server->driven)
                return true;
        if (g_mkdir_with_parents(config->data_dir, 0700) == 0)
                return lock_data_dir(server, config->data_dir, error);
        g_set_error(error, MOTET_ERROR, errno == EACCES ? MOTET_ERROR_DENIED : MOTET_ERROR_EXISTS,
                    "cannot make the folder \"%s\": %s", config->data_dir, g_strerror(errno));
        return false;
}

bool
server_apply_log(const Server *server, const Config *config, GError **error)
{
        if (server->driven)
                return true;
        if (!server->serve) {
                log_set_level(MOTET_LOG_WARN);
                return log_set_target("stderr", error);
        }
        /* A journal is no standard error, whoever asks for that. */
        bool is_diverted = server->log_to_stderr;
        const LogOutput output = {
                .target = is_diverted ? "stderr" : config->log_target,
                .format = is_diverted && config->log_format == LOG_FORMAT_JOURNAL
                                  ? LOG_FORMAT_TEXT
                                  : config->log_format,
        };
        if (!log_set_output(&output, error))
                return false;
        log_set_levels(&config->log_levels);
        log_set_rate((unsigned)config->log_lines_per_s);
        return true;
}

void
server_apply_limits(Server *server, const Config *config)
{
        server->base.limits = config->limits;
        loop_set_offload_limit(server->base.loop, config->limits.offload_queue);
        if (server->watch)
                watch_set_timeout(server->watch, config->limits.blocked_timeout);
}

/* Everybody waits while one handler works or blocks; the operator is to know before users ask.
 * Behind a command there is nobody who waits but who gave it. */
static void
tell_slow_turn(void *data, int64_t us)
{
        (void)data;
        motet_warn("a turn of the loop took %" G_GINT64_FORMAT " ms: everybody waited for it",
                   us / G_TIME_SPAN_MILLISECOND);
}

static Server *
server_assemble(const ServerParams *params, Config *config, Loop *loop_take)
{
        Server *server = g_new0(Server, 1);

        server_base_init(&server->base, loop_take);
        if (params->random)
                server_base_set_random(&server->base, params->random);
        router_init(&server->base);
        if (params->serve)
                loop_set_slow_func(server->base.loop, SLOW_TURN, tell_slow_turn, server);
        server->config = config;
        server->config_file = g_strdup(params->config_file);
        server->driven = params->driven;
        server->data_lock = -1;
        server->serve = params->serve;
        server->log_to_stderr = params->log_to_stderr;
        server->modules = modules_new(&server->base);
        server->listens = listens_new(&server->base);
        server->certificates = certificates_new(server->base.loop, server->base.tls);
        server->last_words = g_ptr_array_new();
        server->log_commands = log_commands_new(server->base.loop);
        server_apply_limits(server, config);
        return server;
}

void
server_add_hosts(Server *server, const Config *config, GPtrArray *added_out)
{
        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *wanted = g_ptr_array_index(config->hosts, i);
                if (motet_host_find(&server->base, wanted->name))
                        continue;
                MotetHost *host = host_new(&server->base, wanted->name);
                if (added_out)
                        g_ptr_array_add(added_out, host);
        }
}

/* A start that cannot be blamed for what it does is better than none. */
static void
blame_crashes(Server *server)
{
        g_autoptr(GError) error = NULL;

        if (!server->serve || server->driven)
                return;
        if (!quarantine_open(modules_quarantine(server->modules), &server->config->limits,
                             loop_wall_now(server->base.loop) / G_USEC_PER_SEC, &error))
                motet_warn("crashes of modules are not counted: %s", error->message);
}

/* Before any module's code runs, and before there is a thread beside this one. */
static void
confine_files(Server *server)
{
        ConfigFindings known;

        if (!server->serve || server->driven)
                return;
        config_findings_init(&known);
        g_autoptr(GPtrArray) wanted = module_plan(server->modules, server->config, &known);
        config_findings_clear(&known);
        server->confine = confine_new(server->base.loop, server->config, wanted);
}

/* Takes @config, which may be wrong: then its modules are checked as well, so that all findings
 * come at once. */
static Server *
server_new_from(const ServerParams *params, Config *config, ConfigFindings *findings,
                GError **error)
{
        g_autoptr(Config) owned = config;
        g_autoptr(Loop) loop = tls_library_start(error) ? loop_open(params->driven, error) : NULL;
        if (!loop)
                return NULL;
        g_autoptr(Server) server =
                server_assemble(params, g_steal_pointer(&owned), g_steal_pointer(&loop));

        if (!params->driven)
                modules_set_quarantine(server->modules, quarantine_read(config->data_dir));
        if (params->safe_mode && !modules_be_safe(server->modules, config, error))
                return NULL;
        bool is_good = modules_check(server->modules, config, findings);
        if (params->serve && !params->driven)
                certificates_check(config, findings);
        if (!is_good || findings->n_errors > 0)
                return NULL;
        if (!server_apply_log(server, config, error))
                return NULL;
        if (!take_data_dir(server, config, error))
                return NULL;

        blame_crashes(server);
        confine_files(server);

        server_add_hosts(server, config, NULL);
        modules_sample(server->modules);
        if (!modules_apply(server->modules, config, NULL, NULL, error))
                return NULL;
        return g_steal_pointer(&server);
}

Server *
server_new(const ServerParams *params, ConfigFindings *findings, GError **error)
{
        g_autoptr(Config) config =
                params->config ? params->config : config_load(params->config_file, findings);

        if (!config)
                return NULL;
        config->serve = params->serve;
        if (params->become_user && !become_user(config, params->serve, error))
                return NULL;
        return server_new_from(params, g_steal_pointer(&config), findings, error);
}

void
server_free(Server *server)
{
        if (!server)
                return;
        server->base.stopping = true;
        server->base.serving = false;
        loop_timer_cancel(server->base.loop, &server->stop_timer);
        commands_trace_end_all(&server->base);
        module_dev_end_all(server);
        certificates_free(server->certificates);
        modules_free(server->modules);
        listens_free(server->listens);
        for (guint i = 0; i < server->last_words->len; i++)
                motet_command_finish(g_ptr_array_index(server->last_words, i), NULL);
        g_ptr_array_unref(server->last_words);
        control_free(server->control);
        minute_free(server->minute);
        spare_free(server->spare);
        log_commands_free(server->log_commands);
        confine_free(server->confine);
        router_clear(&server->base);
        while (server->base.hosts->len > 0)
                host_free(g_ptr_array_index(server->base.hosts, server->base.hosts->len - 1));
        server_base_clear(&server->base);
        if (server->data_lock >= 0)
                close(server->data_lock);
        config_free(server->config);
        g_free(server->config_file);
        g_clear_error(&server->failure);
        g_free(server);
}

/* Serving */

void
server_fire(Server *server, const char *name)
{
        MotetServerEvent ev = {.event = {.kind = MOTET_EVENT_SERVER}, .server = &server->base};

        event_fire_now(server->base.events, name, &ev.event);
}

static bool
open_control(Server *server, GError **error)
{
        if (server->driven)
                return true;
        server->control = control_new(server, server->config->control_socket, error);
        return server->control != NULL;
}

bool
server_start(Server *server, GError **error)
{
        /* GLib, which brings signals by a thread of its own, would abort for want of it. */
        if (!server->driven && !process_can_make_threads(error))
                return false;
        if (!server->driven && !certificates_load(server->certificates, server->config, error))
                return false;
        if (!listens_open(server->listens, error))
                return false;
        if (!open_control(server, error) || !privileges_drop_ports(error)) {
                listens_close(server->listens);
                g_clear_pointer(&server->control, control_free);
                return false;
        }
        if (!server->driven)
                certificates_watch(server->certificates);
        confine_take_calls(server->confine);
        server->started = loop_now(server->base.loop);
        server->base.serving = true;
        server->minute = minute_new(&server->base);
        if (!server->driven)
                server->spare = spare_new(server->base.loop, NULL);
        server_fire(server, "server-started");
        return true;
}

static void
look_whether_stopped(LoopTimer *timer)
{
        Server *server = CONTAINER_OF(timer, Server, stop_timer);

        if (server->base.n_streams > 0 && loop_now(server->base.loop) < server->stop_deadline) {
                loop_timer_arm(server->base.loop, timer, STOP_POLL);
                return;
        }
        if (server->base.n_streams > 0)
                motet_warn("%zu streams did not end in time", server->base.n_streams);
        loop_quit(server->base.loop);
}

void
server_stop(Server *server)
{
        MotetServer *base = &server->base;

        if (base->stopping)
                return;
        motet_info("stopping: closing %zu streams", base->n_streams);
        if (server->notify)
                notify_send(server->notify, "STOPPING=1\nSTATUS=closing streams");
        server_fire(server, "server-stopping");
        base->stopping = true;
        base->serving = false;
        listens_close(server->listens);
        session_close_all(base, NULL, MOTET_SYSTEM_SHUTDOWN, NULL);

        server->stop_deadline = loop_now(base->loop) + base->limits.close_timeout + STOP_GRACE;
        server->stop_timer.func = look_whether_stopped;
        loop_timer_arm(base->loop, &server->stop_timer, 0);
}

/* Running */

static gboolean
on_stop_signal(gpointer data)
{
        server_stop(data);
        return G_SOURCE_CONTINUE;
}

static gboolean
on_reload_signal(gpointer data)
{
        Server *server = data;
        g_autoptr(ReloadPlan) plan = plan_new();
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        if (server->base.stopping)
                return G_SOURCE_CONTINUE;
        config_findings_init(&findings);
        server_reload(server, plan, &findings, &error);
        config_findings_clear(&findings);
        return G_SOURCE_CONTINUE;
}

/*
 * What is under way is finished whoever asks again: without a source a signal would end the
 * process, stores and all. Blocked meanwhile, since GLib gives it back its default first.
 */
static void
ignore_signals(const guint *sources, size_t n)
{
        static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
        sigset_t blocked, before;

        sigemptyset(&blocked);
        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
                sigaddset(&blocked, signals[i]);
        pthread_sigmask(SIG_BLOCK, &blocked, &before);
        for (size_t i = 0; i < n; i++)
                g_source_remove(sources[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
                signal(signals[i], SIG_IGN);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool
server_run(Server *server, GError **error)
{
        const guint sources[] = {g_unix_signal_add(SIGTERM, on_stop_signal, server),
                                 g_unix_signal_add(SIGINT, on_stop_signal, server),
                                 g_unix_signal_add(SIGHUP, on_reload_signal, server)};

        server_manager_start(server);
        server->watch = watch_new(server->base.loop);
        watch_set_timeout(server->watch, server->config->limits.blocked_timeout);
        loop_run(server->base.loop);

        g_clear_pointer(&server->watch, watch_free);
        ignore_signals(sources, G_N_ELEMENTS(sources));
        server_manager_stop(server);
        if (!server->failure)
                return true;
        g_propagate_error(error, g_steal_pointer(&server->failure));
        return false;
}
