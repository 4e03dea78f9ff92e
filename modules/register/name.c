/*
 * name: which names may be had by whoever comes first.
 *
 * A name in letters of several scripts can look like another one, "admin" with one Cyrillic letter
 * for instance; so all its letters are of one script, or of those that are written together.
 *
 * Source: RFC 7622 section 4.3, Unicode Technical Standard 39 section 5.2 (highly restrictive).
 */
#include "register-private.h"

#include <motet/jid.h>
#include <string.h>

/* Scripts as a set of bits: those that matter have one each, all others share the last. */
enum {
        LATIN = 1 << 0,
        HAN = 1 << 1,
        HIRAGANA = 1 << 2,
        KATAKANA = 1 << 3,
        BOPOMOFO = 1 << 4,
        HANGUL = 1 << 5,
};

static unsigned
script_bit(GUnicodeScript script)
{
        switch (script) {
        case G_UNICODE_SCRIPT_LATIN:
                return LATIN;
        case G_UNICODE_SCRIPT_HAN:
                return HAN;
        case G_UNICODE_SCRIPT_HIRAGANA:
                return HIRAGANA;
        case G_UNICODE_SCRIPT_KATAKANA:
                return KATAKANA;
        case G_UNICODE_SCRIPT_BOPOMOFO:
                return BOPOMOFO;
        case G_UNICODE_SCRIPT_HANGUL:
                return HANGUL;
        default:
                return 0;
        }
}

static bool
is_of_one_script(const char *name)
{
        static const unsigned together[] = {
                LATIN | HAN | HIRAGANA | KATAKANA,
                LATIN | HAN | BOPOMOFO,
                LATIN | HAN | HANGUL,
        };
        GUnicodeScript other = G_UNICODE_SCRIPT_COMMON;
        unsigned seen = 0;

        for (const char *c = name; *c; c = g_utf8_next_char(c)) {
                GUnicodeScript script = g_unichar_get_script(g_utf8_get_char(c));
                if (script == G_UNICODE_SCRIPT_COMMON || script == G_UNICODE_SCRIPT_INHERITED)
                        continue;

                unsigned bit = script_bit(script);
                if (!bit && other != G_UNICODE_SCRIPT_COMMON && other != script)
                        return false;
                if (!bit)
                        other = script;
                seen |= bit;
        }
        if (other != G_UNICODE_SCRIPT_COMMON)
                return seen == 0;

        for (size_t i = 0; i < G_N_ELEMENTS(together); i++) {
                if ((seen & ~together[i]) == 0)
                        return true;
        }
        return false;
}

static bool
is_reserved(const char *name, const char *const *reserved)
{
        for (; *reserved; reserved++) {
                g_autofree char *prepared = motet_jid_prepare_local(*reserved);
                if (prepared && strcmp(prepared, name) == 0)
                        return true;
        }
        return false;
}

const char *
name_refusal(const char *name, const char *const *reserved)
{
        if (is_reserved(name, reserved))
                return "this username is reserved";
        if (!is_of_one_script(name))
                return "a username is written in one script";
        return NULL;
}
