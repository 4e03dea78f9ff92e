/*
 * Sockets and processes when a call of the system fails: each in turn, once. Who is refused is
 * told, nothing stays open, and the next one is served; what is interrupted, or moves a byte at a
 * time, is done all the same.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <motet/error.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/check_child.h"
#include "core/check_resolver.h"
#include "core/control.h"
#include "core/listener.h"
#include "core/log_target.h"
#include "support/failing/failing_calls.h"
#include "support/test_server.h"

typedef struct {
        TestServer *test;
        Server *server;
        Loop *loop;
        char *path; /* of a socket, or a file */
        Control *control;
        bool must_succeed;
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
        fixture->loop = server_base(fixture->server)->loop;
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

static unsigned
n_descriptors(void)
{
        g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(dir))
                n++;
        return n;
}

/* The control socket. A caller here uses other calls than the server, so that none of its fail. */

static void
try_to_open(void *data)
{
        Fixture *fixture = data;
        unsigned n_before = n_descriptors();
        g_autoptr(GError) error = NULL;

        failing_calls_begin();
        Control *control = control_new(fixture->server, fixture->path, &error);
        failing_calls_end();

        g_assert_true((control != NULL) == (error == NULL));
        control_free(control);
        g_assert_cmpuint(n_descriptors(), ==, n_before);
        fixture->n_refused += !control;
}

/* What a failure leaves of it does not keep the next server from having it. */
static void
test_a_control_socket_is_there_or_not(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EMFILE, NULL, try_to_open, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 5);
}

static int
call(const char *path)
{
        static const char request[] = "greet list\n";
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct iovec part = {(char *)request, strlen(request)};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        memcpy(address.sun_path, path, strlen(path));
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
try_to_answer(void *data)
{
        static const char whole[] = "out example.org\nexit 0\n";
        Fixture *fixture = data;
        int fd = call(fixture->path);

        failing_calls_begin();
        g_autofree char *answer = hear(fixture, fd);
        failing_calls_end();
        g_autofree char *next = hear(fixture, call(fixture->path));

        if (fixture->must_succeed)
                g_assert_cmpstr(answer, ==, whole);
        g_assert_cmpstr(next, ==, whole);
        fixture->n_refused += strcmp(answer, whole) != 0;
}

/* One caller may be lost; the next one never is. */
static void
test_a_failure_costs_one_caller(Fixture *fixture, gconstpointer data)
{
        static const char *const again[] = {"accept4", "recv", "send"};

        (void)data;
        fixture->control = control_new(fixture->server, fixture->path, NULL);
        failing_calls_each(ENOMEM, NULL, try_to_answer, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 3);

        fixture->must_succeed = true;
        failing_calls_each(EINTR, NULL, try_to_answer, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_answer, fixture);
        for (size_t i = 0; i < G_N_ELEMENTS(again); i++)
                failing_calls_each(EAGAIN, again[i], try_to_answer, fixture);
}

typedef struct {
        Fixture *fixture;
        GString *lines;
        GError *error;
        int code;
        int has_ended; /* atomic */
} Caller;

static void
append_line(void *data, bool is_error, const char *text)
{
        (void)is_error;
        g_string_append(data, text);
}

static gpointer
call_in_thread(gpointer data)
{
        Caller *caller = data;
        const char *const words[] = {"greet", "list", NULL};

        failing_calls_begin();
        caller->code = control_call(caller->fixture->path, words, append_line, caller->lines,
                                    &caller->error);
        failing_calls_end();
        g_atomic_int_set(&caller->has_ended, 1);
        return NULL;
}

static void
try_to_call(void *data)
{
        Fixture *fixture = data;
        g_autoptr(GString) lines = g_string_new(NULL);
        Caller caller = {.fixture = fixture, .lines = lines};
        GThread *thread = g_thread_new("caller", call_in_thread, &caller);

        while (!g_atomic_int_get(&caller.has_ended)) {
                loop_turn(fixture->loop, false);
                g_thread_yield();
        }
        g_thread_join(thread);
        test_server_settle(fixture->test);

        g_assert_true((caller.code < 0) == (caller.error != NULL));
        if (caller.code == 0)
                g_assert_cmpstr(lines->str, ==, "example.org");
        fixture->n_refused += caller.code < 0;
        g_clear_error(&caller.error);
}

/* motetctl: an answer, or why there is none. */
static void
test_a_caller_gets_an_answer_or_an_error(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->control = control_new(fixture->server, fixture->path, NULL);
        failing_calls_each(EACCES, "connect", try_to_call, fixture);
        failing_calls_each(EMFILE, "socket", try_to_call, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 2);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, "send", try_to_call, fixture);
        failing_calls_each(FAIL_SHORT, "send", try_to_call, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

/* Listening */

static void
ignore_peer(void *data, int fd, const char *peer)
{
        unsigned *n = data;

        (void)peer;
        close(fd);
        ++*n;
}

static void
try_to_listen(void *data)
{
        Fixture *fixture = data;
        unsigned n_before = n_descriptors(), n = 0;
        g_autoptr(GError) error = NULL;

        failing_calls_begin();
        Listener *listener = listener_new(fixture->loop, &(ListenerPlace){"::1", 0, -1},
                                          ignore_peer, &n, &error);
        failing_calls_end();

        g_assert_true((listener != NULL) == (error == NULL));
        if (error)
                g_assert_true(error->domain == MOTET_ERROR);
        listener_free(listener);
        g_assert_cmpuint(n_descriptors(), ==, n_before);
        fixture->n_refused += !listener;
}

static void
test_a_port_is_listened_on_or_not(Fixture *fixture, gconstpointer data)
{
        static const int numbers[] = {EMFILE, EACCES, EADDRNOTAVAIL};

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                failing_calls_each(numbers[i], NULL, try_to_listen, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 3 * 6);
}

typedef struct {
        Fixture *fixture;
        Listener *listener;
        unsigned n; /* connections handed over */
} Accepting;

static void
try_to_accept(void *data)
{
        Accepting *accepting = data;
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(listener_port(accepting->listener)),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        unsigned n_before = accepting->n;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_assert_cmpint(connect(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
        failing_calls_begin();
        for (unsigned i = 0; i < 1000 && accepting->n == n_before; i++)
                test_server_advance(accepting->fixture->test, G_TIME_SPAN_SECOND);
        failing_calls_end();
        close(fd);
        g_assert_cmpuint(accepting->n, ==, n_before + 1);
}

/* accept(2): an error that is pending on the new connection is none of the listener's; what the
 * machine is out of for now comes back (SECURITY-DEFAULTS R14). */
static void
test_accepting_goes_on_after_any_error(Fixture *fixture, gconstpointer data)
{
        static const int numbers[] = {
                EINTR,  ECONNABORTED, EPROTO,      ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                EAGAIN, EHOSTUNREACH, ENETUNREACH, EPERM,    ENOBUFS,     ENOMEM,
        };
        Accepting accepting = {.fixture = fixture};

        (void)data;
        accepting.listener = listener_new(fixture->loop, &(ListenerPlace){"127.0.0.1", 0, -1},
                                          ignore_peer, &accepting.n, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                g_assert_cmpuint(
                        failing_calls_each(numbers[i], "accept4", try_to_accept, &accepting), >=,
                        1);
        listener_free(accepting.listener);
}

/* DNS */

static void
try_to_ask(void *data)
{
        Fixture *fixture = data;
        g_autoptr(GPtrArray) questions = check_questions_new();
        g_autoptr(GError) error = NULL;
        Address resolver;

        g_assert_true(check_resolver_parse("127.0.0.1:9", &resolver));
        check_question(questions, "a.example", 1);
        failing_calls_begin();
        bool is_sent = check_resolver_ask(&resolver, questions, 1, &error);
        failing_calls_end();

        g_assert_true(is_sent == !error);
        fixture->n_refused += !is_sent;
}

static void
test_a_question_that_cannot_be_sent_is_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EMFILE, "socket", try_to_ask, fixture);
        failing_calls_each(ENETUNREACH, "connect", try_to_ask, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 2);
}

/* Another user's look */

static void
find_one(CheckContext *context)
{
        config_findings_add(context->findings, FINDING_STORAGE_NO_FOLDER, "a.yaml", 1, 2, "looked");
        config_findings_hint(context->findings, "look %s", context->is_user ? "there" : "here");
        config_findings_add(context->findings, FINDING_STORAGE_NO_FOLDER, "b.yaml", 3, 4, "twice");
}

static void
try_to_look(void *data)
{
        Fixture *fixture = data;
        Config config = {.user = (char *)"nobody"};
        ConfigFindings findings;
        CheckContext context = {.as_user = true, .config = &config, .findings = &findings};

        config_findings_init(&findings);
        failing_calls_begin();
        check_as_user(&context, find_one);
        failing_calls_end();

        g_assert_cmpuint(findings.list->len, ==, 2);
        const ConfigFinding *first = g_ptr_array_index(findings.list, 0);
        g_assert_cmpstr(first->text, ==, "looked");
        g_assert_cmpuint(first->column, ==, 2);
        fixture->n_refused += strcmp(first->hint, "look here") == 0;
        g_assert_null(((const ConfigFinding *)g_ptr_array_index(findings.list, 1))->hint);
        config_findings_clear(&findings);
}

/* Where that user cannot look, this one does: once, and all is found. */
static void
test_what_a_child_cannot_look_at_is_looked_at_here(Fixture *fixture, gconstpointer data)
{
        static const char *const names[] = {"pipe2", "fork", "waitpid"};

        (void)data;
        if (geteuid() != 0) {
                g_test_skip("only root becomes another user");
                return;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                failing_calls_each(EIO, names[i], try_to_look, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, G_N_ELEMENTS(names));

        fixture->n_refused = 0;
        failing_calls_each(EINTR, "read", try_to_look, fixture);
        failing_calls_each(EINTR, "waitpid", try_to_look, fixture);
        failing_calls_each(FAIL_SHORT, "read", try_to_look, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

/* A place for the log */

static void
try_to_log(void *data)
{
        static const LogRecord hello = {.level = MOTET_LOG_WARN, .source = "test", .text = "hello"};
        Fixture *fixture = data;
        const LogOutput output = {.target = fixture->path, .format = LOG_FORMAT_TEXT};
        g_autofree char *text = NULL;

        unlink(fixture->path);
        LogTarget *target = log_target_new(&output, NULL);
        failing_calls_begin();
        log_target_write(target, &hello, 1000);
        failing_calls_end();
        log_target_unref(target);

        g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
        bool is_whole = g_str_has_suffix(text, "hello\n");
        g_assert_true(is_whole || !*text);
        fixture->n_refused += !is_whole;
}

/* A line is whole, and lost only where nothing can be written. */
static void
test_a_line_of_the_log_is_whole(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EINTR, NULL, try_to_log, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_log, fixture);
        failing_calls_each(EAGAIN, "write", try_to_log, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
        g_assert_cmpuint(failing_calls_each(ENOSPC, "write", try_to_log, fixture), ==, 1);
        g_assert_cmpuint(fixture->n_refused, ==, 1);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/failing-sockets/a-control-socket-is-there-or-not",
            test_a_control_socket_is_there_or_not);
        ADD("/failing-sockets/a-failure-costs-one-caller", test_a_failure_costs_one_caller);
        ADD("/failing-sockets/a-caller-gets-an-answer-or-an-error",
            test_a_caller_gets_an_answer_or_an_error);
        ADD("/failing-sockets/a-port-is-listened-on-or-not", test_a_port_is_listened_on_or_not);
        ADD("/failing-sockets/accepting-goes-on-after-any-error",
            test_accepting_goes_on_after_any_error);
        ADD("/failing-sockets/a-question-that-cannot-be-sent-is-told",
            test_a_question_that_cannot_be_sent_is_told);
        ADD("/failing-sockets/what-a-child-cannot-look-at-is-looked-at-here",
            test_what_a_child_cannot_look_at_is_looked_at_here);
        ADD("/failing-sockets/a-line-of-the-log-is-whole", test_a_line_of_the_log_is_whole);
        return g_test_run();
}
