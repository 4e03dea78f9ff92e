/*
 * config_print: values as an operator writes them.
 */
#pragma once

#include "core/config_value.h"

/** config_print_integer: Returns: (own) "5m", "64 KiB", "7": what reads back as the same value */
char *config_print_integer(ConfigUnit unit, int64_t value);
/** config_print_list: Returns: (own) "[a, b]" */
char *config_print_list(const char *const *items);
