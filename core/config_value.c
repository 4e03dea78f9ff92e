/*
 * config_value: booleans, integers, sizes, durations, words, paths.
 *
 * Numbers are read strictly: YAML's octal, hexadecimal, sexagesimal and underscored integers mean
 * different things to different readers, so they are refused. So are yes, no, on and off.
 */
#include "core/config_value.h"

#include <string.h>

#include "core/suggest.h"

typedef struct {
        const char *name; /* NULL ends a table */
        int64_t factor;
} Unit;

static const Unit durations[] = {
        {"ms", G_TIME_SPAN_MILLISECOND}, {"s", G_TIME_SPAN_SECOND}, {"m", G_TIME_SPAN_MINUTE},
        {"h", G_TIME_SPAN_HOUR},         {"d", G_TIME_SPAN_DAY},    {NULL, 0},
};

static const Unit sizes[] = {
        {"", 1},         {"B", 1},         {"KB", 1000},       {"kB", 1000},     {"KiB", 1024},
        {"MB", 1000000}, {"MiB", 1 << 20}, {"GB", 1000000000}, {"GiB", 1 << 30}, {NULL, 0},
};

/* Reads decimal digits; *end_out is the first character behind them. */
static bool
read_digits(const char *text, int64_t *out, const char **end_out)
{
        const char *p = text;
        int64_t value = 0;

        for (; g_ascii_isdigit(*p); p++)
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, *p - '0', &value))
                        return false;
        bool padded = text[0] == '0' && p - text > 1;
        if (p == text || padded)
                return false;
        *out = value;
        *end_out = p;
        return true;
}

bool
config_parse_int(const char *text, int64_t *out)
{
        bool negative = text[0] == '-';
        const char *end;
        int64_t value;

        if (!read_digits(text + negative, &value, &end) || *end || (negative && value == 0))
                return false;
        *out = negative ? -value : value;
        return true;
}

static bool
parse_with_unit(const char *text, const Unit *units, int64_t *out)
{
        const char *end;
        int64_t value;

        if (!read_digits(text, &value, &end))
                return false;
        if (*end == ' ')
                end++;
        for (const Unit *unit = units; unit->name; unit++)
                if (g_str_equal(end, unit->name) && (*end || end[-1] != ' '))
                        return !__builtin_mul_overflow(value, unit->factor, out);
        return false;
}

bool
config_parse_duration(const char *text, int64_t *us_out)
{
        int64_t us;

        if (!parse_with_unit(text, durations, &us))
                return false;
        *us_out = us;
        return true;
}

bool
config_parse_size(const char *text, int64_t *bytes_out)
{
        int64_t bytes;

        if (!parse_with_unit(text, sizes, &bytes))
                return false;
        *bytes_out = bytes;
        return true;
}

bool
config_value_is_nothing(const ConfigNode *node)
{
        if (node->kind != CONFIG_SCALAR || node->quoted)
                return false;
        return node->text[0] == '\0' || g_str_equal(node->text, "~") ||
               g_str_equal(node->text, "null");
}

static char *
describe(const ConfigNode *node)
{
        if (node->kind == CONFIG_LIST)
                return g_strdup("a list");
        if (node->kind == CONFIG_MAP)
                return g_strdup("a map");
        if (config_value_is_nothing(node))
                return g_strdup("nothing");
        return g_strdup_printf(node->quoted ? "the text \"%s\"" : "\"%s\"", node->text);
}

static void
add_unexpected(const ConfigNode *node, FindingId id, const char *what, ConfigFindings *findings)
{
        g_autofree char *description = describe(node);

        config_findings_add(findings, id, node->file, node->line, node->column,
                            "expected %s, found %s", what, description);
}

void
config_value_unexpected(const ConfigNode *node, const char *what, ConfigFindings *findings)
{
        add_unexpected(node, FINDING_CONFIG_WRONG_TYPE, what, findings);
}

static bool
is_scalar(const ConfigNode *node)
{
        return node->kind == CONFIG_SCALAR && !config_value_is_nothing(node);
}

/* What YAML 1.1 and other languages write. */
static const char *
meant_bool(const char *text)
{
        static const char *const yes[] = {"true", "yes", "on", "y", "1", "enabled", NULL};
        static const char *const no[] = {"false", "no", "off", "n", "0", "disabled", NULL};
        g_autofree char *word = g_ascii_strdown(text, -1);

        if (g_strv_contains(yes, word))
                return "true";
        return g_strv_contains(no, word) ? "false" : NULL;
}

bool
config_value_bool(const ConfigNode *node, bool *out, ConfigFindings *findings)
{
        bool is_true = is_scalar(node) && !node->quoted && g_str_equal(node->text, "true");
        bool is_false = is_scalar(node) && !node->quoted && g_str_equal(node->text, "false");

        if (!is_true && !is_false) {
                const char *meant = is_scalar(node) ? meant_bool(node->text) : NULL;
                config_value_unexpected(node, "true or false", findings);
                if (meant)
                        config_findings_hint(findings, "write %s", meant);
                return false;
        }
        *out = is_true;
        return true;
}

/* Returns: (own) @value in the largest unit it is a whole number of */
static char *
format_integer(int64_t value, ConfigUnit unit)
{
        const Unit *table = unit == CONFIG_SIZE ? sizes : durations, *best = NULL;

        if (unit == CONFIG_NUMBER)
                return g_strdup_printf("%" G_GINT64_FORMAT, value);
        for (const Unit *u = table; u->name; u++)
                if (value != 0 && value % u->factor == 0 && (!best || u->factor > best->factor))
                        best = u;
        if (!best)
                return g_strdup(unit == CONFIG_SIZE ? "0" : "0s");
        return g_strdup_printf("%" G_GINT64_FORMAT "%s%s", value / best->factor,
                               unit == CONFIG_SIZE && best->name[0] ? " " : "", best->name);
}

bool
config_value_integer(const ConfigNode *node, ConfigUnit unit, const int64_t range[2], int64_t *out,
                     ConfigFindings *findings)
{
        static const char *const expected[] = {
                [CONFIG_NUMBER] = "an integer",
                [CONFIG_SIZE] = "a size such as 64 KiB",
                [CONFIG_DURATION] = "a duration such as 30s",
        };
        bool ranged = range[0] != 0 || range[1] != 0;
        int64_t value = 0;
        bool good = is_scalar(node);

        if (good && unit == CONFIG_NUMBER)
                good = !node->quoted && config_parse_int(node->text, &value);
        else if (good)
                good = unit == CONFIG_SIZE ? config_parse_size(node->text, &value)
                                           : config_parse_duration(node->text, &value);
        if (!good) {
                config_value_unexpected(node, expected[unit], findings);
                return false;
        }
        if (ranged && (value < range[0] || value > range[1])) {
                g_autofree char *low = format_integer(range[0], unit);
                g_autofree char *high = format_integer(range[1], unit);
                config_findings_add(findings, FINDING_CONFIG_OUT_OF_RANGE, node->file, node->line,
                                    node->column, "%s is out of range, from %s to %s", node->text,
                                    low, high);
                return false;
        }
        *out = value;
        return true;
}

bool
config_value_text(const ConfigNode *node, const char *what, const char **out,
                  ConfigFindings *findings)
{
        if (!is_scalar(node)) {
                config_value_unexpected(node, what, findings);
                return false;
        }
        *out = node->text;
        return true;
}

char *
config_value_join(const char *const *words)
{
        /* The words are only read: g_strjoinv() has no const in its signature. */
        return g_strjoinv(", ", (char **)words);
}

bool
config_value_word(const ConfigNode *node, const char *const *words, const char **out,
                  ConfigFindings *findings)
{
        for (size_t i = 0; is_scalar(node) && words[i]; i++) {
                if (g_str_equal(node->text, words[i])) {
                        *out = words[i];
                        return true;
                }
        }
        g_autofree char *list = config_value_join(words);
        g_autofree char *expected = g_strconcat("one of ", list, NULL);
        if (!is_scalar(node)) {
                config_value_unexpected(node, expected, findings);
                return false;
        }
        add_unexpected(node, FINDING_CONFIG_UNKNOWN_WORD, expected, findings);
        const char *near = suggest_nearest(node->text, words);
        if (near)
                config_findings_hint(findings, "did you mean \"%s\"?", near);
        return false;
}

bool
config_value_path(const ConfigNode *node, const char *dir, char **out, ConfigFindings *findings)
{
        const char *text;

        if (!config_value_text(node, "a path", &text, findings))
                return false;
        if (text[0] == '\0') {
                config_findings_add(findings, FINDING_CONFIG_WRONG_TYPE, node->file, node->line,
                                    node->column, "an empty path");
                return false;
        }
        *out = g_canonicalize_filename(text, dir);
        return true;
}

bool
config_value_map(const ConfigNode *node, const char *what, ConfigFindings *findings)
{
        if (node->kind == CONFIG_MAP || config_value_is_nothing(node))
                return true;
        config_value_unexpected(node, what, findings);
        return false;
}

void
config_value_keys(const ConfigNode *map, const char *const *keys, FindingId id,
                  ConfigFindings *findings)
{
        for (unsigned i = 0; map->entries && i < map->entries->len; i++) {
                const ConfigEntry *entry = map->entries->pdata[i];
                if (g_strv_contains(keys, entry->key))
                        continue;
                const char *near = suggest_nearest(entry->key, keys);
                g_autofree char *list = near ? NULL : config_value_join(keys);
                config_findings_add(findings, id, map->file, entry->line, entry->column,
                                    "unknown key \"%s\"", entry->key);
                if (near)
                        config_findings_hint(findings, "did you mean \"%s\"?", near);
                else
                        config_findings_hint(findings, "known here: %s", list);
        }
}

void
config_value_add_once(GPtrArray *list, const char *text, const ConfigNode *node,
                      ConfigFindings *findings)
{
        if (g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
                config_findings_add(findings, FINDING_CONFIG_DUPLICATE_VALUE, node->file,
                                    node->line, node->column, "\"%s\" is listed twice", text);
        else
                g_ptr_array_add(list, g_strdup(text));
}

char **
config_value_take_list(GPtrArray *list)
{
        g_ptr_array_add(list, NULL);
        return (char **)g_ptr_array_steal(list, NULL);
}

const ConfigNode *
config_node_entry(const ConfigNode *map, const char *key)
{
        for (unsigned i = 0; map && map->entries && i < map->entries->len; i++) {
                const ConfigEntry *entry = map->entries->pdata[i];
                if (g_str_equal(entry->key, key))
                        return entry->value;
        }
        return NULL;
}
