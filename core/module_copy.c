/*
 * module_copy: private copies of modules' files.
 */
#include "core/module_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/descriptor.h"
#include "core/module_object.h"
#include "core/module_refusal.h"

#define COPY_MAX_BYTES (512 * 1024 * 1024)
#define CHUNK_BYTES ((size_t)64 * 1024)

bool
module_copy_is_same(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool
is_readable(int fd)
{
        int flags = fcntl(fd, F_GETFL);

        return flags >= 0 && !(flags & O_PATH) && (flags & O_ACCMODE) != O_WRONLY;
}

static bool
check_unchanged(const ModuleCopySource *source, struct stat *now_out, GError **error)
{
        if (fstat(source->fd, now_out) == 0 && module_copy_is_same(&source->file, now_out))
                return true;
        return module_refusal(error, "\"%s\" changed while it was read", source->path);
}

/* Who hands over a file may be mistaken about it. A file of the kernel's that makes its reader wait
 * has no size. */
static bool
check_source(const ModuleCopySource *source, GError **error)
{
        struct stat now;

        if (!check_unchanged(source, &now, error) ||
            !module_object_is_trusted(source->path, &now, error))
                return false;
        if (!S_ISREG(now.st_mode) || now.st_size <= 0 || now.st_size > COPY_MAX_BYTES)
                return module_refusal(
                        error, "\"%s\" is no file of a module: it must be one of at most %d MiB",
                        source->path, COPY_MAX_BYTES / (1024 * 1024));
        return is_readable(source->fd) ||
               module_refusal(error, "\"%s\" was not opened for reading", source->path);
}

/* Returns: false with errno */
static bool
copy_bytes(int from, int64_t size, int to)
{
        g_autofree char *chunk = g_malloc(CHUNK_BYTES);
        int64_t n_copied = 0;

        while (n_copied < size) {
                ssize_t n = pread(from, chunk, CHUNK_BYTES, n_copied);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return false;
                if (n == 0)
                        break; /* it was cut off meanwhile, which is seen afterwards */
                if (!descriptor_write_all(to, chunk, (size_t)n))
                        return false;
                n_copied += n;
        }
        return true;
}

static bool
write_copy(const ModuleCopySource *source, const char *copy, GError **error)
{
        int to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
        bool is_done = to >= 0 && copy_bytes(source->fd, source->file.st_size, to);

        if (!is_done)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot copy \"%s\" to \"%s\": %s",
                            source->path, copy, g_strerror(errno));
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

char *
module_copy_make(const ModuleCopySource *source, const char *folder, GError **error)
{
        struct stat after;

        if (!check_source(source, error))
                return NULL;
        char *copy = make_place(source->path, folder, error);
        if (copy && (!write_copy(source, copy, error) || !check_unchanged(source, &after, error))) {
                module_copy_remove(copy);
                g_clear_pointer(&copy, g_free);
        }
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
