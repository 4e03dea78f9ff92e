/*
 * crasher_guard: keeps something away, and cannot be without crasher.
 */
#include <motet/module.h>

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "crasher_guard",
        .summary = "Keep something away with the help of crasher",
        .depends = MOTET_LIST("crasher"),
        .guards = true,
};
