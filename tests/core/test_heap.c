/*
 * Tests of core/heap.h: what one thread allocates and frees is counted, while somebody counts.
 */
#include "core/heap.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1024 * 1024)

static void
start(void)
{
        g_autoptr(GError) error = NULL;

        heap_count_start(&error);
        g_assert_no_error(error);
}

/* What the compiler cannot know to be unused. */
static void *volatile kept;

static void
test_kept_and_freed(void)
{
        start();
        kept = g_malloc(MIB);
        HeapCount one = heap_count();
        g_free(kept);
        HeapCount both = heap_count();
        heap_count_stop();

        g_assert_cmpuint(one.allocated, >=, MIB);
        g_assert_cmpuint(one.allocated, <, 2 * MIB);
        g_assert_cmpuint(one.freed, ==, 0);
        g_assert_cmpuint(both.allocated, ==, one.allocated);
        g_assert_cmpuint(both.freed, ==, one.allocated);
}

/* What a block had before is no new memory. */
static void
test_growing_counts_the_difference(void)
{
        kept = malloc(MIB);
        size_t first = malloc_usable_size(kept);

        start();
        kept = realloc(kept, 3 * MIB);
        size_t grown = malloc_usable_size(kept);
        HeapCount more = heap_count();
        kept = realloc(kept, MIB);
        size_t shrunk = malloc_usable_size(kept);
        HeapCount less = heap_count();
        heap_count_stop();
        free(kept);

        g_assert_cmpuint(more.allocated, ==, grown - first);
        g_assert_cmpuint(more.freed, ==, 0);
        g_assert_cmpuint(less.allocated, ==, more.allocated);
        g_assert_cmpuint(less.freed, ==, grown - shrunk);
}

/* Every way to ask for memory, and those of libraries. */
static void
test_all_ways_are_counted(void)
{
        start();
        void *blocks[] = {calloc(4, MIB / 4), aligned_alloc(64, MIB), memalign(64, MIB),
                          g_strnfill(MIB, 'x'), NULL};
        g_assert_cmpint(posix_memalign(&blocks[4], 64, MIB), ==, 0);
        HeapCount all = heap_count();
        for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++)
                free(blocks[i]);
        HeapCount none = heap_count();
        char *text = NULL;
        int n = asprintf(&text, "%d", 1);
        HeapCount after = heap_count();
        free(text);
        heap_count_stop();

        g_assert_cmpuint(all.allocated, >=, 5 * MIB);
        g_assert_cmpuint(none.freed, ==, all.allocated);
        g_assert_cmpint(n, ==, 1);
        g_assert_cmpuint(after.allocated, >, none.allocated);
}

static void *
allocate(void *data)
{
        void **block = data;

        *block = g_malloc(MIB);
        return NULL;
}

static void
test_other_threads_are_not_counted(void)
{
        void *block = NULL;

        start();
        g_thread_join(g_thread_new("other", allocate, &block));
        HeapCount theirs = heap_count();
        g_free(block);
        HeapCount ours = heap_count();
        heap_count_stop();

        g_assert_cmpuint(theirs.allocated, <, MIB);
        g_assert_cmpuint(ours.freed, >=, MIB);
}

static void
test_nothing_is_counted_afterwards(void)
{
        start();
        heap_count_stop();
        kept = g_malloc(MIB);
        HeapCount after = heap_count();
        g_free(kept);
        start();
        HeapCount anew = heap_count();
        heap_count_stop();

        g_assert_cmpuint(after.allocated, <, MIB);
        g_assert_cmpuint(anew.allocated, ==, 0);
        g_assert_cmpuint(anew.freed, ==, 0);
}

typedef void *(*Allocate)(uint64_t n);
typedef void (*Free)(void *block);

/* A library that is opened meanwhile has a table of its own. */
static void
test_what_is_opened_later_is_counted(void)
{
        start();
        void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
        g_assert_nonnull(library);
        Allocate allocate_there = (Allocate)dlsym(library, "sqlite3_malloc64");
        Free free_there = (Free)dlsym(library, "sqlite3_free");
        kept = allocate_there(MIB);
        HeapCount before = heap_count();
        free_there(kept);
        heap_count_extend();
        kept = allocate_there(MIB);
        HeapCount after = heap_count();
        free_there(kept);
        heap_count_stop();
        dlclose(library);

        g_assert_cmpuint(before.allocated, <, MIB);
        g_assert_cmpuint(after.allocated, >=, MIB);
}

static void
test_only_one_counts(void)
{
        g_autoptr(GError) error = NULL;

        start();
        g_assert_false(heap_count_start(&error));
        heap_count_stop();

        g_assert_nonnull(error);
}

#define N_COUNTS 200

static void *
open_and_close(void *has_ended)
{
        while (!g_atomic_int_get((int *)has_ended)) {
                void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
                g_assert_nonnull(library);
                dlclose(library);
        }
        return NULL;
}

/* dl_iterate_phdr(3) shows a library before the loader has written its table and sealed it: it is
 * the loader's until then, who would write into what is read-only. */
static void
test_another_thread_may_open_a_library(void)
{
        int has_ended = 0;
        GThread *other = g_thread_new("other", open_and_close, &has_ended);

        for (unsigned i = 0; i < N_COUNTS; i++) {
                start();
                heap_count_extend();
                heap_count_stop();
        }
        g_atomic_int_set(&has_ended, 1);
        g_thread_join(other);
}

/* Every mapping of a file: where it is, what may be done with it, and what it is of. */
static char *
mappings(void)
{
        g_autofree char *text = NULL;
        GString *files = g_string_new(NULL);

        g_assert_true(g_file_get_contents("/proc/self/maps", &text, NULL, NULL));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (strchr(*line, '/'))
                        g_string_append_printf(files, "%s\n", *line);
        }
        return g_string_free(files, FALSE);
}

/* What was read-only, to be no prey of who finds a way to write, stays that. */
static void
test_tables_stay_read_only(void)
{
        g_autofree char *before = mappings();

        start();
        g_autofree char *meanwhile = mappings();
        heap_count_stop();
        g_autofree char *after = mappings();

        g_assert_cmpstr(meanwhile, ==, before);
        g_assert_cmpstr(after, ==, before);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/heap/what-is-kept-and-what-is-freed-is-counted", test_kept_and_freed);
        g_test_add_func("/heap/growing-counts-the-difference", test_growing_counts_the_difference);
        g_test_add_func("/heap/all-ways-are-counted", test_all_ways_are_counted);
        g_test_add_func("/heap/other-threads-are-not-counted", test_other_threads_are_not_counted);
        g_test_add_func("/heap/nothing-is-counted-afterwards", test_nothing_is_counted_afterwards);
        g_test_add_func("/heap/what-is-opened-later-is-counted",
                        test_what_is_opened_later_is_counted);
        g_test_add_func("/heap/another-thread-may-open-a-library-meanwhile",
                        test_another_thread_may_open_a_library);
        g_test_add_func("/heap/only-one-counts", test_only_one_counts);
        g_test_add_func("/heap/tables-stay-read-only", test_tables_stay_read_only);
        return g_test_run();
}
