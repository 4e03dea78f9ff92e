/*
 * auth_internal: accounts whose passwords are kept as salted SCRAM keys in the server's own store.
 *
 * Implements  RFC 5802 section 3 (keys), RFC 7677; RFC 4013 (passwords)
 * Provides    service "auth"
 * Fires       user-created, user-deleting, user-deleted, user-disabled, password-changed,
 *             role-changed
 * Hooks       session-authenticated, pre-session-bind, session-bound, server-stopping
 * Options     iterations, max_checks
 * Commands    user add, user delete, user password, user disable, user enable, user role,
 *             user roles, user list
 */
#include "auth_internal-private.h"

#include <motet/command.h>
#include <motet/error.h>
#include <motet/event.h>
#include <motet/jid.h>
#include <motet/option.h>
#include <openssl/crypto.h>
#include <string.h>

/* Commands. The address was checked and prepared by the core. */

static Change *
change_of(ChangeKind kind, MotetCommand *command)
{
        g_autoptr(MotetJid) jid = motet_jid_new(motet_command_arg(command, "jid"));
        Change *change = change_new(kind, jid ? motet_jid_local(jid) : NULL);

        change->command = command;
        return change;
}

/* Submits a change of @kind that needs no password. */
static void
run_change(MotetModule *self, MotetCommand *command, ChangeKind kind)
{
        change_submit(self, change_of(kind, command));
}

static void
run_change_with_password(MotetModule *self, MotetCommand *command, ChangeKind kind)
{
        char *prepared = motet_jid_prepare_password(motet_command_arg(command, "password"));
        if (!prepared || prepared[0] == '\0' || strlen(prepared) > MOTET_AUTH_PASSWORD_MAX) {
                secret_string_free(prepared);
                motet_command_finish(
                        command,
                        g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                                    "a password is 1 to %d bytes without control characters",
                                    MOTET_AUTH_PASSWORD_MAX));
                return;
        }

        Change *change = change_of(kind, command);
        change->password = prepared;
        change_submit(self, change);
}

static void
run_add(MotetModule *self, MotetCommand *command)
{
        run_change_with_password(self, command, CHANGE_ADD);
}

/* The core has checked that there is such a role. */
static void
run_role(MotetModule *self, MotetCommand *command)
{
        const char *name = motet_command_arg(command, "role");
        Change *change = change_of(name ? CHANGE_ROLE : CHANGE_SHOW, command);

        if (name && !account_role_parse(name, &change->role))
                g_assert_not_reached();
        change_submit(self, change);
}

static void
run_password(MotetModule *self, MotetCommand *command)
{
        run_change_with_password(self, command, CHANGE_PASSWORD);
}

static void
run_delete(MotetModule *self, MotetCommand *command)
{
        run_change(self, command, CHANGE_DELETE);
}

static void
run_disable(MotetModule *self, MotetCommand *command)
{
        run_change(self, command, CHANGE_DISABLE);
}

static void
run_enable(MotetModule *self, MotetCommand *command)
{
        run_change(self, command, CHANGE_ENABLE);
}

static void
auth_free(void *data)
{
        Auth *auth = data;

        OPENSSL_secure_clear_free(auth->secret, SECRET_BYTES);
        looks_free(auth->looks);
        g_free(auth);
}

static bool
load(MotetModule *self, GError **error)
{
        MotetStore *store = motet_store_open(self, "accounts", MOTET_STORE_KEYVAL, error);
        MotetStore *looks_store =
                store ? motet_store_open(self, "account_looks", MOTET_STORE_KEYVAL, error) : NULL;
        if (!looks_store)
                return false;
        uint8_t *secret = OPENSSL_secure_zalloc(SECRET_BYTES);
        if (!secret) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                            "out of memory for the host's secret");
                return false;
        }

        Auth *auth = g_new0(Auth, 1);
        auth->store = store;
        auth->looks_store = looks_store;
        auth->looks = looks_new();
        auth->secret = secret;
        g_queue_init(&auth->requests);
        g_queue_init(&auth->changes);
        g_queue_init(&auth->listings);
        g_queue_init(&auth->unbound);
        motet_module_set_data(self, auth, auth_free);
        secret_ask(self);
        looks_ask(self);
        motet_sessions_foreach(motet_module_host(self), login_adopt, self);
        return true;
}

static void
unload(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        auth->is_stopping = true;
        deletion_forget(self);
        request_fail_all(self);
        change_drop_all(self);
        list_drop_all(self);
}

static const MotetAuthService auth_service = {
        .keys = request_keys,
        .check = request_check,
        .exists = request_exists,
        .cancel = request_cancel,
        .account = request_account,
        .role_of = login_role,
        .create = request_create,
        .set_password = request_set_password,
        .remove = request_remove,
};

static const MotetServiceDecl services[] = {
        {"auth", &auth_service},
        {0},
};

static const MotetEventDecl events[] = {
        {MOTET_EVENT_USER_CREATED, MOTET_EVENT_ACCOUNT, "an account is durable; ignored"},
        {MOTET_EVENT_USER_DELETING, MOTET_EVENT_ACCOUNT,
         "an account is about to go: all of it can still be read; ignored"},
        {MOTET_EVENT_USER_DELETED, MOTET_EVENT_ACCOUNT, "all data of an account is gone; ignored"},
        {MOTET_EVENT_USER_DISABLED, MOTET_EVENT_ACCOUNT,
         "an account may not log in any more; ignored"},
        {MOTET_EVENT_PASSWORD_CHANGED, MOTET_EVENT_ACCOUNT,
         "new keys of an account are durable; ignored"},
        {MOTET_EVENT_ROLE_CHANGED, MOTET_EVENT_ACCOUNT,
         "another role of an account is durable; ignored"},
        {0},
};

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-authenticated", login_note, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("pre-session-bind", login_await_role, MOTET_PRIO_EARLY),
        MOTET_ON_SESSION("session-bound", login_note_bound, MOTET_PRIO_EARLY),
        MOTET_ON_SERVER("server-stopping", looks_save, MOTET_PRIO_NORMAL),
        {0},
};

#define ROUNDS "10000" /* the default; who chooses less is told */

static const MotetOption options[] = {
        {
                .key = "iterations",
                .type = MOTET_OPTION_INT,
                .fallback = ROUNDS,
                .min = ITERATIONS_MIN,
                .max = ITERATIONS_MAX,
                .help = "rounds of PBKDF2 for new passwords; weaker keys are replaced at the next "
                        "login with PLAIN",
        },
        {
                .key = "max_checks",
                .type = MOTET_OPTION_INT,
                .fallback = "256",
                .min = 1,
                .max = 4096,
                .help = "plain passwords that may wait to be verified; beyond, logins fail for the "
                        "moment",
        },
        {0},
};

static const MotetRisk risks[] = {
        {
                .text = "new passwords are hashed with fewer rounds than they should be",
                .kind = MOTET_RISK_GUESSING,
                .option = "iterations",
                .below = ROUNDS,
        },
        {0},
};

static const MotetArg jid_args[] = {
        {"jid", MOTET_ARG_JID, false},
        {0},
};

static const MotetArg jid_password_args[] = {
        {"jid", MOTET_ARG_JID, false},
        {"password", MOTET_ARG_SECRET, false},
        {0},
};

static const char *const roles[] = {"admin", "member", "restricted", NULL};
static const MotetArg jid_role_args[] = {
        {"jid", MOTET_ARG_JID, false},
        {"role", MOTET_ARG_WORD, true, .words = roles},
        {0},
};

static const MotetArg host_args[] = {
        {"host", MOTET_ARG_HOST, true},
        {0},
};

static const MotetCommandDecl commands[] = {
        {"user add", jid_password_args, "Create an account", run_add, .right = MOTET_FOR_ADMIN},
        {"user delete", jid_args,
         "Delete an account with everything stored for it, and end its sessions", run_delete,
         .right = MOTET_FOR_ADMIN},
        {"user password", jid_password_args,
         "Change the password of an account and end its sessions", run_password,
         .right = MOTET_FOR_SELF},
        {"user disable", jid_args, "Keep an account from logging in, and end its sessions",
         run_disable, .right = MOTET_FOR_ADMIN},
        {"user enable", jid_args, "Let a disabled account log in again", run_enable,
         .right = MOTET_FOR_ADMIN},
        {"user role", jid_role_args,
         "Show or set what an account may do: admin, member, restricted", run_role,
         .right = MOTET_FOR_ADMIN},
        {"user roles", host_args,
         "List the accounts of a host, or of all, that are no ordinary members", list_roles,
         .right = MOTET_FOR_ADMIN},
        {"user list", host_args,
         "List the accounts of a host, or of all, with what is not ordinary of them", list_accounts,
         .right = MOTET_FOR_ADMIN},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "auth_internal",
        .summary = "Keep accounts as salted SCRAM keys in the store",
        .wants = MOTET_LIST("service:store:*"),
        .specs = MOTET_LIST("RFC4013", "RFC5802", "RFC7677"),
        .services = services,
        .events = events,
        .options = options,
        .hooks = hooks,
        .commands = commands,
        .load = load,
        .unload = unload,
        .risks = risks,
        .guards = true,
};
