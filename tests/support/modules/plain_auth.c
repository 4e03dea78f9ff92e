/*
 * plain_auth: the service "auth" without keys: every password but "wrong" is right.
 *
 * Hooks       none
 * Options     none
 */
#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/task.h>
#include <string.h>

struct MotetAuthRequest {
        MotetModule *caller;
        MotetAuthStatus status;
        MotetAuthCheckFunc done; /* NULL once it was cancelled */
        void *data;
};

static void
answer(MotetModule *self, void *data)
{
        const MotetAuthRequest *request = data;

        (void)self;
        if (request->done)
                request->done(request->caller, request->status, request->data);
}

static MotetAuthRequest *
check(MotetModule *provider, MotetModule *caller, const char *username, const char *password,
      MotetAuthCheckFunc done, void *data)
{
        MotetAuthRequest *request = g_new0(MotetAuthRequest, 1);

        (void)username;
        request->caller = caller;
        request->status = strcmp(password, "wrong") == 0 ? MOTET_AUTH_FAILED : MOTET_AUTH_OK;
        request->done = done;
        request->data = data;
        motet_defer(provider, answer, request, g_free);
        return request;
}

static MotetAuthRequest *
exists(MotetModule *provider, MotetModule *caller, const char *username, MotetAuthCheckFunc done,
       void *data)
{
        return check(provider, caller, username, "", done, data);
}

static void
cancel(MotetModule *provider, MotetAuthRequest *request)
{
        (void)provider;
        if (request)
                request->done = NULL;
}

static const MotetAuthService service = {.check = check, .exists = exists, .cancel = cancel};

static const MotetServiceDecl services[] = {{"auth", &service}, {0}};

static const MotetEventDecl events[] = {
        {MOTET_EVENT_USER_DELETED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_USER_DISABLED, MOTET_EVENT_ACCOUNT, "never"},
        {MOTET_EVENT_PASSWORD_CHANGED, MOTET_EVENT_ACCOUNT, "never"},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "plain_auth",
        .summary = "Know no keys",
        .services = services,
        .events = events,
};
