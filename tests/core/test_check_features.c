/*
 * Tests of check features: rows of what servers should offer, against modules that are enabled,
 * installed, or neither.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check_kit.h"

/* A folder with links to the built modules, and rows of its own. */
static void
use(CheckKit *kit, const char *hosts, const char *rows, const char *const *modules)
{
        g_autofree char *folder = check_kit_path(kit, "/modules");
        g_autofree char *text = g_strdup_printf("hosts: {%s}\nmodules_dir: modules\n", hosts);

        g_mkdir(folder, 0700);
        check_kit_put(kit, "/motet.yaml", text);
        if (rows)
                check_kit_put(kit, "/modules/suites.yaml", rows);
        for (; *modules; modules++) {
                g_autofree char *name = g_strdup_printf("mod_%s.so", *modules);
                g_autofree char *from =
                        g_build_filename(g_getenv("MOTET_TEST_MODULES"), name, NULL);
                g_autofree char *to = g_build_filename(folder, name, NULL);
                g_assert_cmpint(symlink(from, to), ==, 0);
        }
}

#define PING_ROW "- {suite: Core, level: basic, feature: Pings, specs: [XEP-0199]}\n"

static void
test_a_feature_of_an_enabled_module(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "example.org: ", PING_ROW, MOTET_LIST("ping"));
        check_kit_put(kit, "/plugins.d/ping.yaml", "enabled: true\n");
        check_kit_assert(kit, "features", "features.satisfied");
        check_kit_assert_told(kit, "motet.yaml: note: Core, basic: Pings: by ping [");
        g_assert_cmpint(check_kit_run(kit, "features --strict"), ==, CHECK_CLEAN);
}

static void
test_a_module_that_is_not_enabled(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "example.org: ", PING_ROW, MOTET_LIST("ping", "version"));
        check_kit_assert(kit, "features", "features.not-enabled");
        check_kit_assert_told(kit, "Core, basic: Pings: not offered [");
        check_kit_assert_told(kit, "\n  \"enabled: true\" in DIR/plugins.d/ping.yaml\n");

        check_kit_put(kit, "/plugins.d/ping.yaml", "enabled: false\n");
        check_kit_assert(kit, "features", "features.not-enabled");
        g_assert_cmpint(check_kit_run(kit, "features --strict"), ==, CHECK_WARNINGS);
}

static void
test_a_feature_that_no_module_has(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "example.org: ",
            "- {suite: IM, level: advanced, feature: Both, specs: [XEP-0199, XEP-019]}\n",
            MOTET_LIST("ping"));
        check_kit_put(kit, "/plugins.d/ping.yaml", "enabled: true\n");
        check_kit_assert(kit, "features", "features.missing");
        check_kit_assert_told(kit, "IM, advanced: Both: no module here has XEP-019 [");
}

static void
test_a_feature_of_one_host_alone(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "a.example: , b.example: ", PING_ROW, MOTET_LIST("ping"));
        check_kit_put(kit, "/plugins.d/ping.yaml", "enabled: true\nhosts: [a.example]\n");
        check_kit_assert(kit, "features", "features.not-enabled");
        check_kit_assert_told(kit, "add b.example to \"hosts\" in DIR/plugins.d/ping.yaml\n");
}

static void
test_a_list_that_cannot_be_read(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "example.org: ", NULL, MOTET_LIST(NULL));
        check_kit_assert(kit, "features", "features.no-list");
        check_kit_put(kit, "/modules/suites.yaml", "rows: none\n");
        check_kit_assert(kit, "features", "features.no-list");
        check_kit_put(kit, "/modules/suites.yaml", "- {suite: Core, specs: [X]}\n");
        check_kit_assert(kit, "features", "features.no-list");
        check_kit_put(kit, "/modules/suites.yaml",
                      "- {suite: Core, level: basic, feature: F, specs: [[X]]}\n");
        check_kit_assert(kit, "features", "features.no-list");
}

/* The list that is installed can be read, and each of its rows is told. */
static void
test_the_list_that_comes_with_the_modules(CheckKit *kit, gconstpointer data)
{
        g_autofree char *path =
                g_build_filename(g_getenv("MOTET_TEST_SOURCE"), "etc/suites.yaml", NULL);
        unsigned n_rows = 0, n_told = 0;
        g_autofree char *text = NULL;

        (void)data;
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        for (const char *at = text; (at = strstr(at, "- {suite: ")); at++)
                n_rows++;
        check_kit_run(kit, "features");
        for (const char *at = kit->output->str; (at = strstr(at, "[features.")); at++)
                n_told++;
        g_assert_cmpuint(n_rows, >, 20);
        g_assert_cmpuint(n_told, ==, n_rows);
        g_assert_null(strstr(kit->output->str, "[features.no-list]"));
}

/* It tells more than what is wrong. */
static void
test_it_runs_on_request_only(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_run(kit, "");
        g_assert_null(strstr(kit->output->str, "[features."));
        g_assert_null(strstr(kit->output->str, "[dns."));
}

#define ADD(path, func)                                                                            \
        g_test_add("/check-features/" path, CheckKit, NULL, check_kit_set_up, func,                \
                   check_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("a-feature-of-an-enabled-module", test_a_feature_of_an_enabled_module);
        ADD("a-module-that-is-not-enabled", test_a_module_that_is_not_enabled);
        ADD("a-feature-that-no-module-has", test_a_feature_that_no_module_has);
        ADD("a-feature-of-one-host-alone", test_a_feature_of_one_host_alone);
        ADD("a-list-that-cannot-be-read", test_a_list_that_cannot_be_read);
        ADD("the-list-that-comes-with-the-modules", test_the_list_that_comes_with_the_modules);
        ADD("it-runs-on-request-only", test_it_runs_on_request_only);
        return g_test_run();
}
