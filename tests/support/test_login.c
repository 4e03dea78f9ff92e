/*
 * test_login: accounts, and a client's half of SASL.
 */
#include "support/test_login.h"

#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <string.h>

#define CLIENT_NONCE "clientnonce"

void
test_add_user(TestServer *server, const char *jid, const char *password)
{
        const char *const words[] = {"user", "add", jid, password, NULL};

        g_assert_cmpint(test_server_run_command(server, words, NULL), ==, 0);
}

TestServer *
test_login_server(const char *modules_yaml)
{
        TestServer *server = test_server_new_yaml(modules_yaml);

        test_server_certify(server, "");
        test_add_user(server, "romeo@example.org", "montague");
        test_add_user(server, "juliet@example.org", "capulet");
        return server;
}

TestLine
test_line_in_clear(TestServer *server)
{
        return (TestLine){.session = test_server_open(server, "example.org")};
}

TestLine
test_line_of(TestClient *client)
{
        return (TestLine){.session = test_client_session(client), .client = client};
}

void
test_line_send(const TestLine *line, const char *xml)
{
        if (line->client)
                test_client_send(line->client, xml);
        else
                test_session_receive(line->session, xml);
}

char *
test_line_take(const TestLine *line)
{
        return line->client ? test_client_take(line->client)
                            : test_session_take_sent(line->session);
}

static char *
encode(const char *text)
{
        return g_base64_encode((const guchar *)text, strlen(text));
}

void
test_line_auth(const TestLine *line, const char *mechanism, const char *message)
{
        g_autofree char *encoded = message ? encode(message) : g_strdup("");
        g_autofree char *xml = g_strdup_printf(
                "<auth xmlns='" TEST_NS_SASL "' mechanism='%s'>%s</auth>", mechanism, encoded);

        test_line_send(line, xml);
}

void
test_line_plain(const TestLine *line, const char *authzid, const char *username,
                const char *password)
{
        g_autoptr(GString) message = g_string_new(authzid);

        g_string_append_c(message, '\0');
        g_string_append(message, username);
        g_string_append_c(message, '\0');
        g_string_append(message, password);
        g_autofree char *encoded = g_base64_encode((const guchar *)message->str, message->len);
        g_autofree char *xml = g_strdup_printf(
                "<auth xmlns='" TEST_NS_SASL "' mechanism='PLAIN'>%s</auth>", encoded);
        test_line_send(line, xml);
}

void
test_line_respond(const TestLine *line, const char *message)
{
        g_autofree char *encoded = encode(message);
        g_autofree char *xml =
                g_strdup_printf("<response xmlns='" TEST_NS_SASL "'>%s</response>", encoded);

        test_line_send(line, xml);
}

char *
test_line_expect(const TestLine *line, const char *name)
{
        g_autofree char *sent = test_line_take(line);
        g_autofree char *start = g_strdup_printf("<%s xmlns='" TEST_NS_SASL "'", name);
        g_autoptr(GError) error = NULL;
        if (!g_str_has_prefix(sent, start))
                g_error("instead of <%s/>: %s", name, sent);
        g_autoptr(MotetXml) xml = motet_xml_parse(sent, -1, NULL, &error);
        g_assert_no_error(error);

        gsize n = 0;
        g_autofree guchar *bytes = g_base64_decode(motet_xml_text(xml), &n);
        return g_strndup((const char *)bytes, n);
}

void
test_assert_failure(const TestLine *line, const char *condition)
{
        g_autofree char *sent = test_line_take(line);
        g_autofree char *start =
                g_strdup_printf("<failure xmlns='" TEST_NS_SASL "'><%s/>", condition);

        if (!g_str_has_prefix(sent, start))
                g_error("instead of the failure %s: %s", condition, sent);
        g_assert_null(line->session->username);
}

void
test_assert_logged_in(const TestLine *line, const char *username)
{
        g_assert_cmpstr(line->session->username, ==, username);
        g_assert_cmpint(line->session->type, ==, MOTET_SESSION_C2S);
        g_assert_true(line->session->notopen);
        g_assert_true(motet_session_is_connected(line->session));
}

void
test_peer_clear(TestPeer *peer)
{
        g_free(peer->server_first);
        g_free(peer->final);
        g_free(peer->signature);
        g_clear_pointer(&peer->attributes, g_hash_table_unref);
}

TestPeer
test_peer_of(const char *mechanism, const char *username, const char *password)
{
        TestPeer peer = {.mechanism = mechanism,
                         .username = username,
                         .password = password,
                         .gs2_header = "n,,"};

        if (g_str_has_prefix(mechanism, "SCRAM-SHA-256"))
                peer.md = EVP_sha256();
        else
                peer.md = g_str_has_prefix(mechanism, "SCRAM-SHA-512") ? EVP_sha512() : EVP_sha1();
        return peer;
}

char *
test_peer_first(const TestPeer *peer)
{
        return g_strdup_printf("%sn=%s,r=" CLIENT_NONCE, peer->gs2_header, peer->username);
}

void
test_peer_take_challenge(TestPeer *peer, char *server_first_taken)
{
        g_auto(GStrv) parts = g_strsplit(server_first_taken, ",", -1);

        peer->server_first = server_first_taken;
        peer->attributes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        for (char **part = parts; *part; part++)
                g_hash_table_insert(peer->attributes, g_strndup(*part, 1), g_strdup(*part + 2));
        g_assert_true(g_str_has_prefix(g_hash_table_lookup(peer->attributes, "r"), CLIENT_NONCE));
        g_assert_cmpuint(strlen(g_hash_table_lookup(peer->attributes, "r")), >,
                         strlen(CLIENT_NONCE) + 16);
}

static void
mac(const TestPeer *peer, const uint8_t *key, const char *text, uint8_t *out)
{
        HMAC(peer->md, key, EVP_MD_get_size(peer->md), (const uint8_t *)text, strlen(text), out,
             NULL);
}

void
test_peer_prove(TestPeer *peer)
{
        int len = EVP_MD_get_size(peer->md);
        gsize salt_len = 0;
        g_autofree guchar *salt =
                g_base64_decode(g_hash_table_lookup(peer->attributes, "s"), &salt_len);
        guint64 iterations = 0;
        g_ascii_string_to_unsigned(g_hash_table_lookup(peer->attributes, "i"), 10, 1, 1000000,
                                   &iterations, NULL);

        g_autoptr(GByteArray) binding = g_byte_array_new();
        g_byte_array_append(binding, (const guint8 *)peer->gs2_header,
                            (guint)strlen(peer->gs2_header));
        if (peer->binding)
                g_byte_array_append(binding, g_bytes_get_data(peer->binding, NULL),
                                    (guint)g_bytes_get_size(peer->binding));
        g_autofree char *c = g_base64_encode(binding->data, binding->len);
        g_autofree char *unproved =
                g_strdup_printf("c=%s,r=%s", c, (char *)g_hash_table_lookup(peer->attributes, "r"));
        g_autofree char *message = g_strdup_printf("n=%s,r=" CLIENT_NONCE ",%s,%s", peer->username,
                                                   peer->server_first, unproved);

        uint8_t salted[EVP_MAX_MD_SIZE], client_key[EVP_MAX_MD_SIZE], stored_key[EVP_MAX_MD_SIZE];
        uint8_t server_key[EVP_MAX_MD_SIZE], proof[EVP_MAX_MD_SIZE], signature[EVP_MAX_MD_SIZE];
        PKCS5_PBKDF2_HMAC(peer->password, -1, salt, (int)salt_len, (int)iterations, peer->md, len,
                          salted);
        mac(peer, salted, "Client Key", client_key);
        EVP_Digest(client_key, (size_t)len, stored_key, NULL, peer->md, NULL);
        mac(peer, stored_key, message, proof);
        for (int i = 0; i < len; i++)
                proof[i] ^= client_key[i];
        mac(peer, salted, "Server Key", server_key);
        mac(peer, server_key, message, signature);

        g_autofree char *p = g_base64_encode(proof, (gsize)len);
        g_autofree char *v = g_base64_encode(signature, (gsize)len);
        peer->final = g_strdup_printf("%s,p=%s", unproved, p);
        peer->signature = g_strdup_printf("v=%s", v);
}

void
test_peer_begin(TestPeer *peer, const TestLine *line)
{
        g_autofree char *first = test_peer_first(peer);

        test_line_auth(line, peer->mechanism, first);
        test_peer_take_challenge(peer, test_line_expect(line, "challenge"));
}

void
test_peer_run(TestPeer *peer, const TestLine *line)
{
        test_peer_begin(peer, line);
        test_peer_prove(peer);
        test_line_respond(line, peer->final);
}

void
test_assert_logs_in(const TestLine *line, const char *mechanism, const char *username,
                    const char *password)
{
        g_auto(TestPeer) peer = test_peer_of(mechanism, username, password);

        test_peer_run(&peer, line);
        g_autofree char *data = test_line_expect(line, "success");
        g_assert_cmpstr(data, ==, peer.signature);
}

void
test_assert_wrong_password(const TestLine *line)
{
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "capulet");

        test_peer_run(&peer, line);
        test_assert_failure(line, "not-authorized");
}

TestClient *
test_line_secure(TestServer *server)
{
        TestClient *client = test_client_new(server, "192.0.2.1");

        g_free(test_client_starttls(client, "example.org", TLS1_3_VERSION));
        return client;
}
