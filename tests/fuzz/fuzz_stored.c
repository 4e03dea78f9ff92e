/*
 * fuzz_stored: any bytes as a document that modules find in the store: damaged, or written by
 * somebody else.
 *
 * The first byte chooses the store and the key; its owner logs in and asks for all that is kept.
 */
#include <motet/service-store.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char modules[] = "  bind:\n  blocking:\n  disco:\n  iq:\n  last:\n"
                              "  limits:\n  message:\n  motd: {options: {text: Hello}}\n"
                              "  offline:\n  open_auth:\n  presence:\n  private:\n  roster:\n"
                              "  session:\n  vcard:\n  welcome: {options: {text: Hello}}\n";

static const struct {
        const char *store;
        MotetStoreShape shape;
        const char *account, *key;
} places[] = {
        {"roster", MOTET_STORE_MAP, "romeo", "juliet@example.org"},
        {"roster", MOTET_STORE_MAP, "romeo", "@"},
        {"roster", MOTET_STORE_MAP, "romeo", "no address@@"},
        {"roster", MOTET_STORE_MAP, "juliet", "romeo@example.org"},
        {"private", MOTET_STORE_MAP, "romeo", "storage storage:bookmarks"},
        {"private", MOTET_STORE_MAP, "romeo", ""},
        {"private", MOTET_STORE_MAP, "romeo", "storage:bookmarks storage"},
        {"vcard", MOTET_STORE_KEYVAL, "romeo", ""},
        {"vcard", MOTET_STORE_KEYVAL, "juliet", ""},
        {"blocking", MOTET_STORE_MAP, "romeo", "juliet@example.org"},
        {"blocking", MOTET_STORE_MAP, "romeo", ""},
        {"last", MOTET_STORE_KEYVAL, "juliet", ""},
        {"last", MOTET_STORE_KEYVAL, "romeo", ""},
        {"motd", MOTET_STORE_KEYVAL, "romeo", ""},
        {"welcome", MOTET_STORE_KEYVAL, "romeo", ""},
        {"offline", MOTET_STORE_ARCHIVE, "romeo", "juliet@example.org"},
        {"offline", MOTET_STORE_ARCHIVE, "romeo", NULL},
};

static const char script[] =
        "<iq type='get' id='1'><query xmlns='jabber:iq:roster' ver='1'/></iq>"
        "<iq type='get' id='2'><query xmlns='jabber:iq:private'>"
        "<storage xmlns='storage:bookmarks'/></query></iq>"
        "<iq type='get' id='3'><vCard xmlns='vcard-temp'/></iq>"
        "<iq type='get' id='4' to='juliet@example.org'><vCard xmlns='vcard-temp'/></iq>"
        "<iq type='get' id='5'><blocklist xmlns='urn:xmpp:blocking'/></iq>"
        "<iq type='get' id='6' to='juliet@example.org'><query xmlns='jabber:iq:last'/></iq>"
        "<message to='juliet@example.org' type='chat'><body>hi</body></message>"
        "<presence type='subscribe' to='juliet@example.org'/>"
        "<presence type='subscribed' to='juliet@example.org'/>"
        "<iq type='set' id='7'><query xmlns='jabber:iq:roster'>"
        "<item jid='juliet@example.org' name='J'/></query></iq>"
        "<iq type='set' id='8'><query xmlns='jabber:iq:private'>"
        "<storage xmlns='storage:bookmarks'>x</storage></query></iq>"
        "<iq type='set' id='9'><block xmlns='urn:xmpp:blocking'>"
        "<item jid='nurse@example.org'/></block></iq>"
        "<presence type='unavailable'/><presence/>";

static void
keep(TestServer *server, size_t place, const uint8_t *bytes, size_t n)
{
        g_autoptr(GBytes) value = g_bytes_new(bytes, n);
        g_autoptr(GError) error = NULL;
        MotetStore *store = motet_store_open(test_server_owner(server), places[place].store,
                                             places[place].shape, &error);

        g_assert_no_error(error);
        if (places[place].shape == MOTET_STORE_ARCHIVE) {
                const MotetStoreEntry entry = {
                        .when = 1000000, .with = places[place].key, .value = value};
                motet_store_append(store, places[place].account, &entry, NULL, NULL);
        } else {
                motet_store_set(store, places[place].account, places[place].key, value, NULL, NULL);
        }
        test_server_advance(server, G_TIME_SPAN_SECOND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        HouseGuest guests[2] = {0};

        if (n == 0)
                return 0;
        TestServer *server = house_open(modules, bytes, n);
        keep(server, bytes[0] % G_N_ELEMENTS(places), bytes + 1, n - 1);
        for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
                house_log_in(&guests[i], i);
                house_bind(&guests[i], i);
                house_receive(&guests[i], script, strlen(script));
        }
        test_server_advance(server, G_TIME_SPAN_MINUTE);
        house_close(guests, G_N_ELEMENTS(guests));
        return 0;
}
