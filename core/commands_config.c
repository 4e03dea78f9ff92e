/*
 * commands_config: config show, config default, config describe, of the configuration in force.
 */
#include "core/command.h"
#include "core/commands.h"
#include "core/config_tell.h"

static void
print_line(void *data, const char *text)
{
        motet_command_print(data, "%s", text);
}

static void
run(MotetCommand *command, const ConfigQuestion *question)
{
        Server *server = command_server(command);
        g_auto(SettingsSource) source;
        GError *error = NULL;

        settings_source_init(&source, server_config(server), server_modules(server));
        config_tell(&source, question, print_line, command, &error);
        motet_command_finish(command, error);
}

static void
run_show(MotetModule *self, MotetCommand *command)
{
        const ConfigQuestion question = {
                .what = CONFIG_SHOW,
                .name = motet_command_arg(command, "name"),
                .host = motet_command_arg(command, "--host"),
                .json = motet_command_arg(command, "--json") != NULL,
        };

        (void)self;
        run(command, &question);
}

static void
run_default(MotetModule *self, MotetCommand *command)
{
        const ConfigQuestion question = {
                .what = CONFIG_DEFAULT,
                .name = motet_command_arg(command, "module"),
        };

        (void)self;
        run(command, &question);
}

static void
run_describe(MotetModule *self, MotetCommand *command)
{
        const ConfigQuestion question = {
                .what = CONFIG_DESCRIBE,
                .name = motet_command_arg(command, "option"),
        };

        (void)self;
        run(command, &question);
}

static const MotetArg show_args[] = {{"name", MOTET_ARG_STRING, true},
                                     {"--host", MOTET_ARG_STRING, true},
                                     {"--json", MOTET_ARG_FLAG, true},
                                     {0}};
static const MotetArg default_args[] = {{"module", MOTET_ARG_STRING, true}, {0}};
static const MotetArg describe_args[] = {{"option", MOTET_ARG_STRING, false}, {0}};

const MotetCommandDecl config_commands[] = {
        {"config default", default_args,
         "print the defaults of the main file, or of a module, as YAML to paste", run_default},
        {"config describe", describe_args,
         "say what an option means, its type, range and default, and what a change takes",
         run_describe},
        {"config show", show_args,
         "print what is in force and where it is set: all, of a module, or one setting", run_show},
        {0},
};
