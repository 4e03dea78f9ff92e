/*
 * installation: where the modules that were installed with this library are, and others' that are
 * tested.
 *
 * Everything is looked for from where the library itself is, so that what was installed can be
 * moved as a whole.
 */
#include <dlfcn.h>
#include <motet/error.h>

#include "modtest/modtest_private.h"

/* Returns: (own) */
static char *
near_library(const char *path)
{
        Dl_info info = {.dli_fname = NULL};

        if (!dladdr((void *)near_library, &info) || !info.dli_fname)
                return g_strdup(path);
        g_autofree char *file = g_canonicalize_filename(info.dli_fname, NULL);
        g_autofree char *folder = g_path_get_dirname(file);
        return g_canonicalize_filename(path, folder);
}

char *
modtest_installed_modules(void)
{
        return near_library(MODTEST_MODULES_DIR);
}

char *
modtest_installed_plugins(void)
{
        return near_library(MODTEST_PLUGINS_DIR);
}

char *
modtest_explain(char *text, const ModuleFolder *folder)
{
        g_autofree char *sources = module_folder_sources(folder);
        g_autoptr(GString) explained = g_string_new(text);

        g_string_replace(explained, module_folder_path(folder), sources, 0);
        g_free(text);
        return g_strdup(explained->str);
}

ModuleFolder *
modtest_open_folder(const GPtrArray *dirs, const char *installed, GError **error)
{
        const char *path = g_getenv("MOTET_MODULE_PATH");
        g_auto(GStrv) parts = g_strsplit(path ? path : "", ":", -1);
        g_autoptr(GPtrArray) all = g_ptr_array_new();

        for (guint i = 0; i < dirs->len; i++)
                g_ptr_array_add(all, dirs->pdata[i]);
        for (char **part = parts; *part; part++) {
                if (**part)
                        g_ptr_array_add(all, *part);
        }
        g_ptr_array_add(all, (void *)installed);
        g_ptr_array_add(all, NULL);
        return module_folder_new((const char *const *)all->pdata, error);
}
