/*
 * certificate_maker: see the header.
 */
#include "support/certificate_maker.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

static void
add_common_name(X509_NAME *name, const char *text)
{
        if (text != NULL)
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text,
                                           -1, -1, 0);
}

static void
add_names(X509 *certificate, const char *names)
{
        if (names == NULL)
                return;
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        g_assert_nonnull(extension);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
}

/* Not signed yet. */
static X509 *
make_body(CertificateMaker *maker, const CertificateSpec *spec, EVP_PKEY *key)
{
        X509 *certificate = X509_new();
        bool is_usual = spec->from == 0 && spec->to == 0;

        X509_set_version(certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++maker->n_made);
        ASN1_TIME_set(X509_getm_notBefore(certificate),
                      maker->now + (is_usual ? -DAY_S : spec->from));
        ASN1_TIME_set(X509_getm_notAfter(certificate),
                      maker->now + (is_usual ? 90 * DAY_S : spec->to));
        add_common_name(X509_get_subject_name(certificate), spec->common_name);
        X509_set_pubkey(certificate, key);
        add_names(certificate, spec->names);
        return certificate;
}

static char *
text_of(BIO *bio)
{
        char *bytes;
        long len = BIO_get_mem_data(bio, &bytes);

        return g_strndup(bytes, (gsize)len);
}

static char *
certificate_text(X509 *certificate)
{
        g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

        g_assert_cmpint(PEM_write_bio_X509(bio, certificate), ==, 1);
        return text_of(bio);
}

static char *
key_text(EVP_PKEY *key)
{
        g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

        g_assert_cmpint(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), ==, 1);
        return text_of(bio);
}

void
certificate_maker_make(CertificateMaker *maker, const CertificateSpec *spec, MadeCertificate *out)
{
        g_autoptr(EVP_PKEY) fresh = spec->key == NULL ? EVP_EC_gen("P-256") : NULL;
        EVP_PKEY *key = spec->key == NULL ? fresh : spec->key;
        g_autoptr(X509) certificate = make_body(maker, spec, key);
        X509 *issuer = spec->from_ca ? maker->ca : certificate;
        EVP_PKEY *signer = spec->from_ca ? maker->ca_key : key;

        X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
        g_assert_cmpint(X509_sign(certificate, signer, EVP_sha256()), >, 0);
        *out = (MadeCertificate){
                .certificate = certificate_text(certificate),
                .ca = certificate_text(maker->ca),
                .key = key_text(key),
        };
}

void
made_certificate_clear(MadeCertificate *made)
{
        g_free(made->certificate);
        g_free(made->ca);
        g_free(made->key);
}

void
certificate_maker_init(CertificateMaker *maker, int64_t now)
{
        const CertificateSpec spec = {.common_name = "A Test Authority"};

        *maker = (CertificateMaker){
                .dir = g_dir_make_tmp("motet-certs-XXXXXX", NULL),
                .now = now,
                .ca_key = EVP_EC_gen("P-256"),
        };
        g_assert_nonnull(maker->dir);
        maker->ca = make_body(maker, &spec, maker->ca_key);
        X509_set_issuer_name(maker->ca, X509_get_subject_name(maker->ca));
        g_assert_cmpint(X509_sign(maker->ca, maker->ca_key, EVP_sha256()), >, 0);
}

static void
remove_all(const char *path)
{
        GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
        const char *name;

        while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
                g_autofree char *entry = g_build_filename(path, name, NULL);
                remove_all(entry);
        }
        if (dir != NULL)
                g_dir_close(dir);
        g_remove(path);
}

void
certificate_maker_clear(CertificateMaker *maker)
{
        remove_all(maker->dir);
        g_free(maker->dir);
        EVP_PKEY_free(maker->ca_key);
        X509_free(maker->ca);
}

char *
certificate_maker_path(const CertificateMaker *maker, const char *name)
{
        return g_build_filename(maker->dir, name, NULL);
}

static void
make_parents(const char *path)
{
        g_autofree char *parent = g_path_get_dirname(path);

        g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
}

void
certificate_maker_write(const CertificateMaker *maker, const char *name, const char *text)
{
        g_autofree char *path = certificate_maker_path(maker, name);
        size_t len = strlen(text);

        make_parents(path);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, text, len), ==, (gssize)len);
        close(fd);
}

void
certificate_maker_link(const CertificateMaker *maker, const char *name, const char *target)
{
        g_autofree char *path = certificate_maker_path(maker, name);
        g_autofree char *fresh = g_strconcat(path, ".new", NULL);

        make_parents(path);
        g_assert_cmpint(symlink(target, fresh), ==, 0);
        g_assert_cmpint(g_rename(fresh, path), ==, 0);
}

void
certificate_maker_put(CertificateMaker *maker, const CertificateSpec *spec, const char *chain_file,
                      const char *key_file)
{
        g_auto(MadeCertificate) made = {0};

        certificate_maker_make(maker, spec, &made);
        g_autofree char *chain = g_strconcat(made.certificate, spec->from_ca ? made.ca : "", NULL);
        certificate_maker_write(maker, chain_file, chain);
        certificate_maker_write(maker, key_file, made.key);
}
