/*
 * config_module: reads enabled, hosts, options, host_options and permissions. The options and
 * permissions themselves wait for the module's tables.
 */
#include "core/config_module.h"

#include <string.h>

#include "core/config_domain.h"
#include "core/config_value.h"
#include "core/suggest.h"

enum { NAME_MAX_BYTES = 64 };

static const char *const module_keys[] = {"enabled",      "hosts",       "options",
                                          "host_options", "permissions", NULL};

bool
config_module_is_name(const char *text)
{
        size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

        return n > 0 && n <= NAME_MAX_BYTES && text[n] == '\0';
}

void
config_module_free(ConfigModule *module)
{
        if (!module)
                return;
        g_free(module->name);
        g_strfreev(module->hosts);
        g_clear_pointer(&module->host_options, g_ptr_array_unref);
        config_module_free(module->written);
        g_free(module);
}

/* Returns: (own) the prepared name of a host that is served, or NULL with a finding. */
static char *
served_host(const Config *config, const char *text, const ConfigNode *place,
            ConfigFindings *findings)
{
        g_autofree char *name = config_domain_read(text, place, findings);
        g_autoptr(GPtrArray) served = g_ptr_array_new();

        if (!name)
                return NULL;
        for (unsigned i = 0; i < config->hosts->len; i++) {
                char *host = ((ConfigHost *)config->hosts->pdata[i])->name;
                if (g_str_equal(host, name))
                        return g_steal_pointer(&name);
                g_ptr_array_add(served, host);
        }
        if (config->hosts->len == 0)
                return g_steal_pointer(&name);
        g_ptr_array_add(served, NULL);
        const char *near = suggest_nearest(name, (const char *const *)served->pdata);
        config_findings_add(findings, FINDING_CONFIG_UNKNOWN_HOST, place->file, place->line,
                            place->column, "\"%s\" is not one of the hosts of %s", name,
                            config->file);
        if (near)
                config_findings_hint(findings, "did you mean \"%s\"?", near);
        return NULL;
}

static char **
read_hosts(const Config *config, const ConfigNode *node, ConfigFindings *findings)
{
        g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);

        if (node->kind == CONFIG_SCALAR && g_strcmp0(node->text, "all") == 0)
                return NULL;
        if (node->kind != CONFIG_LIST) {
                config_value_unexpected(node, "all or a list of hosts", findings);
                return NULL;
        }
        if (node->items->len == 0)
                config_findings_add(
                        findings, FINDING_CONFIG_NO_HOSTS, node->file, node->line, node->column,
                        "a list without hosts; to switch the module off, use enabled: false");
        for (unsigned i = 0; i < node->items->len; i++) {
                const ConfigNode *item = node->items->pdata[i];
                const char *text;
                if (!config_value_text(item, "a host", &text, findings))
                        continue;
                g_autofree char *name = served_host(config, text, item, findings);
                if (name)
                        config_value_add_once(hosts, name, item, findings);
        }
        return config_value_take_list(hosts);
}

static bool
has_host_options(const ConfigModule *module, const char *host)
{
        for (unsigned i = 0; i < module->host_options->len; i++)
                if (g_str_equal(((ConfigEntry *)module->host_options->pdata[i])->key, host))
                        return true;
        return false;
}

static void
read_host_options(const Config *config, ConfigModule *module, const ConfigNode *map,
                  ConfigFindings *findings)
{
        if (!config_value_map(map, "a map from hosts to options", findings))
                return;
        for (unsigned i = 0; map->entries && i < map->entries->len; i++) {
                ConfigEntry *entry = map->entries->pdata[i];
                const ConfigNode place = {
                        .file = map->file, .line = entry->line, .column = entry->column};
                g_autofree char *name = served_host(config, entry->key, &place, findings);

                if (!config_value_map(entry->value, "a map of options", findings) || !name)
                        continue;
                if (module->hosts && !g_strv_contains((const char *const *)module->hosts, name)) {
                        config_findings_add(findings, FINDING_CONFIG_HOST_DISABLED, place.file,
                                            place.line, place.column, "%s is not enabled on \"%s\"",
                                            module->name, name);
                } else if (has_host_options(module, name)) {
                        config_findings_add(findings, FINDING_DOMAINS_DUPLICATE, place.file,
                                            place.line, place.column, "\"%s\" is there twice",
                                            name);
                } else {
                        g_free(entry->key);
                        entry->key = g_steal_pointer(&name);
                        g_ptr_array_add(module->host_options, entry);
                }
        }
}

ConfigModule *
config_module_read(const Config *config, const char *name, ConfigNode *node,
                   ConfigFindings *findings)
{
        ConfigModule *module = g_new0(ConfigModule, 1);

        module->name = g_strdup(name);
        module->enabled = true;
        module->host_options = g_ptr_array_new();
        module->node = node;
        module->place =
                (ConfigNode){.file = node->file, .line = node->line, .column = node->column};
        if (!config_value_map(node, "a map", findings))
                return module;
        config_value_keys(node, module_keys, FINDING_CONFIG_UNKNOWN_KEY, findings);

        const ConfigNode *enabled = config_node_entry(node, "enabled");
        if (enabled)
                config_value_bool(enabled, &module->enabled, findings);
        const ConfigNode *hosts = config_node_entry(node, "hosts");
        if (hosts)
                module->hosts = read_hosts(config, hosts, findings);
        const ConfigNode *options = config_node_entry(node, "options");
        if (options && config_value_map(options, "a map of options", findings) &&
            options->kind == CONFIG_MAP)
                module->options = options;
        const ConfigNode *permissions = config_node_entry(node, "permissions");
        if (permissions && config_value_map(permissions, "a map of permissions", findings) &&
            permissions->kind == CONFIG_MAP)
                module->permissions = permissions;
        const ConfigNode *host_options = config_node_entry(node, "host_options");
        if (host_options)
                read_host_options(config, module, host_options, findings);
        return module;
}

/* Overriding */

static guint
index_of(const Config *config, const char *name)
{
        guint i = 0;

        while (i < config->modules->len &&
               !g_str_equal(((const ConfigModule *)config->modules->pdata[i])->name, name))
                i++;
        return i;
}

/* Returns: (own) the hosts that @written is enabled on and @host; NULL: all */
static char **
hosts_with(const ConfigModule *written, const char *host)
{
        if (!host || (written && written->enabled && !written->hosts))
                return written ? g_strdupv(written->hosts) : NULL;

        g_autoptr(GStrvBuilder) hosts = g_strv_builder_new();
        for (char **name = written && written->enabled ? written->hosts : NULL; name && *name;
             name++) {
                if (!g_str_equal(*name, host))
                        g_strv_builder_add(hosts, *name);
        }
        g_strv_builder_add(hosts, host);
        return g_strv_builder_end(hosts);
}

void
config_module_override(Config *config, const char *name, const char *host, bool enabled)
{
        config_module_restore(config, name);

        guint i = index_of(config, name);
        ConfigModule *written = i < config->modules->len ? config->modules->pdata[i] : NULL;
        ConfigModule *module = g_new0(ConfigModule, 1);
        if (written)
                *module = *written;
        else
                module->place = (ConfigNode){.file = config->file};
        module->name = g_strdup(name);
        module->enabled = enabled;
        module->hosts = hosts_with(written, host);
        module->host_options = written ? g_ptr_array_ref(written->host_options) : g_ptr_array_new();
        module->overridden = true;
        module->written = written;
        if (written)
                config->modules->pdata[i] = module;
        else
                g_ptr_array_add(config->modules, module);
}

void
config_module_restore(Config *config, const char *name)
{
        guint i = index_of(config, name);
        ConfigModule *module = i < config->modules->len ? config->modules->pdata[i] : NULL;

        if (!module || !module->overridden)
                return;
        if (!module->written) {
                g_ptr_array_remove_index(config->modules, i);
                return;
        }
        config->modules->pdata[i] = g_steal_pointer(&module->written);
        config_module_free(module);
}
