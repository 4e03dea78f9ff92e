/*
 * store_read: the part of bench_store that reads the newest entries of accounts.
 *
 * Cold is: the server has just been started, has answered for an account that has nothing (so that
 * its statements are prepared), and then the system's cache of the file was dropped. So each page
 * comes from the disk but the few that SQLite kept from that answer. What is behind the
 * system's cache, in the disk or below a virtual one, cannot be dropped.
 */
#include "store_bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* What one reading expects. */
typedef struct {
        StoreBench *bench;
        size_t n;
} Reading;

static void
on_read(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
        bool complete, void *data)
{
        Reading *reading = data;

        (void)self;
        (void)entries;
        (void)complete;
        reading->bench->n_active--;
        if (!store_bench_note_failure(reading->bench, error) && n != reading->n) {
                (void)fprintf(stderr, "%zu entries instead of %zu\n", n, reading->n);
                reading->bench->failed = true;
        }
}

static bool
read_account(StoreBench *bench, const char *account, size_t n)
{
        const MotetStoreQuery query = {.max = BENCH_LAST, .newest = true};
        Reading reading = {.bench = bench, .n = n};

        bench->n_active = 1;
        motet_store_query(bench->archive, account, &query, on_read, &reading);
        store_bench_run_until_idle(bench);
        return !bench->failed;
}

static bool
read_user(StoreBench *bench, unsigned number)
{
        char account[32];

        (void)g_snprintf(account, sizeof account, "user%u", number);
        return read_account(bench, account, BENCH_LAST);
}

static bool
drop_from_cache(const StoreBench *bench)
{
        int fd = open(bench->file, O_RDONLY | O_CLOEXEC);
        bool ok =
                fd >= 0 && fdatasync(fd) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;

        if (!ok)
                perror(bench->file);
        if (fd >= 0)
                close(fd);
        return ok;
}

bool
store_measure_open(StoreBench *bench, StoreFigures *figures)
{
        store_bench_close(bench);
        if (!drop_from_cache(bench))
                return false;

        int64_t start = g_get_monotonic_time();

        if (!store_bench_open(bench) || !read_account(bench, "nobody", 0))
                return false;
        figures->open_ms = (double)(g_get_monotonic_time() - start) / 1000;
        printf("open the file and answer, cold: %.2f ms\n", figures->open_ms);
        return true;
}

bool
store_measure_cold(StoreBench *bench, StoreFigures *figures)
{
        int32_t n_accounts = (int32_t)bench->options->accounts;
        int64_t elapsed = 0;

        for (unsigned i = 0; i < bench->options->reads; i++) {
                store_bench_close(bench);
                if (!store_bench_open(bench) || !read_account(bench, "nobody", 0) ||
                    !drop_from_cache(bench))
                        return false;

                unsigned account = (unsigned)g_rand_int_range(bench->random, 0, n_accounts);
                int64_t asked = g_get_monotonic_time();

                if (!read_user(bench, account))
                        return false;
                store_bench_note_latency(bench, asked);
                elapsed += g_get_monotonic_time() - asked;
        }
        figures->cold = store_bench_percentiles(bench);
        store_bench_print("archive: newest 50 of an account, cold", 1, &figures->cold, elapsed);
        printf("  cold: the server just started, the system's cache of the file dropped; caches "
               "below "
               "the system cannot be\n");
        return true;
}

/* Each account twice, the second time measured, with others in between. */
bool
store_measure_warm(StoreBench *bench, StoreFigures *figures)
{
        unsigned n = MIN(bench->options->accounts, 1000);

        for (unsigned i = 0; i < n; i++) {
                if (!read_user(bench, i))
                        return false;
        }

        int64_t start = g_get_monotonic_time();

        for (unsigned i = 0; i < n; i++) {
                int64_t asked = g_get_monotonic_time();

                if (!read_user(bench, i))
                        return false;
                store_bench_note_latency(bench, asked);
        }
        figures->warm = store_bench_percentiles(bench);
        store_bench_print("archive: newest 50 of an account, warm", 1, &figures->warm,
                          g_get_monotonic_time() - start);
        return true;
}
