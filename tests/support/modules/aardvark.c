/*
 * aardvark: depends on a service of a module that sorts behind it, and wants another.
 */
#include <motet/module.h>

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        motet_info("load %s",
                   motet_module_host(self) ? motet_host_name(motet_module_host(self)) : "all");
        return true;
}

static void
unload(MotetModule *self)
{
        motet_info("unload %s",
                   motet_module_host(self) ? motet_host_name(motet_module_host(self)) : "all");
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "aardvark",
        .summary = "Be loaded",
        .depends = MOTET_LIST("service:greeter"),
        .wants = MOTET_LIST("beta", "not_there"),
        .load = load,
        .unload = unload,
};
