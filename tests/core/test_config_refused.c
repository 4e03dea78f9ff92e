/*
 * Tests of core/config.h: what has the wrong shape is told with its place, and nothing is guessed.
 */
#include "core/config.h"

#include <string.h>

typedef struct {
        const char *text, *finding; /* part of one, as it is printed; NULL: there is none */
} Row;

#define HOST "hosts: {a.example: }\n"

static void
check(const Row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                ConfigFindings findings;
                g_autoptr(GString) printed = g_string_new(NULL);
                config_findings_init(&findings);
                g_autoptr(Config) config = config_parse(rows[i].text, -1, "/etc/motet", &findings);
                for (guint j = 0; j < findings.list->len; j++) {
                        g_autofree char *line = config_finding_string(findings.list->pdata[j]);
                        g_string_append_printf(printed, "%s\n", line);
                }
                g_test_message("%s: %s", rows[i].text, printed->str);
                g_assert_nonnull(config);
                if (rows[i].finding)
                        g_assert_nonnull(strstr(printed->str, rows[i].finding));
                else
                        g_assert_cmpstr(printed->str, ==, "");
                config_findings_clear(&findings);
        }
}

static void
test_there_is_a_host(void)
{
        static const Row rows[] = {
                {"", "the key \"hosts\" is missing"},
                {"hosts:\n", "expected a map with at least one host"},
                {"hosts: {}\n", "expected a map with at least one host"},
                {"hosts: [a.example]\n", "expected a map with at least one host"},
                {"- hosts\n", "expected a map"},
        };

        check(rows, G_N_ELEMENTS(rows));
}

static void
test_a_certificate_has_a_key(void)
{
        static const Row rows[] = {
                {"hosts: {a.example: {certificate: a.crt}}\n", ":1:34: error: "},
                {"hosts: {a.example: {key: a.key}}\n", ":1:26: error: "},
                {"hosts: {a.example: {key: [a], certificate: b}}\n", "expected"},
        };

        check(rows, G_N_ELEMENTS(rows));
}

static void
test_maps_are_maps(void)
{
        static const Row rows[] = {
                {HOST "certificates: certs\n", "expected a map with folder and look_every"},
                {HOST "certificates: {look_every: 0s}\n", "out of range"},
                {HOST "certificates: {look_every: 2h}\n", "out of range"},
                {HOST "certificates: {folders: certs}\n", "did you mean \"folder\"?"},
                {HOST "certificates:\n", NULL},
                {HOST "storage: sqlite\n", "expected a map with default and stores"},
                {HOST "storage: {default: SQL}\n", "expected the name of a backend"},
                {HOST "storage: {default: [sqlite]}\n", "expected the name of a backend"},
                {HOST "storage: {stores: [roster]}\n", "expected a map from stores to backends"},
                {HOST "storage: {stores: {}}\n", NULL},
                {HOST "storage: {stores: {A-b: memory}}\n", "is no name of a store"},
                {HOST "storage: {stores: {roster: }}\n", "expected the name of a backend"},
                {HOST "modules: [ping]\n", "expected a map from modules to their settings"},
                {HOST "modules: {a-b: }\n", "is no name of a module"},
                {HOST "modules: {ping: yes}\n", "expected a map"},
                {HOST "modules: {}\n", NULL},
                {HOST "modules: {ping: }\n", NULL},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* useradd(8): what the system takes for the name of a user. */
static void
test_a_user_has_a_name(void)
{
        static const Row rows[] = {
                {HOST "user: motet\n", NULL},
                {HOST "user: _m-1\n", NULL},
                {HOST "user: root\n", "the server does not run as root"},
                {HOST "user: Motet\n", "expected a user name"},
                {HOST "user: -motet\n", "expected a user name"},
                {HOST "user: 1motet\n", "expected a user name"},
                {HOST "user: \"\"\n", "expected a user name"},
                {HOST "user: [motet]\n", "expected a user name"},
                {HOST "user: aaaaaaaaaabbbbbbbbbbccccccccccd\n", NULL},
                {HOST "user: aaaaaaaaaabbbbbbbbbbccccccccccdd\n", "expected a user name"},
        };

        check(rows, G_N_ELEMENTS(rows));
}

static void
test_settings_of_a_module_are_of_hosts_that_are_served(void)
{
        static const Row rows[] = {
                {HOST "modules: {ping: {hosts: [b.example]}}\n", "b.example"},
                {HOST "modules: {ping: {hosts: {a.example: }}}\n", "expected"},
                {HOST "modules: {ping: {enabled: perhaps}}\n", "expected true or false"},
                {HOST "modules: {ping: {options: [a]}}\n", "expected a map of options"},
                {HOST "modules: {ping: {options: }}\n", NULL},
                {HOST "modules: {ping: {permissions: a}}\n", "expected a map of permissions"},
                {HOST "modules: {ping: {host_options: [a]}}\n",
                 "expected a map from hosts to options"},
                {HOST "modules: {ping: {host_options: {}}}\n", NULL},
                {HOST "modules: {ping: {host_options: {a.example: [a]}}}\n",
                 "expected a map of options"},
                {HOST "modules: {ping: {host_options: {b.example: {a: b}}}}\n", "b.example"},
                {HOST "modules: {ping: {host_options: {a.example: {}, A.example: {}}}}\n",
                 "\"a.example\" is there twice"},
                {"hosts: {a.example: , b.example: }\n"
                 "modules: {ping: {hosts: [a.example], host_options: {b.example: {}}}}\n",
                 "ping is not enabled on \"b.example\""},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* unix(7): 107 bytes, at the limit and one past it. */
static void
test_a_socket_has_a_path_that_fits(void)
{
        g_autofree char *longest = g_strnfill(107 - 1, 's'), *longer = g_strnfill(107, 's');
        g_autofree char *good = g_strdup_printf(HOST "control_socket: /%s\n", longest);
        g_autofree char *bad = g_strdup_printf(HOST "control_socket: /%s\n", longer);
        const Row rows[] = {{good, NULL}, {bad, "has at most 107 bytes"}};

        check(rows, G_N_ELEMENTS(rows));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config-refused/there-is-a-host", test_there_is_a_host);
        g_test_add_func("/config-refused/a-certificate-has-a-key", test_a_certificate_has_a_key);
        g_test_add_func("/config-refused/maps-are-maps", test_maps_are_maps);
        g_test_add_func("/config-refused/a-user-has-a-name", test_a_user_has_a_name);
        g_test_add_func("/config-refused/settings-of-a-module-are-of-hosts-that-are-served",
                        test_settings_of_a_module_are_of_hosts_that_are_served);
        g_test_add_func("/config-refused/a-socket-has-a-path-that-fits",
                        test_a_socket_has_a_path_that_fits);
        return g_test_run();
}
