/*
 * check_config: what reading the configuration does not find already: modules, and what they need.
 */
#include "core/check.h"

void
check_config(CheckContext *context)
{
        modules_check(context->modules, context->config, context->findings);
}
