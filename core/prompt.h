/*
 * prompt: passwords from a terminal or standard input, never from a command line.
 */
#pragma once

#include <motet/types.h>

#define PROMPT_SECRET_MAX 1023u /* bytes */

/** prompt_read_line: one line of @fd. Returns: (own) for control_wipe(); NULL with
 * MOTET_ERROR_USAGE when empty or too long, MOTET_ERROR_IO */
char *prompt_read_line(int fd, const char *name, GError **error);
/** prompt_ask: asks for a new secret on the controlling terminal without echo, twice. Returns:
 * as prompt_read_line() */
char *prompt_ask(const char *name, GError **error);
