/*
 * modtest: a server for tests of modules, for who has nothing but what is installed.
 */
#include <string.h>

#include "modtest/modtest_private.h"
#include "support/scenario_match.h"

#define DEFAULT_HOST "example.org"

/* What it is to be like */

Modtest *
modtest_new(void)
{
        Modtest *test = g_new0(Modtest, 1);

        modtest_begin();
        test->module_dirs = g_ptr_array_new_with_free_func(g_free);
        test->hosts = g_ptr_array_new_with_free_func(g_free);
        test->options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        test->main = g_string_new(NULL);
        test->log = g_string_new(NULL);
        modtest_enable(test, "storage_memory", NULL);
        modtest_catch_log(test->log);
        return test;
}

void
modtest_add_module_dir(Modtest *test, const char *dir)
{
        g_return_if_fail(!test->folder);

        g_ptr_array_add(test->module_dirs, g_strdup(dir));
}

void
modtest_add_host(Modtest *test, const char *domain)
{
        g_ptr_array_add(test->hosts, g_strdup(domain));
}

void
modtest_enable(Modtest *test, const char *module, const char *options)
{
        g_hash_table_replace(test->options, g_strdup(module), g_strdup(options ? options : ""));
}

void
modtest_disable(Modtest *test, const char *module)
{
        g_hash_table_remove(test->options, module);
}

void
modtest_configure(Modtest *test, const char *yaml)
{
        g_string_append_printf(test->main, "%s\n", yaml);
}

/* Returns: (own) the whole as a configuration. */
static char *
make_yaml(const Modtest *test)
{
        GString *yaml = g_string_new("hosts:\n");
        GHashTableIter iter;
        void *module, *options;

        for (guint i = 0; i < test->hosts->len; i++)
                g_string_append_printf(yaml, "  %s:\n", (const char *)test->hosts->pdata[i]);
        if (test->hosts->len == 0)
                g_string_append(yaml, "  " DEFAULT_HOST ":\n");
        g_string_append_printf(yaml, "modules_dir: %s\n%smodules:\n",
                               module_folder_path(test->folder), test->main->str);
        g_hash_table_iter_init(&iter, test->options);
        while (g_hash_table_iter_next(&iter, &module, &options)) {
                g_string_append_printf(yaml, "  %s:\n", (const char *)module);
                if (*(const char *)options)
                        g_string_append_printf(yaml, "    options: %s\n", (const char *)options);
        }
        return g_string_free(yaml, FALSE);
}

/* Starting and stopping */

static void
open_folder(Modtest *test, const char *file, int line)
{
        g_autofree char *installed = modtest_installed_modules();
        g_autoptr(GError) error = NULL;

        if (!test->folder)
                test->folder = modtest_open_folder(test->module_dirs, installed, &error);
        if (!test->folder)
                modtest_fail(file, line, "%s", error->message);
}

/* Returns: (own) why it does not run; NULL: it does. */
static char *
try_to_start(Modtest *test, const char *file, int line)
{
        char *refusal = NULL;

        if (test->server)
                modtest_fail(file, line, "the server runs already");
        open_folder(test, file, line);
        g_autofree char *yaml = make_yaml(test);
        test->server = test_server_try(yaml, &refusal);
        return refusal ? modtest_explain(refusal, test->folder) : NULL;
}

void
modtest_start_at(Modtest *test, const char *file, int line)
{
        g_autofree char *refusal = try_to_start(test, file, line);

        test->file = file;
        test->line = line;
        if (refusal)
                modtest_fail(file, line, "the server was refused:\n%s", refusal);
}

char *
modtest_refusal_at(Modtest *test, const char *file, int line)
{
        char *refusal = try_to_start(test, file, line);

        if (!refusal)
                modtest_fail(file, line, "the server was not refused");
        return refusal;
}

void
modtest_free(Modtest *test)
{
        if (!test)
                return;
        g_autofree char *unended = NULL;
        if (test->server) {
                unended = test_server_unended(test->server);
                module_folder_keep(test->folder);
                test_server_free(test->server);
        }
        modtest_catch_log(NULL);
        g_hash_table_unref(test->options);
        g_ptr_array_unref(test->hosts);
        g_ptr_array_unref(test->module_dirs);
        g_string_free(test->main, TRUE);
        g_string_free(test->log, TRUE);
        const Modtest rest = *test;
        const char *file = rest.file ? rest.file : "modtest_free";
        g_free(test);
        modtest_fail_if(g_steal_pointer(&unended), file, rest.line);
        modtest_fail_if(modtest_find_leak(), file, rest.line);
        module_folder_free(rest.folder);
        modtest_fail_if(modtest_find_held(), file, rest.line);
}

/* While it runs */

TestServer *
modtest_server(const Modtest *test, const char *file, int line)
{
        if (!test->server)
                modtest_fail(file, line, "the server does not run: modtest_start() comes first");
        return test->server;
}

void
modtest_reload_at(Modtest *test, const char *file, int line)
{
        TestServer *server = modtest_server(test, file, line);
        g_autofree char *yaml = make_yaml(test);
        g_autofree char *output = NULL;

        if (!test_server_reload(server, yaml, &output))
                modtest_fail(file, line, "the reload was refused:\n%s", output);
}

char *
modtest_reload_refusal_at(Modtest *test, const char *file, int line)
{
        TestServer *server = modtest_server(test, file, line);
        g_autofree char *yaml = make_yaml(test);
        char *output = NULL;

        if (test_server_reload(server, yaml, &output))
                modtest_fail(file, line, "the reload was not refused:\n%s", output);
        return output;
}

void
modtest_replace_at(Modtest *test, const char *module, const char *file, int line)
{
        const char *const words[] = {"module", "reload", module, NULL};
        TestServer *server = modtest_server(test, file, line);
        g_autofree char *output = NULL;
        g_autoptr(GError) error = NULL;

        if (!module_folder_renew(test->folder, module, &error))
                modtest_fail(file, line, "%s", error->message);
        if (test_server_run_command(server, words, &output) != 0)
                modtest_fail(file, line, "%s", output);
}

int
modtest_run(Modtest *test, const char *command, char **output_out)
{
        TestServer *server = modtest_server(test, "modtest_run", 0);
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) words = NULL;

        if (!g_shell_parse_argv(command, NULL, &words, &error))
                modtest_fail("modtest_run", 0, "%s: %s", command, error->message);
        return test_server_run_command(server, (const char *const *)words, output_out);
}

void
modtest_assert_runs_at(Modtest *test, const char *command, const char *lines, const char *file,
                       int line)
{
        g_autofree char *output = NULL;

        modtest_server(test, file, line);
        int code = modtest_run(test, command, &output);
        if (code != 0)
                modtest_fail(file, line, "%s: exit code %d: %s", command, code, output);
        if (lines && !scenario_lines_like(lines, output))
                modtest_fail(file, line, "%s: expected %s\nprinted %s", command, lines, output);
}

void
modtest_advance(Modtest *test, GTimeSpan us)
{
        test_server_advance(modtest_server(test, "modtest_advance", 0), us);
        test_server_settle(test->server);
}

void
modtest_settle(Modtest *test)
{
        test_server_settle(modtest_server(test, "modtest_settle", 0));
}

void
modtest_assert_scenario_at(Modtest *test, const char *scenario, const char *file, int line)
{
        g_autofree char *plugins_dir = modtest_installed_plugins();

        open_folder(test, file, line);
        modtest_fail_if(modtest_run_scenario(scenario, test->folder, plugins_dir), file, line);
        modtest_catch_log(test->log);
}

/* The test's own place in it */

MotetHost *
modtest_host(Modtest *test, const char *domain)
{
        MotetHost *first = test_server_host(modtest_server(test, "modtest_host", 0));

        return domain ? motet_host_find(motet_host_server(first), domain) : first;
}

MotetModule *
modtest_module(Modtest *test, const char *module)
{
        TestServer *server = modtest_server(test, "modtest_module", 0);
        MotetModule *of_host = test_server_module(server, module, test_server_host(server));

        return of_host ? of_host : test_server_module(server, module, NULL);
}

MotetModule *
modtest_owner(Modtest *test)
{
        return test_server_owner(modtest_server(test, "modtest_owner", 0));
}

void
modtest_hook_at(Modtest *test, const MotetHook *hook, const char *file, int line)
{
        MotetModule *owner = test_server_owner(modtest_server(test, file, line));
        g_autoptr(GError) error = NULL;

        if (!motet_hook_add(owner, hook, &error))
                modtest_fail(file, line, "%s", error->message);
}

const char *
modtest_log(const Modtest *test)
{
        return test->log->str;
}

void
modtest_assert_logged_at(const Modtest *test, const char *text, const char *file, int line)
{
        if (!strstr(test->log->str, text))
                modtest_fail(file, line, "not logged: %s\nbut\n%s", text, test->log->str);
}
