/*
 * cut: cuts the bytes of an XMPP stream into its header, its stanzas and its end, wherever they are
 * split or merged.
 *
 * It counts tags instead of parsing: quotes in tags and CDATA sections are skipped as XML 1.0 has
 * them, comments and processing instructions are refused as RFC 6120 section 11.1 has it. A server
 * that sends XML that is not well-formed is not found out by this.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
        CUT_MORE,   /* no piece is complete */
        CUT_HEADER, /* the start tag of the stream */
        CUT_STANZA, /* a child of the stream, whole */
        CUT_END,    /* the end tag of the stream */
        CUT_BAD,    /* not a stream */
} CutKind;

typedef struct {
        unsigned depth; /* elements open; the stream itself is one of them */
        size_t done;    /* bytes looked at, from the first byte not used up */
        size_t start;   /* where the stanza that is open began */
} Cut;

typedef struct {
        CutKind kind;
        size_t start; /* where the piece begins */
        size_t used;  /* bytes that are used up with it, from the beginning of what was given */
} CutPiece;

/**
 * cut_next:
 * @cut: zero at the begin of a stream
 * @data: what arrived and was not used up, with what arrived since after it
 *
 * Returns: the next piece; the caller calls again with what is behind .used, also after CUT_MORE,
 * once there is more
 */
CutPiece cut_next(Cut *cut, const char *data, size_t len);

/** cut_is: whether @stanza is an element called @name, as it is written (with its prefix) */
bool cut_is(const char *stanza, size_t len, const char *name);

/**
 * cut_attr: the value of attribute @name of the first tag of @stanza, as it is written
 *
 * Returns: (borrowed) where it begins, not terminated; NULL when there is none
 */
const char *cut_attr(const char *stanza, size_t len, const char *name, size_t *len_out);

/** cut_attr_is: whether attribute @name of the first tag of @stanza is there and is @value */
bool cut_attr_is(const char *stanza, size_t len, const char *name, const char *value);
