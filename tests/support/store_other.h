/*
 * store_other: another program's connection to a database of storage_sqlite, for its tests: through
 * the library that the module brought.
 */
#pragma once

#include "support/store_place.h"

typedef struct StoreOther StoreOther;

StoreOther *store_other_open(const StorePlace *place);
/** store_other_close: NULL is a no-op */
void store_other_close(StoreOther *other);
/** store_other_run: any statements; an error fails the test */
void store_other_run(StoreOther *other, const char *sql);
/** store_other_number: Returns: the first column of the first row */
int64_t store_other_number(StoreOther *other, const char *sql);
/** store_other_tamper: opens, runs, closes */
void store_other_tamper(const StorePlace *place, const char *sql);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreOther, store_other_close)
