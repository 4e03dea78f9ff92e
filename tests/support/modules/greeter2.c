/*
 * greeter2: provides the service that alpha provides.
 */
#include <motet/module.h>

static const char greeter[] = "greeter2";

static const MotetServiceDecl services[] = {{"greeter", greeter}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "greeter2",
        .summary = "Greet otherwise",
        .services = services,
};
