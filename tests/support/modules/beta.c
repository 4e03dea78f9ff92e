/*
 * beta: depends on a module that sorts before it.
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
        .name = "beta",
        .summary = "Be loaded",
        .depends = MOTET_LIST("alpha"),
        .load = load,
        .unload = unload,
};
