/*
 * fuzz_stanza: any stanza of elements, attributes and texts that modules know, from two sessions of
 * a whole server.
 *
 * Input: one instruction a byte, its upper three bits what is done and its lower five which row of
 * a table is meant:
 *
 *   0  a child of that name is added, and is what follows is about      4  an attribute's value is
 * that address 1  the same in that namespace (of the row), named as the next byte says   5  a text
 * of the bytes behind it up to a zero 2  the attribute of that name gets the value that the next
 * byte names     6  the parent is what follows is about, or n parents up 3  the attribute of that
 * name gets the bytes behind it up to a zero       7  a stanza begins, of that kind; who sends it;
 * time passes
 */
#include <stdint.h>
#include <string.h>

#include "core/xml.h"
#include "fuzz/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { ELEMENTS_MAX = 200 };

static const char modules[] =
        "  bind:\n  blocking:\n  caps:\n  contact:\n  disco:\n  iq:\n  last:\n"
        "  limits:\n  message:\n  motd:\n  offline:\n  open_auth:\n"
        "  presence:\n  private:\n  restricted:\n  roster:\n"
        "  session:\n  vcard:\n  version:\n  welcome:\n";

static const char *const kinds[] = {"iq", "message", "presence", "iq"};

static const char *const names[] = {
        "query", "item", "group",  "vCard",    "block",    "blocklist", "unblock", "bind",
        "ping",  "time", "x",      "field",    "value",    "c",         "body",    "subject",
        "error", "show", "status", "priority", "delay",    "thread",    "active",  "no-store",
        "PHOTO", "FN",   "BINVAL", "session",  "resource", "gone",      "storage", "message",
};

static const char *const namespaces[] = {
        "jabber:client",
        "jabber:iq:roster",
        "jabber:iq:private",
        "jabber:iq:last",
        "jabber:iq:version",
        "jabber:x:data",
        "vcard-temp",
        "vcard-temp:x:update",
        "urn:xmpp:blocking",
        "urn:xmpp:blocking:errors",
        "urn:xmpp:ping",
        "urn:xmpp:time",
        "urn:xmpp:delay",
        "urn:xmpp:hints",
        "urn:xmpp:carbons:2",
        "urn:ietf:params:xml:ns:xmpp-bind",
        "urn:ietf:params:xml:ns:xmpp-session",
        "urn:ietf:params:xml:ns:xmpp-stanzas",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#items",
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/chatstates",
        "http://jabber.org/protocol/commands",
        "http://etherx.jabber.org/streams",
        "jabber:iq:register",
        "jabber:x:oob",
        "storage:bookmarks",
        "storage:rosternotes",
        "urn:test:unknown",
        "",
        "jabber:server",
        "urn:xmpp:mam:2",
};

static const char *const attributes[] = {
        "to",  "type", "id",   "from", "jid",  "name",  "subscription", "ask",
        "ver", "node", "hash", "var",  "code", "stamp", "approved",     "xml:lang",
};

static const char *const values[] = {
        "get",
        "set",
        "result",
        "error",
        "chat",
        "normal",
        "groupchat",
        "headline",
        "subscribe",
        "subscribed",
        "unsubscribe",
        "unsubscribed",
        "unavailable",
        "probe",
        "both",
        "to",
        "from",
        "none",
        "remove",
        "invisible",
        "true",
        "submit",
        "cancel",
        "1",
        "",
        "away",
        "sha-1",
        "-128",
        "127",
        "auth",
        "bind",
        "http://jabber.org/protocol/caps#x",
};

static const char *const addresses[] = {
        "romeo@example.org",
        "juliet@example.org",
        "nurse@example.org",
        "example.org",
        "romeo@example.org/r0",
        "juliet@example.org/r1",
        "juliet@example.org/gone",
        "friend@example.net",
        "friend@example.net/home",
        "example.net",
        "ROMEO@EXAMPLE.ORG",
        "a@b@c",
        "@example.org",
        "romeo@example.org/",
        "\xc3\xbc.example",
        "\xf0\x90\x80\x80@example.org",
};

typedef struct {
        HouseGuest guests[2];
        TestServer *server;
        unsigned sender, n_elements;
        MotetXml *stanza; /* (own) NULL before the first */
        MotetXml *at;     /* what is built on */
} Play;

/* Bytes that are left. */
typedef struct {
        const uint8_t *at, *end;
} Bytes;

static uint8_t
take(Bytes *bytes)
{
        return bytes->at < bytes->end ? *bytes->at++ : 0;
}

/* Returns: (own) text that XML can carry, of the bytes up to a zero */
static char *
take_text(Bytes *bytes)
{
        size_t left = (size_t)(bytes->end - bytes->at);
        const uint8_t *end = left > 0 ? memchr(bytes->at, '\0', left) : NULL;
        size_t n = end ? (size_t)(end - bytes->at) : left;
        char *text = g_utf8_make_valid((const char *)bytes->at, (gssize)n);

        bytes->at += end ? n + 1 : n;
        for (char *c = text; *c; c++)
                *c = (unsigned char)*c < 0x20 && !strchr("\t\n\r", *c) ? ' ' : *c;
        /* U+FFFE and U+FFFF are no characters of XML (section 2.2). */
        for (char *c = text; (c = strstr(c, "\xef\xbf"));)
                c = (unsigned char)c[2] >= 0xbe ? memset(c, ' ', 3) : c + 3;
        return text;
}

static void
send_stanza(Play *play)
{
        if (!play->stanza)
                return;
        g_autofree char *text = motet_xml_string(play->stanza, MOTET_NS_CLIENT);
        house_receive(&play->guests[play->sender], text, strlen(text));
        g_clear_pointer(&play->stanza, motet_xml_unref);
        play->at = NULL;
}

static void
begin(Play *play, unsigned row)
{
        send_stanza(play);
        if (row & 16) {
                test_server_advance(play->server, G_TIME_SPAN_SECOND << (row & 7));
                return;
        }
        play->sender = row >> 3 & 1;
        if (!motet_session_is_connected(play->guests[play->sender].session)) {
                house_log_in(&play->guests[play->sender], play->sender);
                house_bind(&play->guests[play->sender], play->sender);
        }
        play->at = play->stanza = motet_xml_new(kinds[row & 3], MOTET_NS_CLIENT);
        play->n_elements = 1;
        if ((row & 3) == 0 || (row & 3) == 3) {
                motet_xml_set_attr(play->stanza, "id", "i");
                motet_xml_set_attr(play->stanza, "type", row & 3 ? "set" : "get");
        }
}

static void
add(Play *play, const char *name, const char *ns)
{
        if (play->n_elements++ < ELEMENTS_MAX)
                play->at = motet_xml_add(play->at, name, ns);
}

static void
climb(Play *play, unsigned n)
{
        for (; n > 0 && xml_parent(play->at); n--)
                play->at = xml_parent(play->at);
}

static void
build(Play *play, Bytes *bytes, uint8_t instruction)
{
        unsigned row = instruction & 31u;
        g_autofree char *text = NULL;

        switch (instruction >> 5) {
        case 0:
                add(play, names[row], NULL);
                break;
        case 1:
                add(play, names[take(bytes) % G_N_ELEMENTS(names)], namespaces[row]);
                break;
        case 2:
                motet_xml_set_attr(play->at, attributes[row % G_N_ELEMENTS(attributes)],
                                   values[take(bytes) % G_N_ELEMENTS(values)]);
                break;
        case 3:
                text = take_text(bytes);
                motet_xml_set_attr(play->at, attributes[row % G_N_ELEMENTS(attributes)], text);
                break;
        case 4:
                motet_xml_set_attr(play->at, row & 16 ? "jid" : "to",
                                   addresses[row % G_N_ELEMENTS(addresses)]);
                break;
        case 5:
                text = take_text(bytes);
                motet_xml_add_text(play->at, text, -1);
                break;
        default:
                climb(play, 1 + row % 4);
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        Play play = {.server = house_open(modules, data, n)};
        Bytes bytes = {data, data + n};

        for (unsigned i = 0; i < G_N_ELEMENTS(play.guests); i++) {
                house_log_in(&play.guests[i], i);
                house_bind(&play.guests[i], i);
        }
        while (bytes.at < bytes.end) {
                uint8_t instruction = take(&bytes);
                if (instruction >> 5 == 7)
                        begin(&play, instruction & 31u);
                else if (play.at)
                        build(&play, &bytes, instruction);
        }
        send_stanza(&play);
        house_close(play.guests, G_N_ELEMENTS(play.guests));
        return 0;
}
