/*
 * test_c2s: which ports are opened, and what is spoken on them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <motet/conn.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/listens.h"
#include "support/test_client.h"

/* One line a listener: "address port direct-tls alpn type". */
static void
add_line(const MotetListen *spec, uint16_t port, void *data)
{
        g_string_append_printf(data, "%s %s%s%s%s\n", spec->address, port > 0 ? "open" : "closed",
                               spec->direct_tls ? " tls" : "", spec->alpn ? " " : "",
                               spec->alpn ? spec->alpn : "");
        g_assert_cmpint(spec->type, ==, MOTET_SESSION_C2S_UNAUTHED);
}

static char *
listeners_of(TestServer *server)
{
        GString *lines = g_string_new(NULL);

        listens_foreach(server_listens(test_server_core(server)), add_line, lines);
        return g_string_free(lines, FALSE);
}

#define ANY_PORTS "c2s:\n  options:\n    ports: [0]\n    direct_tls_ports: [0]\n"

static void
test_both_kinds_on_every_interface(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml(ANY_PORTS "    interfaces: [127.0.0.1, 127.0.0.2]\n");

        g_autofree char *lines = listeners_of(server);

        g_assert_cmpstr(lines, ==,
                        "127.0.0.1 open\n127.0.0.1 open tls xmpp-client\n"
                        "127.0.0.2 open\n127.0.0.2 open tls xmpp-client\n");
}

static int
bind_any(uint16_t *port_out)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);

        g_assert_cmpint(bind(fd, (struct sockaddr *)&address, len), ==, 0);
        g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &len), ==, 0);
        *port_out = ntohs(address.sin_port);
        return fd;
}

static void
test_several_ports(void)
{
        uint16_t first, second;
        int fds[] = {bind_any(&first), bind_any(&second)};
        close(fds[0]);
        close(fds[1]);
        g_autofree char *yaml =
                g_strdup_printf("c2s:\n  options:\n    ports: [%u, %u]\n    direct_tls_ports: []\n"
                                "    interfaces: [127.0.0.1]\n",
                                first, second);
        g_autoptr(TestServer) server = test_server_new_yaml(yaml);

        g_autofree char *lines = listeners_of(server);

        g_assert_cmpstr(lines, ==, "127.0.0.1 open\n127.0.0.1 open\n");
}

/* A machine without IPv6 starts as well, on the rest. */
static void
test_wildcards(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(ANY_PORTS);
        int fd = socket(AF_INET6, SOCK_STREAM, 0);
        bool has_ipv6 = fd >= 0 || errno != EAFNOSUPPORT;
        if (fd >= 0)
                close(fd);

        g_autofree char *lines = listeners_of(server);

        g_assert_true(g_str_has_prefix(lines, "* open\n* open tls xmpp-client\n"));
        g_assert_cmpint(strstr(lines, ":: open\n:: open tls xmpp-client\n") != NULL, ==, has_ipv6);
}

static void
test_bad_interface_is_refused(void)
{
        g_autofree char *refusal = test_server_refuse(
                "modules:\n  c2s:\n    options:\n      interfaces: [localhost]\n");

        g_assert_nonnull(strstr(refusal, "localhost"));
}

/* Limits of the option: 65535, and one more */
static void
test_bad_port_is_refused(void)
{
        g_autofree char *refusal =
                test_server_refuse("modules:\n  c2s:\n    options:\n      ports: [65536]\n");

        g_assert_nonnull(strstr(refusal, "65536"));
}

/* A port in use keeps the server from starting, naming it. */
static void
test_port_in_use_is_refused(void)
{
        uint16_t number;
        int fd = bind_any(&number);
        g_assert_cmpint(listen(fd, 1), ==, 0);
        g_autofree char *port = g_strdup_printf("%u", number);
        g_autofree char *yaml =
                g_strdup_printf("modules:\n  c2s:\n    options:\n      ports: [%s]\n"
                                "      direct_tls_ports: []\n      interfaces: [127.0.0.1]\n",
                                port);

        g_autofree char *refusal = test_server_refuse(yaml);

        g_assert_nonnull(strstr(refusal, port));
        close(fd);
}

static void
take_port(const MotetListen *spec, uint16_t port, void *data)
{
        (void)spec;
        *(uint16_t *)data = port;
}

#define MODULES                                                                                    \
        "modules:\n  c2s:\n    options:\n      direct_tls_ports: []\n      interfaces: "           \
        "[127.0.0.1]\n"

/* A reload opens and closes; what cannot be opened changes nothing. */
static void
test_reload_moves_listeners(void)
{
        uint16_t free_port, used_port;
        int free_fd = bind_any(&free_port), used_fd = bind_any(&used_port);
        g_assert_cmpint(listen(used_fd, 1), ==, 0);
        close(free_fd);
        g_autofree char *moved = g_strdup_printf(MODULES "      ports: [%u]\n", free_port);
        g_autofree char *failing = g_strdup_printf(MODULES "      ports: [%u]\n", used_port);
        g_autoptr(TestServer) server = test_server_new_config(MODULES "      ports: [0]\n");
        uint16_t first = 0, second = 0, third = 0;
        listens_foreach(server_listens(test_server_core(server)), take_port, &first);

        g_assert_true(test_server_reload(server, moved, NULL));
        listens_foreach(server_listens(test_server_core(server)), take_port, &second);
        g_assert_false(test_server_reload(server, failing, NULL));
        listens_foreach(server_listens(test_server_core(server)), take_port, &third);

        g_assert_cmpuint(first, !=, free_port);
        g_assert_cmpuint(second, ==, free_port);
        g_assert_cmpuint(third, ==, free_port);
        close(used_fd);
}

/* RFC 6120 3.2: a client connects and is answered */
static void
test_clients_are_accepted(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml("c2s:\n  options:\n    ports: [0]\n    direct_tls_ports: []\n "
                                     "   interfaces: [127.0.0.1]\n");
        uint16_t port = 0;
        listens_foreach(server_listens(test_server_core(server)), take_port, &port);
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                      .sin_port = htons(port)};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
        g_autofree char *header = test_session_header("example.org");

        g_assert_cmpint(write(fd, header, strlen(header)), ==, (ssize_t)strlen(header));
        char answer[256] = "";
        ssize_t n = -1;
        while (n < 0) {
                loop_turn(server_base(test_server_core(server))->loop, true);
                n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
        }

        g_assert_nonnull(strstr(answer, "from='example.org'"));
        close(fd);
        test_server_settle(server);
}

/* XEP-0368 section 4: a client that offers ALPN must offer xmpp-client */
static void
test_alpn_of_direct_tls(void)
{
        static const struct {
                const char *offered;
                bool welcome;
        } cases[] = {{"xmpp-client", true}, {NULL, true}, {"xmpp-server", false}, {"h2", false}};
        g_autoptr(TestServer) server = test_server_new_yaml(
                "c2s:\n  options:\n    ports: [0]\n    direct_tls_ports: [0]\n");
        test_server_certify(server, "");

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(TestClient) client = test_client_new_direct(server, "xmpp-client");
                g_assert_cmpint(test_client_handshake(client, TLS1_2_VERSION, cases[i].offered), ==,
                                cases[i].welcome);
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/c2s/both-kinds-on-every-interface", test_both_kinds_on_every_interface);
        g_test_add_func("/c2s/several-ports", test_several_ports);
        g_test_add_func("/c2s/wildcards", test_wildcards);
        g_test_add_func("/c2s/bad-interface-is-refused", test_bad_interface_is_refused);
        g_test_add_func("/c2s/bad-port-is-refused", test_bad_port_is_refused);
        g_test_add_func("/c2s/port-in-use-is-refused", test_port_in_use_is_refused);
        g_test_add_func("/c2s/reload-moves-listeners", test_reload_moves_listeners);
        g_test_add_func("/c2s/clients-are-accepted", test_clients_are_accepted);
        g_test_add_func("/c2s/alpn-of-direct-tls", test_alpn_of_direct_tls);
        return g_test_run();
}
