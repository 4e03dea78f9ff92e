/*
 * test_parser: a stream parser whose sink writes down what it is told.
 */
#pragma once

#include "core/xml_parser.h"

#define TEST_PARSER_XMLNS " xmlns:stream='http://etherx.jabber.org/streams'"
#define TEST_PARSER_HEADER                                                                         \
        "<stream:stream xmlns='jabber:client'" TEST_PARSER_XMLNS " to='example.org'>"

/** test_parser_limits: small, so that tests reach them */
extern const MotetSessionLimits test_parser_limits;
/** test_parser_sink: for parsers whose data is a TestParser */
extern const XmlSink test_parser_sink;

/** TestParser: what the sink was told, as text; and what it is to do when it is told. */
typedef struct {
        XmlPool *pool;
        XmlParser *parser;
        GString *told;
        MotetSessionLimits limits;
        MotetCondition condition;
        const char *on_element; /* name of the element at which to do the following */
        void (*then)(XmlParser *parser);
        unsigned n_told;
        unsigned n_failed;
} TestParser;

/** test_parser_set_up / test_parser_tear_down: a fixture's, with a pool for 4 headers of 4
 * parsers */
void test_parser_set_up(TestParser *f, const void *data);
void test_parser_tear_down(TestParser *f, const void *data);
bool test_parser_feed(TestParser *f, const char *text);
/** test_parser_open: feeds TEST_PARSER_HEADER and forgets what was told */
void test_parser_open(TestParser *f);
/** test_parser_reopen: another stream on the same pool */
void test_parser_reopen(TestParser *f);
/** test_parser_assert_told: that exactly @expected was told since the last time */
void test_parser_assert_told(TestParser *f, const char *expected);
