/*
 * test_xml: building, reading, copying and writing element trees.
 */
#include <motet/error.h>
#include <motet/stanza.h>
#include <string.h>

#include "core/names.h"
#include "core/xml.h"

#define NS "urn:test:a"
#define NS_B "urn:test:b"

static void
assert_string(const MotetXml *xml, const char *default_ns, const char *expected)
{
        g_autofree char *text = motet_xml_string(xml, default_ns);

        g_assert_cmpstr(text, ==, expected);
}

static void
assert_appended(const MotetXml *xml, const char *default_ns, const char *to, const char *expected)
{
        g_autoptr(GString) out = g_string_new("before");
        g_autofree char *all = g_strconcat("before", expected, NULL);

        xml_append(xml, out, default_ns, to);
        g_assert_cmpstr(out->str, ==, all);
}

static MotetXml *
parse(const char *text)
{
        g_autoptr(GError) error = NULL;
        MotetXml *xml = motet_xml_parse(text, -1, MOTET_NS_CLIENT, &error);

        g_assert_no_error(error);
        g_assert_nonnull(xml);
        return xml;
}

static void
assert_refused(const char *text, gssize len, const char *why)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(MotetXml) xml = motet_xml_parse(text, len, MOTET_NS_CLIENT, &error);

        g_assert_null(xml);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_XML);
        if (why && !strstr(error->message, why))
                g_error("\"%s\" does not say \"%s\"", error->message, why);
}

/* names.c: the search relies on the order of the rows. */
static void
test_names_are_sorted(void)
{
        g_assert_true(names_sorted());
}

static void
test_names_are_found_by_value(void)
{
        const char *found = names_find("message!", 7);

        g_assert_cmpstr(found, ==, "message");
        g_assert_true(names_owns(found));
        g_assert_true(names_find("message", 7) == found);
        g_assert_null(names_find("messages", 8));
        g_assert_null(names_find("", 0));
        g_assert_null(names_find("a-name-longer-than-every-row-of-the-table", 41));
        g_assert_cmpstr(names_find_space("", 0), ==, "");
        g_assert_cmpstr(names_find_space(MOTET_NS_CLIENT, strlen(MOTET_NS_CLIENT)), ==,
                        MOTET_NS_CLIENT);
        g_assert_null(names_find_space("jabber:clients", 14));
        g_assert_false(names_owns(NS));
}

static void
test_new_element_is_empty(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("unheard-of", NS);

        g_assert_cmpstr(motet_xml_name(xml), ==, "unheard-of");
        g_assert_cmpstr(motet_xml_ns(xml), ==, NS);
        g_assert_cmpstr(motet_xml_text(xml), ==, "");
        g_assert_cmpuint(motet_xml_n_children(xml), ==, 0);
        g_assert_null(motet_xml_child(xml, NULL, NULL));
        g_assert_null(motet_xml_attr(xml, "id"));
}

static void
test_no_namespace_reads_as_empty(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("x", NULL);

        g_assert_cmpstr(motet_xml_ns(xml), ==, "");
        g_assert_true(motet_xml_is(xml, "x", ""));
        g_assert_false(motet_xml_is(xml, "x", NS));
}

static void
test_is_matches_name_and_namespace(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("query", NS);

        g_assert_true(motet_xml_is(xml, "query", NS));
        g_assert_true(motet_xml_is(xml, "query", NULL));
        g_assert_true(motet_xml_is(xml, NULL, NS));
        g_assert_false(motet_xml_is(xml, "query", NS_B));
        g_assert_false(motet_xml_is(xml, "quer", NS));
        g_assert_false(motet_xml_is(NULL, "query", NS));
}

static void
test_attributes_are_set_replaced_and_removed(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("iq", NULL);

        motet_xml_set_attr(xml, "id", "1");
        motet_xml_set_attr(xml, "unknown-one", "a");
        motet_xml_set_attr(xml, "id", "2");
        motet_xml_set_attrf(xml, "n", "%d/%s", 7, "x");
        assert_string(xml, NULL, "<iq id='2' unknown-one='a' n='7/x'/>");

        motet_xml_set_attr(xml, "unknown-one", NULL);
        motet_xml_set_attr(xml, "never-there", NULL);
        motet_xml_set_attr(xml, "id", NULL);
        assert_string(xml, NULL, "<iq n='7/x'/>");
        g_assert_null(motet_xml_attr(xml, "id"));
}

/* Namespaces in XML 1.0 section 6.2: an unprefixed attribute is in no namespace. */
static void
test_attributes_of_a_namespace_are_apart(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("x", NULL);

        motet_xml_set_attr(xml, "id", "plain");
        motet_xml_set_attr_ns(xml, "id", NS, "in a");
        motet_xml_set_attr_ns(xml, "id", NS_B, "in b");
        motet_xml_set_attr_ns(xml, "id2", NS, "in a too");

        g_assert_cmpstr(motet_xml_attr(xml, "id"), ==, "plain");
        g_assert_cmpstr(motet_xml_attr_ns(xml, "id", NS), ==, "in a");
        g_assert_cmpstr(motet_xml_attr_ns(xml, "id", NS_B), ==, "in b");
        g_assert_cmpstr(motet_xml_attr_ns(xml, "id", NULL), ==, "plain");
        g_assert_null(motet_xml_attr_ns(xml, "id2", NS_B));
        assert_string(xml, NULL,
                      "<x id='plain' xmlns:ns1='urn:test:a' ns1:id='in a' xmlns:ns2='urn:test:b' "
                      "ns2:id='in b' ns1:id2='in a too'/>");

        motet_xml_set_attr_ns(xml, "id", NS, NULL);
        g_assert_null(motet_xml_attr_ns(xml, "id", NS));
        assert_string(xml, NULL,
                      "<x id='plain' xmlns:ns1='urn:test:b' ns1:id='in b' "
                      "xmlns:ns2='urn:test:a' ns2:id2='in a too'/>");
}

/* XML 1.0 section 2.12: xml:lang is one name, declared nowhere. */
static void
test_xml_lang_is_part_of_the_name(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("x", NULL);
        const char *xml_ns = "http://www.w3.org/XML/1998/namespace";

        motet_xml_set_attr_ns(xml, "lang", xml_ns, "en");
        g_assert_cmpstr(motet_xml_attr(xml, "xml:lang"), ==, "en");
        g_assert_cmpstr(motet_xml_attr_ns(xml, "lang", xml_ns), ==, "en");
        motet_xml_set_attr(xml, "xml:lang", "de");
        assert_string(xml, NULL, "<x xml:lang='de'/>");

        g_autoptr(MotetXml) read = parse("<x xml:lang='fr' xml:space='preserve'/>");
        g_assert_cmpstr(motet_xml_attr(read, "xml:lang"), ==, "fr");
        g_assert_cmpstr(motet_xml_attr_ns(read, "lang", xml_ns), ==, "fr");
        assert_string(read, MOTET_NS_CLIENT, "<x xml:lang='fr' xml:space='preserve'/>");
}

static void
test_children_are_found_in_order(void)
{
        g_autoptr(MotetXml) xml = parse("<m>a<i xmlns='urn:test:a' n='1'/>b<i n='2'/>"
                                        "<o/><i xmlns='urn:test:a' n='3'/>c</m>");

        const MotetXml *first = motet_xml_child(xml, "i", NS);
        g_assert_cmpstr(motet_xml_attr(first, "n"), ==, "1");
        const MotetXml *second = motet_xml_next(first, "i", NS);
        g_assert_cmpstr(motet_xml_attr(second, "n"), ==, "3");
        g_assert_null(motet_xml_next(second, "i", NS));
        g_assert_null(motet_xml_next(second, NULL, NULL));
        g_assert_cmpstr(motet_xml_attr(motet_xml_next(first, "i", NULL), "n"), ==, "2");
        g_assert_cmpstr(motet_xml_name(motet_xml_child(xml, "o", NULL)), ==, "o");
        g_assert_true(motet_xml_child(xml, NULL, NS) == first);
        g_assert_null(motet_xml_child(xml, "none", NULL));
        g_assert_cmpuint(motet_xml_n_children(xml), ==, 4);
        g_assert_true(xml_parent(first) == xml);
        g_assert_null(xml_parent(xml));
}

static void
test_text_of_several_pieces_is_joined(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);

        motet_xml_add_text(xml, "one ", -1);
        motet_xml_add_text(xml, "two, and more", 3);
        g_assert_cmpstr(motet_xml_text(xml), ==, "one two");
        motet_xml_add(xml, "b", NULL);
        motet_xml_add_text(xml, " three", -1);
        g_assert_cmpstr(motet_xml_text(xml), ==, "one two three");
        g_assert_true(motet_xml_text(xml) == motet_xml_text(xml));
        motet_xml_add_text(xml, "!", -1);

        g_assert_cmpstr(motet_xml_text(xml), ==, "one two three!");
        g_assert_cmpstr(motet_xml_text(NULL), ==, "");
        assert_string(xml, NULL, "<m>one two<b/> three!</m>");
}

/* Growing piece by piece must not cost the square of the text, nor leave behind what it was
 * before. */
static void
test_text_grows_in_a_bounded_arena(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);
        const size_t n = 256 * 1024;

        for (size_t i = 0; i < n; i++)
                xml_add_chars(xml, "\n", 1);

        g_assert_cmpuint(strlen(motet_xml_text(xml)), ==, n);
        g_assert_cmpuint(xml_size(xml), <, 3 * n);
}

static void
test_child_takes_the_parents_namespace(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("query", NS);

        MotetXml *item = motet_xml_add(xml, "item", NULL);
        motet_xml_add_with_text(item, "group", NULL, "Friends");
        motet_xml_add_with_text(item, "empty", NS_B, NULL);
        motet_xml_add(item, "none", "");

        assert_string(xml, MOTET_NS_CLIENT,
                      "<query xmlns='urn:test:a'><item><group>Friends</group>"
                      "<empty xmlns='urn:test:b'/><none xmlns=''/></item></query>");
}

/* Namespaces in XML 1.0 section 6.2: xmlns only where it changes anything. */
static void
test_xmlns_is_written_only_where_it_differs(void)
{
        g_autoptr(MotetXml) iq = motet_xml_new("iq", MOTET_NS_CLIENT);
        MotetXml *query = motet_xml_add(iq, "query", NS);
        motet_xml_add(query, "same", NULL);
        motet_xml_add(query, "back", MOTET_NS_CLIENT);
        motet_xml_add(iq, "beside", NULL);

        assert_string(iq, MOTET_NS_CLIENT,
                      "<iq><query xmlns='urn:test:a'><same/><back xmlns='jabber:client'/></query>"
                      "<beside/></iq>");
        assert_string(iq, MOTET_NS_SERVER,
                      "<iq xmlns='jabber:client'><query xmlns='urn:test:a'><same/>"
                      "<back xmlns='jabber:client'/></query><beside/></iq>");
        assert_string(query, NULL,
                      "<query xmlns='urn:test:a'><same/><back xmlns='jabber:client'/></query>");
}

/* XML 1.0 sections 2.4, 2.11, 3.3.3: what is written reads back as it was. */
static void
test_special_characters_survive(void)
{
        const char *special = "a&b<c>d\"e'f]]>g\th\ni\rj \xc3\xa9\xf0\x9f\x98\x80";
        g_autoptr(MotetXml) xml = motet_xml_new("m", MOTET_NS_CLIENT);
        motet_xml_set_attr(xml, "a", special);
        motet_xml_add_text(xml, special, -1);

        g_autofree char *text = motet_xml_string(xml, MOTET_NS_CLIENT);
        g_assert_cmpstr(text, ==,
                        "<m a='a&amp;b&lt;c&gt;d&quot;e&apos;f]]&gt;g&#9;h&#10;i&#13;j "
                        "\xc3\xa9\xf0\x9f\x98\x80'>a&amp;b&lt;c&gt;d\"e'f]]&gt;g\th\ni&#13;j "
                        "\xc3\xa9\xf0\x9f\x98\x80</m>");
        g_autoptr(MotetXml) read = parse(text);
        g_assert_cmpstr(motet_xml_attr(read, "a"), ==, special);
        g_assert_cmpstr(motet_xml_text(read), ==, special);
}

/* Namespaces in XML 1.0 section 3: the xml namespace may not be made a default one; the receiver's
 * stream would end. */
static void
test_elements_of_the_xml_namespace_keep_its_prefix(void)
{
        g_autoptr(MotetXml) xml = parse("<m><xml:y><z/><xml:w/></xml:y></m>");

        assert_string(xml, MOTET_NS_CLIENT, "<m><xml:y><z/><xml:w/></xml:y></m>");
        g_autofree char *text = motet_xml_string(xml, MOTET_NS_CLIENT);
        g_autoptr(MotetXml) again = parse(text);
        assert_string(again, MOTET_NS_CLIENT, text);
}

/* Prefixes are the parser's business: what was prefixed comes out with xmlns. */
static void
test_prefixes_are_resolved(void)
{
        g_autoptr(MotetXml) xml =
                parse("<p:m xmlns:p='urn:test:a' xmlns:q='urn:test:b' q:at='1'><p:c/><q:d/></p:m>");

        g_assert_true(motet_xml_is(xml, "m", NS));
        g_assert_cmpstr(motet_xml_attr_ns(xml, "at", NS_B), ==, "1");
        assert_string(xml, MOTET_NS_CLIENT,
                      "<m xmlns='urn:test:a' xmlns:ns1='urn:test:b' ns1:at='1'><c/>"
                      "<d xmlns='urn:test:b'/></m>");
}

/* core/xml.h: the receiver's `to` stands where the sender's was, everything else is the same
 * bytes. */
static void
test_append_replaces_to(void)
{
        g_autoptr(MotetXml) with =
                parse("<message from='a' to='x@y' id='1'><body>hi</body></message>");
        g_autoptr(MotetXml) without = parse("<presence from='a'/>");

        for (unsigned i = 0; i < 2; i++) {
                assert_appended(with, MOTET_NS_CLIENT, "b&b",
                                "<message from='a' to='b&amp;b' id='1'><body>hi</body></message>");
                assert_appended(with, MOTET_NS_CLIENT, NULL,
                                "<message from='a' to='x@y' id='1'><body>hi</body></message>");
                assert_appended(with, MOTET_NS_SERVER, NULL,
                                "<message xmlns='jabber:client' from='a' to='x@y' id='1'>"
                                "<body>hi</body></message>");
                assert_appended(without, MOTET_NS_CLIENT, "b", "<presence to='b' from='a'/>");
                assert_appended(without, MOTET_NS_CLIENT, NULL, "<presence from='a'/>");
        }
}

/* A child may be sent on its own; its `to` is not the root's. */
static void
test_append_of_a_part_is_apart(void)
{
        g_autoptr(MotetXml) xml = parse("<f><message to='inner'/></f>");
        const MotetXml *inner = motet_xml_child(xml, "message", NULL);

        assert_appended(xml, MOTET_NS_CLIENT, "outer", "<f to='outer'><message to='inner'/></f>");
        assert_appended(inner, MOTET_NS_CLIENT, "new", "<message to='new'/>");
        assert_appended(xml, MOTET_NS_CLIENT, NULL, "<f><message to='inner'/></f>");
}

/* RFC 6120 4.8.5: features and errors carry the stream prefix; what is inside does not. */
static void
test_append_writes_the_stream_prefix(void)
{
        g_autoptr(MotetXml) features = motet_xml_new("features", MOTET_NS_STREAMS);
        motet_xml_add(features, "bind", NS);
        motet_xml_add(features, "odd", NULL);
        motet_xml_add(features, "own", MOTET_NS_CLIENT);

        assert_appended(features, MOTET_NS_CLIENT, NULL,
                        "<stream:features><bind xmlns='urn:test:a'/>"
                        "<odd xmlns='http://etherx.jabber.org/streams'/><own/></stream:features>");
        assert_string(features, MOTET_NS_CLIENT,
                      "<features xmlns='http://etherx.jabber.org/streams'>"
                      "<bind xmlns='urn:test:a'/><odd/><own xmlns='jabber:client'/></features>");
}

static void
change_frozen(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);

        xml_freeze(xml);
        motet_xml_set_attr(xml, "a", "b");
}

static void
change_sent(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);
        MotetXml *child = motet_xml_add(xml, "c", NULL);
        g_autoptr(GString) out = g_string_new(NULL);

        xml_append(xml, out, "", NULL);
        motet_xml_add(child, "d", NULL);
}

static void
add_control_character(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);

        motet_xml_add_text(xml, "a\x01", -1);
}

static void
set_broken_utf8(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);

        motet_xml_set_attr(xml, "a", "\xc3");
}

static void
add_noncharacter(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);

        motet_xml_add_text(xml, "\xef\xbf\xbf", -1);
}

/* STYLE: a broken invariant aborts under test. Each of these would damage somebody else's
 * stream. */
static void
test_misuse_is_caught(const void *data)
{
        void (*misuse)(void) = (void (*)(void))data;

        if (g_test_subprocess()) {
                misuse();
                return;
        }
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*CRITICAL*assertion*failed*");
}

static void
test_remove_takes_any_child_out(void)
{
        g_autoptr(MotetXml) xml = parse("<m>x<a/><b/>y<c/></m>");

        motet_xml_remove(xml, motet_xml_child(xml, "b", NULL));
        assert_string(xml, MOTET_NS_CLIENT, "<m>x<a/>y<c/></m>");
        motet_xml_remove(xml, motet_xml_child(xml, "c", NULL));
        motet_xml_add(xml, "d", NULL);
        assert_string(xml, MOTET_NS_CLIENT, "<m>x<a/>y<d/></m>");
        motet_xml_remove(xml, motet_xml_child(xml, "a", NULL));
        motet_xml_remove(xml, motet_xml_child(xml, "d", NULL));
        assert_string(xml, MOTET_NS_CLIENT, "<m>xy</m>");
        g_assert_cmpstr(motet_xml_text(xml), ==, "xy");

        g_autoptr(MotetXml) other = parse("<m><first/><last/></m>");
        motet_xml_remove(other, motet_xml_child(other, "first", NULL));
        assert_string(other, MOTET_NS_CLIENT, "<m><last/></m>");
        motet_xml_remove(other, motet_xml_child(other, "last", NULL));
        motet_xml_add_text(other, "", 0);
        assert_string(other, MOTET_NS_CLIENT, "<m/>");
}

static void
test_set_name_renames(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("old", NS);

        motet_xml_set_name(xml, "new", NULL);
        assert_string(xml, NULL, "<new xmlns='urn:test:a'/>");
        motet_xml_set_name(xml, "newer", NS_B);
        assert_string(xml, NULL, "<newer xmlns='urn:test:b'/>");
}

static const char copied_text[] =
        "<m xmlns='urn:test:a' id='1' xmlns:ns1='urn:test:b' ns1:z='2'>one<b c='d'><e/></b>two"
        "<f xmlns='urn:test:b'>three<g xmlns='urn:test:a'/></f></m>";

static void
test_copy_is_deep_and_changeable(void)
{
        g_autoptr(MotetXml) xml = parse(copied_text);
        xml_freeze(xml);

        g_autoptr(MotetXml) copy = motet_xml_copy(xml);
        assert_string(copy, NULL, copied_text);
        motet_xml_set_attr(copy, "id", "changed");
        motet_xml_add_with_text(copy, "more", NULL, "text");
        motet_xml_add_text(copy, "tail", -1);

        assert_string(xml, NULL, copied_text);
        g_assert_cmpstr(motet_xml_attr(copy, "id"), ==, "changed");
        g_assert_cmpstr(motet_xml_text(copy), ==, "onetwotail");
}

static void
test_copy_of_a_part_has_no_parent(void)
{
        g_autoptr(MotetXml) xml = parse(copied_text);
        g_autoptr(MotetXml) copy = motet_xml_copy(motet_xml_child(xml, "f", NS_B));

        g_assert_null(xml_parent(copy));
        g_assert_null(motet_xml_next(copy, NULL, NULL));
        assert_string(copy, NULL, "<f xmlns='urn:test:b'>three<g xmlns='urn:test:a'/></f>");
}

/* PERFORMANCE-FACTS: what is kept is packed; the arena a parser filled is not. */
static void
test_packed_copy_is_smaller(void)
{
        g_autoptr(MotetXml) xml = parse("<presence><show>away</show><status>x</status></presence>");
        g_autoptr(MotetXml) packed = xml_pack(xml);

        g_assert_cmpuint(xml_size(xml), ==, 1024);
        g_assert_cmpuint(xml_size(packed), <=, 480);
        assert_string(packed, MOTET_NS_CLIENT,
                      "<presence><show>away</show><status>x</status></presence>");
}

/* A namespace used a thousand times is stored once, in the tree and in its copy. */
static void
test_namespaces_are_stored_once(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("m", NULL);
        g_autofree char *ns = g_strnfill(200, 'n');
        for (unsigned i = 0; i < 1000; i++)
                motet_xml_set_attr_ns(motet_xml_add(xml, "x", NULL), "y", ns, "");

        g_autoptr(MotetXml) copy = motet_xml_copy(xml);
        g_assert_cmpuint(xml_size(copy), <, 1000 * 120);
        g_assert_cmpuint(xml_size(xml), <, 1000 * 120 * 3);
        g_autofree char *a = motet_xml_string(xml, NULL);
        g_autofree char *b = motet_xml_string(copy, NULL);
        g_assert_cmpstr(a, ==, b);
}

static void
test_add_copy_into_another_tree(void)
{
        g_autoptr(MotetXml) xml = parse("<m/>");
        g_autoptr(MotetXml) other = parse("<o><p xmlns='urn:test:a'>text</p><q/></o>");

        MotetXml *copy = motet_xml_add_copy(xml, motet_xml_child(other, "p", NULL));
        motet_xml_set_attr(copy, "added", "1");
        motet_xml_add_copy(xml, other);

        assert_string(xml, MOTET_NS_CLIENT,
                      "<m><p xmlns='urn:test:a' added='1'>text</p>"
                      "<o><p xmlns='urn:test:a'>text</p><q/></o></m>");
}

/* The source may be the tree that grows. */
static void
test_add_copy_of_itself_ends(void)
{
        g_autoptr(MotetXml) xml = parse("<a><b>x</b></a>");
        MotetXml *b = (MotetXml *)motet_xml_child(xml, "b", NULL);

        motet_xml_add_copy(b, xml);
        motet_xml_add_copy(xml, xml);
        assert_string(xml, MOTET_NS_CLIENT,
                      "<a><b>x<a><b>x</b></a></b><a><b>x<a><b>x</b></a></b></a></a>");
}

static void
test_reference_to_a_child_keeps_the_tree(void)
{
        MotetXml *xml = parse("<a><b>x</b></a>");
        g_autoptr(MotetXml) b = motet_xml_ref(motet_xml_child(xml, "b", NULL));

        motet_xml_unref(xml);
        motet_xml_unref(NULL);
        g_assert_cmpstr(motet_xml_text(b), ==, "x");
        g_assert_cmpstr(motet_xml_name(xml_parent(b)), ==, "a");
}

/* No recursion: depth costs no stack. */
static void
test_depth_is_not_bounded_by_the_stack(void)
{
        g_autoptr(MotetXml) xml = motet_xml_new("a", NS);
        MotetXml *at = xml;
        for (unsigned i = 0; i < 200000; i++)
                at = motet_xml_add(at, "a", NULL);

        g_autoptr(MotetXml) copy = motet_xml_copy(xml);
        g_autofree char *text = motet_xml_string(copy, NS);
        g_assert_cmpuint(strlen(text), ==, 200000 * 7 + 4);
}

static void
test_parse_reads_one_element(void)
{
        g_autoptr(MotetXml) xml = parse(" \n<m>&amp;&#65;&#x42;&lt;<![CDATA[<c>]]></m>\r\n ");
        g_autoptr(MotetXml) part = motet_xml_parse("<a/>garbage", 4, NULL, NULL);

        g_assert_true(motet_xml_is(xml, "m", MOTET_NS_CLIENT));
        g_assert_cmpstr(motet_xml_text(xml), ==, "&AB<<c>");
        g_assert_true(motet_xml_is(part, "a", ""));
}

static const struct {
        const char *text;
        const char *why;
} refused[] = {
        {"", "ends within"},
        {"  ", "ends within"},
        {"text", "text between"},
        {"<a>", "ends within"},
        {"<a/><b/>", "more than one"},
        {"<a/>text", "text between"},
        {"<a/><", "ends within"},
        {"<a></b>", NULL},
        {"<a b='1' b='2'/>", NULL},
        {"<a b=1/>", NULL},
        {"</stream:text>", "end tag"},
        {"<a/></stream:text>", "end tag"},
        {"</stream:text><stream:text>", "end tag"},
        {"<!-- c --><a/>", "comment"},
        {"<a><!-- c --></a>", "comment"},
        {"<?pi x?><a/>", "processing"},
        {"<a><?pi x?></a>", "processing"},
        {"<?xml version='1.0'?><a/>", NULL},
        {"<!DOCTYPE a><a/>", NULL},
        {"<a>&unknown;</a>", "entity"},
        {"<a>&#0;</a>", NULL},
        {"<a>&#xfffe;</a>", NULL},
        {"<a>\x01</a>", NULL},
        {"<a>\xff</a>", NULL},
        {"<a>\xc0\x80</a>", NULL},
        {"<a>\xed\xa0\x80</a>", NULL},
        {"<p:a/>", NULL},
        {"<a p:b=''/>", NULL},
        {"<a xmlns:p=''/>", NULL},
        {"<a xmlns:xml='urn:x'/>", NULL},
        {"<a xmlns='http://www.w3.org/XML/1998/namespace'/>", NULL},
        {"<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", NULL},
        {"<a:b:c xmlns:a='urn:x'/>", NULL},
};

/* RFC 6120 11.1 and XML 1.0: nothing else is one well-formed element. */
static void
test_parse_refuses_anything_else(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
                assert_refused(refused[i].text, -1, refused[i].why);
        assert_refused("<a>\0</a>", 8, NULL);
        /* As g_bytes_get_data() hands out a document of no bytes. */
        assert_refused(NULL, 0, "ends within");
}

static char *
nested(unsigned depth)
{
        GString *text = g_string_new(NULL);

        for (unsigned i = 0; i < depth; i++)
                g_string_append(text, "<a>");
        for (unsigned i = 0; i < depth; i++)
                g_string_append(text, "</a>");
        return g_string_free(text, FALSE);
}

static void
test_parse_bounds_depth(void)
{
        g_autofree char *deep = nested(128);
        g_autofree char *deeper = nested(129);

        g_autoptr(MotetXml) xml = parse(deep);
        g_assert_cmpuint(motet_xml_n_children(xml), ==, 1);
        assert_refused(deeper, -1, "deep");
}

/* A namespace may be any text; a line break in it must not be taken for the end of the name. */
static void
test_odd_namespace_names_survive(void)
{
        g_autoptr(MotetXml) xml = parse("<a xmlns='x&#10;y&apos;z'><b/></a>");

        g_assert_cmpstr(motet_xml_ns(xml), ==, "x\ny'z");
        assert_string(xml, NULL, "<a xmlns='x&#10;y&apos;z'><b/></a>");
}

static MotetXml *
random_tree(GRand *rand, const char *ns)
{
        static const char *const names[] = {"a", "body", "unknown-name", "item"};
        static const char *const spaces[] = {"", NS, NS_B, MOTET_NS_CLIENT, "urn:test:c'&<"};
        MotetXml *root = motet_xml_new("root", ns);
        MotetXml *at = root;

        for (int n = g_rand_int_range(rand, 0, 40); n > 0; n--) {
                const char *name = names[g_rand_int_range(rand, 0, G_N_ELEMENTS(names))];
                const char *space = spaces[g_rand_int_range(rand, 0, G_N_ELEMENTS(spaces))];
                switch (g_rand_int_range(rand, 0, 6)) {
                case 0:
                        at = motet_xml_add(at, name, space);
                        break;
                case 1:
                        motet_xml_add(at, name, space);
                        break;
                case 2:
                        motet_xml_add_text(at, "text & <more> \r\n ", -1);
                        break;
                case 3:
                        motet_xml_set_attr(at, name, "value '\"\t\n");
                        break;
                case 4:
                        motet_xml_set_attr_ns(at, name, space, "value");
                        break;
                default:
                        if (xml_parent(at))
                                at = xml_parent(at);
                }
        }
        return root;
}

/* Whatever is written reads back as the same tree, under any namespace in force. */
static void
test_writing_and_reading_agree(void)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(20260101);

        for (unsigned i = 0; i < 2000; i++) {
                const char *force = i % 2 ? MOTET_NS_CLIENT : NULL;
                g_autoptr(GError) error = NULL;
                g_autoptr(MotetXml) xml = random_tree(rand, i % 3 ? NS : "");
                g_autofree char *text = motet_xml_string(xml, force);
                g_autoptr(MotetXml) read = motet_xml_parse(text, -1, force, &error);
                g_assert_no_error(error);
                g_autoptr(MotetXml) copy = motet_xml_copy(read);
                g_autofree char *again = motet_xml_string(copy, force);
                g_assert_cmpstr(text, ==, again);
                assert_appended(copy, force, NULL, text);
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/xml/names-are-sorted", test_names_are_sorted);
        g_test_add_func("/xml/names-are-found-by-value", test_names_are_found_by_value);
        g_test_add_func("/xml/new-element-is-empty", test_new_element_is_empty);
        g_test_add_func("/xml/no-namespace-reads-as-empty", test_no_namespace_reads_as_empty);
        g_test_add_func("/xml/is-matches-name-and-namespace", test_is_matches_name_and_namespace);
        g_test_add_func("/xml/attributes-are-set-replaced-and-removed",
                        test_attributes_are_set_replaced_and_removed);
        g_test_add_func("/xml/attributes-of-a-namespace-are-apart",
                        test_attributes_of_a_namespace_are_apart);
        g_test_add_func("/xml/xml-lang-is-part-of-the-name", test_xml_lang_is_part_of_the_name);
        g_test_add_func("/xml/children-are-found-in-order", test_children_are_found_in_order);
        g_test_add_func("/xml/text-of-several-pieces-is-joined",
                        test_text_of_several_pieces_is_joined);
        g_test_add_func("/xml/text-grows-in-a-bounded-arena", test_text_grows_in_a_bounded_arena);
        g_test_add_func("/xml/child-takes-the-parents-namespace",
                        test_child_takes_the_parents_namespace);
        g_test_add_func("/xml/xmlns-is-written-only-where-it-differs",
                        test_xmlns_is_written_only_where_it_differs);
        g_test_add_func("/xml/special-characters-survive", test_special_characters_survive);
        g_test_add_func("/xml/elements-of-the-xml-namespace-keep-its-prefix",
                        test_elements_of_the_xml_namespace_keep_its_prefix);
        g_test_add_func("/xml/prefixes-are-resolved", test_prefixes_are_resolved);
        g_test_add_func("/xml/append-replaces-to", test_append_replaces_to);
        g_test_add_func("/xml/append-of-a-part-is-apart", test_append_of_a_part_is_apart);
        g_test_add_func("/xml/append-writes-the-stream-prefix",
                        test_append_writes_the_stream_prefix);
        g_test_add_data_func("/xml/frozen-tree-refuses-change", change_frozen,
                             test_misuse_is_caught);
        g_test_add_data_func("/xml/sent-tree-refuses-change", change_sent, test_misuse_is_caught);
        g_test_add_data_func("/xml/control-character-is-refused", add_control_character,
                             test_misuse_is_caught);
        g_test_add_data_func("/xml/broken-utf8-is-refused", set_broken_utf8, test_misuse_is_caught);
        g_test_add_data_func("/xml/noncharacter-is-refused", add_noncharacter,
                             test_misuse_is_caught);
        g_test_add_func("/xml/remove-takes-any-child-out", test_remove_takes_any_child_out);
        g_test_add_func("/xml/set-name-renames", test_set_name_renames);
        g_test_add_func("/xml/copy-is-deep-and-changeable", test_copy_is_deep_and_changeable);
        g_test_add_func("/xml/copy-of-a-part-has-no-parent", test_copy_of_a_part_has_no_parent);
        g_test_add_func("/xml/packed-copy-is-smaller", test_packed_copy_is_smaller);
        g_test_add_func("/xml/namespaces-are-stored-once", test_namespaces_are_stored_once);
        g_test_add_func("/xml/add-copy-into-another-tree", test_add_copy_into_another_tree);
        g_test_add_func("/xml/add-copy-of-itself-ends", test_add_copy_of_itself_ends);
        g_test_add_func("/xml/reference-to-a-child-keeps-the-tree",
                        test_reference_to_a_child_keeps_the_tree);
        g_test_add_func("/xml/depth-is-not-bounded-by-the-stack",
                        test_depth_is_not_bounded_by_the_stack);
        g_test_add_func("/xml/parse-reads-one-element", test_parse_reads_one_element);
        g_test_add_func("/xml/parse-refuses-anything-else", test_parse_refuses_anything_else);
        g_test_add_func("/xml/parse-bounds-depth", test_parse_bounds_depth);
        g_test_add_func("/xml/odd-namespace-names-survive", test_odd_namespace_names_survive);
        g_test_add_func("/xml/writing-and-reading-agree", test_writing_and_reading_agree);
        return g_test_run();
}
