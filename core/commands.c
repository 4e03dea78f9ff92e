/*
 * commands: status, stop, log level, check, explain, help, completion.
 */
#include "core/commands.h"

#include <motet/error.h>
#include <string.h>

#include "core/check.h"
#include "core/command.h"
#include "core/log_command.h"
#include "core/manual.h"

bool
commands_require_running(MotetCommand *command)
{
        Server *server = command_server(command);

        if (server_base(server)->serving || server_base(server)->stopping)
                return true;
        motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_MISSING,
                                                  "no server is running with %s",
                                                  server_config(server)->file));
        return false;
}

/* stop */

static void
run_stop(MotetModule *self, MotetCommand *command)
{
        (void)self;

        if (!commands_require_running(command))
                return;
        server_finish_when_stopped(command_server(command), command);
        server_stop(command_server(command));
}

/* check, explain */

static void
print_text_line(void *data, const char *text)
{
        motet_command_print(data, "%s", text);
}

static void
run_check(MotetModule *self, MotetCommand *command)
{
        const char *name = motet_command_arg(command, "CHECK");
        const CheckParams params = {
                .config_file = server_config(command_server(command))->file,
                .names = (const char *const[]){name, NULL},
                .serving = true,
        };
        GError *error = NULL;

        (void)self;
        if (check_run(&params, print_text_line, command, &error) == CHECK_ERRORS)
                error = g_error_new(MOTET_ERROR, MOTET_ERROR_CONFIG, "%s has errors",
                                    params.config_file);
        motet_command_finish(command, error);
}

static void
run_explain(MotetModule *self, MotetCommand *command)
{
        GError *error = NULL;

        (void)self;
        check_explain(motet_command_arg(command, "ID"), print_text_line, command, &error);
        motet_command_finish(command, error);
}

/* help */

static void
run_help(MotetModule *self, MotetCommand *command)
{
        const char *const words[] = {motet_command_arg(command, "command"),
                                     motet_command_arg(command, "word"),
                                     motet_command_arg(command, "more"), NULL};
        g_autoptr(GArray) table = command_table_of(command_server(command));
        GError *error = NULL;

        (void)self;
        manual_help(table, words, print_text_line, command, &error);
        motet_command_finish(command, error);
}

static void
run_completion(MotetModule *self, MotetCommand *command)
{
        g_autoptr(GArray) table = command_table_of(command_server(command));
        g_autofree char *script = manual_completion(table);

        (void)self;
        motet_command_print(command, "%s", script);
        motet_command_finish(command, NULL);
}

static const MotetArg help_args[] = {
        {"command", MOTET_ARG_STRING, true},
        {"word", MOTET_ARG_STRING, true},
        {"more", MOTET_ARG_STRING, true},
        {0},
};
static const char *const shells[] = {"bash", NULL};
static const MotetArg completion_args[] = {{"shell", MOTET_ARG_WORD, false, .words = shells}, {0}};
static const MotetArg check_args[] = {{"CHECK", MOTET_ARG_STRING, true}, {0}};
static const MotetArg explain_args[] = {{"ID", MOTET_ARG_STRING, true}, {0}};

const MotetCommandDecl core_commands[] = {
        {"check", check_args, "find every mistake before it hurts, changing nothing", run_check},
        {"completion", completion_args, "print what a shell needs to complete commands",
         run_completion},
        {"explain", explain_args, "say what a finding of check means, or list all", run_explain},
        {"help", help_args, "list the commands of this server and its modules, or tell all of one",
         run_help},
        {"log level", log_level_args,
         "show or set what is logged: error, warn, info, debug or configured; --for 10m: for a "
         "while",
         log_command_level_run},
        {"stop", NULL, "close every stream and end the server", run_stop},
        {0},
};

const MotetCommandDecl *const commands_of_core[] = {
        core_commands,    config_commands, reload_commands, module_commands,
        session_commands, status_commands, trace_commands,  NULL};
