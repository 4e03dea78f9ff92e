/*
 * Tests of core/certificate.h: whom a certificate is for, its dates and chain, and reading it from
 * files.
 */
#include "core/certificate.h"

#include <glib/gstdio.h>
#include <motet/error.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/certificate_maker.h"

#define NOW 1800000000

typedef struct {
        CertificateMaker maker;
} Fixture;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        certificate_maker_init(&fixture->maker, NOW);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpuint(ERR_peek_error(), ==, 0);
        certificate_maker_clear(&fixture->maker);
}

/* Returns: (own) */
static Certificate *
read_pair(Fixture *fixture, const char *chain, const char *key, GError **error)
{
        g_autofree char *chain_file = certificate_maker_path(&fixture->maker, chain);
        g_autofree char *key_file = certificate_maker_path(&fixture->maker, key);

        return certificate_read(chain_file, key_file, error);
}

static Certificate *
make(Fixture *fixture, const CertificateSpec *spec)
{
        g_autoptr(GError) error = NULL;

        certificate_maker_put(&fixture->maker, spec, "x.crt", "x.key");
        Certificate *certificate = read_pair(fixture, "x.crt", "x.key", &error);
        g_assert_no_error(error);
        g_assert_nonnull(certificate);
        return certificate;
}

static void
assert_names(Fixture *fixture, const CertificateSpec *spec, const char *expected)
{
        g_autoptr(Certificate) certificate = make(fixture, spec);
        g_autofree char *names = g_strjoinv(" ", certificate->names);

        g_assert_cmpstr(names, ==, expected);
}

static void
assert_fit(Fixture *fixture, const char *names, const char *domain, CertificateFit expected)
{
        const CertificateSpec spec = {.names = names};
        g_autoptr(Certificate) certificate = make(fixture, &spec);
        g_autofree char *ascii = certificate_ascii_name(domain);

        g_assert_cmpint((int)certificate_fit(certificate, ascii), ==, (int)expected);
}

/* Names */

static void
test_dns_names_are_its_names(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_names(fixture,
                     &(CertificateSpec){.names = "DNS:A.Example,DNS:*.b.example,DNS:a.example,"
                                                 "DNS:c*.example,DNS:d.*.example"},
                     "a.example *.b.example");
}

/* RFC 6125 6.4.4 */
static void
test_the_common_name_counts_where_there_is_no_other(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_names(fixture, &(CertificateSpec){.common_name = "Old.example"}, "old.example");
        assert_names(fixture,
                     &(CertificateSpec){.common_name = "old.example", .names = "DNS:new.example"},
                     "new.example");
        assert_names(fixture, &(CertificateSpec){.common_name = "A person"}, "");
        assert_names(fixture, &(CertificateSpec){0}, "");
}

/* RFC 6120 13.7.1.2.1: SRVName of our services, xmppAddr of a domain. */
static void
test_xmpp_names_are_its_names(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_names(fixture,
                     &(CertificateSpec){
                             .names = "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-client.c.example,"
                                      "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server.s.example,"
                                      "otherName:1.3.6.1.5.5.7.8.7;IA5:_imap.m.example,"
                                      "otherName:1.3.6.1.5.5.7.8.5;UTF8:x.example"},
                     "c.example s.example x.example");
}

/* RFC 5280 7.2: names of other scripts are in their ASCII form, in xmppAddr they are not. */
static void
test_names_in_other_scripts(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_fit(fixture, "DNS:xn--bcher-kva.example", "bücher.example", CERTIFICATE_FOR_NAME);
        assert_fit(fixture, "DNS:*.xn--bcher-kva.example", "a.bücher.example",
                   CERTIFICATE_FOR_WILDCARD);
        assert_fit(fixture, "DNS:xn--bcher-kva.example", "bucher.example", CERTIFICATE_FOR_OTHERS);
}

/* RFC 9525 6.3: one label, the leftmost, and all of it. */
static void
test_a_wildcard_is_for_one_label(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_fit(fixture, "DNS:*.a.example", "b.a.example", CERTIFICATE_FOR_WILDCARD);
        assert_fit(fixture, "DNS:*.a.example", "a.example", CERTIFICATE_FOR_OTHERS);
        assert_fit(fixture, "DNS:*.a.example", "c.b.a.example", CERTIFICATE_FOR_OTHERS);
        assert_fit(fixture, "DNS:b*.a.example", "bc.a.example", CERTIFICATE_FOR_OTHERS);
        assert_fit(fixture, "DNS:b.*.example", "b.a.example", CERTIFICATE_FOR_OTHERS);
        assert_fit(fixture, "DNS:*.*.example", "b.a.example", CERTIFICATE_FOR_OTHERS);
        assert_fit(fixture, "DNS:a.example,DNS:*.a.example", "a.example", CERTIFICATE_FOR_NAME);
}

static X509 *
certificate_with_name(const char *bytes, int len)
{
        X509 *leaf = X509_new();
        GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();

        ASN1_STRING_set(text, bytes, len);
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        sk_GENERAL_NAME_push(names, name);
        g_assert_cmpint(X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, 0, 0), ==, 1);
        GENERAL_NAMES_free(names);
        return leaf;
}

/* A NUL would make "bank.example\0.evil.example" two different names for who signed and who
 * reads. */
static void
test_a_name_with_a_nul_is_none(Fixture *fixture, gconstpointer data)
{
        static const char bytes[] = "a.example\0.evil.example";

        (void)fixture, (void)data;
        X509 *leaf = certificate_with_name(bytes, sizeof bytes - 1);
        g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
        X509_set_pubkey(leaf, key);
        g_assert_cmpint(X509_sign(leaf, key, EVP_sha256()), >, 0);

        g_autoptr(Certificate) certificate = certificate_new_take("x", leaf, NULL);

        g_assert_cmpuint(g_strv_length(certificate->names), ==, 0);
}

static void
assert_n_names(Fixture *fixture, unsigned n, unsigned expected)
{
        g_autoptr(GString) names = g_string_new(NULL);

        for (unsigned i = 0; i < n; i++)
                g_string_append_printf(names, "%sDNS:n%u.example", i > 0 ? "," : "", i);
        const CertificateSpec spec = {.names = names->str};
        g_autoptr(Certificate) certificate = make(fixture, &spec);

        g_assert_cmpuint(g_strv_length(certificate->names), ==, expected);
}

static void
test_names_are_bounded(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_n_names(fixture, CERTIFICATE_NAMES_MAX, CERTIFICATE_NAMES_MAX);
        assert_n_names(fixture, CERTIFICATE_NAMES_MAX + 1, CERTIFICATE_NAMES_MAX);
}

/* Dates, and who vouches */

static void
test_dates_bound_its_validity(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example", .from = 10, .to = 20};

        (void)data;
        g_autoptr(Certificate) certificate = make(fixture, &spec);

        g_assert_cmpint(certificate->valid_from, ==, NOW + 10);
        g_assert_cmpint(certificate->valid_until, ==, NOW + 20);
        g_assert_false(certificate_is_valid_at(certificate, NOW + 9));
        g_assert_true(certificate_is_valid_at(certificate, NOW + 10));
        g_assert_true(certificate_is_valid_at(certificate, NOW + 19));
        g_assert_false(certificate_is_valid_at(certificate, NOW + 20));
}

static void
test_a_chain_is_whole_or_not(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec own = {.names = "DNS:a.example", .common_name = "a.example"};
        const CertificateSpec signed_by = {
                .names = "DNS:a.example", .common_name = "a.example", .from_ca = true};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        g_autoptr(Certificate) self_signed = make(fixture, &own);
        g_autoptr(Certificate) whole = make(fixture, &signed_by);
        certificate_maker_make(&fixture->maker, &signed_by, &made);
        certificate_maker_write(&fixture->maker, "alone.crt", made.certificate);
        certificate_maker_write(&fixture->maker, "alone.key", made.key);
        g_autoptr(Certificate) alone = read_pair(fixture, "alone.crt", "alone.key", NULL);
        g_autofree char *wrong = g_strconcat(made.certificate, made.certificate, NULL);
        certificate_maker_write(&fixture->maker, "wrong.crt", wrong);
        g_autoptr(Certificate) disordered = read_pair(fixture, "wrong.crt", "alone.key", NULL);

        g_assert_true(certificate_is_whole(self_signed));
        g_assert_true(certificate_is_whole(whole));
        g_assert_false(certificate_is_whole(alone));
        g_assert_false(certificate_is_whole(disordered));
}

static void
test_the_chain_makes_a_difference(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {
                .names = "DNS:a.example", .common_name = "a.example", .from_ca = true};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        g_autofree char *chain = g_strconcat(made.certificate, made.ca, NULL);
        certificate_maker_write(&fixture->maker, "alone.crt", made.certificate);
        certificate_maker_write(&fixture->maker, "chain.crt", chain);
        certificate_maker_write(&fixture->maker, "x.key", made.key);
        g_autoptr(Certificate) alone = read_pair(fixture, "alone.crt", "x.key", NULL);
        g_autoptr(Certificate) whole = read_pair(fixture, "chain.crt", "x.key", NULL);
        g_autoptr(Certificate) again = read_pair(fixture, "chain.crt", "x.key", NULL);

        g_assert_false(certificate_is_same(alone, whole));
        g_assert_true(certificate_is_same(whole, again));
}

/* Files */

static void
test_one_file_may_hold_both(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {
                .names = "DNS:a.example", .common_name = "a.example", .from_ca = true};
        g_auto(MadeCertificate) made = {0};
        g_autoptr(GError) error = NULL;

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        g_autofree char *first = g_strconcat(made.key, made.certificate, made.ca, NULL);
        g_autofree char *last = g_strconcat(made.certificate, made.ca, made.key, NULL);
        certificate_maker_write(&fixture->maker, "first.pem", first);
        certificate_maker_write(&fixture->maker, "last.pem", last);
        g_autoptr(Certificate) one = read_pair(fixture, "first.pem", "first.pem", &error);
        g_assert_no_error(error);
        g_autoptr(Certificate) other = read_pair(fixture, "last.pem", "last.pem", &error);
        g_assert_no_error(error);

        g_assert_cmpint(sk_X509_num(one->issuers), ==, 1);
        g_assert_true(certificate_is_same(one, other));
}

static void
assert_refused(Fixture *fixture, const char *chain, const char *key, const char *what)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Certificate) certificate = read_pair(fixture, chain, key, &error);

        g_assert_null(certificate);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_TLS);
        if (strstr(error->message, what) == NULL)
                g_error("not about \"%s\": %s", what, error->message);
}

/* What a writer that is not done leaves: cut anywhere, it is refused, but between two blocks. */
static void
test_a_file_cut_short_is_refused(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {
                .names = "DNS:a.example", .common_name = "a.example", .from_ca = true};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        certificate_maker_write(&fixture->maker, "x.key", made.key);
        g_autofree char *chain = g_strconcat(made.certificate, made.ca, NULL);
        size_t first = strlen(made.certificate), whole = strlen(chain);
        for (size_t len = 0; len < whole; len++) {
                g_autofree char *cut = g_strndup(chain, len);
                certificate_maker_write(&fixture->maker, "x.crt", cut);
                g_autoptr(GError) error = NULL;
                g_autoptr(Certificate) certificate = read_pair(fixture, "x.crt", "x.key", &error);

                /* Without the last line end, or with less dashes than a line begins with, a block
                 * is whole. */
                bool is_at_a_seam = (len >= first - 1 && len < first + 5) || len >= whole - 1;
                if ((certificate != NULL) != is_at_a_seam)
                        g_error("cut at %zu of %zu, %zu: %s", len, first, whole,
                                certificate ? "taken" : error->message);
        }
}

static void
test_keys_cut_short_are_refused(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example"};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        certificate_maker_write(&fixture->maker, "x.crt", made.certificate);
        for (size_t len = 0; len < strlen(made.key) - 1; len++) {
                g_autofree char *cut = g_strndup(made.key, len);
                certificate_maker_write(&fixture->maker, "x.key", cut);
                assert_refused(fixture, "x.crt", "x.key", "x.key");
        }
}

static void
test_files_are_bounded(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example"};
        g_auto(MadeCertificate) made = {0};
        g_autoptr(GError) error = NULL;

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        certificate_maker_write(&fixture->maker, "x.key", made.key);
        g_autoptr(GString) text = g_string_new(made.certificate);
        while (text->len < CERTIFICATE_FILE_MAX)
                g_string_append_c(text, '\n');
        certificate_maker_write(&fixture->maker, "x.crt", text->str);
        g_autoptr(Certificate) certificate = read_pair(fixture, "x.crt", "x.key", &error);
        g_assert_no_error(error);
        g_assert_nonnull(certificate);

        g_string_append_c(text, '\n');
        certificate_maker_write(&fixture->maker, "x.crt", text->str);
        assert_refused(fixture, "x.crt", "x.key", "more than 256 KiB");
}

static void
test_chains_are_bounded(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example"};
        g_auto(MadeCertificate) made = {0};
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) text = g_string_new(NULL);

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        certificate_maker_write(&fixture->maker, "x.key", made.key);
        for (unsigned i = 0; i < CERTIFICATE_CHAIN_MAX; i++)
                g_string_append(text, made.certificate);
        certificate_maker_write(&fixture->maker, "x.crt", text->str);
        g_autoptr(Certificate) certificate = read_pair(fixture, "x.crt", "x.key", &error);
        g_assert_no_error(error);
        g_assert_cmpint(sk_X509_num(certificate->issuers), ==, CERTIFICATE_CHAIN_MAX - 1);

        g_string_append(text, made.certificate);
        certificate_maker_write(&fixture->maker, "x.crt", text->str);
        assert_refused(fixture, "x.crt", "x.key", "more than 16 certificates");
}

/* Opening a pipe for reading waits for a writer, if one lets it. */
static void
test_what_is_no_file_is_refused(Fixture *fixture, gconstpointer data)
{
        g_autofree char *pipe = certificate_maker_path(&fixture->maker, "pipe.crt");

        (void)data;
        g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
        assert_refused(fixture, "pipe.crt", "pipe.crt", "not a file");
        assert_refused(fixture, ".", ".", "not a file");
}

/* As `openssl ecparam -genkey` writes it. */
static void
test_other_blocks_do_not_matter(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example"};
        g_auto(MadeCertificate) made = {0};
        g_autoptr(GError) error = NULL;

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        g_autofree char *key = g_strconcat("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                                           "-----END EC PARAMETERS-----\n",
                                           made.key, NULL);
        certificate_maker_write(&fixture->maker, "x.key", key);
        g_autofree char *chain = g_strconcat("a comment\n", made.certificate, NULL);
        certificate_maker_write(&fixture->maker, "x.crt", chain);
        g_autoptr(Certificate) certificate = read_pair(fixture, "x.crt", "x.key", &error);

        g_assert_no_error(error);
        g_assert_nonnull(certificate);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/certificate/dns-names-are-its-names", test_dns_names_are_its_names);
        ADD("/certificate/the-common-name-counts-where-there-is-no-other",
            test_the_common_name_counts_where_there_is_no_other);
        ADD("/certificate/xmpp-names-are-its-names", test_xmpp_names_are_its_names);
        ADD("/certificate/names-in-other-scripts", test_names_in_other_scripts);
        ADD("/certificate/a-wildcard-is-for-one-label", test_a_wildcard_is_for_one_label);
        ADD("/certificate/a-name-with-a-nul-is-none", test_a_name_with_a_nul_is_none);
        ADD("/certificate/names-are-bounded", test_names_are_bounded);
        ADD("/certificate/dates-bound-its-validity", test_dates_bound_its_validity);
        ADD("/certificate/a-chain-is-whole-or-not", test_a_chain_is_whole_or_not);
        ADD("/certificate/the-chain-makes-a-difference", test_the_chain_makes_a_difference);
        ADD("/certificate/one-file-may-hold-both", test_one_file_may_hold_both);
        ADD("/certificate/a-file-cut-short-is-refused", test_a_file_cut_short_is_refused);
        ADD("/certificate/keys-cut-short-are-refused", test_keys_cut_short_are_refused);
        ADD("/certificate/files-are-bounded", test_files_are_bounded);
        ADD("/certificate/chains-are-bounded", test_chains_are_bounded);
        ADD("/certificate/what-is-no-file-is-refused", test_what_is_no_file_is_refused);
        ADD("/certificate/other-blocks-do-not-matter", test_other_blocks_do_not_matter);
        return g_test_run();
}
