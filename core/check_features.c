/*
 * check_features: what servers should offer, row by row, against what the enabled modules declare,
 * and which installed module would add what is not offered.
 *
 * The rows are a file among the modules, suites.yaml: which features there are is no business of
 * the core.
 */
#include <string.h>

#include "core/check.h"
#include "core/config_value.h"
#include "core/config_yaml.h"
#include "core/module_private.h"

#define ROWS "suites.yaml"

typedef struct {
        CheckContext *context;
        GPtrArray *wanted;  /* (own) of ModuleWanted */
        GPtrArray *objects; /* (own) of ModuleObject, installed and not enabled anywhere */
} Features;

typedef struct {
        const char *suite, *level, *feature;
        GPtrArray *specs; /* (borrowed) of ConfigNode */
} Row;

/* What is found of one row. */
typedef struct {
        GPtrArray *by;    /* modules that offer it */
        GPtrArray *to_do; /* (own) hints */
        GPtrArray *no;    /* specs that nobody has */
} Result;

static const char *
text_of(const ConfigNode *map, const char *key)
{
        const ConfigNode *node = config_node_entry(map, key);

        return node && node->kind == CONFIG_SCALAR ? node->text : NULL;
}

static bool
row_read(const ConfigNode *node, Row *row)
{
        const ConfigNode *specs =
                node->kind == CONFIG_MAP ? config_node_entry(node, "specs") : NULL;

        if (!specs || specs->kind != CONFIG_LIST)
                return false;
        *row = (Row){text_of(node, "suite"), text_of(node, "level"), text_of(node, "feature"),
                     specs->items};
        for (guint i = 0; i < specs->items->len; i++) {
                if (((const ConfigNode *)g_ptr_array_index(specs->items, i))->kind != CONFIG_SCALAR)
                        return false;
        }
        return row->suite && row->level && row->feature;
}

/* Descriptors have versions: "NAME@1.0". */
static bool
declares(const MotetModuleInfo *info, const char *spec)
{
        size_t n = strlen(spec);

        for (const char *const *known = info->specs; known && *known; known++) {
                if (strncmp(*known, spec, n) == 0 && ((*known)[n] == '@' || (*known)[n] == '\0'))
                        return true;
        }
        return false;
}

static void
add_once(GPtrArray *list, const char *text)
{
        if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
                g_ptr_array_add(list, g_strdup(text));
}

/* Returns: whether a module offers @spec on @host */
static bool
look_on_host(const Features *features, const char *spec, const char *host, Result *result)
{
        bool is_there = false;

        for (guint i = 0; i < features->wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(features->wanted, i);
                if (!declares(module->object->info, spec) || !module_wanted_is_on(module, host))
                        continue;
                add_once(result->by, module->object->name);
                is_there = true;
        }
        return is_there;
}

static void
look_for_remedy(const Features *features, const char *spec, const char *host, Result *result)
{
        const Config *config = features->context->config;

        for (guint i = 0; i < features->wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(features->wanted, i);
                if (!declares(module->object->info, spec))
                        continue;
                g_autofree char *hint = g_strdup_printf("add %s to \"hosts\" in %s", host,
                                                        module->config->place.file);
                add_once(result->to_do, hint);
                return;
        }
        for (guint i = 0; i < features->objects->len; i++) {
                const ModuleObject *object = g_ptr_array_index(features->objects, i);
                if (!declares(object->info, spec))
                        continue;
                const ConfigModule *module = config_module(config, object->name);
                g_autofree char *file =
                        module ? g_strdup(module->place.file)
                               : g_strdup_printf("%s/%s.yaml", config->plugins_dir, object->name);
                g_autofree char *hint = g_strdup_printf("\"enabled: true\" in %s", file);
                add_once(result->to_do, hint);
                return;
        }
        add_once(result->no, spec);
}

static char *
join(const GPtrArray *list)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < list->len; i++)
                g_string_append_printf(text, "%s%s", i ? ", " : "",
                                       (const char *)g_ptr_array_index(list, i));
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
report(const Features *features, const Row *row, const Result *result)
{
        ConfigFindings *findings = features->context->findings;
        const char *file = features->context->config->file;
        g_autofree char *title =
                g_strdup_printf("%s, %s: %s", row->suite, row->level, row->feature);
        g_autofree char *by = join(result->by);
        g_autofree char *no = join(result->no);
        g_autofree char *to_do = join(result->to_do);

        if (result->no->len > 0) {
                config_findings_add(findings, FINDING_FEATURES_MISSING, file, 0, 0,
                                    "%s: no module here has %s", title, no);
        } else if (result->to_do->len > 0) {
                config_findings_add(findings, FINDING_FEATURES_NOT_ENABLED, file, 0, 0,
                                    "%s: not offered%s", title,
                                    result->by->len > 0 ? " on every host, or not whole" : "");
                config_findings_hint(findings, "%s", to_do);
        } else {
                config_findings_add(findings, FINDING_FEATURES_SATISFIED, file, 0, 0, "%s: by %s",
                                    title, by);
        }
}

static void
look_at_row(const Features *features, const Row *row)
{
        const Config *config = features->context->config;
        g_autoptr(GPtrArray) by = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) to_do = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) no = g_ptr_array_new_with_free_func(g_free);
        Result result = {by, to_do, no};

        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                for (guint j = 0; j < row->specs->len; j++) {
                        const ConfigNode *spec = g_ptr_array_index(row->specs, j);
                        if (!look_on_host(features, spec->text, host->name, &result))
                                look_for_remedy(features, spec->text, host->name, &result);
                }
        }
        report(features, row, &result);
}

static void
look_at_rows(const Features *features, const ConfigNode *list, const char *file)
{
        Row row;

        for (guint i = 0; i < list->items->len; i++) {
                const ConfigNode *node = g_ptr_array_index(list->items, i);
                if (row_read(node, &row))
                        look_at_row(features, &row);
                else
                        config_findings_add(features->context->findings, FINDING_FEATURES_NO_LIST,
                                            file, node->line, node->column,
                                            "a row is not suite, level, feature and specs");
        }
}

/* What is installed and not enabled; a module that cannot be opened is no remedy. */
static void
open_others(const Features *features)
{
        const Config *config = features->context->config;
        g_auto(GStrv) names = module_object_names(config->modules_dir);

        for (char **name = names; *name; name++) {
                if (modules_info(features->context->modules, *name))
                        continue;
                ModuleObject *object = module_object_open(config->modules_dir, *name, NULL);
                if (object)
                        g_ptr_array_add(features->objects, object);
        }
}

void
check_features(CheckContext *context)
{
        g_autofree char *file = g_build_filename(context->config->modules_dir, ROWS, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        ConfigFindings known;
        gsize len;

        if (!g_file_get_contents(file, &text, &len, &error)) {
                config_findings_add(context->findings, FINDING_FEATURES_NO_LIST, file, 0, 0, "%s",
                                    error->message);
                return;
        }
        config_findings_init(&known);
        g_autoptr(ConfigNode) rows = config_yaml_parse(text, len, file, &known);
        g_autoptr(GPtrArray) wanted = module_plan(context->modules, context->config, &known);
        g_autoptr(GPtrArray) objects =
                g_ptr_array_new_with_free_func((GDestroyNotify)module_object_close);
        const Features features = {context, wanted, objects};
        config_findings_clear(&known);
        open_others(&features);
        if (rows && rows->kind == CONFIG_LIST)
                look_at_rows(&features, rows, file);
        else
                config_findings_add(context->findings, FINDING_FEATURES_NO_LIST, file, 0, 0,
                                    "is no list of rows");
}
