/*
 * store_write: the part of bench_store that writes.
 *
 * A writer asks for its next write when the last one is acknowledged, which is when it is on the
 * disk. The processor time is that of the whole process, so the writers' own work and the server's
 * loop are in it.
 */
#include "store_bench.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define N_FILLERS 512u
#define PAGE_BYTES 4096
#define DOCUMENT_BYTES 300u
#define ENTRY_BYTES 400u

typedef enum { WRITE_KEYVAL, WRITE_MAP, WRITE_ARCHIVE } What;

static const char *const what_names[] = {
        [WRITE_KEYVAL] = "keyval: replace one document of 300 bytes",
        [WRITE_MAP] = "map: add a document of 300 bytes",
        [WRITE_ARCHIVE] = "archive: append an entry of 400 bytes",
};

/* One measurement. */
typedef struct {
        StoreBench *bench;
        What what;
        int64_t end;     /* when writers stop; 0: at the last of n_left */
        unsigned n_left; /* entries of all accounts in turn, still to be made; for filling */
} Writing;

typedef struct {
        Writing *writing;
        unsigned number, n_written;
        int64_t asked; /* when */
} Writer;

/* The disk */

bool
store_measure_disk(StoreBench *bench, StoreFigures *figures)
{
        g_autofree char *path = g_build_filename(bench->folder, "page", NULL);
        char page[PAGE_BYTES];
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        bool ok = fd >= 0;

        memset(page, 'x', sizeof page);

        int64_t start = g_get_monotonic_time(), now = start;
        int64_t end = start + bench->options->seconds * G_USEC_PER_SEC;

        for (off_t at = 0; ok && now < end; at += PAGE_BYTES) {
                ok = pwrite(fd, page, sizeof page, at) == sizeof page && fdatasync(fd) == 0;
                store_bench_note_latency(bench, now);
                now = g_get_monotonic_time();
        }
        if (!ok)
                perror(path);
        if (fd >= 0)
                close(fd);
        g_unlink(path);

        Percentiles percentiles = store_bench_percentiles(bench);

        figures->disk_sync_per_s = percentiles.n * 1e6 / (double)MAX(now - start, 1);
        if (ok)
                store_bench_print("disk: append 4 KiB, fdatasync", 1, &percentiles, now - start);
        return ok;
}

/* One write */

static void write_next(Writer *writer);

static void
on_written(Writer *writer, const GError *error)
{
        Writing *writing = writer->writing;
        StoreBench *bench = writing->bench;

        bench->n_active--;
        if (store_bench_note_failure(bench, error))
                return;
        writer->n_written++;
        /* Filling is not measured by its latencies, of which there would be too many. */
        if (writing->end != 0)
                store_bench_note_latency(bench, writer->asked);
        if (writing->n_left > 0 || g_get_monotonic_time() < writing->end)
                write_next(writer);
}

static void
on_set(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        on_written(data, error);
}

static void
on_appended(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        (void)self;
        (void)id;
        on_written(data, error);
}

/* Never the same twice: a document replaced by its like would not be written at all. */
static GBytes *
new_value(StoreBench *bench, size_t n)
{
        char *bytes = g_strnfill(n, 'x');

        memcpy(bytes, &bench->n_made, sizeof bench->n_made);
        bench->n_made++;
        return g_bytes_new_take(bytes, n);
}

static void
append(Writer *writer, const char *account)
{
        StoreBench *bench = writer->writing->bench;
        g_autoptr(GBytes) value = new_value(bench, ENTRY_BYTES);
        const MotetStoreEntry entry = {
                .when = g_get_real_time(), .with = "juliet@example.org", .value = value};

        motet_store_append(bench->archive, account, &entry, on_appended, writer);
}

static void
set(Writer *writer, const char *account)
{
        StoreBench *bench = writer->writing->bench;
        g_autoptr(GBytes) value = new_value(bench, DOCUMENT_BYTES);
        char key[32];

        (void)g_snprintf(key, sizeof key, "contact%u@example.net", writer->n_written);
        if (writer->writing->what == WRITE_KEYVAL)
                motet_store_set(bench->keyval, account, "", value, on_set, writer);
        else
                motet_store_set(bench->map, account, key, value, on_set, writer);
}

/* Fillers go round all accounts, so that each has as many; entries are of any; documents of one a
 * writer. */
static unsigned
next_account(Writer *writer)
{
        Writing *writing = writer->writing;
        int32_t n_accounts = (int32_t)writing->bench->options->accounts;

        if (writing->n_left > 0)
                return --writing->n_left % (unsigned)n_accounts;
        if (writing->what == WRITE_ARCHIVE)
                return (unsigned)g_rand_int_range(writing->bench->random, 0, n_accounts);
        return writer->number;
}

static void
write_next(Writer *writer)
{
        StoreBench *bench = writer->writing->bench;
        char account[32];

        (void)g_snprintf(account, sizeof account, "user%u", next_account(writer));
        writer->asked = g_get_monotonic_time();
        bench->n_active++;
        if (writer->writing->what == WRITE_ARCHIVE)
                append(writer, account);
        else
                set(writer, account);
}

/* Many writes */

static double
cpu_us(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* What a measurement took. */
typedef struct {
        uint64_t n;
        int64_t elapsed; /* µs */
        double cpu;      /* µs */
} Taken;

static bool
run_writers(Writing *writing, unsigned n_writers, Taken *taken_out)
{
        StoreBench *bench = writing->bench;
        Writer *writers = g_new0(Writer, n_writers);
        int64_t start = g_get_monotonic_time();
        double cpu = cpu_us();

        for (unsigned i = 0; i < n_writers; i++) {
                writers[i] = (Writer){.writing = writing, .number = i};
                write_next(&writers[i]);
        }
        store_bench_run_until_idle(bench);
        *taken_out = (Taken){.elapsed = g_get_monotonic_time() - start, .cpu = cpu_us() - cpu};
        for (unsigned i = 0; i < n_writers; i++)
                taken_out->n += writers[i].n_written;
        /* After a failure writes may still be on their way to their writers. */
        if (!bench->failed)
                g_free(writers);
        return !bench->failed;
}

static bool
measure(StoreBench *bench, What what, unsigned n_writers, Taken *taken_out)
{
        Writing writing = {.bench = bench, .what = what};

        writing.end = g_get_monotonic_time() + bench->options->seconds * G_USEC_PER_SEC;
        if (!run_writers(&writing, n_writers, taken_out))
                return false;

        Percentiles percentiles = store_bench_percentiles(bench);

        store_bench_print(what_names[what], n_writers, &percentiles, taken_out->elapsed);
        return true;
}

bool
store_measure_documents(StoreBench *bench)
{
        Taken taken;

        return measure(bench, WRITE_KEYVAL, 1, &taken) &&
               measure(bench, WRITE_KEYVAL, bench->options->writers, &taken) &&
               measure(bench, WRITE_MAP, 1, &taken) &&
               measure(bench, WRITE_MAP, bench->options->writers, &taken);
}

bool
store_fill(StoreBench *bench, StoreFigures *figures)
{
        Writing writing = {.bench = bench, .what = WRITE_ARCHIVE, .n_left = bench->options->rows};
        Taken taken;

        if (!run_writers(&writing, N_FILLERS, &taken))
                return false;
        figures->rows = (unsigned)taken.n;
        printf("archive: filled with %" G_GUINT64_FORMAT
               " entries of %u accounts in %.1f s, %.2f µs of CPU each\n",
               taken.n, bench->options->accounts, (double)taken.elapsed / 1e6,
               taken.cpu / (double)taken.n);
        (void)fflush(stdout);
        return true;
}

bool
store_measure_archive(StoreBench *bench, StoreFigures *figures)
{
        Taken taken;

        if (!measure(bench, WRITE_ARCHIVE, 1, &taken) ||
            !measure(bench, WRITE_ARCHIVE, bench->options->writers, &taken))
                return false;
        figures->rows_per_s = (double)taken.n * 1e6 / (double)taken.elapsed;
        figures->cpu_us_per_row = taken.cpu / (double)taken.n;
        printf("archive: %.2f µs of CPU an entry, of the whole process\n", figures->cpu_us_per_row);
        return true;
}
