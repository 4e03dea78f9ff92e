/*
 * Tests of core/certificates.h: all hosts' certificates are put in force, or none.
 */
#include "core/certificates.h"

#include <glib/gstdio.h>
#include <motet/error.h>
#include <string.h>

#include "support/tls_pair.h"

typedef struct {
        TlsFiles files;
        TlsServer *tls;
        Config *config; /* of a.example and b.example */
        ConfigFindings findings;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        tls_files_init(&fixture->files);
        tls_files_make(&fixture->files, "a.example");
        fixture->tls = tls_server_new();
        config_findings_init(&fixture->findings);
        fixture->config = config_parse(
                "hosts:\n"
                "  a.example:\n    certificate: a.example.crt\n    key: a.example.key\n"
                "  b.example:\n    certificate: b.example.crt\n    key: b.example.key\n",
                -1, fixture->files.dir, &fixture->findings);
        g_assert_cmpuint(fixture->findings.n_errors, ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        config_findings_clear(&fixture->findings);
        config_free(fixture->config);
        tls_server_free(fixture->tls);
        tls_files_clear(&fixture->files);
}

static void
test_all_are_put_in_force(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        tls_files_make(&fixture->files, "b.example");
        bool is_loaded = certificates_load(fixture->tls, fixture->config, &error);

        g_assert_no_error(error);
        g_assert_true(is_loaded);
        g_assert_true(tls_server_has_certificate(fixture->tls, "a.example"));
        g_assert_true(tls_server_has_certificate(fixture->tls, "b.example"));
        g_assert_true(tls_server_has_certificate(fixture->tls, ""));
}

static void
test_one_that_is_missing_leaves_all_as_they_were(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        bool is_loaded = certificates_load(fixture->tls, fixture->config, &error);

        g_assert_false(is_loaded);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_TLS);
        g_assert_nonnull(strstr(error->message, "b.example.crt"));
        g_assert_false(tls_server_has_certificate(fixture->tls, "a.example"));
        g_assert_false(tls_server_has_certificate(fixture->tls, ""));
}

static void
test_each_that_is_unusable_is_found_at_its_host(Fixture *fixture, gconstpointer data)
{
        g_autofree char *first = tls_files_path(&fixture->files, "a.example", ".crt");

        (void)data;
        g_assert_cmpint(g_unlink(first), ==, 0);
        certificates_check(fixture->config, &fixture->findings);

        g_assert_cmpuint(fixture->findings.n_errors, ==, 2);
        const ConfigFinding *a = g_ptr_array_index(fixture->findings.list, 0);
        const ConfigFinding *b = g_ptr_array_index(fixture->findings.list, 1);
        g_assert_nonnull(strstr(a->text, "a.example.crt"));
        g_assert_cmpuint(a->line, ==, 3);
        g_assert_nonnull(strstr(b->text, "b.example.crt"));
        g_assert_cmpuint(b->line, ==, 6);
}

/* R3: an operator learns of it with file and line; it is served all the same. */
static void
test_one_that_expires_soon_is_a_warning_at_its_host(Fixture *fixture, gconstpointer data)
{
        g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
        g_autoptr(GError) error = NULL;

        (void)data;
        tls_files_make_with(&fixture->files, "b.example", key, EVP_sha256(), 0,
                            3 * 24 * 60 * 60 - 60);
        certificates_check(fixture->config, &fixture->findings);

        g_assert_cmpuint(fixture->findings.n_errors, ==, 0);
        g_assert_cmpuint(fixture->findings.list->len, ==, 1);
        const ConfigFinding *b = g_ptr_array_index(fixture->findings.list, 0);
        g_assert_true(b->warning);
        g_assert_nonnull(strstr(b->text, "expires in 2 days"));
        g_assert_cmpuint(b->line, ==, 6);
        g_assert_true(certificates_load(fixture->tls, fixture->config, &error));
}

/* What is not configured any more is not served any more. */
static void
test_loading_replaces_all(Fixture *fixture, gconstpointer data)
{
        g_autofree char *chain = tls_files_path(&fixture->files, "a.example", ".crt");
        g_autofree char *key = tls_files_path(&fixture->files, "a.example", ".key");
        g_autoptr(GError) error = NULL;

        (void)data;
        tls_files_make(&fixture->files, "b.example");
        tls_server_set_certificate(fixture->tls, "former.example", chain, key, &error);
        g_assert_no_error(error);
        certificates_load(fixture->tls, fixture->config, &error);

        g_assert_no_error(error);
        g_assert_false(tls_server_has_certificate(fixture->tls, "former.example"));
        g_assert_true(tls_server_has_certificate(fixture->tls, "b.example"));
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/certificates/all-are-put-in-force", test_all_are_put_in_force);
        ADD("/certificates/one-that-is-missing-leaves-all-as-they-were",
            test_one_that_is_missing_leaves_all_as_they_were);
        ADD("/certificates/each-that-is-unusable-is-found-at-its-host",
            test_each_that_is_unusable_is_found_at_its_host);
        ADD("/certificates/one-that-expires-soon-is-a-warning-at-its-host",
            test_one_that_expires_soon_is_a_warning_at_its_host);
        ADD("/certificates/loading-replaces-all", test_loading_replaces_all);
        return g_test_run();
}
