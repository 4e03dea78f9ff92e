/*
 * tls_pair: see the header.
 */
#include "support/tls_pair.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_S (24 * 3600)

char *
tls_files_path(const TlsFiles *files, const char *name, const char *suffix)
{
        g_autofree char *file = g_strconcat(name, suffix, NULL);

        return g_build_filename(files->dir, file, NULL);
}

void
tls_files_write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        g_assert_cmpint(fd, >=, 0);
        FILE *file = fdopen(fd, "w");
        const EVP_CIPHER *cipher = passphrase == NULL ? NULL : EVP_aes_256_cbc();
        int len = passphrase == NULL ? 0 : (int)strlen(passphrase);

        g_assert_cmpint(PEM_write_PKCS8PrivateKey(file, key, cipher, passphrase, len, NULL, NULL),
                        ==, 1);
        fclose(file);
}

static void
write_certificate(const char *path, X509 *certificate)
{
        FILE *file = fopen(path, "w");

        g_assert_nonnull(file);
        g_assert_cmpint(PEM_write_X509(file, certificate), ==, 1);
        fclose(file);
}

/* Self-signed, for @domain, from @from to @to seconds from now. */
static X509 *
make_certificate(EVP_PKEY *key, const EVP_MD *hash, const char *domain, long from, long to)
{
        X509 *certificate = X509_new();
        X509_NAME *name = X509_get_subject_name(certificate);
        g_autofree char *alternative = g_strdup_printf("DNS:%s", domain);

        X509_set_version(certificate, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate), from);
        X509_gmtime_adj(X509_getm_notAfter(certificate), to);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)domain, -1, -1,
                                   0);
        X509_set_issuer_name(certificate, name);
        X509_set_pubkey(certificate, key);
        X509_EXTENSION *extension =
                X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
        g_assert_cmpint(X509_sign(certificate, key, hash), >, 0);
        return certificate;
}

void
tls_files_make_with(const TlsFiles *files, const char *name, EVP_PKEY *key, const EVP_MD *hash,
                    long from, long to)
{
        g_autofree char *chain_file = tls_files_path(files, name, ".crt");
        g_autofree char *key_file = tls_files_path(files, name, ".key");
        g_autoptr(X509) certificate = make_certificate(key, hash, name, from, to);

        tls_files_write_key(key_file, key, NULL);
        write_certificate(chain_file, certificate);
}

void
tls_files_make(const TlsFiles *files, const char *name)
{
        g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");

        tls_files_make_with(files, name, key, EVP_sha256(), 0, 90 * DAY_S);
}

bool
tls_files_load(const TlsFiles *files, const char *domain, const char *name, GError **error)
{
        g_autofree char *chain_file = tls_files_path(files, name, ".crt");
        g_autofree char *key_file = tls_files_path(files, name, ".key");

        return tls_server_set_certificate(files->server, domain, chain_file, key_file, error);
}

void
tls_files_use(const TlsFiles *files, const char *domain, const char *name)
{
        g_autoptr(GError) error = NULL;

        tls_files_load(files, domain, name, &error);
        g_assert_no_error(error);
}

void
tls_files_init(TlsFiles *files)
{
        files->dir = g_dir_make_tmp("motet-tls-XXXXXX", NULL);
        files->server = tls_server_new();
        tls_files_make(files, "a.example");
        tls_files_use(files, "a.example", "a.example");
}

void
tls_files_clear(TlsFiles *files)
{
        GDir *dir = g_dir_open(files->dir, 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(dir)) != NULL) {
                g_autofree char *path = g_build_filename(files->dir, name, NULL);
                g_unlink(path);
        }
        g_dir_close(dir);
        g_rmdir(files->dir);
        g_free(files->dir);
        tls_server_free(files->server);
}

static void
pair_received(void *data, const char *bytes, size_t n)
{
        TlsPair *pair = data;

        g_string_append_len(pair->received, bytes, (gssize)n);
        if (pair->on_received != NULL)
                pair->on_received(pair);
}

static void
pair_secured(void *data)
{
        TlsPair *pair = data;

        pair->n_secured++;
        g_assert_true(motet_conn_is_secure(pair->conn));
        if (pair->on_secured != NULL)
                pair->on_secured(pair);
}

static void
pair_ended(void *data, ConnEnd end, const char *text)
{
        TlsPair *pair = data;

        pair->n_ended++;
        pair->end = end;
        pair->end_text = g_strdup(text);
}

static const ConnOwner pair_owner = {
        .received = pair_received,
        .secured = pair_secured,
        .ended = pair_ended,
};

/* The client may use what it likes, so that only our own settings refuse it. */
static SSL_CTX *
client_context_new(void)
{
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());

        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        return context;
}

void
tls_pair_init_in(TlsPair *pair, TlsFiles *files, Loop *loop)
{
        int fds[2];
        int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

        g_assert_cmpint(socketpair(AF_UNIX, type, 0, fds), ==, 0);
        *pair = (TlsPair){
                .files = files,
                .loop = loop,
                .fd = fds[1],
                .context = client_context_new(),
                .received = g_string_new(NULL),
        };
        pair->ssl = SSL_new(pair->context);
        SSL_set_connect_state(pair->ssl);
        SSL_set_fd(pair->ssl, fds[1]);
        ConnConfig config = {
                .loop = loop,
                .owner = &pair_owner,
                .data = pair,
                .write_timeout = 60 * G_USEC_PER_SEC,
                .handshake_timeout = 10 * G_USEC_PER_SEC,
        };
        pair->conn = conn_new_take_fd(&config, fds[0], "192.0.2.1");
        conn_set_tls_name(pair->conn, "a.example");
}

void
tls_pair_init(TlsPair *pair, TlsFiles *files)
{
        signal(SIGPIPE, SIG_IGN);
        tls_files_init(files);
        tls_pair_init_in(pair, files, loop_new(true));
}

void
tls_pair_clear_in(TlsPair *pair)
{
        conn_free(pair->conn);
        SSL_free(pair->ssl);
        SSL_CTX_free(pair->context);
        if (pair->fd >= 0)
                close(pair->fd);
        g_string_free(pair->received, TRUE);
        g_free(pair->end_text);
        ERR_clear_error();
}

void
tls_pair_clear(TlsPair *pair)
{
        tls_pair_clear_in(pair);
        loop_free(pair->loop);
        tls_files_clear(pair->files);
}

/* Returns: whether the client thinks the handshake complete */
bool
tls_pair_connect(TlsPair *pair)
{
        for (unsigned i = 0; i < 50; i++) {
                ERR_clear_error();
                int result = SSL_do_handshake(pair->ssl);
                bool waits = result != 1 && SSL_get_error(pair->ssl, result) == SSL_ERROR_WANT_READ;

                /* The server, in this thread, uses the same error queue. */
                pair->refusal = ERR_GET_REASON(ERR_peek_error());
                loop_settle(pair->loop);
                if (!waits)
                        return result == 1;
        }
        return false;
}

void
tls_pair_handshake(TlsPair *pair)
{
        conn_starttls(pair->conn, pair->files->server);
        loop_settle(pair->loop);
        g_assert_true(tls_pair_connect(pair));
        g_assert_cmpuint(pair->n_secured, ==, 1);
        g_assert_cmpuint(pair->n_ended, ==, 0);
}

/* A handshake that must fail on the server. Returns: the client's reason */
int
tls_pair_refuse(TlsPair *pair)
{
        conn_starttls(pair->conn, pair->files->server);
        loop_settle(pair->loop);
        g_assert_false(tls_pair_connect(pair));
        g_assert_cmpuint(pair->n_secured, ==, 0);
        g_assert_cmpuint(pair->n_ended, ==, 1);
        g_assert_cmpint((int)pair->end, ==, CONN_END_ERROR);
        return pair->refusal;
}

void
tls_pair_write(TlsPair *pair, const char *text)
{
        g_assert_cmpint(SSL_write(pair->ssl, text, (int)strlen(text)), ==, (int)strlen(text));
}

/* Reads all there is; appended to @out. Returns: what ended the reading, as SSL_get_error() */
int
tls_pair_read(TlsPair *pair, GString *out)
{
        char bytes[16384];

        for (;;) {
                ERR_clear_error();
                int n = SSL_read(pair->ssl, bytes, sizeof bytes);

                if (n <= 0)
                        return SSL_get_error(pair->ssl, n);
                g_string_append_len(out, bytes, n);
        }
}

void
tls_pair_assert_served(TlsPair *pair, const char *domain)
{
        g_autoptr(X509) certificate = SSL_get1_peer_certificate(pair->ssl);

        g_assert_nonnull(certificate);
        g_assert_cmpint(X509_check_host(certificate, domain, 0, 0, NULL), ==, 1);
}
