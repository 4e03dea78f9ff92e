/*
 * host_forms: the forms that modules declare for service discovery.
 */
#pragma once

#include <motet/module.h>

#include "core/config.h"

/** host_forms_check: whether a module's own table is sound; findings name the module */
bool host_forms_check(const MotetModuleInfo *info, ConfigFindings *findings);
