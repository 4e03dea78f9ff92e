/*
 * tls: contexts by domain, one a certificate.
 */
#include "core/tls.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <motet/error.h>
#include <motet/jid.h>

#include "core/tls_error.h"

#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384"

typedef struct {
        SSL_CTX *context;
        Certificate *certificate;
} Served;

struct TlsServer {
        GHashTable *served; /* prepared domain, "" for the default -> Served */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_CTX, SSL_CTX_free)

static void
served_free(void *data)
{
        Served *served = data;

        SSL_CTX_free(served->context);
        certificate_unref(served->certificate);
        g_free(served);
}

bool
tls_library_start(GError **error)
{
        uint8_t first;

        ERR_clear_error();
        if (OPENSSL_init_ssl(0, NULL) == 1 && OSSL_LIB_CTX_get0_global_default() != NULL &&
            RAND_bytes(&first, sizeof first) == 1)
                return true;
        g_autofree char *text = tls_error_text();
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                    "OpenSSL cannot be made ready, for want of memory or for its configuration: %s",
                    text);
        return false;
}

/* Choosing, during a handshake */

static const Served *
find_served(const TlsServer *tls, const char *domain)
{
        const Served *found = NULL;

        if (domain != NULL)
                found = g_hash_table_lookup(tls->served, domain);
        return found != NULL ? found : g_hash_table_lookup(tls->served, "");
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
        const Served *found = name == NULL ? NULL : g_hash_table_lookup(tls->served, name);
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

/* Returns: (own) NULL with an error, which is memory that is missing: the settings are right. */
static SSL_CTX *
context_new(TlsServer *tls, GError **error)
{
        ERR_clear_error();
        g_autoptr(SSL_CTX) context = SSL_CTX_new(TLS_server_method());

        /* RFC 9325 3.1, 4.1, 4.2: 1.2 and 1.3 only; forward secrecy and AEAD only. */
        if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
            SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
            SSL_CTX_set_cipher_list(context, CIPHERS_1_2) != 1 ||
            SSL_CTX_set1_groups_list(context, GROUPS) != 1 || ERR_peek_error() != 0) {
                /* OpenSSL 3.0 leaves out suites it has no memory for, and succeeds: only its queue
                 * tells. */
                g_autofree char *text = tls_error_text();
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "OpenSSL cannot be made ready for TLS: %s", text);
                return NULL;
        }
        SSL_CTX_set_options(context,
                            SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
        SSL_CTX_clear_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION |
                                               SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                               SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_num_tickets(context, 0);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_max_early_data(context, 0);
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        /* Partial writes and a moving buffer: what waits is in a buffer that grows between two
         * calls. */
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_tlsext_servername_callback(context, choose_by_sni);
        SSL_CTX_set_tlsext_servername_arg(context, tls);
        SSL_CTX_set_alpn_select_cb(context, choose_alpn, NULL);
        return g_steal_pointer(&context);
}

/* Certificates */

static bool
use(SSL_CTX *context, const Certificate *certificate, GError **error)
{
        bool is_used = SSL_CTX_use_certificate(context, certificate->leaf) == 1 &&
                       SSL_CTX_use_PrivateKey(context, certificate->key) == 1;

        for (int i = 0; is_used && i < sk_X509_num(certificate->issuers); i++)
                is_used = SSL_CTX_add1_chain_cert(context,
                                                  sk_X509_value(certificate->issuers, i)) == 1;
        if (is_used) {
                /* What OpenSSL disliked and took nevertheless is no reason of a later failure. */
                ERR_clear_error();
                return true;
        }
        g_autofree char *text = tls_error_text();
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS, "certificate %s: %s", certificate->file,
                    text);
        return false;
}

bool
tls_accepts(const Certificate *certificate, GError **error)
{
        g_autoptr(SSL_CTX) context = context_new(NULL, error);

        return context != NULL && use(context, certificate, error);
}

/* Returns: (own) the context of @certificate, if it serves another domain already */
static SSL_CTX *
shared_context(const TlsServer *tls, const Certificate *certificate)
{
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, tls->served);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                const Served *served = value;
                if (served->certificate != certificate)
                        continue;
                SSL_CTX_up_ref(served->context);
                return served->context;
        }
        return NULL;
}

bool
tls_server_use(TlsServer *tls, const char *domain, Certificate *certificate, GError **error)
{
        g_autoptr(SSL_CTX) context = shared_context(tls, certificate);

        if (context == NULL) {
                context = context_new(tls, error);
                if (context == NULL || !use(context, certificate, error) ||
                    !tls_proof(context, error))
                        return false;
        }
        Served *served = g_new(Served, 1);
        *served = (Served){.context = g_steal_pointer(&context),
                           .certificate = certificate_ref(certificate)};
        g_hash_table_replace(tls->served, g_strdup(domain), served);
        return true;
}

bool
tls_server_set_certificate(TlsServer *tls, const char *domain, const char *chain_file,
                           const char *key_file, GError **error)
{
        g_autoptr(Certificate) certificate = certificate_read(chain_file, key_file, error);

        return certificate != NULL && tls_server_use(tls, domain, certificate, error);
}

void
tls_server_set_default(TlsServer *tls, const char *domain)
{
        const Served *served = g_hash_table_lookup(tls->served, domain);

        g_assert(served != NULL);
        bool is_used = tls_server_use(tls, "", served->certificate, NULL);
        g_assert(is_used);
}

void
tls_server_take_all(TlsServer *tls, TlsServer *taken)
{
        g_autoptr(TlsServer) from = taken;
        GHashTable *former = tls->served;
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, from->served);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                SSL_CTX_set_tlsext_servername_arg(((Served *)value)->context, tls);
        tls->served = from->served;
        from->served = former;
}

Certificate *
tls_server_certificate(const TlsServer *tls, const char *domain)
{
        const Served *served = g_hash_table_lookup(tls->served, domain);

        return served == NULL ? NULL : served->certificate;
}

bool
tls_server_has_certificate(const TlsServer *tls, const char *domain)
{
        return g_hash_table_contains(tls->served, domain);
}

int64_t
tls_server_expiry(const TlsServer *tls, const char *domain)
{
        const Certificate *certificate = tls_server_certificate(tls, domain);

        return certificate == NULL ? 0 : certificate->valid_until;
}

TlsServer *
tls_server_new(void)
{
        TlsServer *tls = g_new(TlsServer, 1);

        tls->served = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, served_free);
        return tls;
}

void
tls_server_free(TlsServer *tls)
{
        if (tls == NULL)
                return;
        g_hash_table_unref(tls->served);
        g_free(tls);
}

SSL *
tls_server_new_ssl(TlsServer *tls, const char *domain, const char *alpn)
{
        const Served *served = find_served(tls, domain);
        if (served == NULL)
                return NULL;

        SSL *ssl = SSL_new(served->context);
        /* The callback only reads it; without it any protocol would do. */
        if (ssl == NULL || SSL_set_app_data(ssl, (char *)(uintptr_t)alpn) != 1) {
                SSL_free(ssl);
                return NULL;
        }
        SSL_set_accept_state(ssl);
        return ssl;
}
