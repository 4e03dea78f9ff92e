/*
 * names: one copy of the names that nearly every stanza uses, so that trees point at it instead of
 * holding their own.
 *
 * Rows are sorted by length, then by bytes. A name that is missing here costs its length in the
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

static const char spaces[][SPACE_WIDTH] = {
        "", "jabber:client", "jabber:server", "http://etherx.jabber.org/streams",
        "urn:ietf:params:xml:ns:xmpp-stanzas", "urn:ietf:params:xml:ns:xmpp-streams",
        "http://www.w3.org/XML/1998/namespace",
};

/* clang-format on */

static int
compare(const char *text, size_t len, const char *row)
{
        size_t row_len = strlen(row);

        if (len != row_len)
                return len < row_len ? -1 : 1;
        return memcmp(text, row, len);
}

static const char *
find(const char *rows, size_t n_rows, size_t width, const char *text, size_t len)
{
        size_t low = 0, high = n_rows;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const char *row = rows + middle * width;
                int order = compare(text, len, row);
                if (order == 0)
                        return row;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

const char *
names_find(const char *text, size_t len)
{
        if (len >= NAME_WIDTH)
                return NULL;
        return find((const char *)names, G_N_ELEMENTS(names), NAME_WIDTH, text, len);
}

const char *
names_find_space(const char *text, size_t len)
{
        if (len >= SPACE_WIDTH)
                return NULL;
        return find((const char *)spaces, G_N_ELEMENTS(spaces), SPACE_WIDTH, text, len);
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
        for (size_t i = 1; i < G_N_ELEMENTS(names); i++) {
                if (compare(names[i], strlen(names[i]), names[i - 1]) <= 0)
                        return false;
        }
        for (size_t i = 1; i < G_N_ELEMENTS(spaces); i++) {
                if (compare(spaces[i], strlen(spaces[i]), spaces[i - 1]) <= 0)
                        return false;
        }
        return true;
}
