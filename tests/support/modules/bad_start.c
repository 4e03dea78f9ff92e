/*
 * bad_start: runs code when it is opened and when it is closed.
 */
#include <motet/module.h>

/* As a compiler names a part of a function, or one of another file that it made local. */
static void run_late(void) __asm__("run_late.part.0");

__attribute__((constructor)) static void
run_early(void)
{
        g_setenv("MOTET_TEST_RAN", "bad_start", TRUE);
}

__attribute__((destructor)) static void
run_late(void)
{
        g_setenv("MOTET_TEST_RAN", "bad_start", TRUE);
}

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_start", .summary = "Run when it is opened"};
