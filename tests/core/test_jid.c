/*
 * test_jid: preparation and comparison of addresses.
 */
#include <idna.h>
#include <motet/jid.h>
#include <string.h>
#include <stringprep.h>

static void
assert_address(const char *text, const char *expected)
{
        g_autoptr(MotetJid) jid = motet_jid_new(text);

        if (!jid)
                g_error("\"%s\" was refused", text);
        g_assert_cmpstr(motet_jid_string(jid), ==, expected);
}

static void
assert_refused(const char *text)
{
        g_autoptr(MotetJid) jid = motet_jid_new(text);

        if (jid)
                g_error("\"%s\" became \"%s\"", text, motet_jid_string(jid));
}

/* RFC 7622 3.5, table 1; localparts 7 and 11 as nodeprep maps them (RFC 3454 B.2). */
static void
test_rfc7622_examples_are_accepted(void)
{
        assert_address("juliet@example.com", "juliet@example.com");
        assert_address("juliet@example.com/foo", "juliet@example.com/foo");
        assert_address("juliet@example.com/foo bar", "juliet@example.com/foo bar");
        assert_address("juliet@example.com/foo@bar", "juliet@example.com/foo@bar");
        assert_address("foo\\20bar@example.com", "foo\\20bar@example.com");
        assert_address("fussball@example.com", "fussball@example.com");
        assert_address("fu\u00dfball@example.com", "fussball@example.com");
        assert_address("\u03c0@example.com", "\u03c0@example.com");
        assert_address("\u03a3@example.com/foo", "\u03c3@example.com/foo");
        assert_address("\u03c3@example.com/foo", "\u03c3@example.com/foo");
        assert_address("\u03c2@example.com/foo", "\u03c3@example.com/foo");
        assert_address("king@example.com/\u265a", "king@example.com/\u265a");
        assert_address("example.com", "example.com");
        assert_address("example.com/foobar", "example.com/foobar");
        assert_address("a.example.com/b@example.net", "a.example.com/b@example.net");
}

/* RFC 7622 3.5, table 2, without its leading space in a resourcepart: erratum 4560. */
static void
test_rfc7622_violations_are_refused(void)
{
        assert_refused("\"juliet\"@example.com");
        assert_refused("foo bar@example.com");
        assert_refused("@example.com/");
        assert_refused("@example.com");
        assert_refused("henry\u2163@example.com");
        assert_refused("\u265a@example.com");
        assert_refused("juliet@");
        assert_refused("/foobar");
}

/* RFC 7622 3.1: no part may be empty. */
static void
test_empty_parts_are_refused(void)
{
        assert_refused(NULL);
        assert_refused("");
        assert_refused("@");
        assert_refused("/");
        assert_refused("a@/b");
        assert_refused("example.com/");
        assert_refused("a@example.com/");
        g_assert_null(motet_jid_new_parts("", "example.com", NULL));
        g_assert_null(motet_jid_new_parts("a", "", NULL));
        g_assert_null(motet_jid_new_parts("a", NULL, NULL));
        g_assert_null(motet_jid_new_parts("a", "example.com", ""));
        g_assert_null(motet_jid_prepare_local(NULL));
        g_assert_null(motet_jid_prepare_local(""));
        g_assert_null(motet_jid_prepare_domain(""));
        g_assert_null(motet_jid_prepare_resource(""));
        g_assert_null(motet_jid_prepare_password(""));
        /* soft hyphens are mapped to nothing */
        g_assert_null(motet_jid_prepare_resource("\u00ad\u00ad"));
}

static void
test_parts_are_readable(void)
{
        g_autoptr(MotetJid) full = motet_jid_new("Romeo@Example.ORG/Orchard");
        g_autoptr(MotetJid) host = motet_jid_new("example.org/res");
        g_autoptr(MotetJid) bare = motet_jid_new("romeo@example.org");
        g_autoptr(MotetJid) domain = motet_jid_new("example.org");

        g_assert_cmpstr(motet_jid_string(full), ==, "romeo@example.org/Orchard");
        g_assert_cmpstr(motet_jid_bare(full), ==, "romeo@example.org");
        g_assert_cmpstr(motet_jid_local(full), ==, "romeo");
        g_assert_cmpstr(motet_jid_domain(full), ==, "example.org");
        g_assert_cmpstr(motet_jid_resource(full), ==, "Orchard");
        g_assert_false(motet_jid_is_bare(full));

        g_assert_cmpstr(motet_jid_bare(host), ==, "example.org");
        g_assert_null(motet_jid_local(host));
        g_assert_cmpstr(motet_jid_domain(host), ==, "example.org");
        g_assert_cmpstr(motet_jid_resource(host), ==, "res");

        g_assert_cmpstr(motet_jid_bare(bare), ==, "romeo@example.org");
        g_assert_cmpstr(motet_jid_local(bare), ==, "romeo");
        g_assert_cmpstr(motet_jid_domain(bare), ==, "example.org");
        g_assert_null(motet_jid_resource(bare));
        g_assert_true(motet_jid_is_bare(bare));

        g_assert_cmpstr(motet_jid_string(domain), ==, "example.org");
        g_assert_cmpstr(motet_jid_bare(domain), ==, "example.org");
        g_assert_null(motet_jid_local(domain));
}

static void
test_equal_compares_prepared_addresses(void)
{
        g_autoptr(MotetJid) a = motet_jid_new("A@EXAMPLE.org./x");
        g_autoptr(MotetJid) b = motet_jid_new_parts("a", "example.ORG", "x");
        g_autoptr(MotetJid) other = motet_jid_new("a@example.org/X");

        g_assert_true(motet_jid_equal(a, b));
        g_assert_true(motet_jid_equal(a, a));
        g_assert_false(motet_jid_equal(a, other));
        g_assert_false(motet_jid_equal(a, NULL));
        g_assert_true(motet_jid_equal(NULL, NULL));
}

static void
test_bare_and_resource_are_derived(void)
{
        g_autoptr(MotetJid) full = motet_jid_new("a@example.org/x");
        g_autoptr(MotetJid) bare = motet_jid_to_bare(full);
        g_autoptr(MotetJid) same = motet_jid_to_bare(bare);
        g_autoptr(MotetJid) y = motet_jid_with_resource(full, "y");
        g_autoptr(MotetJid) host = motet_jid_new("example.org");
        g_autoptr(MotetJid) host_y = motet_jid_with_resource(host, "y");

        g_assert_cmpstr(motet_jid_string(bare), ==, "a@example.org");
        g_assert_true(same == bare);
        g_assert_cmpstr(motet_jid_string(y), ==, "a@example.org/y");
        g_assert_cmpstr(motet_jid_string(host_y), ==, "example.org/y");
        g_assert_null(motet_jid_with_resource(full, ""));
        g_assert_null(motet_jid_with_resource(full, "\x01"));
        g_assert_null(motet_jid_with_resource(full, NULL));
}

/* RFC 7622 3.3.1 and RFC 6122 A.5; parts with '@' or '/' can only come apart. */
static void
test_forbidden_characters_of_localparts(void)
{
        const char *forbidden = "\"&'/:<>@ \x7f\x01\x1f\t\n";

        for (const char *c = forbidden; *c; c++) {
                const char alone[] = {*c, '\0'}, within[] = {'a', *c, 'b', '\0'};
                g_assert_null(motet_jid_prepare_local(alone));
                g_assert_null(motet_jid_prepare_local(within));
                g_assert_null(motet_jid_new_parts(within, "example.org", NULL));
        }
        /* forms that are mapped to forbidden characters */
        g_assert_null(motet_jid_prepare_local("a\uff20b"));
        g_assert_null(motet_jid_prepare_local("a\uff0fb"));
        g_assert_null(motet_jid_prepare_local("a\uff06b"));
        g_assert_null(motet_jid_prepare_local("a\u3000b"));
        g_assert_null(motet_jid_prepare_local("a\u00a0b"));
        g_assert_null(motet_jid_prepare_local("a\u200bb"));
        g_assert_null(motet_jid_prepare_local("a\u2028b"));
        g_assert_null(motet_jid_prepare_local("a\ue000b"));
        g_assert_null(motet_jid_prepare_local("a\u00adb"));
}

/* RFC 3454 B.2 and NFKC: case and width of localparts do not count. */
static void
test_localparts_are_folded(void)
{
        static const char *const folded[][2] = {
                {"JULIET", "juliet"},
                {"\u00c9t\u00c9", "\u00e9t\u00e9"},
                {"e\u0301", "\u00e9"},
                {"\uff2a\uff35\uff2c\uff11", "jul1"},
                {"\u0130", "i\u0307"},
                {"\u0416\u0418", "\u0436\u0438"},
                {"\u30ab\u3099", "\u30ac"},
                {"\uff76\uff9e", "\u30ac"},
                {"\u05d0\u05d1", "\u05d0\u05d1"},
                {"\u6f22\u5b57", "\u6f22\u5b57"},
                {"\u0e01\u0e34", "\u0e01\u0e34"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(folded); i++) {
                g_autofree char *prepared = motet_jid_prepare_local(folded[i][0]);
                g_assert_cmpstr(prepared, ==, folded[i][1]);
        }
}

/* RFC 8264 4.2.3: symbols, punctuation, compatibility forms and what is not assigned are no
 * identifiers. */
static void
test_localparts_are_identifiers(void)
{
        static const char *const not_identifiers[] = {
                "\u2163", "\u00bd", "\u00aa", "\u2122",     "\u20ac", "\u2026", "\ufb01",
                "\u01c4", "\u0640", "\u303b", "\U0001f600", "\u0378", "\u2460", "\u212b",
                "\u00b2", "\u1e9b", "\u1100", "\u115f",     "\ufe0f", "\u0e33",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(not_identifiers); i++) {
                g_autofree char *prepared = motet_jid_prepare_local(not_identifiers[i]);
                if (prepared)
                        g_error("\"%s\" became \"%s\"", not_identifiers[i], prepared);
        }
}

/* RFC 6122 appendix B: resourceparts keep their case; controls, private use and the like are
 * out. */
static void
test_resourceparts_keep_their_case(void)
{
        static const char *const kept[][2] = {
                {"Orchard", "Orchard"},
                {"a b\"&'/:<>@", "a b\"&'/:<>@"},
                {" leading", " leading"},
                {"\u00c9", "\u00c9"},
                {"E\u0301", "\u00c9"},
                {"\u00df\u03c2", "\u00df\u03c2"},
                {"\uff21", "A"},
                {"\u2163", "IV"},
                {"\U0001f600", "\U0001f600"},
                {"\U0001fae8", "\U0001fae8"},
                {"a\u00adb", "ab"},
                {"a\u00a0\u3000b", "a  b"},
        };
        static const char *const refused[] = {
                "\x01",   "a\x1f",  "\x7f",   "\xc2\x85",   "\u200e", "\u2028",
                "\ue000", "\ufffd", "\ufdd0", "\U000e0041", "\u1680", "\ufffe",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
                g_autofree char *prepared = motet_jid_prepare_resource(kept[i][0]);
                g_assert_cmpstr(prepared, ==, kept[i][1]);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
                g_autofree char *prepared = motet_jid_prepare_resource(refused[i]);
                if (prepared)
                        g_error("refused[%zu] became \"%s\"", i, prepared);
        }
}

/* RFC 3454 section 6: no mixing of directions, and right-to-left text both begins and ends so. */
static void
test_directions_are_not_mixed(void)
{
        g_autofree char *hebrew = motet_jid_prepare_resource("\u05d0 1 \u05d1");

        g_assert_cmpstr(hebrew, ==, "\u05d0 1 \u05d1");
        g_assert_null(motet_jid_prepare_resource("\u05d0a\u05d1"));
        g_assert_null(motet_jid_prepare_resource("\u05d01"));
        g_assert_null(motet_jid_prepare_local("a\u05d0"));
        g_assert_null(motet_jid_prepare_local("\u06271"));
        /* each label of a domain stands for itself, RFC 3490 section 4 */
        assert_address("\u05d0\u05d1.example", "\u05d0\u05d1.example");
        assert_refused("a\u05d0.example");
}

/* RFC 6122 2.2: domains in their Unicode form, compared by nameprep. */
static void
test_domains_are_canonical(void)
{
        static const char *const canonical[][2] = {
                {"EXAMPLE.org", "example.org"},
                {"example.org.", "example.org"},
                {"B\u00fccher.example", "b\u00fccher.example"},
                {"xn--bcher-kva.example", "b\u00fccher.example"},
                {"XN--BCHER-KVA.example", "b\u00fccher.example"},
                {"fa\u00df.example", "fass.example"},
                {"xn--strae-oqa.example", "xn--strae-oqa.example"},
                {"a\u3002b\uff0ec\uff61d", "a.b.c.d"},
                {"example\u3002", "example"},
                {"\uff45xample", "example"},
                {"1.2.3.4", "1.2.3.4"},
                {"localhost", "localhost"},
                {"a--b.c-d", "a--b.c-d"},
                {"[::1]", "[::1]"},
                {"[0:0:0:0:0:0:0:1]", "[::1]"},
                {"[2001:DB8::A]", "[2001:db8::a]"},
                {"[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(canonical); i++) {
                g_autofree char *prepared = motet_jid_prepare_domain(canonical[i][0]);
                g_assert_cmpstr(prepared, ==, canonical[i][1]);
        }
}

static void
test_illegal_domains_are_refused(void)
{
        static const char *const refused[] = {
                ".",           "..",       ".example",
                "example..",   "a..b",     "-a",
                "a-",          "a.-b",     "a-.b",
                "a_b",         "a b",      "a@b",
                "a/b",         "a:5222",   "a\x01",
                "a\x7f",       "\u3002",   "a\u2024b",
                "a\u2488",     "\u00ad",   "\u2026",
                "a\u00a0b",    "a\uff0fb", "a\uff20b",
                "a\ufe52",     "[",        "[]",
                "[::1",        "::1]",     "[::g]",
                "[1.2.3.4]",   "[::1]x",   "[fe80::1%eth0]",
                "[::1\u3002]", "[v1.x]",   "\xff",
                "a\xc3",       "\u00fc-",  "-\u00fc",
                "*",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
                g_autofree char *prepared = motet_jid_prepare_domain(refused[i]);
                if (prepared)
                        g_error("\"%s\" became \"%s\"", refused[i], prepared);
        }
}

/* RFC 1035 2.3.4: a label holds 63 bytes, in the form DNS sees. */
static void
test_labels_end_at_63_bytes(void)
{
        g_autofree char *label = g_strnfill(63, 'a');
        g_autofree char *longer = g_strnfill(64, 'a');
        g_autofree char *domain = g_strconcat(label, ".", label, NULL);
        g_autofree char *beyond = g_strconcat(label, ".", longer, NULL);
        g_autoptr(GString) wide = g_string_new("\u00fc");
        char ascii[64];

        assert_address(domain, domain);
        assert_refused(longer);
        assert_refused(beyond);

        /* the encoded form decides: xn--...-7va and the like */
        uint32_t point[64] = {0xfc};
        size_t n = 1;
        while (idna_to_ascii_4i(point, n, ascii, 0) == IDNA_SUCCESS) {
                assert_address(wide->str, wide->str);
                point[n++] = 'a';
                g_string_append_c(wide, 'a');
        }
        g_assert_cmpuint(n, >, 50);
        assert_refused(wide->str);
}

static char *
long_domain(size_t len)
{
        GString *domain = g_string_new(NULL);

        while (domain->len < len)
                g_string_append_c(domain,
                                  domain->len % 60 == 59 && domain->len + 1 < len ? '.' : 'a');
        return g_string_free(domain, FALSE);
}

/* RFC 7622 3.1: each part holds 1023 bytes. */
static void
test_parts_end_at_1023_bytes(void)
{
        g_autofree char *part = g_strnfill(1023, 'a');
        g_autofree char *longer = g_strnfill(1024, 'a');
        g_autofree char *domain = long_domain(1023);
        g_autofree char *longer_domain = long_domain(1024);
        g_autofree char *all = g_strdup_printf("%s@%s/%s", part, domain, part);
        g_autofree char *more = g_strdup_printf("%sa", all);

        assert_address(all, all);
        assert_refused(more);
        g_autofree char *local = g_strdup_printf("%s@example.org", longer);
        assert_refused(local);
        g_autofree char *resource = g_strdup_printf("example.org/%s", longer);
        assert_refused(resource);
        assert_refused(longer_domain);
        g_assert_null(motet_jid_new_parts(longer, "example.org", NULL));
        g_assert_null(motet_jid_new_parts(NULL, "example.org", longer));
        g_assert_null(motet_jid_prepare_password(longer));
        /* the root's dot counts before it is dropped */
        g_autofree char *dotted = g_strdup_printf("%s.", domain);
        assert_refused(dotted);
}

static char *
repeated(const char *text, size_t n)
{
        GString *all = g_string_new(NULL);

        for (size_t i = 0; i < n; i++)
                g_string_append(all, text);
        return g_string_free(all, FALSE);
}

/* Preparation may make a part longer; that counts as well. */
static void
test_prepared_parts_end_at_1023_bytes(void)
{
        /* U+FDFA, 3 bytes, becomes 33 bytes in NFKC */
        g_autofree char *fits = repeated("\ufdfa", 31);
        g_autofree char *grows = repeated("\ufdfa", 32);
        g_autofree char *prepared = motet_jid_prepare_resource(fits);
        /* U+0390, 2 bytes, is folded to 3 characters and composed again */
        g_autofree char *greek = repeated("\u0390", 511);
        g_autofree char *folded = motet_jid_prepare_local(greek);

        g_assert_cmpuint(strlen(prepared), ==, 1023);
        g_assert_null(motet_jid_prepare_resource(grows));
        g_assert_cmpstr(folded, ==, greek);
}

static void
test_broken_utf8_is_refused(void)
{
        static const char *const broken[] = {
                "\xc3",  "\xff",    "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                "a\x80", "\xe2\x82"};

        for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
                g_assert_null(motet_jid_prepare_local(broken[i]));
                g_assert_null(motet_jid_prepare_domain(broken[i]));
                g_assert_null(motet_jid_prepare_resource(broken[i]));
                g_assert_null(motet_jid_prepare_password(broken[i]));
        }
}

static char *
by_libidn(const char *text, const Stringprep_profile *profile)
{
        char part[MOTET_JID_PART_MAX + 1];

        g_strlcpy(part, text, sizeof part);
        if (stringprep(part, sizeof part, 0, profile) != STRINGPREP_OK || *part == '\0')
                return NULL;
        return g_strdup(part);
}

/* RFC 3490 on a domain of ASCII characters, without its last dot. */
static char *
domain_by_libidn(const char *text)
{
        g_autofree char *name = by_libidn(text, stringprep_nameprep);
        g_autofree char *ascii = NULL;
        g_autofree char *unicode = NULL;
        int flags = IDNA_ALLOW_UNASSIGNED | IDNA_USE_STD3_ASCII_RULES;

        if (!name)
                return NULL;
        if (name[strlen(name) - 1] == '.')
                name[strlen(name) - 1] = '\0';
        if (*name == '\0' || strstr(name, "..") || *name == '.' || g_str_has_suffix(name, "."))
                return NULL;
        if (idna_to_unicode_8z8z(name, &unicode, flags) != IDNA_SUCCESS ||
            idna_to_ascii_8z(unicode, &ascii, flags) != IDNA_SUCCESS)
                return NULL;
        return g_steal_pointer(&unicode);
}

static void
assert_fast_path_agrees(const char *text)
{
        g_autofree char *local = motet_jid_prepare_local(text);
        g_autofree char *local_slow = by_libidn(text, stringprep_xmpp_nodeprep);
        g_assert_cmpstr(local, ==, local_slow);

        g_autofree char *resource = motet_jid_prepare_resource(text);
        g_autofree char *resource_slow = by_libidn(text, stringprep_xmpp_resourceprep);
        g_assert_cmpstr(resource, ==, resource_slow);

        if (*text == '[')
                return;
        g_autofree char *domain = motet_jid_prepare_domain(text);
        g_autofree char *domain_slow = domain_by_libidn(text);
        g_assert_cmpstr(domain, ==, domain_slow);
}

/* Every single ASCII byte, at each end and within. */
static void
test_fast_path_agrees_on_every_byte(void)
{
        for (char c = 1; c > 0; c++) {
                const char alone[] = {c, '\0'}, first[] = {c, 'a', '\0'}, last[] = {'a', c, '\0'},
                           within[] = {'a', c, 'b', '\0'};
                assert_fast_path_agrees(alone);
                assert_fast_path_agrees(first);
                assert_fast_path_agrees(last);
                assert_fast_path_agrees(within);
        }
}

static void
test_fast_path_agrees_on_random_text(void)
{
        static const char likely[] = "abcXYZ019-..xn--@/ _";
        g_autoptr(GRand) rand = g_rand_new_with_seed(7622);

        for (unsigned i = 0; i < 20000; i++) {
                char text[80] = {0};
                int len = g_rand_int_range(rand, 1, i % 10 == 0 ? 79 : 12);
                for (int at = 0; at < len; at++) {
                        bool any = i % 5 == 0;
                        text[at] = any ? (char)g_rand_int_range(rand, 1, 128)
                                       : likely[g_rand_int_range(rand, 0, sizeof likely - 1)];
                }
                assert_fast_path_agrees(text);
        }
}

/* RFC 4013 section 3, all five examples, and what RFC 3454 says of NUL-free text. */
static void
test_saslprep_examples(void)
{
        static const char *const prepared[][2] = {
                {"I\u00adX", "IX"},
                {"user", "user"},
                {"USER", "USER"},
                {"\u00aa", "a"},
                {"\u2168", "IX"},
                {"pass word", "pass word"},
                {"a\u00a0b", "a b"},
                {"\u00e9", "\u00e9"},
                {"e\u0301", "\u00e9"},
                {"\u1680x", " x"},
                {"\U0001f511", "\U0001f511"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(prepared); i++) {
                g_autofree char *result = motet_jid_prepare_password(prepared[i][0]);
                g_assert_cmpstr(result, ==, prepared[i][1]);
        }
        g_assert_null(motet_jid_prepare_password("\x07"));
        g_assert_null(motet_jid_prepare_password("\u06271"));
        g_assert_null(motet_jid_prepare_password(NULL));
}

/* A prepared address prepares to itself, or stored addresses would drift apart. */
static void
test_preparation_is_idempotent(void)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(6122);
        unsigned n_prepared = 0;

        for (unsigned i = 0; i < 20000; i++) {
                g_autoptr(GString) text = g_string_new(NULL);
                for (int n = g_rand_int_range(rand, 1, 5); n > 0; n--) {
                        gunichar c = (gunichar)g_rand_int_range(rand, 1, i % 2 ? 0x3000 : 0x1ffff);
                        if (g_unichar_validate(c))
                                g_string_append_unichar(text, c);
                }
                g_autoptr(MotetJid) jid = motet_jid_new_parts(NULL, "a", text->str);
                g_autoptr(MotetJid) other = motet_jid_new_parts(text->str, text->str, NULL);
                if (jid) {
                        assert_address(motet_jid_string(jid), motet_jid_string(jid));
                        n_prepared++;
                }
                if (other) {
                        assert_address(motet_jid_string(other), motet_jid_string(other));
                        n_prepared++;
                }
        }
        g_assert_cmpuint(n_prepared, >, 1000);
}

static void
test_references_share(void)
{
        MotetJid *jid = motet_jid_new("a@b/c");
        g_autoptr(MotetJid) shared = motet_jid_ref(jid);

        g_assert_true(jid == shared);
        motet_jid_unref(jid);
        motet_jid_unref(NULL);
        g_assert_cmpstr(motet_jid_string(shared), ==, "a@b/c");
}

/* An address that looks canonical is not prepared: it must be what preparing its parts gives. */
static void
test_any_ascii_character_is_as_in_a_part_alone(void)
{
        for (unsigned byte = 1; byte < 128; byte++) {
                const char part[] = {'a', (char)byte, 'b', '\0'};
                g_autofree char *local = motet_jid_prepare_local(part);
                g_autofree char *domain = motet_jid_prepare_domain(part);
                g_autofree char *resource = motet_jid_prepare_resource(part);
                g_autoptr(MotetJid) with_local = motet_jid_new_parts(part, "d", NULL);
                g_autoptr(MotetJid) with_domain = motet_jid_new_parts(NULL, part, NULL);
                g_autoptr(MotetJid) with_resource = motet_jid_new_parts(NULL, "d", part);

                g_assert_cmpstr(with_local ? motet_jid_local(with_local) : NULL, ==, local);
                g_assert_cmpstr(with_domain ? motet_jid_domain(with_domain) : NULL, ==, domain);
                g_assert_cmpstr(with_resource ? motet_jid_resource(with_resource) : NULL, ==,
                                resource);
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/jid/rfc7622-examples-are-accepted", test_rfc7622_examples_are_accepted);
        g_test_add_func("/jid/rfc7622-violations-are-refused", test_rfc7622_violations_are_refused);
        g_test_add_func("/jid/empty-parts-are-refused", test_empty_parts_are_refused);
        g_test_add_func("/jid/parts-are-readable", test_parts_are_readable);
        g_test_add_func("/jid/equal-compares-prepared-addresses",
                        test_equal_compares_prepared_addresses);
        g_test_add_func("/jid/bare-and-resource-are-derived", test_bare_and_resource_are_derived);
        g_test_add_func("/jid/forbidden-characters-of-localparts",
                        test_forbidden_characters_of_localparts);
        g_test_add_func("/jid/localparts-are-folded", test_localparts_are_folded);
        g_test_add_func("/jid/localparts-are-identifiers", test_localparts_are_identifiers);
        g_test_add_func("/jid/resourceparts-keep-their-case", test_resourceparts_keep_their_case);
        g_test_add_func("/jid/directions-are-not-mixed", test_directions_are_not_mixed);
        g_test_add_func("/jid/domains-are-canonical", test_domains_are_canonical);
        g_test_add_func("/jid/any-ascii-character-is-as-in-a-part-alone",
                        test_any_ascii_character_is_as_in_a_part_alone);
        g_test_add_func("/jid/illegal-domains-are-refused", test_illegal_domains_are_refused);
        g_test_add_func("/jid/labels-end-at-63-bytes", test_labels_end_at_63_bytes);
        g_test_add_func("/jid/parts-end-at-1023-bytes", test_parts_end_at_1023_bytes);
        g_test_add_func("/jid/prepared-parts-end-at-1023-bytes",
                        test_prepared_parts_end_at_1023_bytes);
        g_test_add_func("/jid/broken-utf8-is-refused", test_broken_utf8_is_refused);
        g_test_add_func("/jid/fast-path-agrees-on-every-byte", test_fast_path_agrees_on_every_byte);
        g_test_add_func("/jid/fast-path-agrees-on-random-text",
                        test_fast_path_agrees_on_random_text);
        g_test_add_func("/jid/saslprep-examples", test_saslprep_examples);
        g_test_add_func("/jid/preparation-is-idempotent", test_preparation_is_idempotent);
        g_test_add_func("/jid/references-share", test_references_share);
        return g_test_run();
}
