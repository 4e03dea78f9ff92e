/*
 * store_kit: what every storage backend must do, as tests: each promise of service-store.h.
 *
 * A test of a backend calls store_kit_add() and adds what is its own. The functions below do one
 * request and all work it takes, for the kit and for such tests.
 */
#pragma once

#include <motet/error.h>
#include <motet/service-store.h>

#include "support/test_server.h"

/**
 * store_kit_add:
 * @unit: first part of the tests' paths, "storage_memory"
 * @config_yaml: (borrowed, a literal) a configuration as of test_server_new_config(): the backend
 *   as default storage, the hosts example.org and example.net, and last the module iq: ", iq: }"
 *
 * Adds every test of the kit.
 */
void store_kit_add(const char *unit, const char *config_yaml);

typedef struct {
        TestServer *server;
        MotetModule *owner;
        MotetStore *keyval, *map, *archive;
} StoreKit;

/** store_kit_start: opens the stores "kit_keyval", "kit_map" and "kit_archive"; @server (take) */
StoreKit *store_kit_start(TestServer *server);
void store_kit_stop(StoreKit *kit);

/* Results: 0 for none, else the error's code plus 1. */
#define STORE_KIT_ERROR(code) ((int)(code) + 1)

/** store_kit_set: Returns: the result */
int store_kit_set(StoreKit *kit, MotetStore *store, const char *account, const char *key,
                  const char *text);
int store_kit_write(StoreKit *kit, MotetStore *store, const char *account,
                    const MotetStoreChange *changes, size_t n, uint64_t epoch);
/**
 * store_kit_read: Returns: (own) the document as text, NULL when there is none; an error fails the
 * test
 */
char *store_kit_read(StoreKit *kit, MotetStore *store, const char *account, const char *key);
/**
 * store_kit_list: Returns: (own) "account/key=text " for each document, or "account " for each
 * account when @accounts
 */
char *store_kit_list(StoreKit *kit, MotetStore *store, const char *account, bool accounts);
/** store_kit_append: Returns: the id; an error fails the test */
uint64_t store_kit_append(StoreKit *kit, const char *account, int64_t when, const char *with,
                          const char *text);
/**
 * store_kit_query: Returns: (own) "text " for each entry found, then "+" when there are more; an
 * error fails the test
 */
char *store_kit_query(StoreKit *kit, const char *account, const MotetStoreQuery *query);
uint64_t store_kit_count(StoreKit *kit, const char *account);
int store_kit_prune(StoreKit *kit, const char *account, const MotetStoreQuery *query);
int store_kit_drop(StoreKit *kit, const char *account);

/**
 * store_kit_on_other_host: Returns: (own, for g_free()) the same stores as the second host has
 * them, without keyval
 */
StoreKit *store_kit_on_other_host(const StoreKit *kit);

/** store_kit_bytes: Returns: (own) @text without its NUL */
GBytes *store_kit_bytes(const char *text);

typedef struct {
        const char *name;              /* NULL ends a table */
        void (*run)(const void *data); /* @data: the configuration */
} StoreKitTest;

/* store_archive.c, store_order.c */
extern const StoreKitTest store_kit_archive_tests[];
extern const StoreKitTest store_kit_order_tests[];

G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreKit, store_kit_stop)
