/*
 * tls: server-side TLS settings and certificates by domain.
 *
 * One SSL_CTX a certificate, chosen by SNI, else by the domain of the stream, else the default.
 * Settings: TLS 1.2 and 1.3, ECDHE with AEAD, X25519/P-256/P-384, no compression, renegotiation,
 * tickets or early data, SSL_MODE_RELEASE_BUFFERS.
 *
 * Source: RFC 7590, RFC 9325, RFC 5929, RFC 9266, RFC 7301.
 */
#pragma once

#include <motet/types.h>
#include <openssl/ssl.h>

#include "core/certificate.h"

typedef struct TlsServer TlsServer;

TlsServer *tls_server_new(void);
void tls_server_free(TlsServer *tls);

/**
 * tls_server_set_certificate:
 * @domain: prepared; "" sets the default
 * @chain_file, @key_file: PEM
 *
 * certificate_read() and tls_server_use(). What clients will not like is no failure.
 *
 * Returns: false with MOTET_ERROR_TLS naming the file and what to do
 */
bool tls_server_set_certificate(TlsServer *tls, const char *domain, const char *chain_file,
                                const char *key_file, GError **error);
/** tls_server_set_default: the certificate of @domain, which there is, becomes the default as
 * well */
void tls_server_set_default(TlsServer *tls, const char *domain);
/**
 * tls_server_use:
 * @certificate: with its key; becomes one more user's
 *
 * Puts it in force for new handshakes of @domain (prepared; "" is the default). Connections that
 * are there keep theirs.
 *
 * Returns: false with MOTET_ERROR_TLS when OpenSSL refuses it (too weak a key); the former one
 * stays
 */
bool tls_server_use(TlsServer *tls, const char *domain, Certificate *certificate, GError **error);
/** tls_accepts: whether tls_server_use() will succeed; from any thread */
bool tls_accepts(const Certificate *certificate, GError **error);
/** tls_server_take_all: @taken (take): its certificates replace all of @tls for new handshakes */
void tls_server_take_all(TlsServer *tls, TlsServer *taken);
/** tls_server_certificate: Returns: (borrowed) that of @domain; NULL when there is none */
Certificate *tls_server_certificate(const TlsServer *tls, const char *domain);
bool tls_server_has_certificate(const TlsServer *tls, const char *domain);
/** tls_server_expiry: Returns: notAfter of the certificate of @domain in seconds since 1970, 0 when
 * there is none */
int64_t tls_server_expiry(const TlsServer *tls, const char *domain);

/** tls_server_new_ssl: Returns: (own) an SSL in accept state presenting the certificate of @domain;
 * @alpn as conn_set_alpn(), but borrowed until the handshake is done; NULL when there is no
 * certificate, or, with OpenSSL's reason, no memory */
SSL *tls_server_new_ssl(TlsServer *tls, const char *domain, const char *alpn);
/** tls_channel_binding: as motet_conn_channel_binding(), on the server's side of @ssl */
GBytes *tls_channel_binding(SSL *ssl, const char *type);
/** tls_sni: Returns: (own) prepared name the client asked for, or NULL */
char *tls_sni(SSL *ssl);
/**
 * tls_library_start: makes OpenSSL ready, before anything else is asked of it
 * @error: set when it lacks memory, or its configuration is wrong
 *
 * What it makes at its first use it does not make again, and it does not look
 * whether it is there: a server that went on would crash (OpenSSL 3.0).
 */
bool tls_library_start(GError **error);
/** tls_proof: (tls_proof.c) shakes hands with @context in memory. Returns: false with an error when
 * a client could not */
bool tls_proof(SSL_CTX *context, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsServer, tls_server_free)
