/*
 * test_config_log: the part `log:` of the main file.
 */
#include "core/config_log.h"

#include <string.h>

/* Returns: (own) the configuration, and what is wrong with it, a line each. */
static Config *
parse(const char *log, char **findings_out)
{
        g_autofree char *yaml = g_strdup_printf("hosts: {a.example: }\n"
                                                "modules: {alpha: , beta: {enabled: false}}\n"
                                                "log: %s\n",
                                                log);
        g_autoptr(GString) text = g_string_new(NULL);
        ConfigFindings findings;

        config_findings_init(&findings);
        Config *config = config_parse(yaml, -1, "/etc/motet", &findings);
        for (guint i = 0; i < findings.list->len; i++) {
                g_autofree char *line = config_finding_string(g_ptr_array_index(findings.list, i));
                g_string_append_printf(text, "%s\n", line);
        }
        config_findings_clear(&findings);
        *findings_out = g_string_free(g_steal_pointer(&text), FALSE);
        return config;
}

static Config *
parse_good(const char *log)
{
        g_autofree char *findings = NULL;
        Config *config = parse(log, &findings);

        g_assert_cmpstr(findings, ==, "");
        return config;
}

static void
test_defaults(void)
{
        g_autoptr(Config) config = parse_good("");

        g_assert_cmpint(config->log_levels.level, ==, MOTET_LOG_INFO);
        g_assert_cmpuint(config->log_levels.n_of, ==, 0);
        g_assert_cmpstr(config->log_target, ==, "stderr");
        g_assert_cmpint(config->log_format, ==, LOG_FORMAT_AUTO);
        g_assert_cmpint(config->log_lines_per_s, ==, LOG_LINES_PER_S);
}

static void
test_everything(void)
{
        g_autoptr(Config) config =
                parse_good("{level: warn, modules: {alpha: debug, beta: info, router: error}, "
                           "target: log/a.log, format: json, lines_per_s: 0}");

        g_assert_cmpint(config->log_levels.level, ==, MOTET_LOG_WARN);
        g_assert_cmpint(log_levels_of(&config->log_levels, "alpha"), ==, MOTET_LOG_DEBUG);
        g_assert_cmpint(log_levels_of(&config->log_levels, "beta"), ==, MOTET_LOG_INFO);
        g_assert_cmpint(log_levels_of(&config->log_levels, "router"), ==, MOTET_LOG_ERROR);
        g_assert_cmpstr(config->log_target, ==, "/etc/motet/log/a.log");
        g_assert_cmpint(config->log_format, ==, LOG_FORMAT_JSON);
        g_assert_cmpint(config->log_lines_per_s, ==, 0);
}

static void
test_formats(void)
{
        static const char *const formats[] = {"auto", "journal", "text", "json"};

        for (int i = 0; i < (int)G_N_ELEMENTS(formats); i++) {
                g_autofree char *log = g_strdup_printf("{format: %s}", formats[i]);
                g_autoptr(Config) config = parse_good(log);
                g_assert_cmpint(config->log_format, ==, i);
        }
}

static void
test_mistakes(void)
{
        static const char *const mistakes[][2] = {
                {"loud", "expected a map"},
                {"{levle: info}", "unknown key \"levle\""},
                {"{level: loud}", "expected one of error, warn, info, debug"},
                {"{modules: [alpha]}", "expected a map from modules to levels"},
                {"{modules: {alpha: }}", "expected one of error, warn, info, debug"},
                {"{modules: {alhpa: debug}}", "did you mean \"alpha\"?"},
                {"{modules: {nonsense: debug}}",
                 "neither a module nor a part of the core is called \"nonsense\""},
                {"{format: xml}", "expected one of auto, journal, text, json"},
                {"{target: }", "expected stderr, journal or a path"},
                {"{target: /a.log, format: journal}",
                 "format journal cannot be written to the target /a.log"},
                {"{target: journal, format: text}",
                 "format text cannot be written to the target journal"},
                {"{target: journal, format: json}",
                 "format json cannot be written to the target journal"},
                {"{lines_per_s: -1}", "out of range"},
                {"{lines_per_s: 1000001}", "out of range"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
                g_autofree char *findings = NULL;
                G_GNUC_UNUSED g_autoptr(Config) config = parse(mistakes[i][0], &findings);
                if (!strstr(findings, mistakes[i][1]) || !strstr(findings, "motet.yaml:3:"))
                        g_error("\"%s\": \"%s\" is not in: %s", mistakes[i][0], mistakes[i][1],
                                findings);
        }
}

/* The most modules with a level of their own, and one more. */
static void
test_levels_are_bounded(void)
{
        g_autoptr(GString) log = g_string_new("{modules: {");
        g_autofree char *most = NULL;
        g_autofree char *more = NULL;
        g_autofree char *findings = NULL;

        for (unsigned i = 0; i < LOG_LEVELS_MAX; i++)
                g_string_append_printf(log, "m%u: info, ", i);
        most = g_strconcat(log->str, "}}", NULL);
        more = g_strconcat(log->str, "m: info}}", NULL);
        g_autoptr(Config) config = parse(most, &findings);
        g_assert_null(strstr(findings, "at most"));
        g_assert_cmpuint(config->log_levels.n_of, ==, LOG_LEVELS_MAX);

        g_autofree char *findings_more = NULL;
        g_autoptr(Config) config_more = parse(more, &findings_more);
        g_assert_nonnull(strstr(findings_more, "at most 64 levels of single modules"));
        g_assert_cmpuint(config_more->log_levels.n_of, ==, LOG_LEVELS_MAX);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/config_log/defaults", test_defaults);
        g_test_add_func("/config_log/everything", test_everything);
        g_test_add_func("/config_log/formats", test_formats);
        g_test_add_func("/config_log/mistakes", test_mistakes);
        g_test_add_func("/config_log/levels-are-bounded", test_levels_are_bounded);
        return g_test_run();
}
