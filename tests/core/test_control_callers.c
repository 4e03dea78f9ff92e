/*
 * Tests of core/control.h: callers who may not give commands, who do not read, who go away; and
 * what the end of the server leaves of its socket.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/control.h"
#include "support/control_caller.h"
#include "support/test_server.h"

/* A server with a driven clock, one module that has commands, and an open control socket. */
typedef struct {
        char *path;
        TestServer *test;
        Loop *loop;
        Control *control;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
        g_autofree char *modules =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        g_autofree char *yaml = g_strdup_printf("modules_dir: %s\nmodules:\n  speaker:\n", modules);
        g_autoptr(GError) error = NULL;

        (void)data;
        fixture->test = test_server_new_config(yaml);
        fixture->loop = server_base(test_server_core(fixture->test))->loop;
        fixture->path = g_build_filename(test_server_dir(fixture->test), "motet.sock", NULL);
        fixture->control = control_new(test_server_core(fixture->test), fixture->path, &error);
        g_assert_no_error(error);
}

static void
close_control(Fixture *fixture)
{
        g_clear_pointer(&fixture->control, control_free);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        close_control(fixture);
        unlink(fixture->path);
        test_server_free(fixture->test);
        g_free(fixture->path);
}

static unsigned
n_descriptors(void)
{
        g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(dir))
                n++;
        return n;
}

static int
call(const Fixture *fixture, const char *request)
{
        return control_caller_call(fixture->path, request, strlen(request));
}

static char *
hear(Fixture *fixture, int fd)
{
        return control_caller_hear(fixture->loop, fd);
}

static void
assert_served(Fixture *fixture)
{
        g_autofree char *answer = hear(fixture, call(fixture, "greet list\n"));

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
}

/* R28: whoever came past the mode of the socket, such as by a copied descriptor, is asked who he
 * is. */
static void
test_others_may_not_give_commands(Fixture *fixture, gconstpointer data)
{
        (void)data;
        if (geteuid() != 0) {
                g_test_skip("only root becomes another user");
                return;
        }
        g_assert_cmpint(chmod(test_server_dir(fixture->test), 0711), ==, 0);
        g_assert_cmpint(chmod(fixture->path, 0666), ==, 0);
        g_assert_cmpint(seteuid(65534), ==, 0);
        int fd = call(fixture, "greet list\n");
        g_assert_cmpint(seteuid(0), ==, 0);

        g_autofree char *answer = hear(fixture, fd);
        g_assert_cmpstr(answer, ==,
                        "err only%20root%20and%20the%20server's%20own%20user%20may%20give%20"
                        "commands\nexit 77\n");
        assert_served(fixture);
}

/* A server that runs as that user takes his. */
static void
test_the_servers_own_user_may(Fixture *fixture, gconstpointer data)
{
        (void)data;
        if (geteuid() != 0) {
                g_test_skip("only root becomes another user");
                return;
        }
        g_assert_cmpint(chmod(test_server_dir(fixture->test), 0711), ==, 0);
        g_assert_cmpint(chmod(fixture->path, 0666), ==, 0);
        g_assert_cmpint(seteuid(65534), ==, 0);
        assert_served(fixture);
        g_assert_cmpint(seteuid(0), ==, 0);
}

/* Nothing of him stays, however far the answer had come. */
static void
test_who_goes_away_in_the_midst_of_an_answer_is_forgotten(Fixture *fixture, gconstpointer data)
{
        unsigned n_before = n_descriptors();
        int fd = call(fixture, "greet flood 1000\n");

        (void)data;
        test_server_settle(fixture->test);
        g_assert_cmpuint(n_descriptors(), ==, n_before + 2);
        close(fd);
        test_server_settle(fixture->test);
        g_assert_cmpuint(n_descriptors(), ==, n_before);
        assert_served(fixture);
}

/* Neither more can be said to him nor will he read what was: waiting for that would be for ever. */
static void
test_who_shuts_down_without_reading_is_let_go(Fixture *fixture, gconstpointer data)
{
        unsigned n_before = n_descriptors();
        int fd = call(fixture, "greet flood 1000\n");

        (void)data;
        test_server_settle(fixture->test);
        g_assert_cmpint(shutdown(fd, SHUT_RDWR), ==, 0);
        test_server_settle(fixture->test);
        g_assert_cmpuint(n_descriptors(), ==, n_before + 1);
        close(fd);
        assert_served(fixture);
}

/* CONTROL_ANSWER_MAX: what would come behind it is not kept. A line of "greet flood" is 1 KiB. */
static void
test_an_answer_is_cut_where_it_is_too_long(Fixture *fixture, gconstpointer data)
{
        g_autofree char *request = g_strdup_printf("greet flood %u\n", CONTROL_ANSWER_MAX / 512);
        unsigned n_before = n_descriptors();
        int fd = call(fixture, request);

        (void)data;
        test_server_settle(fixture->test);
        g_assert_cmpuint(n_descriptors(), ==, n_before + 1);
        g_autofree char *cut = hear(fixture, fd);
        g_assert_false(g_str_has_suffix(cut, "\nexit 0\n"));
        assert_served(fixture);
}

typedef struct {
        int fd;
        size_t n;
        char last[7];
} Reader;

static gpointer
read_all(gpointer data)
{
        Reader *reader = data;
        char buffer[4096];
        ssize_t n;

        while ((n = read(reader->fd, buffer, sizeof buffer)) > 0) {
                reader->n += (size_t)n;
                if ((size_t)n >= sizeof reader->last)
                        memcpy(reader->last, buffer + n - sizeof reader->last, sizeof reader->last);
        }
        return NULL;
}

/* What a command has said is said, also when it is the last: "stop" is such a one. */
static void
test_what_was_answered_is_said_at_the_end(Fixture *fixture, gconstpointer data)
{
        Reader reader = {.fd = call(fixture, "greet flood 1000\n")};

        (void)data;
        test_server_settle(fixture->test);
        GThread *thread = g_thread_new("reader", read_all, &reader);
        close_control(fixture);
        g_thread_join(thread);
        close(reader.fd);

        g_assert_cmpuint(reader.n, ==, 1000 * 1024 + strlen("exit 0\n"));
        g_assert_true(memcmp(reader.last, "exit 0\n", sizeof reader.last) == 0);
}

/* Who does not read is waited for, but not for ever (a second). */
static void
test_who_does_not_read_does_not_stop_the_end(Fixture *fixture, gconstpointer data)
{
        int fd = call(fixture, "greet flood 1000\n");

        (void)data;
        test_server_settle(fixture->test);
        close_control(fixture);
        g_assert_cmpint(access(fixture->path, F_OK), ==, -1);
        close(fd);
}

/* Another server may have taken the name, after somebody had removed ours. */
static void
test_only_its_own_socket_is_removed(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(unlink(fixture->path), ==, 0);
        g_assert_true(g_file_set_contents(fixture->path, "another's", -1, NULL));
        close_control(fixture);
        g_assert_cmpint(access(fixture->path, F_OK), ==, 0);
}

static void
test_a_socket_that_is_gone_already_is_no_harm(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(unlink(fixture->path), ==, 0);
        close_control(fixture);
        g_assert_cmpint(access(fixture->path, F_OK), ==, -1);
}

#define ADD(name, func) g_test_add("/control/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("others-may-not-give-commands", test_others_may_not_give_commands);
        ADD("the-servers-own-user-may", test_the_servers_own_user_may);
        ADD("who-goes-away-in-the-midst-of-an-answer-is-forgotten",
            test_who_goes_away_in_the_midst_of_an_answer_is_forgotten);
        ADD("who-shuts-down-without-reading-is-let-go",
            test_who_shuts_down_without_reading_is_let_go);
        ADD("an-answer-is-cut-where-it-is-too-long", test_an_answer_is_cut_where_it_is_too_long);
        ADD("what-was-answered-is-said-at-the-end", test_what_was_answered_is_said_at_the_end);
        ADD("who-does-not-read-does-not-stop-the-end",
            test_who_does_not_read_does_not_stop_the_end);
        ADD("only-its-own-socket-is-removed", test_only_its_own_socket_is_removed);
        ADD("a-socket-that-is-gone-already-is-no-harm",
            test_a_socket_that_is_gone_already_is_no_harm);
        return g_test_run();
}
