/*
 * test_client: a client behind a real socket, in clear or inside TLS, in the test's own process.
 */
#include "support/test_client.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS_MAX 100 /* of a handshake */

struct TestClient {
        TestServer *server;
        MotetSession *session; /* (own) */
        int fd;
        SSL *ssl; /* NULL in clear */
        bool is_closed;
};

/* Certificates */

static X509 *
make_certificate(EVP_PKEY *key, const char *domain)
{
        X509 *certificate = X509_new();
        X509_NAME *name = X509_get_subject_name(certificate);
        const char *shown = *domain ? domain : "default";

        X509_set_version(certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * 86400L);
        X509_set_pubkey(certificate, key);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const guchar *)shown, -1, -1, 0);
        X509_set_issuer_name(certificate, name);
        g_assert_cmpint(X509_sign(certificate, key, EVP_sha256()), >, 0);
        return certificate;
}

void
test_server_certify(TestServer *server, const char *domain)
{
        g_autofree char *chain_file = g_build_filename(test_server_dir(server), "test.crt", NULL);
        g_autofree char *key_file = g_build_filename(test_server_dir(server), "test.key", NULL);
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *certificate = make_certificate(key, domain);
        g_autoptr(GError) error = NULL;

        FILE *chain_out = fopen(chain_file, "w");
        g_assert_cmpint(PEM_write_X509(chain_out, certificate), ==, 1);
        fclose(chain_out);
        int fd = open(key_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        FILE *key_out = fdopen(fd, "w");
        g_assert_cmpint(PEM_write_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL), ==, 1);
        fclose(key_out);

        tls_server_set_certificate(server_base(test_server_core(server))->tls, domain, chain_file,
                                   key_file, &error);
        g_assert_no_error(error);
        X509_free(certificate);
        EVP_PKEY_free(key);
}

/* Connections */

static TestClient *
connect_as(TestServer *server, const MotetListen *spec, const char *peer)
{
        TestClient *client = g_new0(TestClient, 1);
        int fds[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==,
                        0);
        client->server = server;
        client->fd = fds[0];
        MotetSession *session =
                session_accept_fd(server_base(test_server_core(server)), spec, fds[1], peer);
        client->session = session ? motet_session_ref(session) : NULL;
        test_server_settle(server);
        return client;
}

TestClient *
test_client_new(TestServer *server, const char *peer)
{
        const MotetListen spec = {.address = "*", .type = MOTET_SESSION_C2S_UNAUTHED};

        return connect_as(server, &spec, peer);
}

TestClient *
test_client_new_direct(TestServer *server, const char *alpn)
{
        const MotetListen spec = {
                .address = "*",
                .direct_tls = true,
                .alpn = alpn,
                .type = MOTET_SESSION_C2S_UNAUTHED,
        };

        return connect_as(server, &spec, "192.0.2.1");
}

void
test_client_free(TestClient *client)
{
        if (!client)
                return;
        SSL_free(client->ssl);
        close(client->fd);
        test_server_settle(client->server);
        motet_session_unref(client->session);
        g_free(client);
}

MotetSession *
test_client_session(TestClient *client)
{
        return client->session;
}

bool
test_client_is_closed(TestClient *client)
{
        g_free(test_client_take(client));
        return client->is_closed;
}

/* TLS */

static void
offer_alpn(SSL *ssl, const char *alpn)
{
        g_autofree char *list = g_strdup_printf("%c%s", (char)strlen(alpn), alpn);

        g_assert_cmpint(SSL_set_alpn_protos(ssl, (const guchar *)list, (unsigned)strlen(list)), ==,
                        0);
}

bool
test_client_handshake_with(TestClient *client, SSL_CTX *context, const char *alpn)
{
        g_assert_null(client->ssl);
        client->ssl = SSL_new(context);
        SSL_set_fd(client->ssl, client->fd);
        if (alpn)
                offer_alpn(client->ssl, alpn);

        for (int i = 0; i < ROUNDS_MAX; i++) {
                int result = SSL_connect(client->ssl);
                if (result != 1 && SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ)
                        return false;
                test_server_settle(client->server);
                if (result == 1)
                        return true;
        }
        return false;
}

bool
test_client_handshake(TestClient *client, int max_version, const char *alpn)
{
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());

        SSL_CTX_set_max_proto_version(context, max_version);
        bool is_done = test_client_handshake_with(client, context, alpn);
        SSL_CTX_free(context); /* the connection has it */
        return is_done;
}

GBytes *
test_client_binding(TestClient *client, const char *type)
{
        uint8_t bytes[EVP_MAX_MD_SIZE];
        unsigned n = 32;

        if (strcmp(type, "tls-exporter") == 0) {
                g_assert_cmpint(SSL_export_keying_material(client->ssl, bytes, n,
                                                           "EXPORTER-Channel-Binding", 24,
                                                           (const guchar *)"", 0, 1),
                                ==, 1);
        } else if (strcmp(type, "tls-unique") == 0) {
                n = (unsigned)SSL_get_finished(client->ssl, bytes, sizeof(bytes));
        } else {
                X509 *certificate = SSL_get1_peer_certificate(client->ssl);
                g_assert_cmpint(X509_digest(certificate, EVP_sha256(), bytes, &n), ==, 1);
                X509_free(certificate);
        }
        return g_bytes_new(bytes, n);
}

/* Text */

void
test_client_send(TestClient *client, const char *text)
{
        size_t n = strlen(text);
        ssize_t sent = client->ssl ? SSL_write(client->ssl, text, (int)n)
                                   : send(client->fd, text, n, MSG_NOSIGNAL);

        g_assert_cmpint(sent, ==, (ssize_t)n);
        test_server_settle(client->server);
}

/* Returns: bytes read, 0 at the end, -1 when there is nothing now */
static ssize_t
read_some(TestClient *client, char *buffer, size_t size)
{
        if (!client->ssl) {
                ssize_t n = recv(client->fd, buffer, size, 0);
                return n < 0 && errno != EAGAIN ? 0 : n;
        }
        int n = SSL_read(client->ssl, buffer, (int)size);
        if (n > 0)
                return n;
        return SSL_get_error(client->ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

char *
test_client_take(TestClient *client)
{
        GString *text = g_string_new(NULL);
        char buffer[4096];

        for (ssize_t n;
             !client->is_closed && (n = read_some(client, buffer, sizeof(buffer))) >= 0;) {
                client->is_closed = n == 0;
                g_string_append_len(text, buffer, n);
        }
        return g_string_free(text, FALSE);
}

char *
test_client_open(TestClient *client, const char *host)
{
        g_autofree char *header = test_session_header(host);

        g_free(test_client_take(client));
        test_client_send(client, header);
        return test_client_take(client);
}

char *
test_client_starttls(TestClient *client, const char *host, int max_version)
{
        g_free(test_client_open(client, host));
        test_client_send(client, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        g_autofree char *answer = test_client_take(client);
        g_assert_nonnull(strstr(answer, "<proceed"));
        g_assert_true(test_client_handshake(client, max_version, NULL));
        return test_client_open(client, host);
}
