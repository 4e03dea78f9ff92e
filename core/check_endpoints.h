/*
 * check_endpoints: where the enabled modules would listen, read from what they declare.
 */
#pragma once

#include <netinet/in.h>

#include "core/check.h"

typedef union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
} CheckAddress;

typedef struct {
        char *module, *address; /* (own) as configured */
        char *service;          /* (own) "_xmpp-client._tcp"; NULL: none */
        CheckAddress where;     /* AF_UNSPEC: @address is none */
        uint16_t port;          /* 0: any free one */
        const ConfigNode *node; /* (borrowed) where the port is set, or the module's place */
} CheckEndpoint;

/**
 * check_endpoints:
 * @unread: what is wrong with options of modules that listen is added to it, and such a module has no
 *   endpoints; NULL: nobody wants to know
 *
 * Returns: (own) of CheckEndpoint, for g_ptr_array_unref()
 */
GPtrArray *check_endpoints(CheckContext *context, ConfigFindings *unread);
/** check_address_parse: @text: as in MotetListen. Returns: false when it is no address */
bool check_address_parse(const char *text, uint16_t port, CheckAddress *out);
socklen_t check_address_length(const CheckAddress *address);
