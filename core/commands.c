/*
 * commands: status, stop, reload, module list, check config, help.
 */
#include "core/commands.h"

#include <inttypes.h>
#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "core/session.h"

static bool
require_running(MotetCommand *command)
{
        Server *server = command_server(command);

        if (server_base(server)->serving || server_base(server)->stopping)
                return true;
        motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_MISSING,
                                                  "no server is running with %s",
                                                  server_config(server)->file));
        return false;
}

/* status */

static void
print_listen(const MotetListen *spec, uint16_t port, void *data)
{
        motet_command_print(data, "listening on %s port %u%s", spec->address, port,
                            spec->direct_tls ? " (TLS)" : "");
}

static char *
expiry_text(const MotetServer *base, const char *domain)
{
        int64_t expiry = tls_server_expiry(base->tls, domain);

        if (expiry == 0)
                return g_strdup("no certificate");
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(expiry);
        g_autofree char *day = date ? g_date_time_format(date, "%F") : NULL;
        return g_strdup_printf("certificate valid until %s", day ? day : "the end of time");
}

static void
count_instance(MotetModule *instance, void *data)
{
        unsigned *n = data;

        (void)instance;
        (*n)++;
}

static void
run_status(MotetModule *self, MotetCommand *command)
{
        (void)self;

        if (!require_running(command))
                return;

        Server *server = command_server(command);
        MotetServer *base = server_base(server);
        unsigned n_instances = 0;
        modules_foreach(server_modules(server), count_instance, &n_instances);
        motet_command_print(command, "motetd " MOTET_VERSION ", process %d, %s for %" PRId64 " s",
                            (int)getpid(), base->stopping ? "stopping, running" : "running",
                            server_uptime(server) / G_TIME_SPAN_SECOND);
        motet_command_print(command, "%zu streams, %u module instances", base->n_streams,
                            n_instances);
        for (guint i = 0; i < base->hosts->len; i++) {
                const MotetHost *host = g_ptr_array_index(base->hosts, i);
                g_autofree char *expiry = expiry_text(base, host->name);
                motet_command_print(command, "host %s: %zu sessions, %s", host->name,
                                    host->n_sessions, expiry);
        }
        listens_foreach(server_listens(server), print_listen, command);
        motet_command_finish(command, NULL);
}

/* stop, reload */

static void
run_stop(MotetModule *self, MotetCommand *command)
{
        (void)self;

        if (!require_running(command))
                return;
        server_finish_when_stopped(command_server(command), command);
        server_stop(command_server(command));
}

static void
print_lines(MotetCommand *command, const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **line = lines; *line; line++) {
                if (**line)
                        motet_command_print(command, "%s", *line);
        }
}

static void
print_findings(MotetCommand *command, ConfigFindings *findings)
{
        config_findings_sort(findings);
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings->list, i));
                motet_command_print(command, "%s", text);
        }
}

static void
run_reload(MotetModule *self, MotetCommand *command)
{
        g_autoptr(GString) plan = g_string_new(NULL);
        ConfigFindings findings;
        GError *error = NULL;

        (void)self;
        if (!require_running(command))
                return;
        config_findings_init(&findings);
        bool is_done = server_reload(command_server(command), plan, &findings, &error);
        print_findings(command, &findings);
        if (is_done)
                print_lines(command, plan->str);
        else if (error)
                g_prefix_error(&error, "nothing was changed: ");
        else
                error = g_error_new(MOTET_ERROR, MOTET_ERROR_CONFIG,
                                    "nothing was changed: %u errors in the configuration",
                                    findings.n_errors);
        config_findings_clear(&findings);
        motet_command_finish(command, error);
}

/* module list */

/* One line a module: its instances follow each other in load order. */
typedef struct {
        MotetCommand *command;
        const MotetModuleInfo *info;
        GString *hosts;
} ModuleLine;

static void
print_module(const ModuleLine *line)
{
        if (line->info)
                motet_command_print(line->command, "%-16s %-8s %s: %s", line->info->name,
                                    line->info->version ? line->info->version : MOTET_VERSION,
                                    line->hosts->str,
                                    line->info->summary ? line->info->summary : "");
}

static void
collect_module(MotetModule *instance, void *data)
{
        ModuleLine *line = data;
        const char *host = instance->host ? instance->host->name : "all hosts";

        if (line->info == instance->info) {
                g_string_append_printf(line->hosts, ", %s", host);
                return;
        }
        print_module(line);
        line->info = instance->info;
        g_string_assign(line->hosts, host);
}

static void
print_specs(MotetModule *instance, void *data)
{
        ModuleLine *line = data;
        const char *const *spec = instance->info->specs;

        if (line->info == instance->info)
                return;
        line->info = instance->info;
        for (; spec && *spec; spec++)
                motet_command_print(line->command, "%-20s %s", *spec, instance->info->name);
}

static void
run_module_list(MotetModule *self, MotetCommand *command)
{
        const char *what = motet_command_arg(command, "--specs");
        Modules *modules = server_modules(command_server(command));
        g_autoptr(GString) hosts = g_string_new(NULL);
        ModuleLine line = {.command = command, .hosts = hosts};

        (void)self;
        if (what && strcmp(what, "--specs") != 0 && strcmp(what, "specs") != 0) {
                motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                                                          "\"%s\" is not --specs", what));
                return;
        }
        modules_foreach(modules, what ? print_specs : collect_module, &line);
        if (!what)
                print_module(&line);
        motet_command_finish(command, NULL);
}

/* check config */

bool
commands_check_config(const char *file, void (*line)(void *data, const char *text), void *data,
                      GError **error)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config = server_check(file, &findings);
        config_findings_sort(&findings);
        for (guint i = 0; i < findings.list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings.list, i));
                line(data, text);
        }

        unsigned n_errors = findings.n_errors;
        config_findings_clear(&findings);
        if (n_errors > 0 || !config) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG, "%s: %u error%s", file,
                            n_errors, n_errors == 1 ? "" : "s");
                return false;
        }

        unsigned n_modules = 0;
        for (guint i = 0; i < config->modules->len; i++)
                n_modules += ((const ConfigModule *)g_ptr_array_index(config->modules, i))->enabled;
        g_autofree char *text = g_strdup_printf("%s: no errors (%u modules on %u hosts)", file,
                                                n_modules, config->hosts->len);
        line(data, text);
        return true;
}

static void
print_check_line(void *data, const char *text)
{
        motet_command_print(data, "%s", text);
}

static void
run_check_config(MotetModule *self, MotetCommand *command)
{
        GError *error = NULL;

        (void)self;
        commands_check_config(server_config(command_server(command))->file, print_check_line,
                              command, &error);
        motet_command_finish(command, error);
}

/* help */

static void
print_help(const MotetCommandDecl *decl, const char *module, void *data)
{
        g_autofree char *usage = command_usage(decl);

        (void)module;
        motet_command_print(data, "%-28s %s", usage, decl->help ? decl->help : "");
}

static void
run_help(MotetModule *self, MotetCommand *command)
{
        (void)self;
        command_list(command_server(command), print_help, command);
        motet_command_finish(command, NULL);
}

static const MotetArg module_list_args[] = {{"--specs", MOTET_ARG_STRING, true}, {0}};

const MotetCommandDecl core_commands[] = {
        {"check config", NULL, "find every mistake in the configuration, changing nothing",
         run_check_config},
        {"help", NULL, "list the commands of this server and its modules", run_help},
        {"module list", module_list_args,
         "list the running modules, or the specifications they implement", run_module_list},
        {"reload", NULL, "apply the configuration as it is now, whole or not at all", run_reload},
        {"status", NULL, "say what the server serves and holds", run_status},
        {"stop", NULL, "close every stream and end the server", run_stop},
        {0},
};
