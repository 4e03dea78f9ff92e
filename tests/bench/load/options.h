/* options: what the load generator was asked to do. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
        SECURITY_PLAIN,
        SECURITY_STARTTLS,
        SECURITY_DIRECT,
} Security;

typedef struct {
        char *work;
        char *host, *address, *mechanism, *password, *user, *fan, *hub;
        char *security_word, *roster_word; /* as written */
        Security security;
        bool roster; /* ask for it at login */
        int port, storm_port, server_pid;
        int sessions, per_account, per_address, logins_at_once;
        int pairs, rate, depth, contacts, storm;
        double warmup, seconds;
} Options;

/**
 * options_parse: @argc, @argv: as main() got them
 *
 * Fills @options, defaults included; what a work says about the number of sessions (presence: the
 * contacts and the hub; churn: the pairs) wins over --sessions.
 *
 * Returns: false with the reason, which names the option
 */
bool options_parse(Options *options, int argc, char **argv, GError **error);
void options_clear(Options *options);

/** options_account: Returns: the account name that @pattern (with one %u) makes of @number */
char *options_account(const char *pattern, unsigned number);
