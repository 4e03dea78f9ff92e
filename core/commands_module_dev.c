/*
 * commands_module_dev: module dev: a module from the folder it is built in, until nobody watches
 * any more.
 */
#include <motet/error.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/module_choice.h"
#include "core/module_dev.h"

static void
print_line(void *data, const char *text)
{
        MotetCommand *command = data;

        if (command_unread(command) >= 0)
                motet_command_print(command, "%s", text);
}

static int
take_handed(void *data)
{
        return command_take_handed(data);
}

static bool
is_there(void *data)
{
        return command_unread(data) >= 0;
}

static void
finish(void *data, GError *error)
{
        motet_command_finish(data, error);
}

void
commands_module_dev(MotetModule *self, MotetCommand *command)
{
        const ModuleDevOwner owner = {print_line, is_there, take_handed, finish, command};
        const char *path = motet_command_arg(command, "file");
        const MotetHost *host = NULL;
        GError *error = NULL;

        (void)self;
        if (!commands_require_running(command))
                return;
        if (server_base(command_server(command))->stopping)
                error = g_error_new(MOTET_ERROR, MOTET_ERROR_CANCELLED, "the server is stopping");
        if (error || !module_choice_host(command, &host, &error)) {
                motet_command_finish(command, error);
                return;
        }
        module_dev_begin(command_server(command), path, host ? motet_host_name(host) : NULL,
                         &owner);
}
