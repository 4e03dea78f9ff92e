/*
 * bad_permissions: a table that is wrong in each way.
 */
#include <motet/module.h>

static const MotetPermission permissions[] = {
        {"Create", MOTET_ROLE_MEMBER, "Not in snake_case."},
        {"create", MOTET_ROLE_MEMBER, "May make things."},
        {"create", MOTET_ROLE_MEMBER, "There twice."},
        {"rule", (MotetAuthRole)(MOTET_ROLE_NOBODY + 1), "Of a role that is not there."},
        {"silent", MOTET_ROLE_ADMIN, NULL},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "bad_permissions",
        .summary = "Test what is wrong with permissions",
        .permissions = permissions,
};
