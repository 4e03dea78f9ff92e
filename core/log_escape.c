/*
 * log_escape: makes text that came from a peer harmless for terminals, files and the journal.
 *
 * Control characters would forge lines or steer the terminal; directional marks and characters
 * without a glyph would show the reader something else than what is there (Unicode TR 36).
 */
#include "core/log_escape.h"

#include <glib.h>
#include <string.h>

#define ONE_MAX 12 /* bytes one escaped character needs at most, NUL included */
#define CUT_MARK "..."

typedef struct {
        gunichar first, last;
} Range;

static const Range escaped[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},   {0x2028, 0x202e},
        {0x2066, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static bool
needs_escape(gunichar c)
{
        for (size_t i = 0; i < G_N_ELEMENTS(escaped) && c >= escaped[i].first; i++) {
                if (c <= escaped[i].last)
                        return true;
        }
        return false;
}

/* Writes one character, escaped if need be. Returns: bytes of @in it was made from. */
static size_t
escape_one(const char *in, size_t n, char out[static ONE_MAX])
{
        gunichar c = g_utf8_get_char_validated(in, (gssize)n);

        if (c == (gunichar)-1 || c == (gunichar)-2) {
                g_snprintf(out, ONE_MAX, "\\x%02x", (unsigned char)*in);
                return 1;
        }
        size_t used = (size_t)(g_utf8_next_char(in) - in);
        if (!needs_escape(c)) {
                memcpy(out, in, used);
                out[used] = '\0';
        } else if (c < 0x100) {
                g_snprintf(out, ONE_MAX, "\\x%02x", c);
        } else {
                g_snprintf(out, ONE_MAX, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
        }
        return used;
}

void
log_escape(const char *text, size_t n, bool cut, char *out, size_t size)
{
        const size_t room = size - sizeof CUT_MARK;
        size_t at = 0, keep = 0; /* keep: where the mark goes if the text turns out too long */

        for (size_t i = 0; i < n;) {
                char one[ONE_MAX];
                i += escape_one(text + i, n - i, one);
                size_t len = strlen(one);
                if (at + len >= size) {
                        cut = true;
                        break;
                }
                memcpy(out + at, one, len);
                at += len;
                if (at <= room)
                        keep = at;
        }
        if (cut) {
                memcpy(out + keep, CUT_MARK, sizeof CUT_MARK);
                return;
        }
        out[at] = '\0';
}

bool
log_escape_is_needed(const char *text)
{
        const char *p = text;

        if (!g_utf8_validate(text, -1, NULL))
                return true;
        for (; *p; p = g_utf8_next_char(p)) {
                if (needs_escape(g_utf8_get_char(p)))
                        return true;
        }
        return false;
}
