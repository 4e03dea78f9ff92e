/*
 * derivation: in place of OpenSSL's, so that a fuzz target whose clients log in thousands of times
 * a second hashes no password thousands of times: keys still depend on password, salt and number of
 * iterations, and on all of each.
 *
 * A function of the program stands before that of a library (man 8 ld.so), also for modules.
 */
#include <glib.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#pragma GCC visibility push(default)
int
PKCS5_PBKDF2_HMAC(const char *password, int password_len, const unsigned char *salt, int salt_len,
                  int iterations, const EVP_MD *md, int n, unsigned char *out)
{
        size_t len = password_len < 0 ? strlen(password) : (size_t)password_len;
        const guint32 number = GUINT32_TO_BE((guint32)iterations);
        g_autofree guchar *block = g_malloc((gsize)salt_len + sizeof(number));

        /* One block is all that SCRAM asks for (RFC 5802 section 2.2, Hi). */
        if (n != EVP_MD_get_size(md))
                return 0;
        memcpy(block, salt, (size_t)salt_len);
        memcpy(block + salt_len, &number, sizeof(number));
        return HMAC(md, password, (int)len, block, (size_t)salt_len + sizeof(number), out, NULL) !=
               NULL;
}
#pragma GCC visibility pop
