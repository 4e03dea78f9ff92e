/*
 * module_object: one shared object mod_<name>.so: opened after its file was found trustworthy, read
 * without running it.
 */
#include "core/module_object.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/module_file.h"
#include "core/module_refusal.h"
#include "core/suggest.h"

#define SERVICE_PREFIX "service:"

enum { NAMES_MAX = 64 }; /* copies of one module that are open at once */

bool
module_object_is_trusted(const char *path, const struct stat *file, GError **error)
{
        if (file->st_uid != 0 && file->st_uid != geteuid())
                return module_refusal(
                        error,
                        "\"%s\" belongs to user %u: modules are only loaded from what belongs "
                        "to root or to the user that runs the server; chown it",
                        path, (unsigned)file->st_uid);
        if (file->st_mode & (S_IWGRP | S_IWOTH))
                return module_refusal(
                        error, "\"%s\" may be written by its group or by everybody: chmod go-w it",
                        path);
        return true;
}

char **
module_object_names(const char *dir)
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
                return module_refusal(error, "cannot read \"%s\": %s", path, g_strerror(number));

        g_auto(GStrv) names = module_object_names(dir);
        const char *near = suggest_nearest(name, (const char *const *)names);
        if (near)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                            "there is no module \"%s\" in \"%s\"; did you mean \"%s\"?", name, dir,
                            near);
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                            "there is no module \"%s\": \"%s\" does not exist; install it, or "
                            "disable it",
                            name, path);
        return false;
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
                return module_refusal(
                        error,
                        "\"%s\" is no module name: lower-case letters, digits and underscores",
                        name);
        if (stat(dir, &folder) < 0)
                return module_refusal(error, "cannot read the modules' folder \"%s\": %s", dir,
                                      g_strerror(errno));
        if (!module_object_is_trusted(dir, &folder, error))
                return false;
        if (stat(path, file) < 0)
                return fail_missing(dir, name, path, errno, error);
        return module_object_is_trusted(path, file, error);
}

static bool
check_info(const ModuleObject *object, GError **error)
{
        const MotetModuleInfo *info = object->info;

        /* Again: the file may be another one than was looked at before it was opened. */
        if (!module_file_fits_abi(info->abi, error)) {
                g_prefix_error(error, "\"%s\" ", object->path);
                return false;
        }
        if (g_strcmp0(info->name, object->name) != 0)
                return module_refusal(
                        error, "\"%s\" calls itself \"%s\": its file must be named mod_%s.so",
                        object->path, info->name ? info->name : "", info->name ? info->name : "…");
        return true;
}

static bool
open_handle(ModuleObject *object, const char *path, GError **error)
{
        g_autoptr(ElfFile) file = elf_file_open(path, error);

        if (file && module_file_check(file, error))
                object->handle = module_file_open(file, path, error);
        if (!object->handle) {
                g_prefix_error(error, "\"%s\" ", object->path);
                return false;
        }
        object->info = module_file_info(object->handle);
        if (!object->info)
                return module_refusal(error, "\"%s\" changed while it was opened: try again",
                                      object->path);
        return check_info(object, error);
}

static ModuleObject *
object_new(const char *name, const char *path, const struct stat *file)
{
        ModuleObject *object = g_new0(ModuleObject, 1);

        object->name = g_strdup(name);
        object->path = g_strdup(path);
        object->file = *file;
        return object;
}

ModuleObject *
module_object_open(const char *dir, const char *name, GError **error)
{
        g_autofree char *file_name = g_strdup_printf("mod_%s.so", name);
        g_autofree char *path = g_build_filename(dir, file_name, NULL);
        struct stat file;

        if (!check_file(dir, name, path, &file, error))
                return NULL;

        g_autoptr(ModuleObject) object = object_new(name, path, &file);
        if (!open_handle(object, path, error))
                return NULL;
        return g_steal_pointer(&object);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool
is_same_text(const struct stat *a, const struct stat *b)
{
        return is_same_file(a, b) && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
               a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The loader takes what it has already under one name to be the same, whatever file is there now.
 * Returns: (own) a name for @dir/@file_name that nothing was opened by; NULL: there are too many */
static char *
unused_name(const char *dir, const char *file_name)
{
        g_autoptr(GString) folder = g_string_new(dir);

        for (unsigned i = 0; i < NAMES_MAX; i++) {
                char *name = g_strdup_printf("%s/%s", folder->str, file_name);
                void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
                if (!handle)
                        return name;
                dlclose(handle);
                g_free(name);
                g_string_append(folder, "/.");
        }
        return NULL;
}

ModuleObject *
module_object_reopen(const ModuleObject *old, GError **error)
{
        g_autofree char *dir = g_path_get_dirname(old->path);
        g_autofree char *file_name = g_path_get_basename(old->path);
        struct stat file, after;

        if (!check_file(dir, old->name, old->path, &file, error))
                return NULL;
        if (is_same_file(&file, &old->file)) {
                module_refusal(
                        error,
                        "\"%s\" was written over in place, under the code that runs: restart the "
                        "server, and install modules by renaming a new file",
                        old->path);
                return NULL;
        }
        g_autofree char *name = unused_name(dir, file_name);
        if (!name) {
                module_refusal(
                        error,
                        "\"%s\" was replaced too often with older code still in use: restart "
                        "the server",
                        old->path);
                return NULL;
        }
        g_autoptr(ModuleObject) object = object_new(old->name, old->path, &file);
        if (!open_handle(object, name, error))
                return NULL;
        if (stat(old->path, &after) < 0 || !is_same_text(&file, &after)) {
                module_refusal(error, "\"%s\" changed while it was opened: try again", old->path);
                return NULL;
        }
        return g_steal_pointer(&object);
}

/* What is wrong with the copy is wrong with what it was made of. */
static void
name_source(const char *copy, const char *source, GError **error)
{
        g_autoptr(GString) text = g_string_new((*error)->message);

        g_string_replace(text, copy, source, 0);
        g_free((*error)->message);
        (*error)->message = g_strdup(text->str);
}

ModuleObject *
module_object_open_copy(const char *name, const ModuleCopySource *source, const char *folder,
                        GError **error)
{
        g_autofree char *copy = module_copy_make(source, folder, error);
        if (!copy)
                return NULL;

        g_autoptr(GError) failure = NULL;
        g_autoptr(ModuleObject) object = object_new(name, source->path, &source->file);
        object->copy = g_steal_pointer(&copy);
        if (open_handle(object, object->copy, &failure))
                return g_steal_pointer(&object);
        name_source(object->copy, source->path, &failure);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
}

void
module_object_close(ModuleObject *object)
{
        if (!object)
                return;
        g_assert(object->n_instances == 0);
        g_free((void *)object->info);
        if (object->handle)
                dlclose(object->handle);
        if (object->copy)
                module_copy_remove(object->copy);
        g_free(object->copy);
        g_free(object->name);
        g_free(object->path);
        g_free(object);
}

bool
module_object_has_changed(const ModuleObject *object)
{
        struct stat now;

        return !object->copy &&
               (stat(object->path, &now) < 0 || !is_same_text(&now, &object->file));
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

typedef struct {
        uintptr_t base;
        size_t mapped;
} Mapping;

static int
add_segments(struct dl_phdr_info *info, size_t size, void *data)
{
        Mapping *mapping = data;

        (void)size;
        if (info->dlpi_addr != mapping->base)
                return 0;
        for (size_t i = 0; i < info->dlpi_phnum; i++) {
                if (info->dlpi_phdr[i].p_type == PT_LOAD)
                        mapping->mapped += info->dlpi_phdr[i].p_memsz;
        }
        return 1;
}

size_t
module_object_mapped(const ModuleObject *object)
{
        struct link_map *map;

        if (dlinfo(object->handle, RTLD_DI_LINKMAP, &map) != 0)
                return 0;
        Mapping mapping = {.base = map->l_addr};
        dl_iterate_phdr(add_segments, &mapping);
        return mapping.mapped;
}
