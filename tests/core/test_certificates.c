/*
 * Tests of core/certificates.h: all hosts' certificates are put in force, or none; what clients
 * will complain of is found; the end is told in time.
 */
#include "core/certificates.h"

#include <motet/error.h>
#include <string.h>

#include "support/certificates_kit.h"

/* Loading */

static void
test_all_are_put_in_force(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_put(kit, "a.example", 90);
        certificates_kit_put(kit, "b.example", 80);
        certificates_kit_load(kit);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        g_assert_cmpint(certificates_kit_days_of(kit, "b.example"), ==, 80);
        g_assert_cmpint(certificates_kit_days_of(kit, ""), ==, 90);
}

static void
test_one_that_is_missing_leaves_all_as_they_were(CertificatesKit *kit, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        certificates_kit_put(kit, "a.example", 90);
        bool is_loaded = certificates_load(kit->certificates, kit->config, &error);

        g_assert_false(is_loaded);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_TLS);
        g_assert_nonnull(strstr(error->message, "b.example.crt"));
        g_assert_false(tls_server_has_certificate(kit->tls, "a.example"));
        g_assert_false(tls_server_has_certificate(kit->tls, ""));
}

/* What is not configured any more is not served any more. */
static void
test_loading_replaces_all(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_start(kit);
        certificates_kit_use_config(kit, "hosts:\n  b.example:\n");
        certificates_kit_load(kit);

        g_assert_false(tls_server_has_certificate(kit->tls, "a.example"));
        g_assert_true(tls_server_has_certificate(kit->tls, "b.example"));
}

static void
test_another_folder_may_be_named(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\ncertificates:\n  folder: live\n");
        certificate_maker_put(&kit->maker, &(CertificateSpec){.names = "DNS:a.example"},
                              "live/a.example/fullchain.pem", "live/a.example/privkey.pem");
        certificates_kit_load(kit);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
}

/* One certificate costs one context, however many hosts it serves. */
static void
test_hosts_share_a_certificate(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_put_dated(kit, "DNS:a.example,DNS:b.example", "both", -DAY_S, 90 * DAY_S);
        certificates_kit_load(kit);

        g_assert_true(tls_server_certificate(kit->tls, "a.example") ==
                      tls_server_certificate(kit->tls, "b.example"));
}

/* Checking */

static void
test_each_that_is_unusable_is_found_at_its_host(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(kit, "hosts:\n"
                                         "  a.example:\n    certificate: a.crt\n    key: a.key\n"
                                         "  b.example: {}\n");
        certificates_check(kit->config, &kit->findings);

        g_assert_cmpuint(kit->findings.n_errors, ==, 2);
        const ConfigFinding *a = g_ptr_array_index(kit->findings.list, 0);
        const ConfigFinding *b = g_ptr_array_index(kit->findings.list, 1);
        g_assert_nonnull(strstr(a->text, "a.crt"));
        g_assert_cmpuint(a->line, ==, 3);
        g_assert_nonnull(strstr(b->text, "certs/b.example.crt"));
        g_assert_cmpuint(b->line, ==, 5);
}

/* The first report is about a.example. @kind: the one problem of it */
static void
assert_problem(CertificatesKit *kit, CertificateProblemKind kind, const char *text)
{
        g_autoptr(GPtrArray) reports = certificates_examine(kit->config, kit->maker.now);
        const CertificateReport *report = g_ptr_array_index(reports, 0);

        g_assert_cmpstr(report->host->name, ==, "a.example");
        g_assert_cmpuint(report->problems->len, ==, 1);
        const CertificateProblem *problem = g_ptr_array_index(report->problems, 0);
        g_assert_cmpint((int)problem->kind, ==, (int)kind);
        if (strstr(problem->text, text) == NULL)
                g_error("not about \"%s\": %s", text, problem->text);
        g_assert_cmpint(report->certificate == NULL, ==, kind == CERTIFICATE_MISSING);
}

static void
test_what_clients_complain_of_is_known(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\n");
        assert_problem(kit, CERTIFICATE_MISSING, "no certificate for a.example");
        certificates_kit_put_dated(kit, "DNS:a.example", "a", -2 * DAY_S, -DAY_S);
        assert_problem(kit, CERTIFICATE_EXPIRED, "has expired");
        certificates_kit_put_dated(kit, "DNS:a.example", "a", DAY_S, 2 * DAY_S);
        assert_problem(kit, CERTIFICATE_NOT_YET, "not valid yet");
        certificates_kit_put_dated(kit, "DNS:a.example", "a", -DAY_S, 14 * DAY_S - 1);
        assert_problem(kit, CERTIFICATE_ENDS_SOON, "expires in 13 days: renew it");
        certificates_kit_put_dated(kit, "DNS:a.example", "a", -DAY_S, 5 * 60 * 60);
        assert_problem(kit, CERTIFICATE_ENDS_SOON, "expires in 5 hours");
        certificates_kit_put_dated(kit, "DNS:a.example", "a", -DAY_S, 14 * DAY_S);
        g_autoptr(GPtrArray) reports = certificates_examine(kit->config, kit->maker.now);
        const CertificateReport *report = g_ptr_array_index(reports, 0);
        g_assert_cmpuint(report->problems->len, ==, 0);
        g_assert_cmpuint(reports->len, ==, 1);
}

static void
test_a_name_that_is_not_there_is_a_problem(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(
                kit, "hosts:\n  a.example:\n    certificate: z.crt\n    key: z.key\n");
        certificate_maker_put(&kit->maker, &(CertificateSpec){.names = "DNS:z.example"}, "z.crt",
                              "z.key");

        assert_problem(kit, CERTIFICATE_WRONG_NAME, "is not for a.example");
}

static void
test_a_part_of_a_chain_is_a_problem(CertificatesKit *kit, gconstpointer data)
{
        const CertificateSpec spec = {
                .names = "DNS:a.example", .common_name = "a.example", .from_ca = true};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\n");
        certificate_maker_make(&kit->maker, &spec, &made);
        certificate_maker_write(&kit->maker, "certs/a.crt", made.certificate);
        certificate_maker_write(&kit->maker, "certs/a.key", made.key);

        assert_problem(kit, CERTIFICATE_NOT_WHOLE, "use the file with the whole chain");
}

static void
test_files_of_no_use_are_reported(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_put(kit, "a.example", 90);
        certificates_kit_put(kit, "b.example", 90);
        certificate_maker_write(&kit->maker, "certs/broken.pem", "-----BEGIN CERTIFICATE-----");
        g_autoptr(GPtrArray) reports = certificates_examine(kit->config, kit->maker.now);

        g_assert_cmpuint(reports->len, ==, 3);
        const CertificateReport *report = g_ptr_array_index(reports, 2);
        const CertificateProblem *problem = g_ptr_array_index(report->problems, 0);
        g_assert_null(report->host);
        g_assert_cmpint((int)problem->kind, ==, (int)CERTIFICATE_UNUSED_FILE);
        g_assert_nonnull(strstr(problem->text, "broken.pem"));
        certificates_check(kit->config, &kit->findings);
        g_assert_cmpuint(kit->findings.n_errors, ==, 0);
}

/* The countdown */

static void
test_the_end_is_told_once_at_each_step(CertificatesKit *kit, gconstpointer data)
{
        static const struct {
                int day; /* after the certificates_kit_start, of 90 */
                const char *text;
        } steps[] = {
                {60, "certificate for a.example expires in 30 days"},
                {76, "certificate for a.example expires in 14 days: renew "},
                {83, "certificate for a.example expires in 7 days: renew "},
                {89, "certificate for a.example expires in 1 day: renew "},
                {90, "certificate for a.example has expired: clients will refuse it"},
        };
        int day = 0;

        (void)data;
        certificates_kit_use_slow_config(kit);
        certificates_kit_put(kit, "a.example", 90);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
                int64_t days = steps[i].day - day;
                certificates_kit_pass(kit, days * G_TIME_SPAN_DAY - G_TIME_SPAN_SECOND);
                certificates_kit_assert_told_nothing(kit);
                certificates_kit_pass(kit, G_TIME_SPAN_SECOND);
                certificates_kit_assert_told(kit, steps[i].text);
                day = steps[i].day;
        }
        certificates_kit_pass(kit, 30 * G_TIME_SPAN_DAY);
        certificates_kit_assert_told_nothing(kit);
}

static void
test_the_end_is_told_at_the_start(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\n");
        certificates_kit_put(kit, "a.example", 20);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);

        certificates_kit_assert_told(kit, "certificate for a.example expires in 20 days");
        certificates_kit_load(kit);
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);
        certificates_kit_assert_told_nothing(kit);
}

/* certificates_check() says it before, with the line of the host. */
static void
test_what_was_a_finding_is_not_told_again(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_slow_config(kit);
        certificates_kit_put(kit, "a.example", 10);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificates_kit_assert_told_nothing(kit);

        certificates_kit_pass(kit, 3 * G_TIME_SPAN_DAY);
        certificates_kit_assert_told(kit, "expires in 7 days");
}

static void
test_a_renewed_one_has_a_countdown_of_its_own(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_slow_config(kit);
        certificates_kit_put(kit, "a.example", 20);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificates_kit_assert_told(kit, "expires in 20 days");
        certificates_kit_put(kit, "a.example", 40);
        certificates_kit_pass(kit, 2 * G_TIME_SPAN_HOUR);
        certificates_kit_assert_told(kit, "renewed");
        certificates_kit_pass(kit, 10 * G_TIME_SPAN_DAY);

        certificates_kit_assert_told(kit, "certificate for a.example expires in 29 days");
}

#define ADD(path, func)                                                                            \
        g_test_add(path, CertificatesKit, NULL, certificates_kit_set_up, func,                     \
                   certificates_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/certificates/all-are-put-in-force", test_all_are_put_in_force);
        ADD("/certificates/one-that-is-missing-leaves-all-as-they-were",
            test_one_that_is_missing_leaves_all_as_they_were);
        ADD("/certificates/loading-replaces-all", test_loading_replaces_all);
        ADD("/certificates/another-folder-may-be-named", test_another_folder_may_be_named);
        ADD("/certificates/hosts-share-a-certificate", test_hosts_share_a_certificate);
        ADD("/certificates/each-that-is-unusable-is-found-at-its-host",
            test_each_that_is_unusable_is_found_at_its_host);
        ADD("/certificates/what-clients-complain-of-is-known",
            test_what_clients_complain_of_is_known);
        ADD("/certificates/a-name-that-is-not-there-is-a-problem",
            test_a_name_that_is_not_there_is_a_problem);
        ADD("/certificates/a-part-of-a-chain-is-a-problem", test_a_part_of_a_chain_is_a_problem);
        ADD("/certificates/files-of-no-use-are-reported", test_files_of_no_use_are_reported);
        ADD("/certificates/the-end-is-told-once-at-each-step",
            test_the_end_is_told_once_at_each_step);
        ADD("/certificates/the-end-is-told-at-the-start", test_the_end_is_told_at_the_start);
        ADD("/certificates/what-was-a-finding-is-not-told-again",
            test_what_was_a_finding_is_not_told_again);
        ADD("/certificates/a-renewed-one-has-a-countdown-of-its-own",
            test_a_renewed_one_has_a_countdown_of_its_own);
        return g_test_run();
}
