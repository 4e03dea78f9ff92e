/* cut: see cut.h. */
#include "cut.h"

#include <string.h>

#define CDATA "<![CDATA["

/* What lies between '<' and the end of the tag at @at. Returns: behind the tag; 0: it is not all
 * there */
static size_t
tag_end(const char *data, size_t at, size_t len)
{
        for (size_t i = at + 1; i < len; i++) {
                char c = data[i];
                if (c == '>')
                        return i + 1;
                if (c == '"' || c == '\'') {
                        const char *quote = memchr(data + i + 1, c, len - i - 1);
                        if (!quote)
                                return 0;
                        i = (size_t)(quote - data);
                }
        }
        return 0;
}

static size_t
end_behind(const char *data, size_t at, size_t len, const char *mark)
{
        const char *found = memmem(data + at, len - at, mark, strlen(mark));
        return found ? (size_t)(found - data) + strlen(mark) : 0;
}

static bool
may_be_cdata(const char *data, size_t at, size_t len)
{
        size_t n = len - at < strlen(CDATA) ? len - at : strlen(CDATA);
        return memcmp(data + at, CDATA, n) == 0;
}

static CutPiece
piece(Cut *cut, CutKind kind, size_t start, size_t used)
{
        cut->done -= used;
        cut->start -= cut->start < used ? cut->start : used;
        return (CutPiece){.kind = kind, .start = start, .used = used};
}

/* Nothing is complete: what is not part of an open stanza (white space, an XML declaration) is used
 * up. */
static CutPiece
more(Cut *cut, size_t done)
{
        cut->done = done;
        return piece(cut, CUT_MORE, 0, cut->depth < 2 ? cut->done : cut->start);
}

static bool
opened(Cut *cut, size_t at, bool is_empty, CutPiece *piece_out)
{
        CutKind kind = cut->depth == 1 ? CUT_STANZA : is_empty ? CUT_BAD : CUT_HEADER;

        if (cut->depth == 1)
                cut->start = at;
        if (cut->depth > 1 || (kind == CUT_STANZA && !is_empty)) {
                cut->depth += is_empty ? 0 : 1;
                return false;
        }
        cut->depth = 1;
        *piece_out = piece(cut, kind, at, cut->done);
        return true;
}

static bool
closed(Cut *cut, size_t at, CutPiece *piece_out)
{
        if (cut->depth == 0) {
                *piece_out = piece(cut, CUT_BAD, at, cut->done);
                return true;
        }

        cut->depth--;
        if (cut->depth > 1)
                return false;
        *piece_out = cut->depth == 1 ? piece(cut, CUT_STANZA, cut->start, cut->done)
                                     : piece(cut, CUT_END, at, cut->done);
        return true;
}

CutPiece
cut_next(Cut *cut, const char *data, size_t len)
{
        CutPiece found;

        while (true) {
                const char *bracket = memchr(data + cut->done, '<', len - cut->done);
                if (!bracket)
                        return more(cut, len);
                size_t at = (size_t)(bracket - data);
                if (at + 1 == len)
                        return more(cut, at);

                char kind = data[at + 1];
                bool is_declaration = kind == '?', is_cdata = kind == '!';
                if ((is_declaration && cut->depth > 0) ||
                    (is_cdata && (cut->depth < 2 || !may_be_cdata(data, at, len))))
                        return piece(cut, CUT_BAD, at, cut->done);
                size_t end = is_declaration ? end_behind(data, at, len, "?>")
                             : is_cdata     ? end_behind(data, at, len, "]]>")
                                            : tag_end(data, at, len);
                if (end == 0)
                        return more(cut, at);

                cut->done = end;
                if (is_declaration || is_cdata)
                        continue;
                if (kind == '/' ? closed(cut, at, &found)
                                : opened(cut, at, data[end - 2] == '/', &found))
                        return found;
        }
}

static bool
is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool
cut_is(const char *stanza, size_t len, const char *name)
{
        size_t n = strlen(name);
        if (len < n + 2 || stanza[0] != '<' || memcmp(stanza + 1, name, n) != 0)
                return false;
        char next = stanza[1 + n];
        return next == '>' || next == '/' || is_space(next);
}

const char *
cut_attr(const char *stanza, size_t len, const char *name, size_t *len_out)
{
        size_t n = strlen(name), at = 1;

        while (at < len && !is_space(stanza[at]) && stanza[at] != '>' && stanza[at] != '/')
                at++;
        while (at < len) {
                while (at < len && is_space(stanza[at]))
                        at++;
                size_t begin = at;
                while (at < len && stanza[at] != '"' && stanza[at] != '\'' && stanza[at] != '>')
                        at++;
                if (at == len || stanza[at] == '>')
                        return NULL;

                const char *value = stanza + at + 1;
                const char *end = memchr(value, stanza[at], len - at - 1);
                if (!end)
                        return NULL;
                bool is_named = at - begin > n && memcmp(stanza + begin, name, n) == 0 &&
                                (stanza[begin + n] == '=' || is_space(stanza[begin + n]));
                if (is_named) {
                        *len_out = (size_t)(end - value);
                        return value;
                }
                at = (size_t)(end - stanza) + 1;
        }
        return NULL;
}

bool
cut_attr_is(const char *stanza, size_t len, const char *name, const char *value)
{
        size_t value_len;
        const char *found = cut_attr(stanza, len, name, &value_len);
        return found && value_len == strlen(value) && memcmp(found, value, value_len) == 0;
}
