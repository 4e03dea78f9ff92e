/*
 * Tests of core/setting.h: what is said of a value that can be set: of which kind it is, what it is
 * set to, and where.
 */
#include "core/setting.h"

#include <motet/error.h>

/* What "config describe" says may be written. */
static void
test_each_type_is_told(void)
{
        static const char *const words[] = {"any", "none", NULL};
        static const struct {
                MotetOption option;
                const char *text;
        } rows[] = {
                {{.type = MOTET_OPTION_BOOL}, "true or false"},
                {{.type = MOTET_OPTION_INT, .min = 1, .max = 10}, "an integer, 1 to 10"},
                {{.type = MOTET_OPTION_INT}, "an integer"},
                {{.type = MOTET_OPTION_SIZE, .min = 1024, .max = 65536}, "a size, 1 KiB to 64 KiB"},
                {{.type = MOTET_OPTION_DURATION, .min = 0, .max = G_TIME_SPAN_MINUTE},
                 "a duration, 0s to 1m"},
                {{.type = MOTET_OPTION_STRING}, "text"},
                {{.type = MOTET_OPTION_STRING, .min = 0, .max = 7}, "text of 0 to 7 bytes"},
                {{.type = MOTET_OPTION_ENUM, .values = words}, "one of any, none"},
                {{.type = MOTET_OPTION_LIST, .values = words}, "a list of some of any, none"},
                {{.type = MOTET_OPTION_LIST, .min = 1, .max = 9},
                 "a list of texts of 1 to 9 bytes"},
                {{.type = MOTET_OPTION_INTS, .min = 1, .max = 65535},
                 "a list of integers, 1 to 65535"},
                {{.type = MOTET_OPTION_PATH}, "a path"},
                {{.type = MOTET_OPTION_JID}, "an address such as admin@example.org"},
                {{.type = MOTET_OPTION_DOMAIN}, "a domain"},
                {{.type = MOTET_OPTION_ADDRESS}, "a numeric IP address"},
                {{.type = MOTET_OPTION_ADDRESS, .values = words},
                 "a numeric IP address, or any, none"},
                {{.type = MOTET_OPTION_JIDS}, "a list of addresses such as admin@example.org"},
                {{.type = MOTET_OPTION_DOMAINS}, "a list of domains"},
                {{.type = MOTET_OPTION_ADDRESSES}, "a list of numeric IP addresses"},
                {{.type = MOTET_OPTION_SECRET},
                 "a secret: text, {file: PATH} or {credential: NAME}"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = setting_type_text(&rows[i].option);
                g_assert_cmpstr(text, ==, rows[i].text);
        }
}

/* R32: one line, that cannot steer a terminal, whatever the value is. */
static void
test_a_value_is_one_line(void)
{
        static const char *const rows[][2] = {
                {NULL, "unset"},
                {"", "\"\""},
                {"a b", "a b"},
                {"one\ntwo", "one\\ntwo"},
                {"\033[2Jgrün", "\\x1b[2Jgrün"},
                {"\xc2\x9b", "\\x9b"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                const Setting setting = {.value = (char *)rows[i][0]};
                g_autofree char *text = setting_value_text(&setting);
                g_assert_cmpstr(text, ==, rows[i][1]);
        }
}

static void
test_a_place_is_a_file_and_a_line(void)
{
        g_autofree char *unset = setting_origin_text(&(Setting){0});
        g_autofree char *set =
                setting_origin_text(&(Setting){.file = (char *)"/etc/motet/motet.yaml", .line = 7});

        g_assert_cmpstr(unset, ==, "default");
        g_assert_cmpstr(set, ==, "/etc/motet/motet.yaml:7");
}

/* As it may be written in the main file. */
static void
test_a_path_beside_the_main_file_is_told_without_its_folder(void)
{
        static const char *const rows[][2] = {
                {NULL, NULL},
                {"/etc/motet/certs", "certs"},
                {"/etc/motet/a/b", "a/b"},
                {"/etc/motet", "/etc/motet"},
                {"/etc/motet-old/certs", "/etc/motet-old/certs"},
                {"/srv/certs", "/srv/certs"},
        };
        const Config config = {.dir = (char *)"/etc/motet"};

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = setting_path_text(g_strdup(rows[i][0]), &config);
                g_assert_cmpstr(text, ==, rows[i][1]);
        }
}

/* Settings are told of modules that are installed, whether they run or not. */
static void
test_of_a_module_that_is_not_sound_nothing_is_told(void)
{
        g_autofree char *folder =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const Config config = {.modules_dir = folder};
        g_auto(SettingsSource) source;
        g_autoptr(GError) unsound = NULL, missing = NULL;

        settings_source_init(&source, &config, NULL);
        const MotetModuleInfo *alpha = settings_source_info(&source, "alpha", NULL);
        g_assert_nonnull(alpha);
        g_assert_cmpstr(alpha->name, ==, "alpha");
        g_assert_true(settings_source_info(&source, "alpha", NULL) == alpha);
        for (int i = 0; i < 2; i++) {
                g_clear_error(&unsound);
                g_assert_null(settings_source_info(&source, "bad_options", &unsound));
                g_assert_error(unsound, MOTET_ERROR, MOTET_ERROR_MODULE);
        }
        g_assert_null(settings_source_info(&source, "no_such", &missing));
        g_assert_error(missing, MOTET_ERROR, MOTET_ERROR_MISSING);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/setting/each-type-is-told", test_each_type_is_told);
        g_test_add_func("/setting/a-value-is-one-line", test_a_value_is_one_line);
        g_test_add_func("/setting/a-place-is-a-file-and-a-line", test_a_place_is_a_file_and_a_line);
        g_test_add_func("/setting/a-path-beside-the-main-file-is-told-without-its-folder",
                        test_a_path_beside_the_main_file_is_told_without_its_folder);
        g_test_add_func("/setting/of-a-module-that-is-not-sound-nothing-is-told",
                        test_of_a_module_that_is_not_sound_nothing_is_told);
        return g_test_run();
}
