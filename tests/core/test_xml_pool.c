/*
 * test_xml_pool: parsers are shared, their number is bounded, and nobody notices.
 */
#include <string.h>

#include "core/xml_pool.h"
#include "core/xml_sax.h"
#include "support/test_parser.h"

/* PERFORMANCE-FACTS: parsers are lent; two streams that take turns share one. */
static void
test_parsers_are_shared(TestParser *f, const void *data)
{
        TestParser other = {.limits = test_parser_limits, .told = g_string_new(NULL)};
        (void)data;

        other.parser = xml_parser_new(f->pool, &test_parser_sink, &other, &other.limits);
        test_parser_open(f);
        test_parser_feed(&other, "<stream:stream" TEST_PARSER_XMLNS
                                 " xmlns='jabber:client' to='elsewhere'>");
        uint64_t created = xml_pool_n_created(f->pool);
        g_assert_cmpuint(xml_pool_n_keys(f->pool), ==, 1);
        g_assert_cmpuint(created, ==, 2);
        g_string_truncate(other.told, 0);
        for (unsigned i = 0; i < 100; i++) {
                test_parser_feed(f, "<a/>");
                test_parser_feed(&other, "<b/>");
        }

        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created);
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 2);
        g_assert_nonnull(strstr(f->told->str, "<a/><a/>"));
        g_assert_nonnull(strstr(other.told->str, "<b/><b/>"));
        xml_parser_free(other.parser);
        g_string_free(other.told, TRUE);
}

/* Whether @text is in what the next borrower of @f's parser gets with it. */
static bool
is_lent_on(TestParser *f, const char *text)
{
        XmlLoan *loan = xml_pool_borrow(f->pool, f->parser->key);
        int at = 0, size = 0;
        const char *kept = XML_GetInputContext(loan->expat, &at, &size);

        g_assert_nonnull(kept);
        g_assert_cmpint(size, >, 0);
        bool is_there = memmem(kept, (size_t)size, text, strlen(text)) != NULL;
        xml_pool_give_back(f->pool, f->parser->key, loan);
        return is_there;
}

/* R28: what one has sent, which may be a login, is not kept for the next one: short and long. */
static void
test_nothing_is_kept_for_the_next(TestParser *f, const void *data)
{
        static const size_t lengths[] = {10, 1000, 9000};
        (void)data;

        f->limits.stanza_bytes = 10000;
        test_parser_open(f);
        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
                g_autofree char *rest = g_strnfill(lengths[i], 'r');
                g_autofree char *element = g_strdup_printf("<a>secret%s", rest);
                g_assert_true(test_parser_feed(f, element));
                g_assert_nonnull(f->parser->loan);
                g_assert_true(test_parser_feed(f, "</a>"));

                g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 1);
                g_assert_false(is_lent_on(f, "secret"));
                g_assert_false(is_lent_on(f, "rrrr"));
        }
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, 1);
}

/*
 * SECURITY-DEFAULTS R11: whoever opens a section between stanzas is refused; the next one's parser
 * is not inside of it.
 */
static void
test_open_section_is_nobody_elses(TestParser *f, const void *data)
{
        TestParser other = {.limits = test_parser_limits, .told = g_string_new(NULL)};
        (void)data;

        other.parser = xml_parser_new(f->pool, &test_parser_sink, &other, &other.limits);
        test_parser_open(f);
        g_assert_true(test_parser_feed(&other, TEST_PARSER_HEADER));
        g_string_truncate(f->told, 0);

        g_assert_false(test_parser_feed(&other, "<![CDATA["));
        g_assert_cmpint(other.condition, ==, MOTET_BAD_REQUEST);
        g_assert_true(test_parser_feed(f, "<a/><b/>"));
        g_assert_nonnull(strstr(f->told->str, "<a/><b/>"));

        xml_parser_free(other.parser);
        g_string_free(other.told, TRUE);
}

/* No more parsers wait than the pool was told to keep. */
static void
test_pool_keeps_a_bounded_number(TestParser *f, const void *data)
{
        TestParser others[8] = {0};
        (void)data;

        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
                others[i].limits = test_parser_limits;
                others[i].told = g_string_new(NULL);
                others[i].parser =
                        xml_parser_new(f->pool, &test_parser_sink, &others[i], &others[i].limits);
                test_parser_feed(&others[i], TEST_PARSER_HEADER "<m>");
        }
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
                test_parser_feed(&others[i], "</m>");
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 4);

        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
                xml_parser_free(others[i].parser);
                g_string_free(others[i].told, TRUE);
        }
}

static void
open_as(TestParser *f, unsigned number)
{
        g_autofree char *header = g_strdup_printf("<s xmlns='urn:x:%u'>", number);

        test_parser_feed(f, header);
}

/* One header too many gets throw-away parsers, until another is used no more. */
static void
test_pool_keeps_a_bounded_number_of_headers(TestParser *f, const void *data)
{
        TestParser others[5] = {0};
        (void)data;

        for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
                others[i].limits = test_parser_limits;
                others[i].told = g_string_new(NULL);
                others[i].parser =
                        xml_parser_new(f->pool, &test_parser_sink, &others[i], &others[i].limits);
                open_as(&others[i], i);
        }
        g_assert_cmpuint(xml_pool_n_keys(f->pool), ==, 4);
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 4);
        g_assert_cmpuint(xml_parser_memory(others[3].parser), ==, 0);
        g_assert_cmpuint(xml_parser_memory(others[4].parser), >, 0);
        g_assert_cmpuint(xml_parser_memory(others[4].parser), <, 200);
        uint64_t created = xml_pool_n_created(f->pool);
        test_parser_feed(&others[4], "<a/>");
        test_parser_feed(&others[4], "<b/>");
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created + 2);
        g_assert_nonnull(strstr(others[4].told->str, "<a xmlns='urn:x:4'/><b xmlns='urn:x:4'/>"));

        xml_parser_reset(others[0].parser);
        open_as(&others[0], 9);
        g_assert_cmpuint(xml_pool_n_keys(f->pool), ==, 4);
        g_assert_cmpuint(xml_parser_memory(others[0].parser), ==, 0);

        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
                xml_parser_free(others[i].parser);
                g_string_free(others[i].told, TRUE);
        }
}

/* Headers with more than eight declarations or of more than 512 bytes are nobody else's. */
static void
test_odd_headers_are_not_pooled(TestParser *f, const void *data)
{
        (void)data;
        f->limits.namespaces = 64;
        f->limits.name_bytes = 1000;
        test_parser_feed(
                f, "<s xmlns:a='x' xmlns:b='x' xmlns:c='x' xmlns:d='x' xmlns:e='x' xmlns:f='x' "
                   "xmlns:g='x' xmlns:h='x' xmlns:i='x'>");
        g_assert_cmpuint(xml_pool_n_keys(f->pool), ==, 0);
        test_parser_feed(f, "<i:m/>");
        g_assert_nonnull(strstr(f->told->str, "<m xmlns='x'/>"));
        g_assert_true(xml_parser_is_idle(f->parser));

        test_parser_reopen(f);
        g_autofree char *name = g_strnfill(520, 'n');
        g_autofree char *header = g_strdup_printf("<s xmlns='%s'>", name);
        test_parser_feed(f, header);
        g_assert_cmpuint(xml_pool_n_keys(f->pool), ==, 0);
        test_parser_feed(f, "<m/></s>");
        g_assert_true(g_str_has_suffix(f->told->str, "'/>[closed]"));
}

/* PERFORMANCE-FACTS: names pile up inside a parser, so it retires after 10 000 stanzas or 1 MB. */
static void
test_worn_parsers_retire(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        uint64_t created = xml_pool_n_created(f->pool);
        for (unsigned i = 0; i < 10000; i++)
                test_parser_feed(f, "<m/>");
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created);
        test_parser_feed(f, "<m/>");
        test_parser_feed(f, "<m/>");
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created + 1);

        f->limits.stanza_bytes = 20000;
        g_autofree char *fill = g_strnfill(16000, 'x');
        g_autofree char *text = g_strdup_printf("<m>%s</m>", fill);
        for (unsigned i = 0; i < 65; i++)
                test_parser_feed(f, text);
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created + 1);
        for (unsigned i = 0; i < 3; i++)
                test_parser_feed(f, text);
        g_assert_cmpuint(xml_pool_n_created(f->pool), ==, created + 2);
}

/* A parser that grew with a large stanza is not kept. */
static void
test_bloated_parsers_retire(TestParser *f, const void *data)
{
        (void)data;
        f->limits.stanza_bytes = 100000;
        test_parser_open(f);
        g_autofree char *fill = g_strnfill(40000, 'x');
        g_autofree char *text = g_strdup_printf("<m a='%s'/>", fill);
        test_parser_feed(f, text);

        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
}

/* A parser that failed or saw the end of its stream is never lent again. */
static void
test_spent_parsers_are_not_pooled(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        test_parser_feed(f, "</stream:stream>");
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
        test_parser_reopen(f);
        test_parser_open(f);
        test_parser_feed(f, "<m></n>");
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
        test_parser_reopen(f);
        test_parser_feed(f, "<s xmlns='x'/>");
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
        test_parser_reopen(f);
        test_parser_open(f);
        test_parser_feed(f, "<m>");
        test_parser_reopen(f);
        g_assert_cmpuint(xml_pool_n_idle(f->pool), ==, 0);
}

/* Streams may outlive their order in the pool's table. */
static void
test_pool_may_go_first(TestParser *f, const void *data)
{
        (void)data;
        test_parser_open(f);
        test_parser_feed(f, "<m>");
        xml_pool_free(f->pool);
        f->pool = NULL;
        xml_parser_free(f->parser);
        f->parser = NULL;
}

static void
append_random_content(GRand *rand, GString *out, int depth)
{
        static const char *const names[] = {"a", "body", "p:x", "iq", "stream:y"};
        static const char *const attrs[] = {"",
                                            " id='1'",
                                            " p:id=\"&lt;\"",
                                            " xmlns='urn:c'",
                                            " xmlns:p='urn:other' p:q='r'",
                                            " xml:lang='en'"};
        static const char *const texts[] = {"",     "hello",       " &amp; ", "<![CDATA[<x>]]>",
                                            "\r\n", "\xe2\x82\xac"};
        const char *name = names[g_rand_int_range(rand, 0, G_N_ELEMENTS(names))];

        g_string_append_printf(out, "<%s%s", name,
                               attrs[g_rand_int_range(rand, 0, G_N_ELEMENTS(attrs))]);
        if (depth == 0 || g_rand_int_range(rand, 0, 4) == 0) {
                g_string_append(out, "/>");
                return;
        }
        g_string_append_c(out, '>');
        for (int n = g_rand_int_range(rand, 0, 4); n > 0; n--) {
                g_string_append(out, texts[g_rand_int_range(rand, 0, G_N_ELEMENTS(texts))]);
                append_random_content(rand, out, depth - 1);
        }
        g_string_append(out, texts[g_rand_int_range(rand, 0, G_N_ELEMENTS(texts))]);
        g_string_append_printf(out, "</%s>", name);
}

static char *
random_document(GRand *rand)
{
        static const char *const headers[] = {
                "<stream:stream xmlns='jabber:client' xmlns:p='urn:p'" TEST_PARSER_XMLNS " to='a'>",
                "<?xml version='1.0'?><stream:stream" TEST_PARSER_XMLNS
                " xmlns:p='urn:p' xmlns='jabber:client' to='b' xml:lang='de'>",
                "\n<stream:stream xmlns:p='urn:pp'" TEST_PARSER_XMLNS ">",
        };
        static const char *const between[] = {"", "", " ", "\n", "\r\n", "\r", "  \t "};
        static const char *const ends[] = {
                "",         "</stream:stream>",     "text", "<m></n>", "<un", "<q:x/>", "&amp;",
                "<!-- -->", "</stream:stream> <x/>"};
        GString *text = g_string_new(headers[g_rand_int_range(rand, 0, G_N_ELEMENTS(headers))]);

        for (int n = g_rand_int_range(rand, 0, 6); n > 0; n--) {
                append_random_content(rand, text, 3);
                g_string_append(text, between[g_rand_int_range(rand, 0, G_N_ELEMENTS(between))]);
        }
        g_string_append(text, ends[g_rand_int_range(rand, 0, G_N_ELEMENTS(ends))]);
        return g_string_free(text, FALSE);
}

static void
feed_in_random_pieces(TestParser *f, GRand *rand, const char *text)
{
        size_t len = strlen(text), at = 0;

        while (at < len) {
                size_t n = (size_t)g_rand_int_range(rand, 1, at % 3 == 0 ? 4 : 60);
                n = MIN(n, len - at);
                xml_parser_feed(f->parser, text + at, n);
                at += n;
                if (xml_parser_is_paused(f->parser) && g_rand_boolean(rand))
                        xml_parser_resume(f->parser);
        }
        while (xml_parser_is_paused(f->parser))
                xml_parser_resume(f->parser);
}

/* PERFORMANCE-FACTS: whoever's parser it was before, a stream is read as by one of its own. */
static void
test_pooled_parsing_equals_private_parsing(TestParser *f, const void *data)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(6120);
        g_autoptr(XmlPool) no_pool = xml_pool_new(0, 0);
        TestParser alone = {.pool = no_pool, .told = g_string_new(NULL)};
        unsigned n_failed = 0, n_told = 0;
        (void)data;

        f->limits = (MotetSessionLimits){.stanza_bytes = 10000,
                                         .depth = 32,
                                         .elements = 128,
                                         .attributes = 16,
                                         .namespaces = 64,
                                         .name_bytes = 256};
        alone.limits = f->limits;
        f->on_element = "iq";
        f->then = xml_parser_pause;
        for (unsigned i = 0; i < 4000; i++) {
                g_autofree char *text = random_document(rand);
                alone.parser = xml_parser_new(no_pool, &test_parser_sink, &alone, &alone.limits);
                alone.n_failed = 0;
                g_string_truncate(alone.told, 0);
                xml_parser_feed(alone.parser, text, strlen(text));
                xml_parser_free(alone.parser);
                test_parser_reopen(f);
                feed_in_random_pieces(f, rand, text);

                if (strcmp(f->told->str, alone.told->str) != 0)
                        g_error("%s\n gave %s\n not  %s", text, f->told->str, alone.told->str);
                n_failed += f->n_failed;
                n_told += f->n_told;
                f->n_told = 0;
        }
        g_assert_cmpuint(n_failed, >, 500);
        g_assert_cmpuint(n_told, >, 8000);
        g_assert_cmpuint(xml_pool_n_created(f->pool), <, 20000);
        g_string_free(alone.told, TRUE);
}

#define ADD(path, func)                                                                            \
        g_test_add("/xml_pool/" path, TestParser, NULL, test_parser_set_up, func,                  \
                   test_parser_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("parsers-are-shared", test_parsers_are_shared);
        ADD("nothing-is-kept-for-the-next", test_nothing_is_kept_for_the_next);
        ADD("open-section-is-nobody-elses", test_open_section_is_nobody_elses);
        ADD("pool-keeps-a-bounded-number", test_pool_keeps_a_bounded_number);
        ADD("pool-keeps-a-bounded-number-of-headers", test_pool_keeps_a_bounded_number_of_headers);
        ADD("odd-headers-are-not-pooled", test_odd_headers_are_not_pooled);
        ADD("worn-parsers-retire", test_worn_parsers_retire);
        ADD("bloated-parsers-retire", test_bloated_parsers_retire);
        ADD("spent-parsers-are-not-pooled", test_spent_parsers_are_not_pooled);
        ADD("pool-may-go-first", test_pool_may_go_first);
        ADD("pooled-parsing-equals-private-parsing", test_pooled_parsing_equals_private_parsing);
        return g_test_run();
}
