/*
 * listener: addresses, accepting, and running out of descriptors.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <motet/error.h>

#include "core/listener.h"
#include "core/log.h"

#define SECOND (INT64_C(1000) * 1000)

/* A listener and what it handed over. */
typedef struct {
        Loop *loop;
        Listener *listener;
        GArray *fds;
        char *peer; /* of the last connection */
} Fixture;

static void
take_connection(void *data, int fd, const char *peer)
{
        Fixture *fixture = data;

        g_array_append_val(fixture->fds, fd);
        g_free(fixture->peer);
        fixture->peer = g_strdup(peer);
}

static void
fixture_init(Fixture *fixture, const char *address)
{
        g_autoptr(GError) error = NULL;

        *fixture = (Fixture){
                .loop = loop_new(true),
                .fds = g_array_new(FALSE, FALSE, sizeof(int)),
        };
        fixture->listener = listener_new(fixture->loop, &(ListenerPlace){address, 0, -1},
                                         take_connection, fixture, &error);
        g_assert_no_error(error);
}

static void
fixture_clear(Fixture *fixture)
{
        for (unsigned i = 0; i < fixture->fds->len; i++)
                close(g_array_index(fixture->fds, int, i));
        g_array_unref(fixture->fds);
        g_free(fixture->peer);
        listener_free(fixture->listener);
        loop_free(fixture->loop);
}

/* Returns: a client's socket, or -1 when refused */
static int
connect_to(const char *address, uint16_t port)
{
        struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_port = htons(port)};
        struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        bool is_ip4 = inet_pton(AF_INET, address, &ip4.sin_addr) == 1;
        const struct sockaddr *to =
                is_ip4 ? (const struct sockaddr *)&ip4 : (const struct sockaddr *)&ip6;
        socklen_t length = is_ip4 ? sizeof ip4 : sizeof ip6;

        g_assert_true(is_ip4 || inet_pton(AF_INET6, address, &ip6.sin6_addr) == 1);
        int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(fd, >=, 0);
        if (connect(fd, to, length) == 0)
                return fd;
        close(fd);
        return -1;
}

static int
connect_client(const Fixture *fixture, const char *address)
{
        int fd = connect_to(address, listener_port(fixture->listener));

        g_assert_cmpint(fd, >=, 0);
        return fd;
}

static bool
has_ip6(void)
{
        int fd = socket(AF_INET6, SOCK_STREAM, 0);
        struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
        bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any) == 0;

        if (fd >= 0)
                close(fd);
        return has;
}

/* Addresses */

static void
test_connection_is_handed_over_with_its_address(void)
{
        Fixture fixture;
        fixture_init(&fixture, "127.0.0.1");
        g_assert_cmpuint(listener_port(fixture.listener), !=, 0);
        int client = connect_client(&fixture, "127.0.0.1");

        loop_settle(fixture.loop);

        g_assert_cmpuint(fixture.fds->len, ==, 1);
        g_assert_cmpstr(fixture.peer, ==, "127.0.0.1");
        close(client);
        fixture_clear(&fixture);
}

static void
test_accepted_socket_does_not_block_nor_delay(void)
{
        Fixture fixture;
        fixture_init(&fixture, "*");
        int client = connect_client(&fixture, "127.0.0.1");
        loop_settle(fixture.loop);
        int fd = g_array_index(fixture.fds, int, 0);
        int no_delay = 0;
        socklen_t length = sizeof no_delay;

        g_assert_cmpint(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), ==, 0);

        g_assert_cmpint(no_delay, !=, 0);
        g_assert_cmpint(fcntl(fd, F_GETFL) & O_NONBLOCK, !=, 0);
        g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, !=, 0);
        close(client);
        fixture_clear(&fixture);
}

static void
test_ip6_wildcard_does_not_take_ip4(void)
{
        if (!has_ip6()) {
                g_test_skip("no IPv6 on this machine");
                return;
        }
        Fixture fixture;
        fixture_init(&fixture, "::");
        int client = connect_client(&fixture, "::1");

        loop_settle(fixture.loop);

        g_assert_cmpstr(fixture.peer, ==, "::1");
        g_assert_cmpint(connect_to("127.0.0.1", listener_port(fixture.listener)), ==, -1);
        close(client);
        fixture_clear(&fixture);
}

static void
test_wildcards_of_both_families_share_a_port(void)
{
        if (!has_ip6()) {
                g_test_skip("no IPv6 on this machine");
                return;
        }
        Fixture fixture;
        fixture_init(&fixture, "*");
        g_autoptr(GError) error = NULL;

        Listener *other = listener_new(fixture.loop,
                                       &(ListenerPlace){"::", listener_port(fixture.listener), -1},
                                       take_connection, &fixture, &error);

        g_assert_no_error(error);
        listener_free(other);
        fixture_clear(&fixture);
}

static void
test_port_in_use_is_named_with_what_to_do(void)
{
        Fixture fixture;
        fixture_init(&fixture, "*");
        g_autoptr(GError) error = NULL;
        uint16_t port = listener_port(fixture.listener);
        g_autofree char *expected = g_strdup_printf("address 0.0.0.0 port %u is in use by another "
                                                    "program: stop it or choose another port",
                                                    port);

        g_assert_null(listener_new(fixture.loop, &(ListenerPlace){"*", port, -1}, take_connection,
                                   &fixture, &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_cmpstr(error->message, ==, expected);
        fixture_clear(&fixture);
}

static void
test_address_of_another_machine_is_refused(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        g_autoptr(GError) error = NULL;

        g_assert_null(listener_new(loop, &(ListenerPlace){"192.0.2.1", 0, -1}, take_connection,
                                   NULL, &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(error->message, "192.0.2.1"));
}

static void
test_bad_address_is_a_configuration_error(void)
{
        const char *const bad[] = {"", "localhost", "127.0.0.1.1", "10.1", "::g", "127.0.0.1 "};
        g_autoptr(Loop) loop = loop_new(true);

        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(listener_new(loop, &(ListenerPlace){bad[i], 0, -1}, take_connection,
                                           NULL, &error));
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        }
}

static void
test_freed_listener_leaves_its_port(void)
{
        Fixture fixture;
        fixture_init(&fixture, "127.0.0.1");
        uint16_t port = listener_port(fixture.listener);
        g_autoptr(GError) error = NULL;
        listener_free(fixture.listener);

        fixture.listener = listener_new(fixture.loop, &(ListenerPlace){"127.0.0.1", port, -1},
                                        take_connection, &fixture, &error);

        g_assert_no_error(error);
        g_assert_cmpuint(listener_port(fixture.listener), ==, port);
        fixture_clear(&fixture);
}

/* Load */

/* PERFORMANCE-FACTS: a bounded number of accepts a turn, so that a crowd does not hold back those
 * who are in. */
static void
test_accepts_are_bounded_a_turn(void)
{
        enum { N = 40, MOST = 16 };
        Fixture fixture;
        int clients[N];
        fixture_init(&fixture, "127.0.0.1");
        loop_settle(fixture.loop);
        for (unsigned i = 0; i < N; i++)
                clients[i] = connect_client(&fixture, "127.0.0.1");

        loop_turn(fixture.loop, false);
        g_assert_cmpuint(fixture.fds->len, >, 0);
        g_assert_cmpuint(fixture.fds->len, <=, MOST);
        loop_settle(fixture.loop);

        g_assert_cmpuint(fixture.fds->len, ==, N);
        for (unsigned i = 0; i < N; i++)
                close(clients[i]);
        fixture_clear(&fixture);
}

/* Out of descriptors */

static unsigned
lowest_free_descriptor(void)
{
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        close(fd);
        return (unsigned)fd;
}

/* From now on this process gets @n more descriptors only. */
static struct rlimit
limit_descriptors(unsigned n)
{
        struct rlimit before, limited;

        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
        limited = before;
        limited.rlim_cur = lowest_free_descriptor() + n;
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limited), ==, 0);
        return before;
}

static void
count_warning(MotetLogLevel level, const char *source, const char *text, void *data)
{
        unsigned *n_warnings = data;

        (void)source;
        if (level == MOTET_LOG_WARN && strstr(text, "out of file descriptors") != NULL)
                ++*n_warnings;
}

static bool
is_closed_by_peer(int fd)
{
        char byte;
        ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

        return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* R14: one descriptor in ten is kept for what is no connection. */
static void
do_nothing(LoopJob *job)
{
        (void)job;
}

/* A storm of logins waits in the listen queue, not half done. */
static void
test_who_comes_waits_while_handshakes_do(void)
{
        Fixture fixture;
        LoopJob jobs[LOOP_SLOW_ENOUGH + 1] = {{.func = NULL}};

        fixture_init(&fixture, "127.0.0.1");
        for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++) {
                jobs[i].func = do_nothing;
                loop_slow(fixture.loop, &jobs[i]);
        }
        int client = connect_to("127.0.0.1", listener_port(fixture.listener));

        loop_turn(fixture.loop, false);
        loop_turn(fixture.loop, false);
        g_assert_cmpuint(fixture.fds->len, ==, 0);
        loop_turn(fixture.loop, false);
        g_assert_cmpuint(fixture.fds->len, ==, 1);

        loop_settle(fixture.loop);
        close(client);
        fixture_clear(&fixture);
}

static void
test_the_last_descriptors_are_not_for_connections(void)
{
        enum { N = 6, LIMIT = 100, RESERVED = 10 };
        Fixture fixture;
        int clients[N], taken[LIMIT];
        unsigned n_taken = 0;
        struct rlimit before, limited;
        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
        limited = before;
        limited.rlim_cur = LIMIT;
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limited), ==, 0);
        fixture_init(&fixture, "127.0.0.1");
        for (unsigned i = 0; i < N; i++)
                clients[i] = connect_client(&fixture, "127.0.0.1");
        while (lowest_free_descriptor() < LIMIT - RESERVED - 2)
                taken[n_taken++] = open("/dev/null", O_RDONLY | O_CLOEXEC);

        loop_settle(fixture.loop);

        g_assert_cmpuint(fixture.fds->len, ==, 2);
        for (unsigned i = 0; i < N; i++)
                g_assert_true(is_closed_by_peer(clients[i]) == (i >= 2));
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        while (n_taken > 0)
                close(taken[--n_taken]);
        for (unsigned i = 0; i < N; i++)
                close(clients[i]);
        fixture_clear(&fixture);
}

/* R14: out of descriptors a connection is refused cleanly, once logged in 10 s, and never spun on;
 * later ones are accepted again. */
static void
test_without_descriptors_connections_are_refused(void)
{
        enum { N = 5 };
        Fixture fixture;
        int clients[N];
        unsigned n_warnings = 0;
        fixture_init(&fixture, "127.0.0.1");
        for (unsigned i = 0; i < N; i++)
                clients[i] = connect_client(&fixture, "127.0.0.1");
        log_set_func(count_warning, &n_warnings);
        struct rlimit before = limit_descriptors(2);

        loop_settle(fixture.loop);

        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        g_assert_cmpuint(fixture.fds->len, ==, 2);
        for (unsigned i = 0; i < N; i++)
                g_assert_true(is_closed_by_peer(clients[i]) == (i >= 2));
        g_assert_cmpuint(n_warnings, ==, 1);
        int late = connect_client(&fixture, "127.0.0.1");
        loop_settle(fixture.loop);
        g_assert_cmpuint(fixture.fds->len, ==, 3);

        log_set_func(NULL, NULL);
        close(late);
        for (unsigned i = 0; i < N; i++)
                close(clients[i]);
        fixture_clear(&fixture);
}

static void
refuse_one_more(Fixture *fixture)
{
        int client = connect_client(fixture, "127.0.0.1");
        struct rlimit before = limit_descriptors(0);

        loop_settle(fixture->loop);

        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        g_assert_true(is_closed_by_peer(client));
        close(client);
}

static void
test_refusals_are_logged_once_in_ten_seconds(void)
{
        Fixture fixture;
        unsigned n_warnings = 0;
        fixture_init(&fixture, "127.0.0.1");
        log_set_func(count_warning, &n_warnings);

        refuse_one_more(&fixture);
        loop_advance(fixture.loop, 10 * SECOND - 1);
        refuse_one_more(&fixture);
        g_assert_cmpuint(n_warnings, ==, 1);
        loop_advance(fixture.loop, 1);
        refuse_one_more(&fixture);

        g_assert_cmpuint(n_warnings, ==, 2);
        log_set_func(NULL, NULL);
        fixture_clear(&fixture);
}

/* Lower than the descriptors in use: not even the spare one can be used. Accepting rests for a
 * second instead of spinning. */
static void
test_without_a_spare_accepting_rests(void)
{
        Fixture fixture;
        unsigned n_warnings = 0;
        struct rlimit before, none;
        fixture_init(&fixture, "127.0.0.1");
        int client = connect_client(&fixture, "127.0.0.1");
        log_set_func(count_warning, &n_warnings);
        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
        none = before;
        none.rlim_cur = 3;
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);

        loop_settle(fixture.loop);
        loop_advance(fixture.loop, 3 * SECOND);
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        g_assert_cmpuint(fixture.fds->len, ==, 0);
        loop_advance(fixture.loop, SECOND);

        g_assert_cmpuint(fixture.fds->len, ==, 1);
        g_assert_cmpuint(n_warnings, ==, 1);
        log_set_func(NULL, NULL);
        close(client);
        fixture_clear(&fixture);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        log_set_rate(0); /* the same warning of each test is counted */
#define ADD(path, func) g_test_add_func("/listener/" path, func)
        ADD("connection-is-handed-over-with-its-address",
            test_connection_is_handed_over_with_its_address);
        ADD("accepted-socket-does-not-block-nor-delay",
            test_accepted_socket_does_not_block_nor_delay);
        ADD("ip6-wildcard-does-not-take-ip4", test_ip6_wildcard_does_not_take_ip4);
        ADD("wildcards-of-both-families-share-a-port",
            test_wildcards_of_both_families_share_a_port);
        ADD("port-in-use-is-named-with-what-to-do", test_port_in_use_is_named_with_what_to_do);
        ADD("address-of-another-machine-is-refused", test_address_of_another_machine_is_refused);
        ADD("bad-address-is-a-configuration-error", test_bad_address_is_a_configuration_error);
        ADD("freed-listener-leaves-its-port", test_freed_listener_leaves_its_port);
        ADD("accepts-are-bounded-a-turn", test_accepts_are_bounded_a_turn);
        ADD("who-comes-waits-while-handshakes-do", test_who_comes_waits_while_handshakes_do);
        ADD("the-last-descriptors-are-not-for-connections",
            test_the_last_descriptors_are_not_for_connections);
        ADD("without-descriptors-connections-are-refused",
            test_without_descriptors_connections_are_refused);
        ADD("refusals-are-logged-once-in-ten-seconds",
            test_refusals_are_logged_once_in_ten_seconds);
        ADD("without-a-spare-accepting-rests", test_without_a_spare_accepting_rests);
#undef ADD
        return g_test_run();
}
