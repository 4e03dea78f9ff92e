/*
 * xml: an XML element tree in one arena: built or parsed once, shared by reference, serialised once for many receivers.
 *
 * A MotetXml is one element. All elements of a tree live in one arena and share one reference count: a reference
 * to any of them keeps the whole tree. A tree may be changed until it is first serialised or sent; after that every
 * change is a programming error (asserted). Names and namespaces are compared as the strings they are; prefixes
 * are resolved by the parser and never seen here, but for the fixed `xml:` prefix, which stays part of the name.
 *
 * Source: RFC 6120 section 11, Namespaces in XML 1.0.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

/**
 * motet_xml_new:
 * @name: the element's local name, copied
 * @ns: its namespace name, copied; NULL or "" for no namespace
 *
 * Creates an element without attributes or content in an arena of its own. Neither string is checked for being a
 * legal XML name: they are the caller's own literals.
 *
 * Returns: (own) the root of a new tree, one reference
 */
MOTET_API MotetXml *motet_xml_new(const char *name, const char *ns);

/** motet_xml_ref: takes a reference on the tree @xml belongs to. Returns: (own) @xml */
MOTET_API MotetXml *motet_xml_ref(const MotetXml *xml);

/** motet_xml_unref: drops a reference on the tree @xml belongs to; the last one frees the whole arena. NULL is a no-op. */
MOTET_API void motet_xml_unref(const MotetXml *xml);

/**
 * motet_xml_copy:
 * @xml: (borrowed) any element; its ancestors are not copied
 *
 * Returns: (own) a changeable copy of @xml and all below it, packed in an arena of exactly its size
 */
MOTET_API MotetXml *motet_xml_copy(const MotetXml *xml);

/**
 * motet_xml_parse:
 * @text: (borrowed) one element as UTF-8 text
 * @len: bytes, or -1 when @text ends with NUL
 * @default_ns: namespace of elements without any declaration, as inside a stream; NULL for none
 * @error: set to MOTET_ERROR_XML
 *
 * Parses trusted or stored text under the same rules as a stream (no DTD, comment, entity or processing
 * instruction; RFC 6120 section 11.1). Not for a stream: that is core's own work.
 *
 * Returns: (own) the tree, or NULL with @error set
 */
MOTET_API MotetXml *motet_xml_parse(const char *text, gssize len, const char *default_ns,
                                    GError **error);

/**
 * motet_xml_string:
 * @xml: (borrowed) any element
 * @default_ns: the default namespace in force where the text will stand (for client streams "jabber:client");
 *   no xmlns is written where an element already is in the namespace in force; NULL for none
 *
 * Does not make the tree immutable, unlike sending it.
 *
 * Returns: (own) @xml as NUL-terminated UTF-8 text
 */
MOTET_API char *motet_xml_string(const MotetXml *xml, const char *default_ns);

/* Reading: everything returned is borrowed and lives as long as the tree. */

MOTET_API const char *motet_xml_name(const MotetXml *xml);
/** motet_xml_ns: Returns: (borrowed) the namespace name, "" for none */
MOTET_API const char *motet_xml_ns(const MotetXml *xml);
/** motet_xml_is: whether @xml has this name and namespace; a NULL @xml has none; @ns NULL matches any. */
MOTET_API bool motet_xml_is(const MotetXml *xml, const char *name, const char *ns);
/** motet_xml_attr: Returns: (borrowed) value of the unqualified attribute @name (or "xml:lang"), NULL when absent */
MOTET_API const char *motet_xml_attr(const MotetXml *xml, const char *name);
/** motet_xml_attr_ns: as motet_xml_attr(), for an attribute in namespace @ns */
MOTET_API const char *motet_xml_attr_ns(const MotetXml *xml, const char *name, const char *ns);
/**
 * motet_xml_text:
 *
 * Returns: (borrowed) the character data directly inside @xml; when it is in several pieces (between children) the
 *   pieces are joined in the arena. "" when there is none; "" when @xml is NULL, so that
 *   motet_xml_text(motet_xml_child(x, "body", NULL)) is safe
 */
MOTET_API const char *motet_xml_text(const MotetXml *xml);
/** motet_xml_child: Returns: (borrowed) the first child element @name in @ns; either NULL matches any; NULL when none */
MOTET_API const MotetXml *motet_xml_child(const MotetXml *xml, const char *name, const char *ns);
/** motet_xml_next: Returns: (borrowed) the next sibling element after @xml that matches, as motet_xml_child(); NULL at the end */
MOTET_API const MotetXml *motet_xml_next(const MotetXml *xml, const char *name, const char *ns);
/** motet_xml_n_children: Returns: number of child elements */
MOTET_API unsigned motet_xml_n_children(const MotetXml *xml);

/* Building: only before the tree is first serialised or sent. Strings are copied into the arena. */

/** motet_xml_set_attr: sets or replaces an unqualified attribute (or "xml:lang"); a NULL @value removes it. */
MOTET_API void motet_xml_set_attr(MotetXml *xml, const char *name, const char *value);
/** motet_xml_set_attr_ns: as motet_xml_set_attr(), for an attribute in namespace @ns */
MOTET_API void motet_xml_set_attr_ns(MotetXml *xml, const char *name, const char *ns,
                                     const char *value);
/** motet_xml_set_attrf: motet_xml_set_attr() with a printf format */
MOTET_API void motet_xml_set_attrf(MotetXml *xml, const char *name, const char *format, ...)
        G_GNUC_PRINTF(3, 4);
/** motet_xml_add: appends a new child. @ns NULL: the parent's. Returns: (borrowed) the child, for further building */
MOTET_API MotetXml *motet_xml_add(MotetXml *parent, const char *name, const char *ns);
/** motet_xml_add_with_text: appends a child that holds @text (NULL: nothing). Returns: (borrowed) the child */
MOTET_API MotetXml *motet_xml_add_with_text(MotetXml *parent, const char *name, const char *ns,
                                            const char *text);
/** motet_xml_add_copy: appends a deep copy of @child. Returns: (borrowed) the copy */
MOTET_API MotetXml *motet_xml_add_copy(MotetXml *parent, const MotetXml *child);
/** motet_xml_add_text: appends character data; @len -1 when it ends with NUL. Must be valid UTF-8 of XML characters. */
MOTET_API void motet_xml_add_text(MotetXml *xml, const char *text, gssize len);
/** motet_xml_set_name: renames @xml; @ns NULL keeps its namespace */
MOTET_API void motet_xml_set_name(MotetXml *xml, const char *name, const char *ns);
/** motet_xml_remove: takes @child, which must be a child of @parent, out of the tree; its memory goes with the arena. */
MOTET_API void motet_xml_remove(MotetXml *parent, const MotetXml *child);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MotetXml, motet_xml_unref)

G_END_DECLS
