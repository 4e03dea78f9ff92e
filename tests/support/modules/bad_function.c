/*
 * bad_function: was not linked with the library it uses.
 */
#include <motet/module.h>

extern bool library_of_nobody_open(void);

static bool
load(MotetModule *self, GError **error)
{
        (void)self;
        (void)error;
        return library_of_nobody_open();
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_function", .summary = "Open nothing", .load = load};
