/*
 * certificate_folder: a bounded walk that only asks for the state of files.
 */
#include "core/certificate_folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/denial.h"

typedef struct {
        CertificateFolder *folder;
        GHashTable *visited; /* "device inode" of folders: a link may lead back */
        unsigned n_entries;
        bool full;
} Walk;

static int
compare_names(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By its name: hidden ones are what renewers and Kubernetes keep for themselves. */
static bool
may_hold_pem(const char *name)
{
        static const char *const endings[] = {".pem", ".crt", ".cer", ".cert", ".key"};

        for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
                if (g_str_has_suffix(name, endings[i]))
                        return true;
        return false;
}

static void
note_state(CertificateFolder *folder, const char *path, const struct stat *status, int code)
{
        g_autofree char *line = NULL;

        if (code != 0)
                line = g_strdup_printf("%s %d\n", path, code);
        else
                line = g_strdup_printf("%s %ju %ju %jd %jd.%ld %jd.%ld %u %u %u\n", path,
                                       (uintmax_t)status->st_dev, (uintmax_t)status->st_ino,
                                       (intmax_t)status->st_size, (intmax_t)status->st_mtim.tv_sec,
                                       status->st_mtim.tv_nsec, (intmax_t)status->st_ctim.tv_sec,
                                       status->st_ctim.tv_nsec, (unsigned)status->st_mode,
                                       (unsigned)status->st_uid, (unsigned)status->st_gid);
        g_checksum_update(folder->state, (const guchar *)line, -1);
}

static void
add_problem(CertificateFolder *folder, char *text_take)
{
        g_checksum_update(folder->state, (const guchar *)text_take, -1);
        g_ptr_array_add(folder->problems, text_take);
}

/* Returns: (own) the names in a folder, sorted; NULL with a problem. */
static GPtrArray *
list_names(Walk *walk, const char *path)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
        const char *name;

        if (dir == NULL) {
                bool is_denied = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
                const char *confined = denial_advice(path, R_OK, is_denied ? EACCES : 0);
                const char *advice =
                        is_denied ? ": let the server's user read it (chown or chgrp)" : "";
                add_problem(walk->folder,
                            confined ? g_strdup_printf("%s cannot be read: %s", path, confined)
                                     : g_strdup_printf("%s%s", error->message, advice));
                return NULL;
        }
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        for (errno = 0; !walk->full && (name = g_dir_read_name(dir)) != NULL; errno = 0) {
                if (*name == '.')
                        continue;
                walk->full = ++walk->n_entries > CERTIFICATE_FOLDER_ENTRIES;
                g_ptr_array_add(names, g_strdup(name));
        }
        /* readdir(3): the end and a failure look alike but for errno. */
        if (!walk->full && errno != 0) {
                add_problem(walk->folder,
                            g_strdup_printf("%s cannot be read: %s", path, g_strerror(errno)));
                return NULL;
        }
        g_ptr_array_sort(names, compare_names);
        return g_steal_pointer(&names);
}

static bool
is_new_folder(Walk *walk, const struct stat *status)
{
        return g_hash_table_add(walk->visited, g_strdup_printf("%ju %ju", (uintmax_t)status->st_dev,
                                                               (uintmax_t)status->st_ino));
}

static void
add_file(Walk *walk, const char *path, const struct stat *status)
{
        if (walk->folder->files->len >= CERTIFICATE_FOLDER_FILES) {
                walk->full = true;
                return;
        }
        note_state(walk->folder, path, status, 0);
        g_ptr_array_add(walk->folder->files, g_strdup(path));
}

static void
walk_folder(Walk *walk, const char *path, unsigned depth)
{
        g_autoptr(GPtrArray) names = list_names(walk, path);

        for (guint i = 0; names != NULL && i < names->len && !walk->full; i++) {
                const char *name = g_ptr_array_index(names, i);
                g_autofree char *entry = g_build_filename(path, name, NULL);
                struct stat status;

                if (stat(entry, &status) < 0) {
                        /* A link into the void: told when something is missing for want of it. */
                        if (may_hold_pem(name))
                                note_state(walk->folder, entry, NULL, errno);
                } else if (S_ISDIR(status.st_mode)) {
                        if (depth < CERTIFICATE_FOLDER_DEPTH && is_new_folder(walk, &status))
                                walk_folder(walk, entry, depth + 1);
                } else if (S_ISREG(status.st_mode) && may_hold_pem(name)) {
                        add_file(walk, entry, &status);
                }
        }
}

void
certificate_folder_init(CertificateFolder *folder)
{
        *folder = (CertificateFolder){
                .files = g_ptr_array_new_with_free_func(g_free),
                .problems = g_ptr_array_new_with_free_func(g_free),
                .state = g_checksum_new(G_CHECKSUM_SHA256),
        };
}

void
certificate_folder_clear(CertificateFolder *folder)
{
        g_clear_pointer(&folder->files, g_ptr_array_unref);
        g_clear_pointer(&folder->problems, g_ptr_array_unref);
        g_clear_pointer(&folder->state, g_checksum_free);
}

void
certificate_folder_walk(CertificateFolder *folder, const char *path)
{
        g_autoptr(GHashTable) visited =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Walk walk = {.folder = folder, .visited = visited};
        struct stat status;

        if (stat(path, &status) == 0)
                is_new_folder(&walk, &status);
        walk_folder(&walk, path, 1);
        if (walk.full)
                add_problem(folder, g_strdup_printf("the folder %s holds more than %d files, or %d "
                                                    "entries: the rest is not looked at",
                                                    path, CERTIFICATE_FOLDER_FILES,
                                                    CERTIFICATE_FOLDER_ENTRIES));
}

void
certificate_folder_note(CertificateFolder *folder, const char *path)
{
        struct stat status;

        note_state(folder, path, &status, stat(path, &status) == 0 ? 0 : errno);
}
