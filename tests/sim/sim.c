/*
 * sim: many runs of the simulation (sim_world.h), each from a seed of its own.
 *
 *     sim [--seed N] [--runs N] [--steps N] [--minutes N] [--failures N] [--seeds FILE] [--twice]
 * [--verbose]
 *
 * The first run has the seed N, the next N + 1, and so on. A seed also decides how long the run is,
 * whether connections are lost and how often the store fails. What does not hold is printed with
 * the seed that shows it again: --runs 1 --seed N --verbose.
 * --seeds takes the seeds from a file instead, one a line; what follows a # is said of it. --twice:
 * each run is made twice, to see that both are the same.
 */
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "core/log.h"
#include "sim/sim_world.h"

static bool
read_number(const char *text, uint64_t *number_out)
{
        return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, number_out, NULL);
}

typedef struct {
        uint64_t seed, runs, steps, minutes, failures;
        const char *seeds; /* NULL: one after the other from seed on */
        bool twice, verbose;
} Options;

static bool
read_options(int argc, char **argv, Options *options)
{
        const struct {
                const char *name;
                uint64_t *number;
        } numbers[] = {{"--seed", &options->seed},
                       {"--runs", &options->runs},
                       {"--steps", &options->steps},
                       {"--minutes", &options->minutes},
                       {"--failures", &options->failures}};

        for (int i = 1; i < argc; i++) {
                bool is_twice = strcmp(argv[i], "--twice") == 0;
                bool is_verbose = strcmp(argv[i], "--verbose") == 0;
                bool is_known = is_twice || is_verbose;
                options->twice |= is_twice;
                options->verbose |= is_verbose;
                if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
                        options->seeds = argv[++i];
                        is_known = true;
                }
                for (size_t k = 0; !is_known && k < G_N_ELEMENTS(numbers); k++) {
                        if (strcmp(argv[i], numbers[k].name) == 0 && i + 1 < argc &&
                            read_number(argv[i + 1], numbers[k].number)) {
                                is_known = true;
                                i++;
                        }
                }
                if (!is_known)
                        return false;
        }
        return true;
}

/* What depends on addresses, such as the order of a table of pointers, is to be the same each
 * time. */
static void
fix_addresses(char **argv)
{
        int now = personality(0xffffffff);

        if (now == -1 || (now & ADDR_NO_RANDOMIZE))
                return;
        if (personality((unsigned long)now | ADDR_NO_RANDOMIZE) != -1)
                execv("/proc/self/exe", argv);
}

static SimPlan
plan_of(uint64_t seed, const Options *options)
{
        SimRandom random = {.state = seed ^ 0x5eed};
        SimPlan plan = {.seed = seed, .verbose = options->verbose};

        plan.n_steps =
                options->steps > 0 ? (unsigned)options->steps : 20 + sim_random_below(&random, 300);
        plan.is_calm = sim_random_below(&random, 2) == 0;
        plan.failures = sim_random_below(&random, 2) == 0 ? 0 : sim_random_below(&random, 200);
        plan.is_cramped = !plan.is_calm && sim_random_below(&random, 3) == 0;
        plan.is_slow = sim_random_below(&random, 3) == 0;
        plan.is_stopping = sim_random_below(&random, 5) == 0;
        return plan;
}

/* The same seed is the same run. */
static bool
is_repeated(const SimPlan *plan, ModuleFolder *folder, uint64_t digest)
{
        uint64_t second;

        g_free(sim_run(plan, folder, &second));
        if (digest != second)
                printf("seed %" G_GUINT64_FORMAT ": two runs of it differ\n", plan->seed);
        return digest == second;
}

static bool
run(uint64_t seed, const Options *options, bool is_twice, ModuleFolder *folder)
{
        const SimPlan plan = plan_of(seed, options);
        uint64_t digest;
        g_autofree char *failure = sim_run(&plan, folder, &digest);

        if (options->verbose)
                printf("seed %" G_GUINT64_FORMAT ": digest %016" G_GINT64_MODIFIER "x\n", seed,
                       digest);
        if (failure)
                printf("seed %" G_GUINT64_FORMAT ": %s\n", seed, failure);
        bool is_same = !is_twice || is_repeated(&plan, folder, digest);
        return !failure && is_same;
}

/* Returns: (own) of uint64_t; NULL with an error */
static GArray *
read_seeds(const char *path, GError **error)
{
        g_autofree char *text = NULL;
        g_autoptr(GArray) seeds = g_array_new(FALSE, FALSE, sizeof(uint64_t));

        if (!g_file_get_contents(path, &text, NULL, error))
                return NULL;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                uint64_t seed;
                (*line)[strcspn(*line, "#")] = '\0';
                if (*g_strstrip(*line) == '\0')
                        continue;
                if (!g_ascii_string_to_unsigned(*line, 10, 0, G_MAXUINT64, &seed, error))
                        return NULL;
                g_array_append_val(seeds, seed);
        }
        return g_steal_pointer(&seeds);
}

static int
run_all(const Options *options, ModuleFolder *folder)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) seeds = options->seeds ? read_seeds(options->seeds, &error) : NULL;
        int64_t end = options->minutes > 0 ? g_get_monotonic_time() +
                                                     (int64_t)options->minutes * G_TIME_SPAN_MINUTE
                                           : G_MAXINT64;
        uint64_t n_runs = seeds ? seeds->len : options->runs;
        uint64_t n_failures = 0;
        uint64_t n = 0;

        if (error) {
                fprintf(stderr, "sim: %s\n", error->message);
                return 1;
        }
        for (; n < n_runs && n_failures < options->failures && g_get_monotonic_time() < end; n++) {
                uint64_t seed = seeds ? g_array_index(seeds, uint64_t, n) : options->seed + n;
                n_failures += !run(seed, options, options->twice || n == 0, folder);
        }
        if (seeds)
                printf("%" G_GUINT64_FORMAT " runs, %" G_GUINT64_FORMAT " failures\n", n,
                       n_failures);
        else
                printf("%" G_GUINT64_FORMAT " runs, %" G_GUINT64_FORMAT
                       " failures, seeds from %" G_GUINT64_FORMAT "\n",
                       n, n_failures, options->seed);
        return n_failures > 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
        Options options = {.seed = 1, .runs = 100, .failures = 10};
        g_autoptr(GError) error = NULL;

        if (!read_options(argc, argv, &options)) {
                fputs("usage: sim [--seed N] [--runs N] [--steps N] [--minutes N] [--failures N] "
                      "[--seeds FILE] [--twice] [--verbose]\n",
                      stderr);
                return 64;
        }
        fix_addresses(argv);
        const char *const folders[] = {g_getenv("MOTET_TEST_MODULES"),
                                       g_getenv("MOTET_SIM_MODULES"), NULL};
        g_autoptr(ModuleFolder) folder = module_folder_new(folders, &error);
        if (!folder) {
                fprintf(stderr, "sim: %s\n", error->message);
                return 1;
        }
        return run_all(&options, folder);
}
