/*
 * sim: many runs of the simulation (sim_world.h), each from a seed of its own.
 *
 *     sim [--seed N] [--runs N] [--steps N] [--minutes N] [--failures N] [--verbose]
 *
 * The first run has the seed N, the next N + 1, and so on. A seed also decides how long the run is, whether connections are lost
 * and how often the store fails. What does not hold is printed with the seed that shows it again: --runs 1 --seed N --verbose.
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
        bool verbose;
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
                bool is_known = strcmp(argv[i], "--verbose") == 0;
                options->verbose |= is_known;
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

/* What depends on addresses, such as the order of a table of pointers, is to be the same each time. */
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

static bool
run(uint64_t seed, const Options *options, ModuleFolder *folder)
{
        const SimPlan plan = plan_of(seed, options);
        uint64_t digest;
        g_autofree char *failure = sim_run(&plan, folder, &digest);

        if (options->verbose)
                printf("seed %" G_GUINT64_FORMAT ": digest %016" G_GINT64_MODIFIER "x\n", seed,
                       digest);
        if (failure)
                printf("seed %" G_GUINT64_FORMAT ": %s\n", seed, failure);
        return failure == NULL;
}

/* The same seed is the same run. */
static bool
is_repeatable(uint64_t seed, const Options *options, ModuleFolder *folder)
{
        const SimPlan plan = plan_of(seed, options);
        uint64_t first, second;

        g_free(sim_run(&plan, folder, &first));
        g_free(sim_run(&plan, folder, &second));
        if (first != second)
                printf("seed %" G_GUINT64_FORMAT ": two runs of it differ\n", seed);
        return first == second;
}

int
main(int argc, char **argv)
{
        Options options = {.seed = 1, .runs = 100, .failures = 10};
        g_autoptr(GError) error = NULL;

        if (!read_options(argc, argv, &options)) {
                fputs("usage: sim [--seed N] [--runs N] [--steps N] [--minutes N] [--failures N] "
                      "[--verbose]\n",
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
        int64_t end = options.minutes > 0 ? g_get_monotonic_time() +
                                                    (int64_t)options.minutes * G_TIME_SPAN_MINUTE
                                          : G_MAXINT64;
        uint64_t n_failures = is_repeatable(options.seed, &options, folder) ? 0 : 1;
        uint64_t n = 0;
        for (; n < options.runs && n_failures < options.failures && g_get_monotonic_time() < end;
             n++)
                n_failures += !run(options.seed + n, &options, folder);
        printf("%" G_GUINT64_FORMAT " runs, %" G_GUINT64_FORMAT
               " failures, seeds from %" G_GUINT64_FORMAT "\n",
               n, n_failures, options.seed);
        return n_failures > 0 ? 1 : 0;
}
