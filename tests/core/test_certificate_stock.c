/*
 * Tests of core/certificate_stock.h: every usual layout of a folder, which certificate is best for
 * a host, and what is said when there is none.
 */
#include "core/certificate_stock.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/certificate_maker.h"

#define NOW 1800000000

typedef struct {
        CertificateMaker maker;
        CertificatePlan *plan;
        CertificateStock *stock;
} Fixture;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        certificate_maker_init(&fixture->maker, NOW);
        fixture->plan = certificate_plan_new(fixture->maker.dir);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        certificate_stock_free(fixture->stock);
        certificate_plan_unref(fixture->plan);
        certificate_maker_clear(&fixture->maker);
}

static void
put(Fixture *fixture, const char *names, const char *chain_file, const char *key_file)
{
        const CertificateSpec spec = {.names = names, .common_name = "x", .from_ca = true};

        certificate_maker_put(&fixture->maker, &spec, chain_file, key_file);
}

static void
put_dated(Fixture *fixture, const char *names, const char *base, int from_days, int to_days)
{
        const CertificateSpec spec = {
                .names = names, .from = from_days * DAY_S, .to = to_days * DAY_S};
        g_autofree char *chain_file = g_strconcat(base, ".crt", NULL);
        g_autofree char *key_file = g_strconcat(base, ".key", NULL);

        certificate_maker_put(&fixture->maker, &spec, chain_file, key_file);
}

static const CertificateWanted *
want(Fixture *fixture, const char *domain)
{
        certificate_plan_add(fixture->plan, domain, NULL, NULL);
        return g_ptr_array_index(fixture->plan->hosts, fixture->plan->hosts->len - 1);
}

static void
read_stock(Fixture *fixture)
{
        certificate_stock_free(fixture->stock);
        fixture->stock = certificate_stock_look(fixture->plan);
        certificate_stock_read(fixture->stock);
}

/* @expected: relative to the folder; NULL: none */
static void
assert_best_at(Fixture *fixture, const char *domain, int64_t now, const char *expected)
{
        const CertificateWanted *host = want(fixture, domain);
        read_stock(fixture);
        const Certificate *best = certificate_stock_best(fixture->stock, host, now);
        g_autofree char *path =
                expected == NULL ? NULL : certificate_maker_path(&fixture->maker, expected);

        g_assert_cmpstr(best == NULL ? NULL : best->file, ==, path);
        g_assert_true(best == NULL || best->key != NULL);
}

static void
assert_best(Fixture *fixture, const char *domain, const char *expected)
{
        assert_best_at(fixture, domain, NOW, expected);
}

/* Layouts */

static void
test_files_side_by_side(Fixture *fixture, gconstpointer data)
{
        g_auto(MadeCertificate) made = {0};
        const CertificateSpec spec = {.names = "DNS:c.example"};

        (void)data;
        put(fixture, "DNS:a.example", "a.example.crt", "a.example.key");
        put(fixture, "DNS:b.example", "b-fullchain.pem", "b-privkey.pem");
        certificate_maker_make(&fixture->maker, &spec, &made);
        g_autofree char *both = g_strconcat(made.certificate, made.key, NULL);
        certificate_maker_write(&fixture->maker, "combined.pem", both);
        put(fixture, "DNS:d.example", "tls.crt", "tls.key");

        assert_best(fixture, "a.example", "a.example.crt");
        assert_best(fixture, "b.example", "b-fullchain.pem");
        assert_best(fixture, "c.example", "combined.pem");
        assert_best(fixture, "d.example", "tls.crt");
        assert_best(fixture, "e.example", NULL);
}

static void
test_a_folder_for_each_domain(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "DNS:a.example", "a.example/fullchain.pem", "a.example/privkey.pem");
        put(fixture, "DNS:b.example", "b.example/cert.pem", "b.example/key.pem");
        /* Caddy */
        put(fixture, "DNS:c.example", "acme-v02/c.example/c.example.crt",
            "acme-v02/c.example/c.example.key");
        put(fixture, "DNS:*.d.example", "acme-v02/wildcard_.d.example/wildcard_.d.example.crt",
            "acme-v02/wildcard_.d.example/wildcard_.d.example.key");
        /* acme.sh */
        put(fixture, "DNS:e.example", "e.example_ecc/fullchain.cer", "e.example_ecc/e.example.key");

        assert_best(fixture, "a.example", "a.example/fullchain.pem");
        assert_best(fixture, "b.example", "b.example/cert.pem");
        assert_best(fixture, "c.example", "acme-v02/c.example/c.example.crt");
        assert_best(fixture, "x.d.example", "acme-v02/wildcard_.d.example/wildcard_.d.example.crt");
        assert_best(fixture, "e.example", "e.example_ecc/fullchain.cer");
}

static void
write_lineage(Fixture *fixture, const char *prefix, const char *suffix, const char *names)
{
        const CertificateSpec spec = {.names = names, .common_name = "x", .from_ca = true};
        g_auto(MadeCertificate) made = {0};
        g_autofree char *cert = g_strconcat(prefix, "cert", suffix, NULL);
        g_autofree char *chain = g_strconcat(prefix, "chain", suffix, NULL);
        g_autofree char *fullchain = g_strconcat(prefix, "fullchain", suffix, NULL);
        g_autofree char *key = g_strconcat(prefix, "privkey", suffix, NULL);

        certificate_maker_make(&fixture->maker, &spec, &made);
        g_autofree char *whole = g_strconcat(made.certificate, made.ca, NULL);
        certificate_maker_write(&fixture->maker, cert, made.certificate);
        certificate_maker_write(&fixture->maker, chain, made.ca);
        certificate_maker_write(&fixture->maker, fullchain, whole);
        certificate_maker_write(&fixture->maker, key, made.key);
}

/* live/DOMAIN/{cert,chain,fullchain,privkey}.pem lead to ../../archive/DOMAIN/…N.pem: the whole
 * chain is taken. */
static void
test_the_tree_of_certbot(Fixture *fixture, gconstpointer data)
{
        static const char *const parts[] = {"cert", "chain", "fullchain", "privkey"};

        (void)data;
        write_lineage(fixture, "archive/a.example/", "1.pem", "DNS:a.example");
        write_lineage(fixture, "archive/a.example/", "2.pem", "DNS:a.example");
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
                g_autofree char *name = g_strdup_printf("live/a.example/%s.pem", parts[i]);
                g_autofree char *target =
                        g_strdup_printf("../../archive/a.example/%s2.pem", parts[i]);
                certificate_maker_link(&fixture->maker, name, target);
        }
        certificate_maker_write(&fixture->maker, "live/README", "not to be read");
        certificate_plan_unref(fixture->plan);
        g_autofree char *live = certificate_maker_path(&fixture->maker, "live");
        fixture->plan = certificate_plan_new(live);

        assert_best(fixture, "a.example", "live/a.example/fullchain.pem");
        g_assert_cmpuint(fixture->stock->troubles->len, ==, 0);
        const Certificate *best = g_ptr_array_index(fixture->stock->usable, 0);
        g_assert_nonnull(strstr(best->key_file, "live/a.example/privkey.pem"));
}

/* Key files are often kept apart, and called after a request or a date. */
static void
test_keys_are_matched_by_what_they_are(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "DNS:a.example", "certs/1.pem", "private/zz.pem");
        put(fixture, "DNS:b.example", "certs/2.pem", "private/aa.pem");

        assert_best(fixture, "a.example", "certs/1.pem");
        assert_best(fixture, "b.example", "certs/2.pem");
        for (guint i = 0; i < fixture->stock->usable->len; i++) {
                const Certificate *each = g_ptr_array_index(fixture->stock->usable, i);
                const char *key = g_str_has_suffix(each->file, "1.pem") ? "zz.pem" : "aa.pem";
                g_assert_true(g_str_has_suffix(each->key_file, key));
        }
}

static void
test_keys_of_others_are_not_kept(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "DNS:shop.example", "shop.crt", "shop.key");
        put(fixture, "DNS:a.example", "a.crt", "a.key");

        assert_best(fixture, "a.example", "a.crt");
        g_assert_cmpuint(fixture->stock->usable->len, ==, 1);
        g_assert_cmpuint(fixture->stock->n_seen, ==, 2);
        g_assert_cmpuint(fixture->stock->troubles->len, ==, 0);
}

/* The best */

static void
test_the_name_goes_before_a_wildcard(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put_dated(fixture, "DNS:*.example.org", "wild", -1, 300);
        put_dated(fixture, "DNS:chat.example.org", "exact", -1, 20);

        assert_best(fixture, "chat.example.org", "exact.crt");
        assert_best(fixture, "other.example.org", "wild.crt");
}

static void
test_of_several_the_one_that_expires_last(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put_dated(fixture, "DNS:a.example", "1", -80, 10);
        put_dated(fixture, "DNS:a.example", "2", -20, 70);
        put_dated(fixture, "DNS:a.example", "3", -50, 40);

        assert_best(fixture, "a.example", "2.crt");
}

static void
test_one_that_is_not_valid_is_the_last_resort(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put_dated(fixture, "DNS:a.example", "expired", -90, -1);
        assert_best(fixture, "a.example", "expired.crt");

        put_dated(fixture, "DNS:a.example", "future", 10, 100);
        put_dated(fixture, "DNS:*.example", "wild", -1, 1);
        assert_best(fixture, "a.example", "wild.crt");
}

static void
test_a_later_day_makes_another_choice(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put_dated(fixture, "DNS:a.example", "now", -10, 20);
        put_dated(fixture, "DNS:a.example", "next", 10, 100);

        assert_best_at(fixture, "a.example", NOW, "now.crt");
        assert_best_at(fixture, "a.example", NOW + 10 * DAY_S, "next.crt");
}

/* Clients refuse one that comes without its issuers: a whole one goes before it, though it ends
 * sooner. */
static void
test_a_whole_chain_goes_before_a_part(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {
                .names = "DNS:a.example", .common_name = "x", .from_ca = true, .to = 300 * DAY_S};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        certificate_maker_write(&fixture->maker, "part.crt", made.certificate);
        certificate_maker_write(&fixture->maker, "part.key", made.key);
        assert_best(fixture, "a.example", "part.crt");

        put(fixture, "DNS:a.example", "whole.crt", "whole.key");
        assert_best(fixture, "a.example", "whole.crt");
}

/* Whether the last of a chain is one that clients trust is for them to say: more of it is
 * better. */
static void
test_a_longer_chain_goes_before_a_shorter(Fixture *fixture, gconstpointer data)
{
        const CertificateSpec spec = {
                .names = "DNS:a.example", .common_name = "x", .from_ca = true};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificate_maker_make(&fixture->maker, &spec, &made);
        g_autofree char *shorter = g_strconcat(made.certificate, made.ca, NULL);
        g_autofree char *longer = g_strconcat(shorter, made.ca, NULL);
        certificate_maker_write(&fixture->maker, "1.crt", shorter);
        certificate_maker_write(&fixture->maker, "2.crt", longer);
        certificate_maker_write(&fixture->maker, "3.crt", shorter);
        certificate_maker_write(&fixture->maker, "x.key", made.key);

        assert_best(fixture, "a.example", "2.crt");
}

/* conference.example.org, say: what its parent has is better than no server at all. */
static void
test_a_sub_domain_may_use_its_parents(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put_dated(fixture, "DNS:example.org", "parent", -1, 90);
        put_dated(fixture, "DNS:net", "top", -1, 90);

        assert_best(fixture, "conference.example.org", "parent.crt");
        assert_best(fixture, "a.b.example.org", "parent.crt");
        assert_best(fixture, "example.net", NULL);

        put_dated(fixture, "DNS:*.b.example.org", "nearer", -1, 5);
        assert_best(fixture, "a.b.example.org", "nearer.crt");
        put_dated(fixture, "DNS:conference.example.org", "own", -20, -10);
        assert_best(fixture, "conference.example.org", "own.crt");
}

static void
test_a_wildcard_serves_sub_domains(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "DNS:example.org,DNS:*.example.org", "all.pem", "all.key");

        assert_best(fixture, "example.org", "all.pem");
        assert_best(fixture, "conference.example.org", "all.pem");
        assert_best(fixture, "proxy.example.org", "all.pem");
        g_assert_cmpuint(fixture->stock->usable->len, ==, 1);
}

static void
test_files_named_for_a_host_go_before_all(Fixture *fixture, gconstpointer data)
{
        g_autofree char *chain = certificate_maker_path(&fixture->maker, "named");
        g_autofree char *key = certificate_maker_path(&fixture->maker, "named-key");

        (void)data;
        put_dated(fixture, "DNS:a.example", "a", -1, 90);
        put(fixture, "DNS:z.example", "named", "named-key");
        certificate_plan_add(fixture->plan, "a.example", chain, key);
        read_stock(fixture);
        const CertificateWanted *host = g_ptr_array_index(fixture->plan->hosts, 0);
        const Certificate *best = certificate_stock_best(fixture->stock, host, NOW);

        g_assert_cmpstr(best->file, ==, chain);
        g_assert_false(fixture->plan->uses_folder);
}

static void
test_files_named_for_a_host_are_not_replaced_by_others(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put_dated(fixture, "DNS:a.example", "a", -1, 90);
        certificate_plan_add(fixture->plan, "a.example", "/nowhere/a.crt", "/nowhere/a.key");
        read_stock(fixture);
        const CertificateWanted *host = g_ptr_array_index(fixture->plan->hosts, 0);
        g_autofree char *why = certificate_stock_why(fixture->stock, host);

        g_assert_null(certificate_stock_best(fixture->stock, host, NOW));
        g_assert_nonnull(strstr(why, "/nowhere/a.crt"));
}

/* Why not */

static void
assert_why(Fixture *fixture, const char *expected)
{
        const CertificateWanted *host = want(fixture, "a.example");
        read_stock(fixture);
        g_assert_null(certificate_stock_best(fixture->stock, host, NOW));
        g_autofree char *why = certificate_stock_why(fixture->stock, host);

        if (strstr(why, expected) == NULL)
                g_error("not about \"%s\": %s", expected, why);
}

static void
test_nothing_there_says_what_to_put_there(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_why(fixture, "/a.example.crt and a.example.key");
        put(fixture, "DNS:b.example", "b.crt", "b.key");
        assert_why(fixture, "1 certificates in");
}

static void
test_a_certificate_without_its_key_is_named(Fixture *fixture, gconstpointer data)
{
        g_autofree char *key = certificate_maker_path(&fixture->maker, "a.key");

        (void)data;
        put(fixture, "DNS:a.example", "a.crt", "a.key");
        put(fixture, "DNS:b.example", "b.crt", "b.key");
        g_assert_cmpint(g_unlink(key), ==, 0);

        assert_why(fixture, "a.crt: no key that can be used belongs to it");
        g_autofree char *chain = certificate_maker_path(&fixture->maker, "a.crt");
        g_assert_nonnull(certificate_stock_trouble(fixture->stock, chain));
}

static void
test_a_key_open_to_others_is_named(Fixture *fixture, gconstpointer data)
{
        g_autofree char *key = certificate_maker_path(&fixture->maker, "a.key");

        (void)data;
        put(fixture, "DNS:a.example", "a.crt", "a.key");
        for (mode_t others = 1; others <= 7; others++) {
                g_assert_cmpint(chmod(key, 0600 | others), ==, 0);
                assert_why(fixture, "a.key can be used by every user of this machine: chmod o=");
        }
        g_assert_cmpint(chmod(key, 0640), ==, 0);
        assert_best(fixture, "a.example", "a.crt");
}

static void
test_a_damaged_file_is_named(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "DNS:a.example", "a.crt", "a.key");
        certificate_maker_write(&fixture->maker, "a.crt", "-----BEGIN CERTIFICATE-----\nMIIB");

        assert_why(fixture, "a.crt: what is in it is damaged");
}

static void
test_a_weak_key_is_no_candidate(Fixture *fixture, gconstpointer data)
{
        g_autoptr(EVP_PKEY) key = EVP_RSA_gen(1024);
        const CertificateSpec spec = {.names = "DNS:a.example", .key = key};

        (void)data;
        certificate_maker_put(&fixture->maker, &spec, "a.crt", "a.key");

        assert_why(fixture, "key too small");
}

static void
test_many_troubles_are_summed_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        for (unsigned i = 0; i < 5; i++) {
                g_autofree char *name = g_strdup_printf("%u.pem", i);
                certificate_maker_write(&fixture->maker, name, "-----BEGIN CERTIFICATE-----\n");
        }

        assert_why(fixture, "2 more files cannot be used");
}

/* A certificate of somebody else that lacks its key explains nothing. */
static void
test_troubles_of_other_domains_are_not_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "DNS:b.example", "b.crt", "c.key.txt");
        want(fixture, "b.example");
        const CertificateWanted *host = want(fixture, "a.example");
        read_stock(fixture);
        g_autofree char *why = certificate_stock_why(fixture->stock, host);

        g_assert_null(strstr(why, "b.crt"));
        g_assert_cmpuint(fixture->stock->troubles->len, ==, 1);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/certificate-stock/files-side-by-side", test_files_side_by_side);
        ADD("/certificate-stock/a-folder-for-each-domain", test_a_folder_for_each_domain);
        ADD("/certificate-stock/the-tree-of-certbot", test_the_tree_of_certbot);
        ADD("/certificate-stock/keys-are-matched-by-what-they-are",
            test_keys_are_matched_by_what_they_are);
        ADD("/certificate-stock/keys-of-others-are-not-kept", test_keys_of_others_are_not_kept);
        ADD("/certificate-stock/the-name-goes-before-a-wildcard",
            test_the_name_goes_before_a_wildcard);
        ADD("/certificate-stock/of-several-the-one-that-expires-last",
            test_of_several_the_one_that_expires_last);
        ADD("/certificate-stock/one-that-is-not-valid-is-the-last-resort",
            test_one_that_is_not_valid_is_the_last_resort);
        ADD("/certificate-stock/a-later-day-makes-another-choice",
            test_a_later_day_makes_another_choice);
        ADD("/certificate-stock/a-whole-chain-goes-before-a-part",
            test_a_whole_chain_goes_before_a_part);
        ADD("/certificate-stock/a-longer-chain-goes-before-a-shorter",
            test_a_longer_chain_goes_before_a_shorter);
        ADD("/certificate-stock/a-sub-domain-may-use-its-parents",
            test_a_sub_domain_may_use_its_parents);
        ADD("/certificate-stock/a-wildcard-serves-sub-domains", test_a_wildcard_serves_sub_domains);
        ADD("/certificate-stock/files-named-for-a-host-go-before-all",
            test_files_named_for_a_host_go_before_all);
        ADD("/certificate-stock/files-named-for-a-host-are-not-replaced-by-others",
            test_files_named_for_a_host_are_not_replaced_by_others);
        ADD("/certificate-stock/nothing-there-says-what-to-put-there",
            test_nothing_there_says_what_to_put_there);
        ADD("/certificate-stock/a-certificate-without-its-key-is-named",
            test_a_certificate_without_its_key_is_named);
        ADD("/certificate-stock/a-key-open-to-others-is-named", test_a_key_open_to_others_is_named);
        ADD("/certificate-stock/a-damaged-file-is-named", test_a_damaged_file_is_named);
        ADD("/certificate-stock/a-weak-key-is-no-candidate", test_a_weak_key_is_no_candidate);
        ADD("/certificate-stock/many-troubles-are-summed-up", test_many_troubles_are_summed_up);
        ADD("/certificate-stock/troubles-of-other-domains-are-not-told",
            test_troubles_of_other_domains_are_not_told);
        return g_test_run();
}
