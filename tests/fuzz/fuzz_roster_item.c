/*
 * fuzz_roster_item: any bytes as the stored document of a contact.
 *
 * What is read must be written, and be read as the same.
 */
#include <stdint.h>

#include "modules/roster/item.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define CONTACT "juliet@example.org"

static void
check_item(const MotetRosterItem *item, const MotetXml *request)
{
        g_autoptr(GBytes) document = item_document(item, request);
        MotetXml *request_again = NULL;
        g_autofree MotetRosterItem *again = item_parse(CONTACT, document, &request_again);
        g_autoptr(MotetXml) query = motet_xml_new("query", "jabber:iq:roster");

        g_assert_nonnull(again);
        g_assert_cmpint(request != NULL, ==, request_again != NULL);
        g_assert_cmpuint(item_size(item), ==, item_size(again));
        g_assert_true(memcmp(item, again, item_size(item)) == 0);
        g_assert_cmpstr(motet_roster_item_jid(item), ==, CONTACT);
        item_add_to(query, item);
        g_autofree char *text = motet_xml_string(query, NULL);
        g_assert_nonnull(text);
        g_autofree MotetRosterItem *other =
                item_with_state(item, CONTACT, MOTET_ROSTER_BOTH | MOTET_ROSTER_LISTED);
        g_assert_cmpuint(other->state & MOTET_ROSTER_BOTH, ==, MOTET_ROSTER_BOTH);
        motet_xml_unref(request_again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autoptr(GBytes) document = g_bytes_new(bytes, n);
        g_autoptr(MotetXml) request = NULL;
        g_autofree MotetRosterItem *item = item_parse(CONTACT, document, &request);

        if (item)
                check_item(item, request);
        else
                g_assert_null(request);
        return 0;
}
