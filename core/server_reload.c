/*
 * server_reload: a new configuration for a running server, applied whole or not at all.
 */
#include <motet/error.h>
#include <string.h>

#include "core/certificates.h"
#include "core/config_confine.h"
#include "core/config_limits.h"
#include "core/module_dev.h"
#include "core/module_private.h"
#include "core/server_private.h"
#include "core/session.h"

static gboolean
differs_in(gpointer key, gpointer value, gpointer other)
{
        return g_strcmp0(g_hash_table_lookup(other, key), value) != 0;
}

static bool
is_same_storage(const Config *a, const Config *b)
{
        if (g_strcmp0(a->storage_default, b->storage_default) != 0)
                return false;
        if (g_hash_table_size(a->storage) != g_hash_table_size(b->storage))
                return false;
        return !g_hash_table_find(a->storage, differs_in, b->storage);
}

static void
need_restart(PlanChange *change, const char *what, const Config *config, ConfigFindings *findings)
{
        change->sign = PLAN_NOTE;
        change->needs_restart = true;
        config_findings_add(findings, FINDING_CONFIG_NEEDS_RESTART, config->file, 0, 0,
                            "changing \"%s\" needs a restart", what);
}

static void
require_same(const char *key, const char *now, const char *wanted, const Config *config,
             ReloadPlan *plan, ConfigFindings *findings)
{
        if (g_strcmp0(now, wanted) != 0)
                need_restart(plan_add_value(plan, key, NULL, NULL, now, wanted), key, config,
                             findings);
}

/* What is in use and cannot be changed under those who use it. */
static void
check_unchanged(const Config *now, const Config *config, ReloadPlan *plan, ConfigFindings *findings)
{
        require_same("data_dir", now->data_dir, config->data_dir, config, plan, findings);
        require_same("control_socket", now->control_socket, config->control_socket, config, plan,
                     findings);
        require_same("modules_dir", now->modules_dir, config->modules_dir, config, plan, findings);
        require_same("user", now->user, config->user, config, plan, findings);
        require_same("confine.refused", config_confine_word(now->confine),
                     config_confine_word(config->confine), config, plan, findings);
        if (!is_same_storage(now, config))
                need_restart(plan_add(plan, PLAN_NOTE, PLAN_SETTING, "storage", NULL), "storage",
                             config, findings);
}

/* A module says of which options it takes up another value only at its start. */
static void
check_options(const ReloadPlan *plan, const Config *config, ConfigFindings *findings)
{
        for (guint i = 0; i < plan->changes->len; i++) {
                const PlanChange *change = g_ptr_array_index(plan->changes, i);
                const ConfigModule *module =
                        change->kind == PLAN_OPTION ? config_module(config, change->name) : NULL;
                if (module && change->needs_restart)
                        config_findings_add(findings, FINDING_CONFIG_NEEDS_RESTART,
                                            module->place.file, module->place.line, 0,
                                            "changing \"%s.%s\" needs a restart", change->name,
                                            change->key);
        }
}

static void
plan_setting(ReloadPlan *plan, const char *key, const char *now, const char *wanted)
{
        if (g_strcmp0(now, wanted) != 0)
                plan_add_value(plan, key, NULL, NULL, now, wanted);
}

static void
plan_limit(const char *key, const char *before, const char *after, void *data)
{
        g_autofree char *name = g_strconcat("limits.", key, NULL);

        plan_setting(data, name, before, after);
}

static const char *
level_text(const Config *config, const char *source)
{
        int level = log_levels_of(&config->log_levels, source);

        return level == LOG_LEVEL_UNSET ? NULL : log_level_name((MotetLogLevel)level);
}

static void
plan_level(ReloadPlan *plan, const char *source, const Config *now, const Config *config)
{
        g_autofree char *key =
                source ? g_strconcat("log.modules.", source, NULL) : g_strdup("log.level");

        plan_setting(plan, key, level_text(now, source), level_text(config, source));
}

static void
plan_settings(const Config *now, const Config *config, ReloadPlan *plan)
{
        plan_level(plan, NULL, now, config);
        for (unsigned i = 0; i < config->log_levels.n_of; i++)
                plan_level(plan, config->log_levels.of[i].source, now, config);
        for (unsigned i = 0; i < now->log_levels.n_of; i++) {
                const char *source = now->log_levels.of[i].source;
                if (log_levels_of(&config->log_levels, source) == LOG_LEVEL_UNSET)
                        plan_level(plan, source, now, config);
        }
        plan_setting(plan, "log.target", now->log_target, config->log_target);
        if (now->log_format != config->log_format)
                plan_add(plan, PLAN_CHANGE, PLAN_SETTING, "log.format", NULL);
        if (now->log_lines_per_s != config->log_lines_per_s)
                plan_add(plan, PLAN_CHANGE, PLAN_SETTING, "log.lines_per_s", NULL);
        config_limits_diff(&now->limits, &config->limits, plan_limit, plan);
}

static const ConfigHost *
find_host(const Config *config, const char *name)
{
        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (strcmp(host->name, name) == 0)
                        return host;
        }
        return NULL;
}

static void
plan_hosts(const Config *now, const Config *config, ReloadPlan *plan)
{
        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                const ConfigHost *former = find_host(now, host->name);
                if (!former) {
                        plan_add(plan, PLAN_ADD, PLAN_HOST, host->name, NULL);
                        continue;
                }
                g_autofree char *certificate = g_strdup_printf("hosts.%s.certificate", host->name);
                g_autofree char *key = g_strdup_printf("hosts.%s.key", host->name);
                plan_setting(plan, certificate, former->certificate, host->certificate);
                plan_setting(plan, key, former->key, host->key);
        }
        for (guint i = 0; i < now->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(now->hosts, i);
                if (!find_host(config, host->name))
                        plan_add(plan, PLAN_REMOVE, PLAN_HOST, host->name, NULL);
        }
}

/* What the server gave up does not come back. */
static void
check_confined(const Server *server, const Config *config, ConfigFindings *findings)
{
        ConfigFindings known;

        config_findings_init(&known);
        g_autoptr(GPtrArray) wanted = module_plan(server->modules, config, &known);
        config_findings_clear(&known);
        confine_check(server->confine, config, wanted, findings);
}

/* What is to be changed, and whether it can be: findings, when it cannot. */
static void
make_plan(const Server *server, const Config *config, ReloadPlan *plan, ConfigFindings *findings)
{
        const Config *now = server->config;
        bool same_modules = strcmp(now->modules_dir, config->modules_dir) == 0;

        check_unchanged(now, config, plan, findings);
        plan_settings(now, config, plan);
        plan_hosts(now, config, plan);
        if (server->base.serving && !server->driven)
                certificates_check(config, findings);
        if (modules_check(server->modules, config, findings) && same_modules)
                modules_plan(server->modules, config, plan);
        if (server->confine && same_modules && findings->n_errors == 0)
                check_confined(server, config, findings);
        check_options(plan, config, findings);
}

static int
compare_hosts(gconstpointer a, gconstpointer b, gpointer data)
{
        const Config *config = data;
        const MotetHost *left = *(MotetHost *const *)a, *right = *(MotetHost *const *)b;

        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (strcmp(host->name, left->name) == 0)
                        return left == right ? 0 : -1;
                if (strcmp(host->name, right->name) == 0)
                        return 1;
        }
        return 0;
}

/* Nothing can fail any more. Takes @config. */
static void
commit(Server *server, Config *config)
{
        server_apply_limits(server, config);
        g_ptr_array_sort_with_data(server->base.hosts, compare_hosts, config);
        config_free(server->config);
        server->config = config;
        server_fire(server, "config-reloaded");
}

/* They were good a moment ago; what is in force stays where one is not any more. */
static void
renew_certificates(Server *server, const Config *config)
{
        g_autoptr(GError) error = NULL;

        if (!certificates_load(server->certificates, config, &error))
                motet_warn("%s", error->message);
}

/* Listeners, as text: only their modules know before which there will be. */

static void
note_listener(const MotetListen *spec, uint16_t port, void *data)
{
        g_ptr_array_add(data, g_strdup_printf("%s port %u%s", spec->address, port,
                                              spec->direct_tls ? " (TLS)" : ""));
}

static GPtrArray *
listeners_of(const Server *server)
{
        GPtrArray *listeners = g_ptr_array_new_with_free_func(g_free);

        if (server->base.serving)
                listens_foreach(server->listens, note_listener, listeners);
        return listeners;
}

static void
plan_listeners(const GPtrArray *of, GPtrArray *others, PlanSign sign, ReloadPlan *plan)
{
        for (guint i = 0; i < of->len; i++) {
                const char *name = g_ptr_array_index(of, i);
                if (!g_ptr_array_find_with_equal_func(others, name, g_str_equal, NULL))
                        plan_add(plan, sign, PLAN_LISTENER, name, NULL);
        }
}

/* Hosts that go: whose streams end while their modules can still tell others of it. */
static void
evict(void *data)
{
        const GPtrArray *removed = data;

        for (guint i = 0; i < removed->len; i++) {
                MotetHost *host = g_ptr_array_index(removed, i);
                session_evict(host->server, host, MOTET_HOST_GONE,
                              "this server does not serve the domain any more");
        }
}

static void
free_hosts(GPtrArray *hosts)
{
        for (guint i = 0; i < hosts->len; i++)
                host_free(g_ptr_array_index(hosts, i));
}

static GPtrArray *
hosts_removed(const Server *server, const Config *config)
{
        const GPtrArray *hosts = server->base.hosts;
        GPtrArray *removed = g_ptr_array_new();

        for (guint i = 0; i < hosts->len; i++) {
                MotetHost *host = g_ptr_array_index(hosts, i);
                if (!find_host(config, host->name))
                        g_ptr_array_add(removed, host);
        }
        return removed;
}

static bool
apply_config(Server *server, Config *config, ReloadPlan *plan, GError **error)
{
        g_autoptr(GPtrArray) removed = hosts_removed(server, config);
        g_autoptr(GPtrArray) added = g_ptr_array_new();
        g_autoptr(GPtrArray) listened = listeners_of(server);

        server_add_hosts(server, config, added);
        if (!modules_apply(server->modules, config, evict, removed, error)) {
                free_hosts(added);
                return false;
        }
        free_hosts(removed);
        if (server->base.serving && !server->driven)
                renew_certificates(server, config);

        g_autoptr(GPtrArray) listening = listeners_of(server);
        plan_listeners(listening, listened, PLAN_ADD, plan);
        plan_listeners(listened, listening, PLAN_REMOVE, plan);
        return true;
}

bool
server_reload_to(Server *server, Config *taken, ReloadPlan *plan, ConfigFindings *findings,
                 GError **error)
{
        g_autoptr(Config) config = taken;

        module_dev_override(server->modules, config);
        make_plan(server, config, plan, findings);
        if (findings->n_errors > 0 || !server_apply_log(server, config, error)) {
                modules_forget(server->modules);
                return false;
        }
        if (!apply_config(server, config, plan, error)) {
                server_apply_log(server, server->config, NULL);
                return false;
        }
        commit(server, g_steal_pointer(&config));
        return true;
}

static void
log_outcome(bool is_done, const ReloadPlan *plan, const ConfigFindings *findings,
            const GError *error)
{
        for (guint i = 0; i < plan->changes->len; i++) {
                g_autofree char *line = plan_change_string(g_ptr_array_index(plan->changes, i));
                motet_info("%s: %s", is_done ? "reload" : "reload, not done", line);
        }
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings->list, i));
                motet_warn("%s", text);
        }
        if (error)
                motet_warn("%s", error->message);
        if (is_done)
                motet_info("configuration reloaded");
        else
                motet_error("reload refused: nothing was changed");
}

static void
note_outcome(Server *server, bool is_done)
{
        ServerReload *reload = &server->reload;

        reload->when = loop_wall_now(server->base.loop);
        reload->is_done = is_done;
        *(is_done ? &reload->n_done : &reload->n_refused) += 1;
}

const ServerReload *
server_last_reload(const Server *server)
{
        return &server->reload;
}

char *
server_reload_text(const Server *server)
{
        if (server->reload.when == 0)
                return NULL;
        g_autoptr(GDateTime) when =
                g_date_time_new_from_unix_utc(server->reload.when / G_USEC_PER_SEC);
        g_autofree char *text = when ? g_date_time_format(when, "%FT%TZ") : NULL;
        return g_strdup_printf("last reload %s: %s", text ? text : "at a time unknown",
                               server->reload.is_done ? "done" : "refused");
}

static bool
check_reloadable(const Server *server, GError **error)
{
        if (!server->config_file) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "this server was not made from a file");
                return false;
        }
        if (server->base.stopping) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CANCELLED, "the server is stopping");
                return false;
        }
        return true;
}

/* Returns: (own) NULL with findings. What is missing in a text that is cut is nobody's wish to
 * change it. */
static Config *
load_next(Server *server, ConfigFindings *findings)
{
        g_autoptr(Config) config = config_load(server->config_file, findings);

        if (!config || config->is_cut)
                return NULL;
        config->serve = server->config->serve;
        return g_steal_pointer(&config);
}

bool
server_reload(Server *server, ReloadPlan *plan, ConfigFindings *findings, GError **error)
{
        if (!check_reloadable(server, error))
                return false;
        server_manager_reloading(server);

        g_autoptr(GError) failure = NULL;
        g_autoptr(Config) config = load_next(server, findings);
        bool is_done = config &&
                       server_reload_to(server, g_steal_pointer(&config), plan, findings, &failure);
        log_outcome(is_done, plan, findings, failure);
        note_outcome(server, is_done);
        server_manager_reloaded(server);
        if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        return is_done;
}

bool
server_reload_dry(Server *server, ReloadPlan *plan, ConfigFindings *findings, GError **error)
{
        if (!check_reloadable(server, error))
                return false;

        g_autoptr(Config) config = load_next(server, findings);
        if (config) {
                module_dev_override(server->modules, config);
                make_plan(server, config, plan, findings);
        }
        modules_forget(server->modules);
        return config && findings->n_errors == 0;
}
