/*
 * config_module: reads enabled, hosts, options and host_options. The options themselves wait for
 * the module's table.
 */
#include "core/config_module.h"

#include <string.h>

#include "core/config_domain.h"
#include "core/config_value.h"
#include "core/suggest.h"

enum { NAME_MAX_BYTES = 64 };

static const char *const module_keys[] = {"enabled", "hosts", "options", "host_options", NULL};

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
        const ConfigNode *host_options = config_node_entry(node, "host_options");
        if (host_options)
                read_host_options(config, module, host_options, findings);
        return module;
}
