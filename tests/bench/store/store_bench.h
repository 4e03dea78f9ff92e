/*
 * store_bench: what the parts of bench_store share: a server in this process with the real module
 * on a real disk, and the stores of one owner.
 */
#pragma once

#include <motet/service-store.h>

#include "core/server.h"

#define BENCH_LAST 50u /* entries that a reader asks for */

typedef struct {
        unsigned rows, accounts, writers, seconds, reads;
} StoreBenchOptions;

typedef struct {
        const StoreBenchOptions *options;
        Server *core;
        MotetModule owner;
        MotetStore *keyval, *map, *archive;
        char *modules, *folder, *file; /* (own) */
        GRand *random;                 /* (own) seeded alike in every run */
        uint64_t n_made;               /* values */
        GArray *latencies;             /* (own) of int64_t, µs */
        unsigned n_active;             /* requests that wait for an answer */
        bool failed;
} StoreBench;

/* Of the latencies of one measurement, µs. */
typedef struct {
        unsigned n;
        double p50, p95, p99, max;
} Percentiles;

/* What the comparison with earlier runs is made of. */
typedef struct {
        double disk_sync_per_s;
        unsigned rows; /* in the archive when the writers began */
        double rows_per_s, cpu_us_per_row;
        double open_ms; /* with all rows there, until the first answer */
        Percentiles cold, warm;
} StoreFigures;

/* store_bench.c */

/** store_bench_new: makes a folder below @parent. Returns: (own) NULL when that fails, having said
 * why */
StoreBench *store_bench_new(const char *modules, const char *parent,
                            const StoreBenchOptions *options);
/** store_bench_free: removes the folder */
void store_bench_free(StoreBench *bench);
bool store_bench_open(StoreBench *bench);
/** store_bench_close: all that was written is in the file then, and none of it in our memory */
void store_bench_close(StoreBench *bench);
void store_bench_run_until_idle(StoreBench *bench);
void store_bench_note_latency(StoreBench *bench, int64_t since);
/** store_bench_note_failure: says so. Returns: whether there is an error */
bool store_bench_note_failure(StoreBench *bench, const GError *error);
/** store_bench_percentiles: sorts the latencies and forgets them */
Percentiles store_bench_percentiles(StoreBench *bench);
void store_bench_print_head(void);
/** store_bench_print: one row; @elapsed: µs */
void store_bench_print(const char *what, unsigned n_at_once, const Percentiles *percentiles,
                       int64_t elapsed);

/* store_write.c: each prints its rows and returns false after a failure. */

/** store_measure_disk: what one writer could do at best: a page written and synced, again and
 * again */
bool store_measure_disk(StoreBench *bench, StoreFigures *figures);
bool store_measure_documents(StoreBench *bench);
/** store_fill: appends until there are options->rows entries */
bool store_fill(StoreBench *bench, StoreFigures *figures);
/** store_measure_archive: options->writers that wait for their last entry, to accounts at random */
bool store_measure_archive(StoreBench *bench, StoreFigures *figures);

/* store_read.c */

bool store_measure_open(StoreBench *bench, StoreFigures *figures);
bool store_measure_cold(StoreBench *bench, StoreFigures *figures);
bool store_measure_warm(StoreBench *bench, StoreFigures *figures);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreBench, store_bench_free)
