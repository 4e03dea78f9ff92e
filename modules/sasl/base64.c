/*
 * base64: strict decoding for SASL.
 *
 * RFC 6120 section 6.4.2 forbids what lenient decoders let pass: white space, missing padding,
 * other alphabets.
 *
 * Source: RFC 4648 sections 3.2, 3.3, 3.5 and 4.
 */
#include "sasl-private.h"

#include <openssl/crypto.h>
#include <string.h>

/* Value of one digit, or -1. */
static int
digit_value(char c)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        if (c == '+')
                return 62;
        return c == '/' ? 63 : -1;
}

/*
 * Decodes four digits, the last @padding of them '='. Returns: bytes written, 0 when they are no
 * base64.
 */
static size_t
decode_quantum(const char *digits, size_t padding, char *out)
{
        uint32_t bits = 0;

        for (size_t i = 0; i < 4; i++) {
                int value = i < 4 - padding ? digit_value(digits[i]) : 0;
                if (value < 0)
                        return 0;
                bits = bits << 6 | (uint32_t)value;
        }
        /* RFC 4648 3.5: bits that no byte uses are zero, so that every message has one encoding. */
        if ((bits & ((1u << (8 * padding)) - 1)) != 0)
                return 0;

        size_t n = 3 - padding;
        for (size_t i = 0; i < n; i++)
                out[i] = (char)(bits >> (16 - 8 * i) & 0xff);
        return n;
}

bool
base64_decode(const char *text, SaslMessage *message_out)
{
        size_t len = strlen(text);
        if (len % 4 != 0)
                return false;

        size_t padding = 0;
        if (len > 0 && text[len - 1] == '=')
                padding = text[len - 2] == '=' ? 2 : 1;

        g_auto(SaslMessage) message = {g_malloc(len / 4 * 3 + 1), 0};
        for (size_t at = 0; at < len; at += 4) {
                size_t n = decode_quantum(text + at, at + 4 == len ? padding : 0,
                                          message.bytes + message.n);
                if (n == 0)
                        return false;
                message.n += n;
        }
        message.bytes[message.n] = '\0';

        message_out->n = message.n;
        message_out->bytes = g_steal_pointer(&message.bytes);
        return true;
}

void
sasl_message_clear(SaslMessage *message)
{
        if (message->bytes)
                OPENSSL_cleanse(message->bytes, message->n);
        g_clear_pointer(&message->bytes, g_free);
        message->n = 0;
}

void
sasl_secret_free(char *secret)
{
        if (secret)
                OPENSSL_cleanse(secret, strlen(secret));
        g_free(secret);
}
