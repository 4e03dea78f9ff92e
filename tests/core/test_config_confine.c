/*
 * Tests of core/config_confine.h: the part `confine:` of the main file.
 *
 * Source: SECURITY-DEFAULTS R29, R30.
 */
#include "core/config_confine.h"

#include "core/confine_list.h"

/* Returns: (own) what was read. @wrong: how many mistakes there are */
static Config *
parse(const char *confine, unsigned wrong)
{
        g_autofree char *text = g_strdup_printf("hosts:\n  example.org:\n%s", confine);
        ConfigFindings findings;

        config_findings_init(&findings);
        Config *config = config_parse(text, -1, "/etc/motet", &findings);
        g_assert_cmpuint(findings.n_errors, ==, wrong);
        config_findings_clear(&findings);
        return config;
}

static void
assert_read(const char *confine, ConfigConfine expected)
{
        g_autoptr(Config) config = parse(confine, 0);

        g_assert_cmpint(config->confine, ==, expected);
}

/* R29: on by default; "fatal in tests", whose builds have a sanitizer. */
static void
test_confined_by_default(void)
{
        ConfigConfine expected =
                confine_list_is_for_sanitizer() ? CONFIG_CONFINE_ABORT : CONFIG_CONFINE_DENY;

        assert_read("", expected);
        assert_read("confine:\n", expected);
        assert_read("confine: {also: [/srv]}\n", expected);
}

static void
test_each_word_is_read(void)
{
        assert_read("confine: {refused: deny}\n", CONFIG_CONFINE_DENY);
        assert_read("confine: {refused: abort}\n", CONFIG_CONFINE_ABORT);
        assert_read("confine: {refused: off}\n", CONFIG_CONFINE_OFF);
        for (int i = 0; config_confine_words[i]; i++)
                g_assert_cmpstr(config_confine_word((ConfigConfine)i), ==, config_confine_words[i]);
}

static void
test_paths_are_absolute_then(void)
{
        g_autoptr(Config) config = parse("confine: {also: [/srv/a, b/c]}\n", 0);

        g_assert_cmpuint(g_strv_length(config->confine_also), ==, 2);
        g_assert_cmpstr(config->confine_also[0], ==, "/srv/a");
        g_assert_cmpstr(config->confine_also[1], ==, "/etc/motet/b/c");
}

/* R30 */
static void
test_what_makes_no_sense_is_refused(void)
{
        static const char *const wrong[] = {
                "confine: yes\n",
                "confine: {refused: no}\n",
                "confine: {refused: [deny]}\n",
                "confine: {also: /srv}\n",
                "confine: {also: {a: b}}\n",
                "confine: {also: [\"\"]}\n",
                "confine: {also: [/srv, /srv]}\n",
                "confine: {allow: [/srv]}\n",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                config_free(parse(wrong[i], 1));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config-confine/confined-by-default", test_confined_by_default);
        g_test_add_func("/config-confine/each-word-is-read", test_each_word_is_read);
        g_test_add_func("/config-confine/paths-are-absolute-then", test_paths_are_absolute_then);
        g_test_add_func("/config-confine/what-makes-no-sense-is-refused",
                        test_what_makes_no_sense_is_refused);
        return g_test_run();
}
