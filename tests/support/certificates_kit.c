/*
 * certificates_kit: see the header.
 */
#include "support/certificates_kit.h"

#include <string.h>

#include "core/log.h"

static void
keep_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        CertificatesKit *kit = data;

        (void)source;
        if (level != MOTET_LOG_DEBUG)
                g_ptr_array_add(kit->log, g_strdup(text));
}

void
certificates_kit_use_config(CertificatesKit *kit, const char *text)
{
        config_free(kit->config);
        kit->config = config_parse(text, -1, kit->maker.dir, &kit->findings);
        g_assert_cmpuint(kit->findings.n_errors, ==, 0);
}

void
certificates_kit_set_up(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        kit->loop = loop_new(true);
        certificate_maker_init(&kit->maker, loop_wall_now(kit->loop) / G_USEC_PER_SEC);
        kit->tls = tls_server_new();
        kit->certificates = certificates_new(kit->loop, kit->tls);
        kit->log = g_ptr_array_new_with_free_func(g_free);
        config_findings_init(&kit->findings);
        certificates_kit_use_config(kit, "hosts:\n  a.example:\n  b.example:\n");
        log_set_func(keep_line, kit);
}

void
certificates_kit_tear_down(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        log_set_func(NULL, NULL);
        certificates_free(kit->certificates);
        loop_free(kit->loop);
        tls_server_free(kit->tls);
        config_findings_clear(&kit->findings);
        config_free(kit->config);
        g_ptr_array_unref(kit->log);
        certificate_maker_clear(&kit->maker);
}

void
certificates_kit_put_dated(CertificatesKit *kit, const char *names, const char *base, int64_t from,
                           int64_t to)
{
        const CertificateSpec spec = {.names = names, .from = from, .to = to};
        g_autofree char *chain_file = g_strconcat("certs/", base, ".crt", NULL);
        g_autofree char *key_file = g_strconcat("certs/", base, ".key", NULL);

        certificate_maker_put(&kit->maker, &spec, chain_file, key_file);
}

void
certificates_kit_put(CertificatesKit *kit, const char *domain, int days)
{
        g_autofree char *names = g_strconcat("DNS:", domain, NULL);

        certificates_kit_put_dated(kit, names, domain, -DAY_S, (int64_t)days * DAY_S);
}

void
certificates_kit_load(CertificatesKit *kit)
{
        g_autoptr(GError) error = NULL;

        certificates_load(kit->certificates, kit->config, &error);
        g_assert_no_error(error);
}

/* With a certificate for each host */
void
certificates_kit_start(CertificatesKit *kit)
{
        certificates_kit_put(kit, "a.example", 90);
        certificates_kit_put(kit, "b.example", 90);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
}

void
certificates_kit_pass(CertificatesKit *kit, int64_t us)
{
        loop_advance(kit->loop, us);
}

/* Days the certificate of @domain has left */
int
certificates_kit_days_of(CertificatesKit *kit, const char *domain)
{
        return (int)((tls_server_expiry(kit->tls, domain) - kit->maker.now) / DAY_S);
}

unsigned
certificates_kit_n_lines_with(CertificatesKit *kit, const char *text)
{
        unsigned n = 0;

        for (guint i = 0; i < kit->log->len; i++)
                n += strstr(g_ptr_array_index(kit->log, i), text) != NULL;
        return n;
}

/* That line was written, once; and nothing else since. */
void
certificates_kit_assert_told(CertificatesKit *kit, const char *text)
{
        if (kit->log->len != 1 || certificates_kit_n_lines_with(kit, text) != 1) {
                g_ptr_array_add(kit->log, NULL);
                g_autofree char *all = g_strjoinv("\n", (char **)kit->log->pdata);
                g_error("expected \"%s\", was told:\n%s", text, all);
        }
        g_ptr_array_set_size(kit->log, 0);
}

void
certificates_kit_assert_told_nothing(CertificatesKit *kit)
{
        for (guint i = 0; i < kit->log->len; i++)
                g_error("was told: %s", (char *)g_ptr_array_index(kit->log, i));
}

/* Days pass with a look an hour: no more is needed of them. */
void
certificates_kit_use_slow_config(CertificatesKit *kit)
{
        certificates_kit_use_config(kit, "hosts:\n  a.example:\ncertificates:\n  look_every: 1h\n");
}
