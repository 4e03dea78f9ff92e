/*
 * xml_sax: what a parser is to its expat parser: the private half of XmlParser, and the handlers
 * that fill trees.
 */
#pragma once

#include "core/xml_pool.h"

typedef enum { STATE_HEADER, STATE_OPEN, STATE_CLOSED, STATE_DEAD } XmlParserState;

/* Input behind the point where the sink paused. */
typedef struct {
        size_t at, len;
        char bytes[];
} XmlKept;

struct XmlParser {
        XmlPool *pool;
        const XmlSink *sink;
        void *data;
        const MotetSessionLimits *limits;
        XmlKey *key;   /* (own) of the open stream, once its header parser was first given back */
        XmlLoan *loan; /* (own) NULL between elements */
        XmlKept *kept; /* (own) */
        const char *failure;      /* a literal */
        MotetCondition condition; /* why it failed, not told yet */
        uint32_t rescan_debt;     /* bytes scanned again beyond what those fed paid for */
        XmlParserState state;
        bool paused;
        bool feeding;
        bool dropping;  /* the sink reset or stopped: the rest of this feed is not parsed */
        bool resetting; /* the sink reset: a new header comes next */
};

/** xml_sax_attach: from here on what @loan reads is told to @parser's sink */
void xml_sax_attach(XmlLoan *loan, XmlParser *parser);
/** xml_sax_is_blank: whether @text is nothing but the white space of XML */
bool xml_sax_is_blank(const char *text, size_t len);
