/*
 * Tests of what descriptors leave to their caller.
 */
#include "core/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

typedef struct {
        int fd;
        size_t n; /* bytes read until the end */
} Reader;

static void *
read_slowly(void *data)
{
        Reader *reader = data;
        char bytes[1000];
        ssize_t n;

        while ((n = read(reader->fd, bytes, sizeof bytes)) > 0)
                reader->n += (size_t)n;
        return NULL;
}

/* write(2): less than was asked for may be taken. */
static void
test_more_than_a_pipe_holds_is_written(void)
{
        const size_t n = 1000000;
        g_autofree char *bytes = g_malloc0(n);
        int ends[2];

        g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
        Reader reader = {.fd = ends[0]};
        GThread *thread = g_thread_new("reader", read_slowly, &reader);

        bool is_written = descriptor_write_all(ends[1], bytes, n);
        close(ends[1]);
        g_thread_join(thread);
        close(ends[0]);

        g_assert_true(is_written);
        g_assert_cmpuint(reader.n, ==, n);
}

static void
test_nothing_is_written_to_anything(void)
{
        g_assert_true(descriptor_write_all(-1, "", 0));
}

static void
test_a_failure_is_told_with_its_number(void)
{
        g_assert_false(descriptor_write_all(-1, "x", 1));
        g_assert_cmpint(errno, ==, EBADF);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/descriptor/more-than-a-pipe-holds-is-written",
                        test_more_than_a_pipe_holds_is_written);
        g_test_add_func("/descriptor/nothing-is-written-to-anything",
                        test_nothing_is_written_to_anything);
        g_test_add_func("/descriptor/a-failure-is-told-with-its-number",
                        test_a_failure_is_told_with_its_number);
        return g_test_run();
}
