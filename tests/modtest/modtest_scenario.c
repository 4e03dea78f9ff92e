/*
 * modtest_scenario: running scenarios with the modules that are installed, and others.
 */
#include <stdio.h>
#include <string.h>

#include "modtest/modtest_private.h"
#include "support/scenario_memory.h"
#include "support/scenario_run.h"

#define USAGE                                                                                      \
        "usage: motet-modtest [OPTION]... SCENARIO...\n"                                           \
        "Run scenarios in a server inside this process, whose clock stands still.\n"               \
        "\n"                                                                                       \
        "  --module-dir DIR   modules to be tested, before those that are installed; may be\n"     \
        "                     repeated, and comes before the folders of $MOTET_MODULE_PATH\n"      \
        "  --modules-dir DIR  the modules that are installed, default %s\n"                        \
        "  --help             print this\n"                                                        \
        "  --version          print the version\n"

#define LOG_LINES 20 /* shown with a scenario that failed */

typedef struct {
        GPtrArray *module_dirs; /* of char* (own) */
        char *modules_dir;      /* (own) */
        GPtrArray *files;       /* of char* (borrowed) */
} Options;

/* What is wrong, and the end of the log. Returns: (own) */
static char *
describe(const GError *error, const GString *log)
{
        const char *start = log->str + log->len;

        for (unsigned n = 0; n <= LOG_LINES && start; n++)
                start = g_strrstr_len(log->str, start - log->str, "\n");
        start = start ? start + 1 : log->str;
        if (log->len == 0)
                return g_strdup(error->message);
        return g_strdup_printf("%s\n---- the end of the server's log\n%s----", error->message,
                               start);
}

char *
modtest_run_scenario(const char *file, ModuleFolder *modules, const char *plugins_dir)
{
        const ScenarioPlaces places = {.modules = modules, .plugins_dir = plugins_dir};
        g_autoptr(GString) log = g_string_new(NULL);
        g_autoptr(GError) error = NULL;

        modtest_catch_log(log);
        g_autoptr(Scenario) scenario = scenario_load(file, &error);
        bool is_good = scenario && scenario_run(scenario, &scenario_memory, &places, &error);
        modtest_catch_log(NULL);
        if (!is_good)
                return modtest_explain(describe(error, log), modules);
        g_autofree char *leak = modtest_find_leak();
        return leak ? g_strdup_printf("%s: %s", file, leak) : NULL;
}

/* With modules of its own, so that their code is gone when it has ended. Returns: (own) what is
 * wrong; NULL: nothing */
static char *
run_alone(const Options *options, const char *file)
{
        g_autofree char *plugins_dir = modtest_installed_plugins();
        g_autoptr(GError) error = NULL;
        ModuleFolder *modules =
                modtest_open_folder(options->module_dirs, options->modules_dir, &error);

        if (!modules)
                return g_strdup(error->message);
        char *wrong = modtest_run_scenario(file, modules, plugins_dir);
        module_folder_free(modules);
        if (wrong)
                return wrong;
        g_autofree char *held = modtest_find_held();
        return held ? g_strdup_printf("%s: %s", file, held) : NULL;
}

/* Returns: whether it is good. */
static bool
run_file(const Options *options, const char *file)
{
        g_autofree char *wrong = run_alone(options, file);

        if (wrong)
                printf("not ok  %s\n", wrong);
        else
                printf("ok      %s\n", file);
        fflush(stdout);
        return wrong == NULL;
}

/* The argument of an option, or NULL. */
static const char *
take_value(int argc, char **argv, int *i, const char *option)
{
        size_t n = strlen(option);

        if (strncmp(argv[*i], option, n) == 0 && argv[*i][n] == '=')
                return argv[*i] + n + 1;
        if (strcmp(argv[*i], option) != 0 || *i + 1 >= argc)
                return NULL;
        return argv[++*i];
}

/* Returns: whether that is all right. */
static bool
take_word(Options *options, int argc, char **argv, int *i)
{
        const char *value;

        if ((value = take_value(argc, argv, i, "--module-dir"))) {
                g_ptr_array_add(options->module_dirs, g_strdup(value));
        } else if ((value = take_value(argc, argv, i, "--modules-dir"))) {
                g_free(options->modules_dir);
                options->modules_dir = g_strdup(value);
        } else if (argv[*i][0] == '-') {
                fprintf(stderr, "motet-modtest: %s: no such option, or nothing behind it\n",
                        argv[*i]);
                return false;
        } else {
                g_ptr_array_add(options->files, argv[*i]);
        }
        return true;
}

static int
run_files(const Options *options)
{
        unsigned n_failed = 0;

        for (guint i = 0; i < options->files->len; i++)
                n_failed += !run_file(options, options->files->pdata[i]);
        if (options->files->len > 1)
                printf("%u of %u scenarios failed\n", n_failed, options->files->len);
        return n_failed ? 1 : 0;
}

/* Returns: an exit code, or -1: there is more to be done. */
static int
read_options(Options *options, int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--help") == 0) {
                        printf(USAGE, options->modules_dir);
                        return 0;
                }
                if (strcmp(argv[i], "--version") == 0) {
                        printf("motet-modtest %s\n", MOTET_VERSION);
                        return 0;
                }
                if (!take_word(options, argc, argv, &i))
                        return 2;
        }
        if (options->files->len > 0)
                return -1;
        fprintf(stderr, USAGE, options->modules_dir);
        return 2;
}

int
modtest_main(int argc, char **argv)
{
        Options options = {
                .module_dirs = g_ptr_array_new_with_free_func(g_free),
                .modules_dir = modtest_installed_modules(),
                .files = g_ptr_array_new(),
        };

        modtest_begin();
        int code = read_options(&options, argc, argv);
        if (code < 0)
                code = run_files(&options);
        g_ptr_array_unref(options.module_dirs);
        g_ptr_array_unref(options.files);
        g_free(options.modules_dir);
        return code;
}
