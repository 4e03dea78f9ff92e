/*
 * Tests of xml_parser: each limit, at it and one past it, and what a stream makes the server hold.
 */
#include <string.h>

#include "support/test_parser.h"

static void
assert_limit(TestParser *f, const char *at, const char *past)
{
        g_assert_true(test_parser_feed(f, at));
        g_assert_cmpuint(f->n_told, >, 0);
        f->n_told = 0;
        g_assert_true(test_parser_feed(f, at));
        g_assert_cmpuint(f->n_told, >, 0);
        g_assert_false(test_parser_feed(f, past));
        g_assert_cmpint(f->condition, ==, MOTET_POLICY_VIOLATION);
        g_assert_cmpuint(xml_parser_memory(f->parser), ==, 0);
}

/* RFC 6120 13.12: an element of the limit's size passes, of one byte more does not. */
static void
test_limit_of_stanza_bytes(TestParser *f, const void *data)
{
        g_autofree char *fill = g_strnfill(1000 - 7, 'x');
        g_autofree char *at = g_strdup_printf("<m>%s</m>", fill);
        g_autofree char *past = g_strdup_printf("<m>x%s</m>", fill);
        (void)data;

        test_parser_open(f);
        f->n_told = 0;
        g_assert_cmpuint(strlen(at), ==, 1000);
        assert_limit(f, at, past);

        /* neither what came before nor how it is cut changes that */
        for (size_t cut = 1; cut < 1000; cut += 111) {
                test_parser_reopen(f);
                test_parser_open(f);
                g_autofree char *both = g_strconcat("<a/>  ", at, "\n", at, NULL);
                g_assert_true(xml_parser_feed(f->parser, both, cut));
                g_assert_true(test_parser_feed(f, both + cut));
                g_assert_false(test_parser_feed(f, past));
        }
}

static void
test_limit_of_header_bytes(TestParser *f, const void *data)
{
        g_autofree char *fill = g_strnfill(1000 - strlen(TEST_PARSER_HEADER) - 5, 'x');
        g_autofree char *at = g_strdup_printf("%.*s a='%s'>", (int)strlen(TEST_PARSER_HEADER) - 1,
                                              TEST_PARSER_HEADER, fill);
        g_autofree char *past = g_strdup_printf(
                "%.*s a='x%s'>", (int)strlen(TEST_PARSER_HEADER) - 1, TEST_PARSER_HEADER, fill);
        (void)data;

        g_assert_cmpuint(strlen(at), ==, 1000);
        g_assert_true(test_parser_feed(f, at));
        test_parser_reopen(f);
        g_assert_false(test_parser_feed(f, past));
        test_parser_assert_told(f, "[policy-violation]");
}

/* What has no end yet is bounded as well, whatever it is. */
static void
test_limit_of_unfinished_input(TestParser *f, const void *data)
{
        static const char *const starts[] = {
                "!<",
                "!<stream:stream a='",
                "!<?xml version='",
                "!<!DOCTYPE ",
                "!<!-- ",
                "<",
                "<m a='",
                "<m>",
                "<m><!--",
                "<m><?pi ",
                "<m><![CDATA[",
                "</stream:stream",
                "<?pi ",
                "<!--",
                "<m>&a",
        };
        g_autofree char *fill = g_strnfill(2000, 'x');
        (void)data;

        for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
                test_parser_reopen(f);
                const char *start = starts[i];
                if (*start == '!')
                        start++;
                else
                        test_parser_open(f);
                g_assert_true(test_parser_feed(f, start));
                g_assert_true(xml_parser_feed(f->parser, fill, 1000 - strlen(start)));
                g_assert_cmpuint(xml_parser_memory(f->parser), <, 16 * 1024);
                g_assert_false(xml_parser_feed(f->parser, fill, 1));
                g_assert_cmpint(f->condition, ==, MOTET_POLICY_VIOLATION);
        }
}

/* Feeds a tag of @n bytes and its end in pieces of @piece bytes. Returns: whether it was taken */
static bool
feed_tag_in_pieces(TestParser *f, size_t n, size_t piece)
{
        static const char start[] = "<m a='", end[] = "'/>";
        g_autofree char *fill = g_strnfill(n - strlen(start) - strlen(end), 'x');
        g_autofree char *tag = g_strconcat(start, fill, end, NULL);

        for (size_t at = 0; at < n; at += piece) {
                if (!xml_parser_feed(f->parser, tag + at, MIN(piece, n - at)))
                        return false;
        }
        return true;
}

/* An unfinished tag is scanned anew with each piece of it: a large one in single bytes costs a
 * thousand times what it weighs. */
static void
test_limit_of_pieces_of_a_tag(TestParser *f, const void *data)
{
        (void)data;
        f->limits.stanza_bytes = 256 * 1024;

        test_parser_open(f);
        g_assert_true(feed_tag_in_pieces(f, 256 * 1024, 1400));
        for (unsigned i = 0; i < 1000; i++)
                g_assert_true(feed_tag_in_pieces(f, 500, 1));
        g_assert_true(feed_tag_in_pieces(f, 2000, 1));
        g_string_truncate(f->told, 0);

        g_assert_false(feed_tag_in_pieces(f, 4000, 1));
        g_assert_cmpint(f->condition, ==, MOTET_POLICY_VIOLATION);
}

/* As large tags, so headers. */
static void
test_limit_of_pieces_of_a_header(TestParser *f, const void *data)
{
        static const char start[] = "<stream:stream" TEST_PARSER_XMLNS " a='";
        (void)data;
        f->limits.stanza_bytes = 256 * 1024;
        unsigned n_fed = 0;

        g_assert_true(test_parser_feed(f, start));
        while (n_fed < 4000 && xml_parser_feed(f->parser, "x", 1))
                n_fed++;

        g_assert_cmpuint(n_fed, >, 2000);
        g_assert_cmpuint(n_fed, <, 4000);
        g_assert_cmpint(f->condition, ==, MOTET_POLICY_VIOLATION);
}

static void
test_limit_of_depth(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->n_told = 0;
        assert_limit(f, "<a><b><c><d/></c></b></a>", "<a><b><c><d><e/></d></c></b></a>");
}

static void
test_limit_of_elements(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->n_told = 0;
        assert_limit(f, "<a><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>",
                     "<a><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>");
}

static void
test_limit_of_attributes(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->n_told = 0;
        assert_limit(f, "<m a='' b='' c='' d='' e=''><n a='' b='' c='' d='' e='' xmlns='x'/></m>",
                     "<m a='' b='' c='' d='' e='' f=''/>");
        test_parser_reopen(f);
        g_assert_false(test_parser_feed(f, "<stream a='' b='' c='' d='' e='' f=''>"));
        test_parser_assert_told(f, "[policy-violation]");
}

/* R11; twice as many attributes as elements, so that a tree of a stranger's 10,000 bytes stays
 * below 64 KB */
static void
test_limit_of_attributes_of_a_stanza(TestParser *f, const void *data)
{
        const char *n = "<n a='' b='' c='' d='' e=''/>";
        g_autofree char *twenty = g_strconcat("<m>", n, n, n, n, "</m>", NULL);
        g_autofree char *more = g_strconcat("<m>", n, n, n, n, "<n a=''/></m>", NULL);
        (void)data;

        test_parser_open(f);
        f->n_told = 0;
        assert_limit(f, twenty, more);
}

static void
test_limit_of_namespaces(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        f->n_told = 0;
        assert_limit(f,
                     "<m xmlns:a='x' xmlns:b='x' xmlns:c='x' xmlns='x'><n xmlns='y'/>"
                     "<n xmlns='y'/></m>",
                     "<m xmlns:a='x' xmlns:b='x' xmlns:c='x' xmlns='x'><n xmlns='y'/>"
                     "<n xmlns='y'/><n xmlns='y'/></m>");
        test_parser_reopen(f);
        g_assert_false(test_parser_feed(
                f, "<s xmlns:a='x' xmlns:b='x' xmlns:c='x' xmlns:d='x' xmlns:e='x' "
                   "xmlns:f='x' xmlns:g='x'>"));
        test_parser_assert_told(f, "[policy-violation]");
}

/* A name counts with its namespace; a declared namespace counts even when nothing uses it. */
static void
test_limit_of_name_bytes(TestParser *f, const void *data)
{
        const char *n37 = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"; /* and jabber:client make 50 */
        const char *n50 = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
        static const char *const formats[] = {
                "<m %s=''/>",
                "<m xmlns:q='%s'/>",
                "<m xmlns='%s'/>",
                "<m xmlns:%s='x'/>",
        };
        (void)data;

        test_parser_open(f);
        f->n_told = 0;
        g_autofree char *at =
                g_strdup_printf("<%s %s='' xmlns:p='%s' xmlns:%s='x'/>", n37, n50, n50, n50);
        g_autofree char *past = g_strdup_printf("<%sn/>", n37);
        assert_limit(f, at, past);
        for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
                g_autofree char *name = g_strconcat(n50, "n", NULL);
                g_autoptr(GString) text = g_string_new(formats[i]);
                g_string_replace(text, "%s", name, 0);
                test_parser_reopen(f);
                test_parser_open(f);
                g_assert_false(test_parser_feed(f, text->str));
                g_assert_cmpint(f->condition, ==, MOTET_POLICY_VIOLATION);
        }
}

/* Limits of the moment count: a stream that logs in gets larger ones. */
static void
test_limits_may_change(TestParser *f, const void *data)
{
        g_autofree char *fill = g_strnfill(1500, 'x');
        g_autofree char *text = g_strdup_printf("<m>%s</m>", fill);
        (void)data;

        test_parser_open(f);
        f->limits.stanza_bytes = 2000;
        g_assert_true(test_parser_feed(f, text));
        f->limits.stanza_bytes = 1000;
        g_assert_false(test_parser_feed(f, text));
}

/* What a stream makes the server hold is a small multiple of its limit. */
static void
test_memory_is_bounded(TestParser *f, const void *data)
{
        static const char *const floods[] = {
                "\n",  "&lt;",     "<a/>",         "<a b=''/>",         "x",
                "<a>", "\xc3\xa9", "<![CDATA[]]>", "<a xmlns='urn:x'/>"};
        (void)data;

        f->limits = (MotetSessionLimits){.stanza_bytes = 262144,
                                         .depth = 64,
                                         .elements = 2048,
                                         .attributes = 64,
                                         .namespaces = 64,
                                         .name_bytes = 256};
        for (size_t i = 0; i < G_N_ELEMENTS(floods); i++) {
                size_t most = 0;
                test_parser_reopen(f);
                test_parser_open(f);
                bool alive = test_parser_feed(f, "<m>");
                for (size_t fed = 0; alive && fed < 300000; fed += strlen(floods[i])) {
                        alive = test_parser_feed(f, floods[i]);
                        most = MAX(most, xml_parser_memory(f->parser));
                }
                g_assert_false(alive);
                g_assert_cmpint(f->condition, ==, MOTET_POLICY_VIOLATION);
                g_assert_cmpuint(most, <, 6 * 262144);
        }
}

#define ADD(path, func)                                                                            \
        g_test_add("/xml_parser/" path, TestParser, NULL, test_parser_set_up, func,                \
                   test_parser_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("limit-of-stanza-bytes", test_limit_of_stanza_bytes);
        ADD("limit-of-header-bytes", test_limit_of_header_bytes);
        ADD("limit-of-unfinished-input", test_limit_of_unfinished_input);
        ADD("limit-of-pieces-of-a-tag", test_limit_of_pieces_of_a_tag);
        ADD("limit-of-pieces-of-a-header", test_limit_of_pieces_of_a_header);
        ADD("limit-of-depth", test_limit_of_depth);
        ADD("limit-of-elements", test_limit_of_elements);
        ADD("limit-of-attributes", test_limit_of_attributes);
        ADD("limit-of-attributes-of-a-stanza", test_limit_of_attributes_of_a_stanza);
        ADD("limit-of-namespaces", test_limit_of_namespaces);
        ADD("limit-of-name-bytes", test_limit_of_name_bytes);
        ADD("limits-may-change", test_limits_may_change);
        ADD("memory-is-bounded", test_memory_is_bounded);
        return g_test_run();
}
