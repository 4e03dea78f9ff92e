/*
 * module_rules: what modules say of the rest of the configuration (MotetRule), and whether the
 * storage that is named is there.
 */
#include <motet/module.h>
#include <string.h>

#include "core/module_graph.h"
#include "core/module_private.h"
#include "core/suggest.h"

#define STORE_SERVICE "service:store:"
#define ANY_STORE STORE_SERVICE "*"

typedef struct {
        const GPtrArray *wanted;
        const Config *config;
        ConfigFindings *findings;
} Rules;

/* One rule of one module on one host. */
typedef struct {
        const Rules *rules;
        const ModuleWanted *module;
        const MotetRule *rule;
        const char *host;
} Case;

static const ModuleWanted *
find_on(const GPtrArray *wanted, const char *name, const char *host)
{
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                if (module_object_is(module->object, name) && module_wanted_is_on(module, host))
                        return module;
        }
        return NULL;
}

/* Returns: (own) as checked already, so that nothing is found twice */
static OptionValues *
values_on(const Case *c, const ModuleWanted *module)
{
        bool has_hosts = module->object->info->scope == MOTET_SCOPE_HOST;
        ConfigFindings known;

        config_findings_init(&known);
        OptionValues *values =
                module_read_options(module, has_hosts ? c->host : NULL, c->rules->config, &known);
        config_findings_clear(&known);
        return values;
}

static bool
is_set_to(const OptionValues *values, const char *option, const char *value)
{
        g_autofree char *text = option_values_print(values, option);

        return g_strcmp0(text, value) == 0;
}

static bool
applies(const Case *c)
{
        const MotetRule *rule = c->rule;

        if (!rule->when && !rule->unless)
                return true;
        OptionValues *values = values_on(c, c->module);
        bool is_met = !rule->when || is_set_to(values, rule->when, rule->is);
        bool is_exempt = rule->unless && is_set_to(values, rule->unless, rule->was);
        option_values_free(values);
        return is_met && !is_exempt;
}

static bool
lists_meet(const OptionValues *values, const char *one, const char *other)
{
        const char *const *left = option_values_list(values, one);
        const char *const *right = option_values_list(values, other);

        for (; left && right && *left; left++) {
                if (strcmp(*left, "0") != 0 && g_strv_contains(right, *left))
                        return true;
        }
        return false;
}

/* Whether the rule is kept. */
static bool
holds(const Case *c)
{
        const MotetRule *rule = c->rule;
        const ModuleWanted *subject =
                rule->module ? find_on(c->rules->wanted, rule->module, c->host) : c->module;

        if (!subject || rule->kind == MOTET_RULE_NEEDS)
                return subject || rule->kind != MOTET_RULE_NEEDS;
        OptionValues *values = values_on(c, subject);
        bool is_kept = false;
        switch (rule->kind) {
        case MOTET_RULE_NEEDS:
                break;
        case MOTET_RULE_VALUE:
                is_kept = is_set_to(values, rule->option, rule->value);
                break;
        case MOTET_RULE_NOT_VALUE:
                is_kept = !is_set_to(values, rule->option, rule->value);
                break;
        case MOTET_RULE_DISJOINT:
                is_kept = !lists_meet(values, rule->option, rule->value);
                break;
        }
        option_values_free(values);
        return is_kept;
}

/* Where the setting stands that the rule is about; the module's own place when it is a default. */
static const ConfigNode *
place_of(const Case *c)
{
        const MotetRule *rule = c->rule;
        const char *key = rule->when ? rule->when : rule->module ? NULL : rule->option;
        const ConfigNode *node = key ? config_node_entry(c->module->config->options, key) : NULL;

        return node ? node : &c->module->config->place;
}

static void
report(const Case *c, const char *hosts)
{
        static const FindingId ids[] = {
                [MOTET_RULE_NEEDS] = FINDING_CONFIG_INCOMPLETE,
                [MOTET_RULE_VALUE] = FINDING_CONFIG_NO_EFFECT,
                [MOTET_RULE_NOT_VALUE] = FINDING_CONFIG_INCOMPLETE,
                [MOTET_RULE_DISJOINT] = FINDING_CONFIG_CONTRADICTION,
        };
        const MotetRule *rule = c->rule;
        const ConfigNode *node = place_of(c);
        ConfigFindings *findings = c->rules->findings;

        config_findings_add(findings, ids[rule->kind], node->file, node->line, node->column,
                            "module \"%s\": %s%s%s", c->module->object->name, rule->text,
                            *hosts ? " on " : "", hosts);
        if (rule->kind == MOTET_RULE_NEEDS)
                config_findings_hint(findings, "enable the module \"%s\"", rule->module);
}

static void
check_rule(const Rules *rules, const ModuleWanted *module, const MotetRule *rule)
{
        g_autoptr(GString) hosts = g_string_new(NULL);
        Case c = {rules, module, rule, NULL};
        unsigned n_broken = 0, n_on = 0;

        for (guint i = 0; i < rules->config->hosts->len; i++) {
                c.host = ((const ConfigHost *)g_ptr_array_index(rules->config->hosts, i))->name;
                if (!module_wanted_is_on(module, c.host))
                        continue;
                n_on++;
                if (!applies(&c) || holds(&c))
                        continue;
                n_broken++;
                g_string_append_printf(hosts, "%s%s", hosts->len ? ", " : "", c.host);
        }
        /* On every host it runs for: then the hosts are not worth telling. */
        if (n_broken > 0)
                report(&c, n_broken == n_on ? "" : hosts->str);
}

/* Storage */

static bool
keeps_something(const ModuleWanted *module)
{
        const MotetModuleInfo *info = module->object->info;

        return (info->wants && g_strv_contains(info->wants, ANY_STORE)) ||
               (info->depends && g_strv_contains(info->depends, ANY_STORE));
}

/* Returns: (own) names of backends, for g_ptr_array_unref(), NULL-terminated */
static GPtrArray *
backends_of(const GPtrArray *wanted)
{
        GPtrArray *names = g_ptr_array_new();

        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                const MotetServiceDecl *service = module->object->info->services;
                for (; service && service->name; service++) {
                        if (g_str_has_prefix(service->name, "store:"))
                                g_ptr_array_add(names, (gpointer)strchr(service->name, ':') + 1);
                }
        }
        g_ptr_array_add(names, NULL);
        return names;
}

static const ConfigNode *
storage_node(const Config *config, const char *store)
{
        const ConfigNode *root = config->roots->len > 0 ? config->roots->pdata[0] : NULL;
        const ConfigNode *storage = config_node_entry(root, "storage");

        return store ? config_node_entry(config_node_entry(storage, "stores"), store)
                     : config_node_entry(storage, "default");
}

/* @store NULL: the default. */
static void
check_backend(const Rules *rules, const char *backend, const char *store)
{
        g_autofree char *service = g_strconcat(STORE_SERVICE, backend, NULL);
        g_autoptr(GPtrArray) names = backends_of(rules->wanted);
        g_autoptr(GString) hosts = g_string_new(NULL);
        const ConfigNode *node = storage_node(rules->config, store);

        for (guint i = 0; i < rules->config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(rules->config->hosts, i);
                if (!find_on(rules->wanted, service, host->name))
                        g_string_append_printf(hosts, "%s%s", hosts->len ? ", " : "", host->name);
        }
        if (hosts->len == 0)
                return;
        config_findings_add(rules->findings, FINDING_CONFIG_MISSING_STORAGE,
                            node ? node->file : rules->config->file, node ? node->line : 0,
                            node ? node->column : 0,
                            "no enabled module on %s provides the storage \"%s\"", hosts->str,
                            backend);
        const char *near = suggest_nearest(backend, (const char *const *)names->pdata);
        if (near)
                config_findings_hint(rules->findings, "did you mean \"%s\"?", near);
}

static void
check_storage(const Rules *rules)
{
        bool is_needed = false;
        GHashTableIter iter;
        gpointer store, backend;

        for (guint i = 0; i < rules->wanted->len; i++)
                is_needed = is_needed || keeps_something(g_ptr_array_index(rules->wanted, i));
        if (!is_needed)
                return;
        check_backend(rules, rules->config->storage_default, NULL);
        g_hash_table_iter_init(&iter, rules->config->storage);
        while (g_hash_table_iter_next(&iter, &store, &backend))
                check_backend(rules, backend, store);
}

void
module_rules_check(const GPtrArray *wanted, const Config *config, ConfigFindings *findings)
{
        const Rules rules = {wanted, config, findings};

        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                const MotetRule *rule = module->object->info->rules;
                for (; rule && rule->text; rule++)
                        check_rule(&rules, module, rule);
        }
        check_storage(&rules);
}
