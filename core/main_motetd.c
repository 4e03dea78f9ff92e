/*
 * motetd: the server. It never forks: a service manager watches it, or a terminal.
 */
#include <inttypes.h>
#include <malloc.h>
#include <motet/error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/privileges.h"
#include "core/server.h"

static const char usage[] =
        "usage: motetd [--config FILE] [--foreground] [--safe-mode]\n"
        "\n"
        "  --config FILE  main configuration file, default " MOTET_CONFIG_FILE "\n"
        "  --foreground   log to standard error, wherever the configuration says\n"
        "  --safe-mode    run only the modules that are shipped with the server\n"
        "  --version      print the version and exit\n"
        "  --help         print this and exit\n"
        "\n"
        "The server does not fork. SIGTERM stops it, SIGHUP reloads the configuration.\n"
        "Exits 0 when stopped, 64 for wrong usage, 78 for a wrong configuration, 77 when a\n"
        "right is missing, 73 when data_dir cannot be made, 74 when a port, a file or the\n"
        "storage cannot be used.\n";

#define LOG_TIME G_TIME_SPAN_SECOND /* that what takes the log has for the last lines */

typedef struct {
        const char *config;
        bool foreground, safe_mode;
} Options;

/* Returns: false with the exit code when there is nothing to run. */
static bool
read_options(int argc, char **argv, Options *options, int *code_out)
{
        *code_out = 0;
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
                        options->config = argv[++i];
                } else if (strcmp(argv[i], "--foreground") == 0) {
                        options->foreground = true;
                } else if (strcmp(argv[i], "--safe-mode") == 0) {
                        options->safe_mode = true;
                } else if (strcmp(argv[i], "--version") == 0) {
                        puts("motetd " MOTET_VERSION);
                        return false;
                } else if (strcmp(argv[i], "--help") == 0) {
                        fputs(usage, stdout);
                        return false;
                } else {
                        fprintf(stderr, "motetd: \"%s\" is not understood\n\n%s", argv[i], usage);
                        *code_out = 64;
                        return false;
                }
        }
        return true;
}

static int
report(ConfigFindings *findings, const GError *error)
{
        int code = error ? motet_error_exit_code(error) : 78;

        config_findings_sort(findings);
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings->list, i));
                fprintf(stderr, "%s\n", text);
        }
        if (error)
                fprintf(stderr, "motetd: %s\n", error->message);
        return code;
}

static int
serve(const Options *options)
{
        const ServerParams params = {.config_file = options->config,
                                     .become_user = true,
                                     .serve = true,
                                     .log_to_stderr = options->foreground,
                                     .safe_mode = options->safe_mode};
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;
        uint64_t n_descriptors = privileges_raise_descriptors();

        config_findings_init(&findings);
        g_autoptr(Activation) activation = activation_read(ACTIVATION_FIRST, &error);
        g_autoptr(Server) server = activation ? server_new(&params, &findings, &error) : NULL;
        int code = 0;
        if (server)
                listens_take_activation(server_listens(server), g_steal_pointer(&activation));
        if (!server || !server_start(server, &error))
                code = report(&findings, error);
        for (guint i = 0; code == 0 && i < findings.list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings.list, i));
                motet_warn("%s", text);
        }
        config_findings_clear(&findings);
        if (code == 0) {
                log_start();
                motet_info("motetd " MOTET_VERSION " serves, with up to %" PRIu64 " descriptors",
                           n_descriptors);
                if (!server_run(server, &error))
                        code = motet_error_exit_code(error);
                motet_info("stopped");
        }
        return code;
}

int
main(int argc, char **argv)
{
        Options options = {.config = MOTET_CONFIG_FILE};
        int code;

        if (!read_options(argc, argv, &options, &code))
                return code;
        privileges_harden();
        /* Workers allocate little, and what they did in arenas of their own would stay there. */
        mallopt(M_ARENA_MAX, 2);
        log_catch_crashes();
        log_catch_glib();
        signal(SIGPIPE, SIG_IGN); /* whoever reads the log may go away */
        code = serve(&options);
        log_stop(LOG_TIME);
        return code;
}
