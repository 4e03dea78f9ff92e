/*
 * settings_off: another module with options, for tests of what does not run.
 */
#include <motet/module.h>

static const MotetOption options[] = {
        {"count", MOTET_OPTION_INT, "1", 1, 2, NULL, "How many."},
        {"interfaces", MOTET_OPTION_ADDRESSES, "[\"*\", \"::1\"]", 0, 0, MOTET_LIST("*"), "Where."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "settings_off",
        .summary = "Test what could be set",
        .options = options,
};
