/*
 * config_label: hyphens, characters and lengths of a label, encoded or not.
 *
 * Source: RFC 1035 section 2.3.4, RFC 5890 section 2.3, RFC 5891 section 4.2, RFC 5892.
 */
#include "core/config_label.h"

#include <motet/jid.h>
#include <string.h>

#include "core/config_script.h"

#define ACE_PREFIX "xn--"

enum { LABEL_BYTES = 63 };

static bool
is_encoded(const char *text)
{
        return g_ascii_strncasecmp(text, ACE_PREFIX, strlen(ACE_PREFIX)) == 0;
}

/* Returns: (own) what the label says. Where preparation refuses it, a likeness in which what is
 * wrong can be found. */
static char *
to_unicode(const char *text)
{
        if (is_encoded(text)) {
                g_autofree char *lower = g_ascii_strdown(text, -1);
                g_autofree char *decoded = g_hostname_to_unicode(lower);
                /* Of the prefix alone GLib makes the empty label, which is none. */
                if (decoded && *decoded)
                        return g_steal_pointer(&decoded);
                return g_steal_pointer(&lower);
        }
        char *prepared = motet_jid_prepare_domain(text);
        if (prepared)
                return prepared;
        g_autofree char *folded = g_utf8_casefold(text, -1);
        return g_utf8_normalize(folded, -1, G_NORMALIZE_NFKC);
}

ConfigLabel *
config_label_new(const char *text, size_t len)
{
        ConfigLabel *label = g_new0(ConfigLabel, 1);
        glong n_points;

        label->text = g_strndup(text, len);
        label->unicode = to_unicode(label->text);
        if (g_str_is_ascii(label->text))
                label->ascii = g_ascii_strdown(label->text, -1);
        else if (label->text[0])
                label->ascii = g_hostname_to_ascii(label->text);
        label->points = g_utf8_to_ucs4_fast(label->unicode, -1, &n_points);
        label->n_points = (size_t)n_points;
        return label;
}

void
config_label_free(ConfigLabel *label)
{
        if (!label)
                return;
        g_free(label->text);
        g_free(label->unicode);
        g_free(label->ascii);
        g_free(label->points);
        g_free(label);
}

/* Returns: (own) a character as operators can find it */
static char *
name_point(gunichar c)
{
        char text[8] = {0};

        if (!g_unichar_isgraph(c) || g_unichar_iszerowidth(c))
                return g_strdup_printf("the character U+%04X", c);
        g_unichar_to_utf8(c, text);
        return g_strdup_printf("%s (U+%04X)", text, c);
}

static bool
check_characters(const ConfigLabel *label, FindingId *id_out, char **problem_out)
{
        for (size_t i = 0; i < label->n_points; i++) {
                gunichar c = label->points[i];
                if (config_script_allows(label->points, label->n_points, i))
                        continue;
                g_autofree char *point = name_point(c);
                bool is_underscore = c == '_';
                *id_out = is_underscore ? FINDING_DOMAINS_UNDERSCORE
                                        : FINDING_DOMAINS_FORBIDDEN_CHARACTER;
                *problem_out = is_underscore
                                       ? g_strdup("contains an underscore")
                                       : g_strdup_printf("contains %s, which no domain has", point);
                return true;
        }
        if (g_unichar_ismark(label->points[0])) {
                *id_out = FINDING_DOMAINS_COMBINING_MARK;
                *problem_out = g_strdup_printf("has a label that begins with the mark U+%04X",
                                               label->points[0]);
                return true;
        }
        return false;
}

static bool
check_hyphens(const ConfigLabel *label, FindingId *id_out, char **problem_out)
{
        const char *text = label->unicode;
        size_t n = strlen(text);
        bool is_outer = text[0] == '-' || text[n - 1] == '-';
        bool is_reserved = label->n_points > 3 && label->points[2] == '-' &&
                           label->points[3] == '-' && !is_encoded(text);

        if (!is_outer && !is_reserved)
                return false;
        *id_out = FINDING_DOMAINS_HYPHENS;
        *problem_out = g_strdup_printf("has the label \"%s\", which %s", label->text,
                                       is_outer ? "begins or ends with a hyphen"
                                                : "has hyphens as third and fourth character");
        return true;
}

static bool
check_length(const ConfigLabel *label, FindingId *id_out, char **problem_out)
{
        if (label->ascii && strlen(label->ascii) <= LABEL_BYTES)
                return false;
        *id_out = FINDING_DOMAINS_LABEL_LENGTH;
        *problem_out =
                g_strdup_printf("has the label \"%s\", which takes more than %d bytes in DNS",
                                label->text, LABEL_BYTES);
        return true;
}

/* RFC 5894 section 7.2: the four that IDNA 2003 mapped or dropped. */
static bool
has_deviation(const char *text)
{
        for (const char *at = text; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                if (c == 0xdf || c == 0x3c2 || c == 0x200c || c == 0x200d)
                        return true;
        }
        return false;
}

/* Of a label that is otherwise good. */
static bool
check_deviation(const ConfigLabel *label, FindingId *id_out, char **problem_out)
{
        const char *meant = is_encoded(label->text) ? label->unicode : label->text;

        if (!has_deviation(meant))
                return false;
        *id_out = FINDING_DOMAINS_DEVIATION;
        *problem_out = g_strdup_printf("is a different domain by older and newer rules: its label "
                                       "is \"%s\" here",
                                       is_encoded(label->text) ? label->ascii : label->unicode);
        return true;
}

/* RFC 5890 section 2.3.2.1: an A-label is what its U-label encodes to. */
static bool
check_encoded(const ConfigLabel *label, FindingId *id_out, char **problem_out, char **hint_out)
{
        g_autofree char *again = g_hostname_to_ascii(label->unicode);
        bool is_decoded = !g_str_is_ascii(label->unicode);

        if (is_decoded && g_strcmp0(again, label->ascii) == 0) {
                *id_out = FINDING_DOMAINS_A_LABEL;
                *problem_out = g_strdup_printf("has the encoded label \"%s\"", label->text);
                *hint_out = g_strdup_printf("write \"%s\" for it", label->unicode);
                return true;
        }
        if (is_decoded && check_deviation(label, id_out, problem_out))
                return true;
        *id_out = FINDING_DOMAINS_BAD_A_LABEL;
        *problem_out =
                g_strdup_printf("has the label \"%s\", which does not decode to a label that "
                                "encodes to it",
                                label->text);
        return true;
}

bool
config_label_check(const ConfigLabel *label, FindingId *id_out, char **problem_out, char **hint_out)
{
        *hint_out = NULL;
        if (check_characters(label, id_out, problem_out) ||
            check_hyphens(label, id_out, problem_out) || check_length(label, id_out, problem_out))
                return true;
        if (is_encoded(label->text))
                return check_encoded(label, id_out, problem_out, hint_out);
        return check_deviation(label, id_out, problem_out);
}

static bool
has_direction(const ConfigLabel *label, ScriptDirection direction)
{
        for (size_t i = 0; i < label->n_points; i++) {
                if (config_script_direction(label->points[i]) == direction)
                        return true;
        }
        return false;
}

bool
config_label_is_rtl(const ConfigLabel *label)
{
        return has_direction(label, SCRIPT_R) || has_direction(label, SCRIPT_AN);
}

const char *
config_label_bidi_problem(const ConfigLabel *label)
{
        ScriptDirection first = config_script_direction(label->points[0]);
        size_t n = label->n_points;

        while (n > 1 && config_script_direction(label->points[n - 1]) == SCRIPT_NSM)
                n--;
        ScriptDirection last = config_script_direction(label->points[n - 1]);
        bool has_digits = has_direction(label, SCRIPT_EN);

        if (first != SCRIPT_L && first != SCRIPT_R)
                return "does not begin with a letter"; /* condition 1 */
        if (first == SCRIPT_R && has_direction(label, SCRIPT_L))
                return "has left-to-right letters among right-to-left ones"; /* 2 */
        if (first == SCRIPT_R && last != SCRIPT_R && last != SCRIPT_EN && last != SCRIPT_AN)
                return "does not end with a letter or digit"; /* 3 */
        if (first == SCRIPT_R && has_digits && has_direction(label, SCRIPT_AN))
                return "has two kinds of digits"; /* 4 */
        if (first == SCRIPT_L && config_label_is_rtl(label))
                return "has right-to-left letters among left-to-right ones"; /* 5 */
        if (first == SCRIPT_L && last != SCRIPT_L && last != SCRIPT_EN)
                return "does not end with a letter or digit"; /* 6 */
        return NULL;
}
