/*
 * librarian: depends on a family of services, and sorts before who provides one of it.
 */
#include <motet/module.h>

static bool
load(MotetModule *self, GError **error)
{
        MotetModule *provider = NULL;

        (void)error;
        motet_info("load, the shelf is %s",
                   motet_service(motet_module_host(self), "shelf:oak", &provider) ? "there"
                                                                                  : "missing");
        return true;
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "librarian",
        .summary = "Need any shelf",
        .depends = MOTET_LIST("service:shelf:*"),
        .load = load,
};
