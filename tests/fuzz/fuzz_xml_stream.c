/*
 * fuzz_xml_stream: any bytes as a stream, cut in any pieces, with pauses, resets and stops.
 *
 * Input: commands. Below 0xf8 a byte stands for itself, as text of the stream. Above, f8 ends a
 * piece, f9 and fa end one and resume or reset from outside; fb, fc, fd have the sink pause, reset
 * or stop at its next call; fe and ff stand for the bytes fe and ff.
 */
#include <string.h>

#include "core/xml.h"
#include "core/xml_parser.h"
#include "core/xml_pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POOL_IDLE = 2 };

typedef struct {
        XmlParser *parser;
        void (*then)(XmlParser *parser);
        bool failed, paused, reset;
} Peer;

static const MotetSessionLimits limits = {
        .stanza_bytes = 2000,
        .depth = 16,
        .elements = 64,
        .attributes = 8,
        .namespaces = 8,
        .name_bytes = 100,
};

#define MEMORY_MAX (2000 * 40 + 64 * 1024) /* a tree of the smallest elements, and expat */

static void
react(Peer *peer)
{
        g_assert_false(peer->failed);
        if (!peer->then)
                return;

        peer->then(peer->parser);
        peer->paused = peer->then == xml_parser_pause;
        peer->reset = !peer->paused;
        peer->then = NULL;
}

/* What a parser accepted as an element of a stream can be written, and reads back as the same. */
static void
check_element(const MotetXml *xml)
{
        g_autofree char *text = motet_xml_string(xml, MOTET_NS_CLIENT);
        g_autoptr(GError) error = NULL;
        g_autoptr(MotetXml) read = motet_xml_parse(text, -1, MOTET_NS_CLIENT, &error);

        g_assert_no_error(error);
        g_autoptr(MotetXml) packed = xml_pack(read);
        g_autofree char *again = motet_xml_string(packed, MOTET_NS_CLIENT);
        g_assert_cmpstr(text, ==, again);
}

static void
on_opened(void *data, MotetXml *header, const char *content_ns)
{
        g_autoptr(MotetXml) taken = header;
        Peer *peer = data;

        g_assert_nonnull(content_ns);
        g_assert_cmpuint(motet_xml_n_children(taken), ==, 0);
        g_assert_false(peer->paused || peer->reset);
        react(peer);
}

static void
on_element(void *data, MotetXml *element)
{
        g_autoptr(MotetXml) taken = element;
        Peer *peer = data;

        check_element(taken);
        g_assert_false(peer->paused || peer->reset);
        react(peer);
}

static void
on_closed(void *data)
{
        Peer *peer = data;

        g_assert_false(peer->failed || peer->paused || peer->reset);
}

static void
on_failed(void *data, MotetCondition condition, const char *text)
{
        Peer *peer = data;

        g_assert_false(peer->failed);
        g_assert_cmpint(condition, !=, MOTET_CONDITION_NONE);
        g_assert_nonnull(text);
        peer->failed = true;
}

static const XmlSink sink = {on_opened, on_element, on_closed, on_failed};

static void
feed(Peer *peer, GString *piece)
{
        g_autofree char *exact = g_memdup2(piece->str, piece->len);

        peer->reset = false;
        bool alive = xml_parser_feed(peer->parser, exact, piece->len);
        g_assert_true(!peer->failed || !alive);
        if (!peer->paused)
                g_assert_cmpuint(xml_parser_memory(peer->parser), <, MEMORY_MAX);
        g_assert_cmpint(peer->paused, ==, xml_parser_is_paused(peer->parser));
        g_string_truncate(piece, 0);
}

static void
resume(Peer *peer)
{
        peer->paused = peer->reset = false;
        bool alive = xml_parser_resume(peer->parser);
        g_assert_true(!peer->failed || !alive);
}

static void
run_command(Peer *peer, GString *piece, uint8_t command)
{
        switch (command) {
        case 0xf8:
        case 0xf9:
        case 0xfa:
                feed(peer, piece);
                if (command == 0xf9)
                        resume(peer);
                if (command == 0xfa)
                        xml_parser_reset(peer->parser);
                break;
        case 0xfb:
                peer->then = xml_parser_pause;
                break;
        case 0xfc:
                peer->then = xml_parser_reset;
                break;
        case 0xfd:
                peer->then = xml_parser_stop;
                break;
        default:
                g_string_append_c(piece, (char)command);
        }
}

/* One stream; the pool is shared with whoever comes next. */
static void
run_stream(XmlPool *pool, const uint8_t *data, size_t size)
{
        Peer peer = {0};
        g_autoptr(XmlParser) parser = xml_parser_new(pool, &sink, &peer, &limits);
        g_autoptr(GString) piece = g_string_new(NULL);

        peer.parser = parser;
        for (size_t i = 0; i < size; i++)
                run_command(&peer, piece, data[i]);
        feed(&peer, piece);
        for (unsigned i = 0; i < 4 && peer.paused; i++)
                resume(&peer);
}

/* Parsers that wait are lent to others, who must not find them in the middle of something. */
static void
check_pool(XmlPool *pool)
{
        static const char header[] =
                "<stream:stream xmlns:stream='" MOTET_NS_STREAMS "' xmlns='" MOTET_NS_CLIENT "'>";
        Peer peers[POOL_IDLE] = {0};
        XmlParser *parsers[POOL_IDLE];

        for (unsigned i = 0; i < POOL_IDLE; i++) {
                parsers[i] = xml_parser_new_open(pool, &sink, &peers[i], &limits, header, 2);
                xml_parser_feed(parsers[i], "<m>", 3);
        }
        for (unsigned i = 0; i < POOL_IDLE; i++) {
                xml_parser_feed(parsers[i], "</m>", 4);
                g_assert_false(peers[i].failed);
                g_assert_true(xml_parser_is_idle(parsers[i]));
                xml_parser_free(parsers[i]);
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(XmlPool) pool = xml_pool_new(2, POOL_IDLE);

        run_stream(pool, data, size);
        run_stream(pool, data, size);
        check_pool(pool);
        return 0;
}
