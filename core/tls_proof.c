/*
 * tls_proof: one handshake in memory with a context that is about to serve.
 *
 * What OpenSSL 3.0 has no memory for while it makes a context - a suite, a signature algorithm - it
 * leaves out, without an error: such a context would refuse every client until it is made anew, and
 * nothing but a client can tell.
 */
#include <openssl/err.h>

#include <motet/error.h>

#include "core/tls.h"
#include "core/tls_error.h"

#define ROUNDS_MAX 64 /* a long chain of certificates fills the pair of buffers some times */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL, SSL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_CTX, SSL_CTX_free)

/* Returns: 1 when it is done, 0 when it waits for the other side, -1 when it failed */
static int
go_on(SSL *ssl)
{
        int result = SSL_do_handshake(ssl);
        if (result == 1)
                return 1;

        int reason = SSL_get_error(ssl, result);
        return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* Both get an end of one pair of buffers. */
static bool
connect_pair(SSL *client, SSL *server)
{
        BIO *near, *far;

        if (client == NULL || server == NULL || BIO_new_bio_pair(&near, 0, &far, 0) != 1)
                return false;
        SSL_set_bio(client, near, near);
        SSL_set_bio(server, far, far);
        SSL_set_connect_state(client);
        SSL_set_accept_state(server);
        return true;
}

static bool
shake_hands(SSL *client, SSL *server)
{
        for (unsigned i = 0; i < ROUNDS_MAX; i++) {
                int near = go_on(client);
                int far = near < 0 ? -1 : go_on(server);

                if (far < 0)
                        return false;
                if (near == 1 && far == 1)
                        return true;
        }
        return false;
}

bool
tls_proof(SSL_CTX *context, GError **error)
{
        ERR_clear_error();
        g_autoptr(SSL_CTX) clients = SSL_CTX_new(TLS_client_method());
        g_autoptr(SSL) client = clients == NULL ? NULL : SSL_new(clients);
        g_autoptr(SSL) server = SSL_new(context);

        if (connect_pair(client, server)) {
                /* Whom to trust, and how strong a key must be, is another question. */
                SSL_set_verify(client, SSL_VERIFY_NONE, NULL);
                SSL_set_security_level(client, 0);
                if (shake_hands(client, server)) {
                        ERR_clear_error();
                        return true;
                }
        }
        g_autofree char *text = tls_error_text();
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                    "OpenSSL cannot serve with this certificate: %s", text);
        return false;
}
