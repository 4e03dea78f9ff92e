/*
 * picky: refuses new options that it does not like, and stops on what it had. Loads after alpha.
 */
#include <motet/error.h>
#include <motet/module.h>
#include <string.h>

static void
reconfigure(MotetModule *self)
{
        const char *taste = motet_option_string(self, "taste");

        motet_info("reconfigure %s", taste);
        if (strcmp(taste, "bad") == 0)
                motet_module_refuse(
                        self, g_error_new(MOTET_ERROR, MOTET_ERROR_CONFIG, "this is in bad taste"));
}

static const MotetOption options[] = {
        {"taste", MOTET_OPTION_STRING, "good", 1, 20, NULL, "What is liked."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "picky",
        .summary = "Refuse",
        .scope = MOTET_SCOPE_SERVER,
        .wants = MOTET_LIST("alpha"),
        .options = options,
        .reconfigure = reconfigure,
};
