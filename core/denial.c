/*
 * denial: why a file cannot be opened.
 *
 * Source: landlock(7): it denies opening with EACCES, and has no say in what access(2) answers.
 */
#include "core/denial.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool
has_right(const char *path, int mode)
{
        if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0)
                return true;
        if (errno != ENOENT || mode != W_OK)
                return false;
        /* A file that was to be made. */
        g_autofree char *folder = g_path_get_dirname(path);
        return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
}

const char *
denial_advice(const char *path, int mode, int code)
{
        if (code != EACCES || !has_right(path, mode))
                return NULL;
        return "the server is confined to what its configuration named when it started: restart "
               "it, or name the folder in \"confine.also\" and restart it";
}

char *
denial_text(const char *path, int mode, int code)
{
        const char *advice = denial_advice(path, mode, code);

        return g_strdup(advice ? advice : g_strerror(code));
}
