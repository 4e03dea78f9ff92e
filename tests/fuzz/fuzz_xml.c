/*
 * fuzz_xml: any bytes as the text of one element, as it is stored; and any text in any place of a
 * tree.
 */
#include <string.h>

#include "core/xml.h"

#include <motet/stanza.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
assert_same(const MotetXml *xml, const char *text, const char *ns)
{
        g_autofree char *again = motet_xml_string(xml, ns);

        g_assert_cmpstr(text, ==, again);
}

/* What is read can be written, and is read as the same; so do its copies. */
static void
check_written(const MotetXml *xml, const char *ns)
{
        g_autofree char *text = motet_xml_string(xml, ns);
        g_autoptr(GError) error = NULL;
        g_autoptr(MotetXml) read = motet_xml_parse(text, -1, ns, &error);

        g_assert_no_error(error);
        assert_same(read, text, ns);
        g_autoptr(MotetXml) copy = motet_xml_copy(read);
        assert_same(copy, text, ns);
        g_autoptr(MotetXml) packed = xml_pack(read);
        assert_same(packed, text, ns);
        g_assert_cmpuint(xml_size(packed), <=, xml_size(read));
        g_autoptr(GString) sent = g_string_new(NULL);
        xml_append(packed, sent, ns, NULL);
        gsize n = sent->len;
        xml_append(packed, sent, ns, NULL);
        /* Shorter than @text where a stream has declared a prefix already. */
        g_assert_cmpuint(sent->len, ==, 2 * n);
        g_assert_true(memcmp(sent->str, sent->str + n, n) == 0);
        g_assert_cmpuint(n, <=, strlen(text));
}

static void
try_read(const char *text, size_t n, const char *ns)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(MotetXml) xml = motet_xml_parse(text, (gssize)n, ns, &error);

        g_assert_true(xml ? error == NULL : error != NULL);
        if (xml)
                check_written(xml, ns);
}

static bool
is_xml_text(const char *text)
{
        if (!g_utf8_validate(text, -1, NULL))
                return false;
        for (const char *c = text; *c; c = g_utf8_next_char(c)) {
                gunichar u = g_utf8_get_char(c);
                if ((u < 0x20 && u != '\t' && u != '\n' && u != '\r') || u == 0xfffe || u == 0xffff)
                        return false;
        }
        return true;
}

/* Text that XML can carry comes back as it was from each place it can be in. */
static void
try_text(const char *text)
{
        if (!is_xml_text(text))
                return;
        g_autoptr(MotetXml) xml = motet_xml_new("message", MOTET_NS_CLIENT);
        motet_xml_set_attr(xml, "id", text);
        motet_xml_set_attr_ns(xml, "mark", "urn:test:mark", text);
        motet_xml_add_with_text(xml, "body", NULL, text);
        motet_xml_add_with_text(xml, "x", "urn:test:x", text);
        check_written(xml, MOTET_NS_CLIENT);

        g_autofree char *written = motet_xml_string(xml, MOTET_NS_CLIENT);
        g_autoptr(MotetXml) read = motet_xml_parse(written, -1, MOTET_NS_CLIENT, NULL);
        g_assert_cmpstr(motet_xml_attr(read, "id"), ==, text);
        g_assert_cmpstr(motet_xml_attr_ns(read, "mark", "urn:test:mark"), ==, text);
        g_assert_cmpstr(motet_xml_text(motet_xml_child(read, "body", NULL)), ==, text);
        g_assert_cmpstr(motet_xml_text(motet_xml_child(read, "x", "urn:test:x")), ==, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autofree char *text = g_strndup((const char *)bytes, n);

        try_read((const char *)bytes, n, NULL);
        try_read((const char *)bytes, n, MOTET_NS_CLIENT);
        try_text(text);
        return 0;
}
