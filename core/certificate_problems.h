/*
 * certificate_problems: what clients of a domain will complain of in a certificate.
 */
#pragma once

#include "core/certificates.h"

#define CERTIFICATE_DAY_S (24 * 60 * 60)

void certificate_problem_free(CertificateProblem *problem);
/** certificate_problems_dates: adds to @problems what is wrong with the dates at @now */
void certificate_problems_dates(const Certificate *certificate, int64_t now, GPtrArray *problems);
/** certificate_problems_use: adds what is wrong with it for @host, whatever the day */
void certificate_problems_use(const Certificate *certificate, const CertificateWanted *host,
                              GPtrArray *problems);
/** certificate_plan_of: Returns: (own) what @config wants */
CertificatePlan *certificate_plan_of(const Config *config);
