/*
 * test_parser: a stream parser whose sink writes down what it is told.
 */
#include "support/test_parser.h"

#include <string.h>

const MotetSessionLimits test_parser_limits = {
        .stanza_bytes = 1000,
        .depth = 4,
        .elements = 10,
        .attributes = 5,
        .namespaces = 6,
        .name_bytes = 50,
};

static void
tell_opened(void *data, MotetXml *header, const char *content_ns)
{
        TestParser *f = data;
        g_autoptr(MotetXml) taken = header;
        g_autofree char *text = motet_xml_string(taken, NULL);

        g_assert_cmpuint(f->n_failed, ==, 0);
        g_string_append_printf(f->told, "[open %s in %s]", text, content_ns);
        f->n_told++;
        if (g_strcmp0(f->on_element, "stream") == 0)
                f->then(f->parser);
}

static void
tell_element(void *data, MotetXml *element)
{
        TestParser *f = data;
        g_autoptr(MotetXml) taken = element;
        g_autofree char *text = motet_xml_string(taken, MOTET_NS_CLIENT);

        g_assert_cmpuint(f->n_failed, ==, 0);
        g_string_append(f->told, text);
        f->n_told++;
        if (g_strcmp0(f->on_element, motet_xml_name(taken)) == 0)
                f->then(f->parser);
}

static void
tell_closed(void *data)
{
        TestParser *f = data;

        g_assert_cmpuint(f->n_failed, ==, 0);
        g_string_append(f->told, "[closed]");
        f->n_told++;
}

static void
tell_failed(void *data, MotetCondition condition, const char *text)
{
        TestParser *f = data;

        g_assert_cmpuint(f->n_failed++, ==, 0);
        g_assert_nonnull(text);
        f->condition = condition;
        g_string_append_printf(f->told, "[%s]", motet_condition_stream_name(condition));
}

const XmlSink test_parser_sink = {tell_opened, tell_element, tell_closed, tell_failed};

void
test_parser_set_up(TestParser *f, const void *data)
{
        (void)data;
        f->pool = xml_pool_new(4, 4);
        f->limits = test_parser_limits;
        f->told = g_string_new(NULL);
        f->parser = xml_parser_new(f->pool, &test_parser_sink, f, &f->limits);
}

void
test_parser_tear_down(TestParser *f, const void *data)
{
        (void)data;
        xml_parser_free(f->parser);
        xml_pool_free(f->pool);
        g_string_free(f->told, TRUE);
}

bool
test_parser_feed(TestParser *f, const char *text)
{
        return xml_parser_feed(f->parser, text, strlen(text));
}

void
test_parser_assert_told(TestParser *f, const char *expected)
{
        g_assert_cmpstr(f->told->str, ==, expected);
        g_string_truncate(f->told, 0);
}

void
test_parser_open(TestParser *f)
{
        g_assert_true(test_parser_feed(f, TEST_PARSER_HEADER));
        g_string_truncate(f->told, 0);
        g_assert_true(xml_parser_is_idle(f->parser));
}

void
test_parser_reopen(TestParser *f)
{
        xml_parser_free(f->parser);
        f->n_failed = 0;
        f->condition = MOTET_CONDITION_NONE;
        g_string_truncate(f->told, 0);
        f->parser = xml_parser_new(f->pool, &test_parser_sink, f, &f->limits);
}
