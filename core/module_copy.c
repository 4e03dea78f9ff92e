/*
 * module_copy: private copies of modules' files.
 */
#include "core/module_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/denial.h"
#include "core/descriptor.h"
#include "core/module_object.h"

#define COPY_MAX_BYTES (512 * 1024 * 1024)
#define CHUNK_BYTES ((size_t)64 * 1024)

bool
module_copy_is_same(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void
module_copy_refuse(const char *path, int number, GError **error)
{
        if (number == ENOENT)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                            "\"%s\" does not exist as the server sees it: build the module; a "
                            "server confined by systemd sees neither /home nor the /tmp of others",
                            path);
        else if (denial_advice(path, R_OK, number))
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "cannot read \"%s\": %s", path,
                            denial_advice(path, R_OK, number));
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                            "the server may not read \"%s\": %s; its user (number %u) must be able "
                            "to read the file and to enter the folders above it",
                            path, g_strerror(number), (unsigned)geteuid());
}

static bool
check_folder_of(const char *source, GError **error)
{
        g_autofree char *folder = g_path_get_dirname(source);
        struct stat found;

        if (stat(folder, &found) < 0) {
                module_copy_refuse(folder, errno, error);
                return false;
        }
        return module_object_is_trusted(folder, &found, error);
}

/* What is checked is what is read, whatever gets its name meanwhile. Returns: a descriptor, or
 * -1 */
static int
open_source(const char *source, struct stat *file_out, GError **error)
{
        if (!check_folder_of(source, error))
                return -1;
        int fd = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, file_out) < 0) {
                module_copy_refuse(source, errno, error);
                if (fd >= 0)
                        close(fd);
                return -1;
        }
        bool is_good = module_object_is_trusted(source, file_out, error);
        if (is_good && (!S_ISREG(file_out->st_mode) || file_out->st_size > COPY_MAX_BYTES)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                            "\"%s\" is no file of a module: it must be one of at most %d MiB",
                            source, COPY_MAX_BYTES / (1024 * 1024));
                is_good = false;
        }
        if (is_good)
                return fd;
        close(fd);
        return -1;
}

/* Returns: false with errno */
static bool
copy_bytes(int from, int to)
{
        g_autofree char *chunk = g_malloc(CHUNK_BYTES);
        int64_t n_copied = 0;

        for (;;) {
                ssize_t n = read(from, chunk, CHUNK_BYTES);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n == 0;
                n_copied += n;
                if (n_copied > COPY_MAX_BYTES) {
                        errno = EFBIG;
                        return false;
                }
                if (!descriptor_write_all(to, chunk, (size_t)n))
                        return false;
        }
}

static bool
write_copy(int from, const char *copy, GError **error)
{
        int to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
        bool is_done = to >= 0 && copy_bytes(from, to);

        if (!is_done)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot write \"%s\": %s", copy,
                            g_strerror(errno));
        if (to >= 0)
                close(to);
        return is_done;
}

/* Returns: (own) a name in a new folder; NULL with @error */
static char *
make_place(const char *source, const char *folder, GError **error)
{
        g_autofree char *base = g_path_get_basename(source);
        g_autofree char *made = g_build_filename(folder, "XXXXXX", NULL);

        if (g_mkdir_with_parents(folder, 0700) < 0 || !g_mkdtemp_full(made, 0700)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO,
                            "cannot make a folder for a copy in \"%s\": %s", folder,
                            g_strerror(errno));
                return NULL;
        }
        return g_build_filename(made, base, NULL);
}

static bool
check_unchanged(int fd, const char *source, const struct stat *before, GError **error)
{
        struct stat after;

        if (fstat(fd, &after) == 0 && module_copy_is_same(before, &after))
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "\"%s\" changed while it was read",
                    source);
        return false;
}

char *
module_copy_make(const char *source, const char *folder, struct stat *file_out, GError **error)
{
        int fd = open_source(source, file_out, error);
        if (fd < 0)
                return NULL;

        char *copy = make_place(source, folder, error);
        if (copy &&
            (!write_copy(fd, copy, error) || !check_unchanged(fd, source, file_out, error))) {
                module_copy_remove(copy);
                g_clear_pointer(&copy, g_free);
        }
        close(fd);
        return copy;
}

void
module_copy_remove(const char *copy)
{
        g_autofree char *folder = g_path_get_dirname(copy);

        unlink(copy);
        rmdir(folder);
}

void
module_copy_clear(const char *folder)
{
        g_autoptr(GDir) places = g_dir_open(folder, 0, NULL);
        const char *name;

        while (places && (name = g_dir_read_name(places))) {
                g_autofree char *place = g_build_filename(folder, name, NULL);
                g_autoptr(GDir) files = g_dir_open(place, 0, NULL);
                const char *file;
                while (files && (file = g_dir_read_name(files))) {
                        g_autofree char *path = g_build_filename(place, file, NULL);
                        unlink(path);
                }
                rmdir(place);
        }
}
