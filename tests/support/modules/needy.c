/*
 * needy: of server scope, depends on a host-scoped module.
 */
#include <motet/module.h>

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "needy",
        .summary = "Need alpha on some host",
        .scope = MOTET_SCOPE_SERVER,
        .depends = MOTET_LIST("alpha"),
};
