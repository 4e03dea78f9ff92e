/*
 * Tests of sessions over sockets and inside TLS: RFC 6120 section 5, XEP-0368.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test_core.h"
#include "support/tls_pair.h"

#define HEADER                                                                                     \
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "    \
        "to='example.org' version='1.0'>"

/* A client at the other end of a socket pair. */
typedef struct {
        TestCore *core;
        TlsFiles files;
        MotetSession *session; /* (own) */
        int fd;
        SSL_CTX *context;
        SSL *ssl; /* NULL in clear */
        GString *read;
} Client;

static MotetResult
start_tls(MotetModule *self, MotetStanzaEvent *ev)
{
        g_autoptr(MotetXml) proceed = motet_xml_new("proceed", "urn:tls");

        test_core_note(self, "%d", motet_session_can_starttls(ev->session));
        motet_session_send(ev->session, proceed);
        motet_session_starttls(ev->session);
        test_core_note(self, "%d", motet_session_can_starttls(ev->session));
        return MOTET_HANDLED;
}

static const MotetHook hooks[] = {MOTET_ON_STANZA("stream/urn:tls:starttls", start_tls, 0), {0}};

static void
client_init(Client *client, bool direct_tls)
{
        const MotetListen spec = {
                .address = "*", .type = MOTET_SESSION_C2S, .direct_tls = direct_tls};
        g_autoptr(GError) error = NULL;
        int fds[2];

        /* The client's BIO uses write(). */
        signal(SIGPIPE, SIG_IGN);
        *client = (Client){.core = test_core_new(), .read = g_string_new(NULL)};
        tls_files_init(&client->files);
        tls_files_make(&client->files, "example.org");
        g_autofree char *chain = tls_files_path(&client->files, "example.org", ".crt");
        g_autofree char *key = tls_files_path(&client->files, "example.org", ".key");
        TlsServer *tls = client->core->server.tls;
        tls_server_set_certificate(tls, "example.org", chain, key, &error);
        g_assert_no_error(error);
        tls_server_set_certificate(tls, "", chain, key, &error);
        g_assert_no_error(error);
        test_core_module(client->core, client->core->host, hooks);

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), ==, 0);
        client->fd = fds[1];
        MotetSession *session =
                session_accept_fd(&client->core->server, &spec, fds[0], "192.0.2.1");
        g_assert_nonnull(session);
        client->session = motet_session_ref(session);
        g_assert_cmpstr(motet_conn_peer(session->conn), ==, "192.0.2.1");
}

static void
client_clear(Client *client)
{
        SSL_free(client->ssl);
        SSL_CTX_free(client->context);
        close(client->fd);
        test_core_settle(client->core);
        g_assert_null(client->session->conn);
        g_assert_cmpuint(client->core->server.n_streams, ==, 0);
        motet_session_unref(client->session);
        tls_files_clear(&client->files);
        test_core_free(client->core);
        g_string_free(client->read, TRUE);
}

static void
client_write(Client *client, const char *text)
{
        int n = (int)strlen(text);

        if (client->ssl)
                g_assert_cmpint(SSL_write(client->ssl, text, n), ==, n);
        else
                g_assert_cmpint(write(client->fd, text, (size_t)n), ==, n);
        test_core_settle(client->core);
}

/* Everything the server has sent, since the last time. */
static const char *
client_read(Client *client)
{
        char bytes[4096];

        g_string_truncate(client->read, 0);
        for (;;) {
                ssize_t n = client->ssl ? SSL_read(client->ssl, bytes, sizeof(bytes))
                                        : read(client->fd, bytes, sizeof(bytes));
                if (n <= 0)
                        return client->read->str;
                g_string_append_len(client->read, bytes, n);
        }
}

static void
client_handshake(Client *client)
{
        client->context = SSL_CTX_new(TLS_client_method());
        client->ssl = SSL_new(client->context);
        SSL_set_fd(client->ssl, client->fd);
        SSL_set_connect_state(client->ssl);
        SSL_set_tlsext_host_name(client->ssl, "example.org");
        for (unsigned i = 0; i < 20 && SSL_do_handshake(client->ssl) != 1; i++)
                test_core_settle(client->core);
        g_assert_true(SSL_is_init_finished(client->ssl));
        test_core_settle(client->core);
}

static void
test_socket(void)
{
        Client client;
        client_init(&client, false);

        client_write(&client, HEADER);
        g_assert_nonnull(strstr(client_read(&client), "<stream:features>"));
        client_write(&client, "</stream:stream>");

        g_assert_cmpstr(client_read(&client), ==, "</stream:stream>");
        client_clear(&client);
}

/* RFC 6120 5.4.3: after TLS a new stream, of which the server knows that it is secure. */
static void
test_starttls(void)
{
        Client client;
        client_init(&client, false);
        client_write(&client, HEADER);
        client_read(&client);

        client_write(&client, "<starttls xmlns='urn:tls'/>");
        g_assert_cmpstr(client_read(&client), ==, "<proceed xmlns='urn:tls'/>");
        g_assert_false(motet_session_is_secure(client.session));
        client_handshake(&client);
        g_assert_true(motet_session_is_secure(client.session));
        g_assert_true(client.session->notopen);
        test_core_assert_log(client.core, "1 0");
        client_write(&client, HEADER);

        g_assert_nonnull(strstr(client_read(&client), "<stream:features>"));
        g_assert_false(motet_session_can_starttls(client.session));
        client_clear(&client);
}

static void
test_direct_tls(void)
{
        Client client;
        client_init(&client, true);

        client_handshake(&client);
        g_assert_true(motet_session_is_secure(client.session));
        client_write(&client, HEADER);

        g_assert_nonnull(strstr(client_read(&client), "<stream:features>"));
        client_clear(&client);
}

/* Inside a handshake no stream error can be told; the connection ends. */
static void
test_close_inside_a_handshake(void)
{
        Client client;
        client_init(&client, true);

        motet_session_close(client.session, MOTET_SYSTEM_SHUTDOWN, NULL);
        test_core_settle(client.core);

        g_assert_cmpstr(client_read(&client), ==, "");
        g_assert_null(client.session->conn);
        client_clear(&client);
}

/* R13: the handshake is bounded, 10 s from its start. */
static void
test_handshake_deadline(void)
{
        Client client;
        client_init(&client, true);

        test_core_advance(client.core, 9999 * G_TIME_SPAN_MILLISECOND);
        g_assert_nonnull(client.session->conn);
        test_core_advance(client.core, 10 * G_TIME_SPAN_MILLISECOND);

        g_assert_null(client.session->conn);
        client_clear(&client);
}

/* A login deadline that passes inside a handshake ends it as well. */
static void
test_login_deadline_inside_a_handshake(void)
{
        Client client;
        client_init(&client, false);
        client_write(&client, HEADER);
        test_core_advance(client.core, 25 * G_TIME_SPAN_SECOND);
        client_write(&client, "<starttls xmlns='urn:tls'/>");
        client_read(&client);

        test_core_advance(client.core, 5001 * G_TIME_SPAN_MILLISECOND);

        g_assert_cmpstr(client_read(&client), ==, "");
        g_assert_null(client.session->conn);
        client_clear(&client);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session-tls/socket", test_socket);
        g_test_add_func("/session-tls/starttls", test_starttls);
        g_test_add_func("/session-tls/direct-tls", test_direct_tls);
        g_test_add_func("/session-tls/close-inside-a-handshake", test_close_inside_a_handshake);
        g_test_add_func("/session-tls/handshake-deadline", test_handshake_deadline);
        g_test_add_func("/session-tls/login-deadline-inside-a-handshake",
                        test_login_deadline_inside_a_handshake);
        return g_test_run();
}
