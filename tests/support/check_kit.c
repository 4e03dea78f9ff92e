/*
 * check_kit: a configuration and a made-up machine in a folder of their own, and what checks find
 * in them.
 */
#include "support/check_kit.h"

#include <glib/gstdio.h>
#include <motet/error.h>
#include <string.h>

char *
check_kit_path(const CheckKit *kit, const char *path)
{
        return g_strconcat(kit->dir, path, NULL);
}

void
check_kit_put(const CheckKit *kit, const char *path, const char *text)
{
        g_autofree char *full = check_kit_path(kit, path);
        g_autofree char *folder = g_path_get_dirname(full);

        g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
        g_assert_true(g_file_set_contents_full(full, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                               NULL));
}

void
check_kit_set_up(CheckKit *kit, gconstpointer data)
{
        (void)data;
        kit->dir = g_dir_make_tmp("motet-check-XXXXXX", NULL);
        kit->config = check_kit_path(kit, "/motet.yaml");
        kit->root = check_kit_path(kit, "/root");
        kit->output = g_string_new(NULL);
        check_kit_use(kit, "", NULL);
}

static void
remove_tree(const char *path)
{
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *child = g_build_filename(path, name, NULL);
                remove_tree(child);
        }
        g_remove(path);
}

void
check_kit_tear_down(CheckKit *kit, gconstpointer data)
{
        (void)data;
        remove_tree(kit->dir);
        g_string_free(kit->output, TRUE);
        g_clear_error(&kit->error);
        g_free(kit->root);
        g_free(kit->config);
        g_free(kit->dir);
}

void
check_kit_use(CheckKit *kit, const char *more, ...)
{
        g_autofree char *plugins = check_kit_path(kit, "/plugins.d");
        g_autofree char *main_file = g_strdup_printf("hosts:\n  example.org:\nmodules_dir: %s\n%s",
                                                     g_getenv("MOTET_TEST_MODULES"), more);
        const char *name;
        va_list drop_ins;

        remove_tree(plugins);
        g_assert_cmpint(g_mkdir(plugins, 0700), ==, 0);
        check_kit_put(kit, "/motet.yaml", main_file);
        va_start(drop_ins, more);
        while ((name = va_arg(drop_ins, const char *))) {
                g_autofree char *path = g_strdup_printf("/plugins.d/%s.yaml", name);
                check_kit_put(kit, path, va_arg(drop_ins, const char *));
        }
        va_end(drop_ins);
}

static void
take_line(void *data, const char *line)
{
        CheckKit *kit = data;

        g_string_append_printf(kit->output, "%s\n", line);
}

int
check_kit_run(CheckKit *kit, const char *words)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        CheckParams params = {.config_file = kit->config, .root = kit->root};
        const char *const *given = *words ? (const char *const *)split : MOTET_LIST(NULL);

        g_clear_error(&kit->error);
        g_string_truncate(kit->output, 0);
        if (!check_words(given, &params, names, &kit->error))
                return motet_error_exit_code(kit->error);
        return check_run(&params, take_line, kit, &kit->error);
}

void
check_kit_assert(CheckKit *kit, const char *check, const char *ids)
{
        g_autoptr(GString) found = g_string_new(NULL);

        check_kit_run(kit, check);
        g_assert_no_error(kit->error);
        g_auto(GStrv) lines = g_strsplit(kit->output->str, "\n", -1);
        for (char **line = lines; *line; line++) {
                const char *open = strrchr(*line, '[');
                if (!open || !g_str_has_suffix(*line, "]") || **line == ' ')
                        continue;
                g_string_append_printf(found, "%s%.*s", found->len ? " " : "",
                                       (int)strlen(open) - 2, open + 1);
        }
        if (strcmp(found->str, ids) != 0)
                g_error("expected \"%s\", found: %s", ids, kit->output->str);
}

void
check_kit_assert_told(const CheckKit *kit, const char *part)
{
        g_auto(GStrv) parts = g_strsplit(kit->output->str, kit->dir, -1);
        g_autofree char *text = g_strjoinv("DIR", parts);

        if (!strstr(text, part))
                g_error("\"%s\" is not in: %s", part, text);
}
