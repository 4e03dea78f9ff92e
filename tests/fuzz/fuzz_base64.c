/*
 * fuzz_base64: any bytes as base64 of a SASL message, and any bytes encoded.
 *
 * Source: RFC 4648 section 4, RFC 6120 section 6.4.2.
 */
#include <stdint.h>

#include "modules/sasl/base64.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What decodes encodes to the same text: there is one encoding of each message. */
static void
try_decode(const char *text)
{
        g_auto(SaslMessage) message = {0};

        if (!base64_decode(text, &message)) {
                g_assert_null(message.bytes);
                return;
        }
        g_autofree char *again = g_base64_encode((const guchar *)message.bytes, message.n);
        g_assert_cmpstr(again, ==, text);
        g_assert_cmpint(message.bytes[message.n], ==, '\0');
}

static void
try_encoded(const uint8_t *bytes, size_t n)
{
        g_autofree char *text = g_base64_encode(bytes, n);
        g_auto(SaslMessage) message = {0};

        g_assert_true(base64_decode(text, &message));
        g_assert_true(message.n == n && memcmp(message.bytes, bytes, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autofree char *text = g_strndup((const char *)bytes, n);

        try_decode(text);
        if (n > 0)
                try_encoded(bytes, n);
        return 0;
}
