/*
 * xml_read: one element from text, by the same parser and rules as a stream.
 *
 * Source: RFC 6120 section 11.1.
 */
#include <motet/error.h>
#include <string.h>

#include "core/xml.h"
#include "core/xml_parser.h"

/*
 * Stored documents gather many stanzas' worth of elements, written by us or an operator. A stanza
 * of the depth a stream may have must still fit when it is wrapped.
 */
static const MotetSessionLimits text_limits = {
        .stanza_bytes = 64u * 1024u * 1024u,
        .depth = 128,
        .elements = 1024u * 1024u,
        .attributes = 256,
        .namespaces = 1024u * 1024u,
        .name_bytes = 1024,
};

#define POOL_HEADERS 4 /* namespaces texts are read in */

typedef struct {
        MotetXml *element;
        unsigned n_elements;
        bool closed;
        const char *failure;
} TextRead;

static void
on_element(void *data, MotetXml *element)
{
        TextRead *read = data;

        if (read->n_elements++ == 0)
                read->element = element;
        else
                motet_xml_unref(element);
}

static void
on_closed(void *data)
{
        ((TextRead *)data)->closed = true;
}

static void
on_failed(void *data, MotetCondition condition, const char *text)
{
        (void)condition;
        ((TextRead *)data)->failure = text;
}

static const XmlSink text_sink = {NULL, on_element, on_closed, on_failed};

static const char *
find_mistake(const TextRead *read, const XmlParser *parser)
{
        if (read->failure)
                return read->failure;
        if (read->closed)
                return "an end tag without its start tag";
        if (read->n_elements > 1)
                return "more than one element";
        if (read->n_elements == 0 || !xml_parser_is_idle(parser))
                return "the text ends within an element";
        return NULL;
}

static void
free_pool(void *pool)
{
        xml_pool_free(pool);
}

/*
 * Making a parser costs ten times what a short text does, and a login reads a dozen of them.
 * Whoever asks has no server to keep the pool in, and may be a worker: each thread has its own.
 */
static XmlPool *
text_pool(void)
{
        static GPrivate pools = G_PRIVATE_INIT(free_pool);
        XmlPool *pool = g_private_get(&pools);

        if (!pool) {
                pool = xml_pool_new(POOL_HEADERS, 1);
                g_private_set(&pools, pool);
        }
        return pool;
}

MotetXml *
motet_xml_parse(const char *text, gssize len, const char *default_ns, GError **error)
{
        /* GLib hands out NULL for no bytes, and a stored document may have none. */
        if (len == 0)
                text = "";
        g_return_val_if_fail(text != NULL, NULL);

        TextRead read = {0};
        g_autoptr(GString) header = g_string_new("<stream:text xmlns='");

        xml_escape_append(header, default_ns ? default_ns : "");
        g_string_append(header, "' xmlns:stream='" MOTET_NS_STREAMS "'>");
        g_autoptr(XmlParser) parser =
                xml_parser_new_open(text_pool(), &text_sink, &read, &text_limits, header->str, 2);
        xml_parser_feed(parser, text, len < 0 ? strlen(text) : (size_t)len);

        g_autoptr(MotetXml) element = read.element;
        const char *mistake = find_mistake(&read, parser);
        if (mistake) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_XML, "not one XML element: %s",
                            mistake);
                return NULL;
        }
        return g_steal_pointer(&element);
}
