/*
 * shelfish: provides a service that begins like a family and is none of it.
 */
#include <motet/module.h>

static const char shelf[] = "none";

static const MotetServiceDecl services[] = {{"shelf", shelf}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "shelfish",
        .summary = "Be no shelf",
        .services = services,
};
