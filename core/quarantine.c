/*
 * quarantine: which modules crashes were blamed on, kept from one run of the server to the next.
 */
#include "core/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <motet/error.h>
#include <motet/log.h>
#include <string.h>
#include <unistd.h>

#include "core/descriptor.h"
#include "core/log_crash.h"

#define FILE_MAX (2 * LOG_CRASH_BLAMES_MAX) /* bytes beyond which it is no file of ours */
#define FIELDS 5
#define WORD_MAX 1024

struct Quarantine {
        char *path;
        GPtrArray *blames; /* (own) of Blame, oldest first */
        int fd;            /* that crashes are added to; -1: none are */
};

static void
blame_free(void *data)
{
        Blame *blame = data;

        g_free(blame->module);
        g_free(blame->host);
        g_free(blame->file);
        g_free(blame->what);
        g_free(blame);
}

/* Reading */

static bool
is_word(const char *text)
{
        return *text && strlen(text) <= WORD_MAX && g_utf8_validate(text, -1, NULL) &&
               !strpbrk(text, "\t\r\v\f\033");
}

static char *
word_or_null(const char *text)
{
        return strcmp(text, "-") == 0 ? NULL : g_strdup(text);
}

/* "SECONDS MODULE HOST FILE WHAT". Returns: (own) NULL: it makes no sense */
static Blame *
blame_parse(const char *line)
{
        g_auto(GStrv) fields = g_strsplit(line, " ", FIELDS);
        int64_t when;

        if (g_strv_length(fields) != FIELDS ||
            !g_ascii_string_to_signed(fields[0], 10, 1, G_MAXINT32 * INT64_C(1000), &when, NULL))
                return NULL;
        for (unsigned i = 1; i < FIELDS; i++) {
                if (!is_word(fields[i]))
                        return NULL;
        }
        Blame *blame = g_new0(Blame, 1);
        blame->when = when;
        blame->module = g_strdup(fields[1]);
        blame->host = word_or_null(fields[2]);
        blame->file = word_or_null(fields[3]);
        blame->what = g_strdup(fields[4]);
        return blame;
}

static int
compare_times(gconstpointer a, gconstpointer b)
{
        const Blame *left = *(Blame *const *)a, *right = *(Blame *const *)b;

        return left->when < right->when ? -1 : left->when > right->when;
}

/* Returns: how many lines made no sense */
static unsigned
parse(Quarantine *quarantine, const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        unsigned n_bad = 0;

        g_ptr_array_set_size(quarantine->blames, 0);
        for (char **line = lines; *line; line++) {
                if (!**line)
                        continue;
                Blame *blame = blame_parse(*line);
                if (blame)
                        g_ptr_array_add(quarantine->blames, blame);
                else
                        n_bad++;
        }
        g_ptr_array_sort(quarantine->blames, compare_times);
        return n_bad;
}

/* Returns: (own) NULL with errno set */
static char *
read_all(int fd)
{
        struct stat file;

        if (fstat(fd, &file) < 0)
                return NULL;
        if (!S_ISREG(file.st_mode) || file.st_size > FILE_MAX) {
                errno = EFBIG;
                return NULL;
        }
        g_autofree char *text = g_malloc0((size_t)file.st_size + 1);
        off_t at = 0;
        while (at < file.st_size) {
                ssize_t n = pread(fd, text + at, (size_t)(file.st_size - at), at);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return NULL;
                if (n == 0)
                        break;
                at += n;
        }
        return g_steal_pointer(&text);
}

Quarantine *
quarantine_read(const char *data_dir)
{
        Quarantine *quarantine = g_new0(Quarantine, 1);

        quarantine->path = g_build_filename(data_dir, QUARANTINE_FILE, NULL);
        quarantine->blames = g_ptr_array_new_with_free_func(blame_free);
        quarantine->fd = -1;
        int fd = open(quarantine->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return quarantine;
        g_autofree char *text = read_all(fd);
        close(fd);
        if (text)
                parse(quarantine, text);
        return quarantine;
}

void
quarantine_free(Quarantine *quarantine)
{
        if (!quarantine)
                return;
        if (quarantine->fd >= 0) {
                log_crash_blame_to(-1);
                close(quarantine->fd);
        }
        g_ptr_array_unref(quarantine->blames);
        g_free(quarantine->path);
        g_free(quarantine);
}

/* Asking */

static bool
is_of(const Blame *blame, const char *module, const char *file)
{
        return strcmp(blame->module, module) == 0 &&
               (!blame->file || !file || strcmp(blame->file, file) == 0);
}

bool
quarantine_holds(const Quarantine *quarantine, const char *module, const char *file,
                 const CoreLimits *limits)
{
        int64_t period = limits->module_crash_period / G_TIME_SPAN_SECOND;
        g_autoptr(GPtrArray) of = g_ptr_array_new();

        if (limits->module_crashes == 0)
                return false;
        for (guint i = 0; i < quarantine->blames->len; i++) {
                Blame *blame = g_ptr_array_index(quarantine->blames, i);
                if (is_of(blame, module, file))
                        g_ptr_array_add(of, blame);
        }
        for (guint i = 0; i + limits->module_crashes <= of->len; i++) {
                const Blame *first = g_ptr_array_index(of, i);
                const Blame *last = g_ptr_array_index(of, i + limits->module_crashes - 1);
                if (last->when - first->when <= period)
                        return true;
        }
        return false;
}

const Blame *
quarantine_last(const Quarantine *quarantine, const char *module, const char *file, unsigned *n_out)
{
        const Blame *last = NULL;

        *n_out = 0;
        for (guint i = 0; i < quarantine->blames->len; i++) {
                const Blame *blame = g_ptr_array_index(quarantine->blames, i);
                if (!is_of(blame, module, file))
                        continue;
                last = blame;
                ++*n_out;
        }
        return last;
}

/* Writing */

static bool
fail(const Quarantine *quarantine, const char *what, GError **error)
{
        g_set_error(error, MOTET_ERROR, errno == EACCES ? MOTET_ERROR_DENIED : MOTET_ERROR_IO,
                    "\"%s\" cannot be %s: %s", quarantine->path, what, g_strerror(errno));
        return false;
}

static int
open_file(const Quarantine *quarantine, GError **error)
{
        int fd = open(quarantine->path,
                      O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

        if (fd < 0)
                fail(quarantine, "opened", error);
        return fd;
}

/* In place, as the process may be adding to it until its end. What is lost if that is now is
 * a crash that is not counted. */
static bool
write_all(const Quarantine *quarantine, int fd, GError **error)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < quarantine->blames->len; i++) {
                const Blame *blame = g_ptr_array_index(quarantine->blames, i);
                g_string_append_printf(text, "%" PRId64 " %s %s %s %s\n", blame->when,
                                       blame->module, blame->host ? blame->host : "-",
                                       blame->file ? blame->file : "-", blame->what);
        }
        if (ftruncate(fd, 0) == 0 && descriptor_write_all(fd, text->str, text->len))
                return true;
        return fail(quarantine, "written", error);
}

/* What is older than the period counts only where it is why a module is left out. */
static void
forget_old(Quarantine *quarantine, const CoreLimits *limits, int64_t now)
{
        int64_t since = now - limits->module_crash_period / G_TIME_SPAN_SECOND;
        guint n_before = quarantine->blames->len;
        g_autofree bool *is_kept = g_new0(bool, n_before + 1);

        for (guint i = 0; i < n_before; i++) {
                const Blame *blame = g_ptr_array_index(quarantine->blames, i);
                is_kept[i] = n_before - i <= QUARANTINE_MAX &&
                             (blame->when >= since ||
                              quarantine_holds(quarantine, blame->module, blame->file, limits));
        }
        for (guint i = n_before; i-- > 0;) {
                if (!is_kept[i])
                        g_ptr_array_remove_index(quarantine->blames, i);
        }
}

bool
quarantine_open(Quarantine *quarantine, const CoreLimits *limits, int64_t now, GError **error)
{
        int fd = open_file(quarantine, error);
        if (fd < 0)
                return false;

        g_autofree char *text = read_all(fd);
        unsigned n_bad = text ? parse(quarantine, text) : 0;
        if (!text)
                motet_warn("\"%s\" is no list of crashes: it is begun anew", quarantine->path);
        if (n_bad > 0)
                motet_warn("\"%s\": %u lines make no sense and are forgotten", quarantine->path,
                           n_bad);
        forget_old(quarantine, limits, now);
        if (fchmod(fd, 0600) < 0 || !write_all(quarantine, fd, error)) {
                if (error && !*error)
                        fail(quarantine, "changed", error);
                close(fd);
                return false;
        }
        quarantine->fd = fd;
        log_crash_blame_to(fd);
        return true;
}

bool
quarantine_forget(Quarantine *quarantine, const char *module, unsigned *n_out, GError **error)
{
        int fd = quarantine->fd >= 0 ? quarantine->fd : open_file(quarantine, error);
        if (fd < 0)
                return false;

        *n_out = 0;
        for (guint i = quarantine->blames->len; i-- > 0;) {
                const Blame *blame = g_ptr_array_index(quarantine->blames, i);
                if (strcmp(blame->module, module) != 0)
                        continue;
                g_ptr_array_remove_index(quarantine->blames, i);
                ++*n_out;
        }
        bool is_written = *n_out == 0 || write_all(quarantine, fd, error);
        if (fd != quarantine->fd)
                close(fd);
        return is_written;
}

char *
quarantine_build(const struct stat *file)
{
        return g_strdup_printf("%" PRId64 ".%09ld-%" PRId64, (int64_t)file->st_mtim.tv_sec,
                               (long)file->st_mtim.tv_nsec, (int64_t)file->st_size);
}
