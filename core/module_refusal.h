/*
 * module_refusal: why a module's file is not taken.
 */
#pragma once

#include <motet/types.h>

/** module_refusal: sets @error to MOTET_ERROR_MODULE. Returns: false, for who refuses by returning
 * it */
bool module_refusal(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
