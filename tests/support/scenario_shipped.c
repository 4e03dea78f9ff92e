/*
 * scenario_shipped: reading the folder of switches.
 */
#include "support/scenario_shipped.h"

#include <stdbool.h>
#include <string.h>

static bool
is_on(const char *module)
{
        g_autofree char *file =
                g_strdup_printf("%s/plugins.d/%s.yaml", g_getenv("MOTET_TEST_SOURCE"), module);
        g_autofree char *object =
                g_strdup_printf("%s/mod_%s.so", g_getenv("MOTET_TEST_MODULES"), module);
        g_autofree char *text = NULL;

        return g_file_test(object, G_FILE_TEST_EXISTS) &&
               g_file_get_contents(file, &text, NULL, NULL) &&
               strstr(text, "\nenabled: true") != NULL;
}

char **
scenario_shipped_modules(void)
{
        g_autofree char *folder =
                g_build_filename(g_getenv("MOTET_TEST_SOURCE"), "plugins.d", NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        g_autoptr(GStrvBuilder) modules = g_strv_builder_new();
        const char *file;

        while (dir && (file = g_dir_read_name(dir))) {
                g_autofree char *module = g_strndup(file, strcspn(file, "."));
                if (is_on(module))
                        g_strv_builder_add(modules, module);
        }
        return g_strv_builder_end(modules);
}
