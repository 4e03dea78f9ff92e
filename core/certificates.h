/*
 * certificates: the certificate of each host of a configuration: found, put in force, renewed while
 * the server runs, and its end told in time.
 *
 * A host's own files, or else the best of a folder (certificate_stock.h). Disks are slow and may
 * hang: after the start, files are looked at on a worker thread every certificates_period, read
 * when their state has changed and stands still, and what came of it is put in force on the core
 * thread. A renewed certificate is for new handshakes; whoever is connected stays so. What cannot
 * be used leaves the former certificate in force.
 */
#pragma once

#include "core/certificate_stock.h"
#include "core/config.h"
#include "core/tls.h"

typedef struct Certificates Certificates;

/** certificates_new: @loop and @tls outlive it */
Certificates *certificates_new(Loop *loop, TlsServer *tls);
/** certificates_free: what a worker has under way is dropped when it comes back */
void certificates_free(Certificates *certificates);
/**
 * certificates_load:
 *
 * Reads now, waiting for the disk, and puts all in force for new handshakes, that of the first host
 * as the default; on failure the former ones stay. Later looks are for the hosts of @config.
 */
bool certificates_load(Certificates *certificates, const Config *config, GError **error);
/** certificates_watch: from now on looks for changes, and tells when a certificate ends within 30,
 * 14, 7 and 1 days, once each; at once, when it is within them and certificates_check() did not
 * tell */
void certificates_watch(Certificates *certificates);
/** certificates_trouble: Returns: (borrowed) why the certificate of @domain could not be renewed
 * with what is there; NULL when it is the one in force */
const char *certificates_trouble(const Certificates *certificates, const char *domain);

/* Checking, without a server */

typedef enum {
        CERTIFICATE_MISSING, /* the host cannot be served: nothing there, unreadable, no key,
                                damaged */
        CERTIFICATE_EXPIRED,
        CERTIFICATE_NOT_YET,     /* valid from a later day on */
        CERTIFICATE_ENDS_SOON,   /* within 14 days */
        CERTIFICATE_WRONG_NAME,  /* it is not for the host */
        CERTIFICATE_NOT_WHOLE,   /* those that vouch for it are missing in the file, or out of order
                                  */
        CERTIFICATE_UNUSED_FILE, /* of the folder: something in it cannot be used */
} CertificateProblemKind;

typedef struct {
        CertificateProblemKind kind;
        char *text; /* names the file and says what to do */
} CertificateProblem;

typedef struct {
        const ConfigHost *host; /* NULL: about the folder */
        Certificate *
                certificate; /* (own) what is served: files, names, dates, issuers; NULL: nothing */
        GPtrArray *problems; /* (own) of CertificateProblem */
} CertificateReport;

/**
 * certificates_examine:
 * @now: seconds since 1970
 *
 * What this process, running as whom it does, can serve for each host of @config, and what clients
 * will complain of. Waits for the disk.
 *
 * Returns: (own) of CertificateReport, in order of hosts; a last one about the folder when there
 * is something to say
 */
GPtrArray *certificates_examine(const Config *config, int64_t now);
/** certificates_check: a finding for each host whose certificate or key cannot be used, and
 * warnings of what clients will complain of */
void certificates_check(const Config *config, ConfigFindings *findings);
/** certificates_check_folder: the same, and a warning for each file of the folder that is of no
 * use */
void certificates_check_folder(const Config *config, ConfigFindings *findings);

/** certificate_days_text: Returns: (own) "69 days", "1 day", "5 hours" for a time in seconds */
char *certificate_days_text(int64_t seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Certificates, certificates_free)
