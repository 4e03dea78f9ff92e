/*
 * check_endpoints: where the enabled modules would listen, read from what they declare.
 */
#pragma once

#include "core/address.h"
#include "core/check.h"

typedef struct {
        char *module, *address; /* (own) as configured */
        char *service;          /* (own) "_xmpp-client._tcp"; NULL: none */
        Address where;          /* AF_UNSPEC: @address is none */
        uint16_t port;          /* 0: any free one */
        const ConfigNode *node; /* (borrowed) where the port is set, or the module's place */
} CheckEndpoint;

/**
 * check_endpoints:
 * @unread: what is wrong with options of modules that listen is added to it, and such a module has
 * no endpoints; NULL: nobody wants to know
 *
 * Returns: (own) of CheckEndpoint, for g_ptr_array_unref()
 */
GPtrArray *check_endpoints(CheckContext *context, ConfigFindings *unread);
