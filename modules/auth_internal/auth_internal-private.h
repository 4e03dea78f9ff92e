/*
 * auth_internal-private: what the files of the auth_internal module share.
 *
 *   account.c        the document of an account, and its keys
 *   request.c        the requests of the service "auth"
 *   change.c         the queue of changes, one after the other
 *   deletion.c       the longest of them: deleting an account
 *   list.c           listing the accounts
 *   looks.c          what accounts look like to strangers, for names without one
 *   login.c          sessions: their role, and closing those of an account
 *   secret.c         the secret of the host
 *   auth_internal.c  the commands and the descriptor
 */
#pragma once

#include <motet/command.h>
#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/service-store.h>
#include <motet/session.h>

/* account.c */

#define N_HASHES 3
#define SALT_BYTES 16
#define SALT_MAX 64 /* bytes of a salt that was imported */
#define KEY_MAX 64  /* bytes of the longest hash */
#define SECRET_BYTES 32
#define ITERATIONS_MIN 4096
#define ITERATIONS_MAX 1000000

/** AccountKeys: what is kept of a password for one hash */
typedef struct {
        uint8_t salt[SALT_MAX];
        size_t salt_len; /* 0: no keys for this hash */
        unsigned iterations;
        uint8_t stored_key[KEY_MAX], server_key[KEY_MAX];
} AccountKeys;

typedef struct {
        AccountKeys keys[N_HASHES]; /* SHA-1, SHA-256, SHA-512 */
        bool disabled;
        MotetAuthRole role;
} Account;

/** Look: what a stranger is told of an account's keys; those a password is verified against */
typedef struct {
        uint32_t iterations;
        uint32_t salt_len;
} Look;

/** AccountLook: Returns: the look of an unknown name; @draw: its own, evenly spread */
typedef Look (*AccountLook)(uint32_t draw, const void *data);

/** account_hash_index: Returns: index into Account.keys, -1 when @name is none of them */
int account_hash_index(const char *name);
/** account_key_len: bytes of a key of that hash */
size_t account_key_len(int hash);
const char *account_role_name(MotetAuthRole role);
/** account_role_parse: Returns: false when there is no role of that name */
bool account_role_parse(const char *name, MotetAuthRole *role_out);
/** account_parse: Returns: false with MOTET_ERROR_STORE when @document is damaged */
bool account_parse(GBytes *document, Account *account_out, GError **error);
/**
 * account_parse_weak: the same, but an account with keys of fewer rounds than ITERATIONS_MIN is
 * read, without any keys; for who gives it new ones
 */
bool account_parse_weak(GBytes *document, Account *account_out, GError **error);
/** account_document: Returns: (own) */
GBytes *account_document(const Account *account);
/**
 * account_derive: fills all keys from @password and the salts that are there already; slow, for a
 * worker. Returns: false when OpenSSL fails
 */
bool account_derive(Account *account, const char *password, unsigned iterations);
/** account_matches: whether @password is the account's; slow, for a worker */
bool account_matches(const Account *account, const char *password);
/** account_is_weaker: whether a hash has fewer iterations than @iterations, or no keys */
bool account_is_weaker(const Account *account, unsigned iterations);
/** account_look: of an account that has keys; otherwise all 0 */
Look account_look(const Account *account);
/**
 * account_invent: keys for a user who does not exist, always the same for the same @secret and
 * name, of the look that @look chooses.
 * Returns: false when OpenSSL fails
 */
bool account_invent(Account *account, const uint8_t secret[SECRET_BYTES], const char *username,
                    AccountLook look, const void *data);
void account_clear(Account *account);
void secret_string_free(char *secret);

/* change.c */

typedef enum {
        CHANGE_ADD,
        CHANGE_PASSWORD,
        CHANGE_DELETE,
        CHANGE_DISABLE,
        CHANGE_ENABLE,
        CHANGE_ROLE,
        CHANGE_REHASH, /* the password is right and its keys are weaker than configured */
        CHANGE_SHOW,   /* changes nothing, but shows a state between changes */
} ChangeKind;

#define CHANGES_MAX 1000 /* waiting; beyond, who asks is refused and keys stay as they are */

typedef struct {
        ChangeKind kind;
        char *username;
        char *password;            /* prepared; NULL where none is needed */
        MotetAuthRole role;        /* ADD, ROLE */
        MotetCommand *command;     /* to be answered; NULL when no operator asked */
        MotetAuthRequest *request; /* to be answered; NULL when no module asked */
        MotetSession *except;      /* (own) PASSWORD, DELETE: who asked; or NULL */
        GBytes *expected;          /* REHASH: the document that was checked */
        Account account;           /* the new state, while it is being made */
        Look before;               /* of its keys; all 0: it had none, or they cannot be read */
} Change;

/** change_new: Returns: (own) */
Change *change_new(ChangeKind kind, const char *username);
/** change_free: of one that was not submitted; @change is a Change */
void change_free(void *change);
/**
 * change_submit: (take) carried out after all earlier ones; one at a time, so that none overwrites
 * another
 */
void change_submit(MotetModule *self, Change *change);
/** change_answer: tells who asked; once. @error (take) is NULL on success */
void change_answer(MotetModule *self, Change *change, GError *error);
/** change_finish: the same, unless it was done, then ends the running change and begins the next */
void change_finish(MotetModule *self, GError *error);
/** change_drop_all: for unload; who waits was answered already */
void change_drop_all(MotetModule *self);

/* deletion.c */

/** deletion_start: @change, the running one, is of an account that exists */
void deletion_start(MotetModule *self, Change *change);
/** deletion_forget: for unload */
void deletion_forget(MotetModule *self);

/* list.c */

void list_accounts(MotetModule *self, MotetCommand *command);
/** list_roles: only of those with another role than member */
void list_roles(MotetModule *self, MotetCommand *command);
/** list_drop_all: for unload; the commands were answered by the core */
void list_drop_all(MotetModule *self);

/* looks.c */

typedef struct Looks Looks;
typedef enum { LOOKS_MISSING, LOOKS_ASKED, LOOKS_READY } LooksState;

Looks *looks_new(void);
void looks_free(Looks *looks);
/** looks_add / looks_remove: of one account; what is not there is not removed. When there are too
 * many different ones, both take another one for it */
void looks_add(Looks *looks, const Look *look);
void looks_remove(Looks *looks, const Look *look);
/** looks_choose: Returns: one as often as accounts have it; @usual as long as there are none, or
 * it is not known yet */
Look looks_choose(const Looks *looks, uint32_t draw, const Look *usual);
/** looks_parse: replaces the numbers. Returns: false when @document is damaged: nothing changed */
bool looks_parse(Looks *looks, GBytes *document);
/** looks_document: Returns: (own) */
GBytes *looks_document(const Looks *looks);
/**
 * looks_ask: reads the numbers from the store, or counts; a no-op when that is under way or done,
 * or has failed less than a minute ago
 */
void looks_ask(MotetModule *self);
/** looks_change_begins: an account is about to be written */
void looks_change_begins(MotetModule *self);
/** looks_save: the server stops: stores the numbers, when they are known of all accounts */
MotetResult looks_save(MotetModule *self, MotetServerEvent *ev);
/** looks_changed: it is written. @before, @after: NULL when there are no keys */
void looks_changed(MotetModule *self, const char *username, const Look *before, const Look *after);

/* login.c */

MotetResult login_note(MotetModule *self, MotetSessionEvent *ev);
MotetResult login_await_role(MotetModule *self, MotetSessionEvent *ev);
MotetResult login_note_bound(MotetModule *self, MotetSessionEvent *ev);
/** login_adopt: for motet_sessions_foreach(): a session that was bound before this instance
 * started */
void login_adopt(MotetSession *session, void *self);
MotetAuthRole login_role(MotetModule *self, const MotetSession *session);
/** login_set_role: of every session of @username */
void login_set_role(MotetModule *self, const char *username, MotetAuthRole role);
/** login_close_all: ends every session of @username, bound or not, but @except */
void login_close_all(MotetModule *self, const char *username, const MotetSession *except,
                     MotetCondition condition, const char *text);

/* request.c */

MotetAuthRequest *request_keys(MotetModule *self, MotetModule *caller, const char *username,
                               const char *hash, MotetAuthKeysFunc done, void *data);
MotetAuthRequest *request_check(MotetModule *self, MotetModule *caller, const char *username,
                                const char *password, MotetAuthCheckFunc done, void *data);
MotetAuthRequest *request_exists(MotetModule *self, MotetModule *caller, const char *username,
                                 MotetAuthCheckFunc done, void *data);
MotetAuthRequest *request_account(MotetModule *self, MotetModule *caller, const char *username,
                                  MotetAuthAccountFunc done, void *data);
MotetAuthRequest *request_create(MotetModule *self, MotetModule *caller, const char *username,
                                 const char *password, MotetAuthRole role, MotetAuthCheckFunc done,
                                 void *data);
MotetAuthRequest *request_set_password(MotetModule *self, MotetModule *caller, const char *username,
                                       const char *password, MotetSession *except,
                                       MotetAuthCheckFunc done, void *data);
MotetAuthRequest *request_remove(MotetModule *self, MotetModule *caller, const char *username,
                                 MotetSession *except, MotetAuthCheckFunc done, void *data);
/** request_finish_change: tells who asked for a change, and frees @request */
void request_finish_change(MotetModule *self, MotetAuthRequest *request, MotetAuthStatus status);
void request_cancel(MotetModule *self, MotetAuthRequest *request);
/** request_fail_all: answers everything open with MOTET_AUTH_ERROR; for unload */
void request_fail_all(MotetModule *self);

/* secret.c */

typedef enum { SECRET_MISSING, SECRET_ASKED, SECRET_READY } SecretState;

/**
 * secret_ask: reads the host's secret from the store, or makes it; a no-op when that is under way
 * or done
 */
void secret_ask(MotetModule *self);

/** Auth: one instance of the module. */
typedef struct {
        MotetStore *store;
        MotetStore *looks_store;
        Looks *looks;    /* (own) */
        uint8_t *secret; /* (own) SECRET_BYTES in secure memory; valid when SECRET_READY */
        SecretState secret_state;
        GQueue requests;      /* of MotetAuthRequest, by their link */
        unsigned n_checks;    /* passwords being verified or waiting for it */
        GQueue changes;       /* of Change; the head is being carried out */
        GQueue listings;      /* of Listing */
        GQueue unbound;       /* of Login: authenticated sessions that are not in the table yet */
        const char *deleting; /* (borrowed) whose data goes: no account any more; NULL: nobody's */
        bool is_stopping;
} Auth;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Account, account_clear)
