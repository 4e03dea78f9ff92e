/*
 * fuzz_certificate: any bytes as a PEM file of a certificate and its key, and as the body of one in
 * it.
 *
 * The first byte chooses: the file as it is; or what follows encoded as a certificate, or as a key,
 * so that ASN.1 is reached.
 */
#include "core/certificate.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
append_block(GString *text, const char *label, const uint8_t *bytes, size_t n)
{
        g_autofree char *body = g_base64_encode(bytes, n);

        g_string_append_printf(text, "-----BEGIN %s-----\n", label);
        for (const char *line = body; *line; line += MIN(strlen(line), 64))
                g_string_append_printf(text, "%.64s\n", line);
        g_string_append_printf(text, "-----END %s-----\n", label);
}

static GString *
make_text(const uint8_t *bytes, size_t n)
{
        GString *text = g_string_new(NULL);

        switch (bytes[0] % 4) {
        case 0:
                append_block(text, "CERTIFICATE", bytes + 1, n - 1);
                break;
        case 1:
                append_block(text, "PRIVATE KEY", bytes + 1, n - 1);
                break;
        case 2:
                append_block(text, "CERTIFICATE", bytes + 1, (n - 1) / 2);
                append_block(text, "EC PRIVATE KEY", bytes + 1 + (n - 1) / 2, n - 1 - (n - 1) / 2);
                break;
        default:
                g_string_append_len(text, (const char *)bytes + 1, (gssize)(n - 1));
        }
        return text;
}

static void
use(const Certificate *certificate)
{
        static const char *const names[] = {"example.org", "a.example.org",
                                            "xn--bcher-kva.example"};

        g_assert_nonnull(certificate->leaf);
        g_assert_cmpuint(g_strv_length(certificate->names), <=, CERTIFICATE_NAMES_MAX);
        for (char **name = certificate->names; *name; name++)
                g_assert_true(g_utf8_validate(*name, -1, NULL));
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                certificate_fit(certificate, names[i]);
        certificate_is_valid_at(certificate, 1800000000);
        certificate_is_whole(certificate);
        g_assert_true(certificate_is_same(certificate, certificate));
}

static void
try_parts(const char *path)
{
        g_autoptr(GError) error = NULL;
        g_auto(CertificateFile) file = {0};
        bool is_read = certificate_file_read(path, "certificate", true, &file, &error);

        g_assert_true(is_read == (error == NULL));
        g_assert_cmpint(sk_X509_num(file.certificates), <=, CERTIFICATE_CHAIN_MAX + 1);
        if (!is_read || !file.certificates)
                return;
        X509 *leaf = sk_X509_shift(file.certificates);
        g_autoptr(Certificate) certificate =
                certificate_new_take(path, leaf, g_steal_pointer(&file.certificates));
        use(certificate);
        if (file.key)
                certificate_set_key(certificate, file.key, path);
}

static void
try_pair(const char *path)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Certificate) certificate = certificate_read(path, path, &error);

        g_assert_true(certificate ? error == NULL : error != NULL);
        if (!certificate)
                return;
        g_autoptr(TlsServer) tls = tls_server_new();
        if (tls_server_use(tls, "example.org", certificate, NULL))
                g_assert_true(tls_server_has_certificate(tls, "example.org"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        if (n == 0)
                return 0;
        g_autoptr(GString) text = make_text(bytes, n);
        int fd = memfd_create("certificate", MFD_CLOEXEC);
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

        g_assert_true(fchmod(fd, 0600) == 0);
        g_assert_cmpint(write(fd, text->str, text->len), ==, (gssize)text->len);
        try_parts(path);
        try_pair(path);
        close(fd);
        g_assert_cmpuint(ERR_peek_error(), ==, 0);
        return 0;
}
