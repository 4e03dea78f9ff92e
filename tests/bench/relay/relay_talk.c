/*
 * relay_talk: finds stanzas and addresses by plain text search, and forwards. See relay.h.
 *
 * What it takes for granted, as load generators write so: stanzas of one kind are not nested, and
 * attributes have no `>`. Passwords are not looked at. It answers RFC 6120 sections 4.2, 5.4, 6.4
 * and 7.6, RFC 5802 section 5.1 and RFC 6121 section 2.1.3.
 */
#include "relay.h"

#include <stdio.h>
#include <string.h>

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"
#define SALT "QSXCR+Q6sek8bf92"
#define NAME_MAX_LEN 32

typedef struct {
        const char *data;
        size_t len;
        size_t tag_len; /* of the first tag */
        size_t name_len;
} Stanza;

typedef enum { STANZA_WHOLE, STANZA_PARTIAL, STANZA_BROKEN } StanzaState;

/* Neighbours for one receiver go there together. */
typedef struct {
        RelayConn *to;
        const char *data;
        size_t len;
} Run;

static const char *
find(const char *data, size_t len, const char *text)
{
        return memmem(data, len, text, strlen(text));
}

static bool
is_named(const Stanza *stanza, const char *name)
{
        return stanza->name_len == strlen(name) &&
               memcmp(stanza->data + 1, name, stanza->name_len) == 0;
}

static bool
has(const Stanza *stanza, const char *text)
{
        return find(stanza->data, stanza->len, text) != NULL;
}

/* @data begins with `<`. */
static StanzaState
stanza_find(const char *data, size_t len, Stanza *stanza)
{
        const char *tag_end = memchr(data, '>', len);
        if (!tag_end)
                return STANZA_PARTIAL;

        stanza->data = data;
        stanza->len = stanza->tag_len = (size_t)(tag_end - data) + 1;
        size_t name_len = data[1] == '/' ? 1 : 0;
        while (!memchr(" \t\r\n/>", data[1 + name_len], 6))
                name_len++;
        stanza->name_len = name_len;
        if (tag_end[-1] == '/' || data[1] == '/' || data[1] == '?' ||
            is_named(stanza, "stream:stream"))
                return STANZA_WHOLE;
        if (name_len == 0 || name_len > NAME_MAX_LEN)
                return STANZA_BROKEN;

        char end[NAME_MAX_LEN + 3] = "</";
        memcpy(end + 2, data + 1, name_len);
        end[2 + name_len] = '>';
        const char *at = memmem(tag_end + 1, len - stanza->tag_len, end, name_len + 3);
        if (!at)
                return STANZA_PARTIAL;
        stanza->len = (size_t)(at - data) + name_len + 3;
        return STANZA_WHOLE;
}

/* @name: " to=". Returns: where the value of the attribute is, @len_out long; NULL: it has none */
static const char *
attr(const Stanza *stanza, const char *name, size_t *len_out)
{
        const char *at = find(stanza->data, stanza->tag_len, name);
        if (!at)
                return NULL;
        const char *value = at + strlen(name) + 1;
        const char *end =
                memchr(value, value[-1], (size_t)(stanza->data + stanza->tag_len - value));
        if (!end)
                return NULL;
        *len_out = (size_t)(end - value);
        return value;
}

static char *
attr_dup(const Stanza *stanza, const char *name)
{
        size_t len;
        const char *value = attr(stanza, name, &len);

        return value ? g_strndup(value, len) : g_strdup("");
}

/* Addresses */

static uint32_t
hash_of(const char *text, size_t len)
{
        uint32_t hash = 2166136261u;

        for (size_t i = 0; i < len; i++)
                hash = (hash ^ (unsigned char)text[i]) * 16777619u;
        return hash;
}

static RelayConn *
find_receiver(const Relay *relay, const char *jid, size_t len)
{
        uint32_t hash = hash_of(jid, len);

        for (RelayConn *conn = relay->slots[hash % RELAY_SLOTS]; conn; conn = conn->next) {
                if (conn->hash == hash && conn->jid_len == len && memcmp(conn->jid, jid, len) == 0)
                        return conn;
        }
        return NULL;
}

/* The last to bind an address gets what is sent there. */
static void
remember(Relay *relay, RelayConn *conn)
{
        conn->jid_len = strlen(conn->jid);
        conn->hash = hash_of(conn->jid, conn->jid_len);
        conn->next = relay->slots[conn->hash % RELAY_SLOTS];
        relay->slots[conn->hash % RELAY_SLOTS] = conn;
}

void
relay_forget(Relay *relay, RelayConn *conn)
{
        if (conn->is_available)
                g_ptr_array_remove_fast(relay->fans, conn);
        if (!conn->jid)
                return;
        RelayConn **link = &relay->slots[conn->hash % RELAY_SLOTS];
        while (*link != conn)
                link = &(*link)->next;
        *link = conn->next;
}

/* Login */

G_GNUC_PRINTF(3, 4)
static void
answer(Relay *relay, RelayConn *conn, const char *format, ...)
{
        va_list list;

        va_start(list, format);
        g_autofree char *text = g_strdup_vprintf(format, list);
        va_end(list);
        relay_conn_send(relay, conn, text, strlen(text));
}

static void
open_stream(Relay *relay, RelayConn *conn)
{
        const char *features =
                "<mechanisms xmlns='" NS_SASL "'><mechanism>SCRAM-SHA-256</mechanism>"
                "<mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>";

        if (conn->is_authenticated)
                features = "<bind xmlns='" NS_BIND "'/><session xmlns='" NS_SESSION
                           "'><optional/></session>";
        answer(relay, conn,
               "<?xml version='1.0'?><stream:stream from='%s' id='relay' version='1.0' "
               "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
               "<stream:features>%s%s</stream:features>",
               relay->host,
               relay->tls && !conn->ssl && !conn->is_authenticated ? "<starttls xmlns='" NS_TLS
                                                                     "'/>"
                                                                   : "",
               features);
}

static void
succeed(Relay *relay, RelayConn *conn)
{
        conn->is_authenticated = true;
        answer(relay, conn, "<success xmlns='" NS_SASL "'/>");
}

/* @first: gs2 header, name and nonce. Returns: whether it has both */
static bool
challenge(Relay *relay, RelayConn *conn, const char *first)
{
        const char *name = strstr(first, ",n="), *nonce = strstr(first, ",r=");
        if (!name || !nonce || nonce < name)
                return false;

        conn->name = g_strndup(name + 3, (gsize)(nonce - name - 3));
        g_autofree char *text = g_strdup_printf("%srelay,s=" SALT ",i=4096", nonce + 1);
        g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
        answer(relay, conn, "<challenge xmlns='" NS_SASL "'>%s</challenge>", encoded);
        return true;
}

static void
authenticate(Relay *relay, RelayConn *conn, const Stanza *stanza)
{
        g_autofree char *mechanism = attr_dup(stanza, " mechanism=");
        const char *text = stanza->data + stanza->tag_len;
        const char *end = find(text, stanza->len - stanza->tag_len, "<");
        g_autofree char *encoded = g_strndup(text, end ? (gsize)(end - text) : 0);
        gsize len = 0;
        g_autofree char *message = (char *)g_base64_decode(encoded, &len);
        g_autofree char *terminated = g_strndup(message, len);
        const char *name = memchr(message, '\0', len);

        if (conn->name) {
                relay_conn_close(relay, conn, "it authenticates twice");
        } else if (g_str_equal(mechanism, "PLAIN") && name &&
                   memchr(name + 1, '\0', len - (gsize)(name + 1 - message))) {
                conn->name = g_strdup(name + 1);
                succeed(relay, conn);
        } else if (!g_str_has_prefix(mechanism, "SCRAM-SHA-") ||
                   !challenge(relay, conn, terminated)) {
                relay_conn_close(relay, conn, "it authenticates in an unknown way");
        }
}

static void
bind_resource(Relay *relay, RelayConn *conn, const Stanza *stanza, const char *id)
{
        const char *start = find(stanza->data, stanza->len, "<resource>");
        const char *end = find(stanza->data, stanza->len, "</resource>");
        g_autofree char *resource = start && end && end > start
                                            ? g_strndup(start + 10, (gsize)(end - start - 10))
                                            : g_strdup_printf("%d", conn->fd);

        if (conn->jid) {
                relay_conn_close(relay, conn, "it binds twice");
                return;
        }
        conn->jid = g_strdup_printf("%s@%s/%s", conn->name, relay->host, resource);
        remember(relay, conn);
        answer(relay, conn,
               "<iq type='result' id='%s'><bind xmlns='" NS_BIND "'><jid>%s</jid></bind></iq>", id,
               conn->jid);
}

/* Stanzas */

static void
send_roster(Relay *relay, RelayConn *conn, const char *id)
{
        g_autoptr(GString) items = g_string_new(NULL);

        for (int i = 0; i < relay->n_items; i++)
                g_string_append_printf(
                        items, "<item jid='contact%d@%s' name='Contact %d' subscription='both'/>",
                        i, relay->host, i);
        answer(relay, conn,
               "<iq type='result' id='%s'><query xmlns='jabber:iq:roster'>%s</query></iq>", id,
               items->str);
}

static void
answer_iq(Relay *relay, RelayConn *conn, const Stanza *stanza)
{
        g_autofree char *type = attr_dup(stanza, " type=");
        g_autofree char *id = attr_dup(stanza, " id=");

        if (!g_str_equal(type, "get") && !g_str_equal(type, "set"))
                return;
        if (conn->is_authenticated && has(stanza, NS_BIND))
                bind_resource(relay, conn, stanza, id);
        else if (g_str_equal(type, "get") && has(stanza, "jabber:iq:roster"))
                send_roster(relay, conn, id);
        else
                answer(relay, conn, "<iq type='result' id='%s'/>", id);
}

/* The hub's presence goes to all fans, everybody else's to nobody. */
static void
take_presence(Relay *relay, RelayConn *conn, const Stanza *stanza)
{
        if (!conn->jid)
                return;
        if (g_str_equal(conn->name, "hub")) {
                for (guint i = 0; i < relay->fans->len; i++) {
                        RelayConn *fan = g_ptr_array_index(relay->fans, i);

                        relay_conn_send(relay, fan, stanza->data, stanza->len);
                        /* It was closed, and the last one is in its place. */
                        if (fan->fd < 0)
                                i--;
                }
        } else if (!conn->is_available && g_str_has_prefix(conn->name, "fan") &&
                   !find(stanza->data, stanza->tag_len, " type=")) {
                conn->is_available = true;
                g_ptr_array_add(relay->fans, conn);
        }
}

/* Returns: false: what follows in the same segment is not to be read */
static bool
take_stanza(Relay *relay, RelayConn *conn, const Stanza *stanza)
{
        if (is_named(stanza, "iq")) {
                answer_iq(relay, conn, stanza);
        } else if (is_named(stanza, "presence")) {
                take_presence(relay, conn, stanza);
        } else if (is_named(stanza, "message")) {
                relay->n_dropped++;
        } else if (is_named(stanza, "stream:stream")) {
                open_stream(relay, conn);
        } else if (is_named(stanza, "auth")) {
                authenticate(relay, conn, stanza);
        } else if (is_named(stanza, "response") && conn->name) {
                succeed(relay, conn);
        } else if (is_named(stanza, "starttls") && relay->tls && !conn->ssl) {
                answer(relay, conn, "<proceed xmlns='" NS_TLS "'/>");
                if (conn->fd >= 0)
                        relay_conn_start_tls(relay, conn);
                return false;
        } else if (is_named(stanza, "/stream:stream")) {
                answer(relay, conn, "</stream:stream>");
                relay_conn_end(relay, conn);
                return false;
        } else if (stanza->data[1] != '?') {
                relay_conn_close(relay, conn, "it sends what is not expected");
        }
        return true;
}

static void
run_send(Relay *relay, Run *run)
{
        if (run->to)
                relay_conn_send(relay, run->to, run->data, run->len);
        run->to = NULL;
}

/* Returns: whether @stanza was for a session here */
static bool
forward(Relay *relay, const RelayConn *conn, Run *run, const Stanza *stanza)
{
        size_t len;
        const char *jid = conn->jid ? attr(stanza, " to=", &len) : NULL;
        RelayConn *to = jid ? find_receiver(relay, jid, len) : NULL;
        if (!to)
                return false;

        if (run->to == to && run->data + run->len == stanza->data) {
                run->len += stanza->len;
                return true;
        }
        run_send(relay, run);
        *run = (Run){.to = to, .data = stanza->data, .len = stanza->len};
        return true;
}

size_t
relay_talk(Relay *relay, RelayConn *conn, const char *data, size_t len)
{
        Run run = {0};
        size_t done = 0;

        while (done < len && conn->fd >= 0) {
                Stanza stanza;

                if (memchr(" \t\r\n", data[done], 4)) {
                        done++;
                        continue;
                }
                StanzaState state = data[done] == '<'
                                            ? stanza_find(data + done, len - done, &stanza)
                                            : STANZA_BROKEN;
                if (state == STANZA_PARTIAL)
                        break;
                if (state == STANZA_BROKEN) {
                        relay_conn_close(relay, conn, "it sends what is no stanza");
                        break;
                }
                done += stanza.len;
                if (forward(relay, conn, &run, &stanza))
                        continue;
                run_send(relay, &run);
                if (!take_stanza(relay, conn, &stanza))
                        return len;
        }
        run_send(relay, &run);
        return done;
}
