/*
 * Tests of core/config_module.h: what "module dev" puts in the place of what the files say, and
 * that it is gone without a trace afterwards.
 */
#include "core/config_module.h"

#include <string.h>

static Config *
parse(const char *modules)
{
        g_autofree char *yaml = g_strdup_printf("hosts: {a.example: , b.example: , c.example: }\n"
                                                "modules: %s\n",
                                                modules);
        ConfigFindings findings;

        config_findings_init(&findings);
        Config *config = config_parse(yaml, -1, "/etc/motet", &findings);
        g_assert_cmpuint(findings.n_errors, ==, 0);
        config_findings_clear(&findings);
        return config;
}

/* Overrides alpha on @host (NULL: where the files say) and says where it is then:
 * "a.example,b.example" */
static void
assert_override(const char *modules, const char *host, const char *hosts)
{
        g_autoptr(Config) config = parse(modules);
        const ConfigModule *former = config_module(config, "alpha");
        guint n = config->modules->len;

        config_module_override(config, "alpha", host, true);
        const ConfigModule *now = config_module(config, "alpha");
        g_assert_true(now->enabled);
        g_autofree char *text = now->hosts ? g_strjoinv(",", now->hosts) : g_strdup("all");
        g_assert_cmpstr(text, ==, hosts);

        config_module_restore(config, "alpha");
        g_assert_true(config_module(config, "alpha") == former);
        g_assert_cmpuint(config->modules->len, ==, n);
}

static void
test_where_the_files_say(void)
{
        assert_override("{alpha: }", NULL, "all");
        assert_override("{alpha: {hosts: [a.example, b.example]}}", NULL, "a.example,b.example");
        assert_override("{alpha: {enabled: false, hosts: [a.example]}}", NULL, "a.example");
        assert_override("{beta: }", NULL, "all");
}

/* One host more than the files say; of a module that is off, that one alone. */
static void
test_one_host_is_added(void)
{
        assert_override("{alpha: }", "b.example", "all");
        assert_override("{alpha: {hosts: [a.example, b.example]}}", "c.example",
                        "a.example,b.example,c.example");
        assert_override("{alpha: {hosts: [a.example, b.example]}}", "a.example",
                        "b.example,a.example");
        assert_override("{alpha: {enabled: false, hosts: [a.example]}}", "b.example", "b.example");
        assert_override("{beta: }", "b.example", "b.example");
}

/* The second takes the place of the first, not of what the files say. */
static void
test_an_override_may_be_followed_by_another(void)
{
        g_autoptr(Config) config = parse("{alpha: {hosts: [a.example]}}");
        const ConfigModule *former = config_module(config, "alpha");

        config_module_override(config, "alpha", "b.example", true);
        config_module_override(config, "alpha", NULL, false);
        g_assert_false(config_module(config, "alpha")->enabled);
        config_module_restore(config, "alpha");
        g_assert_true(config_module(config, "alpha") == former);
        config_module_restore(config, "alpha");
        g_assert_true(config_module(config, "alpha") == former);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config-module/where-the-files-say", test_where_the_files_say);
        g_test_add_func("/config-module/one-host-is-added", test_one_host_is_added);
        g_test_add_func("/config-module/an-override-may-be-followed-by-another",
                        test_an_override_may_be_followed_by_another);
        return g_test_run();
}
