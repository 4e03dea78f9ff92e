/*
 * Tests of option_secret: secrets as text, in files and as credentials: bounded, and shown nowhere.
 */
#include "core/option_secret.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check_print.h"
#include "core/config_yaml.h"
#include "core/instance.h"

#define HIDDEN "correct horse battery"

static const MotetOption table[] = {
        {.key = "password", .type = MOTET_OPTION_SECRET, .help = "A word."},
        {.key = "pin", .type = MOTET_OPTION_SECRET, .min = 4, .max = 6, .help = "A number."},
        {0},
};

typedef struct {
        char *dir, *main_file, *secret_file;
        Config config;
        ConfigFindings findings;
        OptionValues *values;
        ConfigNode *node;
} Fixture;

static void
write_file(const char *path, const char *text, gssize len, mode_t mode)
{
        g_assert_true(g_file_set_contents(path, text, len, NULL));
        g_assert_cmpint(chmod(path, mode), ==, 0);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->dir = g_dir_make_tmp("motet-XXXXXX", NULL);
        fixture->main_file = g_build_filename(fixture->dir, "m.yaml", NULL);
        fixture->secret_file = g_build_filename(fixture->dir, "word", NULL);
        fixture->config = (Config){.dir = fixture->dir, .data_dir = fixture->dir};
        config_findings_init(&fixture->findings);
        g_unsetenv("CREDENTIALS_DIRECTORY");
        write_file(fixture->secret_file, HIDDEN "\n", -1, 0600);
}

static void
forget(Fixture *fixture)
{
        option_values_free(fixture->values);
        config_node_free(fixture->node);
        fixture->values = NULL;
        fixture->node = NULL;
        config_findings_clear(&fixture->findings);
        config_findings_init(&fixture->findings);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        forget(fixture);
        config_findings_clear(&fixture->findings);
        unlink(fixture->main_file);
        unlink(fixture->secret_file);
        g_assert_cmpint(rmdir(fixture->dir), ==, 0);
        g_free(fixture->secret_file);
        g_free(fixture->main_file);
        g_free(fixture->dir);
}

static void
append_line(void *data, const char *text)
{
        g_string_append_printf(data, "%s\n", text);
}

/* What an operator is shown never has the secret in it. */
static void
assert_hidden(const Fixture *fixture)
{
        g_autoptr(GString) shown = g_string_new(NULL);
        g_autofree char *value = option_values_print(fixture->values, "password");

        check_print_text(&fixture->findings, NULL, append_line, shown);
        check_print_json(&fixture->findings, append_line, shown);
        g_assert_null(strstr(shown->str, "horse"));
        g_assert_true(!value || g_str_equal(value, "set"));
}

/* Reads @options as the main file, mode @mode; the findings are @expected, "1:7 id". */
static void
read_with_mode(Fixture *fixture, const char *options, mode_t mode, const char *expected)
{
        g_autoptr(GString) found = g_string_new(NULL);

        forget(fixture);
        write_file(fixture->main_file, options, -1, mode);
        fixture->node =
                config_yaml_parse(options, strlen(options), fixture->main_file, &fixture->findings);
        fixture->values = option_values_new(table, "probe", fixture->node, NULL, &fixture->config,
                                            &fixture->findings);
        for (guint i = 0; i < fixture->findings.list->len; i++) {
                const ConfigFinding *finding = fixture->findings.list->pdata[i];
                g_string_append_printf(found, "%s%u:%u %s", i > 0 ? " " : "", finding->line,
                                       finding->column, finding_kind(finding->id)->name);
        }
        g_assert_cmpstr(found->str, ==, expected);
        assert_hidden(fixture);
}

static void
read_options(Fixture *fixture, const char *options, const char *expected)
{
        read_with_mode(fixture, options, 0600, expected);
}

static const char *
secret(const Fixture *fixture, const char *key)
{
        static const MotetModuleInfo info = {.abi = MOTET_ABI, .name = "probe"};
        const MotetModule module = {.info = &info, .options = fixture->values};

        return motet_option_secret(&module, key);
}

static void
test_text(Fixture *fixture, gconstpointer data)
{
        (void)data;
        read_options(fixture, "password: " HIDDEN, "");
        g_assert_cmpstr(secret(fixture, "password"), ==, HIDDEN);
        g_assert_null(secret(fixture, "pin"));
        g_autofree char *unset = option_values_print(fixture->values, "pin");
        g_assert_null(unset);
}

static void
test_file(Fixture *fixture, gconstpointer data)
{
        (void)data;
        read_options(fixture, "password: {file: word}", "");
        g_assert_cmpstr(secret(fixture, "password"), ==, HIDDEN);
}

/* An editor ends a line with one line feed; any other is the secret's own. */
static void
test_one_line_feed_is_trimmed(Fixture *fixture, gconstpointer data)
{
        static const char *const cases[][2] = {
                {"word\n", "word"}, {"word\r\n", "word"}, {"word\n\n", "word\n"},
                {"word", "word"},   {"word\r", "word\r"}, {" word ", " word "},
        };

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                write_file(fixture->secret_file, cases[i][0], -1, 0600);
                read_options(fixture, "password: {file: word}", "");
                g_assert_cmpstr(secret(fixture, "password"), ==, cases[i][1]);
        }
}

static void
test_bounded(Fixture *fixture, gconstpointer data)
{
        g_autofree char *longest = g_strnfill(4096, 'x');
        g_autofree char *with_end = g_strconcat(longest, "\r\n", NULL);
        g_autofree char *longer = g_strconcat(longest, "x", NULL);
        g_autofree char *much = g_strnfill(1000000, 'x');

        (void)data;
        write_file(fixture->secret_file, with_end, -1, 0600);
        read_options(fixture, "password: {file: word}", "");
        g_assert_cmpuint(strlen(secret(fixture, "password")), ==, 4096);
        write_file(fixture->secret_file, longer, -1, 0600);
        read_options(fixture, "password: {file: word}", "1:18 config.out-of-range");
        write_file(fixture->secret_file, much, -1, 0600);
        read_options(fixture, "password: {file: word}", "1:18 config.out-of-range");
        read_options(fixture, "pin: '1234'", "");
        read_options(fixture, "pin: '123456'", "");
        read_options(fixture, "pin: '123'", "1:6 config.out-of-range");
        read_options(fixture, "pin: '1234567'", "1:6 config.out-of-range");
}

static void
test_refused_files(Fixture *fixture, gconstpointer data)
{
        (void)data;
        read_options(fixture, "password:\n  file: none", "2:9 config.secret");
        read_options(fixture, "password: {file: .}", "1:18 config.secret");
        read_options(fixture, "password: {file: ''}", "1:18 config.wrong-type");
        write_file(fixture->secret_file, "", 0, 0600);
        read_options(fixture, "password: {file: word}", "1:18 config.out-of-range");
        write_file(fixture->secret_file, "a\0horse", 7, 0600);
        read_options(fixture, "password: {file: word}", "1:18 config.secret");
        write_file(fixture->secret_file, "horse\xff", 6, 0600);
        read_options(fixture, "password: {file: word}", "1:18 config.secret");
        g_assert_null(secret(fixture, "password"));
}

/* Nothing waits for who would write to a pipe. */
static void
test_pipe_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        unlink(fixture->secret_file);
        g_assert_cmpint(mkfifo(fixture->secret_file, 0600), ==, 0);
        read_options(fixture, "password: {file: word}", "1:18 config.secret");
}

/* R30: a secret that everybody can read is none: the finding is an error, with which no server
 * starts. */
static void
test_open_to_everybody_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(chmod(fixture->secret_file, 0644), ==, 0);
        read_options(fixture, "password: {file: word}", "1:18 config.open-secret");
        g_assert_cmpstr(secret(fixture, "password"), ==, HIDDEN);
        g_assert_cmpint(chmod(fixture->secret_file, 0640), ==, 0);
        read_options(fixture, "password: {file: word}", "");
        read_with_mode(fixture, "password: " HIDDEN, 0644, "1:11 config.open-secret");
        g_assert_cmpstr(secret(fixture, "password"), ==, HIDDEN);
}

static void
test_credential(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_setenv("CREDENTIALS_DIRECTORY", fixture->dir, TRUE);
        read_options(fixture, "password: {credential: word}", "");
        g_assert_cmpstr(secret(fixture, "password"), ==, HIDDEN);
        read_options(fixture, "password: {credential: none}", "1:24 config.secret");
        read_options(fixture, "password: {credential: ../word}", "1:24 config.wrong-type");
        read_options(fixture, "password: {credential: ..}", "1:24 config.wrong-type");
        read_options(fixture, "password: {credential: 'a:b'}", "1:24 config.wrong-type");
        g_unsetenv("CREDENTIALS_DIRECTORY");
}

/* Only the service has its credentials: others cannot tell, the service must have them. */
static void
test_credential_elsewhere(Fixture *fixture, gconstpointer data)
{
        (void)data;
        read_options(fixture, "password: {credential: word}", "1:24 config.credential");
        g_assert_cmpuint(fixture->findings.n_errors, ==, 0);
        fixture->config.serve = true;
        read_options(fixture, "password: {credential: word}", "1:24 config.secret");
        const ConfigFinding *finding = fixture->findings.list->pdata[0];
        g_assert_cmpstr(finding->hint, ==, "set LoadCredential=word:PATH in the unit");
}

static void
test_wrong_forms(Fixture *fixture, gconstpointer data)
{
        (void)data;
        read_options(fixture, "password: [horse]", "1:11 config.wrong-type");
        read_options(fixture, "password:", "1:10 config.wrong-type");
        read_options(fixture, "password: {}", "1:11 config.wrong-type");
        read_options(fixture, "password: {file: word, credential: word}", "1:11 config.wrong-type");
        read_options(fixture, "password: {fiel: word}",
                     "1:12 config.unknown-key 1:11 config.wrong-type");
}

static void
note_change(const char *key, const char *before, const char *after, void *data)
{
        g_string_append_printf(data, "%s: %s, %s", key, before, after);
}

static void
test_change_is_told_without_it(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GString) told = g_string_new(NULL);

        (void)data;
        read_options(fixture, "password: horse one", "");
        OptionValues *before = g_steal_pointer(&fixture->values);
        read_options(fixture, "password: horse two", "");
        g_assert_false(option_values_equal(before, fixture->values));
        option_values_diff(before, fixture->values, note_change, told);
        g_assert_cmpstr(told->str, ==, "password: set, set to another");
        option_values_free(before);
}

static void
test_no_default(void)
{
        static const MotetOption bad[] = {
                {.key = "word", .type = MOTET_OPTION_SECRET, .fallback = "x", .help = "A word."},
                {0},
        };
        ConfigFindings findings;

        config_findings_init(&findings);
        g_assert_true(option_table_check(table, "probe", &findings));
        g_assert_false(option_table_check(bad, "probe", &findings));
        config_findings_clear(&findings);
}

static void
add(const char *path, void (*test)(Fixture *fixture, gconstpointer data))
{
        g_autofree char *whole = g_strconcat("/option_secret/", path, NULL);

        g_test_add(whole, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("text", test_text);
        add("file-relative-to-the-configuration", test_file);
        add("one-line-feed-is-trimmed", test_one_line_feed_is_trimmed);
        add("bounded-at-the-limit-and-one-past", test_bounded);
        add("refused-files", test_refused_files);
        add("pipe-is-refused", test_pipe_is_refused);
        add("open-to-everybody-is-refused", test_open_to_everybody_is_refused);
        add("credential", test_credential);
        add("credential-elsewhere-than-in-the-service", test_credential_elsewhere);
        add("wrong-forms", test_wrong_forms);
        add("change-is-told-without-it", test_change_is_told_without_it);
        g_test_add_func("/option_secret/has-no-default", test_no_default);
        return g_test_run();
}
