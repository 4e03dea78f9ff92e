/* load: see load.h. SCRAM as in RFC 5802. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY_LEN 20
#define PORTS_PER_ADDRESS 20000
#define READ_MAX 65536

static void
load_die(Load *load, LoadClient *client, const char *why)
{
        client->state = LOAD_DEAD;
        load->failure = why;
}

static void
send_text(Load *load, LoadClient *client, const char *text)
{
        size_t len = strlen(text);
        ssize_t n = send(client->fd, text, len, MSG_NOSIGNAL);
        if (n != (ssize_t)len)
                load_die(load, client, "short send");
}

static void
send_header(Load *load, LoadClient *client)
{
        g_autofree char *header =
                g_strdup_printf("<stream:stream xmlns='jabber:client' version='1.0' to='%s' "
                                "xmlns:stream='http://etherx.jabber.org/streams'>",
                                load->host);
        send_text(load, client, header);
}

static void
send_auth(Load *load, LoadClient *client)
{
        client->first = g_strdup_printf("n=user%u,r=%08x%08x", client->user, g_random_int(),
                                        g_random_int());
        g_autofree char *message = g_strconcat("n,,", client->first, NULL);
        g_autofree char *encoded = g_base64_encode((const guchar *)message, strlen(message));
        g_autofree char *auth = g_strdup_printf("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
                                                "mechanism='SCRAM-SHA-1'>%s</auth>",
                                                encoded);
        send_text(load, client, auth);
}

static const uint8_t *
salted_password(Load *load, const char *salt, const char *iterations)
{
        char *key = g_strconcat(salt, ",", iterations, NULL);
        uint8_t *salted = g_hash_table_lookup(load->salted, key);
        if (salted) {
                g_free(key);
                return salted;
        }

        gsize salt_len;
        g_autofree guchar *raw = g_base64_decode(salt, &salt_len);
        salted = g_malloc(KEY_LEN);
        PKCS5_PBKDF2_HMAC_SHA1(load->password, -1, raw, (int)salt_len,
                               (int)g_ascii_strtoll(iterations, NULL, 10), KEY_LEN, salted);
        g_hash_table_insert(load->salted, key, salted);
        return salted;
}

static void
send_proof(Load *load, LoadClient *client, const char *challenge)
{
        gsize len;
        g_autofree char *server_first = (char *)g_base64_decode(challenge, &len);
        g_auto(GStrv) parts = g_strsplit(server_first, ",", 3);
        if (g_strv_length(parts) != 3) {
                load_die(load, client, "odd challenge");
                return;
        }

        const uint8_t *salted = salted_password(load, parts[1] + 2, parts[2] + 2);
        g_autofree char *final = g_strconcat("c=biws,", parts[0], NULL);
        g_autofree char *auth_message =
                g_strconcat(client->first, ",", server_first, ",", final, NULL);
        uint8_t client_key[KEY_LEN], stored_key[KEY_LEN], signature[KEY_LEN];
        HMAC(EVP_sha1(), salted, KEY_LEN, (const uint8_t *)"Client Key", 10, client_key, NULL);
        EVP_Digest(client_key, KEY_LEN, stored_key, NULL, EVP_sha1(), NULL);
        HMAC(EVP_sha1(), stored_key, KEY_LEN, (const uint8_t *)auth_message, strlen(auth_message),
             signature, NULL);
        for (unsigned i = 0; i < KEY_LEN; i++)
                client_key[i] ^= signature[i];

        g_autofree char *proof = g_base64_encode(client_key, KEY_LEN);
        g_autofree char *message = g_strconcat(final, ",p=", proof, NULL);
        g_autofree char *encoded = g_base64_encode((const guchar *)message, strlen(message));
        g_autofree char *response = g_strdup_printf(
                "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>", encoded);
        send_text(load, client, response);
}

void
load_send_message(Load *load, LoadClient *client)
{
        char text[512];
        g_snprintf(text, sizeof text,
                   "<message to='user%u@%s/r%u' type='chat' id='m%08x'><body>A chat message of "
                   "about the "
                   "length people write to each other, more or less, to be delivered.</body>"
                   "<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
                   client->peer->user, load->host, client->peer->resource, g_random_int());
        client->sent_at = g_get_monotonic_time();
        send_text(load, client, text);
}

/* Uses up the input through the end of @mark. Returns: whether it was there */
static bool
take_through(LoadClient *client, const char *mark)
{
        const char *found = client->in ? strstr(client->in->str, mark) : NULL;
        if (!found)
                return false;
        g_string_erase(client->in, 0, found - client->in->str + (gssize)strlen(mark));
        return true;
}

static void
on_challenge(Load *load, LoadClient *client)
{
        const char *start = strstr(client->in->str, "<challenge");
        const char *text = start ? strchr(start, '>') : NULL;
        const char *end = text ? strstr(text, "</challenge>") : NULL;
        if (!end)
                return;

        g_autofree char *challenge = g_strndup(text + 1, (gsize)(end - text - 1));
        take_through(client, "</challenge>");
        client->state = LOAD_SUCCESS;
        send_proof(load, client, challenge);
        g_clear_pointer(&client->first, g_free);
}

static void
on_ready(Load *load, LoadClient *client)
{
        while (take_through(client, "</message>")) {
                int64_t latency = g_get_monotonic_time() - client->peer->sent_at;
                load->n_received++;
                g_array_append_val(load->latencies, latency);
                load_send_message(load, client);
        }
}

static bool
step(Load *load, LoadClient *client)
{
        LoadState before = client->state;

        switch (client->state) {
        case LOAD_FEATURES:
                if (take_through(client, "</stream:features>")) {
                        client->state = LOAD_CHALLENGE;
                        send_auth(load, client);
                }
                break;
        case LOAD_CHALLENGE:
                on_challenge(load, client);
                break;
        case LOAD_SUCCESS:
                if (take_through(client, "</success>")) {
                        client->state = LOAD_BIND_FEATURES;
                        send_header(load, client);
                }
                break;
        case LOAD_BIND_FEATURES:
                if (take_through(client, "</stream:features>")) {
                        g_autofree char *bind = g_strdup_printf(
                                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:"
                                "xml:ns:xmpp-bind'><resource>r%u</resource></bind></iq>",
                                client->resource);
                        client->state = LOAD_BINDING;
                        send_text(load, client, bind);
                }
                break;
        case LOAD_BINDING:
                if (take_through(client, "</iq>")) {
                        client->state = LOAD_READY;
                        send_text(load, client, "<presence/>");
                }
                break;
        case LOAD_READY:
                on_ready(load, client);
                break;
        case LOAD_CONNECTING:
        case LOAD_DEAD:
                break;
        }
        return client->state != before;
}

void
load_readable(Load *load, LoadClient *client)
{
        if (client->state == LOAD_CONNECTING) {
                client->state = LOAD_FEATURES;
                send_header(load, client);
                return;
        }

        static char buffer[READ_MAX];
        ssize_t n = recv(client->fd, buffer, sizeof buffer, 0);
        if (n <= 0) {
                if (n == 0 || errno != EAGAIN)
                        load_die(load, client, "the server closed a connection");
                return;
        }
        if (!client->in)
                client->in = g_string_new(NULL);
        g_string_append_len(client->in, buffer, n);
        if (strstr(client->in->str, "<stream:error") || strstr(client->in->str, "<failure"))
                load_die(load, client, "the server refused a login or ended a stream");
        while (client->state != LOAD_DEAD && step(load, client))
                continue;
        if (client->state == LOAD_READY && !client->peer) {
                g_string_free(client->in, TRUE);
                client->in = NULL;
        }
}

bool
load_open(Load *load, LoadClient *client, unsigned index)
{
        struct sockaddr_in from = {.sin_family = AF_INET};
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(load->port)};
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index / PORTS_PER_ADDRESS);

        client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (client->fd < 0 || inet_pton(AF_INET, load->address, &to.sin_addr) != 1)
                return false;
        if (index >= PORTS_PER_ADDRESS &&
            bind(client->fd, (struct sockaddr *)&from, sizeof from) < 0)
                return false;
        return connect(client->fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS;
}

void
load_close(LoadClient *client)
{
        if (client->fd > 0)
                close(client->fd);
        if (client->in)
                g_string_free(client->in, TRUE);
        g_free(client->first);
}
