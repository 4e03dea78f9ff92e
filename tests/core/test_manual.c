/*
 * Tests of core/manual.h: help, manual page and completion name every command, with what each
 * takes.
 */
#include "core/manual.h"

#include <motet/error.h>
#include <motet/option.h>
#include <string.h>

#include "core/command.h"

static const char *const names[] = {"auth_internal", "c2s", "sasl", NULL};

typedef struct {
        ManualModules modules;
        GArray *table;
        GString *text;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        manual_modules_init(&fixture->modules, g_getenv("MOTET_TEST_MODULES"), names);
        g_assert_cmpuint(fixture->modules.infos->len, ==, 3);
        fixture->table =
                command_table_new((const MotetModuleInfo *const *)fixture->modules.infos->pdata,
                                  fixture->modules.infos->len);
        fixture->text = g_string_new(NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_array_unref(fixture->table);
        manual_modules_clear(&fixture->modules);
        g_string_free(fixture->text, TRUE);
}

static void
take_line(void *data, const char *line)
{
        Fixture *fixture = data;

        g_string_append_printf(fixture->text, "%s\n", line);
}

static bool
help(Fixture *fixture, const char *words, GError **error)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);

        g_string_truncate(fixture->text, 0);
        return manual_help(fixture->table, (const char *const *)split, take_line, fixture, error);
}

static void
assert_has(const char *text, const char *part)
{
        if (!strstr(text, part))
                g_error("\"%s\" is not in: %s", part, text);
}

static const MotetCommandDecl *
nth(const Fixture *fixture, guint i)
{
        return g_array_index(fixture->table, CommandPlace, i).decl;
}

static void
test_help_names_every_command(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_true(help(fixture, "", NULL));

        g_assert_cmpuint(fixture->table->len, >, 20);
        for (guint i = 0; i < fixture->table->len; i++) {
                g_autofree char *usage = command_usage(nth(fixture, i));
                assert_has(fixture->text->str, usage);
                g_assert_nonnull(nth(fixture, i)->help);
                assert_has(fixture->text->str, nth(fixture, i)->help);
        }
}

static void
test_help_tells_all_of_one(Fixture *fixture, gconstpointer data)
{
        (void)data;
        for (guint i = 0; i < fixture->table->len; i++) {
                g_autofree char *usage = command_usage(nth(fixture, i));
                g_autofree char *line = g_strdup_printf("usage: motetctl %s\n", usage);
                g_assert_true(help(fixture, nth(fixture, i)->name, NULL));
                assert_has(fixture->text->str, line);
        }
        g_assert_true(help(fixture, "user role", NULL));
        assert_has(fixture->text->str, "  ROLE         one of admin, member, restricted\n");
        assert_has(fixture->text->str, "of module auth_internal\n");
}

static void
test_help_tells_a_group(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        g_assert_true(help(fixture, "user", NULL));
        assert_has(fixture->text->str, "user add JID");
        assert_has(fixture->text->str, "user sessions JID");
        g_assert_null(strstr(fixture->text->str, "session close"));

        g_assert_false(help(fixture, "usr list", &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_USAGE);
        assert_has(error->message, "did you mean \"user list\"?");
        g_clear_error(&error);
        g_assert_false(help(fixture, "stop it", &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_USAGE);
}

static void
test_the_page_names_every_command(Fixture *fixture, gconstpointer data)
{
        g_autofree char *page = manual_commands(fixture->table);

        (void)data;
        for (guint i = 0; i < fixture->table->len; i++) {
                g_auto(GStrv) parts = g_strsplit(nth(fixture, i)->name, "-", -1);
                g_autofree char *name = g_strjoinv("\\-", parts);
                g_autofree char *heading = g_strdup_printf(".TP\n\\fB%s\\fR", name);
                assert_has(page, heading);
        }
        assert_has(page, "\\-\\-host");
}

static void
test_the_page_names_every_option(Fixture *fixture, gconstpointer data)
{
        g_autofree char *page =
                manual_options((const MotetModuleInfo *const *)fixture->modules.infos->pdata,
                               fixture->modules.infos->len);

        (void)data;
        for (guint i = 0; i < fixture->modules.infos->len; i++) {
                const MotetModuleInfo *info = g_ptr_array_index(fixture->modules.infos, i);
                g_autofree char *section = g_strdup_printf(".SS %s\n", info->name);
                assert_has(page, section);
                for (const MotetOption *option = info->options; option && option->key; option++) {
                        g_autofree char *key = g_strdup_printf(".TP\n\\fB%s\\fR (", option->key);
                        assert_has(page, key);
                }
        }
        assert_has(page, "\\fBiterations\\fR (a number, 4096 to 1000000; default 10000)\n");
}

/* The last word of each command is offered behind those before it. */
static void
test_completion_names_every_command(Fixture *fixture, gconstpointer data)
{
        g_autofree char *script = manual_completion(fixture->table);

        (void)data;
        for (guint i = 0; i < fixture->table->len; i++) {
                const char *name = nth(fixture, i)->name;
                const char *space = strrchr(name, ' ');
                g_autofree char *start = g_strndup(name, space ? (gsize)(space - name) : 0);
                g_autofree char *own = g_strdup_printf("'%s' | '%s '*) candidates='", name, name);
                g_autofree char *group = g_strdup_printf("'%s') candidates='", start);
                g_autofree char *word = g_strdup_printf("[' ]%s[' ]", space ? space + 1 : name);
                assert_has(script, own);
                const char *line = strstr(script, group);
                g_assert_nonnull(line);
                g_autofree char *words = g_strndup(line, strcspn(line, "\n"));
                g_assert_true(g_regex_match_simple(word, words, 0, 0));
        }
        assert_has(script, "'user role '*) candidates='admin member restricted'");
}

static void
take_nothing(void *data, const char *line)
{
        (void)data;
        (void)line;
}

/* Help is there however wrong the configuration is. */
static void
test_help_needs_no_configuration(Fixture *fixture, gconstpointer data)
{
        static const char *const words[] = {"help", "session", "list", NULL};
        static const char *const other[] = {"status", NULL}, *const unknown[] = {"help", "x", NULL};
        g_autoptr(GError) error = NULL;

        (void)data;
        g_assert_true(manual_answer("/nonexistent/motet.yaml", words, take_line, fixture, &error));
        assert_has(fixture->text->str, "usage: motetctl session list");
        g_assert_false(manual_answer("/nonexistent/motet.yaml", other, take_nothing, NULL, &error));
        g_assert_no_error(error);
        g_assert_false(
                manual_answer("/nonexistent/motet.yaml", unknown, take_nothing, NULL, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_USAGE);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/manual/help-names-every-command", test_help_names_every_command);
        ADD("/manual/help-tells-all-of-one", test_help_tells_all_of_one);
        ADD("/manual/help-tells-a-group", test_help_tells_a_group);
        ADD("/manual/the-page-names-every-command", test_the_page_names_every_command);
        ADD("/manual/the-page-names-every-option", test_the_page_names_every_option);
        ADD("/manual/completion-names-every-command", test_completion_names_every_command);
        ADD("/manual/help-needs-no-configuration", test_help_needs_no_configuration);
        return g_test_run();
}
