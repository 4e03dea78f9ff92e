/*
 * Tests of motet/option.h as a module uses it: an option of each type, unset, set, set for one
 * host, changed by a reload.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "support/test_server.h"

static char *
config(const char *module_yaml)
{
        return g_strdup_printf("modules_dir: %s/test_modules\ndata_dir: /data\n"
                               "hosts:\n  example.org:\n  example.net:\nmodules:\n  reader:\n%s",
                               g_getenv("MOTET_TEST_BUILD"), module_yaml);
}

static TestServer *
start(const char *module_yaml)
{
        g_autofree char *yaml = config(module_yaml);

        return test_server_new_config(yaml);
}

static void
assert_read(TestServer *server, const char *host, const char *expected)
{
        g_autofree char *output = NULL;

        g_assert_cmpint(
                test_server_run_command(server, MOTET_LIST("reader", "read", host), &output), ==,
                0);
        g_assert_cmpstr(output, ==, expected);
}

#define DEFAULTS                                                                                   \
        "flag: 1\ncount: -5\nsize: 1024\npause: 250000\ntext: unset\nword: one\n"                  \
        "file: /data/reader.db\njid: unset\ndomain: unset\naddress: ::1\nwords: []\nsome: [b]\n"   \
        "numbers: [1 2]\njids: []\ndomains: []\naddresses: []\nsecret of 0 bytes\n"

static void
test_defaults(void)
{
        g_autoptr(TestServer) server = start("");

        assert_read(server, "example.org", DEFAULTS);
}

#define ALL                                                                                        \
        "    options:\n      flag: false\n      count: 7\n      size: 2 MiB\n      pause: 5m\n"    \
        "      text: 'a: b'\n      word: two\n      file: /srv/x\n      jid: Romeo@EXAMPLE.org\n"  \
        "      domain: EXAMPLE.com\n      address: any\n      words: [x, y z]\n      some: []\n"   \
        "      numbers: [9]\n      jids: [a@b, C@d]\n      domains: [E.example]\n"                 \
        "      addresses: [192.0.2.1, 2001:DB8::1]\n      secret: open sesame\n"

#define ALL_READ                                                                                   \
        "flag: 0\ncount: 7\nsize: 2097152\npause: 300000000\ntext: a: b\nword: two\n"              \
        "file: /srv/x\njid: romeo@example.org\ndomain: example.com\naddress: any\n"                \
        "words: [x y z]\nsome: []\nnumbers: [9]\njids: [a@b c@d]\ndomains: [e.example]\n"          \
        "addresses: [192.0.2.1 2001:db8::1]\nsecret of 11 bytes\n"

/* What is text is read prepared, so that it can be compared. */
static void
test_all_are_set(void)
{
        g_autoptr(TestServer) server = start(ALL);

        assert_read(server, "example.org", ALL_READ);
        assert_read(server, "example.net", ALL_READ);
}

static void
test_one_host_differs(void)
{
        g_autoptr(TestServer) server = start(
                "    host_options:\n      example.net:\n        flag: false\n        count: 7\n"
                "        size: 2 MiB\n        pause: 5m\n        text: 'a: b'\n"
                "        word: two\n        file: /srv/x\n        jid: romeo@example.org\n"
                "        domain: example.com\n        address: any\n"
                "        words: [x, y z]\n        some: []\n        numbers: [9]\n"
                "        jids: [a@b, c@d]\n        domains: [e.example]\n"
                "        addresses: [192.0.2.1, 2001:db8::1]\n"
                "        secret: open sesame\n");

        assert_read(server, "example.org", DEFAULTS);
        assert_read(server, "example.net", ALL_READ);
}

static void
test_a_reload_changes_them(void)
{
        g_autoptr(TestServer) server = start("");
        g_autofree char *all = config(ALL), *none = config("");
        g_autofree char *plan = NULL;

        g_assert_true(test_server_reload(server, all, &plan));
        assert_read(server, "example.org", ALL_READ);
        /* The secret is told nobody. */
        g_assert_nonnull(strstr(plan, "secret"));
        g_assert_null(strstr(plan, "sesame"));
        g_assert_true(test_server_reload(server, none, NULL));

        assert_read(server, "example.org", DEFAULTS);
}

static void
assert_refused(const char *option, const char *reason)
{
        g_autofree char *options = g_strdup_printf("    options:\n      %s\n", option);
        g_autofree char *yaml = config(options);
        g_autofree char *refusal = test_server_refuse(yaml);

        g_assert_nonnull(strstr(refusal, "motet.yaml:11:"));
        if (!strstr(refusal, reason))
                g_error("\"%s\" is not in:\n%s", reason, refusal);
}

/* None of these reaches the module. */
static void
test_wrong_values(void)
{
        assert_refused("jid: '@example.org'", "@example.org");
        assert_refused("jid: romeo@example.org/x", "romeo@example.org/x");
        assert_refused("domain: a b", "a b");
        assert_refused("address: localhost", "localhost");
        assert_refused("addresses: [192.0.2.300]", "192.0.2.300");
        assert_refused("secret: ''", "secret");
        assert_refused("secert: x", "did you mean \"secret\"?");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/option-module/defaults", test_defaults);
        g_test_add_func("/option-module/all-are-set", test_all_are_set);
        g_test_add_func("/option-module/one-host-differs", test_one_host_differs);
        g_test_add_func("/option-module/a-reload-changes-them", test_a_reload_changes_them);
        g_test_add_func("/option-module/wrong-values", test_wrong_values);
        return g_test_run();
}
