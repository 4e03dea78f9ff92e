/*
 * scram: the server's half of SCRAM: challenge, proof, signature.
 *
 * Works on keys and messages alone. Runs on the core thread: with digests and MAC contexts kept it
 * costs about 2 µs a login; the expensive part of SCRAM is the client's.
 *
 * Source: RFC 5802 sections 3 and 5, RFC 7677; attribute h: XEP-0474 (0.5.0) section 5.1.
 */
#include "sasl-private.h"

#include <motet/error.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

bool
scram_hash_init(ScramHash *hash, const char *name, GError **error)
{
        OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
                OSSL_PARAM_construct_end(),
        };
        EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

        hash->name = name;
        hash->md = EVP_MD_fetch(NULL, name, NULL);
        hash->digest = EVP_MD_CTX_new();
        hash->hmac = mac ? EVP_MAC_CTX_new(mac) : NULL;
        EVP_MAC_free(mac);
        if (!hash->md || !hash->digest || !hash->hmac ||
            !EVP_MAC_CTX_set_params(hash->hmac, params)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                            "OpenSSL offers no %s: check its configuration", name);
                scram_hash_clear(hash);
                return false;
        }

        hash->len = (size_t)EVP_MD_get_size(hash->md);
        return true;
}

void
scram_hash_clear(ScramHash *hash)
{
        g_clear_pointer(&hash->md, EVP_MD_free);
        g_clear_pointer(&hash->digest, EVP_MD_CTX_free);
        g_clear_pointer(&hash->hmac, EVP_MAC_CTX_free);
}

static bool
digest(const ScramHash *hash, const void *bytes, size_t n, uint8_t *out)
{
        return EVP_DigestInit_ex2(hash->digest, hash->md, NULL) &&
               EVP_DigestUpdate(hash->digest, bytes, n) &&
               EVP_DigestFinal_ex(hash->digest, out, NULL);
}

char *
scram_hash_base64(const ScramHash *hash, const void *bytes, size_t n)
{
        uint8_t out[EVP_MAX_MD_SIZE];

        return digest(hash, bytes, n, out) ? g_base64_encode(out, hash->len) : NULL;
}

/*
 * HMAC over AuthMessage: client-first-message-bare, server-first-message and the unproved part of
 * client-final-message.
 */
static bool
sign(const Scram *scram, const uint8_t *key, const char *final, size_t final_len, uint8_t *out)
{
        EVP_MAC_CTX *hmac = scram->hash->hmac;
        size_t n = 0;

        return EVP_MAC_init(hmac, key, scram->hash->len, NULL) &&
               EVP_MAC_update(hmac, (const uint8_t *)scram->client_first,
                              strlen(scram->client_first)) &&
               EVP_MAC_update(hmac, (const uint8_t *)",", 1) &&
               EVP_MAC_update(hmac, (const uint8_t *)scram->server_first,
                              strlen(scram->server_first)) &&
               EVP_MAC_update(hmac, (const uint8_t *)",", 1) &&
               EVP_MAC_update(hmac, (const uint8_t *) final, final_len) &&
               EVP_MAC_final(hmac, out, &n, EVP_MAX_MD_SIZE);
}

void
scram_init(Scram *scram, const ScramHash *hash, const SaslMessage *message, const ScramFirst *first,
           GBytes *binding_data, const char *server_nonce)
{
        *scram = (Scram){.hash = hash};
        scram->client_first = g_strdup(message->bytes + first->header_len);
        scram->nonce = g_strconcat(first->nonce, server_nonce, NULL);
        scram->binding = g_byte_array_new();
        g_byte_array_append(scram->binding, (const uint8_t *)message->bytes,
                            (guint)first->header_len);
        if (binding_data) {
                size_t n = 0;
                const uint8_t *bytes = g_bytes_get_data(binding_data, &n);
                g_byte_array_append(scram->binding, bytes, (guint)n);
        }
}

void
scram_clear(Scram *scram)
{
        g_clear_pointer(&scram->client_first, g_free);
        g_clear_pointer(&scram->server_first, g_free);
        g_clear_pointer(&scram->nonce, g_free);
        g_clear_pointer(&scram->binding, g_byte_array_unref);
        OPENSSL_cleanse(scram, sizeof(*scram));
}

const char *
scram_challenge(Scram *scram, const MotetAuthKeys *keys, const char *mechanisms_hash)
{
        g_autofree char *salt = g_base64_encode(keys->salt, keys->salt_len);

        scram->usable = keys->usable && keys->key_len == scram->hash->len;
        scram->disabled = keys->disabled;
        if (keys->key_len == scram->hash->len) {
                memcpy(scram->stored_key, keys->stored_key, keys->key_len);
                memcpy(scram->server_key, keys->server_key, keys->key_len);
        }
        g_free(scram->server_first);
        scram->server_first = g_strdup_printf("r=%s,s=%s,i=%u%s%s", scram->nonce, salt,
                                              keys->iterations, mechanisms_hash ? ",h=" : "",
                                              mechanisms_hash ? mechanisms_hash : "");
        return scram->server_first;
}

/* Whether H(proof XOR ClientSignature) is StoredKey. */
static bool
proof_is_right(const Scram *scram, const SaslMessage *message, const ScramFinal *final)
{
        uint8_t key[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE];
        size_t len = scram->hash->len;

        bool right = sign(scram, scram->stored_key, message->bytes, final->unproved_len, key);
        for (size_t i = 0; i < len; i++)
                key[i] ^= (uint8_t) final->proof.bytes[i];
        right = right && digest(scram->hash, key, len, stored) &&
                CRYPTO_memcmp(stored, scram->stored_key, len) == 0;

        OPENSSL_cleanse(key, sizeof(key));
        return right;
}

ScramVerdict
scram_finish(Scram *scram, const SaslMessage *message, char **server_final_out)
{
        g_auto(ScramFinal) final = {0};
        if (!scram_final_parse(message, &final) || final.proof.n != scram->hash->len)
                return SCRAM_MALFORMED;
        if (strcmp(final.nonce, scram->nonce) != 0)
                return SCRAM_MALFORMED;

        if (final.binding.n != scram->binding->len ||
            CRYPTO_memcmp(final.binding.bytes, scram->binding->data, final.binding.n) != 0)
                return SCRAM_BINDING_DIFFERS;

        /*
         * The proof is computed for unusable keys too: an unknown user costs what a known one does.
         */
        if (!proof_is_right(scram, message, &final) || !scram->usable)
                return SCRAM_REFUSED;
        if (scram->disabled)
                return SCRAM_DISABLED;

        uint8_t signature[EVP_MAX_MD_SIZE];
        if (!sign(scram, scram->server_key, message->bytes, final.unproved_len, signature))
                return SCRAM_REFUSED;
        g_autofree char *encoded = g_base64_encode(signature, scram->hash->len);
        *server_final_out = g_strconcat("v=", encoded, NULL);
        return SCRAM_OK;
}
