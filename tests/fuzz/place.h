/*
 * place: a folder of a fuzz target's own, removed when the program ends.
 */
#pragma once

#include <ftw.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

static char *place;

static int
place_remove_entry(const char *path, const struct stat *file, int type, struct FTW *at)
{
        (void)file, (void)type, (void)at;
        return remove(path);
}

static void
place_remove(void)
{
        nftw(place, place_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_clear_pointer(&place, g_free);
}

/** place_dir: Returns: (borrowed) made at the first call */
static inline const char *
place_dir(void)
{
        if (!place) {
                place = g_dir_make_tmp("motet-fuzz-XXXXXX", NULL);
                g_assert_nonnull(place);
                g_assert_true(atexit(place_remove) == 0);
        }
        return place;
}
