/*
 * tls_error: what OpenSSL says of its failures.
 *
 * Source: ERR_get_error(3).
 */
#include "core/tls_error.h"

#include <glib.h>
#include <openssl/err.h>

char *
tls_error_text(void)
{
        GString *text = g_string_new(NULL);
        const char *data;
        int flags;

        for (;;) {
                unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
                if (code == 0)
                        break;
                const char *reason = ERR_reason_error_string(code);

                g_string_append_printf(text, "%s%s", text->len == 0 ? "" : "; ",
                                       reason == NULL ? "unknown error" : reason);
                if ((flags & ERR_TXT_STRING) && data != NULL && *data != '\0')
                        g_string_append_printf(text, " (%s)", data);
        }
        if (text->len == 0)
                g_string_append(text, "no reason given");
        return g_string_free(text, FALSE);
}
