/*
 * manual: makes the manual pages and the completion of the shell, while motet is built: from a page
 * whose lines %COMMANDS% and %OPTIONS% stand for what the modules declare.
 */
#include <stdio.h>
#include <string.h>

#include "core/manual.h"

/* Returns: (own) @page with what stands for something replaced */
static char *
fill_page(const char *page, const ManualModules *modules, const GArray *table)
{
        g_auto(GStrv) lines = g_strsplit(page, "\n", -1);
        g_autofree char *commands = manual_commands(table);
        g_autofree char *options = manual_options(
                (const MotetModuleInfo *const *)modules->infos->pdata, modules->infos->len);
        GString *text = g_string_new(NULL);

        for (char **line = lines; *line; line++) {
                if (strcmp(*line, "%COMMANDS%") == 0)
                        g_string_append(text, commands);
                else if (strcmp(*line, "%OPTIONS%") == 0)
                        g_string_append(text, options);
                else if (line[1] || **line)
                        g_string_append_printf(text, "%s\n", *line);
        }
        return g_string_free(text, FALSE);
}

/* Returns: (own) NULL with @error when @source cannot be read */
static char *
make(const char *source, const ManualModules *modules, GError **error)
{
        g_autofree char *page = NULL;
        g_autoptr(GArray) table = command_table_new(
                (const MotetModuleInfo *const *)modules->infos->pdata, modules->infos->len);

        if (strcmp(source, "completion") == 0) {
                g_autofree char *script = manual_completion(table);
                return g_strdup_printf("%s\n", script);
        }
        if (!g_file_get_contents(source, &page, NULL, error))
                return NULL;
        return fill_page(page, modules, table);
}

int
main(int argc, char **argv)
{
        g_autoptr(GError) error = NULL;
        ManualModules modules;

        if (argc < 4) {
                fputs("usage: manual OUTPUT PAGE|completion DIR MODULE…\n", stderr);
                return 64;
        }
        manual_modules_init(&modules, argv[3], (const char *const *)argv + 4);
        bool is_whole = modules.infos->len == (guint)argc - 4;
        g_autofree char *text = is_whole ? make(argv[2], &modules, &error) : NULL;
        bool is_written = text && g_file_set_contents(argv[1], text, -1, &error);
        manual_modules_clear(&modules);
        if (!is_written)
                fprintf(stderr, "manual: %s\n",
                        error ? error->message : "a module cannot be opened");
        return is_written ? 0 : 66;
}
