/*
 * bad_link: linked as no module should be: with an executable stack, a folder of libraries, and an
 * address in the midst of its code.
 */
#include <motet/module.h>

extern const MotetModuleInfo *const bad_link_place;

__asm__(".pushsection .text\n"
        ".balign 8\n"
        "bad_link_place: .quad motet_module\n"
        ".popsection\n");

const MotetModuleInfo motet_module = {.abi = MOTET_ABI, .name = "bad_link", .summary = "Be linked"};
