/*
 * module_object: one shared object mod_<name>.so: opened after its file was found trustworthy, read
 * without running it.
 */
#include "core/module_object.h"

#include <dlfcn.h>
#include <errno.h>
#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/suggest.h"

#define SERVICE_PREFIX "service:"

static bool fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool
fail(GError **error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autoptr(GError) made = g_error_new_valist(MOTET_ERROR, MOTET_ERROR_MODULE, format, args);
        va_end(args);
        g_propagate_error(error, g_steal_pointer(&made));
        return false;
}

/* Whoever may write a module may do all that the server may (SECURITY-DEFAULTS R28). */
static bool
is_trusted(const char *path, const struct stat *file, GError **error)
{
        if (file->st_uid != 0 && file->st_uid != geteuid())
                return fail(error,
                            "\"%s\" belongs to user %u: modules are only loaded from what belongs "
                            "to root or to the user that runs the server; chown it",
                            path, (unsigned)file->st_uid);
        if (file->st_mode & (S_IWGRP | S_IWOTH))
                return fail(error,
                            "\"%s\" may be written by its group or by everybody: chmod go-w it",
                            path);
        return true;
}

/* The names of all modules in @dir, for g_strfreev(). */
static char **
names_in(const char *dir)
{
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
        const char *file;

        while (listing && (file = g_dir_read_name(listing))) {
                if (!g_str_has_prefix(file, "mod_") || !g_str_has_suffix(file, ".so"))
                        continue;
                g_autofree char *name = g_strndup(file + 4, strlen(file) - strlen("mod_.so"));
                g_strv_builder_add(names, name);
        }
        return g_strv_builder_end(names);
}

static bool
fail_missing(const char *dir, const char *name, const char *path, int number, GError **error)
{
        if (number != ENOENT)
                return fail(error, "cannot read \"%s\": %s", path, g_strerror(number));

        g_auto(GStrv) names = names_in(dir);
        const char *near = suggest_nearest(name, (const char *const *)names);
        if (near)
                return fail(error, "there is no module \"%s\" in \"%s\"; did you mean \"%s\"?",
                            name, dir, near);
        return fail(error,
                    "there is no module \"%s\": \"%s\" does not exist; install it, or disable it",
                    name, path);
}

static bool
is_name(const char *name)
{
        return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static bool
check_file(const char *dir, const char *name, const char *path, struct stat *file, GError **error)
{
        struct stat folder;

        if (!is_name(name))
                return fail(error,
                            "\"%s\" is no module name: lower-case letters, digits and underscores",
                            name);
        if (stat(dir, &folder) < 0)
                return fail(error, "cannot read the modules' folder \"%s\": %s", dir,
                            g_strerror(errno));
        if (!is_trusted(dir, &folder, error))
                return false;
        if (stat(path, file) < 0)
                return fail_missing(dir, name, path, errno, error);
        return is_trusted(path, file, error);
}

static bool
check_info(const ModuleObject *object, GError **error)
{
        const MotetModuleInfo *info = object->info;

        if (info->abi != MOTET_ABI)
                return fail(error,
                            "\"%s\" was built for interface %u, this server has %u: build the "
                            "module again against this server's headers",
                            object->path, info->abi, MOTET_ABI);
        if (g_strcmp0(info->name, object->name) != 0)
                return fail(error, "\"%s\" calls itself \"%s\": its file must be named mod_%s.so",
                            object->path, info->name ? info->name : "",
                            info->name ? info->name : "…");
        return true;
}

static bool
open_handle(ModuleObject *object, GError **error)
{
        object->handle = dlopen(object->path, RTLD_NOW | RTLD_LOCAL);
        if (!object->handle)
                return fail(error, "cannot open module \"%s\": %s", object->name, dlerror());

        object->info = dlsym(object->handle, "motet_module");
        if (!object->info)
                return fail(error, "\"%s\" is no module: it does not export \"motet_module\"",
                            object->path);
        return check_info(object, error);
}

ModuleObject *
module_object_open(const char *dir, const char *name, GError **error)
{
        g_autofree char *file_name = g_strdup_printf("mod_%s.so", name);
        g_autofree char *path = g_build_filename(dir, file_name, NULL);
        struct stat file;

        if (!check_file(dir, name, path, &file, error))
                return NULL;

        g_autoptr(ModuleObject) object = g_new0(ModuleObject, 1);
        object->name = g_strdup(name);
        object->path = g_steal_pointer(&path);
        object->file = file;
        if (!open_handle(object, error))
                return NULL;
        return g_steal_pointer(&object);
}

void
module_object_close(ModuleObject *object)
{
        if (!object)
                return;
        g_assert(object->n_instances == 0);
        if (object->handle)
                dlclose(object->handle);
        g_free(object->name);
        g_free(object->path);
        g_free(object);
}

bool
module_object_has_changed(const ModuleObject *object)
{
        struct stat now;

        if (stat(object->path, &now) < 0)
                return true;
        return now.st_dev != object->file.st_dev || now.st_ino != object->file.st_ino ||
               now.st_mtim.tv_sec != object->file.st_mtim.tv_sec ||
               now.st_mtim.tv_nsec != object->file.st_mtim.tv_nsec;
}

bool
module_object_is(const ModuleObject *object, const char *word)
{
        if (!g_str_has_prefix(word, SERVICE_PREFIX))
                return strcmp(object->name, word) == 0;

        const char *name = word + strlen(SERVICE_PREFIX);
        bool is_family = g_str_has_suffix(name, ":*");
        size_t len = strlen(name) - (is_family ? 1 : 0);
        const MotetServiceDecl *service = object->info->services;
        for (; service && service->name; service++) {
                if (strncmp(service->name, name, len) == 0 &&
                    (is_family || service->name[len] == '\0'))
                        return true;
        }
        return false;
}
