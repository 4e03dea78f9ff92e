/*
 * Tests of xml_arena: what was in a tree is not left in memory.
 */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/xml.h"

#define PATTERN_BYTES 24u
#define PATTERN_MASK 0x80 /* what this program keeps is not what it looks for */
#define PIECE_BYTES 65536u
#define MAPPING_MAX (1024u * 1024u * 1024u) /* larger is a sanitizer's shadow, which has no bytes */

static void
make_pattern(uint8_t masked[static PATTERN_BYTES])
{
        for (size_t i = 0; i < PATTERN_BYTES; i++)
                masked[i] = (uint8_t)g_test_rand_int_range('a', 'z' + 1) ^ PATTERN_MASK;
}

static void
add_secret(MotetXml *xml, const uint8_t masked[static PATTERN_BYTES])
{
        char text[PATTERN_BYTES];

        for (size_t i = 0; i < sizeof text; i++)
                text[i] = (char)(masked[i] ^ PATTERN_MASK);
        xml_add_chars(xml, text, sizeof text);
        OPENSSL_cleanse(text, sizeof text);
}

static bool
is_in(const uint8_t *bytes, size_t n, const uint8_t masked[static PATTERN_BYTES])
{
        for (size_t at = 0; at + PATTERN_BYTES <= n; at++) {
                size_t same = 0;
                while (same < PATTERN_BYTES && (bytes[at + same] ^ PATTERN_MASK) == masked[same])
                        same++;
                if (same == PATTERN_BYTES)
                        return true;
        }
        return false;
}

static bool
is_in_mapping(int memory, uint64_t start, uint64_t end, const uint8_t masked[static PATTERN_BYTES])
{
        static uint8_t piece[PIECE_BYTES];
        bool found = false;

        for (uint64_t at = start; at < end && !found; at += PIECE_BYTES - PATTERN_BYTES) {
                ssize_t got = pread(memory, piece, MIN(PIECE_BYTES, end - at), (off_t)at);
                if (got > 0)
                        found = is_in(piece, (size_t)got, masked);
        }
        OPENSSL_cleanse(piece, sizeof piece);
        return found;
}

/* Whether the pattern is anywhere in what this process may write, freed memory included. */
static bool
is_in_memory(const uint8_t masked[static PATTERN_BYTES])
{
        g_autofree char *maps = NULL;
        int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
        bool found = false;

        g_assert_cmpint(memory, >=, 0);
        g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
        g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
        for (char **line = lines; *line && !found; line++) {
                char *rest = NULL;
                uint64_t start = g_ascii_strtoull(*line, &rest, 16);
                if (*rest != '-')
                        continue;
                uint64_t end = g_ascii_strtoull(rest + 1, &rest, 16);
                if (g_str_has_prefix(rest, " rw") && end - start <= MAPPING_MAX)
                        found = is_in_mapping(memory, start, end, masked);
        }
        close(memory);
        return found;
}

/* R28: a password that came in a stanza is gone with the stanza; @fill bytes stand around it. */
static void
assert_is_wiped(size_t fill_before, size_t fill_after)
{
        uint8_t masked[PATTERN_BYTES];
        MotetXml *xml = motet_xml_new("auth", "urn:ietf:params:xml:ns:xmpp-sasl");

        make_pattern(masked);
        for (size_t i = 0; i < fill_before; i++)
                motet_xml_add(xml, "before", NULL);
        MotetXml *child = motet_xml_add(xml, "password", NULL);
        add_secret(child, masked);
        for (size_t i = 0; i < fill_after; i++)
                xml_add_chars(child, "0123456789", 10);
        g_assert_true(is_in_memory(masked));
        motet_xml_unref(xml);
        g_assert_false(is_in_memory(masked));
}

static void
test_wiped_in_first_chunk(void)
{
        assert_is_wiped(0, 0);
}

static void
test_wiped_in_later_chunk(void)
{
        assert_is_wiped(50, 0);
}

/* R28: text that grew piece by piece moved several times. */
static void
test_wiped_where_it_grew(void)
{
        assert_is_wiped(0, 1000);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/xml_arena/what-it-held-is-wiped", test_wiped_in_first_chunk);
        g_test_add_func("/xml_arena/later-chunks-are-wiped", test_wiped_in_later_chunk);
        g_test_add_func("/xml_arena/text-that-grew-is-wiped", test_wiped_where_it_grew);
        return g_test_run();
}
