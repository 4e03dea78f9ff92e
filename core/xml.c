/*
 * xml: building and reading element trees in one arena.
 *
 * Source: RFC 6120 section 11, Namespaces in XML 1.0.
 */
#include "core/xml.h"

#include <stdarg.h>
#include <string.h>

#include "core/xml_tree.h"

/* XML 1.0 section 2.2, Char. */
static bool
is_xml_char(gunichar c)
{
        if (c < 0x20)
                return c == '\t' || c == '\n' || c == '\r';
        return c != 0xfffe && c != 0xffff;
}

/* Anything else would end the stream of whoever receives it. */
static bool
is_xml_text(const char *text, size_t len)
{
        if (!g_utf8_validate_len(text, len, NULL))
                return false;

        for (size_t i = 0; i < len; i++) {
                unsigned char byte = (unsigned char)text[i];
                if (byte >= 0x20 && byte != 0xef)
                        continue;
                if (!is_xml_char(g_utf8_get_char(text + i)))
                        return false;
        }
        return true;
}

static bool
is_changeable(const MotetXml *xml)
{
        return xml && xml->name && !xml->arena->frozen;
}

static MotetXml *
new_element(XmlArena *arena, MotetXml *parent, const char *ns, size_t ns_len, const char *name,
            size_t name_len)
{
        MotetXml *xml = xml_arena_alloc(arena, sizeof *xml);
        *xml = (MotetXml){.arena = arena, .parent = parent};

        bool inherits = parent && strncmp(parent->ns, ns, ns_len) == 0 && !parent->ns[ns_len];
        xml->ns = inherits ? parent->ns : xml_arena_space(arena, ns, ns_len);
        xml->name = xml_arena_name(arena, name, name_len);
        return xml;
}

MotetXml *
xml_walk(const MotetXml *root, const MotetXml *node)
{
        if (node->name && node->first)
                return node->first;

        while (node != root) {
                if (node->next)
                        return node->next;
                node = node->parent;
        }
        return NULL;
}

void
xml_link(MotetXml *node)
{
        MotetXml *parent = node->parent;

        if (parent->last)
                parent->last->next = node;
        else
                parent->first = node;
        parent->last = node;
}

MotetXml *
xml_new_parts(const char *ns, size_t ns_len, const char *name, size_t name_len)
{
        return new_element(xml_arena_new(0), NULL, ns, ns_len, name, name_len);
}

MotetXml *
xml_add_parts(MotetXml *parent, const char *ns, size_t ns_len, const char *name, size_t name_len)
{
        g_assert(is_changeable(parent));

        MotetXml *child = new_element(parent->arena, parent, ns, ns_len, name, name_len);
        xml_link(child);
        return child;
}

static XmlAttr *
find_attr(const MotetXml *xml, const char *ns, size_t ns_len, const char *name, size_t name_len)
{
        for (XmlAttr *attr = xml->attrs; attr; attr = attr->next) {
                if (strncmp(attr->name, name, name_len) == 0 && !attr->name[name_len] &&
                    strncmp(attr->ns, ns, ns_len) == 0 && !attr->ns[ns_len])
                        return attr;
        }
        return NULL;
}

static void
append_attr(MotetXml *xml, XmlAttr *attr)
{
        XmlAttr **end = &xml->attrs;

        while (*end)
                end = &(*end)->next;
        *end = attr;
}

void
xml_add_attr_parts(MotetXml *xml, const char *ns, size_t ns_len, const char *name, size_t name_len,
                   const char *value)
{
        g_assert(is_changeable(xml));

        XmlArena *arena = xml->arena;
        XmlAttr *attr = xml_arena_alloc(arena, sizeof *attr);
        *attr = (XmlAttr){
                .name = xml_arena_name(arena, name, name_len),
                .ns = xml_arena_space(arena, ns, ns_len),
                .value = xml_arena_string(arena, value, strlen(value)),
        };
        append_attr(xml, attr);
}

static void
set_attr(MotetXml *xml, const char *ns, const char *name, const char *value)
{
        size_t ns_len = strlen(ns), name_len = strlen(name);
        XmlAttr *attr = find_attr(xml, ns, ns_len, name, name_len);

        if (attr)
                attr->value = xml_arena_string(xml->arena, value, strlen(value));
        else
                xml_add_attr_parts(xml, ns, ns_len, name, name_len, value);
}

void
xml_set_attr(MotetXml *xml, const char *name, const char *value)
{
        g_assert(is_changeable(xml));

        set_attr(xml, "", name, value);
}

void
xml_add_chars(MotetXml *xml, const char *text, size_t len)
{
        g_assert(is_changeable(xml));

        if (len == 0)
                return;
        xml->joined = NULL;

        MotetXml *last = xml->last;
        if (last && !last->name) {
                last->text = xml_arena_extend(xml->arena, last->text, last->len, text, len);
                last->len += len;
                return;
        }

        MotetXml *piece = xml_arena_alloc(xml->arena, XML_TEXT_SIZE);
        piece->arena = xml->arena;
        piece->parent = xml;
        piece->next = NULL;
        piece->name = NULL;
        piece->text = xml_arena_string(xml->arena, text, len);
        piece->len = len;
        xml_link(piece);
}

MotetXml *
xml_parent(const MotetXml *xml)
{
        return xml->parent;
}

void
xml_freeze(const MotetXml *xml)
{
        xml->arena->frozen = true;
}

size_t
xml_size(const MotetXml *xml)
{
        return xml->arena->size;
}

MotetXml *
motet_xml_new(const char *name, const char *ns)
{
        g_return_val_if_fail(name != NULL && *name != '\0', NULL);

        if (!ns)
                ns = "";
        return xml_new_parts(ns, strlen(ns), name, strlen(name));
}

MotetXml *
motet_xml_ref(const MotetXml *xml)
{
        g_return_val_if_fail(xml != NULL, NULL);

        xml->arena->refs++;
        return (MotetXml *)xml;
}

void
motet_xml_unref(const MotetXml *xml)
{
        if (xml)
                xml_arena_unref(xml->arena);
}

const char *
motet_xml_name(const MotetXml *xml)
{
        g_return_val_if_fail(xml != NULL, "");

        return xml->name;
}

const char *
motet_xml_ns(const MotetXml *xml)
{
        g_return_val_if_fail(xml != NULL, "");

        return xml->ns;
}

static bool
matches(const MotetXml *node, const char *name, const char *ns)
{
        return node->name && (!name || xml_is_same(node->name, name)) &&
               (!ns || xml_is_same(node->ns, ns));
}

bool
motet_xml_is(const MotetXml *xml, const char *name, const char *ns)
{
        return xml && matches(xml, name, ns);
}

const char *
motet_xml_attr(const MotetXml *xml, const char *name)
{
        g_return_val_if_fail(xml != NULL && name != NULL, NULL);

        for (const XmlAttr *attr = xml->attrs; attr; attr = attr->next) {
                if (attr->ns[0] == '\0' && xml_is_same(attr->name, name))
                        return attr->value;
        }
        return NULL;
}

const char *
motet_xml_attr_ns(const MotetXml *xml, const char *name, const char *ns)
{
        g_return_val_if_fail(xml != NULL && name != NULL, NULL);

        if (!ns || *ns == '\0')
                return motet_xml_attr(xml, name);
        if (strcmp(ns, XML_NS_XML) == 0) {
                g_autofree char *prefixed = g_strconcat("xml:", name, NULL);
                return motet_xml_attr(xml, prefixed);
        }

        const XmlAttr *attr = find_attr(xml, ns, strlen(ns), name, strlen(name));
        return attr ? attr->value : NULL;
}

static const char *
join_text(MotetXml *xml)
{
        size_t len = 0;
        for (const MotetXml *node = xml->first; node; node = node->next) {
                if (!node->name)
                        len += node->len;
        }

        char *joined = xml_arena_string(xml->arena, "", 0);
        size_t at = 0;
        if (len > 0)
                joined = xml_arena_alloc(xml->arena, len + 1);
        for (const MotetXml *node = xml->first; node; node = node->next) {
                if (node->name)
                        continue;
                memcpy(joined + at, node->text, node->len);
                at += node->len;
        }
        joined[at] = '\0';
        return joined;
}

const char *
motet_xml_text(const MotetXml *xml)
{
        const MotetXml *only = NULL;
        unsigned n_pieces = 0;

        if (!xml)
                return "";
        if (xml->joined)
                return xml->joined;

        for (const MotetXml *node = xml->first; node; node = node->next) {
                if (!node->name) {
                        only = node;
                        n_pieces++;
                }
        }
        if (n_pieces == 0)
                return "";
        if (n_pieces == 1)
                return only->text;

        /* Remembering the joined text does not change the tree. */
        MotetXml *cached = (MotetXml *)xml;
        cached->joined = join_text(cached);
        return cached->joined;
}

static const MotetXml *
first_match(const MotetXml *node, const char *name, const char *ns)
{
        while (node && !matches(node, name, ns))
                node = node->next;
        return node;
}

const MotetXml *
motet_xml_child(const MotetXml *xml, const char *name, const char *ns)
{
        g_return_val_if_fail(xml != NULL, NULL);

        return first_match(xml->first, name, ns);
}

const MotetXml *
motet_xml_next(const MotetXml *xml, const char *name, const char *ns)
{
        g_return_val_if_fail(xml != NULL, NULL);

        return first_match(xml->next, name, ns);
}

unsigned
motet_xml_n_children(const MotetXml *xml)
{
        unsigned n = 0;

        g_return_val_if_fail(xml != NULL, 0);

        for (const MotetXml *node = xml->first; node; node = node->next) {
                if (node->name)
                        n++;
        }
        return n;
}

static void
remove_attr(MotetXml *xml, const char *ns, const char *name)
{
        const XmlAttr *attr = find_attr(xml, ns, strlen(ns), name, strlen(name));

        for (XmlAttr **link = &xml->attrs; attr && *link; link = &(*link)->next) {
                if (*link == attr) {
                        *link = attr->next;
                        return;
                }
        }
}

void
motet_xml_set_attr(MotetXml *xml, const char *name, const char *value)
{
        g_return_if_fail(is_changeable(xml) && name != NULL && *name != '\0');
        g_return_if_fail(!value || is_xml_text(value, strlen(value)));

        if (value)
                set_attr(xml, "", name, value);
        else
                remove_attr(xml, "", name);
}

void
motet_xml_set_attr_ns(MotetXml *xml, const char *name, const char *ns, const char *value)
{
        g_return_if_fail(is_changeable(xml) && name != NULL && *name != '\0');
        g_return_if_fail(!value || is_xml_text(value, strlen(value)));

        if (!ns || *ns == '\0') {
                motet_xml_set_attr(xml, name, value);
        } else if (strcmp(ns, XML_NS_XML) == 0) {
                g_autofree char *prefixed = g_strconcat("xml:", name, NULL);
                motet_xml_set_attr(xml, prefixed, value);
        } else if (value) {
                set_attr(xml, ns, name, value);
        } else {
                remove_attr(xml, ns, name);
        }
}

void
motet_xml_set_attrf(MotetXml *xml, const char *name, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *value = g_strdup_vprintf(format, args);
        va_end(args);
        motet_xml_set_attr(xml, name, value);
}

MotetXml *
motet_xml_add(MotetXml *parent, const char *name, const char *ns)
{
        g_return_val_if_fail(is_changeable(parent), NULL);
        g_return_val_if_fail(name != NULL && *name != '\0', NULL);

        if (!ns)
                ns = parent->ns;
        return xml_add_parts(parent, ns, strlen(ns), name, strlen(name));
}

MotetXml *
motet_xml_add_with_text(MotetXml *parent, const char *name, const char *ns, const char *text)
{
        MotetXml *child = motet_xml_add(parent, name, ns);

        if (child && text)
                motet_xml_add_text(child, text, -1);
        return child;
}

void
motet_xml_add_text(MotetXml *xml, const char *text, gssize len)
{
        g_return_if_fail(is_changeable(xml) && text != NULL);

        size_t n = len < 0 ? strlen(text) : (size_t)len;
        g_return_if_fail(is_xml_text(text, n));
        xml_add_chars(xml, text, n);
}

void
motet_xml_set_name(MotetXml *xml, const char *name, const char *ns)
{
        g_return_if_fail(is_changeable(xml) && name != NULL && *name != '\0');

        xml->name = xml_arena_name(xml->arena, name, strlen(name));
        if (ns)
                xml->ns = xml_arena_space(xml->arena, ns, strlen(ns));
}

void
motet_xml_remove(MotetXml *parent, const MotetXml *child)
{
        MotetXml *before = NULL;

        g_return_if_fail(is_changeable(parent));
        g_return_if_fail(child != NULL && child->parent == parent);

        for (MotetXml *node = parent->first; node != child; node = node->next)
                before = node;
        if (before)
                before->next = child->next;
        else
                parent->first = child->next;
        if (parent->last == child)
                parent->last = before;

        MotetXml *removed = (MotetXml *)child;
        removed->parent = NULL;
        removed->next = NULL;
}
