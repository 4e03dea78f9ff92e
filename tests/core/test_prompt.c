/*
 * Tests of core/prompt.h: one line of a descriptor. The questions on a terminal are in
 * tests/scenarios/test_motetctl.
 */
#include "core/prompt.h"

#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/control.h"

/* Returns: (own) what is read when @n bytes at @text and then nothing more come. */
static char *
read_from(const char *text, size_t n, char *rest_out, GError **error)
{
        int ends[2];

        g_assert_cmpint(pipe(ends), ==, 0);
        g_assert_cmpint(write(ends[1], text, n), ==, (ssize_t)n);
        close(ends[1]);
        char *line = prompt_read_line(ends[0], "password", error);
        if (rest_out)
                g_assert_cmpint(read(ends[0], rest_out, 1), ==, 1);
        close(ends[0]);
        return line;
}

static void
assert_read(const char *text, const char *expected)
{
        g_autoptr(GError) error = NULL;
        char *line = read_from(text, strlen(text), NULL, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(line, ==, expected);
        control_wipe(line);
}

static void
assert_refused(const char *text, size_t n, const char *reason)
{
        g_autoptr(GError) error = NULL;
        char *line = read_from(text, n, NULL, &error);

        g_assert_null(line);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, reason));
}

static void
test_a_line_is_read_as_it_is(void)
{
        assert_read("wherefore\n", "wherefore");
        assert_read(" with spaces \n", " with spaces ");
        assert_read("ünïcode ☃\n", "ünïcode ☃");
}

static void
test_the_last_line_needs_no_line_feed(void)
{
        assert_read("wherefore", "wherefore");
}

static void
test_what_is_behind_the_line_stays(void)
{
        char rest = 0;
        char *line = read_from("one\ntwo\n", 8, &rest, NULL);

        g_assert_cmpstr(line, ==, "one");
        g_assert_cmpint(rest, ==, 't');
        control_wipe(line);
}

static void
test_nothing_is_refused(void)
{
        assert_refused("", 0, "empty");
        assert_refused("\n", 1, "empty");
}

static void
test_what_is_no_text_is_refused(void)
{
        assert_refused("a\0b\n", 4, "UTF-8");
        assert_refused("a\xff\n", 3, "UTF-8");
}

/* PROMPT_SECRET_MAX: at it and one past it. */
static void
test_the_length_is_limited(void)
{
        g_autofree char *longest = g_strnfill(PROMPT_SECRET_MAX, 'x');
        g_autofree char *longest_line = g_strconcat(longest, "\n", NULL);
        g_autofree char *longer_line = g_strconcat("x", longest, "\n", NULL);

        assert_read(longest_line, longest);
        assert_refused(longer_line, strlen(longer_line), "longer than 1023 bytes");
}

static void
test_a_descriptor_that_fails_is_told(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_null(prompt_read_line(-1, "password", &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/prompt/a-line-is-read-as-it-is", test_a_line_is_read_as_it_is);
        g_test_add_func("/prompt/the-last-line-needs-no-line-feed",
                        test_the_last_line_needs_no_line_feed);
        g_test_add_func("/prompt/what-is-behind-the-line-stays",
                        test_what_is_behind_the_line_stays);
        g_test_add_func("/prompt/nothing-is-refused", test_nothing_is_refused);
        g_test_add_func("/prompt/what-is-no-text-is-refused", test_what_is_no_text_is_refused);
        g_test_add_func("/prompt/the-length-is-limited", test_the_length_is_limited);
        g_test_add_func("/prompt/a-descriptor-that-fails-is-told",
                        test_a_descriptor_that_fails_is_told);
        return g_test_run();
}
