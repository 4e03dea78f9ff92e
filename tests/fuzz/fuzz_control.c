/*
 * Fuzzes the reading of requests on the control socket: what is accepted must survive being written
 * and read again.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_auto(GStrv) words = control_decode_words((const char *)data, size);

        if (!words)
                return 0;
        g_assert_cmpuint(g_strv_length(words), <=, CONTROL_WORDS_MAX);
        g_autofree char *line = control_encode_words((const char *const *)words);
        g_auto(GStrv) again = control_decode_words(line, strlen(line));
        g_assert_true(again &&
                      g_strv_equal((const char *const *)words, (const char *const *)again));
        return 0;
}
