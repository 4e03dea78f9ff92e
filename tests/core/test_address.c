/*
 * test_address: addresses as text, and what of them a limit counts.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "core/address.h"

static void
test_mapped_ip4_address_is_written_as_ip4(void)
{
        const char *const cases[][2] = {
                {"::ffff:192.0.2.7", "192.0.2.7"},
                {"2001:db8:0:0::7", "2001:db8::7"},
                {"::1", "::1"},
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct sockaddr_in6 address = {.sin6_family = AF_INET6};
                g_assert_cmpint(inet_pton(AF_INET6, cases[i][0], &address.sin6_addr), ==, 1);

                g_autofree char *text = address_text((const struct sockaddr *)&address);

                g_assert_cmpstr(text, ==, cases[i][1]);
        }
}

static void
test_the_network_of_an_ip6_address_is_its_64(void)
{
        const char *const cases[][2] = {
                {"192.0.2.7", "192.0.2.7"},
                {"::ffff:192.0.2.7", "192.0.2.7"},
                {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
                {"2001:db8:1:2::", "2001:db8:1:2::/64"},
                {"memory", "memory"},
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *network = motet_address_network(cases[i][0]);

                g_assert_cmpstr(network, ==, cases[i][1]);
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/address/mapped-ip4-address-is-written-as-ip4",
                        test_mapped_ip4_address_is_written_as_ip4);
        g_test_add_func("/address/the-network-of-an-ip6-address-is-its-64",
                        test_the_network_of_an_ip6_address_is_its_64);
        return g_test_run();
}
