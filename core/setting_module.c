/*
 * setting_module: the settings of one module: whether and where it runs, its options and its
 * permissions.
 */
#include <string.h>

#include "core/config_print.h"
#include "core/permission.h"
#include "core/setting.h"

static const MotetOption enabled_option = {
        .key = "enabled", .type = MOTET_OPTION_BOOL, .help = "Whether the module runs."};
static const MotetOption hosts_option = {.key = "hosts",
                                         .type = MOTET_OPTION_DOMAINS,
                                         .help = "On which hosts it runs; unset, on all."};

/* A module as it is configured. */
typedef struct {
        GPtrArray *settings;
        const Config *config;
        const MotetModuleInfo *info;
        const ConfigModule *module; /* NULL: it is not configured */
} Adding;

static void
set_origin(Setting *setting, const ConfigNode *map, const char *key)
{
        for (guint i = 0; map && map->entries && i < map->entries->len; i++) {
                const ConfigEntry *entry = map->entries->pdata[i];
                if (strcmp(entry->key, key) != 0)
                        continue;
                setting->file = g_strdup(map->file);
                setting->line = entry->line;
        }
}

/* Returns: (own) the default as it may be written: a path that is a default is relative to another
 * folder than one that is written */
static char *
fallback_of(const Adding *adding, const MotetOption *option)
{
        const MotetOption table[] = {*option, {0}};
        ConfigFindings known;

        if (option->type != MOTET_OPTION_PATH || !option->fallback)
                return g_strdup(option->fallback);
        config_findings_init(&known);
        OptionValues *values =
                option_values_new(table, adding->info->name, NULL, NULL, adding->config, &known);
        char *path = option_values_print(values, option->key);
        option_values_free(values);
        config_findings_clear(&known);
        return setting_path_text(path, adding->config);
}

/* @prefix: of its key */
static Setting *
add(const Adding *adding, const char *prefix, const MotetOption *option)
{
        g_autofree char *key = g_strconcat(adding->info->name, ".", prefix, option->key, NULL);
        Setting *setting = settings_add(adding->settings, key, option);
        const char *const *restart = adding->info->restart_options;

        setting->module = g_strdup(adding->info->name);
        setting->scope = adding->info->scope;
        setting->fallback = fallback_of(adding, option);
        setting->needs_restart = restart && g_strv_contains(restart, option->key);
        return setting;
}

/* What is there for the module as a whole. */
static void
add_switches(const Adding *adding)
{
        const ConfigModule *module = adding->module;
        Setting *enabled = add(adding, "", &enabled_option);

        enabled->fallback = g_strdup("true");
        enabled->value = g_strdup(module && module->enabled ? "true" : "false");
        if (module) {
                enabled->file = g_strdup(module->place.file);
                enabled->line = MAX(module->place.line, 1);
                const ConfigNode *node = config_node_entry(module->node, "enabled");
                if (node)
                        enabled->line = node->line;
        }
        if (adding->info->scope == MOTET_SCOPE_SERVER)
                return;
        Setting *hosts = add(adding, "", &hosts_option);
        hosts->fallback = g_strdup("all");
        hosts->value = module && module->hosts
                               ? config_print_list((const char *const *)module->hosts)
                               : g_strdup("all");
        set_origin(hosts, module ? module->node : NULL, "hosts");
}

static const ConfigNode *
options_of(const ConfigModule *module, const char *host)
{
        for (guint i = 0; module && host && i < module->host_options->len; i++) {
                const ConfigEntry *entry = module->host_options->pdata[i];
                if (strcmp(entry->key, host) == 0)
                        return entry->value;
        }
        return NULL;
}

/* Secrets are not read to be shown: one that is named was read when it came into force. */
static char *
value_of(const Adding *adding, const MotetOption *option, const ConfigNode *options,
         const ConfigNode *overrides)
{
        const MotetOption table[] = {*option, {0}};
        ConfigFindings known;

        if (option->type == MOTET_OPTION_SECRET)
                return config_node_entry(overrides, option->key) ||
                                       config_node_entry(options, option->key)
                               ? g_strdup("set")
                               : NULL;
        config_findings_init(&known);
        OptionValues *values = option_values_new(table, adding->info->name, options, overrides,
                                                 adding->config, &known);
        char *text = option_values_print(values, option->key);
        option_values_free(values);
        config_findings_clear(&known);
        return text;
}

static void
add_option(const Adding *adding, const MotetOption *option, const char *host)
{
        Setting *setting = add(adding, "", option);
        const ConfigNode *options = adding->module ? adding->module->options : NULL;
        const ConfigNode *overrides = options_of(adding->module, host);

        setting->host = g_strdup(host);
        setting->value = value_of(adding, option, options, overrides);
        set_origin(setting, overrides, option->key);
        if (!setting->file)
                set_origin(setting, options, option->key);
}

static void
add_permission(const Adding *adding, const MotetPermission *permission)
{
        const MotetOption option = permission_option(permission);
        const ConfigNode *permissions = adding->module ? adding->module->permissions : NULL;
        Setting *setting = add(adding, PERMISSION_PREFIX, &option);

        setting->value = value_of(adding, &option, permissions, NULL);
        set_origin(setting, permissions, option.key);
}

/* For each host that has a value of its own. */
static void
add_differing(const Adding *adding, const MotetOption *option)
{
        const GPtrArray *hosts = adding->module ? adding->module->host_options : NULL;

        for (guint i = 0; hosts && i < hosts->len; i++) {
                const ConfigEntry *entry = hosts->pdata[i];
                if (config_node_entry(entry->value, option->key))
                        add_option(adding, option, entry->key);
        }
}

void
settings_add_module(GPtrArray *settings, const Config *config, const MotetModuleInfo *info,
                    const char *host)
{
        const Adding adding = {settings, config, info, config_module(config, info->name)};

        add_switches(&adding);
        for (const MotetOption *option = info->options; option && option->key; option++) {
                add_option(&adding, option, host);
                if (!host)
                        add_differing(&adding, option);
        }
        for (const MotetPermission *row = info->permissions; row && row->name; row++)
                add_permission(&adding, row);
}
