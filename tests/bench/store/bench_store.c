/*
 * bench_store: what the stores do in a second, in this process, with the real module on a real
 * disk.
 *
 * Measures how often the disk can sync a page; acknowledged (durable) writes of one and of many
 * writers, each waiting for its last write, to documents; then fills an archive, and measures the
 * same there, with the processor time an entry takes; and reads the newest 50 entries of accounts
 * from the disk and from memory.
 */
#include <stdio.h>

#include "store_bench.h"

#define ROWS_MAX 1000000000

typedef struct {
        char *modules, *folder; /* (own) */
        int rows, accounts, writers, seconds, reads;
        gboolean json;
} Arguments;

static void
arguments_clear(Arguments *arguments)
{
        g_free(arguments->modules);
        g_free(arguments->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static bool
parse(Arguments *arguments, int *argc, char ***argv, GError **error)
{
        const GOptionEntry entries[] = {
                {"modules", 'm', 0, G_OPTION_ARG_FILENAME, &arguments->modules,
                 "Where the modules were built", "DIR"},
                {"folder", 'f', 0, G_OPTION_ARG_FILENAME, &arguments->folder,
                 "On which disk: the file is made in a new folder below, and removed", "DIR"},
                {"rows", 'r', 0, G_OPTION_ARG_INT, &arguments->rows,
                 "Entries of the archive [1000000]", "N"},
                {"accounts", 'a', 0, G_OPTION_ARG_INT, &arguments->accounts,
                 "Accounts they are of, in turn [1000]", "N"},
                {"writers", 'w', 0, G_OPTION_ARG_INT, &arguments->writers, "Writers at once [64]",
                 "N"},
                {"seconds", 's', 0, G_OPTION_ARG_INT, &arguments->seconds,
                 "For each measurement of writes [5]", "N"},
                {"reads", 0, 0, G_OPTION_ARG_INT, &arguments->reads, "Cold readings [200]", "N"},
                {"json", 'j', 0, G_OPTION_ARG_NONE, &arguments->json,
                 "A last line with the figures as JSON", NULL},
                {0},
        };
        GOptionContext *context = g_option_context_new(NULL);

        g_option_context_add_main_entries(context, entries, NULL);

        bool parsed = g_option_context_parse(context, argc, argv, error);

        g_option_context_free(context);
        return parsed;
}

static bool
check(const Arguments *arguments, int argc, GError **error)
{
        const char *wrong = NULL;

        if (argc > 1)
                wrong = "no arguments but options";
        else if (arguments->modules == NULL || arguments->folder == NULL)
                wrong = "--modules and --folder are needed";
        else if (arguments->writers < 1 || arguments->writers > 10000 || arguments->seconds < 1 ||
                 arguments->seconds > 600 || arguments->reads < 1 || arguments->reads > 100000)
                wrong = "--writers is 1 to 10000, --seconds 1 to 600, --reads 1 to 100000";
        else if (arguments->accounts < 1 || arguments->rows > ROWS_MAX ||
                 arguments->rows / (int)BENCH_LAST < arguments->accounts)
                wrong = "--rows is at least 50 for each of --accounts, and at most 1000000000";
        if (wrong != NULL)
                g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, wrong);
        return wrong == NULL;
}

static bool
measure_all(StoreBench *bench, StoreFigures *figures)
{
        if (!store_bench_open(bench))
                return false;
        store_bench_print_head();
        return store_measure_disk(bench, figures) && store_measure_documents(bench) &&
               store_fill(bench, figures) && store_measure_archive(bench, figures) &&
               store_measure_open(bench, figures) && store_measure_cold(bench, figures) &&
               store_measure_warm(bench, figures);
}

static void
print_percentiles(const char *name, const Percentiles *percentiles)
{
        printf("\"%s\": {\"p50\": %.0f, \"p95\": %.0f, \"p99\": %.0f}, ", name, percentiles->p50,
               percentiles->p95, percentiles->p99);
}

static void
print_json(const StoreFigures *figures, const StoreBenchOptions *options)
{
        printf("{\"rows\": %u, \"accounts\": %u, \"writers\": %u, ", figures->rows,
               options->accounts, options->writers);
        printf("\"rows_per_s\": %.0f, \"cpu_us_per_row\": %.2f, ", figures->rows_per_s,
               figures->cpu_us_per_row);
        print_percentiles("newest50_cold_us", &figures->cold);
        print_percentiles("newest50_warm_us", &figures->warm);
        printf("\"open_ms\": %.2f, \"disk_sync_per_s\": %.0f}\n", figures->open_ms,
               figures->disk_sync_per_s);
}

int
main(int argc, char **argv)
{
        g_auto(Arguments) arguments = {
                .rows = 1000000, .accounts = 1000, .writers = 64, .seconds = 5, .reads = 200};
        g_autoptr(GError) error = NULL;

        if (!parse(&arguments, &argc, &argv, &error) || !check(&arguments, argc, &error)) {
                (void)fprintf(stderr, "bench_store: %s; see --help\n", error->message);
                return 64;
        }

        const StoreBenchOptions options = {
                .rows = (unsigned)arguments.rows,
                .accounts = (unsigned)arguments.accounts,
                .writers = (unsigned)arguments.writers,
                .seconds = (unsigned)arguments.seconds,
                .reads = (unsigned)arguments.reads,
        };
        g_autoptr(StoreBench) bench =
                store_bench_new(arguments.modules, arguments.folder, &options);
        StoreFigures figures = {0};

        if (bench == NULL || !measure_all(bench, &figures))
                return 1;
        if (arguments.json)
                print_json(&figures, &options);
        return 0;
}
