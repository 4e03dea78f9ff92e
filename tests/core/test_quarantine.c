/*
 * Tests of quarantine: what is remembered of crashes, and what is made of it.
 */
#include "core/quarantine.h"

#include <glib/gstdio.h>
#include <motet/log.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/log_crash.h"

#define NOW 1700000000
#define HOUR 3600

typedef struct {
        char *dir, *path;
        CoreLimits limits;
        GString *log;
} Fixture;

static void
take_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        (void)level, (void)source;
        g_string_append_printf(data, "%s\n", text);
}

static void
set_up(Fixture *f, gconstpointer data)
{
        (void)data;
        f->dir = g_dir_make_tmp("motet-quarantine-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, QUARANTINE_FILE, NULL);
        f->log = g_string_new(NULL);
        limits_default(&f->limits);
        log_set_func(take_line, f->log);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
        (void)data;
        log_set_func(NULL, NULL);
        g_remove(f->path);
        g_rmdir(f->dir);
        g_string_free(f->log, TRUE);
        g_free(f->path);
        g_free(f->dir);
}

static void
write_file(const Fixture *f, const char *text)
{
        g_assert_true(g_file_set_contents(f->path, text, -1, NULL));
}

static void
assert_file(const Fixture *f, const char *expected)
{
        g_autofree char *text = NULL;

        g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, expected);
}

static Quarantine *
read_and_open(Fixture *f, int64_t now)
{
        Quarantine *quarantine = quarantine_read(f->dir);

        g_assert_true(quarantine_open(quarantine, &f->limits, now, NULL));
        return quarantine;
}

static void
test_without_a_file_nobody_is_held(Fixture *f, gconstpointer data)
{
        (void)data;
        g_autoptr(Quarantine) quarantine = quarantine_read(f->dir);
        unsigned n;

        g_assert_false(quarantine_holds(quarantine, "a", "1", &f->limits));
        g_assert_null(quarantine_last(quarantine, "a", "1", &n));
        g_assert_cmpuint(n, ==, 0);
}

/* limits.module_crashes within limits.module_crash_period: at the limit, and one short of it */
static void
test_so_many_crashes_hold(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "1700000000 a - 1 timer\n1700000001 b x.org 1 timer\n"
                      "1700000002 a - 1 load\n1700000003 b x.org 1 message/bare\n"
                      "1700000004 a x.org 1 answer of the storage\n");
        g_autoptr(Quarantine) quarantine = quarantine_read(f->dir);
        unsigned n;

        g_assert_true(quarantine_holds(quarantine, "a", "1", &f->limits));
        g_assert_false(quarantine_holds(quarantine, "b", "1", &f->limits));
        const Blame *last = quarantine_last(quarantine, "a", "1", &n);
        g_assert_cmpuint(n, ==, 3);
        g_assert_cmpstr(last->host, ==, "x.org");
        g_assert_cmpstr(last->what, ==, "answer of the storage");
        g_assert_cmpint(last->when, ==, 1700000004);
}

static void
test_crashes_far_apart_do_not(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "1700000000 a - 1 t\n1700003000 a - 1 t\n1700003601 a - 1 t\n");
        g_autoptr(Quarantine) quarantine = quarantine_read(f->dir);

        g_assert_false(quarantine_holds(quarantine, "a", "1", &f->limits));
        f->limits.module_crash_period += G_TIME_SPAN_SECOND;
        g_assert_true(quarantine_holds(quarantine, "a", "1", &f->limits));
}

static void
test_zero_holds_nobody(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "1700000000 a - 1 t\n1700000000 a - 1 t\n1700000000 a - 1 t\n");
        g_autoptr(Quarantine) quarantine = quarantine_read(f->dir);

        f->limits.module_crashes = 0;
        g_assert_false(quarantine_holds(quarantine, "a", "1", &f->limits));
}

/* A newer file has another chance; where no build is known, every one is meant. */
static void
test_another_build_is_not_held(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "1700000000 a - 1 t\n1700000000 a - 1 t\n1700000000 a - 1 t\n"
                      "1700000000 b - - t\n1700000000 b - - t\n1700000000 b - - t\n");
        g_autoptr(Quarantine) quarantine = quarantine_read(f->dir);

        g_assert_true(quarantine_holds(quarantine, "a", "1", &f->limits));
        g_assert_false(quarantine_holds(quarantine, "a", "2", &f->limits));
        g_assert_true(quarantine_holds(quarantine, "b", "2", &f->limits));
}

static void
test_damage_is_passed_over_and_told(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "\n1 2\nnonsense\n-5 a - 1 t\n99999999999999999999 a - 1 t\n"
                      "1700000000 a - 1 t\n1700000000  - 1 t\n1700000000 a - 1 \xff\n1700000001 a");
        G_GNUC_UNUSED g_autoptr(Quarantine) quarantine = read_and_open(f, NOW);
        unsigned n;

        g_assert_nonnull(quarantine_last(quarantine, "a", "1", &n));
        g_assert_cmpuint(n, ==, 1);
        g_assert_nonnull(strstr(f->log->str, "7 lines make no sense and are forgotten"));
        assert_file(f, "1700000000 a - 1 t\n");
}

static void
test_a_huge_file_is_begun_anew(Fixture *f, gconstpointer data)
{
        (void)data;
        g_autofree char *text = g_strnfill(3 * LOG_CRASH_BLAMES_MAX, 'x');
        write_file(f, text);
        G_GNUC_UNUSED g_autoptr(Quarantine) quarantine = read_and_open(f, NOW);

        g_assert_nonnull(strstr(f->log->str, "is no list of crashes: it is begun anew"));
        assert_file(f, "");
}

/* Bounded, however often it crashes. */
static void
test_only_the_newest_are_kept(Fixture *f, gconstpointer data)
{
        (void)data;
        g_autoptr(GString) text = g_string_new(NULL);
        for (unsigned i = 0; i < QUARANTINE_MAX + 10; i++)
                g_string_append_printf(text, "%u a - 1 t\n", NOW + i);
        write_file(f, text->str);
        g_autoptr(Quarantine) quarantine = read_and_open(f, NOW + QUARANTINE_MAX + 10);
        unsigned n;

        const Blame *last = quarantine_last(quarantine, "a", "1", &n);
        g_assert_cmpuint(n, ==, QUARANTINE_MAX);
        g_assert_cmpint(last->when, ==, NOW + QUARANTINE_MAX + 9);
}

/* Quarantine lasts until somebody ends it; single crashes are forgotten. */
static void
test_what_is_old_counts_only_where_it_holds(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "1700000000 a - 1 t\n1700000000 a - 1 t\n1700000000 a - 1 t\n"
                      "1700000000 b - 1 t\n1700007200 c - 1 t\n");
        g_autoptr(Quarantine) quarantine = read_and_open(f, NOW + 2 * HOUR);

        g_assert_true(quarantine_holds(quarantine, "a", "1", &f->limits));
        assert_file(f, "1700000000 a - 1 t\n1700000000 a - 1 t\n1700000000 a - 1 t\n"
                       "1700007200 c - 1 t\n");
}

static void
test_the_file_is_for_nobody_else(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "");
        g_assert_cmpint(g_chmod(f->path, 0644), ==, 0);
        G_GNUC_UNUSED g_autoptr(Quarantine) quarantine = read_and_open(f, NOW);
        struct stat file;

        g_assert_cmpint(stat(f->path, &file), ==, 0);
        g_assert_cmpuint(file.st_mode & 07777, ==, 0600);
}

/* What another user put there is not followed. */
static void
test_a_link_is_refused(Fixture *f, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(symlink("/dev/null", f->path), ==, 0);
        g_autoptr(Quarantine) quarantine = quarantine_read(f->dir);
        g_autoptr(GError) error = NULL;

        g_assert_false(quarantine_open(quarantine, &f->limits, NOW, &error));
        g_assert_nonnull(error);
}

static void
test_forgetting_is_of_one_module(Fixture *f, gconstpointer data)
{
        (void)data;
        write_file(f, "1700000000 a - 1 t\n1700000001 b - 1 t\n1700000002 a x.org 2 t\n");
        g_autoptr(Quarantine) quarantine = quarantine_read(f->dir);
        unsigned n;

        g_assert_true(quarantine_forget(quarantine, "a", &n, NULL));

        g_assert_cmpuint(n, ==, 2);
        assert_file(f, "1700000001 b - 1 t\n");
        g_assert_true(quarantine_forget(quarantine, "a", &n, NULL));
        g_assert_cmpuint(n, ==, 0);
}

/* Builds differ in time or in size. */
static void
test_builds_are_told_apart(Fixture *f, gconstpointer data)
{
        (void)f, (void)data;
        struct stat file = {.st_mtim = {1700000000, 5}, .st_size = 10};
        g_autofree char *one = quarantine_build(&file);
        file.st_mtim.tv_nsec = 6;
        g_autofree char *later = quarantine_build(&file);
        file.st_size = 11;
        g_autofree char *longer = quarantine_build(&file);

        g_assert_cmpstr(one, ==, "1700000000.000000005-10");
        g_assert_cmpstr(one, !=, later);
        g_assert_cmpstr(later, !=, longer);
}

#define ADD(path, func) g_test_add("/quarantine/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("without-a-file-nobody-is-held", test_without_a_file_nobody_is_held);
        ADD("so-many-crashes-hold", test_so_many_crashes_hold);
        ADD("crashes-far-apart-do-not", test_crashes_far_apart_do_not);
        ADD("zero-holds-nobody", test_zero_holds_nobody);
        ADD("another-build-is-not-held", test_another_build_is_not_held);
        ADD("damage-is-passed-over-and-told", test_damage_is_passed_over_and_told);
        ADD("a-huge-file-is-begun-anew", test_a_huge_file_is_begun_anew);
        ADD("only-the-newest-are-kept", test_only_the_newest_are_kept);
        ADD("what-is-old-counts-only-where-it-holds", test_what_is_old_counts_only_where_it_holds);
        ADD("the-file-is-for-nobody-else", test_the_file_is_for_nobody_else);
        ADD("a-link-is-refused", test_a_link_is_refused);
        ADD("forgetting-is-of-one-module", test_forgetting_is_of_one_module);
        ADD("builds-are-told-apart", test_builds_are_told_apart);
        return g_test_run();
}
