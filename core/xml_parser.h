/*
 * xml_parser: bytes of a stream into a stream header and trees of depth 1, within limits.
 *
 * Between stanzas a stream holds no expat parser: parsers are pooled, kept fed with a stream header
 * (key: root name, default namespace, prefixes), borrowed when bytes arrive and given back when all
 * bytes fed were consumed at depth 1. Limits are counted here, not by expat.
 *
 * Source: RFC 6120 sections 4.2, 4.8, 11.
 */
#pragma once

#include <motet/session.h>
#include <motet/stanza.h>
#include <motet/xml.h>

typedef struct XmlPool XmlPool;
typedef struct XmlParser XmlParser;

/** XmlSink: what a parser tells. A function may call xml_parser_reset(), _pause() and _stop(),
 * never _free(). */
typedef struct {
        /** opened: (take) the stream header as an element without children; @content_ns: default
         * namespace in force inside it ("" for none) */
        void (*opened)(void *data, MotetXml *header, const char *content_ns);
        /** element: (take) a complete child of the stream */
        void (*element)(void *data, MotetXml *element);
        /** closed: the stream's end tag */
        void (*closed)(void *data);
        /** failed: bad XML or a limit; @text says which, in English, a literal. Nothing is parsed
         * afterwards. */
        void (*failed)(void *data, MotetCondition condition, const char *text);
} XmlSink;

/** xml_pool_new: @max_keys: distinct headers for which parsers are kept; others get throw-away
 * parsers */
XmlPool *xml_pool_new(unsigned max_keys, unsigned max_parsers_per_key);
void xml_pool_free(XmlPool *pool);

/** xml_parser_new: @pool, @sink, @limits are borrowed and outlive it; @limits may change between
 * stanzas */
XmlParser *xml_parser_new(XmlPool *pool, const XmlSink *sink, void *data,
                          const MotetSessionLimits *limits);
/**
 * xml_parser_new_open: as xml_parser_new(), inside a stream whose @header was read already: text of
 * a root's start tag, with @n_declared namespace declarations
 */
XmlParser *xml_parser_new_open(XmlPool *pool, const XmlSink *sink, void *data,
                               const MotetSessionLimits *limits, const char *header,
                               unsigned n_declared);
void xml_parser_free(XmlParser *parser);

/**
 * xml_parser_feed:
 *
 * Parses @n bytes, calling the sink. Bytes behind a point where the sink paused are kept (at most
 * @n) and parsed by xml_parser_resume(); bytes behind a reset or stop are dropped.
 *
 * Returns: false once failed or stopped
 */
bool xml_parser_feed(XmlParser *parser, const char *bytes, size_t n);
/** xml_parser_pause: from the sink: no further element is told until xml_parser_resume() */
void xml_parser_pause(XmlParser *parser);
/** xml_parser_resume: parses what was kept. Not from the sink. Returns: as xml_parser_feed() */
bool xml_parser_resume(XmlParser *parser);
bool xml_parser_is_paused(const XmlParser *parser);
/** xml_parser_reset: expects a new stream header; what was not parsed yet is dropped */
void xml_parser_reset(XmlParser *parser);
/** xml_parser_stop: drops everything from here on */
void xml_parser_stop(XmlParser *parser);
/** xml_parser_is_idle: whether it holds no expat parser and no bytes (between stanzas, or before
 * the header) */
bool xml_parser_is_idle(const XmlParser *parser);
/** xml_parser_longest_written: Returns: how many bytes an element may take when it is written
 * again, which was read with these @limits */
size_t xml_parser_longest_written(const MotetSessionLimits *limits);
/** xml_parser_memory: bytes this stream holds because of unfinished input, for tests and limits */
size_t xml_parser_memory(const XmlParser *parser);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlPool, xml_pool_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlParser, xml_parser_free)
