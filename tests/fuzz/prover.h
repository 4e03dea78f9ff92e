/*
 * prover: a client's half of SCRAM for many exchanges: what a password costs is paid once.
 *
 * Source: RFC 5802 sections 3 and 5.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

/** Prover: of one exchange; all zero: none */
typedef struct {
        const char *mechanism; /* a constant; NULL: none */
        char *header, *bare; /* (own) of the first message: in front of the name, and from it on */
        GBytes *binding;     /* (own) data of the channel; NULL: none */
} Prover;

/** prover_begin: @header: "n,,"; @username: nothing in it is escaped; @binding: (take) or NULL */
void prover_begin(Prover *prover, const char *mechanism, const char *header, const char *username,
                  GBytes *binding);
void prover_clear(Prover *prover);
/** prover_first: Returns: (own) the first message */
char *prover_first(const Prover *prover);
/**
 * prover_final: Returns: (own) the last message, for the challenge @server_first; NULL when that is
 * none for @prover
 */
char *prover_final(const Prover *prover, const char *server_first, const char *password);
