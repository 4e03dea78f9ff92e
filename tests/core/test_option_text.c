/*
 * Tests of option_text: addresses, domains and numbers of the network, each in one form.
 */
#include "core/option_text.h"

#include <string.h>

#include "core/config_yaml.h"
#include "core/instance.h"

static const MotetOption table[] = {
        {.key = "admin", .type = MOTET_OPTION_JID, .help = "Who."},
        {.key = "service", .type = MOTET_OPTION_DOMAIN, .fallback = "example.org", .help = "What."},
        {.key = "bind", .type = MOTET_OPTION_ADDRESS, .fallback = "\"::1\"", .help = "Where."},
        {.key = "admins", .type = MOTET_OPTION_JIDS, .help = "Whom."},
        {.key = "domains", .type = MOTET_OPTION_DOMAINS, .help = "Which."},
        {.key = "interfaces",
         .type = MOTET_OPTION_ADDRESSES,
         .fallback = "[\"*\", \"::\"]",
         .values = MOTET_LIST("*"),
         .help = "Where too."},
        {0},
};

static const Config places = {.dir = (char *)"/etc/motet", .data_dir = (char *)"/var/lib/motet"};

/* Returns: (own) what is found in @options, one line each: "2:3 id" */
static char *
findings_in(const char *options, OptionValues **values_out)
{
        GString *text = g_string_new(NULL);
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(ConfigNode) node =
                config_yaml_parse(options, strlen(options), "m.yaml", &findings);
        *values_out = option_values_new(table, "probe", node, NULL, &places, &findings);
        for (guint i = 0; i < findings.list->len; i++) {
                const ConfigFinding *finding = findings.list->pdata[i];
                g_string_append_printf(text, "%u:%u %s%s%s\n", finding->line, finding->column,
                                       finding_kind(finding->id)->name, finding->hint ? "; " : "",
                                       finding->hint ? finding->hint : "");
        }
        config_findings_clear(&findings);
        return g_string_free(text, FALSE);
}

static void
assert_reads(const char *options, const char *key, const char *expected)
{
        OptionValues *values;
        g_autofree char *found = findings_in(options, &values);
        g_autofree char *value = option_values_print(values, key);

        g_assert_cmpstr(found, ==, "");
        g_assert_cmpstr(value, ==, expected);
        option_values_free(values);
}

static void
assert_refused(const char *options, const char *expected)
{
        OptionValues *values;
        g_autofree char *found = findings_in(options, &values);

        g_assert_cmpstr(found, ==, expected);
        option_values_free(values);
}

static void
test_defaults(void)
{
        assert_reads("{}", "admin", NULL);
        assert_reads("{}", "service", "example.org");
        assert_reads("{}", "bind", "::1");
        assert_reads("{}", "admins", "[]");
        assert_reads("{}", "interfaces", "[*, ::]");
}

/* RFC 7622 section 3: compared after preparation, so kept prepared */
static void
test_jids_are_prepared(void)
{
        assert_reads("admin: ROMEO@example.org", "admin", "romeo@example.org");
        assert_reads("admin: component.example.org", "admin", "component.example.org");
        assert_reads("admins: [b@example.org, A@example.org]", "admins",
                     "[b@example.org, a@example.org]");
}

static void
test_jids_refused(void)
{
        assert_refused("admin: \"@example.org\"", "1:8 config.wrong-type\n");
        assert_refused("admin: romeo@example.org/orchard",
                       "1:8 config.wrong-type; leave out what follows the slash\n");
        assert_refused("admin: ro\"meo@example.org", "1:8 config.wrong-type\n");
        assert_refused("admin:\n  - a@example.org", "2:3 config.wrong-type\n");
        assert_refused("admin: romeo@-example.org", "1:8 domains.hyphens\n");
        assert_refused("admin: romeo@", "1:8 domains.empty\n");
        assert_refused("admin:", "1:7 config.wrong-type\n");
        assert_refused("admins: romeo@example.org", "1:9 config.wrong-type\n");
        assert_refused("admins:\n- a@example.org\n- A@example.org", "3:3 config.duplicate-value\n");
}

static void
test_domains(void)
{
        assert_reads("service: chat.example.org", "service", "chat.example.org");
        assert_reads("domains: [a.example, b.example]", "domains", "[a.example, b.example]");
        assert_refused("service: https://example.org/",
                       "1:10 domains.url; write \"example.org\"\n");
        assert_refused("service: a@example.org", "1:10 domains.jid; write \"example.org\"\n");
        assert_refused("domains:\n  - a.example\n  - b.example.", "3:5 domains.trailing-dot; write "
                                                                  "\"b.example\"\n");
}

/* RFC 5952: an IPv6 address has one form */
static void
test_addresses_have_one_form(void)
{
        assert_reads("bind: 192.0.2.1", "bind", "192.0.2.1");
        assert_reads("bind: 2001:DB8:0:0:0:0:0:1", "bind", "2001:db8::1");
        assert_reads("interfaces: [\"*\", 127.0.0.1, \"::1\"]", "interfaces",
                     "[*, 127.0.0.1, ::1]");
        assert_refused("interfaces: [\"::1\", \"0:0::1\"]", "1:21 config.duplicate-value\n");
}

static void
test_addresses_refused(void)
{
        assert_refused("bind: localhost", "1:7 config.wrong-type\n");
        assert_refused("bind: 192.0.2", "1:7 config.wrong-type\n");
        assert_refused("bind: 192.0.2.256", "1:7 config.wrong-type\n");
        assert_refused("bind: 192.0.2.1:5222", "1:7 config.wrong-type; write \"192.0.2.1\"\n");
        assert_refused("bind: \"[::1]:5222\"", "1:7 config.wrong-type; write \"::1\"\n");
        assert_refused("bind: \"*\"", "1:7 config.wrong-type\n");
        assert_refused("bind: 10.0.0.0/8", "1:7 config.wrong-type\n");
        assert_refused("interfaces: [eth0]", "1:14 config.wrong-type\n");
}

static void
test_table_is_sound(void)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_assert_true(option_table_check(table, "probe", &findings));
        g_assert_cmpuint(findings.list->len, ==, 0);
        config_findings_clear(&findings);
}

/* Instances read them by the accessors of texts and lists. */
static void
test_instances_read_them(void)
{
        const MotetModuleInfo info = {.abi = MOTET_ABI, .name = "probe"};
        MotetModule module = {.info = &info};
        g_autofree char *found = findings_in("admin: a@example.org", &module.options);

        g_assert_cmpstr(found, ==, "");
        g_assert_cmpstr(motet_option_string(&module, "admin"), ==, "a@example.org");
        g_assert_cmpstr(motet_option_string(&module, "bind"), ==, "::1");
        g_assert_cmpstr(motet_option_list(&module, "interfaces")[0], ==, "*");
        g_assert_null(motet_option_list(&module, "admins")[0]);
        option_values_free(module.options);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/option_text/defaults", test_defaults);
        g_test_add_func("/option_text/jids-are-prepared", test_jids_are_prepared);
        g_test_add_func("/option_text/jids-refused-at-their-place", test_jids_refused);
        g_test_add_func("/option_text/domains-as-those-of-hosts", test_domains);
        g_test_add_func("/option_text/addresses-have-one-form", test_addresses_have_one_form);
        g_test_add_func("/option_text/addresses-refused-at-their-place", test_addresses_refused);
        g_test_add_func("/option_text/table-is-sound", test_table_is_sound);
        g_test_add_func("/option_text/instances-read-them", test_instances_read_them);
        return g_test_run();
}
