/*
 * option: tables of options checked against what operators wrote, and read by instances.
 *
 * Values hold copies of keys and texts, so that they outlive the module's code that declared them.
 */
#include <motet/option.h>

#include <string.h>

#include "core/config.h"
#include "core/config_value.h"
#include "core/config_yaml.h"
#include "core/instance.h"

enum { LIST_MAX = 1000 };

typedef struct {
        char *key;
        MotetOptionType type;
        int64_t integer; /* BOOL, INT, SIZE, DURATION */
        char *text;      /* STRING, ENUM, PATH; NULL: unset */
        char **list;     /* LIST, INTS; never NULL */
} Value;

struct OptionValues {
        unsigned n;
        Value values[];
};

/* What a value is read with. */
typedef struct {
        const MotetOption *option;
        const char *dir; /* what paths are relative to */
        ConfigFindings *findings;
} Reader;

static bool
is_list_type(MotetOptionType type)
{
        return type == MOTET_OPTION_LIST || type == MOTET_OPTION_INTS;
}

static void
value_set_text(Value *value, const char *text)
{
        g_free(value->text);
        value->text = g_strdup(text);
}

static bool
read_integer(const Reader *reader, ConfigUnit unit, const ConfigNode *node, int64_t *out)
{
        const int64_t range[2] = {reader->option->min, reader->option->max};

        return config_value_integer(node, unit, range, out, reader->findings);
}

static bool
read_string(const Reader *reader, const ConfigNode *node, const char **text_out)
{
        const MotetOption *option = reader->option;

        if (!config_value_text(node, "text", text_out, reader->findings))
                return false;
        int64_t n = (int64_t)strlen(*text_out);
        bool ranged = option->min != 0 || option->max != 0;
        if (!ranged || (n >= option->min && n <= option->max))
                return true;
        config_findings_add(reader->findings, false, node->file, node->line, node->column,
                            "a text of %" G_GINT64_FORMAT " bytes, expected from %" G_GINT64_FORMAT
                            " to %" G_GINT64_FORMAT,
                            n, option->min, option->max);
        return false;
}

static bool
read_item(const Reader *reader, const ConfigNode *node, const char **text_out)
{
        const MotetOption *option = reader->option;
        int64_t integer;

        if (option->type == MOTET_OPTION_INTS) {
                *text_out = node->text; /* read strictly, so each integer has one spelling */
                return read_integer(reader, CONFIG_NUMBER, node, &integer);
        }
        if (option->values)
                return config_value_word(node, option->values, text_out, reader->findings);
        return read_string(reader, node, text_out);
}

static bool
is_list(const Reader *reader, const ConfigNode *node)
{
        bool integers = reader->option->type == MOTET_OPTION_INTS;

        if (node->kind != CONFIG_LIST) {
                config_value_unexpected(node,
                                        integers ? "a list of integers such as [1, 2]"
                                                 : "a list such as [a, b]",
                                        reader->findings);
                return false;
        }
        if (node->items->len > LIST_MAX) {
                config_findings_add(reader->findings, false, node->file, node->line, node->column,
                                    "a list of %u, expected at most %d", node->items->len,
                                    LIST_MAX);
                return false;
        }
        return true;
}

static bool
read_list(const Reader *reader, const ConfigNode *node, Value *value)
{
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
        bool good = is_list(reader, node);

        for (unsigned i = 0; good && i < node->items->len; i++) {
                const ConfigNode *item = node->items->pdata[i];
                const char *text;
                if (read_item(reader, item, &text))
                        config_value_add_once(list, text, item, reader->findings);
        }
        if (!good)
                return false;
        g_strfreev(value->list);
        value->list = config_value_take_list(list);
        return true;
}

static bool
read_path(const Reader *reader, const ConfigNode *node, Value *value)
{
        char *path;

        if (!config_value_path(node, reader->dir, &path, reader->findings))
                return false;
        g_free(value->text);
        value->text = path;
        return true;
}

static bool
read_bool(const Reader *reader, const ConfigNode *node, Value *value)
{
        bool truth;

        if (!config_value_bool(node, &truth, reader->findings))
                return false;
        value->integer = truth;
        return true;
}

/* Sets @value from @node, or leaves it and adds findings. */
static void
read_value(const Reader *reader, const ConfigNode *node, Value *value)
{
        const char *text;

        switch (reader->option->type) {
        case MOTET_OPTION_BOOL:
                read_bool(reader, node, value);
                return;
        case MOTET_OPTION_INT:
                read_integer(reader, CONFIG_NUMBER, node, &value->integer);
                return;
        case MOTET_OPTION_SIZE:
                read_integer(reader, CONFIG_SIZE, node, &value->integer);
                return;
        case MOTET_OPTION_DURATION:
                read_integer(reader, CONFIG_DURATION, node, &value->integer);
                return;
        case MOTET_OPTION_STRING:
                if (read_string(reader, node, &text))
                        value_set_text(value, text);
                return;
        case MOTET_OPTION_ENUM:
                if (config_value_word(node, reader->option->values, &text, reader->findings))
                        value_set_text(value, text);
                return;
        case MOTET_OPTION_LIST:
        case MOTET_OPTION_INTS:
                read_list(reader, node, value);
                return;
        case MOTET_OPTION_PATH:
                read_path(reader, node, value);
                return;
        }
        g_assert_not_reached();
}

static void
read_fallback(const Reader *reader, const char *place, Value *value)
{
        const MotetOption *option = reader->option;

        if (!option->fallback)
                return;
        /* An empty fallback is the empty text; in YAML it would be nothing. */
        const char *yaml = option->fallback[0] ? option->fallback : "\"\"";
        g_autoptr(ConfigNode) node = config_yaml_parse(yaml, strlen(yaml), place, reader->findings);
        if (node)
                read_value(reader, node, value);
}

static void
value_init(Value *value, const MotetOption *option)
{
        value->key = g_strdup(option->key);
        value->type = option->type;
        value->list = is_list_type(option->type) ? g_new0(char *, 1) : NULL;
}

static size_t
n_options(const MotetOption *table)
{
        size_t n = 0;

        while (table && table[n].key)
                n++;
        return n;
}

static void
check_keys(const MotetOption *table, const char *module, const ConfigNode *map,
           ConfigFindings *findings)
{
        size_t n = n_options(table);

        if (n == 0 && map->entries && map->entries->len > 0) {
                const ConfigEntry *entry = map->entries->pdata[0];
                config_findings_add(findings, false, map->file, entry->line, entry->column,
                                    "%s has no options", module);
                return;
        }
        g_autofree const char **keys = g_new0(const char *, n + 1);
        for (size_t i = 0; i < n; i++)
                keys[i] = table[i].key;
        config_value_keys(map, keys, findings);
}

OptionValues *
option_values_new(const MotetOption *table, const char *module, const ConfigNode *options,
                  const ConfigNode *overrides, const Config *config, ConfigFindings *findings)
{
        size_t n = n_options(table);
        OptionValues *values = g_malloc0(sizeof *values + n * sizeof(Value));
        const ConfigNode *const maps[] = {options, overrides};

        values->n = (unsigned)n;
        for (size_t i = 0; i < n; i++) {
                const Reader reader = {&table[i], config->data_dir, findings};
                value_init(&values->values[i], &table[i]);
                read_fallback(&reader, module, &values->values[i]);
        }
        for (size_t m = 0; m < G_N_ELEMENTS(maps); m++) {
                if (!maps[m])
                        continue;
                check_keys(table, module, maps[m], findings);
                for (size_t i = 0; i < n; i++) {
                        const Reader reader = {&table[i], config->dir, findings};
                        const ConfigNode *node = config_node_entry(maps[m], table[i].key);
                        if (node)
                                read_value(&reader, node, &values->values[i]);
                }
        }
        return values;
}

void
option_values_free(OptionValues *values)
{
        for (unsigned i = 0; values && i < values->n; i++) {
                g_free(values->values[i].key);
                g_free(values->values[i].text);
                g_strfreev(values->values[i].list);
        }
        g_free(values);
}

static bool
values_equal(const Value *a, const Value *b)
{
        bool same_lists = !a->list || (b->list && g_strv_equal((const char *const *)a->list,
                                                               (const char *const *)b->list));

        return g_str_equal(a->key, b->key) && a->type == b->type && a->integer == b->integer &&
               g_strcmp0(a->text, b->text) == 0 && same_lists;
}

bool
option_values_equal(const OptionValues *a, const OptionValues *b)
{
        if (a->n != b->n)
                return false;
        for (unsigned i = 0; i < a->n; i++)
                if (!values_equal(&a->values[i], &b->values[i]))
                        return false;
        return true;
}

/* Returns: what is wrong with a row beside its default, or NULL. */
static const char *
row_problem(const MotetOption *table, const MotetOption *row)
{
        size_t n = strspn(row->key, "abcdefghijklmnopqrstuvwxyz0123456789_");

        if (n == 0 || row->key[n])
                return "the key is not in snake_case";
        for (const MotetOption *earlier = table; earlier < row; earlier++)
                if (g_str_equal(earlier->key, row->key))
                        return "the key is there twice";
        if ((unsigned)row->type > MOTET_OPTION_PATH)
                return "the type is unknown";
        if (!row->help || !row->help[0])
                return "the help is missing";
        if (row->min > row->max)
                return "the range is empty";
        if (row->type == MOTET_OPTION_ENUM && (!row->values || !row->values[0]))
                return "the values are missing";
        if (!row->fallback && row->type <= MOTET_OPTION_DURATION)
                return "the default is missing";
        return NULL;
}

bool
option_table_check(const MotetOption *table, const char *module, ConfigFindings *findings)
{
        g_autofree char *place = g_strdup_printf("module %s", module);
        unsigned n_before = findings->n_errors;

        for (const MotetOption *row = table; row && row->key; row++) {
                const char *problem = row_problem(table, row);
                if (problem) {
                        config_findings_add(findings, false, place, 0, 0, "option %s: %s", row->key,
                                            problem);
                        continue;
                }
                g_autofree char *option_place =
                        g_strdup_printf("%s, default of %s", place, row->key);
                const Reader reader = {row, "/", findings};
                Value value = {0};
                value_init(&value, row);
                read_fallback(&reader, option_place, &value);
                g_free(value.key);
                g_free(value.text);
                g_strfreev(value.list);
        }
        return findings->n_errors == n_before;
}

/* A module asks only for what its table declares, so anything else is a mistake in its code. */
static const Value *
find_value(const MotetModule *self, const char *key, MotetOptionType first, MotetOptionType last)
{
        const OptionValues *values = self->options;

        for (unsigned i = 0; values && i < values->n; i++) {
                const Value *value = &values->values[i];
                if (g_str_equal(value->key, key) && value->type >= first && value->type <= last)
                        return value;
        }
        g_error("module %s has no option %s of that type", self->info->name, key);
}

bool
motet_option_bool(const MotetModule *self, const char *key)
{
        return find_value(self, key, MOTET_OPTION_BOOL, MOTET_OPTION_BOOL)->integer != 0;
}

int64_t
motet_option_int(const MotetModule *self, const char *key)
{
        return find_value(self, key, MOTET_OPTION_INT, MOTET_OPTION_DURATION)->integer;
}

const char *
motet_option_string(const MotetModule *self, const char *key)
{
        const Value *value = find_value(self, key, MOTET_OPTION_STRING, MOTET_OPTION_PATH);

        g_assert(!is_list_type(value->type));
        return value->text;
}

const char *const *
motet_option_list(const MotetModule *self, const char *key)
{
        return (const char *const *)find_value(self, key, MOTET_OPTION_LIST, MOTET_OPTION_INTS)
                ->list;
}
