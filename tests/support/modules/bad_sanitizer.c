/*
 * bad_sanitizer: as built with a sanitizer that the server was not built with.
 */
#include <motet/module.h>

extern void __msan_init(void);

static bool
load(MotetModule *self, GError **error)
{
        (void)self;
        (void)error;
        __msan_init();
        return true;
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_sanitizer", .summary = "Be watched", .load = load};
