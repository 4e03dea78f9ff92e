/*
 * Tests of core/control.h: the text of requests, who may ask, limits, and that one socket has one
 * server.
 */
#include "core/control.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/control_caller.h"
#include "support/test_server.h"

/* A server with a driven clock, one module that has commands, and a folder for sockets. */
typedef struct {
        char *path;
        TestServer *test;
        Server *server;
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
        test_server_free(fixture->test);
        g_free(fixture->path);
}

static Control *
open_control(Fixture *fixture)
{
        g_autoptr(GError) error = NULL;
        Control *control = control_new(fixture->server, fixture->path, &error);

        g_assert_no_error(error);
        return control;
}

static int
call(const char *path)
{
        return control_caller_call(path, "", 0);
}

static void
say(int fd, const char *text, size_t n)
{
        g_assert_cmpint(send(fd, text, n, MSG_NOSIGNAL), ==, (ssize_t)n);
}

static char *
hear(Fixture *fixture, int fd)
{
        return control_caller_hear(server_base(fixture->server)->loop, fd);
}

static void
assert_round_trip(const char *const *words)
{
        g_autofree char *line = control_encode_words(words);
        g_auto(GStrv) decoded = control_decode_words(line, strlen(line));

        g_assert_nonnull(decoded);
        g_assert_true(g_strv_equal(words, (const char *const *)decoded));
}

static void
test_words_survive_the_encoding(void)
{
        assert_round_trip((const char *const[]){"user", "add", NULL});
        assert_round_trip(
                (const char *const[]){"a b", "100%", "", "\n\r\t\x7f", "grün ☃", "", NULL});
        assert_round_trip((const char *const[]){"%41", "~!@#$^&*()", NULL});
}

static void
assert_malformed(const char *line, size_t n)
{
        g_auto(GStrv) words = control_decode_words(line, n);

        g_assert_null(words);
}

static void
test_malformed_requests_are_refused(void)
{
        static const char *const lines[] = {"",       "\n",     "%",     "%4",       "a%4 b",
                                            "%zz",    "%00",    "a\tb",  "\xc3\xbc", "%ff",
                                            "a\nb\n", "%C3%28", "a\r\n", NULL};

        for (const char *const *line = lines; *line; line++)
                assert_malformed(*line, strlen(*line));
        assert_malformed("a\0b", 3);
}

/* Each limit: at it and one past it. */
static void
test_the_number_of_words_is_limited(void)
{
        g_autofree char *most = g_strnfill(CONTROL_WORDS_MAX - 1, ' ');
        g_autofree char *more = g_strnfill(CONTROL_WORDS_MAX, ' ');
        g_auto(GStrv) words = control_decode_words(most, strlen(most));

        g_assert_cmpuint(g_strv_length(words), ==, CONTROL_WORDS_MAX);
        assert_malformed(more, strlen(more));
}

static void
test_a_command_is_answered(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int fd = call(fixture->path);

        (void)data;
        say(fd, "greet list\n", 11);
        say(fd, "", 0);
        g_autofree char *answer = hear(fixture, fd);

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        control_free(control);
}

static void
test_output_and_errors_are_told_apart(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int good = call(fixture->path), bad = call(fixture->path);

        (void)data;
        say(good, "help\n", 5);
        say(bad, "hepl\n", 5);
        g_autofree char *help = hear(fixture, good);
        g_autofree char *complaint = hear(fixture, bad);

        g_assert_true(g_str_has_prefix(help, "out check%20"));
        g_assert_true(g_str_has_suffix(help, "\nexit 0\n"));
        g_assert_true(g_str_has_prefix(complaint, "err there%20is%20no%20command"));
        g_assert_nonnull(strstr(complaint, "did%20you%20mean%20\"help\""));
        g_assert_true(g_str_has_suffix(complaint, "\nexit 64\n"));
        control_free(control);
}

/* A request may come in pieces. */
static void
test_a_request_in_pieces_is_put_together(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int fd = call(fixture->path);

        (void)data;
        say(fd, "gre", 3);
        for (int i = 0; i < 3; i++)
                loop_turn(server_base(fixture->server)->loop, false);
        say(fd, "et list\n", 8);
        g_autofree char *answer = hear(fixture, fd);

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        control_free(control);
}

static void
test_a_malformed_request_is_refused(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int fd = call(fixture->path);

        (void)data;
        say(fd, "%zz\n", 4);
        g_autofree char *answer = hear(fixture, fd);

        g_assert_cmpstr(answer, ==, "err the%20request%20is%20malformed\nexit 64\n");
        control_free(control);
}

/* CONTROL_REQUEST_MAX, line feed included: at it and one past it. */
static void
test_a_request_is_limited(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        g_autofree char *longest = g_strnfill(CONTROL_REQUEST_MAX, 'x');
        int longest_fd = call(fixture->path), longer_fd = call(fixture->path);

        (void)data;
        longest[CONTROL_REQUEST_MAX - 1] = '\n';
        say(longest_fd, longest, CONTROL_REQUEST_MAX);
        g_autofree char *answer = hear(fixture, longest_fd);
        longest[CONTROL_REQUEST_MAX - 1] = 'x';
        say(longer_fd, longest, CONTROL_REQUEST_MAX);
        g_autofree char *refusal = hear(fixture, longer_fd);

        g_assert_true(g_str_has_prefix(answer, "err there%20is%20no%20command"));
        g_assert_cmpstr(refusal, ==,
                        "err the%20request%20is%20longer%20than%2064%20KiB\nexit 64\n");
        control_free(control);
}

/* CONTROL_CLIENTS_MAX: at it and one past it. */
static void
test_callers_are_limited(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int fds[CONTROL_CLIENTS_MAX];

        (void)data;
        for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
                fds[i] = call(fixture->path);
                loop_turn(server_base(fixture->server)->loop, true);
        }
        int extra = call(fixture->path);
        g_autofree char *refusal = hear(fixture, extra);
        say(fds[CONTROL_CLIENTS_MAX - 1], "greet list\n", 11);
        g_autofree char *answer = hear(fixture, fds[CONTROL_CLIENTS_MAX - 1]);

        g_assert_true(g_str_has_prefix(refusal, "err too%20many"));
        g_assert_true(g_str_has_suffix(refusal, "\nexit 75\n"));
        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        for (unsigned i = 0; i < CONTROL_CLIENTS_MAX - 1; i++)
                close(fds[i]);
        control_free(control);
}

static void
test_a_caller_that_goes_away_is_forgotten(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);

        (void)data;
        for (unsigned i = 0; i < 3 * CONTROL_CLIENTS_MAX; i++) {
                int fd = call(fixture->path);
                say(fd, "mod", 3);
                loop_turn(server_base(fixture->server)->loop, true);
                close(fd);
                loop_turn(server_base(fixture->server)->loop, true);
                loop_turn(server_base(fixture->server)->loop, false);
        }
        int fd = call(fixture->path);
        say(fd, "greet list\n", 11);
        g_autofree char *answer = hear(fixture, fd);

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        control_free(control);
}

/* CONTROL_REQUEST_TIME: at it and one past it (timers are late by a millisecond at most). */
static void
test_a_slow_caller_is_cut_off(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int in_time = call(fixture->path), late = call(fixture->path);

        (void)data;
        test_server_settle(fixture->test);
        say(late, "greet", 5);
        test_server_advance(fixture->test, CONTROL_REQUEST_TIME - 1);
        say(in_time, "greet list\n", 11);
        test_server_settle(fixture->test);
        test_server_advance(fixture->test, 2000);
        g_autofree char *answer = hear(fixture, in_time);
        g_autofree char *refusal = hear(fixture, late);

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        g_assert_cmpstr(refusal, ==, "err no%20request%20came%20in%20time\nexit 64\n");
        control_free(control);
}

/* A line of "greet flood" is 1 KiB; "exit 0" and its line feed come on top. */
static void
test_an_answer_nobody_reads_is_limited(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int fits = call(fixture->path), too_long = call(fixture->path);
        g_autofree char *most = g_strdup_printf("greet flood %u\n", CONTROL_ANSWER_MAX / 1024 - 1);
        g_autofree char *more = g_strdup_printf("greet flood %u\n", CONTROL_ANSWER_MAX / 1024);

        (void)data;
        say(fits, most, strlen(most));
        say(too_long, more, strlen(more));
        test_server_settle(fixture->test);
        g_autofree char *answer = hear(fixture, fits);
        g_autofree char *cut = hear(fixture, too_long);

        g_assert_cmpuint(strlen(answer), ==, CONTROL_ANSWER_MAX - 1024 + strlen("exit 0\n"));
        g_assert_true(g_str_has_suffix(answer, "\nexit 0\n"));
        g_assert_false(g_str_has_suffix(cut, "\nexit 0\n"));
        control_free(control);
}

static void
test_output_comes_while_a_command_runs(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int fd = call(fixture->path);
        char byte;

        (void)data;
        say(fd, "greet wait\n", 11);
        test_server_settle(fixture->test);
        g_assert_cmpint(recv(fd, &byte, 1, MSG_DONTWAIT), ==, -1);
        test_server_advance(fixture->test, G_TIME_SPAN_SECOND + 2000);
        g_autofree char *answer = hear(fixture, fd);

        g_assert_cmpstr(answer, ==, "out late\nexit 0\n");
        control_free(control);
}

/* Its command goes on. */
static void
test_a_caller_that_does_not_wait_for_the_end_is_no_harm(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        int fd = call(fixture->path);

        (void)data;
        say(fd, "greet wait\n", 11);
        test_server_settle(fixture->test);
        close(fd);
        test_server_settle(fixture->test);
        test_server_advance(fixture->test, G_TIME_SPAN_SECOND + 2000);

        int next = call(fixture->path);
        say(next, "greet list\n", 11);
        g_autofree char *answer = hear(fixture, next);
        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        control_free(control);
}

/* SECURITY-DEFAULTS R14: running out of descriptors never spins. */
static void
test_running_out_of_descriptors_is_survived(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        Loop *loop = server_base(fixture->server)->loop;
        struct rlimit before, none;

        (void)data;
        int fd = call(fixture->path), lowest_free = dup(fd);
        close(lowest_free);
        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
        none = before;
        none.rlim_cur = (rlim_t)lowest_free;
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
        g_assert_true(loop_turn(loop, false));
        test_server_settle(fixture->test);
        g_assert_false(loop_turn(loop, false));
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        test_server_advance(fixture->test, G_TIME_SPAN_SECOND + 2000);
        say(fd, "greet list\n", 11);
        g_autofree char *answer = hear(fixture, fd);

        g_assert_cmpstr(answer, ==, "out example.org\nexit 0\n");
        control_free(control);
}

static void
test_the_socket_is_for_its_owner_alone(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        struct stat file;

        (void)data;
        g_assert_cmpint(lstat(fixture->path, &file), ==, 0);
        g_assert_true(S_ISSOCK(file.st_mode));
        g_assert_cmpuint(file.st_mode & 07777, ==, 0600);

        control_free(control);
        g_assert_cmpint(lstat(fixture->path, &file), ==, -1);
}

static void
test_a_second_server_is_refused(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        g_autoptr(GError) error = NULL;

        (void)data;
        Control *second = control_new(fixture->server, fixture->path, &error);

        g_assert_null(second);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(error->message, "another server answers there"));
        g_assert_cmpint(access(fixture->path, F_OK), ==, 0);
        control_free(control);
}

static void
test_a_socket_left_behind_is_replaced(Fixture *fixture, gconstpointer data)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        (void)data;
        memcpy(address.sun_path, fixture->path, strlen(fixture->path));
        g_assert_cmpint(bind(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
        close(fd);

        Control *control = open_control(fixture);

        g_assert_nonnull(control);
        close(call(fixture->path));
        control_free(control);
}

static void
test_another_file_is_not_replaced(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        g_assert_true(g_file_set_contents(fixture->path, "mine", -1, NULL));
        Control *control = control_new(fixture->server, fixture->path, &error);

        g_assert_null(control);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_cmpint(unlink(fixture->path), ==, 0);
}

/* sockaddr_un holds 107 bytes: at it and one past it. */
static void
test_a_long_path_is_refused(Fixture *fixture, gconstpointer data)
{
        const char *dir = test_server_dir(fixture->test);
        g_autofree char *filler = g_strnfill(107 - strlen(dir) - 1, 'x');
        g_autofree char *longest = g_build_filename(dir, filler, NULL);
        g_autofree char *longer = g_strconcat(longest, "x", NULL);
        g_autoptr(GError) error = NULL;

        (void)data;
        Control *control = control_new(fixture->server, longest, &error);
        g_assert_no_error(error);
        g_assert_nonnull(control);
        control_free(control);

        g_assert_null(control_new(fixture->server, longer, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
}

static void
count_lines(void *data, bool is_error, const char *text)
{
        unsigned *n = data;

        (void)is_error;
        (void)text;
        (*n)++;
}

/* motetctl falls back to running the command itself only when nobody answers. */
static void
test_nobody_there_is_told_apart(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;
        unsigned n_lines = 0;

        (void)data;
        int code = control_call(fixture->path, (const char *const[]){"help", NULL}, count_lines,
                                &n_lines, &error);

        g_assert_cmpint(code, ==, -1);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MISSING);
        g_assert_cmpuint(n_lines, ==, 0);
}

typedef struct {
        const char *path;
        char *text;
        int code;
} Caller;

static void
append_line(void *data, bool is_error, const char *text)
{
        GString *lines = data;

        g_string_append_printf(lines, "%c %s\n", is_error ? 'e' : 'o', text);
}

static gpointer
call_in_thread(gpointer data)
{
        Caller *caller = data;
        GString *lines = g_string_new(NULL);
        const char *const words[] = {"no such", "command", NULL};

        caller->code = control_call(caller->path, words, append_line, lines, NULL);
        caller->text = g_string_free(lines, FALSE);
        return NULL;
}

/* The caller's side against the server's. */
static void
test_the_callers_side_speaks_the_same(Fixture *fixture, gconstpointer data)
{
        Control *control = open_control(fixture);
        Caller caller = {.path = fixture->path, .code = -2};

        (void)data;
        GThread *thread = g_thread_new("caller", call_in_thread, &caller);
        /* One turn takes the connection, one the request; both come as fast as the other thread
         * is. */
        for (unsigned i = 0; i < 2; i++)
                loop_turn(server_base(fixture->server)->loop, true);
        g_thread_join(thread);

        g_assert_cmpint(caller.code, ==, 64);
        g_assert_cmpstr(caller.text, ==,
                        "e there is no command \"no such\": \"help\" lists all of them\n");
        g_free(caller.text);
        control_free(control);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/control/words-survive-the-encoding", test_words_survive_the_encoding);
        g_test_add_func("/control/malformed-requests-are-refused",
                        test_malformed_requests_are_refused);
        g_test_add_func("/control/the-number-of-words-is-limited",
                        test_the_number_of_words_is_limited);
        ADD("/control/a-command-is-answered", test_a_command_is_answered);
        ADD("/control/output-and-errors-are-told-apart", test_output_and_errors_are_told_apart);
        ADD("/control/a-request-in-pieces-is-put-together",
            test_a_request_in_pieces_is_put_together);
        ADD("/control/a-malformed-request-is-refused", test_a_malformed_request_is_refused);
        ADD("/control/a-request-is-limited", test_a_request_is_limited);
        ADD("/control/callers-are-limited", test_callers_are_limited);
        ADD("/control/a-caller-that-goes-away-is-forgotten",
            test_a_caller_that_goes_away_is_forgotten);
        ADD("/control/a-slow-caller-is-cut-off", test_a_slow_caller_is_cut_off);
        ADD("/control/an-answer-nobody-reads-is-limited", test_an_answer_nobody_reads_is_limited);
        ADD("/control/output-comes-while-a-command-runs", test_output_comes_while_a_command_runs);
        ADD("/control/a-caller-that-does-not-wait-for-the-end-is-no-harm",
            test_a_caller_that_does_not_wait_for_the_end_is_no_harm);
        ADD("/control/running-out-of-descriptors-is-survived",
            test_running_out_of_descriptors_is_survived);
        ADD("/control/the-socket-is-for-its-owner-alone", test_the_socket_is_for_its_owner_alone);
        ADD("/control/a-second-server-is-refused", test_a_second_server_is_refused);
        ADD("/control/a-socket-left-behind-is-replaced", test_a_socket_left_behind_is_replaced);
        ADD("/control/another-file-is-not-replaced", test_another_file_is_not_replaced);
        ADD("/control/a-long-path-is-refused", test_a_long_path_is_refused);
        ADD("/control/nobody-there-is-told-apart", test_nobody_there_is_told_apart);
        ADD("/control/the-callers-side-speaks-the-same", test_the_callers_side_speaks_the_same);
        return g_test_run();
}
