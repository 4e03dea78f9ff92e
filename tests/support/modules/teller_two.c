/*
 * teller_two: has a command that another module has too.
 */
#include <motet/command.h>
#include <motet/module.h>

static void
tell(MotetModule *self, MotetCommand *command)
{
        motet_command_print(command, "%s", motet_module_info(self)->name);
        motet_command_finish(command, NULL);
}

static const MotetCommandDecl commands[] = {
        {"tell", NULL, "Tell who tells", tell, MOTET_FOR_OPERATOR},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "teller_two", .summary = "Tell", .commands = commands};
