/*
 * xml: an XML element tree in one arena: built or parsed once, shared by reference, serialised once
 * for many receivers.
 *
 * A MotetXml is one element. All elements of a tree live in one arena and share one reference
 * count: a reference to any of them keeps the whole tree. A tree may be changed until it is first
 * serialised or sent; after that every change is a programming error (asserted). Names and
 * namespaces are compared as the strings they are; prefixes are resolved by the parser and never
 * seen here, but for the fixed `xml:` prefix, which stays part of the name.
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
 * Creates an element without attributes or content in an arena of its own. Neither string is
 * checked for being a legal XML name: they are the caller's own literals.
 *
 * Returns: (own) the root of a new tree, one reference
 */
MOTET_API MotetXml *motet_xml_new(const char *name, const char *ns);

/** motet_xml_ref: takes a reference on the tree @xml belongs to. Returns: (own) @xml */
MOTET_API MotetXml *motet_xml_ref(const MotetXml *xml);

/**
 * motet_xml_unref:
 * @xml: (take) NULL is a no-op
 *
 * Drops a reference on the tree @xml belongs to; the last one frees the whole arena.
 */
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
 * @text: (borrowed) one element as UTF-8 text; may be NULL when @len is 0
 * @len: bytes, or -1 when @text ends with NUL
 * @default_ns: namespace of elements without any declaration, as inside a stream; NULL for none
 * @error: set to MOTET_ERROR_XML
 *
 * Parses trusted or stored text under the same rules as a stream (no DTD, comment, entity or
 * processing instruction; RFC 6120 section 11.1). Not for a stream: that is core's own work.
 *
 * Returns: (own) the tree, or NULL with @error set
 */
MOTET_API MotetXml *motet_xml_parse(const char *text, gssize len, const char *default_ns,
                                    GError **error);

/**
 * motet_xml_string:
 * @xml: (borrowed) any element
 * @default_ns: the default namespace in force where the text will stand (for client streams
 * "jabber:client"); no xmlns is written where an element already is in the namespace in force; NULL
 * for none
 *
 * Does not make the tree immutable, unlike sending it.
 *
 * Returns: (own) @xml as NUL-terminated UTF-8 text, for g_free()
 */
MOTET_API char *motet_xml_string(const MotetXml *xml, const char *default_ns);

/* Reading: everything returned is borrowed and lives as long as the tree. */

/** motet_xml_name: Returns: (borrowed) the local name */
MOTET_API const char *motet_xml_name(const MotetXml *xml);
/** motet_xml_ns: Returns: (borrowed) the namespace name, "" for none */
MOTET_API const char *motet_xml_ns(const MotetXml *xml);
/**
 * motet_xml_is:
 * @xml: (borrowed) an element, or NULL, which has no name
 * @name: a local name
 * @ns: a namespace name; NULL matches any
 *
 * Returns: whether @xml has this name and namespace
 */
MOTET_API bool motet_xml_is(const MotetXml *xml, const char *name, const char *ns);
/**
 * motet_xml_attr:
 * @name: of an unqualified attribute, or "xml:lang"
 *
 * Returns: (borrowed) its value, NULL when absent
 */
MOTET_API const char *motet_xml_attr(const MotetXml *xml, const char *name);
/**
 * motet_xml_attr_ns:
 * @name: the attribute's local name
 * @ns: its namespace name
 *
 * Returns: (borrowed) its value, NULL when absent
 */
MOTET_API const char *motet_xml_attr_ns(const MotetXml *xml, const char *name, const char *ns);
/**
 * motet_xml_text:
 * @xml: (borrowed) an element, or NULL
 *
 * Returns: (borrowed) the character data directly inside @xml; when it is in several pieces
 * (between children) the pieces are joined in the arena. "" when there is none; "" when @xml is
 * NULL, so that motet_xml_text(motet_xml_child(x, "body", NULL)) is safe
 */
MOTET_API const char *motet_xml_text(const MotetXml *xml);
/**
 * motet_xml_child:
 * @name: a local name; NULL matches any
 * @ns: a namespace name; NULL matches any
 *
 * Returns: (borrowed) the first child element that matches; NULL when none does
 */
MOTET_API const MotetXml *motet_xml_child(const MotetXml *xml, const char *name, const char *ns);
/**
 * motet_xml_next:
 * @name, @ns: as for motet_xml_child()
 *
 * Returns: (borrowed) the next sibling element after @xml that matches; NULL at the end
 */
MOTET_API const MotetXml *motet_xml_next(const MotetXml *xml, const char *name, const char *ns);
/** motet_xml_n_children: Returns: number of child elements */
MOTET_API unsigned motet_xml_n_children(const MotetXml *xml);

/* Building: only before the tree is first serialised or sent. Strings are copied into the arena. */

/**
 * motet_xml_set_attr:
 * @name: (borrowed) of an unqualified attribute, or "xml:lang"
 * @value: (borrowed) UTF-8 text of XML characters; NULL removes the attribute
 *
 * Sets or replaces an attribute.
 */
MOTET_API void motet_xml_set_attr(MotetXml *xml, const char *name, const char *value);
/**
 * motet_xml_set_attr_ns:
 * @name: (borrowed) the attribute's local name
 * @ns: (borrowed) its namespace name
 * @value: (borrowed) as for motet_xml_set_attr()
 *
 * Sets or replaces an attribute in a namespace.
 */
MOTET_API void motet_xml_set_attr_ns(MotetXml *xml, const char *name, const char *ns,
                                     const char *value);
/**
 * motet_xml_set_attrf:
 * @name: (borrowed) as for motet_xml_set_attr()
 *
 * motet_xml_set_attr() with a printf format.
 */
MOTET_API void motet_xml_set_attrf(MotetXml *xml, const char *name, const char *format, ...)
        G_GNUC_PRINTF(3, 4);
/**
 * motet_xml_add:
 * @name: (borrowed) local name
 * @ns: (borrowed) namespace name; NULL: the parent's
 *
 * Appends a new child.
 *
 * Returns: (borrowed) the child, for further building
 */
MOTET_API MotetXml *motet_xml_add(MotetXml *parent, const char *name, const char *ns);
/**
 * motet_xml_add_with_text:
 * @name, @ns: (borrowed) as for motet_xml_add()
 * @text: (borrowed) UTF-8 text of XML characters; NULL: nothing
 *
 * Appends a child that holds @text.
 *
 * Returns: (borrowed) the child
 */
MOTET_API MotetXml *motet_xml_add_with_text(MotetXml *parent, const char *name, const char *ns,
                                            const char *text);
/**
 * motet_xml_add_copy:
 * @child: (borrowed) any element, also of the same tree
 *
 * Appends a copy of @child and all below it.
 *
 * Returns: (borrowed) the copy
 */
MOTET_API MotetXml *motet_xml_add_copy(MotetXml *parent, const MotetXml *child);
/**
 * motet_xml_add_text:
 * @text: (borrowed) UTF-8 text of XML characters
 * @len: bytes, or -1 when @text ends with NUL
 *
 * Appends character data.
 */
MOTET_API void motet_xml_add_text(MotetXml *xml, const char *text, gssize len);
/**
 * motet_xml_set_name:
 * @name: (borrowed) local name
 * @ns: (borrowed) namespace name; NULL keeps the one it has
 *
 * Renames @xml.
 */
MOTET_API void motet_xml_set_name(MotetXml *xml, const char *name, const char *ns);
/**
 * motet_xml_remove:
 * @child: (borrowed) a child of @parent
 *
 * Takes @child out of the tree; its memory goes with the arena.
 */
MOTET_API void motet_xml_remove(MotetXml *parent, const MotetXml *child);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MotetXml, motet_xml_unref)

G_END_DECLS
