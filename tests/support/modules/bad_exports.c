/*
 * bad_exports: exports more than its descriptor.
 */
#include <motet/module.h>

extern int bad_exports_count;
__attribute__((visibility("default"))) int bad_exports_count = 1;

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_exports", .summary = "Be seen"};
