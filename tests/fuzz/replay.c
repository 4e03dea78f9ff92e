/*
 * replay: runs a fuzz target over every file of the folders given as arguments, without a fuzzer.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gint
compare_names(gconstpointer a, gconstpointer b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Returns: (own) the names, in the same order everywhere, as a server has many inputs */
static GPtrArray *
list_folder(const char *folder, GError **error)
{
        g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
        if (!dir)
                return NULL;
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

        for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
                g_ptr_array_add(names, g_strdup(name));
        g_ptr_array_sort(names, compare_names);
        return names;
}

static unsigned
replay_folder(const char *folder)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) names = list_folder(folder, &error);
        if (!names) {
                fprintf(stderr, "%s\n", error->message);
                exit(EXIT_FAILURE);
        }

        for (guint i = 0; i < names->len; i++) {
                g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
                g_autofree char *bytes = NULL;
                gsize len = 0;
                if (!g_file_get_contents(path, &bytes, &len, &error)) {
                        fprintf(stderr, "%s\n", error->message);
                        exit(EXIT_FAILURE);
                }
                /* Exactly its size, so that a read beyond the end is seen; a fuzzer never gives
                 * NULL. */
                g_autofree uint8_t *exact = g_malloc(MAX(len, 1));
                memcpy(exact, bytes, len);
                LLVMFuzzerTestOneInput(exact, len);
        }
        return names->len;
}

int
main(int argc, char **argv)
{
        unsigned n_files = 0;

        for (int i = 1; i < argc; i++)
                n_files += replay_folder(argv[i]);
        printf("%u inputs replayed\n", n_files);
        return n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
