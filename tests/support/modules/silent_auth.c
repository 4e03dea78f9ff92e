/*
 * silent_auth: the service "auth" that never answers, and insists on being told that nobody waits
 * any more.
 *
 * Hooks       none
 * Options     none
 */
#include <motet/module.h>
#include <motet/service-auth.h>

struct MotetAuthRequest {
        int unused;
};

/* Requests that were neither answered nor cancelled. */
static unsigned n_open;

static MotetAuthRequest *
ask(void)
{
        n_open++;
        return g_new0(MotetAuthRequest, 1);
}

static MotetAuthRequest *
keys(MotetModule *provider, MotetModule *caller, const char *username, const char *hash,
     MotetAuthKeysFunc done, void *data)
{
        (void)provider;
        (void)caller;
        (void)username;
        (void)hash;
        (void)done;
        (void)data;
        return ask();
}

static MotetAuthRequest *
check(MotetModule *provider, MotetModule *caller, const char *username, const char *password,
      MotetAuthCheckFunc done, void *data)
{
        (void)password;
        return keys(provider, caller, username, NULL, NULL, data ? data : (void *)done);
}

static MotetAuthRequest *
exists(MotetModule *provider, MotetModule *caller, const char *username, MotetAuthCheckFunc done,
       void *data)
{
        return check(provider, caller, username, NULL, done, data);
}

static void
cancel(MotetModule *provider, MotetAuthRequest *request)
{
        (void)provider;
        if (!request)
                return;
        n_open--;
        g_free(request);
}

static void
unload(MotetModule *self)
{
        (void)self;
        g_assert_cmpuint(n_open, ==, 0);
}

static const MotetAuthService service = {
        .keys = keys, .check = check, .exists = exists, .cancel = cancel};

static const MotetServiceDecl services[] = {{"auth", &service}, {0}};

static const MotetEventDecl events[] = {
        {MOTET_EVENT_USER_CREATED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_USER_DELETED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_USER_DISABLED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_PASSWORD_CHANGED, MOTET_EVENT_ACCOUNT, "never"},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "silent_auth",
        .summary = "Never answer",
        .services = services,
        .events = events,
        .unload = unload,
};
