/*
 * certificate_maker: certificates of every kind, in files below a folder of their own.
 */
#pragma once

#include <motet/types.h>
#include <openssl/x509.h>

#define DAY_S (24 * 60 * 60)

typedef struct {
        char *dir;
        int64_t now;      /* what dates are counted from, seconds since 1970 */
        EVP_PKEY *ca_key; /* of an authority */
        X509 *ca;
        unsigned n_made;
} CertificateMaker;

/* What is zero is usual: self-signed, a new key, from yesterday for 90 days. */
typedef struct {
        /* as openssl writes subjectAltName: "DNS:a.example,DNS:*.a.example"; NULL: none */
        const char *names;
        const char *common_name; /* NULL: none */
        int64_t from, to;        /* seconds from now; both 0: as usual */
        bool from_ca;            /* signed by the authority */
        EVP_PKEY *key;
} CertificateSpec;

typedef struct {
        char *certificate, *ca, *key; /* in PEM form; @ca is the authority's */
} MadeCertificate;

void certificate_maker_init(CertificateMaker *maker, int64_t now);
/** certificate_maker_clear: removes the folder with all that is in it */
void certificate_maker_clear(CertificateMaker *maker);
/** certificate_maker_path: Returns: (own) @name in the folder */
char *certificate_maker_path(const CertificateMaker *maker, const char *name);
void certificate_maker_make(CertificateMaker *maker, const CertificateSpec *spec,
                            MadeCertificate *out);
void made_certificate_clear(MadeCertificate *made);
/** certificate_maker_write: text into the file @name (folders are made for it), replaced in
 * place, closed to others */
void certificate_maker_write(const CertificateMaker *maker, const char *name, const char *text);
/** certificate_maker_link: @name becomes a link to @target, instead of what it was, by a rename */
void certificate_maker_link(const CertificateMaker *maker, const char *name, const char *target);
/** certificate_maker_put: a new pair in @chain_file and @key_file; the chain is whole */
void certificate_maker_put(CertificateMaker *maker, const CertificateSpec *spec,
                           const char *chain_file, const char *key_file);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MadeCertificate, made_certificate_clear)
