/*
 * service-auth: service "auth" of a host: who may log in, and the accounts behind it.
 *
 * All functions call back on the core thread, never before returning, exactly once unless the caller's module stops.
 * An unknown user costs the same work and gives the same kind of answer as a known one (no way to tell them apart).
 *
 * Source: RFC 5802, RFC 7677.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

/** MotetAuthStatus: what the provider found. */
typedef enum {
        MOTET_AUTH_OK,
        MOTET_AUTH_FAILED,   /* unknown user or wrong password: not to be told apart by a peer */
        MOTET_AUTH_DISABLED, /* right password, but the account is disabled */
        MOTET_AUTH_ERROR,    /* storage failed or too much is queued: a temporary failure */
} MotetAuthStatus;

/** MotetAuthKeys: SCRAM keys of one account and hash. For an unknown user they are invented, stable, and match no password. */
typedef struct {
        const uint8_t *salt;
        size_t salt_len;
        unsigned iterations;
        const uint8_t *stored_key; /* key_len bytes */
        const uint8_t *server_key; /* key_len bytes */
        size_t key_len;
        bool usable; /* false: the exchange must fail at its end, whatever the proof says */
} MotetAuthKeys;

/** MotetAuthKeysFunc: @keys (borrowed) is NULL unless @status is OK. */
typedef void (*MotetAuthKeysFunc)(MotetModule *caller, MotetAuthStatus status, const MotetAuthKeys *keys, void *data);
typedef void (*MotetAuthCheckFunc)(MotetModule *caller, MotetAuthStatus status, void *data);

typedef struct {
        /** keys: @hash is "SHA-1", "SHA-256" or "SHA-512" */
        void (*keys)(MotetModule *provider, MotetModule *caller, const char *username, const char *hash, MotetAuthKeysFunc done, void *data);
        /** check: verifies a plain password (SASLprep'd, wiped by the caller after return) */
        void (*check)(MotetModule *provider, MotetModule *caller, const char *username, const char *password, MotetAuthCheckFunc done, void *data);
        /** exists: OK or FAILED */
        void (*exists)(MotetModule *provider, MotetModule *caller, const char *username, MotetAuthCheckFunc done, void *data);
} MotetAuthService;

/* Events declared by the provider: account payload on the account's host. */
#define MOTET_EVENT_USER_CREATED "user-created"           /* the account is durable */
#define MOTET_EVENT_USER_DELETED "user-deleted"           /* its data is gone; sessions are closed by the provider */
#define MOTET_EVENT_PASSWORD_CHANGED "password-changed"   /* the new keys are durable; sessions are closed by the provider */

G_END_DECLS
