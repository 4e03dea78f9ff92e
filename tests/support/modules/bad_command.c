/*
 * bad_command: has a command that the server has itself.
 */
#include <motet/command.h>
#include <motet/module.h>

static void
stop(MotetModule *self, MotetCommand *command)
{
        (void)self;
        motet_command_finish(command, NULL);
}

static const MotetCommandDecl commands[] = {
        {"stop", NULL, "Stop something else", stop, MOTET_FOR_OPERATOR},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_command", .summary = "Stop", .commands = commands};
