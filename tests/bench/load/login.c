/*
 * login: see login.h.
 *
 * RFC 6120 sections 5 (STARTTLS), 6 (SASL) and 7 (binding), RFC 3921 section 3 (session, where the
 * server insists), RFC 6121 sections 2.2 (roster) and 4.2 (initial presence).
 */
#include "login.h"

#include <string.h>

#define SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define SESSION "urn:ietf:params:xml:ns:xmpp-session"

static bool
contains(const char *stanza, size_t len, const char *text)
{
        return memmem(stanza, len, text, strlen(text)) != NULL;
}

static void
fail_at(Client *client, const char *what, const char *stanza, size_t len)
{
        client_fail(client, "%s: %.*s", what, (int)MIN(len, 500), stanza);
}

/* What is between the first tag and the last. Returns: (owned) */
static char *
text_of(const char *stanza, size_t len)
{
        const char *start = memchr(stanza, '>', len), *end = memrchr(stanza, '<', len);
        return start && start < end ? g_strndup(start + 1, (gsize)(end - start - 1)) : g_strdup("");
}

/* Returns: (owned) the text that is in base64 in @stanza; NULL when it is none */
static char *
decoded_text_of(const char *stanza, size_t len)
{
        gsize n;
        g_autofree char *encoded = text_of(stanza, len);
        g_autofree char *raw = (char *)g_base64_decode(encoded, &n);
        return n > 0 && !memchr(raw, 0, n) ? g_strndup(raw, n) : NULL;
}

static void
send_auth(Client *client)
{
        const Options *options = client->clients->options;
        g_autofree char *user = client_account(client);
        g_autofree char *encoded = NULL;

        if (g_str_equal(options->mechanism, "PLAIN")) {
                g_autofree char *text = g_strdup_printf("0%s0%s", user, options->password);
                size_t len = strlen(text);
                text[0] = text[1 + strlen(user)] = '\0';
                encoded = g_base64_encode((const guchar *)text, len);
        } else {
                g_autofree char *nonce =
                        g_strdup_printf("%08x%08x%08x%08x", g_random_int(), g_random_int(),
                                        g_random_int(), g_random_int());
                g_autofree char *first = scram_first(&client->scram, user, nonce);
                encoded = g_base64_encode((const guchar *)first, strlen(first));
        }
        client->state = CLIENT_SASL;
        client_send_text(client, "<auth xmlns='" SASL "' mechanism='%s'>%s</auth>",
                         options->mechanism, encoded);
}

static void
on_features(Client *client, const char *stanza, size_t len)
{
        const Options *options = client->clients->options;

        if (options->security == SECURITY_STARTTLS && !client->wire.is_secured) {
                if (!contains(stanza, len, "<starttls")) {
                        fail_at(client, "the server offers no STARTTLS", stanza, len);
                        return;
                }
                client->state = CLIENT_STARTTLS;
                client_send_text(client, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
                return;
        }

        g_autofree char *offer = g_strdup_printf(">%s<", options->mechanism);
        if (contains(stanza, len, offer))
                send_auth(client);
        else
                fail_at(client, "the server does not offer the mechanism", stanza, len);
}

static void
on_starttls(Client *client, const char *stanza, size_t len)
{
        if (cut_is(stanza, len, "proceed"))
                client_secure(client);
        else
                fail_at(client, "STARTTLS failed", stanza, len);
}

static void
on_challenge(Client *client, const char *stanza, size_t len)
{
        g_autofree char *challenge = decoded_text_of(stanza, len);

        /* RFC 5802 section 5: the server's proof may also come as a challenge of its own. */
        if (challenge && scram_is_server(&client->scram, challenge)) {
                client_send_text(client, "<response xmlns='" SASL "'/>");
                return;
        }
        g_autofree char *final =
                challenge ? scram_final(&client->scram, client->clients->keys, challenge) : NULL;
        if (!final) {
                fail_at(client, "odd challenge", stanza, len);
                return;
        }
        g_autofree char *encoded = g_base64_encode((const guchar *) final, strlen(final));
        client_send_text(client, "<response xmlns='" SASL "'>%s</response>", encoded);
}

static void
on_sasl(Client *client, const char *stanza, size_t len)
{
        if (cut_is(stanza, len, "challenge")) {
                on_challenge(client, stanza, len);
                return;
        }
        if (!cut_is(stanza, len, "success")) {
                fail_at(client, "the login was refused", stanza, len);
                return;
        }

        g_autofree char *proof = decoded_text_of(stanza, len);
        if (proof && !scram_is_server(&client->scram, proof)) {
                client_fail(client, "the server does not know the password");
                return;
        }
        scram_clear(&client->scram);
        client->state = CLIENT_BIND_FEATURES;
        client_start_stream(client);
}

static void
on_bind_features(Client *client, const char *stanza, size_t len)
{
        if (!contains(stanza, len, "urn:ietf:params:xml:ns:xmpp-bind")) {
                fail_at(client, "the server offers no resource binding", stanza, len);
                return;
        }

        /* Where a server says nothing about leaving it out, a session is begun (RFC 3921 section
         * 3). */
        const char *session = memmem(stanza, len, SESSION, strlen(SESSION));
        const char *next = session ? memchr(session, '<', (size_t)(stanza + len - session)) : NULL;
        client->wants_session = next && !cut_is(next, (size_t)(stanza + len - next), "optional");
        client->state = CLIENT_BINDING;
        client_send_text(client,
                         "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                         "<resource>r%u</resource></bind></iq>",
                         client->resource);
}

static void
send_presence(Client *client)
{
        client->state = CLIENT_READY;
        client_send_text(client, "<presence/>");
}

static void
ask_roster(Client *client)
{
        if (!client->clients->options->roster) {
                send_presence(client);
                return;
        }
        client->state = CLIENT_ROSTER;
        client_send_text(client,
                         "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
}

static void
on_bound(Client *client, const char *stanza, size_t len)
{
        const char *start = memmem(stanza, len, "<jid>", strlen("<jid>"));
        const char *end = memmem(stanza, len, "</jid>", strlen("</jid>"));
        if (!start || !end || end < start) {
                fail_at(client, "the server bound no JID", stanza, len);
                return;
        }
        start += strlen("<jid>");
        client->jid = g_strndup(start, (gsize)(end - start));
        if (!client->wants_session) {
                ask_roster(client);
                return;
        }
        client->state = CLIENT_SESSION;
        client_send_text(client, "<iq type='set' id='session'><session xmlns='" SESSION "'/></iq>");
}

/* Whether @stanza answers the iq called @id; a refusal makes the client fail. */
static bool
is_result(Client *client, const char *id, const char *stanza, size_t len)
{
        if (!cut_is(stanza, len, "iq") || !cut_attr_is(stanza, len, "id", id))
                return false;
        if (cut_attr_is(stanza, len, "type", "error"))
                fail_at(client, "the server refused a step of the login", stanza, len);
        return cut_attr_is(stanza, len, "type", "result");
}

void
login_step(Client *client, const char *stanza, size_t len)
{
        switch (client->state) {
        case CLIENT_FEATURES:
                on_features(client, stanza, len);
                break;
        case CLIENT_STARTTLS:
                on_starttls(client, stanza, len);
                break;
        case CLIENT_SASL:
                on_sasl(client, stanza, len);
                break;
        case CLIENT_BIND_FEATURES:
                on_bind_features(client, stanza, len);
                break;
        case CLIENT_BINDING:
                if (is_result(client, "bind", stanza, len))
                        on_bound(client, stanza, len);
                break;
        case CLIENT_SESSION:
                if (is_result(client, "session", stanza, len))
                        ask_roster(client);
                break;
        case CLIENT_ROSTER:
                if (is_result(client, "roster", stanza, len))
                        send_presence(client);
                break;
        default:
                break;
        }
}
