/*
 * kept: see the header.
 */
#include "fuzz/kept.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>

/* One a program. */
static struct {
        const char *folder; /* NULL: nothing is kept */
        unsigned n;
        bool is_open;
} kept;

static char *
path_of(unsigned number)
{
        return g_strdup_printf("%s/%06u", kept.folder, number);
}

static void
forget(void)
{
        for (; kept.n > 0; kept.n--) {
                g_autofree char *path = path_of(kept.n - 1);
                g_remove(path);
        }
}

static void
forget_all(void)
{
        forget();
        g_rmdir(kept.folder);
}

static void
begin(void)
{
        kept.is_open = true;
        kept.folder = g_getenv("MOTET_FUZZ_KEEP");
        if (!kept.folder)
                return;
        /* What is there belongs to a failure. */
        if (g_mkdir(kept.folder, 0700) < 0)
                g_error("MOTET_FUZZ_KEEP=%s: %s: name a folder that does not exist yet",
                        kept.folder, g_strerror(errno));
        g_assert_true(atexit(forget_all) == 0);
}

void
kept_add(const uint8_t *bytes, size_t n, bool is_first)
{
        g_autoptr(GError) error = NULL;

        if (!kept.is_open)
                begin();
        if (!kept.folder)
                return;
        if (is_first)
                forget();
        g_autofree char *path = path_of(kept.n++);
        g_file_set_contents_full(path, (const char *)bytes, (gssize)n, G_FILE_SET_CONTENTS_NONE,
                                 0600, &error);
        g_assert_no_error(error);
}
