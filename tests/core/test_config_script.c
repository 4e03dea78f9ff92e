/*
 * Tests of core/config_script.h and core/config_label.h: which characters a label may hold, where,
 * and in which direction it is read.
 */
#include "core/config_script.h"

#include <string.h>

#include "core/config_label.h"

typedef struct {
        const char *label;
        size_t index; /* in characters */
        bool allowed;
} Row;

static void
check(const Row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                glong n_points;
                g_autofree gunichar *points = g_utf8_to_ucs4_fast(rows[i].label, -1, &n_points);
                g_test_message("%s, %zu", rows[i].label, rows[i].index);
                g_assert_true(config_script_allows(points, (size_t)n_points, rows[i].index) ==
                              rows[i].allowed);
        }
}

/* RFC 5890 2.3.1: of ASCII, lower-case letters, digits and the hyphen. */
static void
test_ascii_has_letters_digits_and_hyphens(void)
{
        static const Row rows[] = {
                {"a", 0, true},  {"z", 0, true},  {"0", 0, true},  {"-", 0, true},
                {"A", 0, false}, {"_", 0, false}, {" ", 0, false}, {"!", 0, false},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* RFC 5892 2.6: exceptions in both directions; 2.2: what a lookup changes; 2.9: old Hangul. */
static void
test_exceptions_go_before_properties(void)
{
        static const Row rows[] = {
                {"\u00df", 0, true},  {"\u03c2", 0, true},  {"\u3007", 0, true},
                {"\u0640", 0, false}, {"\u302e", 0, false}, {"\u303b", 0, false},
                {"\u1100", 0, false}, {"\uac00", 0, true},  {"\uff41", 0, false},
                {"\u00c4", 0, false}, {"\u2603", 0, false}, {"\u00fc", 0, true},
                {"\u0301", 0, true},  {"\u0903", 0, true},  {"\u02b9", 0, true},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* RFC 5892 A.1, A.2: a joiner behind a virama; a non-joiner also between letters that join. */
static void
test_joiners_stand_where_they_join(void)
{
        static const Row rows[] = {
                {"\u0915\u094d\u200d\u0937", 2, true}, /* virama */
                {"\u0915\u094d\u200c\u0937", 2, true},
                {"\u0628\u200c\u0628", 1, true}, /* Arabic letters */
                {"\u0628\u200d\u0628", 1, false},
                {"\u200ca", 0, false},
                {"a\u200cb", 1, false},
                {"\u0628\u200cb", 1, false},
                {"\u0628\u200c", 1, false},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* RFC 5892 A.3 to A.9. */
static void
test_signs_stand_in_their_context(void)
{
        static const Row rows[] = {
                {"l\u00b7l", 1, true},      {"l\u00b7a", 1, false},     {"a\u00b7l", 1, false},
                {"\u00b7l", 0, false},      {"\u0375\u03b1", 0, true},  {"\u0375a", 0, false},
                {"\u0375", 0, false},       {"\u05d0\u05f3", 1, true},  {"a\u05f3", 1, false},
                {"\u05d0\u05f4", 1, true},  {"\u05f4", 0, false},       {"\u30fb\u3042", 0, true},
                {"\u30fb\u30a2", 0, true},  {"\u30fb\u4e00", 0, true},  {"a\u30fb", 1, false},
                {"\u0661\u0662", 0, true},  {"\u0661\u06f2", 0, false}, {"\u06f1\u06f2", 0, true},
                {"\u06f1\u0662", 0, false},
        };

        check(rows, G_N_ELEMENTS(rows));
}

/* RFC 5893 section 2. */
static void
test_characters_have_directions(void)
{
        static const struct {
                gunichar c;
                ScriptDirection direction;
        } rows[] = {
                {'a', SCRIPT_L},     {0x4e00, SCRIPT_L},   {0x5d0, SCRIPT_R},   {0x628, SCRIPT_R},
                {0x10800, SCRIPT_R}, {'7', SCRIPT_EN},     {0x6f7, SCRIPT_EN},  {0x667, SCRIPT_AN},
                {'-', SCRIPT_OTHER}, {0xb7, SCRIPT_OTHER}, {0x301, SCRIPT_NSM}, {0xcbf, SCRIPT_L},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                g_assert_cmpint(config_script_direction(rows[i].c), ==, rows[i].direction);
}

/* RFC 5893 section 2, conditions 1 to 6. */
static void
test_labels_are_read_in_one_direction(void)
{
        static const struct {
                const char *label, *problem; /* NULL: none */
                bool is_rtl;
        } rows[] = {
                {"abc", NULL, false},
                {"abc1", NULL, false},
                {"abc\u0301", NULL, false},
                {"\u05d0\u05d1", NULL, true},
                {"\u05d0\u0301", NULL, true},
                {"\u05d01", NULL, true},
                {"\u0628\u0661", NULL, true},
                {"1\u05d0", "does not begin with a letter", true},
                {"\u0661\u05d0", "does not begin with a letter", true},
                {"\u05d0a\u05d0", "has left-to-right letters among right-to-left ones", true},
                {"\u05d0-", "does not end with a letter or digit", true},
                {"\u05d01\u0661", "has two kinds of digits", true},
                {"a\u05d0", "has right-to-left letters among left-to-right ones", true},
                {"a\u0661", "has right-to-left letters among left-to-right ones", true},
                {"a-", "does not end with a letter or digit", false},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                ConfigLabel *label = config_label_new(rows[i].label, strlen(rows[i].label));
                g_test_message("%s", rows[i].label);
                g_assert_true(config_label_is_rtl(label) == rows[i].is_rtl);
                g_assert_cmpstr(config_label_bidi_problem(label), ==, rows[i].problem);
                config_label_free(label);
        }
}

/* RFC 5890 2.3, RFC 5891 4.2. */
static void
test_a_label_is_judged_as_dns_has_it(void)
{
        static const struct {
                const char *label, *problem; /* part of it; NULL: none */
                FindingId id;
        } rows[] = {
                {"abc", NULL, 0},
                {"b\u00fccher", NULL, 0},
                {"a_b", "an underscore", FINDING_DOMAINS_UNDERSCORE},
                {"a!b", "! (U+0021)", FINDING_DOMAINS_FORBIDDEN_CHARACTER},
                {"a\u0378b", "the character U+0378", FINDING_DOMAINS_FORBIDDEN_CHARACTER},
                {"\u0301a", "begins with the mark U+0301", FINDING_DOMAINS_COMBINING_MARK},
                {"-a", "begins or ends with a hyphen", FINDING_DOMAINS_HYPHENS},
                {"a-", "begins or ends with a hyphen", FINDING_DOMAINS_HYPHENS},
                {"ab--c", "third and fourth character", FINDING_DOMAINS_HYPHENS},
                {"a--c", NULL, 0},
                {"stra\u00dfe", "by older and newer rules", FINDING_DOMAINS_DEVIATION},
                {"xn--bcher-kva", "the encoded label", FINDING_DOMAINS_A_LABEL},
                {"XN--BCHER-KVA", "the encoded label", FINDING_DOMAINS_A_LABEL},
                {"xn--11b2ezcw70k", "by older and newer rules", FINDING_DOMAINS_DEVIATION},
                {"xn--", "begins or ends with a hyphen", FINDING_DOMAINS_HYPHENS},
                {"xn--99999999", "does not decode", FINDING_DOMAINS_BAD_A_LABEL},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                ConfigLabel *label = config_label_new(rows[i].label, strlen(rows[i].label));
                g_autofree char *problem = NULL, *hint = NULL;
                FindingId id = 0;
                bool is_wrong = config_label_check(label, &id, &problem, &hint);
                g_test_message("%s: %s", rows[i].label, problem ? problem : "good");
                g_assert_true(is_wrong == (rows[i].problem != NULL));
                if (is_wrong) {
                        g_assert_nonnull(strstr(problem, rows[i].problem));
                        g_assert_cmpint(id, ==, rows[i].id);
                }
                config_label_free(label);
        }
        config_label_free(NULL);
}

/* 63 bytes, as encoded (RFC 1035 2.3.4): at the limit and one past it. */
static void
test_a_label_has_a_length(void)
{
        g_autofree char *longest = g_strnfill(63, 'a'), *longer = g_strnfill(64, 'a');
        g_autofree char *encoded = g_strconcat("\u00fc", longest + 4, NULL);
        const char *const rows[] = {longest, longer, encoded};

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                ConfigLabel *label = config_label_new(rows[i], strlen(rows[i]));
                g_autofree char *problem = NULL, *hint = NULL;
                FindingId id = 0;
                g_assert_true(config_label_check(label, &id, &problem, &hint) == (i > 0));
                if (i > 0)
                        g_assert_cmpint(id, ==, FINDING_DOMAINS_LABEL_LENGTH);
                config_label_free(label);
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config-script/ascii-has-letters-digits-and-hyphens",
                        test_ascii_has_letters_digits_and_hyphens);
        g_test_add_func("/config-script/exceptions-go-before-properties",
                        test_exceptions_go_before_properties);
        g_test_add_func("/config-script/joiners-stand-where-they-join",
                        test_joiners_stand_where_they_join);
        g_test_add_func("/config-script/signs-stand-in-their-context",
                        test_signs_stand_in_their_context);
        g_test_add_func("/config-script/characters-have-directions",
                        test_characters_have_directions);
        g_test_add_func("/config-script/labels-are-read-in-one-direction",
                        test_labels_are_read_in_one_direction);
        g_test_add_func("/config-script/a-label-is-judged-as-dns-has-it",
                        test_a_label_is_judged_as_dns_has_it);
        g_test_add_func("/config-script/a-label-has-a-length", test_a_label_has_a_length);
        return g_test_run();
}
