/*
 * check_storage: the folder of data, its files and its file system, and whether backends answer, as
 * the user the server runs as sees them.
 *
 * Source: statvfs(3), faccessat(2).
 */
#include "core/check_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check_backends.h"
#include "core/check_child.h"
#include "core/privileges.h"

#define MIB ((uint64_t)1024 * 1024)

enum {
        FULL_MIB = 16,
        LITTLE_MIB = 512,
        FEW_INODES = 1000,
        FILES_MAX = 1000, /* of the folder that are looked at */
};

static void
found(CheckContext *context, FindingId id, const char *path, const char *text)
{
        config_findings_add(context->findings, id, path, 0, 0, "%s", text);
}

static bool
may(const char *path, int mode)
{
        return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

static void
report_not_writable(CheckContext *context, const char *path)
{
        g_autofree char *text = g_strdup_printf("cannot be written: %s", g_strerror(errno));

        found(context, FINDING_STORAGE_NOT_WRITABLE, path, text);
        if (errno == EACCES && context->config->user)
                config_findings_hint(context->findings, "chown %s %s", context->config->user, path);
}

/* Returns: (own) the nearest folder above @path that there is */
static char *
nearest_folder(const char *path)
{
        char *folder = g_path_get_dirname(path);

        while (!may(folder, F_OK) && strcmp(folder, "/") != 0) {
                char *above = g_path_get_dirname(folder);
                g_free(folder);
                folder = above;
        }
        return folder;
}

/* The server makes it when it may. */
static void
look_at_missing(CheckContext *context, const char *path)
{
        g_autofree char *above = nearest_folder(path);

        if (may(above, W_OK | X_OK))
                return;
        found(context, FINDING_STORAGE_NO_FOLDER, path,
              "does not exist, and the server may not make it");
        config_findings_hint(context->findings, "install -d -m 0700%s%s %s",
                             context->config->user ? " -o " : "",
                             context->config->user ? context->config->user : "", path);
}

/* A tool that ran as root may have left a file that the server cannot open. */
static void
look_at_files(CheckContext *context, const char *path)
{
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;

        for (unsigned n = 0; n < FILES_MAX && dir && (name = g_dir_read_name(dir)); n++) {
                g_autofree char *file = g_build_filename(path, name, NULL);
                struct stat info;
                if (lstat(file, &info) == 0 && S_ISREG(info.st_mode) && !may(file, R_OK | W_OK))
                        report_not_writable(context, file);
        }
}

void
check_storage_room(CheckContext *context, const struct statvfs *system)
{
        const char *path = context->config->data_dir;
        uint64_t room = (uint64_t)system->f_bavail * system->f_frsize;

        /* proc(5) and its like have no blocks at all. */
        if (system->f_blocks > 0 && room < LITTLE_MIB * MIB) {
                g_autofree char *text = g_strdup_printf("%" PRIu64 " MiB are free", room / MIB);
                found(context, room < FULL_MIB * MIB ? FINDING_STORAGE_FULL : FINDING_STORAGE_SPACE,
                      path, text);
        }
        if (system->f_files > 0 && system->f_favail < FEW_INODES) {
                g_autofree char *text = g_strdup_printf("%" PRIu64 " more files can be made",
                                                        (uint64_t)system->f_favail);
                found(context, FINDING_STORAGE_INODES, path, text);
        }
}

static void
look_at_room(CheckContext *context, const char *path)
{
        g_autofree char *folder = may(path, F_OK) ? g_strdup(path) : nearest_folder(path);
        struct statvfs system;

        if (statvfs(folder, &system) == 0)
                check_storage_room(context, &system);
}

static bool
is_named(const Config *config, const char *backend)
{
        GHashTableIter iter;
        gpointer value;

        if (g_strcmp0(config->storage_default, backend) == 0)
                return true;
        g_hash_table_iter_init(&iter, config->storage);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                if (g_strcmp0(value, backend) == 0)
                        return true;
        }
        return false;
}

static void
judge_backend(CheckContext *context, const char *name, char *const *hosts, const GError *error)
{
        const Config *config = context->config;
        bool is_default = g_strcmp0(config->storage_default, name) == 0;

        if (!is_named(config, name) || hosts)
                return;
        if (error)
                found(context, FINDING_STORAGE_UNREADABLE, config->data_dir, error->message);
        else if (is_default)
                config_findings_add(context->findings, FINDING_STORAGE_VOLATILE, config->file, 0, 0,
                                    "\"%s\", the default of storage, keeps nothing beyond the "
                                    "server",
                                    name);
}

/* A user who may not look into the folder is told so, and nothing that may be wrong. */
static bool
is_closed_to_us(const char *path)
{
        struct stat folder;

        return !privileges_are_root() && stat(path, &folder) == 0 && folder.st_uid != geteuid() &&
               !may(path, R_OK | X_OK);
}

static void
look_at_storage(CheckContext *context)
{
        const char *path = context->config->data_dir;
        struct stat folder;

        if (!context->is_user && is_closed_to_us(path)) {
                found(context, FINDING_STORAGE_NOT_ASKED, path, "is closed to who runs this check");
                config_findings_hint(context->findings, "run it as root");
                return;
        }
        look_at_room(context, path);
        if (stat(path, &folder) < 0) {
                look_at_missing(context, path);
                return;
        }
        if (!S_ISDIR(folder.st_mode)) {
                found(context, FINDING_STORAGE_NO_FOLDER, path, "is no folder");
                return;
        }
        if (!may(path, R_OK | W_OK | X_OK)) {
                report_not_writable(context, path);
                return;
        }
        look_at_files(context, path);
        check_backends(context, judge_backend);
}

void
check_storage(CheckContext *context)
{
        check_as_user(context, look_at_storage);
}
