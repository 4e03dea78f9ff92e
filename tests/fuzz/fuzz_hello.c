/*
 * fuzz_hello: any bytes as what a client sends into a TLS handshake: server names, protocols, and
 * what OpenSSL makes of the rest.
 *
 * Source: RFC 8446 section 4.1.2, RFC 6066 section 3, RFC 7301.
 */
#include <openssl/err.h>
#include <stdint.h>
#include <string.h>

#include "core/tls.h"
#include "core/tls_error.h"
#include "support/tls_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static TlsFiles files;

static void
clear_files(void)
{
        tls_files_clear(&files);
}

static TlsServer *
server(void)
{

        if (!files.server) {
                tls_files_init(&files);
                g_assert_true(atexit(clear_files) == 0);
                tls_files_make(&files, "b.example");
                tls_files_use(&files, "b.example", "b.example");
                tls_files_use(&files, "", "b.example");
        }
        return files.server;
}

/* The handshake ends, or waits for more; it is never done by a client without keys. */
static void
accept_bytes(SSL *ssl, const uint8_t *bytes, size_t n)
{
        BIO *in = BIO_new_mem_buf(bytes, (int)n);
        BIO *out = BIO_new(BIO_s_mem());

        BIO_set_mem_eof_return(in, -1);
        SSL_set_bio(ssl, in, out);
        g_assert_cmpint(SSL_do_handshake(ssl), <=, 0);
        g_autofree char *name = tls_sni(ssl);
        g_assert_true(!name || g_utf8_validate(name, -1, NULL));
        g_autofree char *why = tls_error_text();
        g_assert_true(!why || g_utf8_validate(why, -1, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        if (n == 0)
                return 0;
        SSL *ssl = tls_server_new_ssl(server(), bytes[0] & 1 ? "a.example" : "b.example",
                                      bytes[0] & 2 ? "xmpp-client" : NULL);

        g_assert_nonnull(ssl);
        accept_bytes(ssl, bytes + 1, n - 1);
        SSL_free(ssl);
        ERR_clear_error();
        return 0;
}
