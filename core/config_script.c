/*
 * config_script: RFC 5892 from Unicode's properties, and bidirectional classes from its blocks.
 *
 * GLib knows categories, scripts, case and normal forms, but not bidirectional classes. Those are
 * taken from the defaults of DerivedBidiClass.txt, to which the letters, marks and digits that a
 * label may hold keep but for the few listed here.
 *
 * Source: RFC 5892 section 2 and appendix A, RFC 5893 section 2, Unicode 15.
 */
#include "core/config_script.h"

#include <string.h>

typedef struct {
        gunichar first, last;
} Range;

/* RFC 5892 2.6: valid and forbidden in spite of their properties. */
static const Range valid_exceptions[] = {
        {0xdf, 0xdf}, {0x3c2, 0x3c2}, {0x6fd, 0x6fe}, {0xf0b, 0xf0b}, {0x3007, 0x3007},
};
static const Range forbidden_exceptions[] = {
        {0x640, 0x640}, {0x7fa, 0x7fa}, {0x302e, 0x302f}, {0x3031, 0x3035}, {0x303b, 0x303b},
};
/* RFC 5892 2.9: OldHangulJamo. */
static const Range old_hangul[] = {{0x1100, 0x11ff}, {0xa960, 0xa97c}, {0xd7b0, 0xd7fb}};

/* Blocks that are read from right to left, R and AL alike. */
static const Range right_to_left[] = {
        {0x590, 0x8ff}, {0xfb1d, 0xfdff}, {0xfe70, 0xfeff}, {0x10800, 0x10fff}, {0x1e800, 0x1efff},
};
static const Range arabic_digits[] = {{0x660, 0x669}, {0x10d30, 0x10d39}};
static const Range european_digits[] = {{'0', '9'}, {0x6f0, 0x6f9}};
/* Modifier letters and signs of class ON. */
static const Range neutral[] = {
        {0xb7, 0xb7},     {0x2b9, 0x2ba},   {0x2c6, 0x2cf},   {0x2ec, 0x2ec},   {0x375, 0x375},
        {0x30fb, 0x30fb}, {0xa67f, 0xa67f}, {0xa717, 0xa71f}, {0xa788, 0xa788},
};
/* Marks of class L: vowel signs of Indic scripts that have a place of their own. */
static const Range spacing[] = {{0xcbf, 0xcbf}, {0xcc6, 0xcc6}};

static bool
is_in(gunichar c, const Range *ranges, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (c >= ranges[i].first && c <= ranges[i].last)
                        return true;
        }
        return false;
}

#define IS_IN(c_, ranges_) is_in(c_, ranges_, G_N_ELEMENTS(ranges_))

/* RFC 5892 2.2: changed by what every lookup does to a name. */
static bool
is_unstable(gunichar c)
{
        char text[8] = {0};

        g_unichar_to_utf8(c, text);
        g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
        g_autofree char *folded = g_utf8_casefold(normal, -1);
        g_autofree char *again = g_utf8_normalize(folded, -1, G_NORMALIZE_NFKC);
        return strcmp(again, text) != 0;
}

/* RFC 5892 section 3 for what has no rule of its own. */
static bool
is_valid(gunichar c)
{
        if (IS_IN(c, valid_exceptions))
                return true;
        if (IS_IN(c, forbidden_exceptions) || IS_IN(c, old_hangul) || is_unstable(c))
                return false;
        switch (g_unichar_type(c)) {
        case G_UNICODE_LOWERCASE_LETTER:
        case G_UNICODE_OTHER_LETTER:
        case G_UNICODE_MODIFIER_LETTER:
        case G_UNICODE_DECIMAL_NUMBER:
        case G_UNICODE_NON_SPACING_MARK:
        case G_UNICODE_SPACING_MARK:
                return true;
        default:
                return false;
        }
}

static bool
has_script(const gunichar *points, size_t n, GUnicodeScript script)
{
        for (size_t i = 0; i < n; i++) {
                if (g_unichar_get_script(points[i]) == script)
                        return true;
        }
        return false;
}

static bool
has_in(const gunichar *points, size_t n, gunichar first, gunichar last)
{
        for (size_t i = 0; i < n; i++) {
                if (points[i] >= first && points[i] <= last)
                        return true;
        }
        return false;
}

/* RFC 5892 A.1, A.2: a joiner behind a virama. Joining types are not known here, so a non-joiner
 * between letters that join is let through where all around it is of a script that joins. */
static bool
may_join(const gunichar *points, size_t n, size_t index)
{
        if (index == 0)
                return false;
        if (g_unichar_combining_class(points[index - 1]) == 9)
                return true;
        return points[index] == 0x200c && index + 1 < n &&
               config_script_direction(points[index - 1]) == SCRIPT_R &&
               config_script_direction(points[index + 1]) == SCRIPT_R;
}

bool
config_script_allows(const gunichar *points, size_t n_points, size_t index)
{
        gunichar c = points[index];
        gunichar before = index > 0 ? points[index - 1] : 0;
        gunichar after = index + 1 < n_points ? points[index + 1] : 0;

        if (c < 0x80)
                return g_ascii_islower((char)c) || g_ascii_isdigit((char)c) || c == '-';
        switch (c) {
        case 0x200c:
        case 0x200d:
                return may_join(points, n_points, index);
        case 0xb7: /* A.3 */
                return before == 'l' && after == 'l';
        case 0x375: /* A.4 */
                return after && g_unichar_get_script(after) == G_UNICODE_SCRIPT_GREEK;
        case 0x5f3: /* A.5 */
        case 0x5f4: /* A.6 */
                return before && g_unichar_get_script(before) == G_UNICODE_SCRIPT_HEBREW;
        case 0x30fb: /* A.7 */
                return has_script(points, n_points, G_UNICODE_SCRIPT_HIRAGANA) ||
                       has_script(points, n_points, G_UNICODE_SCRIPT_KATAKANA) ||
                       has_script(points, n_points, G_UNICODE_SCRIPT_HAN);
        default:
                break;
        }
        if (c >= 0x660 && c <= 0x669) /* A.8 */
                return !has_in(points, n_points, 0x6f0, 0x6f9);
        if (c >= 0x6f0 && c <= 0x6f9) /* A.9 */
                return !has_in(points, n_points, 0x660, 0x669);
        return is_valid(c);
}

ScriptDirection
config_script_direction(gunichar c)
{
        if (IS_IN(c, european_digits))
                return SCRIPT_EN;
        if (IS_IN(c, arabic_digits))
                return SCRIPT_AN;
        if (c == '-' || IS_IN(c, neutral))
                return SCRIPT_OTHER;
        if (g_unichar_type(c) == G_UNICODE_NON_SPACING_MARK && !IS_IN(c, spacing))
                return SCRIPT_NSM;
        return IS_IN(c, right_to_left) ? SCRIPT_R : SCRIPT_L;
}
