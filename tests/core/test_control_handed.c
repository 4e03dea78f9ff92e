/*
 * Tests of core/control.h: descriptors that callers hand over, asked for or not. No caller makes
 * the server hold more than one.
 *
 * Source: unix(7), SCM_RIGHTS; SECURITY-DEFAULTS R14.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/command.h"
#include "core/control.h"
#include "core/descriptor.h"
#include "support/control_caller.h"
#include "support/test_server.h"

#define LOOK (500 * G_TIME_SPAN_MILLISECOND) /* of "module dev" */

/* A server with a driven clock, and a module beside it that is not installed. */
typedef struct {
        TestServer *test;
        Control *control;
        char *path; /* of the socket */
        char *file; /* mod_keeper.so */
        unsigned n_descriptors;
} Fixture;

static unsigned
count_descriptors(void)
{
        g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(dir))
                n++;
        return n;
}

/* Returns: (own) a copy that nobody else may write */
static char *
copy_module(const Fixture *fixture)
{
        g_autofree char *source = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules",
                                                   "mod_keeper.so", NULL);
        char *file = g_build_filename(test_server_dir(fixture->test), "mod_keeper.so", NULL);
        g_autofree char *bytes = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(source, &bytes, &n, NULL));
        g_assert_true(g_file_set_contents_full(file, bytes, (gssize)n, G_FILE_SET_CONTENTS_NONE,
                                               0755, NULL));
        return file;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        g_autofree char *modules =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        g_autofree char *yaml = g_strdup_printf("modules_dir: %s\nmodules:\n  speaker:\n", modules);

        (void)data;
        fixture->test = test_server_new_config(yaml);
        fixture->path = g_build_filename(test_server_dir(fixture->test), "motet.sock", NULL);
        fixture->file = copy_module(fixture);
        fixture->control = control_new(test_server_core(fixture->test), fixture->path, NULL);
        g_assert_nonnull(fixture->control);
        fixture->n_descriptors = count_descriptors();
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors);
        control_free(fixture->control);
        unlink(fixture->file);
        test_server_free(fixture->test);
        g_free(fixture->path);
        g_free(fixture->file);
}

static int
call(const Fixture *fixture)
{
        return control_caller_call(fixture->path, "", 0);
}

static char *
hear(Fixture *fixture, int fd)
{
        return control_caller_hear(server_base(test_server_core(fixture->test))->loop, fd);
}

/* Sends @text with @n times the descriptor @handed. */
static void
say_with(int fd, const char *text, int handed, unsigned n)
{
        union {
                struct cmsghdr head;
                char bytes[CMSG_SPACE(64 * sizeof(int))];
        } ancillary = {.head = {.cmsg_len = CMSG_LEN(n * sizeof handed),
                                .cmsg_level = SOL_SOCKET,
                                .cmsg_type = SCM_RIGHTS}};
        struct iovec part = {(char *)text, strlen(text)};
        const struct msghdr message = {.msg_iov = &part,
                                       .msg_iovlen = 1,
                                       .msg_control = &ancillary,
                                       .msg_controllen = CMSG_SPACE(n * sizeof handed)};

        g_assert_cmpuint(n, <=, 64);
        for (unsigned i = 0; i < n; i++)
                memcpy(CMSG_DATA(&ancillary.head) + i * sizeof handed, &handed, sizeof handed);
        g_assert_cmpint(sendmsg(fd, &message, MSG_NOSIGNAL), ==, (ssize_t)part.iov_len);
}

/* Returns: (own) a request */
static char *
development(const Fixture *fixture)
{
        const char *const words[] = {"module", "dev", fixture->file, NULL};

        return control_encode_words(words);
}

static int
open_file(const Fixture *fixture)
{
        return open(fixture->file, O_RDONLY | O_CLOEXEC);
}

/* What the server says until it has said @part; it goes on. */
static void
await_line(Fixture *fixture, int fd, const char *part)
{
        g_autoptr(GString) text = g_string_new(NULL);
        char buffer[4096];

        while (!strstr(text->str, part)) {
                ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
                if (n > 0)
                        g_string_append_len(text, buffer, n);
                else if (n == 0 || errno != EAGAIN)
                        g_error("\"%s\" is not in: %s", part, text->str);
                else
                        test_server_advance(fixture->test, LOOK);
        }
}

/* Tests */

static void
test_what_nobody_asks_for_is_closed(Fixture *fixture, gconstpointer data)
{
        int fd = call(fixture);
        int file = open_file(fixture);

        (void)data;
        say_with(fd, "greet list\n", file, 1);
        close(file);
        g_autofree char *answer = hear(fixture, fd);

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors);
}

/* With each byte of a request that never ends comes another one: the last is kept. */
static void
test_one_is_kept_of_a_caller(Fixture *fixture, gconstpointer data)
{
        int fd = call(fixture);
        int file = open_file(fixture);

        (void)data;
        for (unsigned i = 0; i < 200; i++) {
                say_with(fd, "a", file, 1);
                test_server_settle(fixture->test);
                /* The caller's two ends, its file, and one more. */
                g_assert_cmpuint(count_descriptors(), <=, fixture->n_descriptors + 4);
        }
        close(file);
        g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors + 3);
        close(fd);
        test_server_settle(fixture->test);
        g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors);
}

/* More than one at once are none, however many. */
static void
test_several_at_once_are_closed(Fixture *fixture, gconstpointer data)
{
        static const unsigned counts[] = {2, 3, 64};
        g_autofree char *request = development(fixture);

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
                int fd = call(fixture);
                int file = open_file(fixture);
                say_with(fd, request, file, counts[i]);
                close(file);
                g_autofree char *answer = hear(fixture, fd);
                g_assert_nonnull(strstr(answer, "did%20not%20come"));
                g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors);
        }
}

/* R28: who may not give the command is refused before anything of his is read. */
static void
test_what_others_hand_over_is_not_taken(Fixture *fixture, gconstpointer data)
{
        g_autofree char *request = development(fixture);

        (void)data;
        if (geteuid() != 0) {
                g_test_skip("only root becomes another user");
                return;
        }
        g_assert_cmpint(chmod(test_server_dir(fixture->test), 0711), ==, 0);
        g_assert_cmpint(chmod(fixture->path, 0666), ==, 0);
        int file = open_file(fixture);
        g_assert_cmpint(seteuid(65534), ==, 0);
        int fd = call(fixture);
        say_with(fd, request, file, 1);
        g_assert_cmpint(seteuid(0), ==, 0);
        close(file);

        g_autofree char *answer = hear(fixture, fd);
        g_assert_true(g_str_has_suffix(answer, "\nexit 77\n"));
        g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors);
}

/* The command's last words come when the caller has gone, and with him all that he handed over. */
static void
test_a_module_is_handed_over_again_and_again(Fixture *fixture, gconstpointer data)
{
        g_autofree char *request = development(fixture);
        int fd = call(fixture);
        int file = open_file(fixture);

        (void)data;
        say_with(fd, request, file, 1);
        await_line(fixture, fd, "%20is%20watched");
        unsigned n_before = count_descriptors();
        /* One after the other; then a hundred at once, of which several are looked at together. */
        for (unsigned i = 0; i < 3; i++) {
                say_with(fd, "\n", file, 1);
                await_line(fixture, fd, "new%20code%20on");
                g_assert_cmpuint(count_descriptors(), ==, n_before);
        }
        for (unsigned i = 0; i < 100; i++)
                say_with(fd, "not read as anything\n", file, 1);
        await_line(fixture, fd, "new%20code%20on");
        g_assert_cmpuint(count_descriptors(), ==, n_before);

        close(file);
        close(fd);
        test_server_advance(fixture->test, 2 * LOOK);
        g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors);
}

/* What is handed over behind a request that is refused, or while a command goes on that does not
 * ask, never comes into the process. */
static void
test_what_follows_a_request_is_left_to_the_kernel(Fixture *fixture, gconstpointer data)
{
        int fd = call(fixture);
        int file = open_file(fixture);

        (void)data;
        say_with(fd, "trace --jid romeo@example.org --for 60s\n", file, 1);
        await_line(fixture, fd, "watching");
        unsigned n_before = count_descriptors();
        for (unsigned i = 0; i < 50; i++)
                say_with(fd, "x", file, 1);
        test_server_advance(fixture->test, 2 * LOOK);
        g_assert_cmpuint(count_descriptors(), ==, n_before);

        close(file);
        close(fd);
        test_server_advance(fixture->test, 2 * G_TIME_SPAN_MINUTE);
        g_assert_cmpuint(count_descriptors(), ==, fixture->n_descriptors);
}

#define ADD(name, func) g_test_add("/control-handed/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("what-nobody-asks-for-is-closed", test_what_nobody_asks_for_is_closed);
        ADD("one-is-kept-of-a-caller", test_one_is_kept_of_a_caller);
        ADD("several-at-once-are-closed", test_several_at_once_are_closed);
        ADD("what-others-hand-over-is-not-taken", test_what_others_hand_over_is_not_taken);
        ADD("a-module-is-handed-over-again-and-again",
            test_a_module_is_handed_over_again_and_again);
        ADD("what-follows-a-request-is-left-to-the-kernel",
            test_what_follows_a_request_is_left_to_the_kernel);
        return g_test_run();
}
