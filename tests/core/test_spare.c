/*
 * Tests of core/spare.h: when memory that was freed is given back, and that it is then gone.
 */
#include "core/spare.h"

#include <stdlib.h>
#include <string.h>

#include "core/heap.h"
#include "core/process.h"

#define MIB ((uint64_t)1024 * 1024)

/* A loop with a driven clock, and a heap that says what it is told. */
typedef struct {
        Loop *loop;
        Spare *spare;
        uint64_t turns, resident, unused;
        uint64_t gain; /* that giving back has */
        unsigned n_given;
} Fixture;

static uint64_t
turns(void *data)
{
        return ((const Fixture *)data)->turns;
}

static uint64_t
resident(void *data)
{
        return ((const Fixture *)data)->resident;
}

static uint64_t
unused(void *data)
{
        return ((const Fixture *)data)->unused;
}

static void
give_back(void *data)
{
        Fixture *fixture = data;

        fixture->n_given++;
        fixture->resident -= fixture->gain;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        const SpareHeap heap = {turns, resident, unused, give_back, fixture};

        (void)data;
        fixture->loop = loop_new(true);
        fixture->resident = 12 * MIB;
        fixture->spare = spare_new(fixture->loop, &heap);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        spare_free(fixture->spare);
        loop_free(fixture->loop);
}

static void
pass_minute(Fixture *fixture, unsigned n_turns)
{
        fixture->turns += n_turns;
        loop_advance(fixture->loop, SPARE_INTERVAL);
}

static void
peak(Fixture *fixture)
{
        fixture->resident += 16 * MIB;
        fixture->unused = 16 * MIB;
        fixture->gain = 15 * MIB;
}

static void
test_what_a_peak_leaves_is_given_back_once(Fixture *fixture, gconstpointer data)
{
        (void)data;
        peak(fixture);
        for (unsigned i = 0; i < 5; i++)
                pass_minute(fixture, 0);

        g_assert_cmpuint(fixture->n_given, ==, 1);
}

/* What was given back counts as unused still, so that only the process's memory shows the next. */
static void
test_so_is_what_the_next_peak_leaves(Fixture *fixture, gconstpointer data)
{
        (void)data;
        peak(fixture);
        pass_minute(fixture, 0);
        peak(fixture);
        pass_minute(fixture, 0);

        g_assert_cmpuint(fixture->n_given, ==, 2);
}

/* The limit: at it and one past it. */
static void
test_who_has_much_to_do_is_left_alone(Fixture *fixture, gconstpointer data)
{
        (void)data;
        peak(fixture);
        for (unsigned i = 0; i < 3; i++)
                pass_minute(fixture, SPARE_QUIET_TURNS + 1);
        g_assert_cmpuint(fixture->n_given, ==, 0);

        pass_minute(fixture, SPARE_QUIET_TURNS);
        g_assert_cmpuint(fixture->n_given, ==, 1);
}

static void
test_a_little_is_kept(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->resident += 60 * MIB;
        fixture->unused = SPARE_MIN - 1;
        pass_minute(fixture, 0);
        g_assert_cmpuint(fixture->n_given, ==, 0);

        fixture->unused = SPARE_MIN;
        pass_minute(fixture, 0);
        g_assert_cmpuint(fixture->n_given, ==, 1);
}

/* What lies in pieces between what is used stays; it is not tried again each minute, but when much
 * more was freed. */
static void
test_what_cannot_be_given_is_not_tried_again(Fixture *fixture, gconstpointer data)
{
        (void)data;
        peak(fixture);
        fixture->gain = 0;
        for (unsigned i = 0; i < 3; i++)
                pass_minute(fixture, 0);
        g_assert_cmpuint(fixture->n_given, ==, 1);

        fixture->unused += SPARE_MIN - 1;
        pass_minute(fixture, 0);
        g_assert_cmpuint(fixture->n_given, ==, 1);
        fixture->unused++;
        pass_minute(fixture, 0);
        g_assert_cmpuint(fixture->n_given, ==, 2);
}

/* Of the process's own heap: pieces of pages between others that stay. */
static void
test_the_heap_gives_pages_back(void)
{
        enum { N = 65536, SIZE = 1000, KEPT = 1000 };
        g_autofree char **pieces = g_new0(char *, N);

        for (unsigned i = 0; i < N; i++) {
                pieces[i] = malloc(SIZE);
                memset(pieces[i], 1, SIZE);
        }
        uint64_t at_peak = process_usage().resident;
        for (unsigned i = 0; i < N; i++) {
                if (i % KEPT != 0)
                        free(pieces[i]);
        }
        uint64_t n_unused = heap_unused();
        heap_give_back();
        uint64_t afterwards = process_usage().resident;
        for (unsigned i = 0; i < N; i += KEPT)
                free(pieces[i]);

        if (n_unused == 0) {
                g_test_skip("this C library, or the sanitizer in its place, does not tell");
                return;
        }
        g_assert_cmpuint(n_unused, >=, 60 * MIB);
        g_assert_cmpuint(afterwards + 50 * MIB, <, at_peak);
}

#define ADD(name, func) g_test_add("/spare/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("what-a-peak-leaves-is-given-back-once", test_what_a_peak_leaves_is_given_back_once);
        ADD("so-is-what-the-next-peak-leaves", test_so_is_what_the_next_peak_leaves);
        ADD("who-has-much-to-do-is-left-alone", test_who_has_much_to_do_is_left_alone);
        ADD("a-little-is-kept", test_a_little_is_kept);
        ADD("what-cannot-be-given-is-not-tried-again",
            test_what_cannot_be_given_is_not_tried_again);
        g_test_add_func("/spare/the-heap-gives-pages-back", test_the_heap_gives_pages_back);
        return g_test_run();
}
