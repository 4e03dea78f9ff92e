/*
 * module_built: the file that a build has made of a module.
 */
#include "core/module_built.h"

#include <errno.h>
#include <motet/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/config_module.h"
#include "core/module_copy.h"
#include "core/module_object.h"

/* Returns: (own) the one module in @build; NULL with @error */
static char *
find_in_folder(const char *build, GError **error)
{
        g_autofree char *inner = g_build_filename(build, "modules", NULL);
        g_auto(GStrv) names = module_object_names(build);
        const char *folder = build;

        if (!names[0]) {
                g_strfreev(names);
                folder = inner;
                names = module_object_names(folder);
        }
        if (g_strv_length(names) == 1) {
                g_autofree char *file = g_strdup_printf("mod_%s.so", names[0]);
                return g_build_filename(folder, file, NULL);
        }
        g_autofree char *list = g_strjoinv(", ", names);
        if (*list)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "there are several modules in \"%s\" (%s): name the file of one", build,
                            list);
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "there is no mod_*.so in \"%s\" that the server can see: build the "
                            "module, or name its file",
                            build);
        return NULL;
}

static char *
without_links(const char *path)
{
        char *real = realpath(path, NULL);
        char *copy = g_strdup(real ? real : path);

        free(real);
        return copy;
}

static char *
name_of(const char *path, GError **error)
{
        g_autofree char *base = g_path_get_basename(path);
        g_autofree char *name = NULL;

        if (g_str_has_prefix(base, "mod_") && g_str_has_suffix(base, ".so"))
                name = g_strndup(base + strlen("mod_"), strlen(base) - strlen("mod_.so"));
        if (name && config_module_is_name(name))
                return g_steal_pointer(&name);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                    "\"%s\" is no file of a module: that is called mod_*.so, in lower-case "
                    "letters, digits and _",
                    path);
        return NULL;
}

char *
module_built_find(const char *path, char **name_out, GError **error)
{
        struct stat there;

        if (stat(path, &there) < 0) {
                module_copy_refuse(path, errno, error);
                return NULL;
        }
        g_autofree char *found =
                S_ISDIR(there.st_mode) ? find_in_folder(path, error) : g_strdup(path);
        if (!found)
                return NULL;
        g_autofree char *file = without_links(found);
        char *name = name_of(file, error);
        if (!name)
                return NULL;
        *name_out = name;
        return g_steal_pointer(&file);
}
