/*
 * address: addresses of the network as text.
 */
#pragma once

#include <sys/socket.h>

#include <motet/conn.h>

/** address_text: Returns: (own) @address (AF_INET or AF_INET6) as numbers; an IPv4 one in an IPv6 one as IPv4 */
char *address_text(const struct sockaddr *address);
