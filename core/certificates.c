/*
 * certificates: the certificate of each host of a configuration, put in force all or none.
 */
#include "core/certificates.h"

static bool
set_certificate(TlsServer *tls, const ConfigHost *host, GError **error)
{
        return tls_server_set_certificate(tls, host->name, host->certificate, host->key, error);
}

static void
check_host(TlsServer *scratch, const ConfigHost *host, ConfigFindings *findings)
{
        g_autoptr(GError) error = NULL;

        if (!set_certificate(scratch, host, &error)) {
                config_findings_add(findings, false, host->node->file, host->node->line,
                                    host->node->column, "%s", error->message);
                return;
        }
        g_auto(GStrv) problems = tls_server_problems(scratch, host->name);
        for (char **problem = problems; *problem; problem++)
                config_findings_add(findings, true, host->node->file, host->node->line,
                                    host->node->column, "%s", *problem);
}

void
certificates_check(const Config *config, ConfigFindings *findings)
{
        g_autoptr(TlsServer) scratch = tls_server_new();

        for (guint i = 0; i < config->hosts->len; i++)
                check_host(scratch, g_ptr_array_index(config->hosts, i), findings);
}

bool
certificates_load(TlsServer *tls, const Config *config, GError **error)
{
        g_autoptr(TlsServer) fresh = tls_server_new();

        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (!set_certificate(fresh, host, error))
                        return false;
                if (i == 0)
                        tls_server_set_default(fresh, host->name);
        }
        tls_server_take_all(tls, g_steal_pointer(&fresh));
        return true;
}
