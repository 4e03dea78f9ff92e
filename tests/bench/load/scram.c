/* scram: see scram.h. */
#include "scram.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define HEADER "n,,"

typedef struct {
        uint8_t client[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE], server[EVP_MAX_MD_SIZE];
} Key;

struct ScramKeys {
        const EVP_MD *digest;
        char *password;
        GHashTable *keys; /* "salt,iterations" as the server wrote it -> Key */
};

ScramKeys *
scram_keys_new(const char *mechanism, const char *password)
{
        ScramKeys *keys = g_new(ScramKeys, 1);
        keys->digest = g_str_equal(mechanism, "SCRAM-SHA-256") ? EVP_sha256() : EVP_sha1();
        keys->password = g_strdup(password);
        keys->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        return keys;
}

void
scram_keys_free(ScramKeys *keys)
{
        if (!keys)
                return;
        g_free(keys->password);
        g_hash_table_unref(keys->keys);
        g_free(keys);
}

static void
sign(const EVP_MD *digest, const uint8_t *key, const char *text, uint8_t *out)
{
        HMAC(digest, key, EVP_MD_size(digest), (const uint8_t *)text, strlen(text), out, NULL);
}

static const Key *
key_of(ScramKeys *keys, const char *salt, const char *iterations)
{
        g_autofree char *name = g_strconcat(salt, ",", iterations, NULL);
        Key *key = g_hash_table_lookup(keys->keys, name);
        if (key)
                return key;

        guint64 n;
        gsize salt_len;
        g_autofree guchar *raw = g_base64_decode(salt, &salt_len);
        if (salt_len == 0 ||
            !g_ascii_string_to_unsigned(iterations, 10, 1, SCRAM_ITERATIONS_MAX, &n, NULL))
                return NULL;

        uint8_t salted[EVP_MAX_MD_SIZE];
        size_t size = (size_t)EVP_MD_size(keys->digest);
        if (PKCS5_PBKDF2_HMAC(keys->password, -1, raw, (int)salt_len, (int)n, keys->digest,
                              (int)size, salted) != 1)
                return NULL;
        key = g_new(Key, 1);
        sign(keys->digest, salted, "Client Key", key->client);
        sign(keys->digest, salted, "Server Key", key->server);
        EVP_Digest(key->client, size, key->stored, NULL, keys->digest, NULL);
        g_hash_table_insert(keys->keys, g_steal_pointer(&name), key);
        return key;
}

char *
scram_first(Scram *scram, const char *user, const char *nonce)
{
        scram_clear(scram);
        scram->first = g_strdup_printf("n=%s,r=%s", user, nonce);
        return g_strconcat(HEADER, scram->first, NULL);
}

/* RFC 5802 section 5.1: the server's nonce begins with ours and is longer. */
static bool
is_answer(const Scram *scram, GStrv parts)
{
        if (!scram->first || g_strv_length(parts) < 3)
                return false;
        const char *ours = strstr(scram->first, ",r=") + 1;
        return g_str_has_prefix(parts[0], ours) && strlen(parts[0]) > strlen(ours) &&
               g_str_has_prefix(parts[1], "s=") && g_str_has_prefix(parts[2], "i=");
}

char *
scram_final(Scram *scram, ScramKeys *keys, const char *server_first)
{
        g_auto(GStrv) parts = g_strsplit(server_first, ",", -1);
        const Key *key = is_answer(scram, parts) ? key_of(keys, parts[1] + 2, parts[2] + 2) : NULL;
        if (!key)
                return NULL;

        g_autofree char *final = g_strconcat("c=biws,", parts[0], NULL);
        g_autofree char *auth = g_strconcat(scram->first, ",", server_first, ",", final, NULL);
        uint8_t proof[EVP_MAX_MD_SIZE], server[EVP_MAX_MD_SIZE];
        size_t size = (size_t)EVP_MD_size(keys->digest);
        sign(keys->digest, key->stored, auth, proof);
        for (size_t i = 0; i < size; i++)
                proof[i] ^= key->client[i];
        sign(keys->digest, key->server, auth, server);

        g_free(scram->signature);
        scram->signature = g_base64_encode(server, size);
        g_autofree char *encoded = g_base64_encode(proof, size);
        return g_strconcat(final, ",p=", encoded, NULL);
}

bool
scram_is_server(const Scram *scram, const char *server_final)
{
        if (!scram->signature || !g_str_has_prefix(server_final, "v="))
                return false;
        g_auto(GStrv) parts = g_strsplit(server_final + 2, ",", 2);
        return g_strcmp0(parts[0], scram->signature) == 0;
}

void
scram_clear(Scram *scram)
{
        g_clear_pointer(&scram->first, g_free);
        g_clear_pointer(&scram->signature, g_free);
}
