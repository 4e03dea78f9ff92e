/*
 * names: one copy of the names that nearly every stanza uses, so that trees point at it instead of
 * holding their own.
 *
 * Names are sorted by length, then by bytes. One that is missing here costs its length in the
 * arena and nothing else.
 */
#include "core/names.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

#define NAME_WIDTH 24
#define SPACE_WIDTH 40

/* clang-format off */
static const char names[][NAME_WIDTH] = {
        "a", "c", "h", "p", "r", "x", "by", "id", "iq", "to", "get", "jid", "key", "max", "set",
        "url", "var", "ver", "body", "code", "data", "from", "gone", "hash", "html", "item",
        "lang", "last", "list", "name", "node", "sent", "show", "text", "type", "after", "count",
        "delay", "error", "field", "first", "label", "query", "stamp", "title", "value", "xmlns",
        "active", "before", "header", "option", "reason", "result", "status", "stream", "thread",
        "address", "feature", "message", "payload", "private", "request", "subject", "version",
        "category", "conflict", "features", "identity", "password", "presence", "priority",
        "received", "redirect", "resource", "xml:lang", "forbidden", "forwarded", "bad-request",
        "not-allowed", "jid-malformed", "item-not-found", "not-acceptable", "not-authorized",
        "policy-violation", "unexpected-request", "resource-constraint", "service-unavailable",
        "undefined-condition", "internal-server-error", "recipient-unavailable",
        "remote-server-timeout", "feature-not-implemented", "remote-server-not-found",
};

#define SPACE(name) {sizeof(name) - 1, name}

static const struct {
        size_t len;
        char text[SPACE_WIDTH];
} spaces[] = {
        SPACE(""),
        SPACE("jabber:client"),
        SPACE("jabber:server"),
        SPACE("http://etherx.jabber.org/streams"),
        SPACE("urn:ietf:params:xml:ns:xmpp-stanzas"),
        SPACE("urn:ietf:params:xml:ns:xmpp-streams"),
        SPACE("http://www.w3.org/XML/1998/namespace"),
};

/* clang-format on */

/* Where the names of each length start; those of one length are few. */
static const uint8_t starts[NAME_WIDTH + 1] = {
        0,  0,  6,  10, 18, 35, 47, 56, 64, 75, 77, 77, 79,
        79, 80, 83, 83, 84, 84, 85, 88, 88, 91, 91, 93,
};

const char *
names_find(const char *text, size_t len)
{
        if (len >= NAME_WIDTH)
                return NULL;
        for (size_t i = starts[len]; i < starts[len + 1]; i++) {
                if (names[i][0] == text[0] && memcmp(names[i], text, len) == 0)
                        return names[i];
        }
        return NULL;
}

const char *
names_find_space(const char *text, size_t len)
{
        for (size_t i = 0; i < G_N_ELEMENTS(spaces); i++) {
                if (spaces[i].len == len && memcmp(spaces[i].text, text, len) == 0)
                        return spaces[i].text;
        }
        return NULL;
}

static bool
lies_in(const char *text, const void *table, size_t size)
{
        uintptr_t at = (uintptr_t)text, start = (uintptr_t)table;

        return at >= start && at - start < size;
}

bool
names_owns(const char *text)
{
        return lies_in(text, names, sizeof names) || lies_in(text, spaces, sizeof spaces);
}

bool
names_sorted(void)
{
        for (size_t len = 0; len <= NAME_WIDTH; len++) {
                size_t end = len < NAME_WIDTH ? starts[len + 1] : G_N_ELEMENTS(names);
                for (size_t i = starts[len]; i < end; i++) {
                        if (strlen(names[i]) != len)
                                return false;
                }
        }
        for (size_t i = 1; i < G_N_ELEMENTS(names); i++) {
                if (strlen(names[i - 1]) == strlen(names[i]) && strcmp(names[i - 1], names[i]) >= 0)
                        return false;
        }
        return starts[0] == 0;
}
