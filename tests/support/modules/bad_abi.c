/*
 * bad_abi: built for another interface.
 */
#include <motet/module.h>

const MotetModuleInfo motet_module = {.abi = MOTET_ABI + 1, .name = "bad_abi"};
