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

/* What is written differently in text, and in attributes. */
static const char text_escaped[] = "&<>\r";
static const char attr_escaped[] = "&<>\"'\r\n\t";

typedef struct {
        GString *out;
        const MotetXml *root;
        const char *default_ns; /* in force around the root */
        const char *to;         /* instead of the root's own; NULL: its own */
        bool in_stream;         /* the prefix "stream" is declared around the root */
        size_t to_at;           /* where the root's `to` belongs in @out */
        size_t to_len;          /* bytes of the root's `to` written there */
} Writer;

/* Most of what is written is a few bytes long and has room. */
static inline void
put(GString *out, const char *bytes, size_t n)
{
        if (n >= out->allocated_len - out->len) {
                g_string_append_len(out, bytes, (gssize)n);
                return;
        }
        memcpy(out->str + out->len, bytes, n);
        out->len += n;
        out->str[out->len] = '\0';
}

static inline void
put_string(GString *out, const char *text)
{
        put(out, text, strlen(text));
}

static const char *
escape_of(char byte)
{
        switch (byte) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&apos;";
        /* XML 1.0 sections 2.11 and 3.3.3: a parser would turn these bare ones into something
         * else. */
        case '\r':
                return "&#13;";
        case '\n':
                return "&#10;";
        case '\t':
                return "&#9;";
        default:
                g_assert_not_reached();
        }
}

static void
append_escaped(GString *out, const char *text, const char *escaped)
{
        while (true) {
                size_t plain = strcspn(text, escaped);
                put(out, text, plain);
                text += plain;
                if (*text == '\0')
                        return;
                /* There may be many in a row, and looking for the next one has its price. */
                do
                        put_string(out, escape_of(*text++));
                while (*text != '\0' && strchr(escaped, *text));
        }
}

static void
append_attr(GString *out, const char *prefix, const char *name, const char *value)
{
        put(out, " ", 1);
        put_string(out, prefix);
        put_string(out, name);
        put(out, "='", 2);
        append_escaped(out, value, attr_escaped);
        put(out, "'", 1);
}

/* Namespaces in XML 1.0 section 3: the namespace of xml: must not be declared as a default one. */
static const char *
element_prefix(const Writer *writer, const MotetXml *xml)
{
        if (xml_is_same(xml->ns, XML_NS_XML))
                return "xml:";
        /* RFC 6120 4.8.5: peers may insist on this prefix for features and errors. */
        if (writer->in_stream && xml == writer->root && xml_is_same(xml->ns, MOTET_NS_STREAMS))
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
write_to(Writer *writer, const char *to)
{
        writer->to_at = writer->out->len;
        append_attr(writer->out, "", "to", to);
        writer->to_len = writer->out->len - writer->to_at;
}

static void
write_attrs(Writer *writer, const MotetXml *xml)
{
        for (const XmlAttr *attr = xml->attrs; attr; attr = attr->next) {
                if (attr->ns[0] != '\0')
                        write_attr_ns(writer, xml, attr);
                else if (xml == writer->root && strcmp(attr->name, "to") == 0)
                        write_to(writer, writer->to ? writer->to : attr->value);
                else
                        append_attr(writer->out, "", attr->name, attr->value);
        }
}

static void
write_start(Writer *writer, const MotetXml *xml)
{
        GString *out = writer->out;
        const char *prefix = element_prefix(writer, xml);

        put(out, "<", 1);
        put_string(out, prefix);
        put_string(out, xml->name);
        if (*prefix == '\0' && !xml_is_same(ns_in_force(writer, xml), xml->ns))
                append_attr(out, "", "xmlns", xml->ns);
        if (xml == writer->root) {
                writer->to_at = out->len;
                if (writer->to && !motet_xml_attr(xml, "to"))
                        write_to(writer, writer->to);
        }
        write_attrs(writer, xml);
        if (xml->first)
                put(out, ">", 1);
        else
                put(out, "/>", 2);
}

static void
write_end(Writer *writer, const MotetXml *xml)
{
        put(writer->out, "</", 2);
        put_string(writer->out, element_prefix(writer, xml));
        put_string(writer->out, xml->name);
        put(writer->out, ">", 1);
}

static void
write_node(Writer *writer, const MotetXml *node)
{
        if (node->name)
                write_start(writer, node);
        else
                append_escaped(writer->out, node->text, text_escaped);
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

/* Writes @root to the end of @out, keeps it, and takes it from there again. */
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

        XmlArena *arena = root->arena;
        if (!default_ns)
                default_ns = "";
        xml_freeze(root);
        const XmlBytes *written = find_written(root, default_ns);
        /* Most stanzas are written once: what comes a second time may come to many. */
        if (!written && arena->written_once != root) {
                Writer writer = {.out = out,
                                 .root = root,
                                 .default_ns = default_ns,
                                 .to = to,
                                 .in_stream = true};
                arena->written_once = root;
                write_tree(&writer);
                return;
        }
        if (!written)
                written = write_and_keep(root, out, default_ns);

        if (!to)
                to = motet_xml_attr(root, "to");
        put(out, written->bytes, written->prefix_len);
        if (to)
                append_attr(out, "", "to", to);
        put(out, written->bytes + written->prefix_len, written->suffix_len);
}

void
xml_escape_append(GString *out, const char *text)
{
        append_escaped(out, text, attr_escaped);
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
