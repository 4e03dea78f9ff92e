/*
 * store: what the server itself asks of the storage.
 */
#pragma once

#include <motet/service-store.h>

#include "core/server.h"

/** StoreProbed: @error: (borrowed) the first of all; NULL: everything answered */
typedef void (*StoreProbed)(void *data, const GError *error);
/** store_probe: asks each storage of each host one thing; @func is called once, perhaps before
 * return */
void store_probe(Server *server, StoreProbed func, void *data);
