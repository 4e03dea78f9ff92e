/*
 * store_place: a place for a database of storage_sqlite that outlives a server, for its tests.
 */
#pragma once

#include "support/store_kit.h"

/* A configuration up to its modules: two hosts, all stores in SQLite. */
#define STORE_PLACE_CONFIG                                                                         \
        "hosts: {example.org: , example.net: }\n"                                                  \
        "storage: {default: sqlite}\n"

typedef struct {
        char *dir, *file; /* the file in a folder of its own below @dir; neither is there yet */
} StorePlace;

StorePlace *store_place_new(void);
/** store_place_free: removes all that is there */
void store_place_free(StorePlace *place);
/** store_place_config: @options: more options of the module, ", synchronous: normal". Returns:
 * (own) */
char *store_place_config(const char *file, const char *options);
/** store_place_open: Returns: (own) a server that keeps its data there */
StoreKit *store_place_open(const StorePlace *place, const char *options);
/** store_place_refuse: Returns: (own) what a server says that refuses to start with what is
 * there */
char *store_place_refuse(const StorePlace *place, const char *options);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(StorePlace, store_place_free)
