/*
 * xml_write: trees as text.
 *
 * An xmlns is written only where an element's namespace differs from the one in force; prefixes
 * only for attributes in a namespace, for the fixed xml:, and for the stream prefix that every
 * stream header declares.
 *
 * Source: XML 1.0, Namespaces in XML 1.0, RFC 6120 section 4.8.
 */
#include <motet/stanza.h>
#include <string.h>

#include "core/xml.h"
#include "core/xml_tree.h"

/* What is written differently: the bits say where. */
enum { IN_TEXT = 1, IN_ATTR = 2, IN_BOTH = 3 };

static const struct {
        unsigned char where;
        const char *written;
} escapes[256] = {
        ['&'] = {IN_BOTH, "&amp;"},
        ['<'] = {IN_BOTH, "&lt;"},
        ['>'] = {IN_BOTH, "&gt;"},
        ['"'] = {IN_ATTR, "&quot;"},
        ['\''] = {IN_ATTR, "&apos;"},
        /* XML 1.0 sections 2.11 and 3.3.3: a parser would turn these bare ones into something else. */
        ['\r'] = {IN_BOTH, "&#13;"},
        ['\n'] = {IN_ATTR, "&#10;"},
        ['\t'] = {IN_ATTR, "&#9;"},
};

typedef struct {
        GString *out;
        const MotetXml *root;
        const char *default_ns; /* in force around the root */
        bool in_stream;         /* the prefix "stream" is declared around the root */
        size_t to_at;           /* where the root's `to` belongs in @out */
        size_t to_len;          /* bytes of the root's own `to` written there */
} Writer;

static void
append_escaped(GString *out, const char *text, size_t len, unsigned where)
{
        size_t plain = 0; /* start of what needs no escape */

        for (size_t i = 0; i < len; i++) {
                unsigned char byte = (unsigned char)text[i];
                if (!(escapes[byte].where & where))
                        continue;
                g_string_append_len(out, text + plain, (gssize)(i - plain));
                g_string_append(out, escapes[byte].written);
                plain = i + 1;
        }
        g_string_append_len(out, text + plain, (gssize)(len - plain));
}

static void
append_attr(GString *out, const char *prefix, const char *name, const char *value)
{
        g_string_append_c(out, ' ');
        g_string_append(out, prefix);
        g_string_append(out, name);
        g_string_append_len(out, "='", 2);
        append_escaped(out, value, strlen(value), IN_ATTR);
        g_string_append_c(out, '\'');
}

/* Namespaces in XML 1.0 section 3: the namespace of xml: must not be declared as a default one. */
static const char *
element_prefix(const Writer *writer, const MotetXml *xml)
{
        if (strcmp(xml->ns, XML_NS_XML) == 0)
                return "xml:";
        /* RFC 6120 4.8.5: peers may insist on this prefix for features and errors. */
        if (writer->in_stream && xml == writer->root && strcmp(xml->ns, MOTET_NS_STREAMS) == 0)
                return "stream:";
        return "";
}

/* The default namespace that the parent leaves in force for @xml. */
static const char *
ns_in_force(const Writer *writer, const MotetXml *xml)
{
        while (xml != writer->root) {
                xml = xml->parent;
                if (*element_prefix(writer, xml) == '\0')
                        return xml->ns;
        }
        return writer->default_ns;
}

/* The prefix of @attr is numbered by the first attribute of the element in its namespace. */
static unsigned
prefix_number(const MotetXml *xml, const XmlAttr *attr, bool *is_first)
{
        unsigned number = 1;

        /* Equal namespaces of one tree are one string. */
        const XmlAttr *first = xml->attrs;
        for (; first->ns != attr->ns; first = first->next) {
                if (first->ns[0] != '\0')
                        number++;
        }
        *is_first = first == attr;
        return number;
}

static void
write_attr_ns(Writer *writer, const MotetXml *xml, const XmlAttr *attr)
{
        char prefix[16];
        bool is_first;
        unsigned number = prefix_number(xml, attr, &is_first);

        g_snprintf(prefix, sizeof prefix, "ns%u", number);
        if (is_first)
                append_attr(writer->out, "xmlns:", prefix, attr->ns);
        g_strlcat(prefix, ":", sizeof prefix);
        append_attr(writer->out, prefix, attr->name, attr->value);
}

static void
write_attrs(Writer *writer, const MotetXml *xml)
{
        for (const XmlAttr *attr = xml->attrs; attr; attr = attr->next) {
                if (attr->ns[0] != '\0') {
                        write_attr_ns(writer, xml, attr);
                        continue;
                }
                size_t start = writer->out->len;
                append_attr(writer->out, "", attr->name, attr->value);
                if (xml == writer->root && strcmp(attr->name, "to") == 0) {
                        writer->to_at = start;
                        writer->to_len = writer->out->len - start;
                }
        }
}

static void
write_start(Writer *writer, const MotetXml *xml)
{
        GString *out = writer->out;
        const char *prefix = element_prefix(writer, xml);

        g_string_append_c(out, '<');
        g_string_append(out, prefix);
        g_string_append(out, xml->name);
        if (*prefix == '\0' && strcmp(ns_in_force(writer, xml), xml->ns) != 0)
                append_attr(out, "", "xmlns", xml->ns);
        if (xml == writer->root)
                writer->to_at = out->len;
        write_attrs(writer, xml);
        if (xml->first)
                g_string_append_c(out, '>');
        else
                g_string_append_len(out, "/>", 2);
}

static void
write_end(Writer *writer, const MotetXml *xml)
{
        g_string_append_len(writer->out, "</", 2);
        g_string_append(writer->out, element_prefix(writer, xml));
        g_string_append(writer->out, xml->name);
        g_string_append_c(writer->out, '>');
}

static void
write_node(Writer *writer, const MotetXml *node)
{
        if (node->name)
                write_start(writer, node);
        else
                append_escaped(writer->out, node->text, node->len, IN_TEXT);
}

static void
write_tree(Writer *writer)
{
        const MotetXml *root = writer->root;
        const MotetXml *node = root;

        write_node(writer, root);
        while (true) {
                if (node->name && node->first) {
                        node = node->first;
                        write_node(writer, node);
                        continue;
                }
                while (node != root && !node->next) {
                        node = node->parent;
                        write_end(writer, node);
                }
                if (node == root)
                        return;
                node = node->next;
                write_node(writer, node);
        }
}

static const XmlBytes *
find_written(const MotetXml *root, const char *default_ns)
{
        for (const XmlBytes *bytes = root->arena->written; bytes; bytes = bytes->next) {
                if (bytes->root == root && strcmp(bytes->default_ns, default_ns) == 0)
                        return bytes;
        }
        return NULL;
}

static const XmlBytes *
write_and_keep(const MotetXml *root, GString *out, const char *default_ns)
{
        size_t start = out->len;
        Writer writer = {.out = out, .root = root, .default_ns = default_ns, .in_stream = true};
        write_tree(&writer);

        XmlArena *arena = root->arena;
        size_t len = out->len - start - writer.to_len;
        XmlBytes *kept = xml_arena_alloc(arena, sizeof(XmlBytes) + len);
        kept->root = root;
        kept->default_ns = xml_arena_space(arena, default_ns, strlen(default_ns));
        kept->prefix_len = writer.to_at - start;
        kept->suffix_len = len - kept->prefix_len;
        memcpy(kept->bytes, out->str + start, kept->prefix_len);
        memcpy(kept->bytes + kept->prefix_len, out->str + writer.to_at + writer.to_len,
               kept->suffix_len);
        kept->next = arena->written;
        arena->written = kept;

        g_string_truncate(out, start);
        return kept;
}

void
xml_append(const MotetXml *root, GString *out, const char *default_ns, const char *to)
{
        g_assert(root && root->name && out);

        if (!default_ns)
                default_ns = "";
        xml_freeze(root);
        const XmlBytes *written = find_written(root, default_ns);
        if (!written)
                written = write_and_keep(root, out, default_ns);

        if (!to)
                to = motet_xml_attr(root, "to");
        g_string_append_len(out, written->bytes, (gssize)written->prefix_len);
        if (to)
                append_attr(out, "", "to", to);
        g_string_append_len(out, written->bytes + written->prefix_len, (gssize)written->suffix_len);
}

void
xml_escape_append(GString *out, const char *text, gssize len)
{
        append_escaped(out, text, len < 0 ? strlen(text) : (size_t)len, IN_ATTR);
}

char *
motet_xml_string(const MotetXml *xml, const char *default_ns)
{
        g_return_val_if_fail(xml != NULL, NULL);

        GString *out = g_string_sized_new(256);
        Writer writer = {.out = out, .root = xml, .default_ns = default_ns ? default_ns : ""};
        write_tree(&writer);
        return g_string_free(out, FALSE);
}
