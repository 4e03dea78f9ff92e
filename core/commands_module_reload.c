/*
 * commands_module_reload: module reload: new code for a module while everybody stays connected.
 */
#include <motet/error.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/module_choice.h"
#include "core/module_dev.h"
#include "core/server_private.h"

#define PATIENCE (10 * G_TIME_SPAN_SECOND)

static void
print_plan(MotetCommand *command, const ReloadPlan *plan)
{
        for (guint i = 0; i < plan->changes->len; i++) {
                g_autofree char *line = plan_change_string(g_ptr_array_index(plan->changes, i));
                motet_info("module reload: %s", line);
                motet_command_print(command, "%s", line);
        }
}

static const char *
host_of(const MotetCommand *command)
{
        const MotetHost *host = NULL;

        return module_choice_host(command, &host, NULL) && host ? host->name : NULL;
}

static void
replace(void *data, const GError *busy)
{
        MotetCommand *command = data;
        Server *server = command_server(command);
        const char *name = motet_command_arg(command, "module");
        g_autoptr(ReloadPlan) plan = plan_new();
        GError *error = busy ? g_error_copy(busy) : NULL;

        if (!error && modules_replace(server_modules(server), server_config(server), name,
                                      host_of(command), plan, &error)) {
                print_plan(command, plan);
                /* What the module says of itself may be other than before. */
                server_fire(server, "config-reloaded");
        } else if (!busy) {
                motet_warn("%s", error->message);
                g_prefix_error(&error, "nothing was changed: ");
        }
        motet_command_finish(command, error);
}

void
commands_module_reload(MotetModule *self, MotetCommand *command)
{
        const char *name = motet_command_arg(command, "module");
        const MotetHost *host = NULL;
        GError *error = NULL;

        (void)self;
        if (!commands_require_running(command))
                return;
        if (!module_choice_check(command, name, &error) ||
            !module_choice_host(command, &host, &error)) {
                motet_command_finish(command, error);
                return;
        }
        if (module_dev_object(server_modules(command_server(command)), name)) {
                motet_command_finish(command,
                                     g_error_new(MOTET_ERROR, MOTET_ERROR_EXISTS,
                                                 "module %s is being developed: \"module dev\" "
                                                 "takes each new build of it",
                                                 name));
                return;
        }
        modules_when_idle(server_modules(command_server(command)), name, host ? host->name : NULL,
                          PATIENCE, replace, command);
}
