/*
 * commands: the commands core itself has. Their run functions are called without an instance.
 */
#pragma once

#include <motet/command.h>

extern const MotetCommandDecl core_commands[];

/**
 * commands_check_config:
 * @file: main configuration file
 * @line: told each finding, or that there is none
 *
 * What "check config" does: needs no server, running or not.
 *
 * Returns: false with MOTET_ERROR_CONFIG when there are errors
 */
bool commands_check_config(const char *file, void (*line)(void *data, const char *text), void *data,
                           GError **error);
