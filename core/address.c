/*
 * address: addresses of the network as text.
 */
#include "core/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of an IPv6 address: what one subscriber usually holds */

char *
address_text(const struct sockaddr *address)
{
        char text[INET6_ADDRSTRLEN] = "unknown";

        if (address->sa_family == AF_INET) {
                const struct sockaddr_in *ip4 = (const void *)address;

                inet_ntop(AF_INET, &ip4->sin_addr, text, sizeof text);
        } else if (address->sa_family == AF_INET6) {
                const struct in6_addr *ip6 =
                        &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

                if (IN6_IS_ADDR_V4MAPPED(ip6))
                        inet_ntop(AF_INET, &ip6->s6_addr[12], text, sizeof text);
                else
                        inet_ntop(AF_INET6, ip6, text, sizeof text);
        }
        return g_strdup(text);
}

char *
motet_address_network(const char *address)
{
        struct in6_addr ip6;
        char text[INET6_ADDRSTRLEN];

        if (inet_pton(AF_INET6, address, &ip6) != 1)
                return g_strdup(address);
        if (IN6_IS_ADDR_V4MAPPED(&ip6))
                return g_strdup(inet_ntop(AF_INET, &ip6.s6_addr[12], text, sizeof text));
        memset(&ip6.s6_addr[NETWORK_BYTES], 0, sizeof ip6.s6_addr - NETWORK_BYTES);
        return g_strconcat(inet_ntop(AF_INET6, &ip6, text, sizeof text), "/64", NULL);
}
