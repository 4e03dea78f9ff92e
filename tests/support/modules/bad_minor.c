/*
 * bad_minor: built for a later interface of the same major number.
 */
#include <motet/module.h>

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI + 1, .name = "bad_minor", .summary = "Be new"};
