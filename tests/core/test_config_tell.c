/*
 * Tests of config_tell: what is in force and where it is set, what could be, and defaults that read
 * back as what is in force without them.
 */
#include "core/config_tell.h"

#include <glib/gstdio.h>
#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/config_module.h"
#include "core/config_yaml.h"

static const char main_file[] = "hosts:\n"
                                "  a.example:\n"
                                "    certificate: a.crt\n"
                                "    key: a.key\n"
                                "  b.example:\n"
                                "log:\n"
                                "  level: warn\n"
                                "limits: {user: {depth: 70}, connections: 500}\n"
                                "modules:\n"
                                "  settings:\n"
                                "    hosts: [a.example, b.example]\n"
                                "    options:\n"
                                "      count: 7\n"
                                "      password: correct horse battery\n"
                                "    host_options:\n"
                                "      b.example:\n"
                                "        count: 8\n"
                                "  settings_off:\n"
                                "    enabled: false\n";

typedef struct {
        char *dir, *file;
        GString *output;
        ConfigFindings findings;
        GError *error;
} Fixture;

static void
write_main(const Fixture *fixture, const char *text)
{
        g_autofree char *whole = g_strdup_printf("%smodules_dir: %s/test_modules\n", text,
                                                 g_getenv("MOTET_TEST_BUILD"));

        g_assert_true(g_file_set_contents(fixture->file, whole, -1, NULL));
        g_assert_cmpint(g_chmod(fixture->file, 0600), ==, 0);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->dir = g_dir_make_tmp("motet-XXXXXX", NULL);
        fixture->file = g_build_filename(fixture->dir, "motet.yaml", NULL);
        fixture->output = g_string_new(NULL);
        config_findings_init(&fixture->findings);
        write_main(fixture, main_file);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_clear_error(&fixture->error);
        config_findings_clear(&fixture->findings);
        unlink(fixture->file);
        g_assert_cmpint(rmdir(fixture->dir), ==, 0);
        g_string_free(fixture->output, TRUE);
        g_free(fixture->file);
        g_free(fixture->dir);
}

static void
append_line(void *data, const char *text)
{
        g_string_append_printf(data, "%s\n", text);
}

/* What `motetctl config @words` does with the server stopped. */
static bool
tell(Fixture *fixture, const char *words)
{
        g_auto(GStrv) list = g_strsplit(words, " ", -1);
        ConfigQuestion question;

        g_string_truncate(fixture->output, 0);
        g_clear_error(&fixture->error);
        return config_question_read((const char *const *)list, &question, &fixture->error) &&
               config_tell_file(fixture->file, &question, append_line, fixture->output,
                                &fixture->findings, &fixture->error);
}

/* The values and origins of @words are @expected, blanks run together, the folder as DIR. */
static void
assert_tells(Fixture *fixture, const char *words, const char *expected)
{
        bool is_told = tell(fixture, words);
        g_assert_no_error(fixture->error);
        g_assert_true(is_told);
        g_autoptr(GRegex) blanks = g_regex_new(" +", 0, 0, NULL);
        g_autofree char *text =
                g_regex_replace_literal(blanks, fixture->output->str, -1, 0, " ", 0, NULL);
        g_auto(GStrv) parts = g_strsplit(text, fixture->dir, -1);
        g_autofree char *told = g_strjoinv("DIR", parts);
        g_assert_cmpstr(told, ==, expected);
}

static void
assert_fails(Fixture *fixture, const char *words, int code, const char *text)
{
        g_assert_false(tell(fixture, words));
        g_assert_nonnull(fixture->error);
        g_assert_cmpint(motet_error_exit_code(fixture->error), ==, code);
        if (!strstr(fixture->error->message, text))
                g_error("%s: %s", words, fixture->error->message);
}

static void
test_origin_of_each_value(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_tells(fixture, "show log.level", "log.level warn DIR/motet.yaml:7\n");
        assert_tells(fixture, "show log.target", "log.target stderr default\n");
        assert_tells(fixture, "show limits.user.depth", "limits.user.depth 70 DIR/motet.yaml:8\n");
        assert_tells(fixture, "show limits.connections",
                     "limits.connections 500 DIR/motet.yaml:8\n");
        assert_tells(fixture, "show data_dir", "data_dir DIR/data default\n");
        assert_tells(fixture, "show user", "user unset default\n");
        assert_tells(fixture, "show hosts",
                     "hosts [a.example, b.example] DIR/motet.yaml:1\n"
                     "hosts.a.example.certificate DIR/a.crt DIR/motet.yaml:3\n"
                     "hosts.a.example.key DIR/a.key DIR/motet.yaml:4\n"
                     "hosts.b.example.certificate unset default\n"
                     "hosts.b.example.key unset default\n");
}

static void
test_module_and_its_hosts(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_tells(fixture, "show settings",
                     "settings.enabled true DIR/motet.yaml:10\n"
                     "settings.hosts [a.example, b.example] DIR/motet.yaml:11\n"
                     "settings.count 7 DIR/motet.yaml:13\n"
                     "settings.count on b.example 8 DIR/motet.yaml:17\n"
                     "settings.interfaces [*, ::1] default\n"
                     "settings.password set DIR/motet.yaml:14\n"
                     "settings.other unset default\n"
                     "settings.file DIR/data/s.db default\n");
        assert_tells(fixture, "show settings.count --host b.example",
                     "settings.count on b.example 8 DIR/motet.yaml:17\n");
        assert_tells(fixture, "show settings.count --host=A.Example",
                     "settings.count on a.example 7 DIR/motet.yaml:13\n");
}

/* What does not run is not in force, but may be asked for. */
static void
test_disabled_module(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_true(tell(fixture, "show"));
        g_assert_nonnull(strstr(fixture->output->str, "settings_off.enabled "));
        g_assert_null(strstr(fixture->output->str, "settings_off.count "));
        g_assert_true(tell(fixture, "show settings_off"));
        g_assert_nonnull(strstr(fixture->output->str, "settings_off.count "));
}

static void
test_secrets_are_not_shown(Fixture *fixture, gconstpointer data)
{
        static const char *const questions[] = {
                "show",
                "show --json",
                "show settings.password",
                "describe settings.password",
                "default settings",
        };

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
                g_assert_true(tell(fixture, questions[i]));
                g_assert_null(strstr(fixture->output->str, "horse"));
        }
}

static void
test_json(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_tells(fixture, "show settings.count --json",
                     "[\n"
                     " {\"key\": \"settings.count\", \"host\": null, \"value\": \"7\", \"file\": "
                     "\"DIR/motet.yaml\", \"line\": 13},\n"
                     " {\"key\": \"settings.count\", \"host\": \"b.example\", \"value\": \"8\", "
                     "\"file\": \"DIR/motet.yaml\", \"line\": 17}\n"
                     "]\n");
        assert_tells(fixture, "show --json settings.password",
                     "[\n"
                     " {\"key\": \"settings.password\", \"host\": null, \"set\": true, \"file\": "
                     "\"DIR/motet.yaml\", \"line\": 14}\n"
                     "]\n");
        assert_tells(fixture, "show --json user",
                     "[\n"
                     " {\"key\": \"user\", \"host\": null, \"value\": null, \"file\": null, "
                     "\"line\": 0}\n"
                     "]\n");
}

static void
test_describe(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_tells(fixture, "describe settings.count",
                     "settings.count: How many.\n"
                     "value an integer, 1 to 10\n"
                     "default 5\n"
                     "stands in DIR/plugins.d/settings.yaml, below options; for one host below "
                     "host_options and its name\n"
                     "changed by a restart\n");
        assert_tells(fixture, "describe interfaces",
                     "settings.interfaces: Where.\n"
                     "value a list of numeric IP addresses, or *\n"
                     "default [\"*\", \"::1\"]\n"
                     "stands in DIR/plugins.d/settings.yaml, below options; for one host below "
                     "host_options and its name\n"
                     "changed by a reload\n"
                     "\n"
                     "settings_off.interfaces: Where.\n"
                     "value a list of numeric IP addresses, or *\n"
                     "default [\"*\", \"::1\"]\n"
                     "stands in DIR/plugins.d/settings_off.yaml, below options; for one host below "
                     "host_options and its name\n"
                     "changed by a reload\n");
        assert_tells(fixture, "describe data_dir",
                     "data_dir: Where everything durable is kept; default paths of modules are "
                     "relative to it.\n"
                     "value a path\n"
                     "default data\n"
                     "stands in DIR/motet.yaml\n"
                     "changed by a restart\n");
        g_assert_true(tell(fixture, "describe hosts.a.example.key"));
        g_assert_true(g_str_has_prefix(fixture->output->str, "hosts.HOST.key: "));
        g_assert_true(tell(fixture, "describe storage.stores.roster"));
        g_assert_true(g_str_has_prefix(fixture->output->str, "storage.stores.STORE: "));
}

static void
test_what_was_meant(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_fails(fixture, "describe settings.cuont", 64, "did you mean \"settings.count\"?");
        assert_fails(fixture, "describe interfacse", 64, "did you mean \"interfaces\"?");
        assert_fails(fixture, "describe limits.user.dpeth", 64,
                     "did you mean \"limits.user.depth\"?");
        assert_fails(fixture, "describe hosts.HOST", 64, "there is no setting");
        assert_fails(fixture, "show setings", 64, "did you mean \"settings\"?");
        assert_fails(fixture, "show log.levle", 64, "did you mean \"log.level\"?");
        assert_fails(fixture, "default setings", 64, "did you mean \"settings\"?");
        assert_fails(fixture, "show --host c.example", 64, "did you mean \"a.example\"?");
        assert_fails(fixture, "show --hsot a.example", 64, "did you mean \"--host\"?");
        assert_fails(fixture, "shwo", 64, "did you mean \"show\"?");
        assert_fails(fixture, "default bad_options", 78, "not sound");
        assert_fails(fixture, "show --host", 64, "needs a value");
        assert_fails(fixture, "show a b", 64, "too many arguments");
        assert_fails(fixture, "default --json", 64, "only config show has options");
        assert_fails(fixture, "describe", 64, "usage: ");
}

/* Who corrects a configuration needs to know what could be there; what is in force is nothing. */
static void
test_configuration_with_errors(Fixture *fixture, gconstpointer data)
{
        (void)data;
        write_main(fixture, "hosts: {a.example: }\nmodules: {settings: {options: {count: 11}}}\n");
        assert_fails(fixture, "show", 78, "not in force");
        g_assert_cmpuint(fixture->findings.n_errors, ==, 1);
        g_assert_true(tell(fixture, "describe settings.count"));
        g_assert_true(tell(fixture, "default settings"));
        write_main(fixture, "hosts: [\n");
        g_assert_true(tell(fixture, "default"));
}

static void
test_no_configuration(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(unlink(fixture->file), ==, 0);
        assert_fails(fixture, "show", 78, "no configuration");
        g_assert_true(tell(fixture, "default"));
        g_assert_true(tell(fixture, "describe log.level"));
        write_main(fixture, main_file);
}

/* Returns: (own) all values of the main file but of hosts, "KEY VALUE" */
static char *
values_of(const Config *config)
{
        GString *text = g_string_new(NULL);
        g_autoptr(GPtrArray) settings = settings_new();

        settings_add_main(settings, config, true);
        for (guint i = 0; i < settings->len; i++) {
                const Setting *setting = settings->pdata[i];
                if (!g_str_has_prefix(setting->key, "hosts"))
                        g_string_append_printf(text, "%s %s\n", setting->key,
                                               setting->value ? setting->value : "unset");
        }
        return g_string_free(text, FALSE);
}

static void
test_defaults_of_the_main_file(Fixture *fixture, gconstpointer data)
{
        ConfigFindings findings;

        (void)data;
        g_assert_true(tell(fixture, "default"));
        /* The folder of modules that this configuration names is not the default one. */
        config_findings_init(&findings);
        g_autoptr(Config) printed = config_parse(fixture->output->str, -1, "/etc/motet", &findings);
        g_assert_cmpuint(findings.list->len, ==, 0);
        g_autoptr(Config) nothing =
                config_parse("hosts: {example.org: }", -1, "/etc/motet", &findings);
        g_assert_cmpuint(findings.list->len, ==, 0);
        config_findings_clear(&findings);
        g_autofree char *values = values_of(printed), *expected = values_of(nothing);
        g_assert_cmpstr(values, ==, expected);
        g_assert_nonnull(strstr(values, "limits.server.stanzas_per_s 500\n"));
}

static void
test_defaults_of_a_module(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_tells(fixture, "default settings",
                     "# settings: Test what can be set\n"
                     "# Whether the module runs. True or false.\n"
                     "enabled: true\n"
                     "# On which hosts it runs; unset, on all. A list of domains.\n"
                     "hosts: all\n"
                     "options:\n"
                     " # How many. An integer, 1 to 10.\n"
                     " count: 5\n"
                     " # Where. A list of numeric IP addresses, or *.\n"
                     " interfaces: [\"*\", \"::1\"]\n"
                     " # A word. A secret: text, {file: PATH} or {credential: NAME}.\n"
                     " # password:\n"
                     " # Another. An address such as admin@example.org.\n"
                     " # other:\n"
                     " # Which. A path.\n"
                     " file: data/s.db\n");
}

static void
add(const char *path, void (*test)(Fixture *fixture, gconstpointer data))
{
        g_autofree char *whole = g_strconcat("/config_tell/", path, NULL);

        g_test_add(whole, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("origin-of-each-value", test_origin_of_each_value);
        add("module-and-its-hosts", test_module_and_its_hosts);
        add("disabled-module-only-when-asked-for", test_disabled_module);
        add("secrets-are-not-shown", test_secrets_are_not_shown);
        add("json", test_json);
        add("describe", test_describe);
        add("what-was-meant", test_what_was_meant);
        add("configuration-with-errors-is-not-in-force", test_configuration_with_errors);
        add("no-configuration", test_no_configuration);
        add("defaults-of-the-main-file-read-back", test_defaults_of_the_main_file);
        add("defaults-of-a-module", test_defaults_of_a_module);
        return g_test_run();
}
