/*
 * Tests of option: tables, values checked against them with their place, and what instances read.
 */
#include <motet/option.h>
#include <string.h>

#include "core/config.h"
#include "core/config_yaml.h"
#include "core/instance.h"

static const MotetOption table[] = {
        {.key = "flag", .type = MOTET_OPTION_BOOL, .fallback = "true", .help = "A switch."},
        {.key = "count",
         .type = MOTET_OPTION_INT,
         .fallback = "5",
         .min = -1,
         .max = 10,
         .help = "A number."},
        {.key = "room",
         .type = MOTET_OPTION_SIZE,
         .fallback = "64 KiB",
         .min = 1024,
         .max = 1 << 20,
         .help = "Bytes."},
        {.key = "wait",
         .type = MOTET_OPTION_DURATION,
         .fallback = "30s",
         .min = 1000000,
         .max = 60000000,
         .help = "Time."},
        {.key = "name",
         .type = MOTET_OPTION_STRING,
         .fallback = "Motet",
         .min = 1,
         .max = 8,
         .help = "A name."},
        {.key = "note", .type = MOTET_OPTION_STRING, .help = "Any text."},
        {.key = "mode",
         .type = MOTET_OPTION_ENUM,
         .fallback = "fast",
         .values = MOTET_LIST("fast", "slow"),
         .help = "How."},
        {.key = "words", .type = MOTET_OPTION_LIST, .fallback = "[a, \"*\"]", .help = "Words."},
        {.key = "some",
         .type = MOTET_OPTION_LIST,
         .values = MOTET_LIST("x", "y"),
         .help = "Of x and y."},
        {.key = "ports",
         .type = MOTET_OPTION_INTS,
         .fallback = "[5222]",
         .min = 1,
         .max = 65535,
         .help = "Ports."},
        {.key = "file", .type = MOTET_OPTION_PATH, .fallback = "m.db", .help = "A file."},
        {0},
};

static const Config places = {.dir = (char *)"/etc/motet", .data_dir = (char *)"/var/lib/motet"};

/* A module that does nothing but have these values. */
typedef struct {
        MotetModuleInfo info;
        MotetModule module;
} Probe;

static ConfigNode *
yaml(const char *text, ConfigFindings *findings)
{
        return config_yaml_parse(text, strlen(text), "m.yaml", findings);
}

static char *
lines(const ConfigFindings *findings)
{
        GString *text = g_string_new(NULL);

        for (unsigned i = 0; i < findings->list->len; i++) {
                g_autofree char *line = config_finding_string(findings->list->pdata[i]);
                g_string_append_len(text, line, strrchr(line, '[') - line - 1);
                g_string_append_c(text, '\n');
        }
        return g_string_free(text, FALSE);
}

/* Returns: (own) values of @options and @overrides (YAML or NULL), whose findings are @expected */
static OptionValues *
read_values(const char *options, const char *overrides, const char *expected)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(ConfigNode) first = options ? yaml(options, &findings) : NULL;
        g_autoptr(ConfigNode) second = overrides ? yaml(overrides, &findings) : NULL;
        OptionValues *values = option_values_new(table, "probe", first, second, &places, &findings);
        g_autofree char *text = lines(&findings);
        g_assert_cmpstr(text, ==, expected);
        config_findings_clear(&findings);
        return values;
}

static void
probe_init(Probe *probe, const char *options, const char *overrides)
{
        *probe = (Probe){.info = {.abi = MOTET_ABI, .name = "probe"}};
        probe->module.info = &probe->info;
        probe->module.options = read_values(options, overrides, "");
}

static void
probe_clear(Probe *probe)
{
        option_values_free(probe->module.options);
}

static void
assert_refused(const char *options, const char *expected)
{
        OptionValues *values = read_values(options, NULL, expected);

        option_values_free(values);
}

static void
assert_list(const MotetModule *module, const char *key, const char *const *expected)
{
        g_assert_true(g_strv_equal(motet_option_list(module, key), expected));
}

static void
test_defaults(void)
{
        Probe probe;
        probe_init(&probe, NULL, NULL);
        const MotetModule *module = &probe.module;

        g_assert_true(motet_option_bool(module, "flag"));
        g_assert_cmpint(motet_option_int(module, "count"), ==, 5);
        g_assert_cmpint(motet_option_int(module, "room"), ==, 65536);
        g_assert_cmpint(motet_option_int(module, "wait"), ==, 30000000);
        g_assert_cmpstr(motet_option_string(module, "name"), ==, "Motet");
        g_assert_null(motet_option_string(module, "note"));
        g_assert_cmpstr(motet_option_string(module, "mode"), ==, "fast");
        assert_list(module, "words", MOTET_LIST("a", "*"));
        assert_list(module, "some", (const char *const[]){NULL});
        assert_list(module, "ports", MOTET_LIST("5222"));
        g_assert_cmpstr(motet_option_string(module, "file"), ==, "/var/lib/motet/m.db");
        probe_clear(&probe);
}

static void
test_values(void)
{
        Probe probe;
        probe_init(&probe,
                   "{flag: false, count: -1, room: 1 MiB, wait: 1m, name: \"8 bytes!\", note: 5, "
                   "mode: slow, "
                   "words: [], some: [y, x], ports: [1, 65535], file: x}",
                   NULL);
        const MotetModule *module = &probe.module;

        g_assert_false(motet_option_bool(module, "flag"));
        g_assert_cmpint(motet_option_int(module, "count"), ==, -1);
        g_assert_cmpint(motet_option_int(module, "room"), ==, 1048576);
        g_assert_cmpint(motet_option_int(module, "wait"), ==, 60000000);
        g_assert_cmpstr(motet_option_string(module, "name"), ==, "8 bytes!");
        g_assert_cmpstr(motet_option_string(module, "note"), ==, "5");
        g_assert_cmpstr(motet_option_string(module, "mode"), ==, "slow");
        assert_list(module, "words", (const char *const[]){NULL});
        assert_list(module, "some", MOTET_LIST("y", "x"));
        assert_list(module, "ports", MOTET_LIST("1", "65535"));
        g_assert_cmpstr(motet_option_string(module, "file"), ==, "/etc/motet/x");
        probe_clear(&probe);
}

/* What host_options say of one key leaves the others as options say. */
static void
test_overrides(void)
{
        Probe probe;
        probe_init(&probe, "{count: 1, words: [o]}", "{count: 2}");

        g_assert_cmpint(motet_option_int(&probe.module, "count"), ==, 2);
        assert_list(&probe.module, "words", MOTET_LIST("o"));
        probe_clear(&probe);
}

static void
test_wrong_types(void)
{
        assert_refused("flag: yes",
                       "m.yaml:1:7: error: expected true or false, found \"yes\"; write true\n");
        assert_refused(
                "flag: \"true\"",
                "m.yaml:1:7: error: expected true or false, found the text \"true\"; write true\n");
        assert_refused("count: many", "m.yaml:1:8: error: expected an integer, found \"many\"\n");
        assert_refused("count: \"5\"",
                       "m.yaml:1:8: error: expected an integer, found the text \"5\"\n");
        assert_refused("room: [1]",
                       "m.yaml:1:7: error: expected a size such as 64 KiB, found a list\n");
        assert_refused("wait: 30",
                       "m.yaml:1:7: error: expected a duration such as 30s, found \"30\"\n");
        assert_refused("wait: [30s]",
                       "m.yaml:1:7: error: expected a duration such as 30s, found a list\n");
        assert_refused("note: {a: b}", "m.yaml:1:7: error: expected text, found a map\n");
        assert_refused("note:", "m.yaml:1:6: error: expected text, found nothing\n");
        assert_refused("mode: quick",
                       "m.yaml:1:7: error: expected one of fast, slow, found \"quick\"\n");
        assert_refused("words: a",
                       "m.yaml:1:8: error: expected a list such as [a, b], found \"a\"\n");
        assert_refused("words: [[a], ~]", "m.yaml:1:9: error: expected text, found a list\n"
                                          "m.yaml:1:14: error: expected text, found nothing\n");
        assert_refused("some: [x, z]", "m.yaml:1:11: error: expected one of x, y, found \"z\"\n");
        assert_refused("some: [x, x]", "m.yaml:1:11: error: \"x\" is listed twice\n");
        assert_refused(
                "ports: 5222",
                "m.yaml:1:8: error: expected a list of integers such as [1, 2], found \"5222\"\n");
        assert_refused("ports: [a]", "m.yaml:1:9: error: expected an integer, found \"a\"\n");
        assert_refused("file: \"\"", "m.yaml:1:7: error: an empty path\n");
}

static void
test_ranges(void)
{
        assert_refused("{count: 10, room: 1024, wait: 1s, name: a, ports: [1]}", "");
        assert_refused("count: 11", "m.yaml:1:8: error: 11 is out of range, from -1 to 10\n");
        assert_refused("count: -2", "m.yaml:1:8: error: -2 is out of range, from -1 to 10\n");
        assert_refused("room: 1023",
                       "m.yaml:1:7: error: 1023 is out of range, from 1 KiB to 1 MiB\n");
        assert_refused("room: 1048577",
                       "m.yaml:1:7: error: 1048577 is out of range, from 1 KiB to 1 MiB\n");
        assert_refused("wait: 999ms", "m.yaml:1:7: error: 999ms is out of range, from 1s to 1m\n");
        assert_refused("wait: 61s", "m.yaml:1:7: error: 61s is out of range, from 1s to 1m\n");
        assert_refused("name: \"\"",
                       "m.yaml:1:7: error: a text of 0 bytes, expected from 1 to 8\n");
        assert_refused("name: 9 bytes..",
                       "m.yaml:1:7: error: a text of 9 bytes, expected from 1 to 8\n");
        assert_refused("ports: [0]", "m.yaml:1:9: error: 0 is out of range, from 1 to 65535\n");
        assert_refused("ports: [65536]",
                       "m.yaml:1:9: error: 65536 is out of range, from 1 to 65535\n");
}

static void
test_unknown_keys(void)
{
        assert_refused("{flga: true, other: 1}",
                       "m.yaml:1:2: error: unknown key \"flga\"; did you mean \"flag\"?\n"
                       "m.yaml:1:14: error: unknown key \"other\"; known here: flag, count, room, "
                       "wait, name, note, "
                       "mode, words, some, ports, file\n");
}

static void
test_no_options(void)
{
        ConfigFindings findings;
        config_findings_init(&findings);
        g_autoptr(ConfigNode) node = yaml("a: b", &findings);

        OptionValues *values = option_values_new(NULL, "probe", node, NULL, &places, &findings);

        g_autofree char *text = lines(&findings);
        g_assert_cmpstr(text, ==, "m.yaml:1:1: error: probe has no options\n");
        option_values_free(values);
        config_findings_clear(&findings);
}

static char *
long_list(unsigned n)
{
        GString *text = g_string_new("words: [");

        for (unsigned i = 0; i < n; i++)
                g_string_append_printf(text, "%u,", i);
        g_string_append(text, "]");
        return g_string_free(text, FALSE);
}

static void
test_list_length(void)
{
        g_autofree char *longest = long_list(1000), *longer = long_list(1001);

        assert_refused(longest, "");
        assert_refused(longer, "m.yaml:1:8: error: a list of 1001, expected at most 1000\n");
}

/* A wrong value leaves the default, so that checking can go on. */
static void
test_wrong_value_leaves_default(void)
{
        Probe probe = {.info = {.name = "probe"}};
        probe.module.info = &probe.info;
        probe.module.options =
                read_values("{count: x, words: y}", NULL,
                            "m.yaml:1:9: error: expected an integer, found \"x\"\n"
                            "m.yaml:1:19: error: expected a list such as [a, b], found \"y\"\n");

        g_assert_cmpint(motet_option_int(&probe.module, "count"), ==, 5);
        assert_list(&probe.module, "words", MOTET_LIST("a", "*"));
        probe_clear(&probe);
}

static void
test_equal(void)
{
        static const char *const changed[] = {
                "flag: false", "count: 6",   "room: 2 KiB", "wait: 2s",   "name: x", "note: x",
                "mode: slow",  "words: [b]", "some: [x]",   "ports: [1]", "file: y"};
        OptionValues *defaults = read_values(NULL, NULL, "");
        OptionValues *same = read_values("{wait: 30000ms, room: 65536}", NULL, "");

        g_assert_true(option_values_equal(defaults, same));
        for (unsigned i = 0; i < G_N_ELEMENTS(changed); i++) {
                OptionValues *other = read_values(changed[i], NULL, "");
                g_assert_false(option_values_equal(defaults, other));
                g_assert_false(option_values_equal(other, defaults));
                option_values_free(other);
        }
        option_values_free(defaults);
        option_values_free(same);
        option_values_free(NULL);
}

static void
assert_row(const MotetOption *row, const char *expected)
{
        const MotetOption rows[] = {
                {.key = "one", .type = MOTET_OPTION_STRING, .help = "x"}, *row, {0}};
        ConfigFindings findings;

        config_findings_init(&findings);
        g_assert_true(option_table_check(rows, "m", &findings) == (*expected == '\0'));
        g_autofree char *text = lines(&findings);
        g_assert_cmpstr(text, ==, expected);
        config_findings_clear(&findings);
}

static void
test_table(void)
{
        assert_row(&(MotetOption){"b", MOTET_OPTION_STRING, "", 0, 0, NULL, "x"}, "");
        assert_row(&(MotetOption){"one", MOTET_OPTION_STRING, NULL, 0, 0, NULL, "x"},
                   "module m: error: option one: the key is there twice\n");
        assert_row(&(MotetOption){"a-b", MOTET_OPTION_STRING, NULL, 0, 0, NULL, "x"},
                   "module m: error: option a-b: the key is not in snake_case\n");
        assert_row(&(MotetOption){"b", (MotetOptionType)99, NULL, 0, 0, NULL, "x"},
                   "module m: error: option b: the type is unknown\n");
        assert_row(&(MotetOption){"b", MOTET_OPTION_STRING, NULL, 0, 0, NULL, ""},
                   "module m: error: option b: the help is missing\n");
        assert_row(&(MotetOption){"b", MOTET_OPTION_INT, "1", 2, 1, NULL, "x"},
                   "module m: error: option b: the range is empty\n");
        assert_row(&(MotetOption){"b", MOTET_OPTION_ENUM, "1", 0, 0, NULL, "x"},
                   "module m: error: option b: the values are missing\n");
        assert_row(&(MotetOption){"b", MOTET_OPTION_BOOL, NULL, 0, 0, NULL, "x"},
                   "module m: error: option b: the default is missing\n");
        assert_row(&(MotetOption){"b", MOTET_OPTION_INT, "3", 1, 2, NULL, "x"},
                   "module m, default of b:1:1: error: 3 is out of range, from 1 to 2\n");
        assert_row(&(MotetOption){"b", MOTET_OPTION_LIST, "[", 0, 0, NULL, "x"},
                   "module m, default of b:2:1: error: did not find expected node content, while "
                   "parsing a flow node from line 2 on\n");
}

static void
test_tables_of_tests_are_sound(void)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_assert_true(option_table_check(table, "probe", &findings));
        g_assert_true(option_table_check(NULL, "none", &findings));
        g_assert_cmpuint(findings.list->len, ==, 0);
        config_findings_clear(&findings);
}

static void
read_unknown_key(void)
{
        Probe probe;
        probe_init(&probe, NULL, NULL);

        motet_option_int(&probe.module, "counts");
}

static void
read_wrong_type(void)
{
        Probe probe;
        probe_init(&probe, NULL, NULL);

        motet_option_string(&probe.module, "count");
}

/* Reading a key that is not in the table, or as another type, is a programming error. */
static void
test_wrong_reads_abort(void)
{
        g_test_trap_subprocess("/option/subprocess/unknown-key", 0, 0);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*module probe has no option counts of that type*");
        g_test_trap_subprocess("/option/subprocess/wrong-type", 0, 0);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*module probe has no option count of that type*");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/option/defaults", test_defaults);
        g_test_add_func("/option/values", test_values);
        g_test_add_func("/option/overrides-key-by-key", test_overrides);
        g_test_add_func("/option/wrong-types-at-their-place", test_wrong_types);
        g_test_add_func("/option/ranges-at-the-limit-and-one-past", test_ranges);
        g_test_add_func("/option/unknown-keys", test_unknown_keys);
        g_test_add_func("/option/module-without-options", test_no_options);
        g_test_add_func("/option/list-length-at-the-limit-and-one-past", test_list_length);
        g_test_add_func("/option/wrong-value-leaves-default", test_wrong_value_leaves_default);
        g_test_add_func("/option/equal", test_equal);
        g_test_add_func("/option/table-mistakes", test_table);
        g_test_add_func("/option/table-sound", test_tables_of_tests_are_sound);
        g_test_add_func("/option/wrong-reads-abort", test_wrong_reads_abort);
        g_test_add_func("/option/subprocess/unknown-key", read_unknown_key);
        g_test_add_func("/option/subprocess/wrong-type", read_wrong_type);
        return g_test_run();
}
