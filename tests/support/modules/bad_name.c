/*
 * bad_name: calls itself otherwise than its file.
 */
#include <motet/module.h>

const MotetModuleInfo motet_module = {.abi = MOTET_ABI, .name = "other"};
