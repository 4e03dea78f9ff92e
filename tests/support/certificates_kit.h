/*
 * certificates_kit: certificates in force from files that a test replaces, under a driven clock,
 * and what the log was told.
 */
#pragma once

#include "core/certificates.h"
#include "support/certificate_maker.h"

#define LOOK (5 * G_TIME_SPAN_SECOND)
/* A change is seen at one look and taken at the next. */
#define PICK_UP (2 * LOOK)

typedef struct {
        CertificateMaker maker;
        Loop *loop;
        TlsServer *tls;
        Certificates *certificates;
        Config *config;
        ConfigFindings findings;
        GPtrArray *log; /* (own) of lines but debug ones */
} CertificatesKit;

/** certificates_kit_use_config: @text: YAML that must be right; takes effect with the next load */
void certificates_kit_use_config(CertificatesKit *kit, const char *text);
/** certificates_kit_set_up: of a test with g_test_add(); the hosts are a.example and b.example */
void certificates_kit_set_up(CertificatesKit *kit, gconstpointer data);
void certificates_kit_tear_down(CertificatesKit *kit, gconstpointer data);
/** certificates_kit_put_dated: a new pair certs/BASE.crt and .key, @from and @to in seconds from
 * now */
void certificates_kit_put_dated(CertificatesKit *kit, const char *names, const char *base,
                                int64_t from, int64_t to);
/** certificates_kit_put: the same for one domain and days from now */
void certificates_kit_put(CertificatesKit *kit, const char *domain, int days);
void certificates_kit_load(CertificatesKit *kit);
/** certificates_kit_start: puts a certificate for each host, loads and watches */
void certificates_kit_start(CertificatesKit *kit);
void certificates_kit_pass(CertificatesKit *kit, int64_t us);
/** certificates_kit_days_of: Returns: how many days after the start the certificate in force for
 * @domain ends */
int certificates_kit_days_of(CertificatesKit *kit, const char *domain);
unsigned certificates_kit_n_lines_with(CertificatesKit *kit, const char *text);
/** certificates_kit_assert_told: one line was logged since, with @text in it; debug lines do not
 * count */
void certificates_kit_assert_told(CertificatesKit *kit, const char *text);
void certificates_kit_assert_told_nothing(CertificatesKit *kit);
/** certificates_kit_use_slow_config: of a.example alone; for tests in which days pass: with a look
 * an hour */
void certificates_kit_use_slow_config(CertificatesKit *kit);
