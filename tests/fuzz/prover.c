/*
 * prover: see the header.
 */
#include "fuzz/prover.h"

#include <openssl/hmac.h>
#include <string.h>

#define CLIENT_NONCE "clientnonce"

enum { KEYS_MAX = 64, ITERATIONS_MAX = 100000 };

/* One a program: salted passwords by password, salt, iterations and hash. */
static GHashTable *keys;

void
prover_begin(Prover *prover, const char *mechanism, const char *header, const char *username,
             GBytes *binding)
{
        prover_clear(prover);
        *prover = (Prover){
                .mechanism = mechanism,
                .header = g_strdup(header),
                .bare = g_strdup_printf("n=%s,r=" CLIENT_NONCE, username),
                .binding = binding,
        };
}

void
prover_clear(Prover *prover)
{
        g_free(prover->header);
        g_free(prover->bare);
        g_clear_pointer(&prover->binding, g_bytes_unref);
        *prover = (Prover){0};
}

char *
prover_first(const Prover *prover)
{
        return g_strconcat(prover->header, prover->bare, NULL);
}

static const EVP_MD *
hash_of(const Prover *prover)
{
        if (g_str_has_prefix(prover->mechanism, "SCRAM-SHA-256"))
                return EVP_sha256();
        return g_str_has_prefix(prover->mechanism, "SCRAM-SHA-512") ? EVP_sha512() : EVP_sha1();
}

/* Returns: (borrowed) as many bytes as @md makes */
static const uint8_t *
salted_password(const EVP_MD *md, const char *password, const char *salt, const char *iterations)
{
        g_autofree char *name =
                g_strjoin(",", password, salt, iterations, EVP_MD_get0_name(md), NULL);
        guint64 n = 0;

        if (!keys)
                keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        uint8_t *key = g_hash_table_lookup(keys, name);
        if (key)
                return key;
        if (!g_ascii_string_to_unsigned(iterations, 10, 1, ITERATIONS_MAX, &n, NULL))
                return NULL;

        gsize salt_len = 0;
        g_autofree guchar *bytes = g_base64_decode(salt, &salt_len);
        if (g_hash_table_size(keys) >= KEYS_MAX)
                g_hash_table_remove_all(keys);
        key = g_malloc0(EVP_MAX_MD_SIZE);
        g_assert_cmpint(PKCS5_PBKDF2_HMAC(password, -1, bytes, (int)salt_len, (int)n, md,
                                          EVP_MD_get_size(md), key),
                        ==, 1);
        g_hash_table_insert(keys, g_steal_pointer(&name), key);
        return key;
}

static void
mac(const EVP_MD *md, const uint8_t *key, const char *text, uint8_t *out)
{
        HMAC(md, key, EVP_MD_get_size(md), (const uint8_t *)text, strlen(text), out, NULL);
}

/* Returns: (own) what the password proves of @message, in base64 */
static char *
proof_of(const EVP_MD *md, const uint8_t *salted, const char *message)
{
        uint8_t client_key[EVP_MAX_MD_SIZE], stored_key[EVP_MAX_MD_SIZE], proof[EVP_MAX_MD_SIZE];
        int len = EVP_MD_get_size(md);

        mac(md, salted, "Client Key", client_key);
        EVP_Digest(client_key, (size_t)len, stored_key, NULL, md, NULL);
        mac(md, stored_key, message, proof);
        for (int i = 0; i < len; i++)
                proof[i] ^= client_key[i];
        return g_base64_encode(proof, (gsize)len);
}

static char *
binding_text(const Prover *prover)
{
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        g_byte_array_append(bytes, (const guint8 *)prover->header, (guint)strlen(prover->header));
        if (prover->binding)
                g_byte_array_append(bytes, g_bytes_get_data(prover->binding, NULL),
                                    (guint)g_bytes_get_size(prover->binding));
        return g_base64_encode(bytes->data, bytes->len);
}

char *
prover_final(const Prover *prover, const char *server_first, const char *password)
{
        g_auto(GStrv) parts = g_strsplit(server_first, ",", 4);

        if (g_strv_length(parts) < 3 || !g_str_has_prefix(parts[0], "r=" CLIENT_NONCE) ||
            !g_str_has_prefix(parts[1], "s=") || !g_str_has_prefix(parts[2], "i="))
                return NULL;
        const EVP_MD *md = hash_of(prover);
        const uint8_t *salted = salted_password(md, password, parts[1] + 2, parts[2] + 2);
        if (!salted)
                return NULL;

        g_autofree char *bound = binding_text(prover);
        g_autofree char *unproved = g_strdup_printf("c=%s,%s", bound, parts[0]);
        g_autofree char *message = g_strjoin(",", prover->bare, server_first, unproved, NULL);
        g_autofree char *proof = proof_of(md, salted, message);
        return g_strdup_printf("%s,p=%s", unproved, proof);
}
