/*
 * xml_tree: the layout of a tree and its arena, shared by the files that build, copy and write
 * trees.
 */
#pragma once

#include <string.h>

#include "core/xml.h"

#define XML_NS_XML "http://www.w3.org/XML/1998/namespace"

typedef struct XmlArena XmlArena;
typedef struct XmlAttr XmlAttr;

struct XmlAttr {
        XmlAttr *next;
        const char *name;
        const char *ns; /* "" for none, and for the fixed prefix xml:, which is part of @name */
        const char *value;
};

/* An element, or a piece of text between elements: one that has no name. */
struct MotetXml {
        XmlArena *arena;
        MotetXml *parent;
        MotetXml *next;   /* sibling of either kind */
        const char *name; /* NULL: text */
        union {
                struct {
                        const char *ns;
                        XmlAttr *attrs;
                        MotetXml *first, *last;
                        const char *joined; /* several pieces of text as one, once asked for; else
                                               NULL */
                };
                struct {
                        char *text; /* NUL-terminated */
                        size_t len;
                };
        };
};

/* What a piece of text needs of the struct. */
#define XML_TEXT_SIZE (offsetof(struct MotetXml, len) + sizeof(size_t))

/* A namespace name an arena holds, found again instead of stored again. */
typedef struct XmlSpace XmlSpace;
struct XmlSpace {
        XmlSpace *next;
        uint32_t hash;
        uint32_t len;
        char text[];
};

/* A serialised element, around the place of its `to`. */
typedef struct XmlBytes XmlBytes;
struct XmlBytes {
        XmlBytes *next;
        const MotetXml *root;
        const char *default_ns;
        size_t prefix_len;
        size_t suffix_len;
        char bytes[]; /* prefix, then suffix */
};

typedef struct XmlChunk XmlChunk;

struct XmlArena {
        unsigned refs;
        bool frozen;
        uint32_t next_chunk; /* size of the next one */
        char *at, *end;      /* what is free in the last chunk */
        XmlChunk *chunks;    /* all but the first, which this struct heads */
        size_t size;         /* of all chunks */
        XmlSpace *spaces;
        const MotetXml *written_once; /* the last element written and not kept */
        XmlBytes *written;
};

/** xml_arena_new: one reference; the first chunk is @size bytes, this struct included; 0: the usual
 * size */
XmlArena *xml_arena_new(size_t size);
void xml_arena_unref(XmlArena *arena);
/** xml_arena_alloc: @n bytes for an object, not cleared */
void *xml_arena_alloc(XmlArena *arena, size_t n);
/** xml_arena_string: a NUL-terminated copy */
char *xml_arena_string(XmlArena *arena, const char *text, size_t len);
/** xml_arena_extend: @text of @len bytes with @more bytes of @tail behind; in place where it is the
 * last thing allocated */
char *xml_arena_extend(XmlArena *arena, char *text, size_t len, const char *tail, size_t more);
/** xml_arena_name / xml_arena_space: a copy of a name, or the one that is known already */
const char *xml_arena_name(XmlArena *arena, const char *name, size_t len);
const char *xml_arena_space(XmlArena *arena, const char *ns, size_t len);

/** xml_is_same: whether two names are equal; most are one string */
static inline bool
xml_is_same(const char *a, const char *b)
{
        return a == b || strcmp(a, b) == 0;
}

/** xml_walk: the node after @node in document order below @root, text included; NULL at the end */
MotetXml *xml_walk(const MotetXml *root, const MotetXml *node);
/** xml_link: appends @node to its parent's content */
void xml_link(MotetXml *node);
