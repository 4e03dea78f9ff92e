/*
 * certificate_file: PEM files, read whole and bounded; why one cannot be used, and what to do.
 */
#include "core/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <motet/error.h>

#include "core/denial.h"
#include "core/tls_error.h"

#define DASHES "-----"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)

/* A key may be in it. */
typedef struct {
        char *bytes;
        size_t len;
        bool open_to_others; /* every user of the machine may read it */
} Text;

static void
text_clear(Text *text)
{
        if (text->bytes != NULL)
                OPENSSL_cleanse(text->bytes, text->len);
        g_free(text->bytes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Text, text_clear)

/* Reading */

/* Whether looking again is in vain until somebody changes the file. */
static bool
is_lasting(int code)
{
        return code == EACCES || code == ENOENT || code == ENOTDIR || code == ELOOP;
}

static bool
fail_to_open(const char *what, const char *path, int code, GError **error)
{
        const char *advice = "correct the path or put the file there";
        const char *confined = denial_advice(path, R_OK, code);

        if (confined)
                advice = confined;
        else if (code == EACCES)
                advice = "let the server's user read it (chown or chgrp)";
        else if (!is_lasting(code))
                advice = "it is looked at again";
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS, "cannot open %s %s: %s: %s", what, path,
                    g_strerror(code), advice);
        return false;
}

static bool
is_fit_to_read(const char *what, const char *path, const struct stat *status, GError **error)
{
        if (!S_ISREG(status->st_mode)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "%s %s: it is not a file: correct the path", what, path);
                return false;
        }
        if (status->st_size > CERTIFICATE_FILE_MAX) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "%s %s: it has more than %d KiB: no certificate or key has", what, path,
                            CERTIFICATE_FILE_MAX / 1024);
                return false;
        }
        return true;
}

/* Returns: 0 or the error number. The file may have become shorter since it was measured. */
static int
read_all(int fd, size_t size, Text *out)
{
        out->bytes = g_malloc0(size + 1);
        while (out->len < size) {
                ssize_t n = read(fd, out->bytes + out->len, size - out->len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno;
                if (n == 0)
                        break;
                out->len += (size_t)n;
        }
        return 0;
}

static bool
read_descriptor(int fd, const char *what, const char *path, Text *out, bool *unsteady_out,
                GError **error)
{
        struct stat status;

        if (fstat(fd, &status) < 0) {
                *unsteady_out = true;
                return fail_to_open(what, path, errno, error);
        }
        if (!is_fit_to_read(what, path, &status, error))
                return false;
        out->open_to_others = (status.st_mode & S_IRWXO) != 0;
        int code = read_all(fd, (size_t)status.st_size, out);
        *unsteady_out = code != 0;
        return code == 0 || fail_to_open(what, path, code, error);
}

static bool
read_text(const char *path, const char *what, Text *out, bool *unsteady_out, GError **error)
{
        /* O_NONBLOCK: opening a pipe must not wait for its other end. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) {
                int code = errno;

                *unsteady_out = !is_lasting(code);
                return fail_to_open(what, path, code, error);
        }
        bool is_read = read_descriptor(fd, what, path, out, unsteady_out, error);
        close(fd);
        return is_read;
}

/* Blocks */

/* A file that is being written ends where the writer is: what OpenSSL does not miss, as the rest of
 * a block that has not begun, must be missed here. */
static bool
ends_with_a_whole_block(const Text *text)
{
        const char *last = g_strrstr_len(text->bytes, (gssize)text->len, DASHES);
        if (last == NULL)
                return true;

        const char *line = last;
        while (line > text->bytes && line[-1] != '\n')
                line--;
        return g_str_has_prefix(line, DASHES "END ") && last > line;
}

/* Returns: false when there is a damaged one. */
static bool
read_certificates(BIO *bio, STACK_OF(X509) * *certificates_out)
{
        STACK_OF(X509) *certificates = sk_X509_new_null();
        int n = 0;

        for (; n <= CERTIFICATE_CHAIN_MAX; n++) {
                X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
                if (certificate == NULL)
                        break;
                if (sk_X509_push(certificates, certificate) > 0)
                        continue;
                /* No memory: half of a chain is no chain. */
                X509_free(certificate);
                sk_X509_pop_free(certificates, X509_free);
                ERR_clear_error();
                return false;
        }
        /* The end of the file is told as an error too. */
        bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        if (n > 0)
                *certificates_out = certificates;
        else
                sk_X509_free(certificates);
        return at_end;
}

/* Instead of OpenSSL's question on the terminal. */
static int
refuse_passphrase(char *buffer, int size, int is_writing, void *data)
{
        bool *asked = data;

        (void)buffer, (void)size, (void)is_writing;
        *asked = true;
        return -1;
}

static bool
read_key(const Text *text, const char *path, EVP_PKEY **key_out, GError **error)
{
        if (text->open_to_others) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "key %s can be used by every user of this machine: chmod o= %s", path,
                            path);
                return false;
        }
        g_autoptr(BIO) bio = BIO_new_mem_buf(text->bytes, (int)text->len);
        bool asked = false;

        *key_out = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &asked);
        if (*key_out != NULL)
                return true;
        g_autofree char *reason = tls_error_text();
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS, "key %s: %s", path,
                    asked ? "it is encrypted: store it without a passphrase" : reason);
        return false;
}

static bool
fail_damaged(const char *what, const char *path, GError **error)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                    "%s %s: what is in it is damaged, or not written to its end", what, path);
        return false;
}

bool
certificate_file_read(const char *path, const char *what, bool wants_key, CertificateFile *out,
                      GError **error)
{
        g_auto(Text) text = {0};

        *out = (CertificateFile){0};
        if (!read_text(path, what, &text, &out->unsteady, error))
                return false;
        out->has_key = g_strstr_len(text.bytes, (gssize)text.len, "PRIVATE KEY" DASHES) != NULL;

        g_autoptr(BIO) bio = BIO_new_mem_buf(text.bytes, (int)text.len);
        bool is_whole = read_certificates(bio, &out->certificates);
        if (sk_X509_num(out->certificates) > CERTIFICATE_CHAIN_MAX) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "%s %s: it holds more than %d certificates: use one without those of "
                            "others",
                            what, path, CERTIFICATE_CHAIN_MAX);
                return false;
        }
        if (!is_whole || !ends_with_a_whole_block(&text))
                return fail_damaged(what, path, error);
        return !wants_key || !out->has_key || read_key(&text, path, &out->key, error);
}

void
certificate_file_clear(CertificateFile *file)
{
        sk_X509_pop_free(file->certificates, X509_free);
        EVP_PKEY_free(file->key);
        *file = (CertificateFile){0};
}

/* Pairs */

static Certificate *
read_chain(const char *path, GError **error)
{
        g_auto(CertificateFile) file = {0};

        if (!certificate_file_read(path, "certificate", false, &file, error))
                return NULL;
        if (file.certificates == NULL) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "certificate %s: no certificate in PEM form in it", path);
                return NULL;
        }
        X509 *leaf = sk_X509_shift(file.certificates);
        return certificate_new_take(path, leaf, g_steal_pointer(&file.certificates));
}

static bool
read_key_of(Certificate *certificate, const char *key_file, GError **error)
{
        g_auto(CertificateFile) file = {0};

        if (!certificate_file_read(key_file, "key", true, &file, error))
                return false;
        if (file.key == NULL) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                            "key %s: no private key in PEM form in it", key_file);
                return false;
        }
        if (certificate_set_key(certificate, file.key, key_file))
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS,
                    "key %s does not belong to certificate %s: use the two files of one pair",
                    key_file, certificate->file);
        return false;
}

Certificate *
certificate_read(const char *chain_file, const char *key_file, GError **error)
{
        g_autoptr(Certificate) certificate = read_chain(chain_file, error);

        if (certificate == NULL || !read_key_of(certificate, key_file, error))
                return NULL;
        return g_steal_pointer(&certificate);
}
