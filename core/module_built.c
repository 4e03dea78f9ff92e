/*
 * module_built: the file that a build makes of a module.
 */
#include "core/module_built.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/config_module.h"
#include "core/module_copy.h"
#include "core/module_object.h"

struct ModuleBuilt {
        char *path;
        int first; /* (own) as it was opened; -1: it was returned */
        void (*tell)(void *data, const char *text);
        void *data;
        struct stat seen;  /* at the last look */
        struct stat taken; /* the last that was tried */
        bool is_missing;   /* at the last look, and that was told */
};

static void
refuse(const char *path, int number, GError **error)
{
        if (number == ENOENT)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                            "\"%s\" does not exist: build the module", path);
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "cannot read \"%s\": %s", path,
                            g_strerror(number));
}

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
                            "there is no mod_*.so in \"%s\": build the module, or name its file",
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

char *
module_built_name(const char *path, GError **error)
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

/* Returns: (own) without links in it; NULL with @error */
static char *
find(const char *path, GError **error)
{
        struct stat there;

        if (stat(path, &there) < 0) {
                refuse(path, errno, error);
                return NULL;
        }
        g_autofree char *found =
                S_ISDIR(there.st_mode) ? find_in_folder(path, error) : g_strdup(path);
        return found ? without_links(found) : NULL;
}

/*
 * Whoever may write the folder may put another file in its place. The server, which looks at the
 * file itself, has no folder to look at (SECURITY-DEFAULTS R28).
 */
static bool
check_folder_of(const char *path, const struct stat *file, GError **error)
{
        g_autofree char *folder = g_path_get_dirname(path);
        struct stat found;

        if (stat(folder, &found) < 0) {
                refuse(folder, errno, error);
                return false;
        }
        /* Who owns both is trusted if the server trusts who owns the file. */
        if (found.st_uid == file->st_uid)
                found.st_uid = geteuid();
        return module_object_is_trusted(folder, &found, error);
}

/* Returns: (own) a descriptor of a file in a folder that is trusted; -1 with @error */
static int
open_file(const char *path, struct stat *file_out, GError **error)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

        if (fd < 0 || fstat(fd, file_out) < 0)
                refuse(path, errno, error);
        else if (check_folder_of(path, file_out, error))
                return fd;
        if (fd >= 0)
                close(fd);
        return -1;
}

ModuleBuilt *
module_built_new(const char *path, void (*tell)(void *data, const char *text), void *data,
                 GError **error)
{
        g_autofree char *file = find(path, error);
        g_autofree char *name = file ? module_built_name(file, error) : NULL;
        struct stat now;

        if (!name)
                return NULL;
        int fd = open_file(file, &now, error);
        if (fd < 0)
                return NULL;
        ModuleBuilt *built = g_new0(ModuleBuilt, 1);
        built->path = g_steal_pointer(&file);
        built->first = fd;
        built->tell = tell;
        built->data = data;
        built->seen = built->taken = now;
        return built;
}

void
module_built_free(ModuleBuilt *built)
{
        if (!built)
                return;
        if (built->first >= 0)
                close(built->first);
        g_free(built->path);
        g_free(built);
}

const char *
module_built_path(const ModuleBuilt *built)
{
        return built->path;
}

static void
tell_missing(ModuleBuilt *built)
{
        g_autofree char *text =
                g_strdup_printf("\"%s\" is not there: the code goes on that was", built->path);

        if (!built->is_missing)
                built->tell(built->data, text);
        built->is_missing = true;
}

int
module_built_next(ModuleBuilt *built)
{
        g_autoptr(GError) error = NULL;
        struct stat now, opened;

        if (built->first >= 0)
                return g_steal_fd(&built->first);
        if (stat(built->path, &now) < 0) {
                tell_missing(built);
                return -1;
        }
        built->is_missing = false;
        bool is_at_rest = module_copy_is_same(&now, &built->seen);
        built->seen = now;
        if (!is_at_rest || module_copy_is_same(&now, &built->taken))
                return -1;
        built->taken = now;
        int fd = open_file(built->path, &opened, &error);
        if (fd < 0)
                built->tell(built->data, error->message);
        return fd;
}
