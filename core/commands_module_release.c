/*
 * commands_module_release: module release: another chance for a module that crashes were blamed on.
 */
#include <motet/error.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/module_choice.h"

/* Returns: false with @error; else what follows has been printed */
static bool
release(MotetCommand *command, const char *name, GError **error)
{
        Server *server = command_server(command);
        Quarantine *quarantine = modules_quarantine(server_modules(server));
        unsigned n = 0;

        if (quarantine && !quarantine_forget(quarantine, name, &n, error))
                return false;
        if (n == 0) {
                motet_command_print(command, "no crash is blamed on %s", name);
                return true;
        }
        motet_info("module %s is released: %u crash%s of it forgotten", name, n,
                   n == 1 ? "" : "es");
        motet_command_print(command, "forgotten: %u crash%s that %s was blamed for", n,
                            n == 1 ? "" : "es", name);
        return !server_base(server)->serving || commands_reload(command, error);
}

void
commands_module_release(MotetModule *self, MotetCommand *command)
{
        const char *name = motet_command_arg(command, "module");
        GError *error = NULL;

        (void)self;
        if (module_choice_check(command, name, &error))
                release(command, name, &error);
        motet_command_finish(command, error);
}
