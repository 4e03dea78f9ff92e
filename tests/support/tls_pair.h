/*
 * tls_pair: a connection and OpenSSL's own client at the two ends of a socket pair, and
 * certificates made for them.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/conn.h"

/** TlsFiles: certificates in a folder of their own, and the server that uses them: at first one for
 * a.example */
typedef struct {
        char *dir;
        TlsServer *server;
} TlsFiles;

void tls_files_init(TlsFiles *files);
void tls_files_clear(TlsFiles *files);
/** tls_files_path: Returns: (own) name.crt or name.key in the folder */
char *tls_files_path(const TlsFiles *files, const char *name, const char *suffix);
/** tls_files_make: a self-signed pair for the domain @name with a P-256 key, valid for 90 days */
void tls_files_make(const TlsFiles *files, const char *name);
/** tls_files_make_with: @from, @to: seconds from now */
void tls_files_make_with(const TlsFiles *files, const char *name, EVP_PKEY *key, const EVP_MD *hash,
                         long from, long to);
/** tls_files_write_key: @passphrase: NULL for none */
void tls_files_write_key(const char *path, EVP_PKEY *key, const char *passphrase);
/** tls_files_load: the pair @name for @domain */
bool tls_files_load(const TlsFiles *files, const char *domain, const char *name, GError **error);
/** tls_files_use: tls_files_load() that must succeed */
void tls_files_use(const TlsFiles *files, const char *domain, const char *name);

/** TlsPair: what the connection's owner was told, and the client */
typedef struct TlsPair TlsPair;
struct TlsPair {
        TlsFiles *files;
        Loop *loop; /* driven */
        MotetConn *conn;
        int fd; /* the client's */
        SSL_CTX *context;
        SSL *ssl;
        GString *received;
        unsigned n_secured, n_ended;
        ConnEnd end;
        char *end_text;
        int refusal; /* reason of the client's last error, mostly our alert */
        void (*on_received)(TlsPair *pair);
        void (*on_secured)(TlsPair *pair);
};

/** tls_pair_init: with files and a loop of its own; SIGPIPE is ignored from now on, as the client's
 * BIO uses write() */
void tls_pair_init(TlsPair *pair, TlsFiles *files);
void tls_pair_clear(TlsPair *pair);
/** tls_pair_init_in: one more pair in a loop of others */
void tls_pair_init_in(TlsPair *pair, TlsFiles *files, Loop *loop);
void tls_pair_clear_in(TlsPair *pair);

/** tls_pair_connect: the client's part of a handshake. Returns: whether the client thinks it
 * complete */
bool tls_pair_connect(TlsPair *pair);
/** tls_pair_handshake: both parts, which must succeed */
void tls_pair_handshake(TlsPair *pair);
/** tls_pair_refuse: both parts, where the server must refuse. Returns: the client's reason */
int tls_pair_refuse(TlsPair *pair);
void tls_pair_write(TlsPair *pair, const char *text);
/** tls_pair_read: appends all there is to @out. Returns: what ended it, as SSL_get_error() */
int tls_pair_read(TlsPair *pair, GString *out);
void tls_pair_assert_served(TlsPair *pair, const char *domain);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
