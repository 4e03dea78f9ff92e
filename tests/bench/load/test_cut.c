/* Cutting a stream into pieces, wherever it is split or merged. */
#include <string.h>

#include "cut.h"

#include <glib.h>

#define HEADER                                                                                     \
        "<?xml version='1.0'?><stream:stream from='a>b' xmlns:stream='http://etherx.jabber.org/"   \
        "streams' xmlns='jabber:client'>"
#define FEATURES "<stream:features><bind xmlns='urn:b'/></stream:features>"
#define NESTED                                                                                     \
        "<message id='1'><forwarded><message id='2'><body>x</body></message><message/></"          \
        "forwarded></message>"
#define QUOTES "<message to=\"it's > /\" id='a\"/>'><body attr='</message>'>y</body></message>"
#define EMPTY "<presence/>"
#define SPACED "<iq  type = 'result' id='3' />"
#define CDATA "<message><body><![CDATA[</message>]] > ]></body>]]></body></message>"
#define TAIL "</stream:stream>"

static const char *const stanzas[] = {FEATURES, NESTED, QUOTES, EMPTY, SPACED, CDATA};

/* Gives @stream in parts of @part bytes, keeping what is not used up as a client does. Returns: the
 * pieces, a line each */
static char *
cut_all(const char *stream, size_t part)
{
        Cut cut = {0};
        g_autoptr(GString) kept = g_string_new(NULL);
        GString *found = g_string_new(NULL);

        for (size_t at = 0, len = strlen(stream); at < len; at += part) {
                g_string_append_len(kept, stream + at, (gssize)MIN(part, len - at));
                CutPiece piece;
                do {
                        piece = cut_next(&cut, kept->str, kept->len);
                        if (piece.kind != CUT_MORE)
                                g_string_append_printf(found, "%d %.*s\n", piece.kind,
                                                       (int)(piece.used - piece.start),
                                                       kept->str + piece.start);
                        g_string_erase(kept, 0, (gssize)piece.used);
                } while (piece.kind != CUT_MORE && piece.kind != CUT_BAD);
        }
        return g_string_free(found, FALSE);
}

/* A TCP segment may end anywhere, and hold any number of stanzas. */
static void
test_cuts_at_each_byte(void)
{
        g_autoptr(GString) stream = g_string_new(HEADER);
        g_autoptr(GString) expected = g_string_new(NULL);
        g_string_append_printf(expected, "%d %s\n", CUT_HEADER, strchr(HEADER, '>') + 1);
        for (unsigned i = 0; i < G_N_ELEMENTS(stanzas); i++) {
                g_string_append_printf(stream, "%s%s", stanzas[i], i % 2 ? " \n" : "");
                g_string_append_printf(expected, "%d %s\n", CUT_STANZA, stanzas[i]);
        }
        g_string_append(stream, TAIL);
        g_string_append_printf(expected, "%d %s\n", CUT_END, TAIL);

        for (size_t part = 1; part <= stream->len; part++) {
                g_autofree char *found = cut_all(stream->str, part);
                g_assert_cmpstr(found, ==, expected->str);
        }
}

/* What two parts make must not depend on where the first ends. */
static void
test_cuts_at_each_place(void)
{
        const char *stream = HEADER NESTED QUOTES CDATA TAIL;
        g_autofree char *expected = cut_all(stream, strlen(stream));

        for (size_t at = 1; at < strlen(stream); at++) {
                Cut cut = {0};
                g_autoptr(GString) found = g_string_new(NULL);
                size_t used = 0, given = at;
                while (used < strlen(stream)) {
                        CutPiece piece = cut_next(&cut, stream + used, given - used);
                        if (piece.kind == CUT_MORE)
                                given = strlen(stream);
                        else
                                g_string_append_printf(found, "%d %.*s\n", piece.kind,
                                                       (int)(piece.used - piece.start),
                                                       stream + used + piece.start);
                        used += piece.used;
                }
                g_assert_cmpstr(found->str, ==, expected);
        }
}

/* RFC 6120 section 4.6.1: white space keeps a stream alive; it must not pile up. */
static void
test_white_space_is_used_up(void)
{
        Cut cut = {0};
        CutPiece header = cut_next(&cut, HEADER, strlen(HEADER));
        CutPiece space = cut_next(&cut, " \n ", 3);

        g_assert_cmpint(header.kind, ==, CUT_HEADER);
        g_assert_cmpint(space.kind, ==, CUT_MORE);
        g_assert_cmpuint(space.used, ==, 3);
}

/* RFC 6120 section 11.1: no comments, processing instructions or DTDs in a stream. */
static void
test_what_is_no_stream_is_bad(void)
{
        static const char *const bad[] = {
                HEADER "<!-- x -->", HEADER "<message><!-- x --></message>",
                HEADER "<?php x ?>", "<!DOCTYPE x>",
                "</stream:stream>",  "<stream:stream/>",
                HEADER TAIL TAIL,
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *found = cut_all(bad[i], 1);
                g_auto(GStrv) lines = g_strsplit(g_strchomp(found), "\n", -1);
                const char *last = lines[g_strv_length(lines) - 1];
                g_assert_cmpint((int)(last[0] - '0'), ==, CUT_BAD);
        }
}

static void
test_names_are_whole(void)
{
        g_assert_true(cut_is("<message>", 9, "message"));
        g_assert_true(cut_is("<message/>", 10, "message"));
        g_assert_true(cut_is("<message id='1'/>", 17, "message"));
        g_assert_false(cut_is("<messages/>", 11, "message"));
        g_assert_false(cut_is("<mess", 5, "message"));
        g_assert_false(cut_is("<message", 8, "message"));
}

static void
assert_attr(const char *stanza, const char *name, const char *expected)
{
        size_t len;
        const char *value = cut_attr(stanza, strlen(stanza), name, &len);
        g_autofree char *text = value ? g_strndup(value, len) : NULL;
        g_assert_cmpstr(text, ==, expected);
}

static void
test_attributes_are_found(void)
{
        assert_attr("<a id='1'/>", "id", "1");
        assert_attr("<a xid='1' id = \"2\"/>", "id", "2");
        assert_attr("<a to=\"id='3'>\" id='4'>", "id", "4");
        assert_attr("<a idx='1' id=''/>", "id", "");
        assert_attr("<a><b id='5'/></a>", "id", NULL);
        assert_attr("<a/>", "id", NULL);
        assert_attr("<a to='x' \n\tid='6'\n>", "id", "6");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cut/cuts-at-each-byte", test_cuts_at_each_byte);
        g_test_add_func("/cut/cuts-at-each-place", test_cuts_at_each_place);
        g_test_add_func("/cut/white-space-is-used-up", test_white_space_is_used_up);
        g_test_add_func("/cut/what-is-no-stream-is-bad", test_what_is_no_stream_is_bad);
        g_test_add_func("/cut/names-are-whole", test_names_are_whole);
        g_test_add_func("/cut/attributes-are-found", test_attributes_are_found);
        return g_test_run();
}
