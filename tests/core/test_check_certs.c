/*
 * Tests of check certs: each kind of trouble has a name of its own, at the host it is about.
 */
#include <glib/gstdio.h>

#include "support/certificate_maker.h"
#include "support/check_kit.h"

typedef struct {
        CheckKit kit;
        CertificateMaker maker;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
        check_kit_set_up(&fixture->kit, data);
        certificate_maker_init(&fixture->maker, g_get_real_time() / G_USEC_PER_SEC);
        g_autofree char *folder = certificate_maker_path(&fixture->maker, "certs");
        g_autofree char *more = g_strdup_printf("certificates:\n  folder: %s\n", folder);
        g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
        check_kit_use(&fixture->kit, more, NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        certificate_maker_clear(&fixture->maker);
        check_kit_tear_down(&fixture->kit, data);
}

static void
put(Fixture *fixture, const CertificateSpec *spec)
{
        certificate_maker_put(&fixture->maker, spec, "certs/one.crt", "certs/one.key");
}

static void
test_a_good_one(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, &(CertificateSpec){.names = "DNS:example.org"});
        check_kit_assert(&fixture->kit, "certs", "");
}

static void
test_none(Fixture *fixture, gconstpointer data)
{
        (void)data;
        check_kit_assert(&fixture->kit, "certs", "certs.unusable");
        check_kit_assert_told(&fixture->kit, "motet.yaml:2:");
}

static void
test_dates(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture,
            &(CertificateSpec){.names = "DNS:example.org", .from = -9 * DAY_S, .to = -DAY_S});
        check_kit_assert(&fixture->kit, "certs", "certs.expired");
        put(fixture,
            &(CertificateSpec){.names = "DNS:example.org", .from = DAY_S, .to = 90 * DAY_S});
        check_kit_assert(&fixture->kit, "certs", "certs.not-yet-valid");
        put(fixture,
            &(CertificateSpec){.names = "DNS:example.org", .from = -DAY_S, .to = 13 * DAY_S});
        check_kit_assert(&fixture->kit, "certs", "certs.expires-soon");
        put(fixture,
            &(CertificateSpec){.names = "DNS:example.org", .from = -DAY_S, .to = 15 * DAY_S});
        check_kit_assert(&fixture->kit, "certs", "");
}

static void
test_a_key_that_everybody_may_read(Fixture *fixture, gconstpointer data)
{
        g_autofree char *key = certificate_maker_path(&fixture->maker, "certs/one.key");

        (void)data;
        put(fixture, &(CertificateSpec){.names = "DNS:example.org"});
        g_assert_cmpint(g_chmod(key, 0644), ==, 0);
        check_kit_run(&fixture->kit, "certs");
        check_kit_assert_told(&fixture->kit, "[certs.unusable]");
        check_kit_assert_told(&fixture->kit, "[certs.unused-file]");
}

static void
test_a_file_of_no_use(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, &(CertificateSpec){.names = "DNS:example.org"});
        certificate_maker_write(&fixture->maker, "certs/broken.pem", "-----BEGIN CERTIFICATE-----");
        check_kit_assert(&fixture->kit, "certs", "certs.unused-file");
        check_kit_assert_told(&fixture->kit, "broken.pem");
}

/* Named files may be for another name, which a folder would not be asked for. */
static void
test_a_certificate_for_others(Fixture *fixture, gconstpointer data)
{
        g_autofree char *base = certificate_maker_path(&fixture->maker, "certs/one");
        g_autofree char *text = g_strdup_printf(
                "hosts:\n  example.org: {certificate: %s.crt, key: %s.key}\n", base, base);
        g_auto(MadeCertificate) made = {0};

        (void)data;
        check_kit_put(&fixture->kit, "/motet.yaml", text);
        put(fixture, &(CertificateSpec){.names = "DNS:example.net"});
        check_kit_assert(&fixture->kit, "certs", "certs.wrong-name");

        /* Those that vouch for it are left out. */
        certificate_maker_make(&fixture->maker,
                               &(CertificateSpec){.names = "DNS:example.org", .from_ca = true},
                               &made);
        certificate_maker_write(&fixture->maker, "certs/one.crt", made.certificate);
        certificate_maker_write(&fixture->maker, "certs/one.key", made.key);
        check_kit_assert(&fixture->kit, "certs", "certs.incomplete-chain");
}

/* Who may write a key decides who the server is. */
static void
test_a_key_that_others_may_write(Fixture *fixture, gconstpointer data)
{
        g_autofree char *key = certificate_maker_path(&fixture->maker, "certs/one.key");

        (void)data;
        put(fixture, &(CertificateSpec){.names = "DNS:example.org"});
        check_kit_assert(&fixture->kit, "security", "");
        g_assert_cmpint(g_chmod(key, 0660), ==, 0);
        check_kit_assert(&fixture->kit, "security", "security.writable");
        check_kit_assert_told(&fixture->kit, "one.key: error: may be written by its group");
}

#define ADD(path, func) g_test_add("/check-certs/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("a-good-one", test_a_good_one);
        ADD("none", test_none);
        ADD("dates", test_dates);
        ADD("a-key-that-everybody-may-read", test_a_key_that_everybody_may_read);
        ADD("a-file-of-no-use", test_a_file_of_no_use);
        ADD("a-certificate-for-others", test_a_certificate_for_others);
        ADD("a-key-that-others-may-write", test_a_key_that_others_may_write);
        return g_test_run();
}
