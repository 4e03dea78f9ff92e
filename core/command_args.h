/*
 * command_args: the words behind a command's name, checked against its declaration.
 */
#pragma once

#include "core/command.h"

/** command_args_is_option: whether it stands anywhere, by its name */
bool command_args_is_option(const MotetArg *arg);
/** command_args_count: Returns: how many places there are, of secrets or of all else */
unsigned command_args_count(const MotetCommandDecl *decl, bool secret);
/**
 * command_args_read:
 * @words: (borrowed) what is not secret, then what is
 * @n_secrets: how many secrets are at the end of @words
 * @values: (borrowed) filled: name -> value, prepared
 *
 * Returns: false with @error, MOTET_ERROR_USAGE or MOTET_ERROR_MISSING
 */
bool command_args_read(Server *server, const MotetCommandDecl *decl, const char *const *words,
                       unsigned n_secrets, GHashTable *values, GError **error);
/**
 * command_args_allow:
 * @values: of command_args_read()
 * @runs_on_a_host: where it names none, the host of @caller is meant
 *
 * Returns: false with MOTET_ERROR_DENIED when @caller may not give this command about these
 */
bool command_args_allow(const MotetCommandDecl *decl, GHashTable *values,
                        const CommandCaller *caller, bool runs_on_a_host, GError **error);
/** command_args_domain: Returns: (own) the domain that the first address or domain names; NULL when
 * there is none */
char *command_args_domain(const MotetCommandDecl *decl, GHashTable *values);
