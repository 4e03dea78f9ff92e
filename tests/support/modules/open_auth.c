/*
 * open_auth: the service "auth" to which each account is a member that nobody can log in to, and
 * that may be removed.
 *
 * Implements  service "auth" (service-auth.h), service "removal" (removal.h)
 * Hooks       pre-session-bind
 * Options     none
 */
#include "removal.h"

#include <motet/event.h>
#include <motet/host.h>
#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/service-roster.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/task.h>

#include <string.h>

#define RETRY G_TIME_SPAN_SECOND /* when what is stored could not be dropped */

/* The state of an instance. */
typedef struct {
        GHashTable *removals; /* (own) username -> (own) Removal */
} Accounts;

typedef struct {
        MotetModule *self;
        char *username;
        bool is_begun; /* it does not exist any more */
        bool is_told;  /* that it is gone: the rest is swept up */
} Removal;

struct MotetAuthRequest {
        MotetModule *caller;
        MotetAuthCheckFunc checked;
        MotetAuthAccountFunc told;
        MotetAuthStatus status;
        void *data;
};

static void
answer(MotetModule *self, void *data)
{
        MotetAuthRequest *request = data;

        (void)self;
        if (request->checked)
                request->checked(request->caller, request->status, request->data);
        else if (request->told)
                request->told(request->caller, request->status, MOTET_ROLE_MEMBER, false,
                              request->data);
}

static MotetAuthRequest *
ask(MotetModule *provider, const MotetAuthRequest *asked)
{
        MotetAuthRequest *request = g_memdup2(asked, sizeof *asked);

        motet_defer(provider, answer, request, g_free);
        return request;
}

static bool
is_removing(MotetModule *provider, const char *username)
{
        const Accounts *accounts = motet_module_data(provider);

        return g_hash_table_contains(accounts->removals, username);
}

static MotetAuthStatus
status_of(MotetModule *provider, const char *username)
{
        const Accounts *accounts = motet_module_data(provider);
        const Removal *removal = g_hash_table_lookup(accounts->removals, username);

        return removal && removal->is_begun ? MOTET_AUTH_FAILED : MOTET_AUTH_OK;
}

static MotetAuthRequest *
exists(MotetModule *provider, MotetModule *caller, const char *username, MotetAuthCheckFunc done,
       void *data)
{
        return ask(provider, &(MotetAuthRequest){.caller = caller,
                                                 .checked = done,
                                                 .status = status_of(provider, username),
                                                 .data = data});
}

static MotetAuthRequest *
check(MotetModule *provider, MotetModule *caller, const char *username, const char *password,
      MotetAuthCheckFunc done, void *data)
{
        (void)username;
        (void)password;
        return ask(provider, &(MotetAuthRequest){.caller = caller,
                                                 .checked = done,
                                                 .status = MOTET_AUTH_FAILED,
                                                 .data = data});
}

static MotetAuthRequest *
account(MotetModule *provider, MotetModule *caller, const char *username, MotetAuthAccountFunc done,
        void *data)
{
        return ask(provider, &(MotetAuthRequest){.caller = caller,
                                                 .told = done,
                                                 .status = status_of(provider, username),
                                                 .data = data});
}

/* It is freed when its turn comes. */
static void
cancel(MotetModule *provider, MotetAuthRequest *request)
{
        (void)provider;
        if (!request)
                return;
        request->checked = NULL;
        request->told = NULL;
}

static MotetAuthRole
role_of(MotetModule *provider, const MotetSession *session)
{
        (void)provider;
        return session->username ? MOTET_ROLE_MEMBER : MOTET_ROLE_RESTRICTED;
}

/* Removing */

static void
close_sessions(const Removal *removal)
{
        size_t n = 0;
        MotetSession *const *sessions =
                motet_sessions_of(motet_module_host(removal->self), removal->username, &n);

        for (size_t i = 0; i < n; i++)
                motet_session_close(sessions[i], MOTET_NOT_AUTHORIZED, "the account was deleted");
}

static void
tell(const Removal *removal, const char *event)
{
        motet_fire_account(removal->self, motet_module_host(removal->self), event,
                           removal->username);
        close_sessions(removal);
}

static void on_dropped(MotetModule *self, const GError *error, void *data);

static void
drop(MotetModule *self, void *data)
{
        const Removal *removal = data;

        motet_store_drop_account(self, removal->username, on_dropped, data);
}

static void
drop_later(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;
        drop(self, data);
}

/* Twice: what was stored when the sessions ended is dropped, too. */
static void
on_dropped(MotetModule *self, const GError *error, void *data)
{
        const Accounts *accounts = motet_module_data(self);
        Removal *removal = data;

        if (error) {
                motet_timer_add(self, NULL, RETRY, drop_later, removal);
        } else if (removal->is_told) {
                g_hash_table_remove(accounts->removals, removal->username);
        } else {
                removal->is_told = true;
                tell(removal, MOTET_EVENT_USER_DELETED);
                /* After the sessions have left. */
                motet_defer(self, drop, removal, NULL);
        }
}

static void
on_roster(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        Removal *removal = data;

        (void)status;
        (void)roster;
        removal->is_begun = true;
        tell(removal, MOTET_EVENT_USER_DELETING);
        drop(self, removal);
}

static void
start(MotetModule *provider, const char *username)
{
        const Accounts *accounts = motet_module_data(provider);
        MotetModule *keeper = NULL;
        const MotetRosterService *roster =
                motet_service(motet_module_host(provider), "roster", &keeper);

        if (is_removing(provider, username))
                return;

        Removal *removal = g_new0(Removal, 1);
        removal->self = provider;
        removal->username = g_strdup(username);
        g_hash_table_insert(accounts->removals, removal->username, removal);
        if (roster)
                roster->read(keeper, provider, username, on_roster, removal, NULL);
        else
                on_roster(provider, MOTET_ROSTER_FAILED, NULL, removal);
}

static void
removal_free(void *data)
{
        Removal *removal = data;

        g_free(removal->username);
        g_free(removal);
}

static MotetResult
refuse_removed(MotetModule *self, MotetSessionEvent *ev)
{
        if (!is_removing(self, ev->session->username))
                return MOTET_CONTINUE;

        ev->condition = MOTET_NOT_AUTHORIZED;
        ev->text = "the account was deleted";
        return MOTET_HANDLED;
}

static void
accounts_free(void *data)
{
        Accounts *accounts = data;

        g_hash_table_unref(accounts->removals);
        g_free(accounts);
}

static bool
load(MotetModule *self, GError **error)
{
        Accounts *accounts = g_new0(Accounts, 1);

        (void)error;
        accounts->removals = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, removal_free);
        motet_module_set_data(self, accounts, accounts_free);
        return true;
}

static const MotetAuthService auth = {
        .check = check,
        .exists = exists,
        .cancel = cancel,
        .account = account,
        .role_of = role_of,
};

static const RemovalService removal = {.start = start, .is_removing = is_removing};

static const MotetServiceDecl services[] = {{"auth", &auth}, {"removal", &removal}, {0}};

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("pre-session-bind", refuse_removed, MOTET_PRIO_EARLY),
        {0},
};

/* As whoever keeps accounts must say. */
static const MotetEventDecl events[] = {
        {MOTET_EVENT_USER_CREATED, MOTET_EVENT_ACCOUNT, "Never."},
        {MOTET_EVENT_USER_DELETING, MOTET_EVENT_ACCOUNT, "An account begins to be removed."},
        {MOTET_EVENT_USER_DELETED, MOTET_EVENT_ACCOUNT, "What it had stored is gone."},
        {MOTET_EVENT_USER_DISABLED, MOTET_EVENT_ACCOUNT, "Never."},
        {MOTET_EVENT_PASSWORD_CHANGED, MOTET_EVENT_ACCOUNT, "Never."},
        {MOTET_EVENT_ROLE_CHANGED, MOTET_EVENT_ACCOUNT, "Never."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "open_auth",
        .summary = "Know every account",
        .services = services,
        .hooks = hooks,
        .load = load,
        .events = events,
};
