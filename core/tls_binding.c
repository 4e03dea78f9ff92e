/*
 * tls_binding: channel bindings, which tie an authentication to the TLS connection it runs in.
 *
 * Source: RFC 9266 (tls-exporter), RFC 5929 sections 3 (tls-unique) and 4 (tls-server-end-point).
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "core/tls.h"

#define EXPORTER_LABEL "EXPORTER-Channel-Binding"
#define EXPORTER_LENGTH 32

/* RFC 9266 2 and 4.2: only where the exporter is bound to the whole handshake for certain, which
 * TLS 1.3 is. */
static GBytes *
exporter(SSL *ssl)
{
        unsigned char value[EXPORTER_LENGTH];
        static const unsigned char no_context[1];

        if (SSL_version(ssl) != TLS1_3_VERSION)
                return NULL;
        if (SSL_export_keying_material(ssl, value, sizeof value, EXPORTER_LABEL,
                                       strlen(EXPORTER_LABEL), no_context, 0, 1) != 1)
                return NULL;
        return g_bytes_new(value, sizeof value);
}

/* RFC 5929 4.1: the hash of the certificate's signature algorithm, SHA-256 for MD5 and SHA-1;
 * undefined without exactly one hash. */
static const EVP_MD *
end_point_hash(X509 *certificate)
{
        int digest = NID_undef;

        if (X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) != 1)
                return NULL;
        if (digest == NID_undef)
                return NULL;
        if (digest == NID_md5 || digest == NID_sha1)
                digest = NID_sha256;
        return EVP_get_digestbynid(digest);
}

static GBytes *
server_end_point(SSL *ssl)
{
        X509 *certificate = SSL_get_certificate(ssl);
        const EVP_MD *hash = certificate == NULL ? NULL : end_point_hash(certificate);
        unsigned char value[EVP_MAX_MD_SIZE];
        unsigned len;

        if (hash == NULL || X509_digest(certificate, hash, value, &len) != 1)
                return NULL;
        return g_bytes_new(value, len);
}

/*
 * RFC 5929 3.1: the first Finished message, which is the client's: sessions are never resumed here.
 * RFC 9266 leaves tls-unique undefined for TLS 1.3; what clients send there is the same message,
 * bound to the handshake no less.
 */
static GBytes *
unique(SSL *ssl)
{
        unsigned char value[EVP_MAX_MD_SIZE];

        /* RFC 7627 1: without the extended master secret two handshakes can be made to end in the
         * same message. */
        if (SSL_version(ssl) != TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1)
                return NULL;
        size_t len = SSL_get_peer_finished(ssl, value, sizeof value);
        return len > 0 && len <= sizeof value ? g_bytes_new(value, len) : NULL;
}

GBytes *
tls_channel_binding(SSL *ssl, const char *type)
{
        if (g_str_equal(type, "tls-exporter"))
                return exporter(ssl);
        if (g_str_equal(type, "tls-server-end-point"))
                return server_end_point(ssl);
        if (g_str_equal(type, "tls-unique"))
                return unique(ssl);
        return NULL;
}
