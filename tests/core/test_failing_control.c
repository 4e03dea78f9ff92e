/*
 * The control socket and what is typed for it, when a call of the system fails: each in turn, once.
 * A socket that was left behind is taken over or that is told; callers wait rather than get lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/control.h"
#include "core/prompt.h"
#include "support/failing/failing_calls.h"
#include "support/test_server.h"

typedef struct {
        TestServer *test;
        Server *server;
        char *path; /* of the socket */
        Control *control;
        unsigned n_refused; /* attempts that ended with an error */
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
        g_autofree char *modules =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        g_autofree char *yaml = g_strdup_printf("modules_dir: %s\nmodules:\n  speaker:\n", modules);

        (void)data;
        fixture->test = test_server_new_config(yaml);
        fixture->server = test_server_core(fixture->test);
        fixture->path = g_build_filename(test_server_dir(fixture->test), "motet.sock", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        control_free(fixture->control);
        unlink(fixture->path);
        test_server_free(fixture->test);
        g_free(fixture->path);
}

static void
fill_address(const Fixture *fixture, struct sockaddr_un *address)
{
        *address = (struct sockaddr_un){.sun_family = AF_UNIX};
        memcpy(address->sun_path, fixture->path, strlen(fixture->path));
}

/* A socket that nobody listens at: of a server that was killed. */
static void
leave_socket(const Fixture *fixture)
{
        struct sockaddr_un address;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        fill_address(fixture, &address);
        unlink(fixture->path);
        g_assert_cmpint(bind(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
        close(fd);
}

static void
try_to_take_over(void *data)
{
        Fixture *fixture = data;
        g_autoptr(GError) error = NULL;

        leave_socket(fixture);
        failing_calls_begin();
        Control *control = control_new(fixture->server, fixture->path, &error);
        failing_calls_end();

        g_assert_true((control != NULL) == (error == NULL));
        if (error)
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        control_free(control);
        fixture->n_refused += !control;
}

/* Looking, asking who is there, removing it, and making another. */
static void
test_a_socket_left_behind_is_taken_over_or_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EACCES, NULL, try_to_take_over, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 9);
}

/* Its queue of callers is full: that is a server, and a busy one. */
static void
test_a_server_that_is_busy_is_one(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EAGAIN, "connect", try_to_take_over, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 1);
}

static int
call(const Fixture *fixture, const char *request)
{
        struct sockaddr_un address;
        struct iovec part = {(char *)request, strlen(request)};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        fill_address(fixture, &address);
        g_assert_cmpint(connect(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
        g_assert_cmpint(writev(fd, &part, 1), ==, (ssize_t)part.iov_len);
        g_assert_cmpint(fcntl(fd, F_SETFL, O_NONBLOCK), ==, 0);
        return fd;
}

/* Turns the loop, time passing, until the server closes. Returns: (own) all it said */
static char *
hear(Fixture *fixture, int fd)
{
        g_autoptr(GString) text = g_string_new(NULL);
        char buffer[256];
        struct iovec part = {buffer, sizeof buffer};
        ssize_t n;

        while ((n = readv(fd, &part, 1)) != 0) {
                if (n > 0)
                        g_string_append_len(text, buffer, n);
                else if (errno != EAGAIN)
                        break;
                else
                        test_server_advance(fixture->test, G_TIME_SPAN_SECOND);
        }
        close(fd);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
try_to_be_taken(void *data)
{
        Fixture *fixture = data;
        int fd = call(fixture, "greet list\n");

        failing_calls_begin();
        g_autofree char *answer = hear(fixture, fd);
        failing_calls_end();

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
}

/* R14: what the machine lacks at that moment makes a caller wait, and costs nobody an answer. */
static void
test_a_caller_waits_until_there_is_room_for_him(Fixture *fixture, gconstpointer data)
{
        static const int numbers[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED};

        (void)data;
        fixture->control = control_new(fixture->server, fixture->path, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                g_assert_cmpuint(
                        failing_calls_each(numbers[i], "accept4", try_to_be_taken, fixture), ==, 1);
}

static void
try_to_be_known(void *data)
{
        Fixture *fixture = data;
        int fd = call(fixture, "greet list\n");

        failing_calls_begin();
        g_autofree char *answer = hear(fixture, fd);
        bool has_failed = failing_calls_end();

        g_assert_true(g_str_has_suffix(answer, has_failed ? "\nexit 77\n" : "\nexit 0\n"));
}

/* R28: nobody is taken for somebody who may. */
static void
test_a_caller_who_is_not_known_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->control = control_new(fixture->server, fixture->path, NULL);
        g_assert_cmpuint(failing_calls_each(EINVAL, "getsockopt", try_to_be_known, fixture), ==, 1);
}

static void
try_to_read_line(void *data)
{
        Fixture *fixture = data;
        g_autoptr(GError) error = NULL;
        struct iovec part = {(char *)"wherefore\nnot mine", strlen("wherefore\nnot mine")};
        int ends[2];

        g_assert_cmpint(pipe(ends), ==, 0);
        g_assert_cmpint(writev(ends[1], &part, 1), ==, (ssize_t)part.iov_len);
        failing_calls_begin();
        char *line = prompt_read_line(ends[0], "password", &error);
        failing_calls_end();
        close(ends[0]);
        close(ends[1]);

        g_assert_true((line == NULL) == (error != NULL));
        g_assert_cmpstr(line, ==, line ? "wherefore" : NULL);
        fixture->n_refused += !line;
        control_wipe(line);
}

/* Never the beginning of one: it would be set as another password. */
static void
test_a_password_is_read_whole_or_not(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpuint(failing_calls_each(EIO, NULL, try_to_read_line, fixture), ==, 10);
        g_assert_cmpuint(fixture->n_refused, ==, 10);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, NULL, try_to_read_line, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

#define ADD(name, func) g_test_add("/failing-control/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("a-socket-left-behind-is-taken-over-or-told",
            test_a_socket_left_behind_is_taken_over_or_told);
        ADD("a-server-that-is-busy-is-one", test_a_server_that_is_busy_is_one);
        ADD("a-caller-waits-until-there-is-room-for-him",
            test_a_caller_waits_until_there_is_room_for_him);
        ADD("a-caller-who-is-not-known-is-refused", test_a_caller_who_is_not_known_is_refused);
        ADD("a-password-is-read-whole-or-not", test_a_password_is_read_whole_or_not);
        return g_test_run();
}
