/*
 * module_folder: links, and what is put in their place.
 */
#include "support/module_folder.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <link.h>
#include <motet/error.h>
#include <string.h>
#include <unistd.h>

struct ModuleFolder {
        char *path;
        char **sources;
        GPtrArray *handles; /* of dlopen(): code that is kept */
};

static void
close_handle(void *handle)
{
        dlclose(handle);
}

static bool
fail_io(GError **error, const char *path, int number)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s: %s", path, g_strerror(number));
        return false;
}

static bool
link_all(const ModuleFolder *folder, const char *source, GError **error)
{
        g_autoptr(GError) reason = NULL;
        g_autoptr(GDir) dir = g_dir_open(source, 0, &reason);
        g_autofree char *from = g_canonicalize_filename(source, NULL);
        const char *file;

        if (!dir) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "the modules' folder: %s",
                            reason->message);
                return false;
        }
        while ((file = g_dir_read_name(dir))) {
                g_autofree char *target = g_build_filename(from, file, NULL);
                g_autofree char *name = g_build_filename(folder->path, file, NULL);
                if (symlink(target, name) < 0 && errno != EEXIST)
                        return fail_io(error, name, errno);
        }
        return true;
}

ModuleFolder *
module_folder_new(const char *const *sources, GError **error)
{
        g_autoptr(GError) reason = NULL;
        g_autofree char *path = g_dir_make_tmp("motet-modules-XXXXXX", &reason);

        if (!path) {
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_IO, reason->message);
                return NULL;
        }
        g_autoptr(ModuleFolder) folder = g_new0(ModuleFolder, 1);
        folder->path = g_steal_pointer(&path);
        folder->handles = g_ptr_array_new_with_free_func(close_handle);
        folder->sources = g_strdupv((char **)sources);
        for (; *sources; sources++) {
                if (!link_all(folder, *sources, error))
                        return NULL;
        }
        return g_steal_pointer(&folder);
}

void
module_folder_free(ModuleFolder *folder)
{
        if (!folder)
                return;
        g_ptr_array_unref(folder->handles);
        g_autoptr(GDir) dir = g_dir_open(folder->path, 0, NULL);
        const char *file;
        while (dir && (file = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(folder->path, file, NULL);
                g_unlink(path);
        }
        g_rmdir(folder->path);
        g_strfreev(folder->sources);
        g_free(folder->path);
        g_free(folder);
}

const char *
module_folder_path(const ModuleFolder *folder)
{
        return folder->path;
}

char *
module_folder_sources(const ModuleFolder *folder)
{
        return g_strjoinv(":", folder->sources);
}

bool
module_folder_renew(ModuleFolder *folder, const char *module, GError **error)
{
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", folder->path, module);
        g_autofree char *fresh = g_strconcat(path, ".new", NULL);
        g_autofree char *content = NULL;
        gsize n;

        if (!g_file_get_contents(path, &content, &n, NULL)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING, "there is no module \"%s\"",
                            module);
                return false;
        }
        if (!g_file_set_contents_full(fresh, content, (gssize)n, G_FILE_SET_CONTENTS_NONE, 0700,
                                      NULL) ||
            g_rename(fresh, path) < 0)
                return fail_io(error, path, errno);
        return true;
}

/* Of each object that is mapped. */
static int
keep_object(struct dl_phdr_info *info, size_t size, void *data)
{
        ModuleFolder *folder = data;

        (void)size;
        if (!g_str_has_prefix(info->dlpi_name, folder->path))
                return 0;
        void *handle = dlopen(info->dlpi_name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
        if (handle)
                g_ptr_array_add(folder->handles, handle);
        return 0;
}

void
module_folder_keep(ModuleFolder *folder)
{
        dl_iterate_phdr(keep_object, folder);
}
