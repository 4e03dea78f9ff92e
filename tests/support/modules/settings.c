/*
 * settings: a module that does nothing but have options, for tests of what operators are told of
 * them.
 */
#include <motet/module.h>

static const MotetOption options[] = {
        {"count", MOTET_OPTION_INT, "5", 1, 10, NULL, "How many."},
        {"interfaces", MOTET_OPTION_ADDRESSES, "[\"*\", \"::1\"]", 0, 0, MOTET_LIST("*"), "Where."},
        {"password", MOTET_OPTION_SECRET, NULL, 0, 0, NULL, "A word."},
        {"other", MOTET_OPTION_JID, NULL, 0, 0, NULL, "Another."},
        {"file", MOTET_OPTION_PATH, "s.db", 0, 0, NULL, "Which."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "settings",
        .summary = "Test what can be set",
        .options = options,
        .restart_options = MOTET_LIST("count"),
};
