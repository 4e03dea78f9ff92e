/*
 * Tests of every module's descriptor: it says the same as the module's title comment, manual page,
 * drop-in and line in README.md, so that whoever looks for a protocol or an option finds it by any
 * of
 * them. */
#include <dlfcn.h>
#include <motet/module.h>
#include <string.h>

#include "core/config.h"
#include "core/config_module.h"
#include "core/config_yaml.h"
#include "core/host_forms.h"
#include "core/permission.h"

static const char *
source_dir(void)
{
        const char *dir = g_getenv("MOTET_TEST_SOURCE");

        return dir ? dir : ".";
}

/* Returns: (own) the text of @path in the source tree */
static char *
read_source(const char *path)
{
        g_autofree char *whole = g_build_filename(source_dir(), path, NULL);
        g_autoptr(GError) error = NULL;
        char *text = NULL;

        g_file_get_contents(whole, &text, NULL, &error);
        g_assert_no_error(error);
        return text;
}

/* Opened for good: descriptors are read after the test that opened them. */
static const MotetModuleInfo *
descriptor(const char *name)
{
        g_autofree char *file =
                g_strdup_printf("%s/mod_%s.so", g_getenv("MOTET_TEST_MODULES"), name);
        void *object = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

        if (!object)
                g_error("%s", dlerror());
        const MotetModuleInfo *info = dlsym(object, "motet_module");
        g_assert_nonnull(info);
        dlclose(object);
        return info;
}

static int
compare_strings(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
joined(GPtrArray *words)
{
        g_ptr_array_sort(words, compare_strings);
        for (unsigned i = words->len; i-- > 1;)
                if (g_str_equal(words->pdata[i], words->pdata[i - 1]))
                        g_ptr_array_remove_index(words, i);
        g_ptr_array_add(words, NULL);
        return g_strjoinv(" ", (char **)words->pdata);
}

/* Returns: (own) each specification that @text names, sorted: "RFC6120 XEP-0199" */
static char *
specs_in(const char *text)
{
        g_autoptr(GRegex) regex = g_regex_new("\\b(RFC|XEP)[ -]?(\\d{4})\\b", 0, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

        for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
             g_match_info_next(match, NULL)) {
                g_autofree char *series = g_match_info_fetch(match, 1);
                g_autofree char *number = g_match_info_fetch(match, 2);
                const char *dash = g_str_equal(series, "XEP") ? "-" : "";
                g_ptr_array_add(words, g_strconcat(series, dash, number, NULL));
        }
        return joined(words);
}

static char *
specs_of(const MotetModuleInfo *info)
{
        g_autofree char *all = info->specs ? g_strjoinv(" ", (char **)info->specs) : g_strdup("");

        return specs_in(all);
}

static bool
matches(const char *text, const char *format, const char *word)
{
        g_autofree char *escaped = g_regex_escape_string(word, -1);
        g_auto(GStrv) parts = g_strsplit(format, "%s", 2);
        g_autofree char *pattern = g_strjoinv(escaped, parts);

        return g_regex_match_simple(pattern, text, G_REGEX_MULTILINE, 0);
}

static void
test_descriptor(const void *data)
{
        const char *name = data;
        const MotetModuleInfo *info = descriptor(name);
        ConfigFindings findings;

        g_assert_cmpuint(info->abi, ==, MOTET_ABI);
        g_assert_cmpstr(info->name, ==, name);
        g_assert_true(info->summary && g_ascii_isupper(info->summary[0]));
        g_assert_null(strchr(info->summary, '\n'));
        g_assert_false(g_str_has_suffix(info->summary, "."));
        for (unsigned i = 0; info->specs && info->specs[i]; i++)
                g_assert_true(g_regex_match_simple("^(RFC\\d{4}|XEP-\\d{4}@\\d+(\\.\\d+)+)$",
                                                   info->specs[i], 0, 0));
        config_findings_init(&findings);
        bool sound = option_table_check(info->options, name, &findings) &&
                     permission_table_check(info->permissions, name, &findings) &&
                     host_forms_check(info, &findings);
        for (unsigned i = 0; i < findings.list->len; i++) {
                g_autofree char *line = config_finding_string(findings.list->pdata[i]);
                g_test_message("%s", line);
        }
        g_assert_true(sound);
        config_findings_clear(&findings);
}

/* The title comment names what the module implements, and each of its options. */
static void
test_title_comment(const void *data)
{
        const char *name = data;
        const MotetModuleInfo *info = descriptor(name);
        g_autofree char *path = g_strdup_printf("modules/%s/%s.c", name, name);
        g_autofree char *text = read_source(path);
        g_autofree char *start = g_strdup_printf("/*\n * %s: ", name);

        g_assert_true(g_str_has_prefix(text, start));
        *strstr(text, "*/") = '\0';
        const char *implements = strstr(text, "\n * Implements ");
        const char *hooks = strstr(text, "\n * Hooks ");
        g_assert_true(hooks && (!implements || implements < hooks));
        g_autofree char *card =
                implements ? g_strndup(implements, (size_t)(hooks - implements)) : g_strdup("");
        g_autofree char *told = specs_in(card);
        g_autofree char *declared = specs_of(info);
        g_assert_cmpstr(told, ==, declared);
        const char *options = strstr(text, "\n * Options ");
        g_assert_nonnull(options);
        for (const MotetOption *row = info->options; row && row->key; row++)
                if (!matches(options, "\\b%s\\b", row->key))
                        g_error("%s: the title comment lacks the option %s", path, row->key);
        const char *permissions = strstr(text, "\n * Permissions ");
        g_assert_true(!permissions == !info->permissions);
        for (const MotetPermission *row = info->permissions; row && row->name; row++)
                if (!matches(permissions, "\\b%s\\b", row->name))
                        g_error("%s: the title comment lacks the permission %s", path, row->name);
}

static void
test_manual(const void *data)
{
        const char *name = data;
        const MotetModuleInfo *info = descriptor(name);
        g_autofree char *path = g_strdup_printf("modules/%s/%s.md", name, name);
        g_autofree char *text = read_source(path);
        g_autofree char *title = g_strdup_printf("# %s\n\n", name);

        g_assert_true(g_str_has_prefix(text, title));
        for (const MotetOption *row = info->options; row && row->key; row++)
                if (!matches(text, "`%s`", row->key))
                        g_error("%s: the option `%s` is missing", path, row->key);
        for (const MotetPermission *row = info->permissions; row && row->name; row++)
                if (!matches(text, "`%s`", row->name))
                        g_error("%s: the permission `%s` is missing", path, row->name);
}

/* The defaults of the main file. */
static const Config places = {.dir = (char *)"/", .data_dir = (char *)"/data"};

/* Checks one value that the drop-in shows for @row against the default. */
static void
check_shown_value(const char *path, const MotetOption *row, const char *value)
{
        const MotetOption rows[] = {*row, {0}};
        g_autofree char *yaml = g_strdup_printf("%s: %s\n", row->key, value);
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(ConfigNode) node = config_yaml_parse(yaml, strlen(yaml), path, &findings);
        OptionValues *shown = option_values_new(rows, path, node, NULL, &places, &findings);
        OptionValues *defaults = option_values_new(rows, path, NULL, NULL, &places, &findings);
        if (findings.list->len > 0)
                g_error("%s: %s: %s: %s", path, row->key, value,
                        ((ConfigFinding *)findings.list->pdata[0])->text);
        if (row->fallback && !option_values_equal(shown, defaults))
                g_error("%s: shows %s: %s, but the default is %s", path, row->key, value,
                        row->fallback);
        option_values_free(shown);
        option_values_free(defaults);
        config_findings_clear(&findings);
}

/* Whether @word is one of the values some option may have: explained in a comment, it looks like an
 * option. */
static bool
is_value(const MotetModuleInfo *info, const char *word)
{
        for (const MotetOption *row = info->options; row && row->key; row++)
                if (row->values && g_strv_contains(row->values, word))
                        return true;
        return false;
}

static void
check_shown(const char *path, const MotetOption *row, GHashTable *shown)
{
        const char *value = g_hash_table_lookup(shown, row->key);

        if (!value)
                g_error("%s: the line “  # %s: %s” is missing", path, row->key,
                        row->fallback ? row->fallback : "…");
        check_shown_value(path, row, value);
        g_hash_table_remove(shown, row->key);
}

/* The drop-in shows each option and permission, commented out, with its default. */
static void
test_drop_in_shows_defaults(const void *data)
{
        const char *name = data;
        const MotetModuleInfo *info = descriptor(name);
        g_autofree char *path = g_strdup_printf("plugins.d/%s.yaml", name);
        g_autofree char *text = read_source(path);
        g_autoptr(GRegex) regex =
                g_regex_new("^  # ?([a-z0-9_]+): *(.*?) *$", G_REGEX_MULTILINE, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        g_autoptr(GHashTable) shown =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

        for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
             g_match_info_next(match, NULL))
                g_hash_table_insert(shown, g_match_info_fetch(match, 1),
                                    g_match_info_fetch(match, 2));
        for (const MotetOption *row = info->options; row && row->key; row++)
                check_shown(path, row, shown);
        for (const MotetPermission *row = info->permissions; row && row->name; row++) {
                const MotetOption option = permission_option(row);
                check_shown(path, &option, shown);
        }
        GHashTableIter rest;
        void *key;
        g_hash_table_iter_init(&rest, shown);
        while (g_hash_table_iter_next(&rest, &key, NULL))
                if (!is_value(info, key))
                        g_error("%s: there is no option %s", path, (const char *)key);
}

/* Returns: (own) the comment above the line that shows @key: its paragraph, which several options
 * may share */
static char *
comment_on(const char *path, const char *text, const char *key)
{
        g_autofree char *pattern = g_strdup_printf("\n  # ?%s:", key);
        g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        int start;

        if (!g_regex_match(regex, text, 0, &match) ||
            !g_match_info_fetch_pos(match, 0, &start, NULL))
                g_error("%s: %s is missing", path, key);
        g_autofree char *before = g_strndup(text, (gsize)start);
        const char *paragraph = strrchr(before, '\n');
        while (paragraph && paragraph > before && paragraph[1] != '\0' && paragraph[1] != '\n' &&
               !g_str_has_prefix(paragraph, "\noptions:"))
                paragraph = g_strrstr_len(before, paragraph - before, "\n");
        return g_strdup(paragraph ? paragraph : before);
}

static bool
is_number(const MotetOption *row, const char *text, int64_t expected)
{
        int64_t value;

        switch (row->type) {
        case MOTET_OPTION_SIZE:
                return config_parse_size(text, &value) && value == expected;
        case MOTET_OPTION_DURATION:
                return config_parse_duration(text, &value) && value == expected;
        default:
                return config_parse_int(text, &value) && value == expected;
        }
}

/* The comment says "LEAST to MOST", in any unit that means the same. */
static void
check_range(const char *path, const MotetOption *row, const char *comment)
{
        g_autoptr(GRegex) regex = g_regex_new("(\\d+(?: ?(?:[KMG]i?B|ms|s|m|h|d)\\b)?) to (\\d+(?: "
                                              "?(?:[KMG]i?B|ms|s|m|h|d)\\b)?)",
                                              0, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;

        for (g_regex_match(regex, comment, 0, &match); g_match_info_matches(match);
             g_match_info_next(match, NULL)) {
                g_autofree char *least = g_match_info_fetch(match, 1);
                g_autofree char *most = g_match_info_fetch(match, 2);
                if (is_number(row, least, row->min) && is_number(row, most, row->max))
                        return;
        }
        g_error("%s: %s: the comment does not say its range, %" G_GINT64_FORMAT
                " to %" G_GINT64_FORMAT ":%s",
                path, row->key, row->min, row->max, comment);
}

static void
check_words(const char *path, const MotetOption *row, const char *comment)
{
        for (unsigned i = 0; row->values && row->values[i]; i++)
                if (!strstr(comment, row->values[i]) &&
                    g_strcmp0(row->fallback, row->values[i]) != 0 &&
                    !(row->fallback && strstr(row->fallback, row->values[i])))
                        g_error("%s: %s: the comment does not name %s", path, row->key,
                                row->values[i]);
}

/* Who edits a drop-in knows from it alone what each option means, and what it may be. */
static void
test_drop_in_explains(const void *data)
{
        const char *name = data;
        const MotetModuleInfo *info = descriptor(name);
        g_autofree char *path = g_strdup_printf("plugins.d/%s.yaml", name);
        g_autofree char *text = read_source(path);
        bool has_hosts = matches(text, "^# %s: all", "hosts");

        if (!matches(text, "^%s: (true|false)$", "enabled"))
                g_error("%s: does not say whether the module is enabled", path);
        if (has_hosts != (info->scope == MOTET_SCOPE_HOST))
                g_error("%s: \"# hosts: all\" is for modules that run on single hosts", path);
        for (const MotetOption *row = info->options; row && row->key; row++) {
                g_autofree char *comment = comment_on(path, text, row->key);
                bool is_number_type =
                        row->type == MOTET_OPTION_INT || row->type == MOTET_OPTION_SIZE ||
                        row->type == MOTET_OPTION_DURATION || row->type == MOTET_OPTION_INTS;
                if (!matches(comment, "^  # [A-Z\"$].*%s", ""))
                        g_error("%s: %s is not explained:%s", path, row->key, comment);
                if (is_number_type && (row->min != 0 || row->max != 0))
                        check_range(path, row, comment);
                check_words(path, row, comment);
        }
}

/* What the drop-in really sets is right too. */
static void
test_drop_in_is_valid(const void *data)
{
        const char *name = data;
        const MotetModuleInfo *info = descriptor(name);
        g_autofree char *path = g_strdup_printf("plugins.d/%s.yaml", name);
        g_autofree char *text = read_source(path);
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_parse("hosts: {example.org: }", -1, "/", &findings);
        g_autoptr(ConfigNode) node = config_yaml_parse(text, strlen(text), path, &findings);
        g_assert_nonnull(node);
        ConfigModule *module = config_module_read(config, name, node, &findings);
        OptionValues *values = permission_values_add(
                option_values_new(info->options, name, module->options, NULL, config, &findings),
                info, module->permissions, config, &findings);
        for (unsigned i = 0; i < findings.list->len; i++) {
                g_autofree char *line = config_finding_string(findings.list->pdata[i]);
                g_error("%s", line);
        }
        option_values_free(values);
        config_module_free(module);
        config_findings_clear(&findings);
}

static void
test_readme(const void *data)
{
        const char *name = data;
        const MotetModuleInfo *info = descriptor(name);
        g_autofree char *text = read_source("README.md");
        g_autofree char *start = g_strdup_printf("\n| [%s](modules/%s/%s.md) |", name, name, name);
        const char *row = strstr(text, start);

        g_assert_nonnull(row);
        g_autofree char *line = g_strndup(row + 1, strcspn(row + 1, "\n"));
        g_auto(GStrv) cells = g_strsplit(line, "|", -1);
        g_assert_cmpuint(g_strv_length(cells), ==, 5);
        g_assert_cmpstr(g_strstrip(cells[2]), ==, info->summary);
        g_autofree char *told = specs_in(cells[3]);
        g_autofree char *declared = specs_of(info);
        g_assert_cmpstr(told, ==, declared);
}

/* An operator reads the main file whole before the first start: it stays short, and every section
 * is in it. */
static void
test_main_file(void)
{
        static const char *const sections[] = {
                "hosts",   "certificates", "data_dir", "control_socket", "user",
                "confine", "log",          "storage",  "limits"};
        g_autofree char *shipped = read_source("etc/motet.yaml");
        g_auto(GStrv) parts = g_strsplit(shipped, "\n  # example.org:", 2);
        g_assert_cmpuint(g_strv_length(parts), ==, 2);
        g_autofree char *text = g_strjoinv("\n  example.org:", parts);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        ConfigFindings findings;

        g_assert_cmpuint(g_strv_length(lines) - 1, <=, 45);
        for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++)
                if (!matches(text, "^(# )?%s:", sections[i]))
                        g_error("etc/motet.yaml does not show %s", sections[i]);
        config_findings_init(&findings);
        g_autoptr(Config) config = config_parse(text, -1, "/etc/motet", &findings);
        for (unsigned i = 0; i < findings.list->len; i++) {
                g_autofree char *line = config_finding_string(findings.list->pdata[i]);
                g_error("%s", line);
        }
        g_assert_cmpuint(config->hosts->len, ==, 1);
        config_findings_clear(&findings);
}

static void
add_module(const char *name)
{
        static const struct {
                const char *path;
                GTestDataFunc func;
        } checks[] = {
                {"descriptor", test_descriptor},
                {"title-comment", test_title_comment},
                {"manual", test_manual},
                {"drop-in-shows-defaults", test_drop_in_shows_defaults},
                {"drop-in-explains", test_drop_in_explains},
                {"drop-in-is-valid", test_drop_in_is_valid},
                {"readme", test_readme},
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(checks); i++) {
                g_autofree char *path = g_strdup_printf("/descriptors/%s/%s", name, checks[i].path);
                g_test_add_data_func_full(path, g_strdup(name), checks[i].func, g_free);
        }
}

int
main(int argc, char **argv)
{
        g_autofree char *folder = g_build_filename(source_dir(), "modules", NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        unsigned n = 0;
        const char *name;

        g_test_init(&argc, &argv, NULL);
        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                if (strchr(name, '.'))
                        continue;
                add_module(name);
                n++;
        }
        g_assert_cmpuint(n, >=, 15);
        g_test_add_func("/descriptors/main-file", test_main_file);
        return g_test_run();
}
