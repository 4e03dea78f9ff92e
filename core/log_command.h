/*
 * log_command: levels of the log that an operator commands while the server runs, each for a while
 * or until the server ends.
 *
 * A reload changes what is configured and leaves in force what was commanded.
 */
#pragma once

#include <motet/command.h>

#include "core/loop.h"

typedef struct LogCommands LogCommands;

LogCommands *log_commands_new(Loop *loop);
/** log_commands_free: what is configured is in force again */
void log_commands_free(LogCommands *commands);

/** log_commands_foreach: what was commanded: @source "all" or a module's, @left: µs until it ends,
 * 0: with the server */
void log_commands_foreach(const LogCommands *commands,
                          void (*func)(void *data, const char *source, const char *level,
                                       int64_t left),
                          void *data);

extern const MotetArg log_level_args[];
/** log_command_level_run: "log level" */
void log_command_level_run(MotetModule *self, MotetCommand *command);
