/*
 * store_bench: see the header.
 */
#include "store_bench.h"

#include <ftw.h>
#include <stdio.h>

static const MotetModuleInfo owner_info = {
        .abi = MOTET_ABI,
        .name = "bench",
        .summary = "Own the stores",
};

/* The place */

StoreBench *
store_bench_new(const char *modules, const char *parent, const StoreBenchOptions *options)
{
        g_autofree char *folder = g_build_filename(parent, "bench-store-XXXXXX", NULL);

        if (g_mkdtemp(folder) == NULL) {
                perror(parent);
                return NULL;
        }

        StoreBench *bench = g_new0(StoreBench, 1);

        bench->options = options;
        bench->modules = g_canonicalize_filename(modules, NULL);
        bench->file = g_build_filename(folder, "motet.sqlite", NULL);
        bench->folder = g_steal_pointer(&folder);
        bench->latencies = g_array_new(FALSE, FALSE, sizeof(int64_t));
        bench->random = g_rand_new_with_seed(1);
        return bench;
}

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file;
        (void)type;
        (void)place;
        return remove(path);
}

void
store_bench_free(StoreBench *bench)
{
        store_bench_close(bench);
        nftw(bench->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_array_unref(bench->latencies);
        g_rand_free(bench->random);
        g_free(bench->modules);
        g_free(bench->folder);
        g_free(bench->file);
        g_free(bench);
}

/* The server */

static bool
open_server(StoreBench *bench)
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
        for (guint i = 0; bench->core == NULL && i < findings.list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings.list, i));

                (void)fprintf(stderr, "%s\n", text);
        }
        config_findings_clear(&findings);
        if (bench->core == NULL && error != NULL)
                (void)fprintf(stderr, "%s\n", error->message);
        return bench->core != NULL;
}

static bool
open_stores(StoreBench *bench)
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
        if (error != NULL)
                (void)fprintf(stderr, "%s\n", error->message);
        return error == NULL;
}

bool
store_bench_open(StoreBench *bench)
{
        return open_server(bench) && open_stores(bench);
}

void
store_bench_close(StoreBench *bench)
{
        MotetModule *owner = &bench->owner;

        if (bench->core == NULL)
                return;
        if (owner->host != NULL) {
                owner->running = false;
                instance_drop_all(owner);
                host_remove_instance(owner->host, owner);
                instance_clear(owner);
        }
        server_free(bench->core);
        bench->core = NULL;
        *owner = (MotetModule){0};
}

void
store_bench_run_until_idle(StoreBench *bench)
{
        while (bench->n_active > 0 && !bench->failed)
                loop_turn(server_base(bench->core)->loop, true);
}

/* Figures */

void
store_bench_note_latency(StoreBench *bench, int64_t since)
{
        int64_t latency = g_get_monotonic_time() - since;

        g_array_append_val(bench->latencies, latency);
}

bool
store_bench_note_failure(StoreBench *bench, const GError *error)
{
        if (error == NULL)
                return false;
        (void)fprintf(stderr, "%s\n", error->message);
        bench->failed = true;
        return true;
}

static int
compare_latencies(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static double
percentile(const GArray *sorted, unsigned percent)
{
        guint last = sorted->len - 1;

        return (double)g_array_index(sorted, int64_t, (guint64)last * percent / 100);
}

Percentiles
store_bench_percentiles(StoreBench *bench)
{
        GArray *latencies = bench->latencies;
        Percentiles percentiles = {.n = latencies->len};

        if (latencies->len > 0) {
                g_array_sort(latencies, compare_latencies);
                percentiles.p50 = percentile(latencies, 50);
                percentiles.p95 = percentile(latencies, 95);
                percentiles.p99 = percentile(latencies, 99);
                percentiles.max = percentile(latencies, 100);
        }
        g_array_set_size(latencies, 0);
        return percentiles;
}

void
store_bench_print_head(void)
{
        printf("%-52s %5s %9s %9s %8s %8s %8s %8s\n", "", "at", "", "", "p50", "p95", "p99", "max");
        printf("%-52s %5s %9s %9s %8s %8s %8s %8s\n", "what", "once", "times", "per s", "ms", "ms",
               "ms", "ms");
}

void
store_bench_print(const char *what, unsigned n_at_once, const Percentiles *percentiles,
                  int64_t elapsed)
{
        printf("%-52s %5u %9u %9.0f %8.2f %8.2f %8.2f %8.2f\n", what, n_at_once, percentiles->n,
               (double)percentiles->n * G_USEC_PER_SEC / (double)MAX(elapsed, 1),
               percentiles->p50 / 1000, percentiles->p95 / 1000, percentiles->p99 / 1000,
               percentiles->max / 1000);
        (void)fflush(stdout);
}
