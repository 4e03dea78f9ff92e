/*
 * bench_store: what the stores do in a second, in this process, with the real module on a real disk.
 *
 * Measures acknowledged (durable) writes of 1 and of 64 writers, each waiting for its last write,
 * to documents and to archives; fills an archive with ROWS entries of 1000 accounts, interleaved;
 * and reads the last 50 entries of one account: again and again, of any account with the file in
 * the system's cache, and of any account with it dropped from there. Beside them: how often the
 * disk itself can sync a page.
 */
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <motet/service-store.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/server.h"

#define N_ACCOUNTS 1000u
#define N_FILLERS 512u
#define N_LAST 50u
#define N_COLD 50u
#define PAGE_BYTES 4096
#define DOCUMENT_BYTES 300u
#define ENTRY_BYTES 400u

typedef struct {
        Server *core;
        MotetModule owner;
        MotetStore *keyval, *map, *archive;
        const char *modules;
        char *folder, *file;
        uint64_t n_made;
        GArray *latencies; /* of int64_t, µs */
        unsigned n_active; /* writers and readers that wait for an answer */
        int64_t end;       /* when writers stop */
        unsigned n_left;   /* writes still to be made; for filling */
        bool failed;
} Bench;

typedef enum { WRITE_KEYVAL, WRITE_MAP, WRITE_ARCHIVE } What;

static const char *const what_names[] = {
        [WRITE_KEYVAL] = "keyval: replace one document of 300 bytes",
        [WRITE_MAP] = "map: add a document of 300 bytes",
        [WRITE_ARCHIVE] = "archive: append an entry of 400 bytes",
};

typedef struct {
        Bench *bench;
        What what;
        unsigned number, n_written;
        int64_t asked; /* when */
} Writer;

static const MotetModuleInfo owner_info = {
        .abi = MOTET_ABI,
        .name = "bench",
        .summary = "Own the stores",
};

/* The server */

static bool
open_server(Bench *bench)
{
        g_autofree char *yaml = g_strdup_printf("hosts: {example.org: }\n"
                                                "modules_dir: %s\n"
                                                "data_dir: %s\n"
                                                "storage: {default: sqlite}\n"
                                                "modules: {storage_sqlite: }\n",
                                                bench->modules, bench->folder);
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        config_findings_init(&findings);
        const ServerParams params = {.config = config_parse(yaml, -1, bench->folder, &findings)};
        bench->core = server_new(&params, &findings, &error);
        for (guint i = 0; !bench->core && i < findings.list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings.list, i));
                (void)fprintf(stderr, "%s\n", text);
        }
        config_findings_clear(&findings);
        if (!bench->core && error)
                (void)fprintf(stderr, "%s\n", error->message);
        return bench->core != NULL;
}

static bool
open_stores(Bench *bench)
{
        MotetModule *owner = &bench->owner;
        MotetServer *server = server_base(bench->core);
        g_autoptr(GError) error = NULL;

        *owner = (MotetModule){.info = &owner_info, .server = server, .order = G_MAXUINT};
        owner->host = g_ptr_array_index(server->hosts, 0);
        instance_init(owner);
        owner->running = true;
        host_add_instance(owner->host, owner);
        bench->keyval = motet_store_open(owner, "bench_keyval", MOTET_STORE_KEYVAL, &error);
        bench->map = motet_store_open(owner, "bench_map", MOTET_STORE_MAP, &error);
        bench->archive = motet_store_open(owner, "bench_archive", MOTET_STORE_ARCHIVE, &error);
        if (error)
                (void)fprintf(stderr, "%s\n", error->message);
        return !error;
}

static void
close_server(Bench *bench)
{
        MotetModule *owner = &bench->owner;

        if (!bench->core)
                return;
        if (owner->host) {
                owner->running = false;
                instance_drop_all(owner);
                host_remove_instance(owner->host, owner);
                instance_clear(owner);
        }
        server_free(bench->core);
        bench->core = NULL;
        *owner = (MotetModule){0};
}

static bool
open_all(Bench *bench)
{
        return open_server(bench) && open_stores(bench);
}

static void
run_until_idle(Bench *bench)
{
        while (bench->n_active > 0 && !bench->failed)
                loop_turn(server_base(bench->core)->loop, true);
}

/* Figures */

static int
compare_latencies(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static double
percentile_ms(const GArray *latencies, unsigned percent)
{
        guint last = latencies->len - 1;

        return (double)g_array_index(latencies, int64_t, last * percent / 100) / 1000;
}

static void
print_row(const char *what, unsigned n_at_once, GArray *latencies, int64_t elapsed)
{
        g_array_sort(latencies, compare_latencies);
        printf("%-58s %5u %9u %9.0f %8.2f %8.2f %8.2f\n", what, n_at_once, latencies->len,
               (double)latencies->len * G_USEC_PER_SEC / (double)MAX(elapsed, 1),
               percentile_ms(latencies, 50), percentile_ms(latencies, 99),
               percentile_ms(latencies, 100));
        (void)fflush(stdout);
}

static void
note_latency(Bench *bench, int64_t since)
{
        int64_t latency = g_get_monotonic_time() - since;

        g_array_append_val(bench->latencies, latency);
}

static bool
note_failure(Bench *bench, const GError *error)
{
        if (!error)
                return false;
        (void)fprintf(stderr, "%s\n", error->message);
        bench->failed = true;
        return true;
}

/* The disk */

/* What one writer could do at best: a page written and synced, again and again. */
static bool
measure_disk(Bench *bench, int seconds)
{
        g_autofree char *path = g_build_filename(bench->folder, "page", NULL);
        char page[PAGE_BYTES];
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        bool ok = fd >= 0;

        memset(page, 'x', sizeof(page));
        g_array_set_size(bench->latencies, 0);
        int64_t start = g_get_monotonic_time(), now = start;
        for (off_t at = 0; ok && now < start + seconds * G_USEC_PER_SEC; at += PAGE_BYTES) {
                ok = pwrite(fd, page, sizeof(page), at) == sizeof(page) && fdatasync(fd) == 0;
                note_latency(bench, now);
                now = g_get_monotonic_time();
        }
        if (ok)
                print_row("disk: append 4 KiB, fdatasync", 1, bench->latencies, now - start);
        if (fd >= 0)
                close(fd);
        g_unlink(path);
        return ok;
}

/* Writing */

/* Never the same twice: a document replaced by its like would not be written at all. */
static GBytes *
new_value(Bench *bench, size_t n)
{
        char *bytes = g_strnfill(n, 'x');

        memcpy(bytes, &bench->n_made, sizeof(bench->n_made));
        bench->n_made++;
        return g_bytes_new_take(bytes, n);
}

static void write_next(Writer *writer);

static void
on_written(Writer *writer, const GError *error)
{
        Bench *bench = writer->bench;

        bench->n_active--;
        if (note_failure(bench, error))
                return;
        note_latency(bench, writer->asked);
        writer->n_written++;
        if (bench->n_left > 0 || g_get_monotonic_time() < bench->end)
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

static void
set(Writer *writer, MotetStore *store, const char *account, const char *key)
{
        g_autoptr(GBytes) value = new_value(writer->bench, DOCUMENT_BYTES);

        motet_store_set(store, account, key, value, on_set, writer);
}

static void
append(Writer *writer, const char *account)
{
        g_autoptr(GBytes) value = new_value(writer->bench, ENTRY_BYTES);
        const MotetStoreEntry entry = {
                .when = g_get_real_time(), .with = "juliet@example.org", .value = value};

        motet_store_append(writer->bench->archive, account, &entry, on_appended, writer);
}

/* Fillers go round all accounts; other writers have one each. */
static void
write_next(Writer *writer)
{
        Bench *bench = writer->bench;
        unsigned account = bench->n_left > 0 ? --bench->n_left % N_ACCOUNTS : writer->number;
        char name[32], key[32];

        (void)snprintf(name, sizeof(name), "user%u", account);
        (void)snprintf(key, sizeof(key), "contact%u@example.net", writer->n_written);
        writer->asked = g_get_monotonic_time();
        bench->n_active++;
        if (writer->what == WRITE_KEYVAL)
                set(writer, bench->keyval, name, "");
        else if (writer->what == WRITE_MAP)
                set(writer, bench->map, name, key);
        else
                append(writer, name);
}

static bool
measure_writes(Bench *bench, What what, unsigned n_writers, const char *title)
{
        Writer *writers = g_new0(Writer, n_writers);
        int64_t start = g_get_monotonic_time();

        g_array_set_size(bench->latencies, 0);
        for (unsigned i = 0; i < n_writers; i++) {
                writers[i] = (Writer){.bench = bench, .what = what, .number = i};
                write_next(&writers[i]);
        }
        run_until_idle(bench);
        if (!bench->failed)
                print_row(title, n_writers, bench->latencies, g_get_monotonic_time() - start);
        /* After a failure writes may still be on their way to their writers. */
        if (!bench->failed)
                g_free(writers);
        return !bench->failed;
}

static bool
measure_all_writes(Bench *bench, int seconds)
{
        static const unsigned counts[] = {1, 64};

        for (What what = WRITE_KEYVAL; what <= WRITE_ARCHIVE; what++) {
                for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
                        bench->end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
                        if (!measure_writes(bench, what, counts[i], what_names[what]))
                                return false;
                }
        }
        return true;
}

static bool
fill(Bench *bench, unsigned n_rows)
{
        bench->n_left = n_rows;
        bench->end = 0;
        return measure_writes(bench, WRITE_ARCHIVE, N_FILLERS, "archive: fill");
}

/* Reading */

static void
on_read(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
        bool complete, void *data)
{
        Bench *bench = data;

        (void)self;
        (void)entries;
        (void)complete;
        bench->n_active--;
        if (!note_failure(bench, error) && n != N_LAST) {
                (void)fprintf(stderr, "%zu entries instead of %u\n", n, N_LAST);
                bench->failed = true;
        }
}

static void
read_last(Bench *bench, unsigned account)
{
        const MotetStoreQuery query = {.max = N_LAST, .newest = true};
        int64_t asked = g_get_monotonic_time();
        char name[32];

        (void)snprintf(name, sizeof(name), "user%u", account);
        bench->n_active = 1;
        motet_store_query(bench->archive, name, &query, on_read, bench);
        run_until_idle(bench);
        note_latency(bench, asked);
}

static bool
drop_from_cache(const Bench *bench)
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

typedef struct {
        const char *title;
        unsigned n_reads;
        unsigned step; /* from one account to the next; 0: the same */
        bool cold;
} Reading;

static const Reading readings[] = {
        {"archive: last 50 of the same account", 1000, 0, false},
        {"archive: last 50 of any account, in the system's cache", 1000, 617, false},
        {"archive: last 50 of any account, from the disk", N_COLD, 617, true},
};

static bool
measure_reads(Bench *bench, const Reading *reading)
{
        int64_t elapsed = 0;

        g_array_set_size(bench->latencies, 0);
        for (unsigned i = 0; i < reading->n_reads && !bench->failed; i++) {
                if (reading->cold && !drop_from_cache(bench))
                        return false;
                read_last(bench, i * reading->step % N_ACCOUNTS);
                if (!bench->failed)
                        elapsed += g_array_index(bench->latencies, int64_t, i);
        }
        if (!bench->failed)
                print_row(reading->title, 1, bench->latencies, elapsed);
        return !bench->failed;
}

/* Closing writes the log into the file; what is opened again has nothing in memory. */
static bool
measure_all_reads(Bench *bench)
{
        for (size_t i = 0; i < G_N_ELEMENTS(readings); i++) {
                close_server(bench);
                int64_t start = g_get_monotonic_time();
                if ((readings[i].cold && !drop_from_cache(bench)) || !open_all(bench))
                        return false;
                g_array_set_size(bench->latencies, 0);
                read_last(bench, N_ACCOUNTS - 1);
                if (!bench->failed)
                        print_row(readings[i].cold ? "open the file and read once, from the disk"
                                                   : "open the file and read once",
                                  1, bench->latencies, g_get_monotonic_time() - start);
                if (bench->failed || !measure_reads(bench, &readings[i]))
                        return false;
        }
        return true;
}

/* All */

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file;
        (void)type;
        (void)place;
        return remove(path);
}

static bool
run(Bench *bench, unsigned n_rows, int seconds)
{
        if (!open_all(bench))
                return false;
        printf("%-58s %5s %9s %9s %8s %8s %8s\n", "", "at", "", "", "p50", "p99", "max");
        printf("%-58s %5s %9s %9s %8s %8s %8s\n", "what", "once", "times", "per s", "ms", "ms",
               "ms");
        if (!measure_disk(bench, seconds) || !measure_all_writes(bench, seconds) ||
            !fill(bench, n_rows))
                return false;
        return measure_all_reads(bench);
}

int
main(int argc, char **argv)
{
        unsigned n_rows = argc == 5 ? (unsigned)g_ascii_strtoull(argv[3], NULL, 10) : 0;
        if (n_rows < N_ACCOUNTS * N_LAST) {
                (void)fprintf(stderr,
                              "usage: bench_store MODULES_DIR PARENT_FOLDER ROWS SECONDS\n"
                              "At least %u rows. The file is made in a new folder below "
                              "PARENT_FOLDER and removed.\n",
                              N_ACCOUNTS * N_LAST);
                return 64;
        }

        g_autofree char *template = g_build_filename(argv[2], "bench-store-XXXXXX", NULL);
        g_autofree char *modules = g_canonicalize_filename(argv[1], NULL);
        Bench bench = {.modules = modules, .folder = g_mkdtemp(template)};
        if (!bench.folder) {
                perror(argv[2]);
                return 1;
        }
        bench.file = g_build_filename(bench.folder, "motet.sqlite", NULL);
        bench.latencies = g_array_new(FALSE, FALSE, sizeof(int64_t));

        bool ok = run(&bench, n_rows, (int)g_ascii_strtoll(argv[4], NULL, 10));
        close_server(&bench);
        nftw(bench.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_array_unref(bench.latencies);
        g_free(bench.file);
        return ok ? 0 : 1;
}
