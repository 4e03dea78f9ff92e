/*
 * test_log_writer: a log that nobody reads keeps nobody waiting, and what can be kept is kept.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

#define LONG (60 * G_USEC_PER_SEC) /* for what must happen */
#define SHORT (20 * 1000)          /* for what must not */

typedef struct {
        char *folder, *path;
        int ends[2]; /* of a pipe that is full until it is read */
        size_t n_filler;
} Fixture;

static void
set_up(Fixture *f, const void *data)
{
        (void)data;
        f->folder = g_dir_make_tmp("motet-log-XXXXXX", NULL);
        f->path = g_build_filename(f->folder, "log", NULL);
        g_assert_cmpint(pipe2(f->ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
        while (write(f->ends[1], "\n", 1) == 1)
                f->n_filler++;
        log_set_level(MOTET_LOG_DEBUG);
        log_set_rate(0);
}

static void
tear_down(Fixture *f, const void *data)
{
        (void)data;
        g_assert_true(log_set_target("stderr", NULL));
        close(f->ends[0]);
        close(f->ends[1]);
        g_unlink(f->path);
        g_rmdir(f->folder);
        g_free(f->path);
        g_free(f->folder);
}

static void
log_to(const char *path)
{
        const LogOutput output = {.target = path, .format = LOG_FORMAT_TEXT};
        g_autoptr(GError) error = NULL;

        g_assert_true(log_set_output(&output, &error));
        g_assert_no_error(error);
}

static void
log_to_full_pipe(const Fixture *f)
{
        g_autofree char *path = g_strdup_printf("/dev/fd/%d", f->ends[1]);

        log_to(path);
}

static char *
read_file(const Fixture *f)
{
        char *text = NULL;

        g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
        return text;
}

/* @text has lines "... test: <number> …" with these numbers, one after the other. */
static void
assert_numbers(const char *text, unsigned first, unsigned n)
{
        const char *p = text;

        for (unsigned i = first; i < first + n; i++) {
                g_autofree char *part = g_strdup_printf(" test: %u ", i);
                const char *end = strchr(p, '\n');
                g_assert_nonnull(end);
                const char *found = strstr(p, part);
                g_assert_true(found && found < end);
                p = end + 1;
        }
        g_assert_cmpstr(p, ==, "");
}

static void
test_lines_stay_in_order(Fixture *f, const void *data)
{
        (void)data;
        log_to(f->path);
        log_start();
        log_start();
        for (unsigned i = 0; i < 500; i++)
                motet_info("%u x", i);
        g_assert_true(log_flush(LONG));
        g_autofree char *text = read_file(f);
        assert_numbers(text, 0, 500);

        motet_info("500 x");
        g_assert_true(log_stop(LONG));
        motet_info("501 x"); /* without a thread: at once */
        g_autofree char *whole = read_file(f);
        assert_numbers(whole, 0, 502);
}

/* The ring is bounded: what finds no room is counted, and told when there is room. */
static void
test_a_stalled_reader_loses_lines_and_is_told(Fixture *f, const void *data)
{
        g_autofree char *fill = g_strnfill(900, 'x');
        g_autoptr(GString) text = g_string_new(NULL);
        const unsigned n_said = 2 * LOG_QUEUE_SIZE / 900;
        char piece[4096];

        (void)data;
        log_to_full_pipe(f);
        log_start();
        for (unsigned i = 0; i < n_said; i++)
                motet_info("%u %s", i, fill);
        motet_warn("warned %s", fill); /* the last eighth is kept for such */
        g_assert_false(log_flush(SHORT));

        while (!strstr(text->str, "lines lost")) {
                ssize_t n = read(f->ends[0], piece, sizeof piece);
                if (n > 0)
                        g_string_append_len(text, piece, n);
                else
                        g_thread_yield();
        }
        g_assert_true(log_stop(LONG));

        g_string_erase(text, 0, (gssize)f->n_filler);
        const char *warned = strstr(text->str, "warn test: warned");
        g_assert_nonnull(warned);
        const char *told = strstr(warned, "warn log: ");
        g_assert_nonnull(told);
        unsigned n_lost = (unsigned)g_ascii_strtoull(told + strlen("warn log: "), NULL, 10);
        g_assert_cmpuint(n_lost, >, n_said / 3);
        g_autofree char *kept = g_strndup(text->str, (gsize)(warned - text->str));
        *(strrchr(kept, '\n') + 1) = '\0';
        assert_numbers(kept, 0, n_said - n_lost);
}

static void *
say_some(void *data)
{
        for (unsigned i = 0; i < 200; i++)
                motet_log(MOTET_LOG_INFO, data, "%u x", i);
        return NULL;
}

static void
test_workers_are_heard(Fixture *f, const void *data)
{
        static const char *const names[] = {"one", "two", "three"};
        GThread *threads[G_N_ELEMENTS(names)];

        (void)data;
        log_to(f->path);
        log_start();
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                threads[i] = g_thread_new(names[i], say_some, (void *)names[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                g_thread_join(threads[i]);
        g_assert_true(log_stop(LONG));

        g_autofree char *text = read_file(f);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        unsigned next[G_N_ELEMENTS(names)] = {0};
        g_assert_cmpuint(g_strv_length(lines), ==, 601);
        for (unsigned l = 0; l < 600; l++) {
                unsigned n_found = 0;
                for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                        g_autofree char *end = g_strdup_printf(" info %s: %u x", names[i], next[i]);
                        if (!g_str_has_suffix(lines[l], end))
                                continue;
                        next[i]++;
                        n_found++;
                }
                g_assert_cmpuint(n_found, ==, 1);
        }
}

/* A file that was moved away is opened again: what waits goes to the new one. */
static void
test_the_target_changes(Fixture *f, const void *data)
{
        g_autofree char *moved = g_strconcat(f->path, ".1", NULL);

        (void)data;
        log_to(f->path);
        log_start();
        motet_info("0 x");
        g_assert_true(log_flush(LONG));
        g_assert_cmpint(g_rename(f->path, moved), ==, 0);
        log_to(f->path);
        motet_info("1 x");
        g_assert_true(log_stop(LONG));

        g_autofree char *text = read_file(f);
        assert_numbers(text, 1, 1);
        g_unlink(moved);
}

/* The end of the server does not hang on who reads its log. */
static void
stop_while_stalled(Fixture *f)
{
        log_to_full_pipe(f);
        log_start();
        for (unsigned i = 0; i < 100; i++)
                motet_info("%u x", i);
        g_assert_false(log_stop(SHORT));
        for (unsigned i = 0; i < 100; i++)
                motet_info("%u x", i);
        g_assert_false(log_stop(SHORT));
        _exit(0);
}

static void
test_stopping_does_not_hang(Fixture *f, const void *data)
{
        (void)data;
        if (g_test_subprocess())
                stop_while_stalled(f);
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
}

/* Lines wait behind a reader that is stuck; then the process dies. */
static void
die(Fixture *f, int number)
{
        log_catch_crashes();
        log_to_full_pipe(f);
        log_start();
        motet_info("stuck");
        g_assert_false(log_flush(SHORT));
        log_to(g_getenv("MOTET_TEST_LOG"));
        for (unsigned i = 0; i < 100; i++)
                motet_info("%u x", i);
        raise(number);
        _exit(0);
}

/* Behind the last words: how it came there, a line a frame, and nothing else. */
static void
assert_frames(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        unsigned n = g_strv_length(lines) - 1;

        g_assert_cmpuint(n, >, 2);
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *frame = g_strdup_printf(" error main:   #%u ", i);
                g_assert_nonnull(strstr(lines[i], frame));
        }
        g_assert_cmpstr(lines[n], ==, "");
}

static void
assert_last_words(Fixture *f, int number, const char *words)
{
        if (g_test_subprocess())
                die(f, number);
        g_setenv("MOTET_TEST_LOG", f->path, TRUE);
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_failed();

        /* The line that was under way comes twice at most: first, before those that waited. */
        g_autofree char *text = read_file(f);
        char *last = strstr(text, words);
        g_assert_nonnull(last);
        assert_frames(strchr(last, '\n') + 1);
        while (last > text && last[-1] != '\n')
                last--;
        *last = '\0';
        const char *stuck = strstr(text, " test: stuck\n");
        g_assert_nonnull(stuck);
        assert_numbers(strchr(stuck, '\n') + 1, 0, 100);
}

static void
test_abort_loses_nothing(Fixture *f, const void *data)
{
        (void)data;
        assert_last_words(f, SIGABRT,
                          " error main: aborted: a broken invariant, no memory left, or the "
                          "watchdog (SIGABRT), outside any module\n");
}

static void
test_a_crash_loses_nothing(Fixture *f, const void *data)
{
        (void)data;
        assert_last_words(
                f, SIGSEGV,
                " error main: crashed: an invalid address (SIGSEGV), outside any module\n");
}

#define ADD(path, func) g_test_add("/log_writer/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("lines-stay-in-order", test_lines_stay_in_order);
        ADD("a-stalled-reader-loses-lines-and-is-told",
            test_a_stalled_reader_loses_lines_and_is_told);
        ADD("workers-are-heard", test_workers_are_heard);
        ADD("the-target-changes", test_the_target_changes);
        ADD("stopping-does-not-hang", test_stopping_does_not_hang);
        ADD("abort-loses-nothing", test_abort_loses_nothing);
        ADD("a-crash-loses-nothing", test_a_crash_loses_nothing);
        return g_test_run();
}
