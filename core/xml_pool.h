/*
 * xml_pool: expat parsers that have read a stream header, lent to whoever has bytes to parse.
 *
 * A key is what a header leaves in force: the root's name, the default namespace and the prefixes
 * it declares. A parser primed with a key's header is as good as the one that read the peer's own.
 */
#pragma once

#include <expat.h>

#include "core/xml_parser.h"

/* Between namespace, local name and prefix, as expat tells names; no UTF-8 text contains it. */
#define XML_POOL_SEPARATOR '\xff'

typedef struct XmlKey XmlKey;
typedef struct XmlLoan XmlLoan;

/* An expat parser and what its borrower keeps while an element is unfinished. */
struct XmlLoan {
        XML_Parser expat;
        XmlLoan *next;      /* in its key's idle list */
        uint64_t fed;       /* bytes since creation */
        unsigned n_stanzas; /* since creation */
        bool is_bloated;    /* it read an element so large that its buffers are not worth keeping */

        XmlParser *owner;
        MotetXml *tree;      /* (own) the unfinished element at depth 1, or the header */
        MotetXml *current;   /* in @tree: where content goes */
        unsigned depth;      /* open elements, the stream's root included */
        unsigned n_elements; /* of the unfinished element */
        unsigned n_spaces;   /* namespaces it declares */
        size_t n_attrs;      /* of all its elements */
        uint64_t start;      /* its first byte, counted as @fed */
        char lead[2];        /* the first bytes of the header being read */
        GPtrArray *declared; /* (own) namespace declarations of the header being read, as text */
        char *content_ns;    /* (own) the header's default namespace */
        char *header;        /* (own) the header as a key's text, until it becomes a key */
        const char *slice;   /* what is being parsed */
        size_t slice_len;
        bool halted;      /* nothing more is told of this slice */
        bool aborted;     /* it is not even parsed on */
        size_t halted_at; /* where, in @slice */

        const char *buffer; /* where expat keeps what it reads; NULL when it does not tell */
        size_t written;     /* its bytes there that were written since it was wiped */
};

/** xml_pool_blank: Returns: (own) a parser that has read nothing */
XmlLoan *xml_pool_blank(XmlPool *pool);
/** xml_pool_borrow: Returns: (own) a parser that has read the header of @key */
XmlLoan *xml_pool_borrow(XmlPool *pool, XmlKey *key);
/** xml_loan_parse: XML_Parse() of what is not the end, noting where expat keeps it */
enum XML_Status xml_loan_parse(XmlLoan *loan, const char *bytes, size_t n);
/** xml_pool_give_back: (take) a parser that has read the header of @key and whole elements since,
 * and nothing else; it keeps nothing of them */
void xml_pool_give_back(XmlPool *pool, XmlKey *key, XmlLoan *loan);
/** xml_loan_free: for a parser that failed, saw the end of its stream, or is in the middle of
 * something */
void xml_loan_free(XmlLoan *loan);

/**
 * xml_pool_key:
 * @header: (take) the header's start tag without any attribute but its sorted namespace
 * declarations
 * @n_declared: how many these are
 *
 * Returns: (own) the key of @header: shared with other streams, or one of its own for a header that
 * is odd or one too many
 */
XmlKey *xml_pool_key(XmlPool *pool, char *header, unsigned n_declared);
void xml_key_unref(XmlKey *key);
/** xml_key_size: bytes a key costs its only user; 0 when it is shared */
size_t xml_key_size(const XmlKey *key);

/** xml_pool_n_keys / xml_pool_n_idle: distinct headers known, parsers waiting; for tests */
unsigned xml_pool_n_keys(const XmlPool *pool);
unsigned xml_pool_n_idle(const XmlPool *pool);
/** xml_pool_n_created: parsers created so far; for tests and measurements */
uint64_t xml_pool_n_created(const XmlPool *pool);
