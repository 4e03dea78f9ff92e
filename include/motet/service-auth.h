/*
 * service-auth: service "auth" of a host: who may log in, and the accounts behind it.
 *
 * Every request calls back exactly once, on the core thread and never before it returned, unless
 * its caller cancels it. Who stops, or forgets what it asked for, cancels what is still open (in
 * unload, or where the data is freed). An unknown user costs the same work and gives the same kind
 * of answer as a known one (no way to tell them apart).
 *
 * Source: RFC 5802, RFC 7677.
 */
#pragma once

#include <motet/permission.h>
#include <motet/types.h>

G_BEGIN_DECLS

/** MotetAuthStatus: what the provider found. */
typedef enum {
        MOTET_AUTH_OK,
        MOTET_AUTH_FAILED,   /* unknown user or wrong password: not to be told apart by a peer */
        MOTET_AUTH_DISABLED, /* right password, but the account is disabled */
        MOTET_AUTH_ERROR,    /* storage failed or too much is queued: a temporary failure */
        MOTET_AUTH_EXISTS,   /* create: there is such an account already */
} MotetAuthStatus;

/**
 * MotetAuthKeys: SCRAM keys of one account and hash. For an unknown user they are invented, stable,
 * and match no password.
 *
 * Growth: none within a major number of MOTET_ABI, as it is made and read by different modules.
 */
typedef struct {
        const uint8_t *salt;       /* salt_len bytes */
        size_t salt_len;           /* > 0 */
        unsigned iterations;       /* > 0 */
        const uint8_t *stored_key; /* key_len bytes */
        const uint8_t *server_key; /* key_len bytes */
        size_t key_len;            /* of the hash: 20, 32 or 64 */
        bool usable;   /* false: the exchange must fail at its end, whatever the proof says */
        bool disabled; /* true: an exchange that would succeed fails with "account disabled" */
} MotetAuthKeys;

/** MotetAuthRequest: an open request; gone when its function was called or it was cancelled. */
typedef struct MotetAuthRequest MotetAuthRequest;

/**
 * MotetAuthKeysFunc:
 * @status: OK, also for an unknown user, whose keys are invented; or ERROR
 * @keys: (borrowed) NULL unless @status is OK
 *
 * The answer of keys().
 */
typedef void (*MotetAuthKeysFunc)(MotetModule *caller, MotetAuthStatus status,
                                  const MotetAuthKeys *keys, void *data);
/**
 * MotetAuthCheckFunc:
 * @status: what was found, or done
 *
 * The answer of those that ask for no more.
 */
typedef void (*MotetAuthCheckFunc)(MotetModule *caller, MotetAuthStatus status, void *data);
/**
 * MotetAuthAccountFunc:
 * @status: OK, FAILED for no such account, or ERROR
 * @role, @disabled: of the account; mean something only when @status is OK
 *
 * The answer of account().
 */
typedef void (*MotetAuthAccountFunc)(MotetModule *caller, MotetAuthStatus status,
                                     MotetAuthRole role, bool disabled, void *data);

/**
 * MotetAuthService: service "auth". Each function but cancel() and role_of() returns (borrowed) the
 * open request; the username is a prepared localpart of the provider's host.
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /** keys: @hash is "SHA-1", "SHA-256" or "SHA-512". NULL: the provider has none and can only
         * check(): SCRAM is not offered */
        MotetAuthRequest *(*keys)(MotetModule *provider, MotetModule *caller, const char *username,
                                  const char *hash, MotetAuthKeysFunc done, void *data);
        /**
         * check: verifies a plain password (SASLprep'd, 1 to MOTET_AUTH_PASSWORD_MAX bytes; wiped
         * by the caller after return)
         */
        MotetAuthRequest *(*check)(MotetModule *provider, MotetModule *caller, const char *username,
                                   const char *password, MotetAuthCheckFunc done, void *data);
        /** exists: OK or FAILED; never an answer for a stranger */
        MotetAuthRequest *(*exists)(MotetModule *provider, MotetModule *caller,
                                    const char *username, MotetAuthCheckFunc done, void *data);
        /** cancel: @request (take) will not call back; NULL is a no-op. A change that was asked for
         * is made nevertheless. */
        void (*cancel)(MotetModule *provider, MotetAuthRequest *request);

        /** account: OK or FAILED, and what the account is; never an answer for a stranger */
        MotetAuthRequest *(*account)(MotetModule *provider, MotetModule *caller,
                                     const char *username, MotetAuthAccountFunc done, void *data);
        /**
         * role_of: Returns: the role of @session's account now, at once: it is known when a
         * resource is bound. RESTRICTED before, and for a session without an account
         */
        MotetAuthRole (*role_of)(MotetModule *provider, const MotetSession *session);

        /*
         * Changes are made one after the other, commands' included, in the order they were asked
         * for; what an answer of OK says is durable. @password as for check().
         */

        /** create: OK, EXISTS or ERROR. Whether @username may be had is the caller's to decide. */
        MotetAuthRequest *(*create)(MotetModule *provider, MotetModule *caller,
                                    const char *username, const char *password, MotetAuthRole role,
                                    MotetAuthCheckFunc done, void *data);
        /**
         * set_password: OK, FAILED for no such account, or ERROR. The account's sessions are closed
         * but for @except (or NULL), the one in which the user changed it.
         */
        MotetAuthRequest *(*set_password)(MotetModule *provider, MotetModule *caller,
                                          const char *username, const char *password,
                                          MotetSession *except, MotetAuthCheckFunc done,
                                          void *data);
        /**
         * remove: OK, FAILED for no such account, or ERROR. The account's sessions are closed; only
         * after @done is @except (or NULL), in which the user asked for it.
         */
        MotetAuthRequest *(*remove)(MotetModule *provider, MotetModule *caller,
                                    const char *username, MotetSession *except,
                                    MotetAuthCheckFunc done, void *data);
} MotetAuthService;

#define MOTET_AUTH_PASSWORD_MAX 1023 /* bytes of a prepared password */

/*
 * Events declared by the provider: account payload on the account's host; MOTET_HANDLED is ignored.
 * Sessions of the account that are authenticated by then are closed by the provider; who holds keys
 * from before forgets them.
 */
#define MOTET_EVENT_USER_CREATED "user-created" /* the account is durable */
/**
 * MOTET_EVENT_USER_DELETING: its data will go: nothing more is to be written for it, and exists()
 * says no. All is there still, and its roster is in memory when there is a service "roster".
 */
#define MOTET_EVENT_USER_DELETING "user-deleting"
#define MOTET_EVENT_USER_DELETED "user-deleted"         /* its data is gone */
#define MOTET_EVENT_USER_DISABLED "user-disabled"       /* it may not log in any more */
#define MOTET_EVENT_PASSWORD_CHANGED "password-changed" /* the new keys are durable */
#define MOTET_EVENT_ROLE_CHANGED "role-changed"         /* role_of() says so already */

G_END_DECLS
