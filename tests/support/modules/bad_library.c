/*
 * bad_library: needs a library that is not where the loader looks.
 */
#include <motet/module.h>

extern bool absent_open(void);

static bool
load(MotetModule *self, GError **error)
{
        (void)self;
        (void)error;
        return absent_open();
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_library", .summary = "Open a library", .load = load};
