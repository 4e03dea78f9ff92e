/*
 * xml: what core adds to <motet/xml.h>: the arena as the parser fills it, and serialising into a
 * send buffer.
 */
#pragma once

#include <motet/xml.h>

/**
 * xml_append:
 * @out: appended to
 * @default_ns: namespace in force (the stream's content namespace)
 * @to: when not NULL written as the root's `to` instead of the one it has
 *
 * Serialises @root. The second call for a given @default_ns keeps the bytes in the arena as prefix
 * and suffix around `to`, so that later calls are copies. From then on the tree is immutable. A
 * root in the streams namespace is written with the prefix "stream", which every stream header
 * declares (RFC 6120 section 4.8.5).
 */
void xml_append(const MotetXml *root, GString *out, const char *default_ns, const char *to);

/** xml_freeze: makes the tree immutable: every later change is asserted against */
void xml_freeze(const MotetXml *xml);
/** xml_size: bytes the whole arena of @xml holds */
size_t xml_size(const MotetXml *xml);
/** xml_pack: Returns: (own) a copy packed to its exact size, immutable */
MotetXml *xml_pack(const MotetXml *xml);

/* For the parser: names are given as slices, not NUL-terminated. */
MotetXml *xml_new_parts(const char *ns, size_t ns_len, const char *name, size_t name_len);
MotetXml *xml_add_parts(MotetXml *parent, const char *ns, size_t ns_len, const char *name,
                        size_t name_len);
/** xml_add_attr_parts: an attribute the element does not have yet */
void xml_add_attr_parts(MotetXml *xml, const char *ns, size_t ns_len, const char *name,
                        size_t name_len, const char *value);
/** xml_set_attr: motet_xml_set_attr() with a @value known to be well-formed text */
void xml_set_attr(MotetXml *xml, const char *name, const char *value);
MotetXml *xml_parent(const MotetXml *xml);
/** xml_add_chars: motet_xml_add_text() for text that a parser has checked */
void xml_add_chars(MotetXml *xml, const char *text, size_t len);
/** xml_escape_append: appends @text escaped so that it may stand in an attribute (between either
 * quotes) or as text */
void xml_escape_append(GString *out, const char *text);
