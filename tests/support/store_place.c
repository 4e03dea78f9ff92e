/*
 * store_place: see the header.
 */
#include "support/store_place.h"

#include <glib/gstdio.h>

StorePlace *
store_place_new(void)
{
        StorePlace *place = g_new0(StorePlace, 1);

        place->dir = g_dir_make_tmp("motet-sqlite-XXXXXX", NULL);
        g_assert_nonnull(place->dir);
        place->file = g_build_filename(place->dir, "data", "test.sqlite", NULL);
        return place;
}

void
store_place_free(StorePlace *place)
{
        g_autofree char *folder = g_path_get_dirname(place->file);
        GDir *dir = g_dir_open(folder, 0, NULL);
        const char *name;

        while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
                g_autofree char *path = g_build_filename(folder, name, NULL);

                g_unlink(path);
        }
        g_clear_pointer(&dir, g_dir_close);
        g_rmdir(folder);
        g_rmdir(place->dir);
        g_free(place->dir);
        g_free(place->file);
        g_free(place);
}

char *
store_place_config(const char *file, const char *options)
{
        return g_strdup_printf(STORE_PLACE_CONFIG
                               "modules: {storage_sqlite: {options: {file: '%s'%s}}, iq: }\n",
                               file, options);
}

StoreKit *
store_place_open(const StorePlace *place, const char *options)
{
        g_autofree char *yaml = store_place_config(place->file, options);

        return store_kit_start(test_server_new_config(yaml));
}

char *
store_place_refuse(const StorePlace *place, const char *options)
{
        g_autofree char *yaml = store_place_config(place->file, options);

        return test_server_refuse(yaml);
}
