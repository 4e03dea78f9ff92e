/*
 * address: addresses of the network as text.
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <motet/conn.h>

/** Address: of a TCP socket: IPv4 or IPv6, with its port */
typedef union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
} Address;

/** address_parse: @text as in MotetListen. Returns: false when it is no address, and leaves
 * @address_out as it was */
bool address_parse(const char *text, uint16_t port, Address *address_out);
/** address_length: of the member that @address is, for bind(2) */
socklen_t address_length(const Address *address);
uint16_t address_port(const Address *address);
/** address_equal: whether both are the same address and port of one family */
bool address_equal(const Address *a, const Address *b);
/** address_text: Returns: (own) @address (AF_INET or AF_INET6) as numbers; an IPv4 one in an IPv6
 * one as IPv4 */
char *address_text(const struct sockaddr *address);
