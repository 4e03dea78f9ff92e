/*
 * scenario_shipped: reading the folder of switches.
 */
#include "support/scenario_shipped.h"

#include <stdbool.h>
#include <string.h>

static bool
is_on(const ScenarioPlaces *places, const char *module)
{
        g_autofree char *file = g_strdup_printf("%s/%s.yaml", places->plugins_dir, module);
        g_autofree char *object =
                g_strdup_printf("%s/mod_%s.so", module_folder_path(places->modules), module);
        g_autofree char *text = NULL;

        return g_file_test(object, G_FILE_TEST_EXISTS) &&
               g_file_get_contents(file, &text, NULL, NULL) &&
               strstr(text, "\nenabled: true") != NULL;
}

char **
scenario_shipped_modules(const ScenarioPlaces *places)
{
        g_autoptr(GDir) dir = g_dir_open(places->plugins_dir, 0, NULL);
        g_autoptr(GStrvBuilder) modules = g_strv_builder_new();
        const char *file;

        while (dir && (file = g_dir_read_name(dir))) {
                g_autofree char *module = g_strndup(file, strcspn(file, "."));
                if (is_on(places, module))
                        g_strv_builder_add(modules, module);
        }
        return g_strv_builder_end(modules);
}
