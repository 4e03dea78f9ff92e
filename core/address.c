/*
 * address: addresses of the network as text.
 */
#include "core/address.h"

#include <arpa/inet.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of an IPv6 address: what one subscriber usually holds */

bool
address_parse(const char *text, uint16_t port, Address *address_out)
{
        Address address = {.any.sa_family = AF_UNSPEC};

        if (g_str_equal(text, "*"))
                text = "0.0.0.0";
        if (inet_pton(AF_INET, text, &address.ip4.sin_addr) == 1) {
                address.ip4.sin_family = AF_INET;
                address.ip4.sin_port = htons(port);
        } else if (inet_pton(AF_INET6, text, &address.ip6.sin6_addr) == 1) {
                address.ip6.sin6_family = AF_INET6;
                address.ip6.sin6_port = htons(port);
        } else {
                return false;
        }
        *address_out = address;
        return true;
}

socklen_t
address_length(const Address *address)
{
        return address->any.sa_family == AF_INET ? sizeof address->ip4 : sizeof address->ip6;
}

uint16_t
address_port(const Address *address)
{
        return ntohs(address->any.sa_family == AF_INET ? address->ip4.sin_port
                                                       : address->ip6.sin6_port);
}

bool
address_equal(const Address *a, const Address *b)
{
        if (a->any.sa_family != b->any.sa_family || address_port(a) != address_port(b))
                return false;
        return a->any.sa_family == AF_INET
                       ? a->ip4.sin_addr.s_addr == b->ip4.sin_addr.s_addr
                       : IN6_ARE_ADDR_EQUAL(&a->ip6.sin6_addr, &b->ip6.sin6_addr);
}

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
