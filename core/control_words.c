/*
 * control_words: the text of a request: words, percent-encoded, between single spaces.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "core/control.h"

static bool
is_plain(char c)
{
        return g_ascii_isgraph(c) && c != '%';
}

void
control_wipe(char *text)
{
        if (text)
                OPENSSL_cleanse(text, strlen(text));
        g_free(text);
}

char *
control_encode_words(const char *const *words)
{
        size_t n = 2;

        /* Of its final size at once: growing would leave copies of a password behind. */
        for (const char *const *word = words; *word; word++)
                n += 3 * strlen(*word) + 1;
        GString *text = g_string_sized_new(n);
        for (const char *const *word = words; *word; word++) {
                if (word != words)
                        g_string_append_c(text, ' ');
                for (const char *c = *word; *c; c++) {
                        if (is_plain(*c))
                                g_string_append_c(text, *c);
                        else
                                g_string_append_printf(text, "%%%02X", (unsigned char)*c);
                }
        }
        g_string_append_c(text, '\n');
        return g_string_free(text, FALSE);
}

/* Returns: (own) NULL when @n bytes at @text are no encoded word. */
static char *
decode_word(const char *text, size_t n)
{
        char *word = g_malloc0(n + 1);
        size_t used = 0;

        for (size_t i = 0; i < n; i++) {
                int high = -1, low = -1;
                if (is_plain(text[i])) {
                        word[used++] = text[i];
                        continue;
                }
                if (text[i] == '%' && n - i > 2) {
                        high = g_ascii_xdigit_value(text[i + 1]);
                        low = g_ascii_xdigit_value(text[i + 2]);
                }
                if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                        control_wipe(word);
                        return NULL;
                }
                word[used++] = (char)(high * 16 + low);
                i += 2;
        }
        if (g_utf8_validate(word, (gssize)used, NULL))
                return word;
        control_wipe(word);
        return NULL;
}

static void
wipe_word(void *word)
{
        control_wipe(word);
}

char **
control_decode_words(const char *line, size_t n)
{
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(wipe_word);
        const char *end = line + n;

        if (n > 0 && end[-1] == '\n')
                end--;
        if (line == end)
                return NULL;

        for (const char *start = line; start <= end;) {
                const char *space = memchr(start, ' ', (size_t)(end - start));
                const char *stop = space ? space : end;
                char *word = words->len < CONTROL_WORDS_MAX
                                     ? decode_word(start, (size_t)(stop - start))
                                     : NULL;
                if (!word)
                        return NULL;
                g_ptr_array_add(words, word);
                start = stop + 1;
        }
        g_ptr_array_add(words, NULL);
        g_ptr_array_set_free_func(words, NULL);
        return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}
