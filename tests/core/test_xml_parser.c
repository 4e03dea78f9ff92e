/*
 * test_xml_parser: streams of bytes into trees; what is refused, what is held.
 */
#include <string.h>

#include "core/xml_pool.h"
#include "support/test_parser.h"

/* RFC 6120 4.7: attributes of the header; its declarations are not among them. */
static void
test_header_is_told(TestParser *f, const void *data)
{
        (void)data;
        g_assert_true(test_parser_feed(
                f, "<?xml version='1.0' encoding='utf-8'?>\n"
                   "<stream:stream to='example.org' from='a@b' version='1.0' xml:lang='en' "
                   "xmlns='jabber:client'" TEST_PARSER_XMLNS ">"));
        test_parser_assert_told(
                f, "[open <stream xmlns='http://etherx.jabber.org/streams' to='example.org' "
                   "from='a@b' version='1.0' xml:lang='en'/> in jabber:client]");
        g_assert_true(xml_parser_is_idle(f->parser));
        g_assert_cmpuint(xml_parser_memory(f->parser), ==, 0);
}

/* RFC 6120 4.8: which prefix the stream namespace has is the peer's choice; none is legal too. */
static void
test_header_may_use_any_prefix(TestParser *f, const void *data)
{
        (void)data;
        g_assert_true(test_parser_feed(f, "<stream xmlns='http://etherx.jabber.org/streams'>"));
        test_parser_assert_told(f, "[open <stream xmlns='http://etherx.jabber.org/streams'/> in "
                                   "http://etherx.jabber.org/streams]");
        test_parser_feed(f, "<iq xmlns='jabber:client'/></stream>");
        test_parser_assert_told(f, "<iq/>[closed]");

        test_parser_reopen(f);
        g_assert_true(test_parser_feed(f, "<s:stream xmlns:s='http://etherx.jabber.org/streams'>"));
        test_parser_assert_told(f, "[open <stream xmlns='http://etherx.jabber.org/streams'/> in ]");
        test_parser_feed(f, "<iq/><c:iq xmlns:c='jabber:client'/></s:stream>");
        test_parser_assert_told(f, "<iq xmlns=''/><iq/>[closed]");
}

static void
test_elements_are_told_whole(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        test_parser_feed(f, "<message to='a'><body>Hello &amp; ");
        test_parser_assert_told(f, "");
        g_assert_false(xml_parser_is_idle(f->parser));
        test_parser_feed(f, "bye</body></message><presence/><iq");
        test_parser_assert_told(
                f, "<message to='a'><body>Hello &amp; bye</body></message><presence/>");
        test_parser_feed(f, " id='1'/>");
        test_parser_assert_told(f, "<iq id='1'/>");
        g_assert_true(xml_parser_is_idle(f->parser));
        test_parser_feed(f, "</stream:stream>");
        test_parser_assert_told(f, "[closed]");
        g_assert_true(xml_parser_is_idle(f->parser));
}

/* The header's prefixes hold in every stanza, whichever parser reads it. */
static void
test_header_prefixes_stay_in_force(TestParser *f, const void *data)
{
        (void)data;
        test_parser_feed(f, "<stream:stream xmlns='jabber:client'" TEST_PARSER_XMLNS
                            " xmlns:p='urn:p&apos;&#10;'>");
        g_string_truncate(f->told, 0);
        for (unsigned i = 0; i < 3; i++) {
                test_parser_feed(f, "<p:x/>");
                test_parser_assert_told(f, "<x xmlns='urn:p&apos;&#10;'/>");
                test_parser_feed(f, "<stream:features/>");
                test_parser_assert_told(f, "<features xmlns='http://etherx.jabber.org/streams'/>");
        }
        test_parser_feed(f, "<q:x/>");
        test_parser_assert_told(f, "[not-well-formed]");
}

/* RFC 6120 4.6.1: white space keeps a connection alive and costs nothing. */
static void
test_white_space_touches_no_parser(TestParser *f, const void *data)
{
        g_autofree char *spaces = g_strnfill(100000, ' ');
        (void)data;

        test_parser_feed(f, spaces);
        test_parser_feed(f, "\r\n\t");
        g_assert_true(xml_parser_is_idle(f->parser));
        test_parser_open(f);
        uint64_t created = xml_pool_n_created(f->pool);
        for (unsigned i = 0; i < 100; i++) {
                g_assert_true(test_parser_feed(f, spaces));
                g_assert_true(test_parser_feed(f, " \t\r\n"));
        }

        g_assert_true(xml_parser_is_idle(f->parser));
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created);
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 1);
        test_parser_feed(f, "<iq/>");
        test_parser_assert_told(f, "<iq/>");
        g_assert_true(test_parser_feed(f, spaces));
        g_assert_true(xml_parser_is_idle(f->parser));
}

/* White space around stanzas in one read goes through the parser and is not counted as part of
 * any. */
static void
test_white_space_between_stanzas_is_unlimited(TestParser *f, const void *data)
{
        g_autofree char *spaces = g_strnfill(2500, '\n');
        g_autofree char *text = g_strconcat("<a/>", spaces, "<b/>", spaces, "<c/>", spaces, NULL);
        (void)data;

        test_parser_open(f);
        g_assert_true(test_parser_feed(f, text));
        test_parser_assert_told(f, "<a/><b/><c/>");
        g_assert_true(xml_parser_is_idle(f->parser));
}

typedef struct {
        const char *text; /* after the header; or instead of it when it begins with '!' */
        MotetCondition condition;
} Refused;

static const Refused refused[] = {
        /* RFC 6120 11.1: restricted XML */
        {"!<!DOCTYPE stream>" TEST_PARSER_HEADER, MOTET_RESTRICTED_XML},
        {"!<!DOCTYPE s SYSTEM 'file:///etc/passwd'>" TEST_PARSER_HEADER, MOTET_RESTRICTED_XML},
        {"!<!DOCTYPE s [<!ENTITY a 'b'>]>" TEST_PARSER_HEADER, MOTET_RESTRICTED_XML},
        {"!<!DOCTYPE s [<!ENTITY a SYSTEM 'http://127.0.0.1/'>]>", MOTET_RESTRICTED_XML},
        {"!<!DOCTYPE s [<!ENTITY % a 'b'> %a;]>", MOTET_RESTRICTED_XML},
        {"!<!-- comment -->" TEST_PARSER_HEADER, MOTET_RESTRICTED_XML},
        {"!<?pi data?>" TEST_PARSER_HEADER, MOTET_RESTRICTED_XML},
        {"!<?xml version='1.0'?><?xml-stylesheet href='x'?>" TEST_PARSER_HEADER,
         MOTET_RESTRICTED_XML},
        {"<!-- comment -->", MOTET_RESTRICTED_XML},
        {"<!---->", MOTET_RESTRICTED_XML},
        {"<m><!-- comment --></m>", MOTET_RESTRICTED_XML},
        {"<?pi?>", MOTET_RESTRICTED_XML},
        {"<m><?pi data?></m>", MOTET_RESTRICTED_XML},
        {"<m>&entity;</m>", MOTET_RESTRICTED_XML},
        {"<m a='&entity;'/>", MOTET_RESTRICTED_XML},
        {"&entity;", MOTET_RESTRICTED_XML},
        /* RFC 6120 11.3: not well-formed */
        {"!text" TEST_PARSER_HEADER, MOTET_NOT_WELL_FORMED},
        {"!<", 0},
        {"!<>", MOTET_NOT_WELL_FORMED},
        {"!<stream:stream>", MOTET_NOT_WELL_FORMED},
        {"!</stream:stream>", MOTET_NOT_WELL_FORMED},
        {"!GET / HTTP/1.1\r\n", MOTET_NOT_WELL_FORMED},
        {"!\x16\x03\x01\x02", MOTET_NOT_WELL_FORMED},
        {"!" TEST_PARSER_HEADER "<?xml version='1.0'?>", MOTET_NOT_WELL_FORMED},
        {"<m></n>", MOTET_NOT_WELL_FORMED},
        {"<m a='1' a='2'/>", MOTET_NOT_WELL_FORMED},
        {"<m xmlns:p='urn:x' xmlns:q='urn:x' p:a='1' q:a='2'/>", MOTET_NOT_WELL_FORMED},
        {"<m a/>", MOTET_NOT_WELL_FORMED},
        {"<m a='<'/>", MOTET_NOT_WELL_FORMED},
        {"<m>]]></m>", MOTET_NOT_WELL_FORMED},
        {"<m>&</m>", MOTET_NOT_WELL_FORMED},
        {"<m>&#0;</m>", MOTET_NOT_WELL_FORMED},
        {"<m>&#xd800;</m>", MOTET_NOT_WELL_FORMED},
        {"<m>&#x110000;</m>", MOTET_NOT_WELL_FORMED},
        {"<m>\x01</m>", MOTET_NOT_WELL_FORMED},
        {"<1/>", MOTET_NOT_WELL_FORMED},
        {"</stream:other>", MOTET_NOT_WELL_FORMED},
        {"</stream>", MOTET_NOT_WELL_FORMED},
        {"<!DOCTYPE m>", MOTET_NOT_WELL_FORMED},
        {"<m><!ENTITY a 'b'></m>", MOTET_NOT_WELL_FORMED},
        {"<m><?xml version='1.0'?></m>", MOTET_NOT_WELL_FORMED},
        /* Namespaces in XML 1.0 */
        {"<p:m/>", MOTET_NOT_WELL_FORMED},
        {"<m p:a=''/>", MOTET_NOT_WELL_FORMED},
        {"<p:m xmlns:p=''/>", MOTET_NOT_WELL_FORMED},
        {"<p:q:m xmlns:p='urn:x'/>", MOTET_NOT_WELL_FORMED},
        {"<:m/>", MOTET_NOT_WELL_FORMED},
        {"<m xmlns:xml='urn:x'/>", MOTET_NOT_WELL_FORMED},
        {"<m xmlns:xmlns='urn:x'/>", MOTET_NOT_WELL_FORMED},
        /* RFC 6120 11.6: UTF-8 only, and that valid */
        {"<m>\xff</m>", MOTET_NOT_WELL_FORMED},
        {"<m>\xc0\xaf</m>", MOTET_NOT_WELL_FORMED},
        {"<m>\xed\xa0\x80</m>", MOTET_NOT_WELL_FORMED},
        {"<m>\xf4\x90\x80\x80</m>", MOTET_NOT_WELL_FORMED},
        {"<m>\xef\xbf\xbe</m>", MOTET_NOT_WELL_FORMED},
        {"<m a='\xc3'/>", MOTET_NOT_WELL_FORMED},
        {"!<?xml version='1.0' encoding='iso-8859-1'?>" TEST_PARSER_HEADER,
         MOTET_UNSUPPORTED_ENCODING},
        {"!<?xml version='1.0' encoding='UTF-16'?>" TEST_PARSER_HEADER, MOTET_UNSUPPORTED_ENCODING},
        {"!<?xml version='1.0' encoding='UTF-7'?>" TEST_PARSER_HEADER, MOTET_UNSUPPORTED_ENCODING},
        {"!\xff\xfe<", MOTET_UNSUPPORTED_ENCODING},
        {"!\xfe\xff", MOTET_UNSUPPORTED_ENCODING},
        /* SECURITY-DEFAULTS R11: no text at stream level */
        {"text", MOTET_BAD_REQUEST},
        {"  text <m/>", MOTET_BAD_REQUEST},
        {"<![CDATA[x]]>", MOTET_BAD_REQUEST},
        {"<![CDATA[", MOTET_BAD_REQUEST},
        {"<m/> <![CDATA[]]>", MOTET_BAD_REQUEST},
        {"&amp;", MOTET_BAD_REQUEST},
        {"&#65;", MOTET_BAD_REQUEST},
};

static void
assert_refused(TestParser *f, const Refused *r, bool bytewise)
{
        test_parser_reopen(f);
        const char *text = r->text;
        if (*text == '!')
                text++;
        else
                test_parser_open(f);
        for (size_t i = 0, n = strlen(text); bytewise && i + 1 < n; i++, text++)
                xml_parser_feed(f->parser, text, 1);
        bool alive = test_parser_feed(f, text);
        if (f->condition != r->condition || alive != (r->condition == 0))
                g_error("\"%s\" gave \"%s\"", r->text, f->told->str);
        if (!alive)
                g_assert_false(test_parser_feed(f, "<iq/>"));
        g_assert_cmpuint(f->n_failed, ==, r->condition == 0 ? 0 : 1);
        if (!alive)
                g_assert_cmpuint(xml_parser_memory(f->parser), ==, 0);
}

static void
test_bad_xml_is_refused(TestParser *f, const void *data)
{
        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
                assert_refused(f, &refused[i], false);
}

static void
test_bad_xml_is_refused_in_pieces(TestParser *f, const void *data)
{
        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
                assert_refused(f, &refused[i], true);
}

static void
test_utf16_is_an_unsupported_encoding(TestParser *f, const void *data)
{
        static const char little[] = {'<', 0, 's', 0}, big[] = {0, '<', 0, 's'};
        (void)data;

        g_assert_false(xml_parser_feed(f->parser, little, sizeof little));
        test_parser_assert_told(f, "[unsupported-encoding]");
        test_parser_reopen(f);
        g_assert_false(xml_parser_feed(f->parser, big, sizeof big));
        test_parser_assert_told(f, "[unsupported-encoding]");
        test_parser_reopen(f);
        g_assert_true(xml_parser_feed(f->parser, little, 1));
        g_assert_false(xml_parser_feed(f->parser, little + 1, 1));
        test_parser_assert_told(f, "[unsupported-encoding]");
}

static void
test_allowed_xml_is_accepted(TestParser *f, const void *data)
{
        (void)data;
        test_parser_feed(f, "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"Utf-8\" "
                            "standalone='yes'?>" TEST_PARSER_HEADER);
        g_string_truncate(f->told, 0);
        test_parser_feed(f,
                         "<m a=\"&lt;&quot;'\"><![CDATA[<&]]>&#x1F600;</m><xml:m/><m xmlns=''/>");
        test_parser_assert_told(f, "<m a='&lt;&quot;&apos;'>&lt;&amp;\xf0\x9f\x98\x80</m><xml:m/>"
                                   "<m xmlns=''/>");
        g_assert_true(xml_parser_is_idle(f->parser));
}

/* PERFORMANCE-FACTS: an idle stream holds this struct and nothing else. */
static void
test_idle_stream_holds_nothing(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        test_parser_feed(f, "<m>");
        g_assert_cmpuint(xml_parser_memory(f->parser), >, 10000);
        test_parser_feed(f, "</m>");
        g_assert_cmpuint(xml_parser_memory(f->parser), ==, 0);
}

/* A sink that pauses at an empty header leaves nothing to parse on with. */
static void
test_pause_at_an_empty_stream(TestParser *f, const void *data)
{
        (void)data;
        f->on_element = "stream";
        f->then = xml_parser_pause;
        test_parser_feed(f, "<stream xmlns='x'/>");
        test_parser_assert_told(f, "[open <stream xmlns='x'/> in x]");
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
        g_assert_true(xml_parser_resume(f->parser));
        g_assert_false(test_parser_feed(f, "<m/>"));
        test_parser_assert_told(f, "[not-well-formed]");
}

static void
test_pause_keeps_what_follows(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->on_element = "p";
        f->then = xml_parser_pause;
        g_assert_true(test_parser_feed(f, "<a/><p/><b/><p/><c/><m>un"));
        test_parser_assert_told(f, "<a/><p/>");
        g_assert_true(xml_parser_is_paused(f->parser));
        g_assert_false(xml_parser_is_idle(f->parser));
        g_assert_true(test_parser_feed(f, "finished</m></stre"));
        test_parser_assert_told(f, "");
        g_assert_true(xml_parser_resume(f->parser));
        test_parser_assert_told(f, "<b/><p/>");
        g_assert_true(xml_parser_is_paused(f->parser));
        g_assert_true(xml_parser_resume(f->parser));
        test_parser_assert_told(f, "<c/><m>unfinished</m>");
        g_assert_false(xml_parser_is_paused(f->parser));
        g_assert_true(test_parser_feed(f, "am:stream>"));
        test_parser_assert_told(f, "[closed]");
}

/* At the very end of what was read a pause costs neither the parser nor memory. */
static void
test_pause_at_the_end_holds_nothing(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        uint64_t created = xml_pool_n_created(f->pool);
        f->on_element = "p";
        f->then = xml_parser_pause;
        test_parser_feed(f, "<p/>");
        g_assert_true(xml_parser_is_idle(f->parser));
        g_assert_true(xml_parser_resume(f->parser));
        test_parser_feed(f, "<p></p>\r\n \n");
        g_assert_true(xml_parser_is_idle(f->parser));
        g_assert_true(xml_parser_resume(f->parser));
        test_parser_assert_told(f, "<p/><p/>");
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created);
}

static void
test_pause_in_the_header(TestParser *f, const void *data)
{
        (void)data;
        f->on_element = "stream";
        f->then = xml_parser_pause;
        test_parser_feed(f, TEST_PARSER_HEADER "<a/><b>");
        g_assert_true(g_str_has_prefix(f->told->str, "[open "));
        g_string_truncate(f->told, 0);
        xml_parser_resume(f->parser);
        test_parser_feed(f, "</b>");
        test_parser_assert_told(f, "<a/><b/>");
}

/* A peer may not fill memory while its stream is paused. */
static void
test_pause_keeps_a_bounded_amount(TestParser *f, const void *data)
{
        g_autofree char *fill = g_strnfill(1024 * 1024, ' ');
        (void)data;

        test_parser_open(f);
        f->on_element = "p";
        f->then = xml_parser_pause;
        test_parser_feed(f, "<p/>x");
        g_assert_true(xml_parser_feed(f->parser, fill, 1024 * 1024 - 1));
        g_assert_cmpuint(xml_parser_memory(f->parser), <, 1024 * 1024 + 100);
        g_assert_false(test_parser_feed(f, "x"));
        test_parser_assert_told(f, "<p/>[policy-violation]");
        g_assert_cmpuint(xml_parser_memory(f->parser), ==, 0);
        g_assert_false(xml_parser_resume(f->parser));
}

static void
test_failure_behind_a_pause(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->on_element = "p";
        f->then = xml_parser_pause;
        g_assert_true(test_parser_feed(f, "<p/><m></n>"));
        test_parser_assert_told(f, "<p/>");
        g_assert_false(xml_parser_resume(f->parser));
        test_parser_assert_told(f, "[not-well-formed]");
}

/* RFC 6120 4.3.3 and 5.4.3.3: after a restart a new header comes; what was sent ahead is not its
 * beginning. */
static void
test_reset_from_the_sink_drops_the_rest(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->on_element = "r";
        f->then = xml_parser_reset;
        g_assert_true(test_parser_feed(f, "<a/><r/><b/><broken"));
        test_parser_assert_told(f, "<a/><r/>");
        g_assert_true(xml_parser_is_idle(f->parser));
        test_parser_feed(f, " \n<?xml version='1.0'?>" TEST_PARSER_HEADER "<c/>");
        g_assert_true(g_str_has_suffix(f->told->str, " in jabber:client]<c/>"));
}

static void
test_reset_at_the_end_saves_the_parser(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->on_element = "r";
        f->then = xml_parser_reset;
        test_parser_feed(f, "<r/>\n");
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 1);
        test_parser_feed(f, TEST_PARSER_HEADER);
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 2);
}

static void
test_reset_from_outside(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        test_parser_feed(f, "<a><b>");
        xml_parser_reset(f->parser);
        g_assert_true(xml_parser_is_idle(f->parser));
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
        test_parser_feed(f, TEST_PARSER_HEADER "<c/>");
        g_assert_true(g_str_has_suffix(f->told->str, "]<c/>"));
}

/* A chain that waited may restart the stream before parsing is resumed. */
static void
test_reset_while_paused(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->on_element = "p";
        f->then = xml_parser_pause;
        test_parser_feed(f, "<p/><a/>");
        xml_parser_reset(f->parser);
        g_assert_true(xml_parser_is_paused(f->parser));
        g_assert_true(xml_parser_is_idle(f->parser));
        g_assert_true(xml_parser_resume(f->parser));
        test_parser_assert_told(f, "<p/>");
        test_parser_feed(f, TEST_PARSER_HEADER);
        g_assert_true(g_str_has_prefix(f->told->str, "[open"));
}

static void
test_stop_from_the_sink(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->on_element = "s";
        f->then = xml_parser_stop;
        g_assert_false(test_parser_feed(f, "<a/><s/><b/>"));
        test_parser_assert_told(f, "<a/><s/>");
        g_assert_false(test_parser_feed(f, "<c/>"));
        xml_parser_reset(f->parser);
        g_assert_false(test_parser_feed(f, TEST_PARSER_HEADER));
        test_parser_assert_told(f, "");
        g_assert_true(xml_parser_is_idle(f->parser));
}

/* A header that is refused leaves nothing behind in the pool. */
static void
test_stop_at_the_header(TestParser *f, const void *data)
{
        (void)data;
        f->on_element = "stream";
        f->then = xml_parser_stop;
        g_assert_false(test_parser_feed(f, TEST_PARSER_HEADER "<a/>"));
        g_assert_true(g_str_has_suffix(f->told->str, " in jabber:client]"));
        g_assert_cmpuint(xml_pool_n_keys(f->pool), ==, 0);
}

static void
test_stop_from_outside(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        test_parser_feed(f, "<a>");
        xml_parser_stop(f->parser);
        g_assert_true(xml_parser_is_idle(f->parser));
        g_assert_false(test_parser_feed(f, "</a>"));
        test_parser_assert_told(f, "");
}

/* RFC 6120 4.4: nothing follows the end of a stream. */
static void
test_input_behind_the_end_is_dropped(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        g_assert_true(test_parser_feed(f, "<a/></stream:stream><b/>"));
        g_assert_true(test_parser_feed(f, "<c></d>"));
        test_parser_assert_told(f, "<a/>[closed]");
        g_assert_cmpuint(f->n_failed, ==, 0);
}

#define ADD(path, func)                                                                            \
        g_test_add("/xml_parser/" path, TestParser, NULL, test_parser_set_up, func,                \
                   test_parser_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("header-is-told", test_header_is_told);
        ADD("header-may-use-any-prefix", test_header_may_use_any_prefix);
        ADD("elements-are-told-whole", test_elements_are_told_whole);
        ADD("header-prefixes-stay-in-force", test_header_prefixes_stay_in_force);
        ADD("white-space-touches-no-parser", test_white_space_touches_no_parser);
        ADD("white-space-between-stanzas-is-unlimited",
            test_white_space_between_stanzas_is_unlimited);
        ADD("bad-xml-is-refused", test_bad_xml_is_refused);
        ADD("bad-xml-is-refused-in-pieces", test_bad_xml_is_refused_in_pieces);
        ADD("utf16-is-an-unsupported-encoding", test_utf16_is_an_unsupported_encoding);
        ADD("allowed-xml-is-accepted", test_allowed_xml_is_accepted);
        ADD("idle-stream-holds-nothing", test_idle_stream_holds_nothing);
        ADD("pause-at-an-empty-stream", test_pause_at_an_empty_stream);
        ADD("pause-keeps-what-follows", test_pause_keeps_what_follows);
        ADD("pause-at-the-end-holds-nothing", test_pause_at_the_end_holds_nothing);
        ADD("pause-in-the-header", test_pause_in_the_header);
        ADD("pause-keeps-a-bounded-amount", test_pause_keeps_a_bounded_amount);
        ADD("failure-behind-a-pause", test_failure_behind_a_pause);
        ADD("reset-from-the-sink-drops-the-rest", test_reset_from_the_sink_drops_the_rest);
        ADD("reset-at-the-end-saves-the-parser", test_reset_at_the_end_saves_the_parser);
        ADD("reset-from-outside", test_reset_from_outside);
        ADD("reset-while-paused", test_reset_while_paused);
        ADD("stop-from-the-sink", test_stop_from_the_sink);
        ADD("stop-at-the-header", test_stop_at_the_header);
        ADD("stop-from-outside", test_stop_from_outside);
        ADD("input-behind-the-end-is-dropped", test_input_behind_the_end_is_dropped);
        return g_test_run();
}
