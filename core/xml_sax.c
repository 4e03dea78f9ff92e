/*
 * xml_sax: expat's events into a stream header and trees of depth 1; refuses what is not allowed in
 * a stream.
 *
 * Source: RFC 6120 sections 4.2, 4.8, 11; Namespaces in XML 1.0.
 */
#include "core/xml_sax.h"

#include <string.h>

#include "core/xml_tree.h"

/* On average, of the elements a stanza may have: an attribute of 5 bytes takes 40 in a tree. */
#define ATTRIBUTES_PER_ELEMENT 2u

#define BLOATED_BYTES 32768u /* size of an element whose parser is not pooled again */

#define LONGEST_ESCAPE 6u     /* "&apos;" for one byte */
#define DECLARATION_BYTES 32u /* ' xmlns:ns64=' and quotes, a prefix, an end tag's brackets */

/* A name as expat tells it. */
typedef struct {
        const char *ns, *local, *prefix; /* @prefix: NULL when there is none */
        size_t ns_len, local_len;
} Name;

static Name
split_name(const char *name)
{
        const char *first = strchr(name, XML_POOL_SEPARATOR);
        if (!first)
                return (Name){.ns = "", .local = name, .local_len = strlen(name)};

        Name split = {.ns = name, .ns_len = (size_t)(first - name), .local = first + 1};
        const char *second = strchr(split.local, XML_POOL_SEPARATOR);
        split.local_len = second ? (size_t)(second - split.local) : strlen(split.local);
        split.prefix = second ? second + 1 : NULL;
        return split;
}

static void
fail(XmlLoan *loan, MotetCondition condition, const char *text)
{
        if (loan->halted)
                return;

        loan->owner->condition = condition;
        loan->owner->failure = text;
        loan->halted = true;
        XML_StopParser(loan->expat, XML_FALSE);
}

bool
xml_sax_is_blank(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
                        return false;
        }
        return true;
}

/* After the sink was told something: when it wants no more for now, parsing stops behind the
 * current tag. */
static void
heed_sink(XmlLoan *loan)
{
        const XmlParser *parser = loan->owner;

        if (!parser->paused && !parser->dropping)
                return;

        uint64_t slice_start = loan->fed - loan->slice_len;
        XML_Index tag_end =
                XML_GetCurrentByteIndex(loan->expat) + XML_GetCurrentByteCount(loan->expat);
        loan->halted = true;
        loan->halted_at = (size_t)((uint64_t)tag_end - slice_start);
        /* A parser that is stopped is lost; one that has only white space before it is not. */
        if (xml_sax_is_blank(loan->slice + loan->halted_at, loan->slice_len - loan->halted_at))
                return;
        loan->aborted = true;
        XML_StopParser(loan->expat, XML_FALSE);
}

static bool
check_name(XmlLoan *loan, const Name *name)
{
        size_t max = loan->owner->limits->name_bytes;

        if (name->ns_len + name->local_len <= max)
                return true;
        fail(loan, MOTET_POLICY_VIOLATION, "a name is too long");
        return false;
}

static void
add_attr(MotetXml *xml, const Name *name, const char *value)
{
        if (name->ns_len != strlen(XML_NS_XML) || memcmp(name->ns, XML_NS_XML, name->ns_len) != 0) {
                xml_add_attr_parts(xml, name->ns, name->ns_len, name->local, name->local_len,
                                   value);
                return;
        }
        g_autofree char *prefixed = g_strdup_printf("xml:%.*s", (int)name->local_len, name->local);
        xml_add_attr_parts(xml, "", 0, prefixed, strlen(prefixed), value);
}

static bool
add_attrs(XmlLoan *loan, const char **attrs)
{
        size_t n = 0;

        while (attrs[n])
                n += 2;
        if (n / 2 > loan->owner->limits->attributes) {
                fail(loan, MOTET_POLICY_VIOLATION, "an element has too many attributes");
                return false;
        }
        loan->n_attrs += n / 2;
        if (loan->n_attrs > ATTRIBUTES_PER_ELEMENT * (size_t)loan->owner->limits->elements) {
                fail(loan, MOTET_POLICY_VIOLATION, "a stanza has too many attributes");
                return false;
        }
        for (; *attrs; attrs += 2) {
                Name name = split_name(attrs[0]);
                if (!check_name(loan, &name))
                        return false;
                add_attr(loan->current, &name, attrs[1]);
        }
        return true;
}

static bool
add_element(XmlLoan *loan, const char *qualified, const char **attrs)
{
        Name name = split_name(qualified);

        if (!check_name(loan, &name))
                return false;
        if (loan->tree) {
                loan->current = xml_add_parts(loan->current, name.ns, name.ns_len, name.local,
                                              name.local_len);
        } else {
                loan->tree = xml_new_parts(name.ns, name.ns_len, name.local, name.local_len);
                loan->current = loan->tree;
        }
        return add_attrs(loan, attrs);
}

static int
compare_strings(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The header as the pool wants it: what stays in force for the stream's elements. */
static char *
header_text(const char *qualified, GPtrArray *declared)
{
        Name name = split_name(qualified);
        GString *text = g_string_new("<");

        if (name.prefix)
                g_string_append_printf(text, "%s:", name.prefix);
        g_string_append_len(text, name.local, (gssize)name.local_len);
        g_ptr_array_sort(declared, compare_strings);
        for (unsigned i = 0; i < declared->len; i++)
                g_string_append(text, declared->pdata[i]);
        g_string_append_c(text, '>');
        return g_string_free(text, FALSE);
}

static void
open_stream(XmlLoan *loan, const char *qualified, const char **attrs)
{
        XmlParser *parser = loan->owner;

        if (!add_element(loan, qualified, attrs))
                return;
        loan->header = header_text(qualified, loan->declared);
        loan->depth = 1;
        loan->n_spaces = 0;
        loan->n_attrs = 0;
        loan->current = NULL;
        parser->state = STATE_OPEN;
        parser->sink->opened(parser->data, g_steal_pointer(&loan->tree),
                             loan->content_ns ? loan->content_ns : "");
        g_clear_pointer(&loan->content_ns, g_free);
        heed_sink(loan);
}

/* RFC 6120 4.3.3: a header where none is asked for. It has no end to wait for, so it is refused at
 * its start. */
static bool
is_header(const char *qualified)
{
        Name name = split_name(qualified);

        return name.ns_len == strlen(MOTET_NS_STREAMS) && name.local_len == strlen("stream") &&
               memcmp(name.ns, MOTET_NS_STREAMS, name.ns_len) == 0 &&
               memcmp(name.local, "stream", name.local_len) == 0;
}

static void
on_start(void *data, const char *qualified, const char **attrs)
{
        XmlLoan *loan = data;
        const MotetSessionLimits *limits = loan->owner->limits;

        if (loan->halted)
                return;
        if (loan->depth == 0) {
                open_stream(loan, qualified, attrs);
                return;
        }

        if (loan->depth == 1)
                loan->start = (uint64_t)XML_GetCurrentByteIndex(loan->expat);
        if (loan->depth == 1 && is_header(qualified))
                fail(loan, MOTET_BAD_REQUEST, "a stream header inside a stream");
        else if (loan->depth > limits->depth)
                fail(loan, MOTET_POLICY_VIOLATION, "elements are nested too deeply");
        else if (++loan->n_elements > limits->elements)
                fail(loan, MOTET_POLICY_VIOLATION, "a stanza has too many elements");
        else if (add_element(loan, qualified, attrs))
                loan->depth++;
}

/* Bytes of the element that ends here. */
static size_t
length_read(const XmlLoan *loan)
{
        XML_Index end = XML_GetCurrentByteIndex(loan->expat) + XML_GetCurrentByteCount(loan->expat);

        return (size_t)((uint64_t)end - loan->start);
}

size_t
xml_parser_longest_written(const MotetSessionLimits *limits)
{
        return (size_t)limits->stanza_bytes + limits->stanza_bytes / 2;
}

/*
 * An element is written longer than it was read by what must be escaped in another place, and by
 * namespaces that are named again with each element: up to forty times as long. Half as long again
 * is let through, which send queues have room for; more would end the stream of whoever it is sent
 * to. Nearly all are short enough for that to be plain.
 */
static bool
is_written_short(const XmlLoan *loan, size_t n_read)
{
        const MotetSessionLimits *limits = loan->owner->limits;
        size_t max = xml_parser_longest_written(limits);
        size_t n_names = (size_t)loan->n_elements + 2 * (size_t)loan->n_attrs;
        size_t name_max = LONGEST_ESCAPE * (size_t)limits->name_bytes + DECLARATION_BYTES;

        if (LONGEST_ESCAPE * n_read + n_names * name_max <= max)
                return true;
        g_autofree char *text = motet_xml_string(loan->tree, motet_xml_ns(loan->tree));
        return strlen(text) <= max;
}

static void
on_end(void *data, const char *qualified)
{
        XmlLoan *loan = data;
        XmlParser *parser = loan->owner;
        (void)qualified;

        /* Also counted when nobody is told: a parser that saw the end of its root is not pooled. */
        loan->depth--;
        if (loan->halted)
                return;
        if (loan->depth == 0) {
                loan->halted = true;
                parser->state = STATE_CLOSED;
                parser->sink->closed(parser->data);
                return;
        }
        loan->current = xml_parent(loan->current);
        if (loan->depth > 1)
                return;

        size_t n_read = length_read(loan);
        if (!is_written_short(loan, n_read)) {
                fail(loan, MOTET_POLICY_VIOLATION, "a stanza is too long once it is written out");
                return;
        }
        loan->n_elements = 0;
        loan->n_spaces = 0;
        loan->n_attrs = 0;
        loan->n_stanzas++;
        if (n_read > BLOATED_BYTES)
                loan->is_bloated = true;
        parser->sink->element(parser->data, g_steal_pointer(&loan->tree));
        heed_sink(loan);
}

static void
on_text(void *data, const char *text, int len)
{
        XmlLoan *loan = data;

        if (loan->halted)
                return;
        if (loan->current)
                xml_add_chars(loan->current, text, (size_t)len);
        else if (!xml_sax_is_blank(text, (size_t)len))
                fail(loan, MOTET_BAD_REQUEST, "text between stanzas");
}

/*
 * Also an empty section: its start alone tells nothing, and a parser inside of one must not be lent
 * to others.
 */
static void
on_section(void *data)
{
        XmlLoan *loan = data;

        if (!loan->halted && !loan->current)
                fail(loan, MOTET_BAD_REQUEST, "text between stanzas");
}

/* Of the header, declarations are noted as they must be written to prime a parser. */
static void
note_declaration(XmlLoan *loan, const char *prefix, const char *uri)
{
        GString *text = g_string_new(" xmlns");

        if (prefix)
                g_string_append_printf(text, ":%s", prefix);
        else
                loan->content_ns = g_strdup(uri);
        g_string_append(text, "='");
        xml_escape_append(text, uri);
        g_string_append_c(text, '\'');
        g_ptr_array_add(loan->declared, g_string_free(text, FALSE));
}

static void
on_declaration(void *data, const char *prefix, const char *uri)
{
        XmlLoan *loan = data;
        const MotetSessionLimits *limits = loan->owner->limits;

        if (loan->halted)
                return;
        /* xmlns='' takes the default namespace away. */
        if (!uri)
                uri = "";
        if (++loan->n_spaces > limits->namespaces)
                fail(loan, MOTET_POLICY_VIOLATION, "too many namespace declarations");
        else if (strlen(uri) > limits->name_bytes ||
                 (prefix && strlen(prefix) > limits->name_bytes))
                fail(loan, MOTET_POLICY_VIOLATION, "a namespace name is too long");
        else if (loan->depth == 0)
                note_declaration(loan, prefix, uri);
}

static void
on_xml_declaration(void *data, const char *version, const char *encoding, int standalone)
{
        (void)version;
        (void)standalone;

        /* RFC 6120 11.6 */
        if (encoding && g_ascii_strcasecmp(encoding, "UTF-8") != 0)
                fail(data, MOTET_UNSUPPORTED_ENCODING, "only UTF-8 is supported");
}

/* RFC 6120 11.1 */
static void
on_comment(void *data, const char *text)
{
        (void)text;
        fail(data, MOTET_RESTRICTED_XML, "a comment is not allowed");
}

static void
on_instruction(void *data, const char *target, const char *text)
{
        (void)target;
        (void)text;
        fail(data, MOTET_RESTRICTED_XML, "a processing instruction is not allowed");
}

static void
on_doctype(void *data, const char *name, const char *sysid, const char *pubid, int has_subset)
{
        (void)name;
        (void)sysid;
        (void)pubid;
        (void)has_subset;
        fail(data, MOTET_RESTRICTED_XML, "a document type is not allowed");
}

void
xml_sax_attach(XmlLoan *loan, XmlParser *parser)
{
        loan->owner = parser;
        XML_SetElementHandler(loan->expat, on_start, on_end);
        XML_SetCharacterDataHandler(loan->expat, on_text);
        XML_SetStartCdataSectionHandler(loan->expat, on_section);
        XML_SetStartNamespaceDeclHandler(loan->expat, on_declaration);
        XML_SetXmlDeclHandler(loan->expat, on_xml_declaration);
        XML_SetCommentHandler(loan->expat, on_comment);
        XML_SetProcessingInstructionHandler(loan->expat, on_instruction);
        XML_SetStartDoctypeDeclHandler(loan->expat, on_doctype);
}
