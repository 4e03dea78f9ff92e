/*
 * certificate: one certificate with those that vouch for it and its key: whom it is for, until
 * when, and how it is read from files.
 *
 * Source: RFC 6125 section 6.4 and RFC 9525 (names), RFC 6120 section 13.7.1.2.1 (SRVName,
 * xmppAddr).
 */
#pragma once

#include <motet/types.h>
#include <openssl/x509.h>

#define CERTIFICATE_DIGEST_BYTES 32
/* What one file may hold: more is no certificate. */
#define CERTIFICATE_FILE_MAX (256 * 1024)
#define CERTIFICATE_CHAIN_MAX 16
#define CERTIFICATE_NAMES_MAX 1000

/* Worker threads make it, the core thread uses it: never both at once, so the count is a plain
 * one. */
typedef struct {
        unsigned refs;
        char *file;               /* it was read from */
        char *key_file;           /* NULL without key */
        X509 *leaf;               /* the certificate itself */
        STACK_OF(X509) * issuers; /* sent behind it, in the file's order */
        EVP_PKEY *key;            /* NULL: none was found yet */
        char **names; /* domains in ASCII form and lower case, "*.example.org" as it is */
        int64_t valid_from, valid_until;                /* seconds since 1970 */
        unsigned char digest[CERTIFICATE_DIGEST_BYTES]; /* of all that is presented */
        unsigned told; /* days before its end of which the log was told last; 0: none yet */
} Certificate;

/** certificate_new: (take) @leaf and @issuers; no key yet. Returns: (own) */
Certificate *certificate_new_take(const char *file, X509 *leaf, STACK_OF(X509) * issuers);
Certificate *certificate_ref(Certificate *certificate);
/** certificate_unref: NULL is a no-op */
void certificate_unref(Certificate *certificate);
/** certificate_set_key: @key becomes one more user's. Returns: false when it does not belong to
 * it */
bool certificate_set_key(Certificate *certificate, EVP_PKEY *key, const char *key_file);
/** certificate_is_same: whether a client would see no difference */
bool certificate_is_same(const Certificate *a, const Certificate *b);

/** CertificateFit: how a certificate is for a domain; more is better */
typedef enum {
        CERTIFICATE_FOR_OTHERS,   /* clients of the domain refuse it */
        CERTIFICATE_FOR_WILDCARD, /* "*.example.org" for a.example.org, but not for b.a.example.org
                                   */
        CERTIFICATE_FOR_NAME,
} CertificateFit;

/** certificate_ascii_name: Returns: (own) @domain as names of certificates are written; NULL when
 * it cannot be */
char *certificate_ascii_name(const char *domain);
/** certificate_wildcard_name: Returns: (own) "*.example.org" for a.example.org; NULL for a name
 * without a dot */
char *certificate_wildcard_name(const char *ascii_name);
/** certificate_fit: @ascii_name: certificate_ascii_name() of the domain */
CertificateFit certificate_fit(const Certificate *certificate, const char *ascii_name);
/** certificate_is_valid_at: whether @now, seconds since 1970, is between its dates */
bool certificate_is_valid_at(const Certificate *certificate, int64_t now);
/** certificate_is_whole: whether what vouches for it is sent with it, in order; self-signed ones
 * need nothing */
bool certificate_is_whole(const Certificate *certificate);

/* CertificateFile: what one PEM file holds; other blocks in it do not matter. */
typedef struct {
        STACK_OF(X509) * certificates; /* NULL: none */
        EVP_PKEY *key;                 /* NULL: none */
        bool has_key;                  /* there is one, usable or not */
        bool unsteady; /* the machine failed: looking again may help though nothing changed */
} CertificateFile;

void certificate_file_clear(CertificateFile *file);
/**
 * certificate_file_read:
 * @what: "certificate" or "key": what the error calls it
 * @wants_key: a key in it is read as well
 * @out: what could be read, also on failure; for certificate_file_clear()
 *
 * Reads a whole file at once. A key that every user of the machine could use is not read, nor an
 * encrypted one.
 *
 * Returns: false with MOTET_ERROR_TLS naming the file and what to do
 */
bool certificate_file_read(const char *path, const char *what, bool wants_key, CertificateFile *out,
                           GError **error);
/** certificate_read: the pair in two files, which may be one. Returns: (own) NULL with
 * MOTET_ERROR_TLS */
Certificate *certificate_read(const char *chain_file, const char *key_file, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Certificate, certificate_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CertificateFile, certificate_file_clear)
