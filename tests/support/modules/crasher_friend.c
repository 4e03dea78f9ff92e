/*
 * crasher_friend: cannot be without crasher.
 */
#include <motet/module.h>

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "crasher_friend",
        .summary = "Need crasher",
        .depends = MOTET_LIST("crasher"),
};
