/*
 * tls: contexts by domain, and the files they are made from.
 */
#include "core/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <motet/error.h>
#include <motet/jid.h>
#include <motet/log.h>

#define EXPIRY_WARNING_DAYS 14
#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384"

typedef struct {
        SSL_CTX *context;
        char *file;
        int64_t expiry; /* notAfter, seconds since 1970 */
} Certificate;

struct TlsServer {
        GHashTable *certificates; /* prepared domain, "" for the default -> Certificate */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_CTX, SSL_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

static void
certificate_free(void *data)
{
        Certificate *certificate = data;

        SSL_CTX_free(certificate->context);
        g_free(certificate->file);
        g_free(certificate);
}

/* Takes @context. */
static void
put_certificate(TlsServer *tls, const char *domain, SSL_CTX *context, const char *file,
                int64_t expiry)
{
        Certificate *certificate = g_new(Certificate, 1);

        *certificate = (Certificate){.context = context, .file = g_strdup(file), .expiry = expiry};
        g_hash_table_replace(tls->certificates, g_strdup(domain), certificate);
}

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

/* Choosing, during a handshake */

static const Certificate *
find_certificate(const TlsServer *tls, const char *domain)
{
        const Certificate *found = NULL;

        if (domain != NULL)
                found = g_hash_table_lookup(tls->certificates, domain);
        return found != NULL ? found : g_hash_table_lookup(tls->certificates, "");
}

char *
tls_sni(SSL *ssl)
{
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

        return name == NULL ? NULL : motet_jid_prepare_domain(name);
}

/* An unknown name is no reason to refuse: the stream header says again which domain is meant. */
static int
choose_by_sni(SSL *ssl, int *alert_out, void *data)
{
        const TlsServer *tls = data;
        g_autofree char *name = tls_sni(ssl);

        (void)alert_out;
        const Certificate *found =
                name == NULL ? NULL : g_hash_table_lookup(tls->certificates, name);
        if (found == NULL)
                return SSL_TLSEXT_ERR_NOACK;
        SSL_set_SSL_CTX(ssl, found->context);
        return SSL_TLSEXT_ERR_OK;
}

/* RFC 7301 3.2: a client that offers protocols but not ours gets no_application_protocol. */
static int
choose_alpn(SSL *ssl, const unsigned char **chosen_out, unsigned char *len_out,
            const unsigned char *offered, unsigned n_offered, void *data)
{
        const char *wanted = SSL_get_app_data(ssl);

        (void)data;
        if (wanted == NULL)
                return SSL_TLSEXT_ERR_NOACK;
        size_t wanted_len = strlen(wanted);
        for (unsigned i = 0; i < n_offered; i += 1u + offered[i]) {
                unsigned len = offered[i];

                if (len != wanted_len || len > n_offered - i - 1 ||
                    memcmp(&offered[i + 1], wanted, len) != 0)
                        continue;
                *chosen_out = &offered[i + 1];
                *len_out = (unsigned char)len;
                return SSL_TLSEXT_ERR_OK;
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Settings */

static SSL_CTX *
context_new(TlsServer *tls)
{
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());

        g_assert(context != NULL);
        /* RFC 9325 3.1, 4.1, 4.2: 1.2 and 1.3 only; forward secrecy and AEAD only. */
        if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
            SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
            SSL_CTX_set_cipher_list(context, CIPHERS_1_2) != 1 ||
            SSL_CTX_set1_groups_list(context, GROUPS) != 1)
                g_error("OpenSSL refuses our settings: %s", tls_error_text());
        SSL_CTX_set_options(context,
                            SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
        SSL_CTX_clear_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION |
                                               SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                               SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_num_tickets(context, 0);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_max_early_data(context, 0);
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        /* Partial writes and a moving buffer: what waits is in a buffer that grows between two calls. */
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_tlsext_servername_callback(context, choose_by_sni);
        SSL_CTX_set_tlsext_servername_arg(context, tls);
        SSL_CTX_set_alpn_select_cb(context, choose_alpn, NULL);
        return context;
}

/* Files */

static BIO *
open_file(const char *what, const char *file, bool is_secret, GError **error)
{
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                int code = errno;
                const char *advice = code == EACCES
                                             ? "let the server's user read it (chown or chgrp)"
                                             : "correct the path or put the file there";

                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS, "cannot open %s %s: %s: %s", what,
                            file, g_strerror(code), advice);
                return NULL;
        }

        struct stat status;
        if (is_secret && fstat(fd, &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
                close(fd);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "%s %s can be used by every user of this machine: chmod o= %s", what,
                            file, file);
                return NULL;
        }
        FILE *stream = fdopen(fd, "r");
        return BIO_new_fp(stream, BIO_CLOSE);
}

/* Instead of OpenSSL's question on the terminal. */
static int
refuse_passphrase(char *buffer, int size, int is_writing, void *data)
{
        bool *asked = data;

        (void)buffer, (void)size, (void)is_writing;
        *asked = true;
        return -1;
}

static EVP_PKEY *
read_key(const char *file, GError **error)
{
        g_autoptr(BIO) bio = open_file("key", file, true, error);
        if (bio == NULL)
                return NULL;

        bool asked = false;
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &asked);
        if (key == NULL) {
                g_autofree char *text = tls_error_text();

                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS, "key %s: %s", file,
                            asked ? "it is encrypted: store it without a passphrase" : text);
        }
        return key;
}

static bool
use_certificate(SSL_CTX *context, X509 *leaf, const char *file, GError **error)
{
        if (SSL_CTX_use_certificate(context, leaf) == 1)
                return true;
        g_autofree char *text = tls_error_text();

        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS, "certificate %s: %s", file, text);
        return false;
}

/* The certificate itself first, then those that vouch for it. Returns: (own) the first */
static X509 *
read_chain(SSL_CTX *context, const char *file, GError **error)
{
        g_autoptr(BIO) bio = open_file("certificate", file, false, error);
        if (bio == NULL)
                return NULL;

        g_autoptr(X509) leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (leaf == NULL) {
                ERR_clear_error();
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "certificate %s: no certificate in PEM form in it", file);
                return NULL;
        }
        if (!use_certificate(context, leaf, file, error))
                return NULL;
        for (;;) {
                X509 *issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL);

                if (issuer == NULL)
                        break;
                SSL_CTX_add0_chain_cert(context, issuer);
        }
        /* The end of the file is told as an error too. */
        bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        if (!at_end) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "certificate %s: what follows the first one is damaged", file);
                return NULL;
        }
        return g_steal_pointer(&leaf);
}

static bool
use_key(SSL_CTX *context, const char *chain_file, const char *key_file, GError **error)
{
        g_autoptr(EVP_PKEY) key = read_key(key_file, error);
        if (key == NULL)
                return false;
        if (SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1)
                return true;
        ERR_clear_error();
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                    "key %s does not belong to certificate %s: use the two files of one pair",
                    key_file, chain_file);
        return false;
}

static int64_t
seconds_of(const ASN1_TIME *at)
{
        struct tm broken_down;

        return ASN1_TIME_to_tm(at, &broken_down) == 1 ? timegm(&broken_down) : 0;
}

static void
find_problems_of_dates(const Certificate *certificate, const X509 *leaf, GStrvBuilder *problems)
{
        int64_t now = time(NULL);
        int64_t left = certificate->expiry - now;
        int64_t day = 24 * 60 * 60;
        g_autofree char *text = NULL;

        if (left <= 0)
                text = g_strdup_printf(
                        "certificate %s has expired: clients will refuse it; renew it",
                        certificate->file);
        else if (seconds_of(X509_get0_notBefore(leaf)) > now)
                text = g_strdup_printf(
                        "certificate %s is not valid yet: check the clock and the file",
                        certificate->file);
        else if (left < EXPIRY_WARNING_DAYS * day)
                text = g_strdup_printf("certificate %s expires in %" G_GINT64_FORMAT
                                       " days: renew it",
                                       certificate->file, left / day);
        if (text != NULL)
                g_strv_builder_add(problems, text);
}

static void
find_problems_of_name(const Certificate *certificate, X509 *leaf, const char *domain,
                      GStrvBuilder *problems)
{
        g_autofree char *ascii = g_hostname_to_ascii(domain);

        if (*domain == '\0' || ascii == NULL || X509_check_host(leaf, ascii, 0, 0, NULL) == 1)
                return;
        g_autofree char *text = g_strdup_printf(
                "certificate %s is not for %s: clients will refuse it", certificate->file, domain);
        g_strv_builder_add(problems, text);
}

TlsServer *
tls_server_new(void)
{
        TlsServer *tls = g_new(TlsServer, 1);

        tls->certificates =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, certificate_free);
        return tls;
}

void
tls_server_free(TlsServer *tls)
{
        if (tls == NULL)
                return;
        g_hash_table_unref(tls->certificates);
        g_free(tls);
}

bool
tls_server_set_certificate(TlsServer *tls, const char *domain, const char *chain_file,
                           const char *key_file, GError **error)
{
        g_autoptr(SSL_CTX) context = context_new(tls);
        g_autoptr(X509) leaf = read_chain(context, chain_file, error);

        if (leaf == NULL || !use_key(context, chain_file, key_file, error))
                return false;
        put_certificate(tls, domain, g_steal_pointer(&context), chain_file,
                        seconds_of(X509_get0_notAfter(leaf)));
        return true;
}

void
tls_server_set_default(TlsServer *tls, const char *domain)
{
        const Certificate *certificate = g_hash_table_lookup(tls->certificates, domain);

        g_assert(certificate != NULL);
        SSL_CTX_up_ref(certificate->context);
        put_certificate(tls, "", certificate->context, certificate->file, certificate->expiry);
}

void
tls_server_take_all(TlsServer *tls, TlsServer *taken)
{
        g_autoptr(TlsServer) from = taken;
        GHashTable *former = tls->certificates;
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, from->certificates);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                SSL_CTX_set_tlsext_servername_arg(((Certificate *)value)->context, tls);
        tls->certificates = from->certificates;
        from->certificates = former;
}

char **
tls_server_problems(const TlsServer *tls, const char *domain)
{
        const Certificate *certificate = g_hash_table_lookup(tls->certificates, domain);
        g_autoptr(GStrvBuilder) problems = g_strv_builder_new();

        if (certificate != NULL) {
                X509 *leaf = SSL_CTX_get0_certificate(certificate->context);

                find_problems_of_dates(certificate, leaf, problems);
                find_problems_of_name(certificate, leaf, domain, problems);
        }
        return g_strv_builder_end(problems);
}

void
tls_server_warn(const TlsServer *tls)
{
        GHashTableIter iter;
        gpointer domain;

        g_hash_table_iter_init(&iter, tls->certificates);
        while (g_hash_table_iter_next(&iter, &domain, NULL)) {
                g_auto(GStrv) problems = tls_server_problems(tls, domain);

                /* The default one is another domain's too. */
                if (*(const char *)domain == '\0')
                        continue;
                for (char **problem = problems; *problem != NULL; problem++)
                        motet_warn("%s", *problem);
        }
}

bool
tls_server_has_certificate(const TlsServer *tls, const char *domain)
{
        return g_hash_table_contains(tls->certificates, domain);
}

int64_t
tls_server_expiry(const TlsServer *tls, const char *domain)
{
        const Certificate *certificate = g_hash_table_lookup(tls->certificates, domain);

        return certificate == NULL ? 0 : certificate->expiry;
}

SSL *
tls_server_new_ssl(TlsServer *tls, const char *domain, const char *alpn)
{
        const Certificate *certificate = find_certificate(tls, domain);
        if (certificate == NULL)
                return NULL;

        SSL *ssl = SSL_new(certificate->context);
        g_assert(ssl != NULL);
        SSL_set_accept_state(ssl);
        /* The callback only reads it. */
        SSL_set_app_data(ssl, (char *)(uintptr_t)alpn);
        return ssl;
}
