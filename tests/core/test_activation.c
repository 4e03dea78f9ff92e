/*
 * activation: what the service manager may hand over, and which of it is refused (R28).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <motet/error.h>

#include "core/activation.h"
#include "core/address.h"
#include "support/test_server.h"

#define SELF 4321
#define FIRST 300 /* where no other descriptor of a test is */

/* Words */

typedef struct {
        const char *pid, *fds, *names;
        int n; /* -1: not understood */
} Case;

/* sd_listen_fds(3): for this process, or not at all; what is set must be right. */
static void
test_words(void)
{
        static const Case cases[] = {
                {NULL, NULL, NULL, 0},         {"4321", NULL, NULL, 0},
                {NULL, "2", NULL, 0},          {"4321", "0", NULL, 0},
                {"4321", "2", NULL, 2},        {"4321", "2", "a:b", 2},
                {"4321", "2", ":", 2},         {"4321", "1024", NULL, 1024},
                {"4322", "2", NULL, 0},        {"4322", "much", "a:b:c", 0},
                {"4321", "1025", NULL, -1},    {"4321", "-1", NULL, -1},
                {"4321", "", NULL, -1},        {"4321", " 2", NULL, -1},
                {"4321", "two", NULL, -1},     {"4321", "99999999999999999999", NULL, -1},
                {"4321", "2", "a", -1},        {"4321", "2", "a:b:c", -1},
                {"4321", "2", "", -1},         {"", "2", NULL, -1},
                {"0", "2", NULL, -1},          {"-4321", "2", NULL, -1},
                {"4294971617", "2", NULL, -1}, /* 4321 in 32 bits */
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                const ActivationWords words = {cases[i].pid, cases[i].fds, cases[i].names};
                g_auto(GStrv) names = NULL;
                g_autoptr(GError) error = NULL;
                unsigned n = 99;

                bool is_good = activation_parse(&words, SELF, &n, &names, &error);

                g_assert_cmpint(is_good ? (int)n : -1, ==, cases[i].n);
                if (is_good) {
                        g_assert_no_error(error);
                        g_assert_cmpuint(names ? g_strv_length(names) : n, ==, n);
                } else {
                        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
                        g_assert_null(names);
                }
        }
}

/* Descriptors */

/* Returns: a socket at @address, any port; @v6only as of ipv6(7) */
static int
make_socket(const char *address, int type, bool v6only, bool listens)
{
        Address where;
        int on = v6only;

        g_assert_true(address_parse(address, 0, &where));
        int fd = socket(where.any.sa_family, type | SOCK_CLOEXEC, 0);
        g_assert_cmpint(fd, >=, 0);
        if (where.any.sa_family == AF_INET6)
                g_assert_cmpint(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), ==, 0);
        g_assert_cmpint(bind(fd, &where.any, address_length(&where)), ==, 0);
        if (listens)
                g_assert_cmpint(listen(fd, 8), ==, 0);
        return fd;
}

static uint16_t
port_of(int fd)
{
        Address bound;
        socklen_t length = sizeof bound;

        g_assert_cmpint(getsockname(fd, &bound.any, &length), ==, 0);
        return address_port(&bound);
}

/* Hands over @fds (take), as a service manager does: where they are, without FD_CLOEXEC. */
static Activation *
hand_over(const int *fds, unsigned n, const char *names, GError **error)
{
        g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
        g_autofree char *count = g_strdup_printf("%u", n);

        for (unsigned i = 0; i < n; i++) {
                if (fds[i] < 0)
                        continue;
                g_assert_cmpint(dup2(fds[i], FIRST + (int)i), ==, FIRST + (int)i);
                close(fds[i]);
        }
        g_setenv("LISTEN_PID", pid, TRUE);
        g_setenv("LISTEN_FDS", count, TRUE);
        if (names)
                g_setenv("LISTEN_FDNAMES", names, TRUE);
        else
                g_unsetenv("LISTEN_FDNAMES");
        return activation_read(FIRST, error);
}

/* Found at their addresses and ports, and nowhere else; and nobody else gets them. */
static void
test_sockets_are_found(void)
{
        const int fds[] = {make_socket("127.0.0.1", SOCK_STREAM, false, true),
                           make_socket("127.0.0.2", SOCK_STREAM, false, true)};
        uint16_t first = port_of(fds[0]), second = port_of(fds[1]);
        g_autoptr(GError) error = NULL;

        g_autoptr(Activation) activation = hand_over(fds, 2, "motet.socket:motet.socket", &error);

        g_assert_no_error(error);
        g_assert_null(g_getenv("LISTEN_PID"));
        g_assert_null(g_getenv("LISTEN_FDS"));
        g_assert_null(g_getenv("LISTEN_FDNAMES"));
        g_assert_cmpint(fcntl(FIRST, F_GETFD) & FD_CLOEXEC, !=, 0);
        g_assert_cmpint(fcntl(FIRST + 1, F_GETFL) & O_NONBLOCK, !=, 0);
        g_assert_cmpint(activation_find(activation, "127.0.0.1", first), ==, FIRST);
        g_assert_cmpint(activation_find(activation, "127.0.0.2", second), ==, FIRST + 1);
        g_assert_cmpint(activation_find(activation, "127.0.0.3", first), ==, -1);
        g_assert_cmpint(activation_find(activation, "*", first), ==, -1);
        g_assert_cmpint(activation_find(activation, "::1", first), ==, -1);
        g_assert_cmpint(activation_find(activation, "127.0.0.1", 0), ==, -1);
}

/* "*" and "::" are two sockets, as where the server binds them itself. */
static void
test_wildcards(void)
{
        const int fds[] = {make_socket("*", SOCK_STREAM, false, true),
                           make_socket("::", SOCK_STREAM, true, true)};
        uint16_t ip4 = port_of(fds[0]), ip6 = port_of(fds[1]);
        g_autoptr(GError) error = NULL;

        g_autoptr(Activation) activation = hand_over(fds, 2, NULL, &error);

        g_assert_no_error(error);
        g_assert_cmpint(activation_find(activation, "*", ip4), ==, FIRST);
        g_assert_cmpint(activation_find(activation, "0.0.0.0", ip4), ==, FIRST);
        g_assert_cmpint(activation_find(activation, "::", ip6), ==, FIRST + 1);
        g_assert_true(activation_is_used(activation, &error));
}

/* Who connected to it would wait for ever. */
static void
test_what_is_left_over_is_told(void)
{
        const int fds[] = {make_socket("127.0.0.1", SOCK_STREAM, false, true),
                           make_socket("127.0.0.2", SOCK_STREAM, false, true)};
        uint16_t first = port_of(fds[0]), second = port_of(fds[1]);
        g_autofree char *text = g_strdup_printf("address 127.0.0.2 port %u (\"b\")", second);
        g_autoptr(GError) error = NULL;
        g_autoptr(Activation) activation = hand_over(fds, 2, "a:b", &error);
        g_assert_no_error(error);
        activation_find(activation, "127.0.0.1", first);

        g_assert_false(activation_is_used(activation, &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, text));
}

static void
check_refused(int fd, const char *text)
{
        g_autoptr(GError) error = NULL;

        g_assert_null(hand_over(&fd, 1, "motet.socket", &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, text));
        g_assert_null(g_getenv("LISTEN_FDS"));
        errno = 0;
        g_assert_cmpint(fcntl(FIRST, F_GETFD), ==, -1);
        g_assert_cmpint(errno, ==, EBADF);
}

static void
test_what_cannot_be_used_is_refused(void)
{
        check_refused(make_socket("127.0.0.1", SOCK_STREAM, false, false), "ListenStream=");
        check_refused(make_socket("127.0.0.1", SOCK_DGRAM, false, false), "ListenStream=");
        check_refused(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "ListenStream=");
        check_refused(open("/dev/null", O_RDONLY | O_CLOEXEC), "ListenStream=");
        check_refused(make_socket("::", SOCK_STREAM, false, true), "BindIPv6Only=ipv6-only");
        check_refused(-1, "descriptor 300");
}

/* Of another process: this one has been started by the one that was meant. */
static void
test_of_another_process(void)
{
        int fd = make_socket("127.0.0.1", SOCK_STREAM, false, true);
        g_autoptr(GError) error = NULL;
        g_assert_cmpint(dup2(fd, FIRST), ==, FIRST);
        g_setenv("LISTEN_PID", "1", TRUE);
        g_setenv("LISTEN_FDS", "1", TRUE);

        g_autoptr(Activation) activation = activation_read(FIRST, &error);

        g_assert_no_error(error);
        g_assert_cmpint(activation_find(activation, "127.0.0.1", port_of(fd)), ==, -1);
        g_assert_true(activation_is_used(activation, NULL));
        g_assert_null(g_getenv("LISTEN_PID"));
        close(fd);
        g_assert_cmpint(close(FIRST), ==, 0);
}

/* Listening */

static void
ask_to_listen(TestServer *server, uint16_t port, bool at_all)
{
        const MotetListen spec = {
                .address = "127.0.0.1", .port = port, .type = MOTET_SESSION_C2S_UNAUTHED};
        g_autoptr(GError) error = NULL;

        motet_listen_set(test_server_owner(server), &spec, at_all, &error);
        g_assert_no_error(error);
}

static uint64_t
n_accepted(TestServer *server)
{
        test_server_settle(server);
        return server_base(test_server_core(server))->counters.accepted;
}

static bool
can_connect(uint16_t port)
{
        Address where;
        g_assert_true(address_parse("127.0.0.1", port, &where));
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool can = connect(fd, &where.any, address_length(&where)) == 0;

        close(fd);
        return can;
}

/* A listener that goes gives the socket back: the next one has it again, and nobody was refused
 * meanwhile. */
static void
test_a_socket_outlives_its_listener(void)
{
        int fd = make_socket("127.0.0.1", SOCK_STREAM, false, true);
        uint16_t port = port_of(fd);
        g_autoptr(TestServer) server = test_server_new(NULL);
        Listens *listens = server_listens(test_server_core(server));
        g_autoptr(GError) error = NULL;
        Activation *activation = hand_over(&fd, 1, NULL, &error);
        g_assert_no_error(error);
        listens_take_activation(listens, activation);

        ask_to_listen(server, port, true);
        g_assert_true(can_connect(port));
        g_assert_cmpuint(n_accepted(server), ==, 1);
        ask_to_listen(server, port, false);
        g_assert_true(can_connect(port));
        g_assert_cmpuint(n_accepted(server), ==, 1);
        ask_to_listen(server, port, true);

        g_assert_cmpuint(n_accepted(server), ==, 2);
}

/* All or none: with a socket nobody listens on nothing is opened. */
static void
test_a_start_with_one_left_over_is_refused(void)
{
        int fd = make_socket("127.0.0.1", SOCK_STREAM, false, true);
        uint16_t port = port_of(fd);
        g_autoptr(TestServer) server = test_server_new(NULL);
        Listens *listens = server_listens(test_server_core(server));
        g_autoptr(GError) error = NULL;
        listens_close(listens);
        Activation *activation = hand_over(&fd, 1, NULL, &error);
        g_assert_no_error(error);
        listens_take_activation(listens, activation);

        g_assert_false(listens_open(listens, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        g_clear_error(&error);
        ask_to_listen(server, port, true);
        listens_open(listens, &error);
        g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/activation/words", test_words);
        g_test_add_func("/activation/sockets-are-found-at-their-places", test_sockets_are_found);
        g_test_add_func("/activation/wildcards", test_wildcards);
        g_test_add_func("/activation/what-is-left-over-is-told", test_what_is_left_over_is_told);
        g_test_add_func("/activation/what-cannot-be-used-is-refused",
                        test_what_cannot_be_used_is_refused);
        g_test_add_func("/activation/of-another-process", test_of_another_process);
        g_test_add_func("/activation/a-socket-outlives-its-listener",
                        test_a_socket_outlives_its_listener);
        g_test_add_func("/activation/a-start-with-one-left-over-is-refused",
                        test_a_start_with_one_left_over_is_refused);
        return g_test_run();
}
