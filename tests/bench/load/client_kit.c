/* client_kit: see client_kit.h. */
#include "client_kit.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

static void
keep_stanza(Client *client, const char *stanza, size_t len)
{
        ClientKit *f = client->clients->work;
        g_string_append_printf(f->got, "%.*s\n", (int)len, stanza);
        if (f->is_over)
                client_leave(client);
}

void
client_kit_init(ClientKit *f, const char *words)
{
        g_autofree char *line = g_strconcat("bench_xmpp login --port 1 ", words, NULL);
        g_auto(GStrv) argv = g_strsplit(line, " ", -1);
        g_autofree char **given = g_memdup2(argv, (g_strv_length(argv) + 1) * (gsize)sizeof *argv);
        int ends[2];

        *f = (ClientKit){.got = g_string_new(NULL), .part = 100000};
        g_assert_true(options_parse(&f->options, (int)g_strv_length(argv), given, NULL));
        clients_init(&f->clients, &f->options);
        f->clients.work = f;
        f->clients.on_stanza = keep_stanza;
        client_init(&f->client, &f->clients, f->options.user, 7);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), ==, 0);
        f->peer = ends[1];
        g_assert_true(wire_take_fd(&f->client.wire, ends[0]));
        f->client.state = CLIENT_CONNECTING;
        client_handle(&f->client, EPOLLOUT);
}

void
client_kit_clear(ClientKit *f)
{
        client_clear(&f->client);
        clients_clear(&f->clients);
        options_clear(&f->options);
        g_string_free(f->got, TRUE);
        SSL_free(f->tls);
        SSL_CTX_free(f->context);
        close(f->peer);
}

static void
send_bytes(ClientKit *f, const char *data, size_t len)
{
        if (f->tls)
                g_assert_cmpint(SSL_write(f->tls, data, (int)len), ==, (int)len);
        else
                g_assert_cmpint(write(f->peer, data, len), ==, (gssize)len);
}

void
client_kit_say(ClientKit *f, const char *text)
{
        for (size_t at = 0, len = strlen(text); at < len; at += f->part) {
                send_bytes(f, text + at, MIN(f->part, len - at));
                client_handle(&f->client, EPOLLIN);
        }
}

char *
client_kit_heard(ClientKit *f)
{
        char data[65536];
        long n = f->tls ? SSL_read(f->tls, data, sizeof data) : read(f->peer, data, sizeof data);
        return n > 0 ? g_strndup(data, (gsize)n) : g_strdup("");
}

void
client_kit_assert_heard(ClientKit *f, const char *part)
{
        g_autofree char *text = client_kit_heard(f);
        if (!strstr(text, part))
                g_error("the client said '%s' instead of '%s'", text, part);
}

void
client_kit_log_in(ClientKit *f)
{
        g_autofree char *bind = g_strdup_printf(KIT_BIND, "");

        client_kit_assert_heard(f, "to='localhost'");
        client_kit_say(f, KIT_SASL);
        client_kit_assert_heard(f, ">" KIT_LOGIN_PLAIN "</auth>");
        client_kit_say(f, KIT_SUCCESS);
        client_kit_assert_heard(f, "<stream:stream ");
        client_kit_say(f, bind);
        client_kit_assert_heard(f, "<resource>r0</resource>");
        client_kit_say(f, KIT_BOUND);
        client_kit_assert_heard(f, "jabber:iq:roster");
        client_kit_say(f, KIT_ROSTER);
        client_kit_assert_heard(f, "<presence/>");
        g_assert_cmpint(f->client.state, ==, CLIENT_READY);
        g_assert_cmpstr(f->client.jid, ==, "user7@localhost/x");
}

void
client_kit_start_tls(ClientKit *f, int version)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *certificate = X509_new();
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
        X509_set_pubkey(certificate, key);
        X509_sign(certificate, key, EVP_sha256());

        f->context = SSL_CTX_new(TLS_server_method());
        SSL_CTX_set_max_proto_version(f->context, version);
        SSL_CTX_use_certificate(f->context, certificate);
        SSL_CTX_use_PrivateKey(f->context, key);
        X509_free(certificate);
        EVP_PKEY_free(key);
        f->tls = SSL_new(f->context);
        SSL_set_fd(f->tls, f->peer);
        SSL_set_accept_state(f->tls);
}

bool
client_kit_shake_hands(ClientKit *f)
{
        for (unsigned i = 0; i < 4 && SSL_do_handshake(f->tls) != 1; i++)
                client_handle(&f->client, EPOLLIN);
        client_handle(&f->client, EPOLLIN);
        return SSL_is_init_finished(f->tls) && f->client.state == CLIENT_FEATURES;
}
