/*
 * bad_no_abi: forgot to say what it was built for.
 */
#include <motet/module.h>

const MotetModuleInfo motet_module = {.name = "bad_no_abi", .summary = "Be forgetful"};
