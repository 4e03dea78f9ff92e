/*
 * run_scenario: runs scenarios, each with a server of its own.
 *
 *     run_scenario [--in-memory] FILE…
 *
 * With the built server over TCP; one that moves the clock, or every one with --in-memory, with a
 * server in this process. The environment is that of the tests: MOTET_TEST_BUILD,
 * MOTET_TEST_MODULES, MOTET_TEST_SOURCE. The exit code is 1 when one fails, which is told with file
 * and line, and 2 when it was called wrongly.
 */
#include <stdio.h>
#include <string.h>

#include "support/scenario_memory.h"
#include "support/scenario_run.h"
#include "support/scenario_tcp.h"

static bool
run_file(const char *file, bool in_memory, const ScenarioPlaces *places)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Scenario) scenario = scenario_load(file, &error);
        const ScenarioTransport *transport =
                in_memory || (scenario && scenario->needs_clock) ? &scenario_memory : &scenario_tcp;
        bool is_good = scenario && scenario_run(scenario, transport, places, &error);

        if (is_good)
                printf("ok      %s\n", file);
        else
                printf("not ok  %s\n", error->message);
        return is_good;
}

int
main(int argc, char **argv)
{
        static const char *const needed[] = {"MOTET_TEST_BUILD", "MOTET_TEST_MODULES",
                                             "MOTET_TEST_SOURCE"};
        const char *const sources[] = {g_getenv("MOTET_TEST_MODULES"), NULL};
        g_autoptr(GError) error = NULL;
        bool in_memory = argc > 1 && strcmp(argv[1], "--in-memory") == 0;
        int first = in_memory ? 2 : 1;
        int n_failed = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
                if (!g_getenv(needed[i])) {
                        fprintf(stderr, "%s is not set\n", needed[i]);
                        return 2;
                }
        }
        if (first >= argc) {
                fprintf(stderr, "usage: run_scenario [--in-memory] FILE…\n");
                return 2;
        }
        g_autoptr(ModuleFolder) modules = module_folder_new(sources, &error);
        g_autofree char *plugins_dir =
                g_build_filename(g_getenv("MOTET_TEST_SOURCE"), "plugins.d", NULL);
        const ScenarioPlaces places = {.modules = modules, .plugins_dir = plugins_dir};
        if (!modules) {
                fprintf(stderr, "%s\n", error->message);
                return 2;
        }
        for (int i = first; i < argc; i++)
                n_failed += run_file(argv[i], in_memory, &places) ? 0 : 1;
        return n_failed ? 1 : 0;
}
