/*
 * change: what alters accounts, one after the other.
 *
 * A change reads the account, decides, and writes. Since no other change runs meanwhile, a new
 * password cannot be overwritten by stronger keys of the old one, nor a deleted account come back.
 */
#include "auth_internal-private.h"

#include <motet/command.h>
#include <motet/error.h>
#include <motet/event.h>
#include <motet/option.h>
#include <motet/task.h>
#include <string.h>

static void start_next(MotetModule *self);

Change *
change_new(ChangeKind kind, const char *username)
{
        Change *change = g_new0(Change, 1);

        change->kind = kind;
        change->role = MOTET_ROLE_MEMBER;
        change->username = g_strdup(username);
        return change;
}

void
change_free(void *data)
{
        Change *change = data;

        g_free(change->username);
        secret_string_free(change->password);
        motet_session_unref(change->except);
        g_clear_pointer(&change->expected, g_bytes_unref);
        account_clear(&change->account);
        g_free(change);
}

static MotetAuthStatus
status_of(const GError *error)
{
        if (!error)
                return MOTET_AUTH_OK;
        if (g_error_matches(error, MOTET_ERROR, MOTET_ERROR_EXISTS))
                return MOTET_AUTH_EXISTS;
        return g_error_matches(error, MOTET_ERROR, MOTET_ERROR_MISSING) ? MOTET_AUTH_FAILED
                                                                        : MOTET_AUTH_ERROR;
}

void
change_answer(MotetModule *self, Change *change, GError *error)
{
        MotetAuthStatus status = status_of(error);

        if (change->command) {
                motet_command_finish(change->command, error);
                change->command = NULL;
                return;
        }
        if (status == MOTET_AUTH_ERROR)
                motet_debug("account %s stays as it is: %s", change->username, error->message);
        g_clear_error(&error);
        if (change->request)
                request_finish_change(self, g_steal_pointer(&change->request), status);
}

void
change_finish(MotetModule *self, GError *error)
{
        Auth *auth = motet_module_data(self);
        Change *change = g_queue_pop_head(&auth->changes);

        change_answer(self, change, error);
        change_free(change);
        start_next(self);
}

/* What follows from a change that is durable now. */
static void
tell(MotetModule *self, const Change *change)
{
        MotetHost *host = motet_module_host(self);

        switch (change->kind) {
        case CHANGE_ADD:
                motet_fire_account(self, host, MOTET_EVENT_USER_CREATED, change->username);
                break;
        case CHANGE_PASSWORD:
                motet_fire_account(self, host, MOTET_EVENT_PASSWORD_CHANGED, change->username);
                login_close_all(self, change->username, change->except, MOTET_RESET,
                                "the password was changed");
                break;
        case CHANGE_DISABLE:
                motet_fire_account(self, host, MOTET_EVENT_USER_DISABLED, change->username);
                login_close_all(self, change->username, NULL, MOTET_NOT_AUTHORIZED,
                                "the account was disabled");
                break;
        case CHANGE_ROLE:
                login_set_role(self, change->username, change->account.role);
                motet_fire_account(self, host, MOTET_EVENT_ROLE_CHANGED, change->username);
                break;
        case CHANGE_DELETE:
        case CHANGE_ENABLE:
        case CHANGE_REHASH:
        case CHANGE_SHOW:
                break;
        }
}

static void
count_look(MotetModule *self, const Change *change)
{
        Look after = account_look(&change->account);

        looks_changed(self, change->username, change->before.iterations ? &change->before : NULL,
                      &after);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        if (!error) {
                count_look(self, data);
                tell(self, data);
        }
        change_finish(self, error ? g_error_copy(error) : NULL);
}

static void
write_account(MotetModule *self, Change *change)
{
        Auth *auth = motet_module_data(self);
        g_autoptr(GBytes) document = account_document(&change->account);
        MotetStoreChange write = {
                .key = "", .value = document, .create = change->kind == CHANGE_ADD};

        looks_change_begins(self);
        motet_store_write(auth->store, change->username, &write, 1, 0, on_written, change);
}

/* DeriveJob: making keys on a worker, on copies. */
typedef struct {
        Account account;
        char *password;
        unsigned iterations;
        bool good;
} DeriveJob;

static void
derive_job_free(void *data)
{
        DeriveJob *job = data;

        account_clear(&job->account);
        secret_string_free(job->password);
        g_free(job);
}

static void
derive_work(void *data)
{
        DeriveJob *job = data;

        job->good = account_derive(&job->account, job->password, job->iterations);
}

static void
derive_done(MotetModule *self, void *data)
{
        Auth *auth = motet_module_data(self);
        Change *change = g_queue_peek_head(&auth->changes);
        DeriveJob *job = data;

        if (!job->good) {
                change_finish(self, g_error_new(MOTET_ERROR, MOTET_ERROR_MODULE,
                                                "OpenSSL cannot hash the password"));
                return;
        }
        change->account = job->account;
        write_account(self, change);
}

/* New salts for every hash, then the hashing on a worker. */
static void
derive_account(MotetModule *self, Change *change)
{
        DeriveJob *job = g_new0(DeriveJob, 1);

        job->account.disabled = change->account.disabled;
        job->account.role = change->account.role;
        for (int i = 0; i < N_HASHES; i++) {
                motet_random(self, job->account.keys[i].salt, SALT_BYTES);
                job->account.keys[i].salt_len = SALT_BYTES;
        }
        job->password = g_strdup(change->password);
        job->iterations = (unsigned)motet_option_int(self, "iterations");
        if (!motet_offload(self, derive_work, derive_done, job, derive_job_free))
                change_finish(self, g_error_new(MOTET_ERROR, MOTET_ERROR_IO,
                                                "too much work is queued: try again later"));
}

/* Whether @change fits what is stored; otherwise @error says why not. */
static bool
is_possible(const Change *change, GBytes *value, GError **error)
{
        if (change->kind == CHANGE_ADD && value) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_EXISTS, "the account %s exists already",
                            change->username);
                return false;
        }
        if (change->kind != CHANGE_ADD && !value) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING, "there is no account %s",
                            change->username);
                return false;
        }
        return true;
}

/* Another password is the way out for keys of too few rounds: they go. */
static bool
parse(Change *change, GBytes *value, GError **error)
{
        if (change->kind == CHANGE_PASSWORD)
                return account_parse_weak(value, &change->account, error);
        return account_parse(value, &change->account, error);
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Change *change = data;
        GError *reason = error ? g_error_copy(error) : NULL;

        if (reason || !is_possible(change, value, &reason)) {
                change_finish(self, reason);
                return;
        }
        /* Deleting must work on a damaged account too: it is the way out. */
        if (change->kind == CHANGE_DELETE) {
                if (account_parse(value, &change->account, NULL))
                        change->before = account_look(&change->account);
                deletion_start(self, change);
                return;
        }
        if (value && !parse(change, value, &reason)) {
                change_finish(self, reason);
                return;
        }
        change->before = account_look(&change->account);

        switch (change->kind) {
        case CHANGE_DISABLE:
        case CHANGE_ENABLE:
                change->account.disabled = change->kind == CHANGE_DISABLE;
                write_account(self, change);
                break;
        case CHANGE_ROLE:
                change->account.role = change->role;
                write_account(self, change);
                break;
        case CHANGE_SHOW:
                motet_command_print(change->command, "%s", account_role_name(change->account.role));
                change_finish(self, NULL);
                break;
        case CHANGE_REHASH:
                /* The password that was verified may not be the account's any more. */
                if (!g_bytes_equal(value, change->expected))
                        change_finish(self, NULL);
                else
                        derive_account(self, change);
                break;
        case CHANGE_ADD:
                change->account.role = change->role;
                derive_account(self, change);
                break;
        case CHANGE_PASSWORD:
        case CHANGE_DELETE:
        default:
                derive_account(self, change);
                break;
        }
}

static void
start_next(MotetModule *self)
{
        Auth *auth = motet_module_data(self);
        Change *change = g_queue_peek_head(&auth->changes);
        if (!change)
                return;

        motet_store_read(auth->store, change->username, "", on_read, change);
}

static void
refuse(MotetModule *self, void *data)
{
        change_answer(self, data,
                      g_error_new(MOTET_ERROR, MOTET_ERROR_IO,
                                  "too many changes are waiting: try again later"));
}

void
change_submit(MotetModule *self, Change *change)
{
        Auth *auth = motet_module_data(self);
        bool is_full = auth->changes.length > CHANGES_MAX;

        if (is_full && change->request) {
                /* A service calls back after it returned. */
                motet_defer(self, refuse, change, change_free);
                return;
        }
        if (is_full) {
                refuse(self, change);
                change_free(change);
                return;
        }
        g_queue_push_tail(&auth->changes, change);
        if (auth->changes.length == 1)
                start_next(self);
}

void
change_drop_all(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        for (Change *change; (change = g_queue_pop_head(&auth->changes));)
                change_free(change);
}
