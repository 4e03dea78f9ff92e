/*
 * Tests of check listen: addresses, ports that are taken, and ports that need a right.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "support/check_kit.h"

#define UNIT "/root/etc/systemd/system/motet.service"
#define SOCKET_UNIT "/root/etc/systemd/system/motet.socket"

/* Returns: a socket that listens on a free port of 127.0.0.1 */
static int
listen_somewhere(uint16_t *port_out)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_assert_cmpint(bind(fd, (struct sockaddr *)&address, length), ==, 0);
        g_assert_cmpint(listen(fd, 1), ==, 0);
        g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &length), ==, 0);
        *port_out = ntohs(address.sin_port);
        return fd;
}

static void
use(CheckKit *kit, const char *ports, const char *interfaces)
{
        g_autofree char *text = g_strdup_printf(
                "enabled: true\noptions:\n  ports: %s\n  direct_tls_ports: []\n  interfaces: %s\n",
                ports, interfaces);

        check_kit_use(kit, "", "c2s", text, NULL);
}

static void
test_a_port_that_is_taken(CheckKit *kit, gconstpointer data)
{
        uint16_t port;
        int fd = listen_somewhere(&port);
        g_autofree char *ports = g_strdup_printf("[%u]", port);
        g_autofree char *told =
                g_strdup_printf("c2s.yaml:3:10: error: module \"c2s\": address 127.0.0.1 port %u: "
                                "another program listens there",
                                port);

        (void)data;
        use(kit, ports, "[127.0.0.1]");
        check_kit_assert(kit, "listen", "listen.in-use");
        check_kit_assert_told(kit, told);

        close(fd);
        check_kit_assert(kit, "listen", "");
}

/* The port is free for everybody again, and any free one is always good. */
static void
test_any_free_port_is_good(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "[0]", "[127.0.0.1, \"*\"]");
        check_kit_assert(kit, "listen", "");
}

/* RFC 5737: no machine has addresses of documentation. */
static void
test_an_address_that_the_machine_does_not_have(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "[35222]", "[192.0.2.1]");
        check_kit_assert(kit, "listen", "listen.no-such-address");
        check_kit_assert_told(kit, "this machine does not have that address");
}

static void
test_one_address_inside_another(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "[35222]", "[\"*\", 127.0.0.1]");
        check_kit_assert(kit, "listen", "listen.clash");
        check_kit_assert_told(kit, "address 127.0.0.1 port 35222: clashes with address * port "
                                   "35222 of module \"c2s\"");
        use(kit, "[35222]", "[\"::\", \"::1\"]");
        check_kit_run(kit, "listen");
        check_kit_assert_told(kit, "[listen.clash]");
}

/* The server refuses such a list: nothing can be said of its ports, least of all that all is
 * well. */
static void
test_an_address_that_is_listed_twice(CheckKit *kit, gconstpointer data)
{
        static const char *const lists[] = {"[\"::1\", \"0:0:0:0:0:0:0:1\"]",
                                            "[127.0.0.1, 127.0.0.1]", "[\"::\", \"0::0\"]"};

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
                use(kit, "[35222]", lists[i]);
                check_kit_assert(kit, "listen", "listen.unknown");
                check_kit_assert_told(kit, "error: where it would listen is not known: \"");
                check_kit_assert_told(kit, "\" is listed twice");
        }
}

/* ... and who asks for everything is told once. */
static void
test_what_is_listed_twice_is_told_once(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "[35222]", "[127.0.0.1, 127.0.0.1]");
        check_kit_run(kit, "config listen");
        check_kit_assert_told(kit, "[config.duplicate-value]");
        g_assert_null(strstr(kit->output->str, "[listen.unknown]"));
}

/* Every IPv4 address is written in two ways; so is one inside it. */
static void
test_a_wildcard_in_two_ways(CheckKit *kit, gconstpointer data)
{
        static const char *const lists[] = {"[\"*\", 0.0.0.0]", "[0.0.0.0, 127.0.0.1]",
                                            "[127.0.0.1, \"*\"]"};

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
                use(kit, "[35222]", lists[i]);
                check_kit_assert(kit, "listen", "listen.clash");
        }
}

static void
test_other_addresses_and_ports_do_not_clash(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "[35222]", "[127.0.0.1, 127.0.0.2]");
        check_kit_assert(kit, "listen", "");
        use(kit, "[35222, 35223]", "[127.0.0.1]");
        check_kit_assert(kit, "listen", "");
}

/* The wildcard of IPv6 takes no IPv4: both are listened on by default. */
static void
test_both_wildcards_do_not_clash(CheckKit *kit, gconstpointer data)
{
        (void)data;
        use(kit, "[35222]", "[\"*\", \"::\"]");
        check_kit_assert(kit, "listen", "");
}

static void
put_unit(const CheckKit *kit, const char *lines)
{
        g_autofree char *unit = g_strdup_printf(
                "[Service]\nExecStart=/usr/sbin/motetd --config %s\n%s", kit->config, lines);

        check_kit_put(kit, UNIT, unit);
}

/* capabilities(7): as root it could be bound, but it is not root that the unit starts. */
static void
test_a_port_that_needs_a_right(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_put(kit, "/root/proc/sys/net/ipv4/ip_unprivileged_port_start", "40000\n");
        use(kit, "[39999]", "[127.0.0.1]");
        put_unit(kit, "User=motet\nCapabilityBoundingSet=\n");
        check_kit_assert(kit, "listen", "listen.privileged-port");
        check_kit_assert_told(kit, "AmbientCapabilities=CAP_NET_BIND_SERVICE");

        put_unit(kit, "User=motet\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
                      "CapabilityBoundingSet=\n");
        check_kit_assert(kit, "listen", "listen.privileged-port");
        put_unit(kit, "User=motet\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
                      "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n");
        check_kit_assert(kit, "listen", "");
        put_unit(kit, "User=motet\n");
        check_kit_assert(kit, "listen", "listen.privileged-port");
        put_unit(kit, "User=motet\nAmbientCapabilities=CAP_CHOWN\n");
        check_kit_assert(kit, "listen", "listen.privileged-port");
        static const char *const of_root[] = {"", "User=root\n", "User=\n"};
        for (size_t i = 0; i < G_N_ELEMENTS(of_root); i++) {
                put_unit(kit, of_root[i]);
                check_kit_assert(kit, "listen", "");
        }
}

static void
test_a_port_past_the_privileged_ones(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_put(kit, "/root/proc/sys/net/ipv4/ip_unprivileged_port_start", "39999\n");
        use(kit, "[39999]", "[127.0.0.1]");
        put_unit(kit, "User=motet\nCapabilityBoundingSet=\n");
        check_kit_assert(kit, "listen", "");
}

/* systemd.socket(5): what systemd opens, and listens on while no server runs, is neither taken nor
 * in need of a right. (R28) */
static void
test_a_port_that_systemd_opens(CheckKit *kit, gconstpointer data)
{
        static const char *const others[] = {
                "ListenStream=127.0.0.1:39998\n",
                "ListenStream=127.0.0.2:39999\n",
                "ListenStream=39999\n", /* of IPv6 */
                "ListenStream=[::1]:39999\n",
                "ListenStream=127.0.0.1:39999\nListenStream=\n",
                "[Service]\nListenStream=127.0.0.1:39999\n",
        };

        (void)data;
        check_kit_put(kit, "/root/proc/sys/net/ipv4/ip_unprivileged_port_start", "40000\n");
        use(kit, "[39999]", "[127.0.0.1]");
        put_unit(kit, "User=motet\nCapabilityBoundingSet=\n");
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
                g_autofree char *unit = g_strdup_printf("[Socket]\n%s", others[i]);
                check_kit_put(kit, SOCKET_UNIT, unit);
                check_kit_assert(kit, "listen", "listen.privileged-port");
        }
        check_kit_put(kit, SOCKET_UNIT,
                      "[Socket]\nListenStream=[::]:1\n"
                      "ListenStream=127.0.0.1:39999\n");
        check_kit_assert(kit, "listen", "");

        use(kit, "[39999]", "[\"*\", \"::\"]");
        check_kit_put(kit, SOCKET_UNIT,
                      "[Socket]\nListenStream=0.0.0.0:39999\n"
                      "ListenStream=39999\n");
        check_kit_assert(kit, "listen", "");
}

#define ADD(path, func)                                                                            \
        g_test_add("/check-listen/" path, CheckKit, NULL, check_kit_set_up, func,                  \
                   check_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("a-port-that-is-taken", test_a_port_that_is_taken);
        ADD("any-free-port-is-good", test_any_free_port_is_good);
        ADD("an-address-that-the-machine-does-not-have",
            test_an_address_that_the_machine_does_not_have);
        ADD("one-address-inside-another", test_one_address_inside_another);
        ADD("an-address-that-is-listed-twice", test_an_address_that_is_listed_twice);
        ADD("what-is-listed-twice-is-told-once", test_what_is_listed_twice_is_told_once);
        ADD("a-wildcard-in-two-ways", test_a_wildcard_in_two_ways);
        ADD("other-addresses-and-ports-do-not-clash", test_other_addresses_and_ports_do_not_clash);
        ADD("both-wildcards-do-not-clash", test_both_wildcards_do_not_clash);
        ADD("a-port-that-needs-a-right", test_a_port_that_needs_a_right);
        ADD("a-port-that-systemd-opens", test_a_port_that_systemd_opens);
        ADD("a-port-past-the-privileged-ones", test_a_port_past_the_privileged_ones);
        return g_test_run();
}
