/*
 * certificate_stock: reading what is there, giving certificates their keys, choosing.
 */
#include "core/certificate_stock.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/tls.h"

#define TROUBLES_TOLD 3

/* Plans */

static void
wanted_free(void *data)
{
        CertificateWanted *wanted = data;

        g_free(wanted->domain);
        g_free(wanted->ascii_name);
        g_free(wanted->certificate);
        g_free(wanted->key);
        g_free(wanted);
}

CertificatePlan *
certificate_plan_new(const char *folder)
{
        CertificatePlan *plan = g_atomic_rc_box_new0(CertificatePlan);

        plan->folder = g_strdup(folder);
        plan->hosts = g_ptr_array_new_with_free_func(wanted_free);
        return plan;
}

void
certificate_plan_add(CertificatePlan *plan, const char *domain, const char *certificate,
                     const char *key)
{
        CertificateWanted *wanted = g_new0(CertificateWanted, 1);

        wanted->domain = g_strdup(domain);
        wanted->ascii_name = certificate_ascii_name(domain);
        if (wanted->ascii_name == NULL)
                wanted->ascii_name = g_strdup(domain);
        wanted->certificate = g_strdup(certificate);
        wanted->key = g_strdup(key);
        plan->uses_folder = plan->uses_folder || certificate == NULL;
        g_ptr_array_add(plan->hosts, wanted);
}

CertificatePlan *
certificate_plan_ref(CertificatePlan *plan)
{
        return g_atomic_rc_box_acquire(plan);
}

static void
plan_clear(void *data)
{
        CertificatePlan *plan = data;

        g_ptr_array_unref(plan->hosts);
        g_free(plan->folder);
}

void
certificate_plan_unref(CertificatePlan *plan)
{
        if (plan != NULL)
                g_atomic_rc_box_release_full(plan, plan_clear);
}

/* Looking */

static void
trouble_free(void *data)
{
        CertificateTrouble *trouble = data;

        g_free(trouble->file);
        certificate_unref(trouble->certificate);
        g_free(trouble->text);
        g_free(trouble);
}

static void
add_trouble(CertificateStock *stock, const char *file, Certificate *certificate, char *text_take)
{
        CertificateTrouble *trouble = g_new(CertificateTrouble, 1);

        *trouble = (CertificateTrouble){
                .file = g_strdup(file),
                .certificate = certificate == NULL ? NULL : certificate_ref(certificate),
                .text = text_take,
        };
        g_ptr_array_add(stock->troubles, trouble);
}

CertificateStock *
certificate_stock_look(CertificatePlan *plan)
{
        CertificateStock *stock = g_new0(CertificateStock, 1);

        stock->plan = certificate_plan_ref(plan);
        stock->usable = g_ptr_array_new_with_free_func((GDestroyNotify)certificate_unref);
        stock->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                               (GDestroyNotify)g_ptr_array_unref);
        stock->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                             (GDestroyNotify)certificate_unref);
        stock->failed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        stock->troubles = g_ptr_array_new_with_free_func(trouble_free);
        certificate_folder_init(&stock->walk);
        if (plan->uses_folder)
                certificate_folder_walk(&stock->walk, plan->folder);
        for (guint i = 0; i < plan->hosts->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(plan->hosts, i);
                if (host->certificate == NULL)
                        continue;
                certificate_folder_note(&stock->walk, host->certificate);
                certificate_folder_note(&stock->walk, host->key);
        }
        stock->state = g_strdup(g_checksum_get_string(stock->walk.state));
        return stock;
}

void
certificate_stock_free(CertificateStock *stock)
{
        if (stock == NULL)
                return;
        certificate_folder_clear(&stock->walk);
        g_hash_table_unref(stock->by_name);
        g_hash_table_unref(stock->named);
        g_hash_table_unref(stock->failed);
        g_ptr_array_unref(stock->usable);
        g_ptr_array_unref(stock->troubles);
        certificate_plan_unref(stock->plan);
        g_free(stock->state);
        g_free(stock);
}

/* Reading: what is on the table while the files of a folder are read */

typedef struct {
        CertificateStock *stock;
        GHashTable *wanted;      /* names that a certificate of use has one of */
        GPtrArray *certificates; /* (own) of use */
        GHashTable *lacking;     /* (own) hash of a public key that a certificate needs, a set */
        GPtrArray *key_files;    /* (borrowed) paths with a key in them */
        GHashTable *keys;        /* (own) hash of its public key -> (own) KeyFile */
} Reading;

typedef struct {
        EVP_PKEY *key;
        const char *file;
} KeyFile;

static void
key_file_free(void *data)
{
        KeyFile *file = data;

        EVP_PKEY_free(file->key);
        g_free(file);
}

static void
want_names(GHashTable *wanted, const char *ascii_name)
{
        g_hash_table_add(wanted, g_strdup(ascii_name));
        char *wildcard = certificate_wildcard_name(ascii_name);
        if (wildcard != NULL)
                g_hash_table_add(wanted, wildcard);
}

/* Returns: (borrowed) the domain @ascii_name is directly below; NULL when that is a top-level
 * one */
static const char *
parent_of(const char *ascii_name)
{
        const char *dot = strchr(ascii_name, '.');

        return dot != NULL && strchr(dot + 1, '.') != NULL ? dot + 1 : NULL;
}

static GHashTable *
names_wanted(const CertificatePlan *plan)
{
        GHashTable *wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (guint i = 0; i < plan->hosts->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(plan->hosts, i);
                const char *name = host->certificate == NULL ? host->ascii_name : NULL;
                for (; name != NULL; name = parent_of(name))
                        want_names(wanted, name);
        }
        return wanted;
}

static bool
is_of_use(const Reading *reading, const Certificate *certificate)
{
        for (char **name = certificate->names; *name != NULL; name++)
                if (g_hash_table_contains(reading->wanted, *name))
                        return true;
        return false;
}

/* Returns: (own) hexadecimal hash of a public key */
static char *
hash_of(EVP_PKEY *key)
{
        unsigned char *der = NULL;
        int len = key == NULL ? -1 : i2d_PUBKEY(key, &der);

        if (len <= 0) {
                ERR_clear_error();
                return g_strdup("");
        }
        char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, der, (gsize)len);
        OPENSSL_free(der);
        return hash;
}

static char *
hash_of_leaf(const Certificate *certificate)
{
        return hash_of(X509_get0_pubkey(certificate->leaf));
}

static void
take_chain(Reading *reading, const char *path, CertificateFile *file)
{
        X509 *leaf = sk_X509_shift(file->certificates);
        g_autoptr(Certificate) certificate =
                certificate_new_take(path, leaf, g_steal_pointer(&file->certificates));

        reading->stock->n_seen++;
        if (!is_of_use(reading, certificate))
                return;
        g_hash_table_add(reading->lacking, hash_of_leaf(certificate));
        g_ptr_array_add(reading->certificates, g_steal_pointer(&certificate));
}

static void
read_certificates_of(Reading *reading, const char *path)
{
        g_auto(CertificateFile) file = {0};
        g_autoptr(GError) error = NULL;
        bool is_read = certificate_file_read(path, "certificate", false, &file, &error);

        reading->stock->unsteady |= file.unsteady;
        if (!is_read) {
                add_trouble(reading->stock, path, NULL, g_strdup(error->message));
                return;
        }
        if (file.has_key)
                g_ptr_array_add(reading->key_files, (gpointer)(uintptr_t)path);
        if (file.certificates != NULL)
                take_chain(reading, path, &file);
}

/* Keys of others are forgotten at once. */
static void
read_key_of(Reading *reading, const char *path)
{
        g_auto(CertificateFile) file = {0};
        g_autoptr(GError) error = NULL;
        bool is_read = certificate_file_read(path, "key", true, &file, &error);

        reading->stock->unsteady |= file.unsteady;
        if (!is_read) {
                add_trouble(reading->stock, path, NULL, g_strdup(error->message));
                return;
        }
        g_autofree char *hash = file.key == NULL ? NULL : hash_of(file.key);
        if (hash == NULL || !g_hash_table_contains(reading->lacking, hash))
                return;
        KeyFile *found = g_new(KeyFile, 1);
        *found = (KeyFile){.key = g_steal_pointer(&file.key), .file = path};
        g_hash_table_replace(reading->keys, g_steal_pointer(&hash), found);
}

static void
index_certificate(CertificateStock *stock, Certificate *certificate)
{
        for (char **name = certificate->names; *name != NULL; name++) {
                GPtrArray *list = g_hash_table_lookup(stock->by_name, *name);
                if (list == NULL) {
                        list = g_ptr_array_new();
                        g_hash_table_insert(stock->by_name, g_strdup(*name), list);
                }
                g_ptr_array_add(list, certificate);
        }
}

static void
give_key(Reading *reading, Certificate *certificate)
{
        g_autofree char *hash = hash_of_leaf(certificate);
        const KeyFile *found = g_hash_table_lookup(reading->keys, hash);
        CertificateStock *stock = reading->stock;
        g_autoptr(GError) error = NULL;

        if (found == NULL || !certificate_set_key(certificate, found->key, found->file)) {
                add_trouble(stock, certificate->file, certificate,
                            g_strdup_printf("certificate %s: no key that can be used belongs to it",
                                            certificate->file));
                return;
        }
        if (!tls_accepts(certificate, &error)) {
                add_trouble(stock, certificate->file, NULL, g_strdup(error->message));
                return;
        }
        index_certificate(stock, certificate);
        g_ptr_array_add(stock->usable, certificate_ref(certificate));
}

static void
read_folder(CertificateStock *stock)
{
        const GPtrArray *files = stock->walk.files;
        g_autoptr(GHashTable) wanted = names_wanted(stock->plan);
        g_autoptr(GPtrArray) certificates =
                g_ptr_array_new_with_free_func((GDestroyNotify)certificate_unref);
        g_autoptr(GHashTable) lacking =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GPtrArray) key_files = g_ptr_array_new();
        g_autoptr(GHashTable) keys =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, key_file_free);
        Reading reading = {stock, wanted, certificates, lacking, key_files, keys};

        for (guint i = 0; i < stock->walk.problems->len; i++)
                add_trouble(stock, NULL, NULL,
                            g_strdup(g_ptr_array_index(stock->walk.problems, i)));
        for (guint i = 0; i < files->len; i++)
                read_certificates_of(&reading, g_ptr_array_index(files, i));
        for (guint i = 0; i < key_files->len; i++)
                read_key_of(&reading, g_ptr_array_index(key_files, i));
        for (guint i = 0; i < certificates->len; i++)
                give_key(&reading, g_ptr_array_index(certificates, i));
}

static void
read_named(CertificateStock *stock, const CertificateWanted *host)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Certificate) certificate = certificate_read(host->certificate, host->key, &error);

        if (certificate != NULL && tls_accepts(certificate, &error))
                g_hash_table_replace(stock->named, g_strdup(host->domain),
                                     g_steal_pointer(&certificate));
        else
                g_hash_table_replace(stock->failed, g_strdup(host->domain),
                                     g_strdup(error->message));
}

void
certificate_stock_read(CertificateStock *stock)
{
        if (stock->plan->uses_folder)
                read_folder(stock);
        for (guint i = 0; i < stock->plan->hosts->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(stock->plan->hosts, i);
                if (host->certificate != NULL)
                        read_named(stock, host);
        }
        certificate_folder_clear(&stock->walk);
}

/* Choosing */

static int
order(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

/* 2: for the name and valid; 1: for the name; 0: for others */
static int
class_of(const Certificate *certificate, CertificateFit fit, int64_t now)
{
        if (fit == CERTIFICATE_FOR_OTHERS)
                return 0;
        return certificate_is_valid_at(certificate, now) ? 2 : 1;
}

int
certificate_compare(const Certificate *a, const Certificate *b, const char *ascii_name, int64_t now)
{
        CertificateFit fit_a = certificate_fit(a, ascii_name);
        CertificateFit fit_b = certificate_fit(b, ascii_name);
        const int keys[] = {
                order(class_of(a, fit_a, now), class_of(b, fit_b, now)),
                order((int64_t)fit_a, (int64_t)fit_b),
                order(certificate_is_valid_at(a, now), certificate_is_valid_at(b, now)),
                order(certificate_is_whole(a), certificate_is_whole(b)),
                order(a->valid_until, b->valid_until),
                order(sk_X509_num(a->issuers), sk_X509_num(b->issuers)),
                strcmp(b->file, a->file),
        };

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                if (keys[i] != 0)
                        return keys[i];
        return 0;
}

static Certificate *
better(Certificate *best, const GPtrArray *list, const char *ascii_name, int64_t now)
{
        for (guint i = 0; list != NULL && i < list->len; i++) {
                Certificate *certificate = g_ptr_array_index(list, i);
                if (best == NULL || certificate_compare(certificate, best, ascii_name, now) > 0)
                        best = certificate;
        }
        return best;
}

Certificate *
certificate_stock_best(const CertificateStock *stock, const CertificateWanted *host, int64_t now)
{
        if (host->certificate != NULL)
                return g_hash_table_lookup(stock->named, host->domain);

        for (const char *name = host->ascii_name; name != NULL; name = parent_of(name)) {
                g_autofree char *wildcard = certificate_wildcard_name(name);
                Certificate *best =
                        better(NULL, g_hash_table_lookup(stock->by_name, name), name, now);
                if (wildcard != NULL)
                        best = better(best, g_hash_table_lookup(stock->by_name, wildcard), name,
                                      now);
                if (best != NULL)
                        return best;
        }
        return NULL;
}

/* Explaining */

const char *
certificate_stock_trouble(const CertificateStock *stock, const char *file)
{
        for (guint i = 0; i < stock->troubles->len; i++) {
                const CertificateTrouble *trouble = g_ptr_array_index(stock->troubles, i);
                if (g_strcmp0(trouble->file, file) == 0)
                        return trouble->text;
        }
        return NULL;
}

static bool
concerns(const CertificateTrouble *trouble, const CertificateWanted *host)
{
        return trouble->certificate == NULL ||
               certificate_fit(trouble->certificate, host->ascii_name) != CERTIFICATE_FOR_OTHERS;
}

char *
certificate_stock_why(const CertificateStock *stock, const CertificateWanted *host)
{
        const char *failure = g_hash_table_lookup(stock->failed, host->domain);
        if (failure != NULL)
                return g_strdup(failure);

        g_autoptr(GString) why = g_string_new(NULL);
        unsigned n = 0;
        for (guint i = 0; i < stock->troubles->len; i++) {
                const CertificateTrouble *trouble = g_ptr_array_index(stock->troubles, i);
                if (concerns(trouble, host) && ++n <= TROUBLES_TOLD)
                        g_string_append_printf(why, "%s; ", trouble->text);
        }
        if (n > TROUBLES_TOLD)
                g_string_append_printf(why, "%u more files cannot be used; ", n - TROUBLES_TOLD);
        return g_strdup_printf(
                "no certificate for %s: %s%u certificates in %s, none of use for it: "
                "put one there, for instance as %s/%s.crt and %s.key",
                host->domain, why->str, stock->n_seen, stock->plan->folder, stock->plan->folder,
                host->domain, host->domain);
}
