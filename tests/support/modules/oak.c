/*
 * oak: provides one service of a family, and another whose name only begins like it.
 */
#include <motet/module.h>

static const char shelf[] = "oak";

static const MotetServiceDecl services[] = {{"shelf:oak", shelf}, {"shelfish", shelf}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "oak",
        .summary = "Be a shelf",
        .services = services,
};
