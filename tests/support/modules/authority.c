/*
 * authority: service "auth" that knows roles alone: accounts are of the role that they are named
 * after, for tests of permissions.
 */
#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/session.h>
#include <string.h>

static MotetAuthRole
role_of(MotetModule *provider, const MotetSession *session)
{
        (void)provider;
        if (!session->username || strcmp(session->username, "restricted") == 0)
                return MOTET_ROLE_RESTRICTED;
        return strcmp(session->username, "admin") == 0 ? MOTET_ROLE_ADMIN : MOTET_ROLE_MEMBER;
}

static const MotetAuthService auth = {.role_of = role_of};

static const MotetServiceDecl services[] = {{"auth", &auth}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "authority",
        .summary = "Test roles",
        .services = services,
};
