/*
 * certificate: names, dates and key of one certificate.
 */
#include "core/certificate.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <motet/jid.h>

char *
certificate_ascii_name(const char *domain)
{
        g_autofree char *ascii = g_hostname_to_ascii(domain);

        return ascii == NULL ? NULL : g_ascii_strdown(ascii, -1);
}

char *
certificate_wildcard_name(const char *ascii_name)
{
        const char *dot = strchr(ascii_name, '.');

        return dot == NULL || dot[1] == '\0' ? NULL : g_strconcat("*", dot, NULL);
}

/* Names */

/* Returns: (own) NULL when it holds what no domain holds, a NUL first of all: who reads names as C
 * strings must not see another one than who signed it. */
static char *
text_of(const ASN1_STRING *string)
{
        const char *bytes = (const char *)ASN1_STRING_get0_data(string);
        int len = ASN1_STRING_length(string);

        if (len <= 0 || len > 1023 || memchr(bytes, '\0', (size_t)len) != NULL)
                return NULL;
        char *text = g_strndup(bytes, (gsize)len);
        if (!g_utf8_validate(text, len, NULL) || strpbrk(text, " \t\r\n") != NULL)
                g_clear_pointer(&text, g_free);
        return text;
}

static void
add_name(GPtrArray *names, char *name_take)
{
        g_autofree char *name = name_take;

        if (name == NULL || *name == '\0' || names->len >= CERTIFICATE_NAMES_MAX)
                return;
        if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
                g_ptr_array_add(names, g_steal_pointer(&name));
}

/* RFC 9525 6.3: a wildcard is the whole leftmost label, or it is none. */
static void
add_dns_name(GPtrArray *names, const ASN1_STRING *string)
{
        g_autofree char *text = text_of(string);
        if (text == NULL)
                return;

        const char *rest = g_str_has_prefix(text, "*.") ? text + 2 : text;
        if (strchr(rest, '*') == NULL && g_str_is_ascii(text))
                add_name(names, g_ascii_strdown(text, -1));
}

/* RFC 4985: "_service.domain". */
static void
add_srv_name(GPtrArray *names, const ASN1_STRING *string)
{
        static const char *const services[] = {"_xmpp-client.", "_xmpp-server.", "_xmpps-client.",
                                               "_xmpps-server."};
        g_autofree char *text = text_of(string);

        for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(services); i++) {
                size_t len = strlen(services[i]);
                if (g_ascii_strncasecmp(text, services[i], len) == 0 && strchr(text, '*') == NULL)
                        add_name(names, certificate_ascii_name(text + len));
        }
}

/* RFC 6120 13.7.1.4: a domain as XMPP writes it. */
static void
add_xmpp_address(GPtrArray *names, const ASN1_STRING *string)
{
        g_autofree char *text = text_of(string);
        g_autofree char *domain = text == NULL ? NULL : motet_jid_prepare_domain(text);

        if (domain != NULL)
                add_name(names, certificate_ascii_name(domain));
}

static void
add_other_name(GPtrArray *names, const OTHERNAME *other)
{
        int type = OBJ_obj2nid(other->type_id);
        const ASN1_TYPE *value = other->value;

        if (type == NID_SRVName && value->type == V_ASN1_IA5STRING)
                add_srv_name(names, value->value.ia5string);
        else if (type == NID_XmppAddr && value->type == V_ASN1_UTF8STRING)
                add_xmpp_address(names, value->value.utf8string);
}

/* RFC 6125 6.4.4: the common name counts only where there is no other. */
static void
add_common_name(GPtrArray *names, X509 *leaf)
{
        const X509_NAME *subject = X509_get_subject_name(leaf);
        int last = -1;

        for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;)
                last = i;
        if (last >= 0)
                add_dns_name(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
}

static char **
names_of(X509 *leaf)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        GENERAL_NAMES *alternative = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

        for (int i = 0; i < sk_GENERAL_NAME_num(alternative); i++) {
                const GENERAL_NAME *name = sk_GENERAL_NAME_value(alternative, i);
                if (name->type == GEN_DNS)
                        add_dns_name(names, name->d.dNSName);
                else if (name->type == GEN_OTHERNAME)
                        add_other_name(names, name->d.otherName);
        }
        GENERAL_NAMES_free(alternative);
        if (names->len == 0)
                add_common_name(names, leaf);
        ERR_clear_error();
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

CertificateFit
certificate_fit(const Certificate *certificate, const char *ascii_name)
{
        g_autofree char *wildcard = certificate_wildcard_name(ascii_name);
        const char *const *names = (const char *const *)certificate->names;

        if (g_strv_contains(names, ascii_name))
                return CERTIFICATE_FOR_NAME;
        if (wildcard != NULL && g_strv_contains(names, wildcard))
                return CERTIFICATE_FOR_WILDCARD;
        return CERTIFICATE_FOR_OTHERS;
}

/* Dates, and who vouches */

static int64_t
seconds_of(const ASN1_TIME *at)
{
        struct tm broken_down;

        return ASN1_TIME_to_tm(at, &broken_down) == 1 ? timegm(&broken_down) : 0;
}

bool
certificate_is_valid_at(const Certificate *certificate, int64_t now)
{
        return now >= certificate->valid_from && now < certificate->valid_until;
}

static bool
is_issuer(X509 *issuer, X509 *subject)
{
        return X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(subject)) == 0;
}

bool
certificate_is_whole(const Certificate *certificate)
{
        X509 *last = certificate->leaf;
        int n = sk_X509_num(certificate->issuers);

        if (is_issuer(last, last))
                return true;
        for (int i = 0; i < n; i++) {
                X509 *issuer = sk_X509_value(certificate->issuers, i);
                if (!is_issuer(issuer, last))
                        return false;
                last = issuer;
        }
        return n > 0;
}

/* Objects */

/* Of what was read, OpenSSL keeps the encoding: writing it into a buffer of ours needs no memory of
 * its own. */
static void
hash_certificate(GChecksum *hash, X509 *certificate)
{
        int len = i2d_X509(certificate, NULL);

        g_assert(len > 0);
        g_autofree unsigned char *der = g_malloc((size_t)len);
        unsigned char *end = der;
        g_checksum_update(hash, der, i2d_X509(certificate, &end));
}

static void
set_digest(Certificate *certificate)
{
        g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
        gsize len = CERTIFICATE_DIGEST_BYTES;

        hash_certificate(hash, certificate->leaf);
        for (int i = 0; i < sk_X509_num(certificate->issuers); i++)
                hash_certificate(hash, sk_X509_value(certificate->issuers, i));
        g_checksum_get_digest(hash, certificate->digest, &len);
}

Certificate *
certificate_new_take(const char *file, X509 *leaf, STACK_OF(X509) * issuers)
{
        Certificate *certificate = g_new0(Certificate, 1);

        certificate->refs = 1;
        certificate->file = g_strdup(file);
        certificate->leaf = leaf;
        certificate->issuers = issuers;
        certificate->names = names_of(leaf);
        certificate->valid_from = seconds_of(X509_get0_notBefore(leaf));
        certificate->valid_until = seconds_of(X509_get0_notAfter(leaf));
        set_digest(certificate);
        return certificate;
}

Certificate *
certificate_ref(Certificate *certificate)
{
        certificate->refs++;
        return certificate;
}

void
certificate_unref(Certificate *certificate)
{
        if (certificate == NULL || --certificate->refs > 0)
                return;
        X509_free(certificate->leaf);
        sk_X509_pop_free(certificate->issuers, X509_free);
        EVP_PKEY_free(certificate->key);
        g_strfreev(certificate->names);
        g_free(certificate->file);
        g_free(certificate->key_file);
        g_free(certificate);
}

bool
certificate_set_key(Certificate *certificate, EVP_PKEY *key, const char *key_file)
{
        g_assert(certificate->key == NULL);

        if (X509_check_private_key(certificate->leaf, key) != 1) {
                ERR_clear_error();
                return false;
        }
        EVP_PKEY_up_ref(key);
        certificate->key = key;
        certificate->key_file = g_strdup(key_file);
        return true;
}

bool
certificate_is_same(const Certificate *a, const Certificate *b)
{
        return memcmp(a->digest, b->digest, CERTIFICATE_DIGEST_BYTES) == 0;
}
