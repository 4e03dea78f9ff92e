/*
 * module_refusal: why a module's file is not taken.
 */
#include "core/module_refusal.h"

#include <motet/error.h>

bool
module_refusal(GError **error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autoptr(GError) made = g_error_new_valist(MOTET_ERROR, MOTET_ERROR_MODULE, format, args);
        va_end(args);
        g_propagate_error(error, g_steal_pointer(&made));
        return false;
}
