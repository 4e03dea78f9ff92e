/*
 * request: the service "auth": keys for SCRAM, verifying a plain password, and whether an account
 * exists.
 *
 * A known and an unknown user take the same way: one document is read, one parsed, keys are
 * invented, and a password is hashed for both. Source of the rule: RFC 5802 section 9.
 */
#include "auth_internal-private.h"

#include <motet/option.h>
#include <motet/task.h>
#include <string.h>

typedef enum {
        REQUEST_KEYS,
        REQUEST_CHECK,
        REQUEST_EXISTS,
        REQUEST_ACCOUNT,
        REQUEST_CHANGE,
} RequestKind;

struct MotetAuthRequest {
        RequestKind kind;
        GList link; /* in Auth.requests */
        MotetModule *caller;
        MotetErrand *errand; /* (own) until somebody is called, or cancelled */
        char *username;
        int hash;       /* KEYS */
        char *password; /* CHECK: (own) prepared */
        MotetAuthKeysFunc keys_done;
        MotetAuthCheckFunc check_done;
        MotetAuthAccountFunc account_done;
        void *data;
        bool cancelled; /* nobody is called; freed when what runs for it has ended */
        /* CHECK: (own) what is being verified against; NULL for an unknown user */
        GBytes *document;
};

static void
request_free(Auth *auth, MotetAuthRequest *request)
{
        g_queue_unlink(&auth->requests, &request->link);
        if (request->kind == REQUEST_CHECK)
                auth->n_checks--;
        motet_errand_free(request->errand);
        g_free(request->username);
        secret_string_free(request->password);
        g_clear_pointer(&request->document, g_bytes_unref);
        g_free(request);
}

/* Found: what an answer of OK says; NULL where it is not asked for */
typedef struct {
        const MotetAuthKeys *keys;
        const Account *account;
} Found;

/* Answers and frees @request. */
static void
finish_with(MotetModule *self, MotetAuthRequest *request, MotetAuthStatus status, Found found)
{
        MotetModule *caller = request->caller;
        MotetAuthKeysFunc keys_done = request->keys_done;
        MotetAuthCheckFunc check_done = request->check_done;
        MotetAuthAccountFunc account_done = request->account_done;
        bool cancelled = request->cancelled;
        void *data = request->data;

        request_free(motet_module_data(self), request);
        if (cancelled)
                return;
        if (keys_done)
                keys_done(caller, status, found.keys, data);
        else if (check_done)
                check_done(caller, status, data);
        else if (found.account)
                account_done(caller, status, found.account->role, found.account->disabled, data);
        else
                account_done(caller, status, MOTET_ROLE_RESTRICTED, false, data);
}

static void
finish(MotetModule *self, MotetAuthRequest *request, MotetAuthStatus status)
{
        finish_with(self, request, status, (Found){0});
}

static void
finish_with_keys(MotetModule *self, MotetAuthRequest *request, const Account *account, bool usable)
{
        const AccountKeys *keys = &account->keys[request->hash];
        MotetAuthKeys told = {
                .salt = keys->salt,
                .salt_len = keys->salt_len,
                .iterations = keys->iterations,
                .stored_key = keys->stored_key,
                .server_key = keys->server_key,
                .key_len = account_key_len(request->hash),
                .usable = usable,
                .disabled = account->disabled,
        };

        finish_with(self, request, MOTET_AUTH_OK, (Found){.keys = &told});
}

/* CheckJob: verifying one password on a worker, on copies. */
typedef struct {
        MotetAuthRequest *request; /* for the core thread only */
        Account account;
        char *password;
        bool known, matches;
} CheckJob;

static void
check_job_free(void *data)
{
        CheckJob *job = data;

        account_clear(&job->account);
        secret_string_free(job->password);
        g_free(job);
}

static void
check_work(void *data)
{
        CheckJob *job = data;

        job->matches = account_matches(&job->account, job->password) && job->known;
}

/* Weak keys can be replaced now, since the password is at hand. */
static void
strengthen(MotetModule *self, MotetAuthRequest *request, const Account *account)
{
        if (!account_is_weaker(account, (unsigned)motet_option_int(self, "iterations")))
                return;
        Change *change = change_new(CHANGE_REHASH, request->username);
        change->password = g_strdup(request->password);
        change->expected = g_bytes_ref(request->document);
        change_submit(self, change);
}

static void
check_done(MotetModule *self, void *data)
{
        CheckJob *job = data;
        MotetAuthRequest *request = job->request;
        MotetAuthStatus status = MOTET_AUTH_FAILED;

        if (job->matches && job->account.disabled)
                status = MOTET_AUTH_DISABLED;
        else if (job->matches)
                status = MOTET_AUTH_OK;
        if (status == MOTET_AUTH_OK)
                strengthen(self, request, &job->account);
        finish(self, request, status);
}

static void
start_check(MotetModule *self, MotetAuthRequest *request, const Account *account, bool known)
{
        CheckJob *job = g_new0(CheckJob, 1);

        job->request = request;
        job->account = *account;
        job->password = g_strdup(request->password);
        job->known = known;
        if (!motet_offload(self, check_work, check_done, job, check_job_free))
                finish(self, request, MOTET_AUTH_ERROR);
}

static void
answer_account(MotetModule *self, MotetAuthRequest *request, GBytes *value)
{
        g_auto(Account) account = {0};
        g_autoptr(GError) damage = NULL;

        if (!value) {
                finish(self, request, MOTET_AUTH_FAILED);
        } else if (!account_parse(value, &account, &damage)) {
                motet_warn("account %s: %s", request->username, damage->message);
                finish(self, request, MOTET_AUTH_ERROR);
        } else {
                finish_with(self, request, MOTET_AUTH_OK, (Found){.account = &account});
        }
}

static Look
look_of_unknown(uint32_t draw, const void *data)
{
        const MotetModule *self = data;
        const Auth *auth = motet_module_data(self);
        const Look usual = {(uint32_t)motet_option_int(self, "iterations"), SALT_BYTES};

        return looks_choose(auth->looks, draw, &usual);
}

/* KEYS and CHECK: with keys that were invented when there is no account. */
static void
answer_with_keys(MotetModule *self, MotetAuthRequest *request, GBytes *value)
{
        Auth *auth = motet_module_data(self);
        g_auto(Account) invented = {0}, stored = {0};
        g_autoptr(GError) damage = NULL;

        if (auth->secret_state != SECRET_READY) {
                finish(self, request, MOTET_AUTH_ERROR);
                return;
        }

        /* Not what the stack held before: it would be told as a salt. */
        if (!account_invent(&invented, auth->secret, request->username, look_of_unknown, self)) {
                finish(self, request, MOTET_AUTH_ERROR);
                return;
        }
        /* Who does not exist gets a document too, so that parsing it costs the same. */
        g_autoptr(GBytes) document = value ? g_bytes_ref(value) : account_document(&invented);
        if (!account_parse(document, &stored, &damage)) {
                motet_warn("account %s: %s", request->username, damage->message);
                finish(self, request, MOTET_AUTH_ERROR);
                return;
        }

        bool known = value != NULL;
        if (request->kind == REQUEST_CHECK) {
                request->document = known ? g_bytes_ref(value) : NULL;
                start_check(self, request, &stored, known);
                return;
        }
        /* An imported account may lack keys for this hash. */
        bool usable = known && stored.keys[request->hash].salt_len > 0;
        if (!usable)
                invented.disabled = false;
        finish_with_keys(self, request, usable ? &stored : &invented, usable);
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        const Auth *auth = motet_module_data(self);
        MotetAuthRequest *request = data;

        if (error) {
                motet_debug("accounts cannot be read: %s", error->message);
                finish(self, request, MOTET_AUTH_ERROR);
                return;
        }
        if (g_strcmp0(auth->deleting, request->username) == 0)
                value = NULL;

        if (request->kind == REQUEST_EXISTS)
                finish(self, request, value ? MOTET_AUTH_OK : MOTET_AUTH_FAILED);
        else if (request->kind == REQUEST_ACCOUNT)
                answer_account(self, request, value);
        else
                answer_with_keys(self, request, value);
}

static void
fail_deferred(MotetModule *self, void *data)
{
        finish(self, data, MOTET_AUTH_ERROR);
}

static MotetAuthRequest *
request_new(MotetModule *self, RequestKind kind, MotetModule *caller, const char *username,
            void *data)
{
        Auth *auth = motet_module_data(self);
        MotetAuthRequest *request = g_new0(MotetAuthRequest, 1);

        request->kind = kind;
        request->caller = caller;
        request->errand = motet_errand_new(caller, self);
        request->username = g_strdup(username);
        request->data = data;
        request->link.data = request;
        g_queue_push_tail_link(&auth->requests, &request->link);
        if (kind == REQUEST_CHECK)
                auth->n_checks++;
        return request;
}

static MotetAuthRequest *
start(MotetModule *self, MotetAuthRequest *request)
{
        Auth *auth = motet_module_data(self);

        secret_ask(self);
        looks_ask(self);
        motet_store_read(auth->store, request->username, "", on_read, request);
        return request;
}

MotetAuthRequest *
request_keys(MotetModule *self, MotetModule *caller, const char *username, const char *hash,
             MotetAuthKeysFunc done, void *data)
{
        MotetAuthRequest *request = request_new(self, REQUEST_KEYS, caller, username, data);

        request->keys_done = done;
        request->hash = account_hash_index(hash);
        g_assert(request->hash >= 0);
        return start(self, request);
}

MotetAuthRequest *
request_check(MotetModule *self, MotetModule *caller, const char *username, const char *password,
              MotetAuthCheckFunc done, void *data)
{
        Auth *auth = motet_module_data(self);
        bool full = auth->n_checks >= motet_option_int(self, "max_checks");
        MotetAuthRequest *request = request_new(self, REQUEST_CHECK, caller, username, data);

        request->check_done = done;
        request->password = g_strdup(password);
        if (full) {
                motet_defer(self, fail_deferred, request, NULL);
                return request;
        }
        return start(self, request);
}

MotetAuthRequest *
request_exists(MotetModule *self, MotetModule *caller, const char *username,
               MotetAuthCheckFunc done, void *data)
{
        MotetAuthRequest *request = request_new(self, REQUEST_EXISTS, caller, username, data);

        request->check_done = done;
        return start(self, request);
}

MotetAuthRequest *
request_account(MotetModule *self, MotetModule *caller, const char *username,
                MotetAuthAccountFunc done, void *data)
{
        MotetAuthRequest *request = request_new(self, REQUEST_ACCOUNT, caller, username, data);

        request->account_done = done;
        return start(self, request);
}

/* @change (take) */
static MotetAuthRequest *
start_change(MotetModule *self, MotetModule *caller, Change *change, MotetAuthCheckFunc done,
             void *data)
{
        MotetAuthRequest *request =
                request_new(self, REQUEST_CHANGE, caller, change->username, data);

        request->check_done = done;
        change->request = request;
        change_submit(self, change);
        return request;
}

MotetAuthRequest *
request_create(MotetModule *self, MotetModule *caller, const char *username, const char *password,
               MotetAuthRole role, MotetAuthCheckFunc done, void *data)
{
        Change *change = change_new(CHANGE_ADD, username);

        change->password = g_strdup(password);
        change->role = role;
        return start_change(self, caller, change, done, data);
}

MotetAuthRequest *
request_set_password(MotetModule *self, MotetModule *caller, const char *username,
                     const char *password, MotetSession *except, MotetAuthCheckFunc done,
                     void *data)
{
        Change *change = change_new(CHANGE_PASSWORD, username);

        change->password = g_strdup(password);
        change->except = except ? motet_session_ref(except) : NULL;
        return start_change(self, caller, change, done, data);
}

MotetAuthRequest *
request_remove(MotetModule *self, MotetModule *caller, const char *username, MotetSession *except,
               MotetAuthCheckFunc done, void *data)
{
        Change *change = change_new(CHANGE_DELETE, username);

        change->except = except ? motet_session_ref(except) : NULL;
        return start_change(self, caller, change, done, data);
}

void
request_finish_change(MotetModule *self, MotetAuthRequest *request, MotetAuthStatus status)
{
        finish(self, request, status);
}

void
request_cancel(MotetModule *self, MotetAuthRequest *request)
{
        (void)self;
        if (!request)
                return;
        request->cancelled = true;
        g_clear_pointer(&request->errand, motet_errand_free);
}

void
request_fail_all(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        while (auth->requests.head)
                finish(self, auth->requests.head->data, MOTET_AUTH_ERROR);
}
