/*
 * auth_external: let a program of the operator's own say who may log in, as ejabberd does.
 *
 * Implements  ejabberd's protocol of external authentication: auth, isuser
 * Provides    service "auth", without keys: SASL has PLAIN only, inside TLS
 * Hooks       none
 * Options     program, arguments, instances, timeout, max_waiting, admins
 * Executes    what the option program names, without a shell
 *
 * An example of a module that provides a service, and of work that another process does.
 */
#include "auth_external-private.h"

#include <errno.h>
#include <motet/error.h>
#include <motet/jid.h>
#include <motet/session.h>
#include <motet/task.h>
#include <unistd.h>

/* The service */

static const char *
host_name(const MotetModule *self)
{
        return motet_host_name(motet_module_host(self));
}

/* What separates the parts of a question can be in no localpart and no domain, but in a password,
 * which stands last. */
static MotetAuthRequest *
check(MotetModule *self, MotetModule *caller, const char *username, const char *password,
      MotetAuthCheckFunc done, void *data)
{
        const Asker asker = {.module = caller, .check_done = done, .data = data};

        return pool_ask(motet_module_data(self),
                        g_strdup_printf("auth:%s:%s:%s", username, host_name(self), password),
                        &asker);
}

static char *
question_of_existence(const MotetModule *self, const char *username)
{
        return g_strdup_printf("isuser:%s:%s", username, host_name(self));
}

static MotetAuthRequest *
exists(MotetModule *self, MotetModule *caller, const char *username, MotetAuthCheckFunc done,
       void *data)
{
        const Asker asker = {.module = caller, .check_done = done, .data = data};

        return pool_ask(motet_module_data(self), question_of_existence(self, username), &asker);
}

static MotetAuthRole
role_of_name(const MotetModule *self, const char *username)
{
        g_autofree char *address = g_strconcat(username, "@", host_name(self), NULL);
        bool is_admin = g_strv_contains(motet_option_list(self, "admins"), address);

        return is_admin ? MOTET_ROLE_ADMIN : MOTET_ROLE_MEMBER;
}

static MotetAuthRequest *
account(MotetModule *self, MotetModule *caller, const char *username, MotetAuthAccountFunc done,
        void *data)
{
        const Asker asker = {
                .module = caller,
                .account_done = done,
                .role = role_of_name(self, username),
                .data = data,
        };

        return pool_ask(motet_module_data(self), question_of_existence(self, username), &asker);
}

static void
cancel(MotetModule *self, MotetAuthRequest *request)
{
        pool_cancel(motet_module_data(self), request);
}

static MotetAuthRole
role_of(MotetModule *self, const MotetSession *session)
{
        return session->full_jid ? role_of_name(self, session->username) : MOTET_ROLE_RESTRICTED;
}

/* The module */

static bool
is_executable(const MotetModule *self, GError **error)
{
        const char *path = motet_option_string(self, "program");

        if (!path)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "the option \"program\" is not set: it says who may log in");
        else if (access(path, X_OK) != 0)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s cannot be executed: %s", path,
                            g_strerror(errno));
        else
                return true;
        return false;
}

static void
data_free(void *pool)
{
        pool_free(pool);
}

static bool
load(MotetModule *self, GError **error)
{
        if (!is_executable(self, error))
                return false;
        motet_module_set_data(self, pool_new(self), data_free);
        return true;
}

static void
reconfigure(MotetModule *self)
{
        GError *error = NULL;

        if (is_executable(self, &error))
                pool_reset(motet_module_data(self));
        else
                motet_module_refuse(self, error);
}

static void
unload(MotetModule *self)
{
        pool_end_requests(motet_module_data(self));
}

static const MotetAuthService auth_service = {
        .check = check,
        .exists = exists,
        .cancel = cancel,
        .account = account,
        .role_of = role_of,
};

static const MotetServiceDecl services[] = {
        {"auth", &auth_service},
        {0},
};

/* Others hook them, so they must be known; but what the program does with accounts is not told. */
static const MotetEventDecl events[] = {
        {MOTET_EVENT_USER_CREATED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_USER_DELETING, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_USER_DELETED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_USER_DISABLED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_PASSWORD_CHANGED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_ROLE_CHANGED, MOTET_EVENT_ACCOUNT, "never"},
        {0},
};

static const MotetOption options[] = {
        {
                .key = "program",
                .type = MOTET_OPTION_PATH,
                .help = "The program that is asked.",
        },
        {
                .key = "arguments",
                .type = MOTET_OPTION_LIST,
                .fallback = "[]",
                .min = 0,
                .max = 4096,
                .help = "Its arguments.",
        },
        {
                .key = "instances",
                .type = MOTET_OPTION_INT,
                .fallback = "1",
                .min = 1,
                .max = 8,
                .help = "How many of it run, each answering one question at a time; each needs a "
                        "worker thread of the server meanwhile.",
        },
        {
                .key = "timeout",
                .type = MOTET_OPTION_DURATION,
                .fallback = "5s",
                .min = 10 * G_TIME_SPAN_MILLISECOND,
                .max = 15 * G_TIME_SPAN_SECOND,
                .help = "How long an answer may take; then the program is stopped and another one "
                        "started.",
        },
        {
                .key = "max_waiting",
                .type = MOTET_OPTION_INT,
                .fallback = "256",
                .min = 1,
                .max = 4096,
                .help = "Questions that may wait; beyond, logins fail for the moment.",
        },
        {
                .key = "admins",
                .type = MOTET_OPTION_JIDS,
                .fallback = "[]",
                .help = "Accounts that may do what operators do, in band.",
        },
        {0},
};

static const MotetRule rules[] = {
        {
                .text = "nobody is asked for a password",
                .kind = MOTET_RULE_NEEDS,
                .module = "sasl",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "auth_external",
        .version = "1.0",
        .summary = "Let a program say who may log in",
        .license = "MIT",
        .conflicts = MOTET_LIST("auth_internal"),
        .services = services,
        .events = events,
        .options = options,
        .load = load,
        .reconfigure = reconfigure,
        .unload = unload,
        .rules = rules,
        .needs = MOTET_LIST("programs"),
};
