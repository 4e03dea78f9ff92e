/*
 * scram: the client's side of SCRAM-SHA-1 and SCRAM-SHA-256 without channel binding (RFC 5802, RFC
 * 7677).
 *
 * The salted password is kept for each salt and number of iterations: where all accounts have one
 * salt, the costly part is done once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define SCRAM_ITERATIONS_MAX 1000000

typedef struct ScramKeys ScramKeys; /* the keys kept */

/** scram_keys_new: @mechanism: "SCRAM-SHA-1" or "SCRAM-SHA-256" */
ScramKeys *scram_keys_new(const char *mechanism, const char *password);
void scram_keys_free(ScramKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScramKeys, scram_keys_free)

/* One login. */
typedef struct {
        char *first;     /* client-first-message-bare */
        char *signature; /* what the server must prove itself with, in base64; NULL before its
                            challenge */
} Scram;

/** scram_first: begins a login. @user: needs no escaping. @nonce: printable. Returns: the
 * client-first-message */
char *scram_first(Scram *scram, const char *user, const char *nonce);
/** scram_final: Returns: the client-final-message; NULL when @server_first is not an answer to
 * ours */
char *scram_final(Scram *scram, ScramKeys *keys, const char *server_first);
/** scram_is_server: whether @server_final is of somebody who knows the password's keys */
bool scram_is_server(const Scram *scram, const char *server_final);
void scram_clear(Scram *scram);
