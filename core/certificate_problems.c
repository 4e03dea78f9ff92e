/*
 * certificate_problems: dates, names and chains, in words; a report on every host of a
 * configuration.
 */
#include "core/certificate_problems.h"

#include <inttypes.h>
#include <string.h>

#define ENDS_SOON_DAYS 14

void
certificate_problem_free(CertificateProblem *problem)
{
        g_free(problem->text);
        g_free(problem);
}

static void
add_problem(GPtrArray *problems, CertificateProblemKind kind, char *text_take)
{
        CertificateProblem *problem = g_new(CertificateProblem, 1);

        *problem = (CertificateProblem){.kind = kind, .text = text_take};
        g_ptr_array_add(problems, problem);
}

char *
certificate_days_text(int64_t seconds)
{
        int64_t days = seconds / CERTIFICATE_DAY_S;
        int64_t hours = seconds / 3600;

        if (days > 0)
                return g_strdup_printf("%" PRId64 " day%s", days, days == 1 ? "" : "s");
        return g_strdup_printf("%" PRId64 " hour%s", hours, hours == 1 ? "" : "s");
}

void
certificate_problems_dates(const Certificate *certificate, int64_t now, GPtrArray *problems)
{
        int64_t left = certificate->valid_until - now;

        if (left <= 0) {
                add_problem(problems, CERTIFICATE_EXPIRED,
                            g_strdup_printf(
                                    "certificate %s has expired: clients will refuse it; renew it",
                                    certificate->file));
        } else if (certificate->valid_from > now) {
                add_problem(problems, CERTIFICATE_NOT_YET,
                            g_strdup_printf(
                                    "certificate %s is not valid yet: check the clock and the file",
                                    certificate->file));
        } else if (left < ENDS_SOON_DAYS * CERTIFICATE_DAY_S) {
                g_autofree char *rest = certificate_days_text(left);
                add_problem(problems, CERTIFICATE_ENDS_SOON,
                            g_strdup_printf("certificate %s expires in %s: renew it",
                                            certificate->file, rest));
        }
}

void
certificate_problems_use(const Certificate *certificate, const CertificateWanted *host,
                         GPtrArray *problems)
{
        if (certificate_fit(certificate, host->ascii_name) == CERTIFICATE_FOR_OTHERS)
                add_problem(problems, CERTIFICATE_WRONG_NAME,
                            g_strdup_printf("certificate %s is not for %s: clients will refuse it",
                                            certificate->file, host->domain));
        if (!certificate_is_whole(certificate))
                add_problem(problems, CERTIFICATE_NOT_WHOLE,
                            g_strdup_printf(
                                    "certificate %s does not hold, in order, the certificates that "
                                    "vouch for it: many clients will refuse it; use the file with "
                                    "the whole chain",
                                    certificate->file));
}

CertificatePlan *
certificate_plan_of(const Config *config)
{
        CertificatePlan *plan = certificate_plan_new(config->certificates_dir);

        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                bool is_pair = host->certificate != NULL && host->key != NULL;
                certificate_plan_add(plan, host->name, is_pair ? host->certificate : NULL,
                                     is_pair ? host->key : NULL);
        }
        return plan;
}

/* Reports */

static void
report_free(void *data)
{
        CertificateReport *report = data;

        certificate_unref(report->certificate);
        g_ptr_array_unref(report->problems);
        g_free(report);
}

static CertificateReport *
report_new(const ConfigHost *host)
{
        CertificateReport *report = g_new0(CertificateReport, 1);

        report->host = host;
        report->problems = g_ptr_array_new_with_free_func((GDestroyNotify)certificate_problem_free);
        return report;
}

static CertificateReport *
examine_host(const CertificateStock *stock, const ConfigHost *host, const CertificateWanted *wanted,
             int64_t now)
{
        CertificateReport *report = report_new(host);
        Certificate *best = certificate_stock_best(stock, wanted, now);

        if (best == NULL) {
                add_problem(report->problems, CERTIFICATE_MISSING,
                            certificate_stock_why(stock, wanted));
                return report;
        }
        report->certificate = certificate_ref(best);
        certificate_problems_dates(best, now, report->problems);
        certificate_problems_use(best, wanted, report->problems);
        return report;
}

static CertificateReport *
examine_folder(const CertificateStock *stock)
{
        CertificateReport *report = report_new(NULL);

        for (guint i = 0; i < stock->troubles->len; i++) {
                const CertificateTrouble *trouble = g_ptr_array_index(stock->troubles, i);
                add_problem(report->problems, CERTIFICATE_UNUSED_FILE, g_strdup(trouble->text));
        }
        return report;
}

GPtrArray *
certificates_examine(const Config *config, int64_t now)
{
        g_autoptr(CertificatePlan) plan = certificate_plan_of(config);
        g_autoptr(CertificateStock) stock = certificate_stock_look(plan);
        GPtrArray *reports = g_ptr_array_new_with_free_func(report_free);

        certificate_stock_read(stock);
        for (guint i = 0; i < config->hosts->len; i++)
                g_ptr_array_add(reports, examine_host(stock, g_ptr_array_index(config->hosts, i),
                                                      g_ptr_array_index(plan->hosts, i), now));
        if (stock->troubles->len > 0)
                g_ptr_array_add(reports, examine_folder(stock));
        return reports;
}

static void
add_findings(const CertificateReport *report, const ConfigNode *node, ConfigFindings *findings)
{
        static const FindingId ids[] = {
                [CERTIFICATE_MISSING] = FINDING_CERTS_UNUSABLE,
                [CERTIFICATE_EXPIRED] = FINDING_CERTS_EXPIRED,
                [CERTIFICATE_NOT_YET] = FINDING_CERTS_NOT_YET_VALID,
                [CERTIFICATE_ENDS_SOON] = FINDING_CERTS_EXPIRES_SOON,
                [CERTIFICATE_WRONG_NAME] = FINDING_CERTS_WRONG_NAME,
                [CERTIFICATE_NOT_WHOLE] = FINDING_CERTS_INCOMPLETE_CHAIN,
                [CERTIFICATE_UNUSED_FILE] = FINDING_CERTS_UNUSED_FILE,
        };

        for (guint i = 0; i < report->problems->len; i++) {
                const CertificateProblem *problem = g_ptr_array_index(report->problems, i);
                config_findings_add(findings, ids[problem->kind], node->file, node->line,
                                    node->column, "%s", problem->text);
        }
}

static void
check_all(const Config *config, bool with_folder, ConfigFindings *findings)
{
        const ConfigNode folder = {.file = config->certificates_dir};
        g_autoptr(GPtrArray) reports =
                certificates_examine(config, g_get_real_time() / G_USEC_PER_SEC);

        for (guint i = 0; i < reports->len; i++) {
                const CertificateReport *report = g_ptr_array_index(reports, i);
                if (report->host)
                        add_findings(report, report->host->node, findings);
                else if (with_folder)
                        add_findings(report, &folder, findings);
        }
}

void
certificates_check(const Config *config, ConfigFindings *findings)
{
        check_all(config, false, findings);
}

void
certificates_check_folder(const Config *config, ConfigFindings *findings)
{
        check_all(config, true, findings);
}
