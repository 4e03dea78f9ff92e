/*
 * certificates: the certificate of each host of a configuration, put in force all or none.
 */
#include "core/certificates.h"

static bool
set_certificate(TlsServer *tls, const char *domain, const ConfigHost *host, GError **error)
{
        return tls_server_set_certificate(tls, domain, host->certificate, host->key, error);
}

void
certificates_check(const Config *config, ConfigFindings *findings)
{
        g_autoptr(TlsServer) scratch = tls_server_new();

        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                g_autoptr(GError) error = NULL;
                if (!set_certificate(scratch, host->name, host, &error))
                        config_findings_add(findings, false, host->node->file, host->node->line,
                                            host->node->column, "%s", error->message);
        }
}

static bool
load_all(TlsServer *tls, const Config *config, GError **error)
{
        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (i == 0 && !set_certificate(tls, "", host, error))
                        return false;
                if (!set_certificate(tls, host->name, host, error))
                        return false;
        }
        return true;
}

bool
certificates_load(TlsServer *tls, const Config *config, GError **error)
{
        g_autoptr(TlsServer) scratch = tls_server_new();

        return load_all(scratch, config, error) && load_all(tls, config, error);
}
