/*
 * module_choice: the module and the host that an operator names, and what was meant when there is
 * none of that name.
 */
#pragma once

#include <motet/command.h>

#include "core/server.h"

/** module_choice_names: Returns: (own) all modules that are installed or configured, sorted, for
 * g_strfreev() */
char **module_choice_names(const Config *config);
/** module_choice_known: whether @name is one of them; else MOTET_ERROR_USAGE with what was meant */
bool module_choice_known(const Config *config, const char *name, GError **error);
/** module_choice_served: Returns: (own) the prepared name of the host of @config that @text is;
 * NULL with MOTET_ERROR_USAGE and what was meant */
char *module_choice_served(const Config *config, const char *text, GError **error);

/** module_choice_check: module_choice_known() for the server of @command */
bool module_choice_check(const MotetCommand *command, const char *name, GError **error);
/** module_choice_host: what --host says; NULL when it was not given. False with MOTET_ERROR_USAGE
 */
bool module_choice_host(const MotetCommand *command, const MotetHost **host_out, GError **error);
