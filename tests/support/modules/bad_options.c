/*
 * bad_options: its default is outside of its own range.
 */
#include <motet/module.h>

static const MotetOption options[] = {
        {"level", MOTET_OPTION_INT, "10", 1, 9, NULL, "How loud."},
        {0},
};

const MotetModuleInfo motet_module = {.abi = MOTET_ABI, .name = "bad_options", .options = options};
