/*
 * server_reload: a new configuration for a running server, applied whole or not at all.
 */
#include <motet/error.h>
#include <string.h>

#include "core/certificates.h"
#include "core/server_private.h"

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
require_same(const char *key, const char *now, const char *wanted, const Config *config,
             ConfigFindings *findings)
{
        if (g_strcmp0(now, wanted) != 0)
                config_findings_add(findings, false, config->file, 0, 0,
                                    "changing \"%s\" needs a restart", key);
}

static bool
has_host(const Config *config, const char *name)
{
        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (strcmp(host->name, name) == 0)
                        return true;
        }
        return false;
}

/* What is in use and cannot be changed under those who use it. */
static void
check_unchanged(const Server *server, const Config *config, ConfigFindings *findings)
{
        const Config *now = server->config;

        require_same("data_dir", now->data_dir, config->data_dir, config, findings);
        require_same("control_socket", now->control_socket, config->control_socket, config,
                     findings);
        require_same("modules_dir", now->modules_dir, config->modules_dir, config, findings);
        require_same("user", now->user, config->user, config, findings);
        if (!is_same_storage(now, config))
                config_findings_add(findings, false, config->file, 0, 0,
                                    "changing \"storage\" needs a restart");
        for (guint i = 0; i < now->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(now->hosts, i);
                if (!has_host(config, host->name))
                        config_findings_add(findings, false, config->file, 0, 0,
                                            "removing the host \"%s\" needs a restart", host->name);
        }
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

        if (!certificates_load(server->base.tls, config, &error))
                motet_warn("%s", error->message);
}

static bool
apply_config(Server *server, Config *config, GString *plan_out, GError **error)
{
        g_autoptr(GPtrArray) added = g_ptr_array_new();
        bool reads_certificates = server->base.serving && !server->driven;

        server_add_hosts(server, config, added);
        bool is_done = modules_apply(server->modules, config, plan_out, error);
        if (is_done && reads_certificates)
                renew_certificates(server, config);
        for (guint i = 0; !is_done && i < added->len; i++)
                host_free(g_ptr_array_index(added, i));
        for (guint i = 0; is_done && i < added->len; i++)
                g_string_append_printf(plan_out, "added host %s\n",
                                       ((MotetHost *)g_ptr_array_index(added, i))->name);
        return is_done;
}

bool
server_reload_to(Server *server, Config *taken, GString *plan_out, ConfigFindings *findings,
                 GError **error)
{
        g_autoptr(Config) config = taken;

        check_unchanged(server, config, findings);
        if (server->base.serving && !server->driven)
                certificates_check(config, findings);
        modules_check(server->modules, config, findings);
        if (findings->n_errors > 0)
                return false;
        if (!server_apply_log(server, config, error))
                return false;
        if (!apply_config(server, config, plan_out, error)) {
                server_apply_log(server, server->config, NULL);
                return false;
        }
        commit(server, g_steal_pointer(&config));
        return true;
}

static void
log_outcome(bool is_done, const GString *plan, const ConfigFindings *findings, const GError *error)
{
        g_auto(GStrv) lines = g_strsplit(plan->str, "\n", -1);

        for (char **line = lines; is_done && *line; line++) {
                if (**line)
                        motet_info("reload: %s", *line);
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

bool
server_reload(Server *server, GString *plan_out, ConfigFindings *findings, GError **error)
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
        if (server->notify)
                notify_reloading(server->notify);

        g_autoptr(GError) failure = NULL;
        g_autoptr(Config) config = config_load(server->config_file, findings);
        bool is_done = config && server_reload_to(server, g_steal_pointer(&config), plan_out,
                                                  findings, &failure);
        log_outcome(is_done, plan_out, findings, failure);
        if (server->notify)
                notify_send(server->notify, "READY=1");
        if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        return is_done;
}
