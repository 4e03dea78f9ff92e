/*
 * commands: the commands core itself has. Their run functions are called without an instance.
 */
#pragma once

#include <motet/command.h>

extern const MotetCommandDecl core_commands[];
extern const MotetCommandDecl config_commands[];
extern const MotetCommandDecl reload_commands[];
extern const MotetCommandDecl module_commands[];
extern const MotetCommandDecl session_commands[];
extern const MotetCommandDecl status_commands[];
extern const MotetCommandDecl trace_commands[];
/* All of them, NULL-terminated. */
extern const MotetCommandDecl *const commands_of_core[];

/** commands_module_info: what "module info" does */
void commands_module_info(MotetModule *self, MotetCommand *command);

/** commands_module_dev: what "module dev" does */
void commands_module_dev(MotetModule *self, MotetCommand *command);
/** commands_module_top: what "module top" does */
void commands_module_top(MotetModule *self, MotetCommand *command);
/** commands_module_reload: what "module reload" does */
void commands_module_reload(MotetModule *self, MotetCommand *command);
/** commands_module_release: what "module release" does */
void commands_module_release(MotetModule *self, MotetCommand *command);
/** commands_reload: what "reload" does; @command prints the outcome and goes on */
bool commands_reload(MotetCommand *command, GError **error);

/** commands_trace_end_all: ends every trace that runs, its command with it */
void commands_trace_end_all(MotetServer *server);
/** commands_require_running: whether the server serves; else @command has ended, saying so */
bool commands_require_running(MotetCommand *command);
