/*
 * bad_symbol: uses a function of the interface that this server does not have.
 */
#include <motet/module.h>

extern bool motet_session_wink(const MotetModule *self);

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        return motet_session_wink(self);
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_symbol", .summary = "Wink", .load = load};
