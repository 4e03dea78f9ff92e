/*
 * bad_abi: built for the interface after this one; says so when code of it runs.
 */
#include <motet/module.h>

__attribute__((constructor)) static void
run_early(void)
{
        g_setenv("MOTET_TEST_RAN", "bad_abi", TRUE);
}

const MotetModuleInfo motet_module = {.abi = (MOTET_ABI_MAJOR + 1) << 16, .name = "bad_abi"};
