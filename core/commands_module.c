/*
 * commands_module: module list, hooks, enable, disable: what runs where.
 */
#include <motet/error.h>
#include <string.h>

#include "core/check.h"
#include "core/command.h"
#include "core/commands.h"
#include "core/event.h"
#include "core/module_choice.h"
#include "core/module_switch.h"

/* module list */

/* One line a module: its instances follow each other in load order. */
typedef struct {
        MotetCommand *command;
        const MotetHost *host; /* NULL: all */
        const MotetModuleInfo *info;
        GString *hosts;
        GPtrArray *troubles; /* (own) texts: of its instances that are not well */
        GHashTable *names;   /* of all that were printed */
} ModuleLine;

static bool
runs_on(const MotetModule *instance, const MotetHost *host)
{
        return !host || !instance->host || instance->host == host;
}

static void
print_module(const ModuleLine *line)
{
        if (!line->info)
                return;
        motet_command_print(line->command, "%-16s %-8s %s: %s", line->info->name,
                            line->info->version ? line->info->version : MOTET_VERSION,
                            line->hosts->str, line->info->summary ? line->info->summary : "");
        for (guint i = 0; i < line->troubles->len; i++)
                motet_command_print(line->command, "  %s",
                                    (const char *)g_ptr_array_index(line->troubles, i));
        g_ptr_array_set_size(line->troubles, 0);
}

static void
collect_module(MotetModule *instance, void *data)
{
        ModuleLine *line = data;
        const char *host = instance->host ? instance->host->name : "all hosts";

        if (!runs_on(instance, line->host))
                return;
        g_hash_table_add(line->names, (gpointer)instance->info->name);
        if (line->info == instance->info) {
                g_string_append_printf(line->hosts, ", %s", host);
        } else {
                print_module(line);
                line->info = instance->info;
                g_string_assign(line->hosts, host);
        }
        if (instance->status != MOTET_STATUS_OK)
                g_ptr_array_add(line->troubles, module_status_line(instance));
}

static void
print_specs(MotetModule *instance, void *data)
{
        ModuleLine *line = data;
        const char *const *spec = instance->info->specs;

        if (line->info == instance->info || !runs_on(instance, line->host))
                return;
        line->info = instance->info;
        for (; spec && *spec; spec++)
                motet_command_print(line->command, "%-20s %s", *spec, instance->info->name);
}

static void
print_absent(const char *name, const char *why, void *data)
{
        motet_command_print(data, "%-16s %-8s left out: %s", name, "-", why);
}

/* Those that are there and do not run. */
static void
print_others(const ModuleLine *line)
{
        const Config *config = server_config(command_server(line->command));
        const Modules *modules = server_modules(command_server(line->command));
        g_auto(GStrv) names = module_choice_names(config);

        for (char **name = names; *name; name++) {
                const ConfigModule *module = config_module(config, *name);
                if (g_hash_table_contains(line->names, *name))
                        continue;
                if (modules_absence(modules, *name))
                        continue;
                motet_command_print(line->command, "%-16s %-8s %s", *name, "-",
                                    module && module->enabled ? (line->host ? "not on this host"
                                                                            : "enabled on no host")
                                    : module                  ? "disabled"
                                                              : "not configured");
        }
}

static void
run_module_list(MotetModule *self, MotetCommand *command)
{
        Modules *modules = server_modules(command_server(command));
        bool specs = motet_command_arg(command, "--specs") != NULL;
        g_autoptr(GString) hosts = g_string_new(NULL);
        g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GPtrArray) troubles = g_ptr_array_new_with_free_func(g_free);
        ModuleLine line = {
                .command = command, .hosts = hosts, .troubles = troubles, .names = names};
        GError *error = NULL;

        (void)self;
        if (!module_choice_host(command, &line.host, &error)) {
                motet_command_finish(command, error);
                return;
        }
        modules_foreach(modules, specs ? print_specs : collect_module, &line);
        if (!specs)
                print_module(&line);
        if (!specs)
                modules_foreach_absent(modules, print_absent, command);
        if (!specs && motet_command_arg(command, "--all"))
                print_others(&line);
        motet_command_finish(command, NULL);
}

/* module hooks */

typedef struct {
        MotetCommand *command;
        const char *name; /* NULL: of all modules */
        const char *host; /* NULL: the server as a whole */
        bool has_printed;
} HookLines;

static void
print_hook(const char *event, int priority, const MotetModule *owner, void *data)
{
        HookLines *lines = data;

        if (lines->name && strcmp(owner->info->name, lines->name) != 0)
                return;
        if (!lines->has_printed)
                motet_command_print(lines->command, "%s:", lines->host ? lines->host : "server");
        lines->has_printed = true;
        motet_command_print(lines->command, "  %-48s %5d %s", event, priority, owner->info->name);
}

static void
print_table(MotetCommand *command, const EventTable *table, const char *host)
{
        HookLines lines = {
                .command = command, .name = motet_command_arg(command, "module"), .host = host};

        event_table_list(table, print_hook, &lines);
}

static void
run_module_hooks(MotetModule *self, MotetCommand *command)
{
        const MotetServer *base = server_base(command_server(command));
        const char *name = motet_command_arg(command, "module");
        const MotetHost *only = NULL;
        GError *error = NULL;

        (void)self;
        if ((name && !module_choice_check(command, name, &error)) ||
            !module_choice_host(command, &only, &error)) {
                motet_command_finish(command, error);
                return;
        }
        if (!only)
                print_table(command, base->events, NULL);
        for (guint i = 0; i < base->hosts->len; i++) {
                const MotetHost *host = g_ptr_array_index(base->hosts, i);
                if (!only || host == only)
                        print_table(command, host->events, host->name);
        }
        motet_command_finish(command, NULL);
}

/* module enable, disable */

static void
print_text(void *data, const char *text)
{
        motet_command_print(data, "%s", text);
}

static bool
apply_here(void *data, GError **error)
{
        MotetCommand *command = data;
        Server *server = command_server(command);

        if (server_base(server)->serving)
                return commands_reload(command, error);
        const CheckParams params = {
                .config_file = server_config(server)->file,
                .names = (const char *const[]){"config", NULL},
        };
        if (check_run(&params, print_text, command, error) != CHECK_ERRORS)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                    "nothing was changed: the configuration would have errors");
        return false;
}

static void
run_switch(MotetCommand *command, bool enable)
{
        const ModuleSwitchOwner owner = {apply_here, print_text, command};
        const ModuleSwitch what = {
                .config_file = server_config(command_server(command))->file,
                .name = motet_command_arg(command, "module"),
                .host = motet_command_arg(command, "--host"),
                .enable = enable,
        };
        GError *error = NULL;

        module_switch_run(&what, &owner, &error);
        motet_command_finish(command, error);
}

static void
run_module_enable(MotetModule *self, MotetCommand *command)
{
        (void)self;
        run_switch(command, true);
}

static void
run_module_disable(MotetModule *self, MotetCommand *command)
{
        (void)self;
        run_switch(command, false);
}

/* Whoever looks at a file looks at it with their own rights: not with those of the server. */
static void
run_module_lint(MotetModule *self, MotetCommand *command)
{
        (void)self;
        motet_command_finish(command,
                             g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                                         "the server looks at no files for others: motetctl does, "
                                         "on its own"));
}

static void
run_module_new(MotetModule *self, MotetCommand *command)
{
        (void)self;
        motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                                                  "the server writes no modules for others: "
                                                  "motetctl does, on its own"));
}

static const MotetArg list_args[] = {{"--specs", MOTET_ARG_FLAG, true},
                                     {"--all", MOTET_ARG_FLAG, true},
                                     {"--host", MOTET_ARG_STRING, true},
                                     {0}};
static const MotetArg hooks_args[] = {
        {"module", MOTET_ARG_STRING, true}, {"--host", MOTET_ARG_STRING, true}, {0}};
static const MotetArg top_args[] = {
        {"--for", MOTET_ARG_STRING, true}, {"--host", MOTET_ARG_STRING, true},
        {"--hooks", MOTET_ARG_FLAG, true}, {"--memory", MOTET_ARG_FLAG, true},
        {"--json", MOTET_ARG_FLAG, true},  {0}};
static const MotetArg release_args[] = {{"module", MOTET_ARG_STRING, false}, {0}};
static const MotetArg info_args[] = {
        {"module", MOTET_ARG_STRING, false}, {"--host", MOTET_ARG_STRING, true}, {0}};

static const MotetArg dev_args[] = {
        {"file", MOTET_ARG_STRING, false}, {"--host", MOTET_ARG_STRING, true}, {0}};

static const MotetArg new_args[] = {{"name", MOTET_ARG_STRING, false},
                                    {"--dir", MOTET_ARG_STRING, true},
                                    {"--templates", MOTET_ARG_STRING, true},
                                    {0}};

static const MotetArg lint_args[] = {{"file", MOTET_ARG_STRING, false},
                                     {"--json", MOTET_ARG_FLAG, true},
                                     {"--strict", MOTET_ARG_FLAG, true},
                                     {0}};

const MotetCommandDecl module_commands[] = {
        {"module dev", dev_args,
         "run a module from the folder it is built in, and each new build of it, until Ctrl-C",
         commands_module_dev},
        {"module disable", info_args, "stop a module, on one host or wherever it runs, for good",
         run_module_disable},
        {"module enable", info_args, "start a module, on one host or where its drop-in says",
         run_module_enable},
        {"module hooks", hooks_args, "list which modules handle an event, in running order",
         run_module_hooks},
        {"module info", info_args, "tell all of one module: what it needs, does and is set to",
         commands_module_info},
        {"module lint", lint_args,
         "find what is wrong with files of modules, before they are installed", run_module_lint},
        {"module list", list_args,
         "list the modules that run, or all, or the specifications they implement",
         run_module_list},
        {"module release", release_args,
         "forget the crashes that are blamed on a module, and start it again",
         commands_module_release},
        {"module new", new_args,
         "write a new module: code, options, manual, tests, and what builds it", run_module_new},
        {"module reload", info_args,
         "run the code that is in a module's file now, nobody disconnected",
         commands_module_reload},
        {"module top", top_args,
         "measure which modules, or which of their hooks, take the time and the memory",
         commands_module_top},
        {0},
};
