/*
 * option: tables of options checked against what operators wrote, and read by instances.
 *
 * Values hold copies of keys and texts, so that they outlive the module's code that declared them.
 */
#include <motet/option.h>

#include <string.h>

#include "core/config.h"
#include "core/config_print.h"
#include "core/config_value.h"
#include "core/config_yaml.h"
#include "core/instance.h"
#include "core/option_secret.h"
#include "core/option_text.h"

enum { LIST_MAX = 1000 };

typedef struct {
        char *key;
        MotetOptionType type;
        int64_t integer; /* BOOL, INT, SIZE, DURATION */
        char *text;      /* STRING and others; NULL: unset */
        char **list;     /* LIST and others; never NULL */
} Value;

struct OptionValues {
        unsigned n;
        Value values[];
};

/* What a value is read with. */
typedef struct {
        const MotetOption *option;
        const Config *config;
        const char *dir; /* what paths are relative to */
        ConfigFindings *findings;
} Reader;

static bool
is_list_type(MotetOptionType type)
{
        return type == MOTET_OPTION_LIST || type == MOTET_OPTION_INTS ||
               (type >= MOTET_OPTION_JIDS && type <= MOTET_OPTION_ADDRESSES);
}

static bool
is_integer_type(MotetOptionType type)
{
        return type >= MOTET_OPTION_INT && type <= MOTET_OPTION_DURATION;
}

static bool
is_text_type(MotetOptionType type)
{
        return type == MOTET_OPTION_STRING || type == MOTET_OPTION_ENUM ||
               (type >= MOTET_OPTION_PATH && type <= MOTET_OPTION_ADDRESS);
}

static void
free_text(Value *value)
{
        if (value->type == MOTET_OPTION_SECRET)
                option_secret_free(value->text);
        else
                g_free(value->text);
        value->text = NULL;
}

static void
value_take_text(Value *value, char *text)
{
        free_text(value);
        value->text = text;
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
        config_findings_add(reader->findings, FINDING_CONFIG_OUT_OF_RANGE, node->file, node->line,
                            node->column,
                            "a text of %" G_GINT64_FORMAT " bytes, expected from %" G_GINT64_FORMAT
                            " to %" G_GINT64_FORMAT,
                            n, option->min, option->max);
        return false;
}

/* Returns: (own) NULL with findings */
static char *
read_item(const Reader *reader, const ConfigNode *node)
{
        const MotetOption *option = reader->option;
        const char *text = node->text; /* of integers: read strictly, each has one spelling */
        int64_t integer;
        bool good;

        if (option->type >= MOTET_OPTION_JIDS)
                return option_text_read(option, node, reader->findings);
        if (option->type == MOTET_OPTION_INTS)
                good = read_integer(reader, CONFIG_NUMBER, node, &integer);
        else if (option->values)
                good = config_value_word(node, option->values, &text, reader->findings);
        else
                good = read_string(reader, node, &text);
        return good ? g_strdup(text) : NULL;
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
                config_findings_add(reader->findings, FINDING_CONFIG_OUT_OF_RANGE, node->file,
                                    node->line, node->column, "a list of %u, expected at most %d",
                                    node->items->len, LIST_MAX);
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
                g_autofree char *text = read_item(reader, item);
                if (text)
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
        value_take_text(value, path);
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

static void
read_text(const Reader *reader, const ConfigNode *node, Value *value)
{
        char *text = option_text_read(reader->option, node, reader->findings);

        if (text)
                value_take_text(value, text);
}

static void
read_secret(const Reader *reader, const ConfigNode *node, Value *value)
{
        char *secret;

        if (option_secret_read(reader->option, node, reader->config, &secret, reader->findings))
                value_take_text(value, secret);
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
                        value_take_text(value, g_strdup(text));
                return;
        case MOTET_OPTION_ENUM:
                if (config_value_word(node, reader->option->values, &text, reader->findings))
                        value_take_text(value, g_strdup(text));
                return;
        case MOTET_OPTION_LIST:
        case MOTET_OPTION_INTS:
        case MOTET_OPTION_JIDS:
        case MOTET_OPTION_DOMAINS:
        case MOTET_OPTION_ADDRESSES:
                read_list(reader, node, value);
                return;
        case MOTET_OPTION_PATH:
                read_path(reader, node, value);
                return;
        case MOTET_OPTION_JID:
        case MOTET_OPTION_DOMAIN:
        case MOTET_OPTION_ADDRESS:
                read_text(reader, node, value);
                return;
        case MOTET_OPTION_SECRET:
                read_secret(reader, node, value);
                return;
        }
        g_assert_not_reached();
}

/*
 * What a module has built in was found good when it was loaded: then it can only be memory that
 * libyaml lacks, which must not undo a reload half done. It is tried again before it is a finding.
 * Returns: (own) NULL with a finding
 */
static ConfigNode *
parse_fallback(const char *yaml, const char *place, ConfigFindings *findings)
{
        for (int i = 0; i < 2; i++) {
                ConfigFindings found;

                config_findings_init(&found);
                g_autoptr(ConfigNode) node = config_yaml_parse(yaml, strlen(yaml), place, &found);
                bool is_good = node && found.n_errors == 0;
                config_findings_clear(&found);
                if (is_good)
                        return g_steal_pointer(&node);
        }
        return config_yaml_parse(yaml, strlen(yaml), place, findings);
}

static void
read_fallback(const Reader *reader, const char *place, Value *value)
{
        const MotetOption *option = reader->option;

        if (!option->fallback)
                return;
        /* An empty fallback is the empty text; in YAML it would be nothing. */
        const char *yaml = option->fallback[0] ? option->fallback : "\"\"";
        g_autoptr(ConfigNode) node = parse_fallback(yaml, place, reader->findings);
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
                config_findings_add(findings, FINDING_CONFIG_UNKNOWN_OPTION, map->file, entry->line,
                                    entry->column, "%s has no options", module);
                return;
        }
        g_autofree const char **keys = g_new0(const char *, n + 1);
        for (size_t i = 0; i < n; i++)
                keys[i] = table[i].key;
        config_value_keys(map, keys, FINDING_CONFIG_UNKNOWN_OPTION, findings);
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
                const Reader reader = {&table[i], config, config->data_dir, findings};
                value_init(&values->values[i], &table[i]);
                read_fallback(&reader, module, &values->values[i]);
        }
        for (size_t m = 0; m < G_N_ELEMENTS(maps); m++) {
                if (!maps[m])
                        continue;
                check_keys(table, module, maps[m], findings);
                for (size_t i = 0; i < n; i++) {
                        const Reader reader = {&table[i], config, config->dir, findings};
                        const ConfigNode *node = config_node_entry(maps[m], table[i].key);
                        if (node)
                                read_value(&reader, node, &values->values[i]);
                }
        }
        return values;
}

OptionValues *
option_values_join(OptionValues *values, OptionValues *more, const char *prefix)
{
        unsigned n = values->n + more->n;

        values = g_realloc(values, sizeof *values + n * sizeof(Value));
        for (unsigned i = 0; i < more->n; i++) {
                Value *value = &values->values[values->n + i];
                *value = more->values[i];
                value->key = g_strconcat(prefix, more->values[i].key, NULL);
                g_free(more->values[i].key);
        }
        values->n = n;
        g_free(more);
        return values;
}

void
option_values_free(OptionValues *values)
{
        for (unsigned i = 0; values && i < values->n; i++) {
                g_free(values->values[i].key);
                free_text(&values->values[i]);
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

/* Returns: (own) as it may be written in a file; NULL when unset */
static char *
value_print(const Value *value)
{
        switch (value->type) {
        case MOTET_OPTION_BOOL:
                return g_strdup(value->integer ? "true" : "false");
        case MOTET_OPTION_INT:
                return config_print_integer(CONFIG_NUMBER, value->integer);
        case MOTET_OPTION_SIZE:
                return config_print_integer(CONFIG_SIZE, value->integer);
        case MOTET_OPTION_DURATION:
                return config_print_integer(CONFIG_DURATION, value->integer);
        case MOTET_OPTION_LIST:
        case MOTET_OPTION_INTS:
        case MOTET_OPTION_JIDS:
        case MOTET_OPTION_DOMAINS:
        case MOTET_OPTION_ADDRESSES:
                return config_print_list((const char *const *)value->list);
        case MOTET_OPTION_SECRET:
                return value->text ? g_strdup("set") : NULL;
        case MOTET_OPTION_STRING:
        case MOTET_OPTION_ENUM:
        case MOTET_OPTION_PATH:
        case MOTET_OPTION_JID:
        case MOTET_OPTION_DOMAIN:
        case MOTET_OPTION_ADDRESS:
                break;
        }
        return g_strdup(value->text);
}

void
option_values_foreach(const OptionValues *values,
                      void (*func)(const char *key, const char *value, void *data), void *data)
{
        for (unsigned i = 0; i < values->n; i++) {
                g_autofree char *text = value_print(&values->values[i]);
                func(values->values[i].key, text, data);
        }
}

static const Value *
value_named(const OptionValues *values, const char *key)
{
        for (unsigned i = 0; values && i < values->n; i++)
                if (g_str_equal(values->values[i].key, key))
                        return &values->values[i];
        return NULL;
}

void
option_values_diff(const OptionValues *before, const OptionValues *after,
                   void (*func)(const char *key, const char *before, const char *after, void *data),
                   void *data)
{
        for (unsigned i = 0; i < after->n; i++) {
                const Value *value = &after->values[i];
                const Value *former = value_named(before, value->key);
                if (former && values_equal(former, value))
                        continue;
                g_autofree char *old = former ? value_print(former) : NULL;
                g_autofree char *text = value_print(value);
                bool is_other_secret = old && text && value->type == MOTET_OPTION_SECRET;
                func(value->key, old, is_other_secret ? "set to another" : text, data);
        }
}

char *
option_values_print(const OptionValues *values, const char *key)
{
        const Value *value = value_named(values, key);

        return value ? value_print(value) : NULL;
}

const char *
option_values_text(const OptionValues *values, const char *key)
{
        const Value *value = value_named(values, key);

        return value ? value->text : NULL;
}

const char *const *
option_values_list(const OptionValues *values, const char *key)
{
        const Value *value = value_named(values, key);

        return value ? (const char *const *)value->list : NULL;
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
        if ((unsigned)row->type > MOTET_OPTION_SECRET)
                return "the type is unknown";
        if (!row->help || !row->help[0])
                return "the help is missing";
        if (row->min > row->max)
                return "the range is empty";
        if (row->type == MOTET_OPTION_ENUM && (!row->values || !row->values[0]))
                return "the values are missing";
        if (!row->fallback && row->type <= MOTET_OPTION_DURATION)
                return "the default is missing";
        if (row->type == MOTET_OPTION_SECRET && row->fallback)
                return "a secret has a default";
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
                        config_findings_add(findings, FINDING_CONFIG_UNUSABLE_MODULE, place, 0, 0,
                                            "option %s: %s", row->key, problem);
                        continue;
                }
                g_autofree char *option_place =
                        g_strdup_printf("%s, default of %s", place, row->key);
                const Reader reader = {row, NULL, "/", findings};
                Value value = {0};
                value_init(&value, row);
                read_fallback(&reader, option_place, &value);
                g_free(value.key);
                free_text(&value);
                g_strfreev(value.list);
        }
        return findings->n_errors == n_before;
}

/* A module asks only for what its table declares, so anything else is a mistake in its code. */
static const Value *
find_value(const MotetModule *self, const char *key, bool (*is_type)(MotetOptionType type))
{
        const Value *value = self->options ? value_named(self->options, key) : NULL;

        if (!value || !is_type(value->type))
                g_error("module %s has no option %s of that type", self->info->name, key);
        return value;
}

static bool
is_bool_type(MotetOptionType type)
{
        return type == MOTET_OPTION_BOOL;
}

static bool
is_secret_type(MotetOptionType type)
{
        return type == MOTET_OPTION_SECRET;
}

bool
motet_option_bool(const MotetModule *self, const char *key)
{
        return find_value(self, key, is_bool_type)->integer != 0;
}

int64_t
motet_option_int(const MotetModule *self, const char *key)
{
        return find_value(self, key, is_integer_type)->integer;
}

const char *
motet_option_string(const MotetModule *self, const char *key)
{
        return find_value(self, key, is_text_type)->text;
}

const char *const *
motet_option_list(const MotetModule *self, const char *key)
{
        return (const char *const *)find_value(self, key, is_list_type)->list;
}

const char *
motet_option_secret(const MotetModule *self, const char *key)
{
        return find_value(self, key, is_secret_type)->text;
}
