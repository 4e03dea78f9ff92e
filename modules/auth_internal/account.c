/*
 * account: what is stored of an account, as a document and in memory, and how it is made from a
 * password.
 *
 * The document is XML, one <scram/> a hash; no password is in it, and none can be computed from it
 * but by trying. Everything here may run on a worker.
 *
 * Source: RFC 5802 section 3, RFC 7677 section 2.
 */
#include "auth_internal-private.h"

#include <motet/error.h>
#include <motet/xml.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define NS_ACCOUNT "urn:motet:account:1"

typedef struct {
        const char *name;
        size_t len;
        const EVP_MD *(*md)(void);
} Hash;

static const Hash hashes[N_HASHES] = {
        {"SHA-1", 20, EVP_sha1},
        {"SHA-256", 32, EVP_sha256},
        {"SHA-512", 64, EVP_sha512},
};

static const struct {
        MotetAuthRole role;
        const char *name;
} roles[] = {
        {MOTET_ROLE_RESTRICTED, "restricted"},
        {MOTET_ROLE_MEMBER, "member"},
        {MOTET_ROLE_ADMIN, "admin"},
};

/* What a plain password is verified against, the best first. */
static const int check_order[N_HASHES] = {1, 2, 0};

int
account_hash_index(const char *name)
{
        for (int i = 0; i < N_HASHES; i++)
                if (g_strcmp0(hashes[i].name, name) == 0)
                        return i;
        return -1;
}

size_t
account_key_len(int hash)
{
        return hashes[hash].len;
}

const char *
account_role_name(MotetAuthRole role)
{
        for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
                if (roles[i].role == role)
                        return roles[i].name;
        }
        g_assert_not_reached();
}

bool
account_role_parse(const char *name, MotetAuthRole *role_out)
{
        for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
                if (strcmp(roles[i].name, name) == 0) {
                        *role_out = roles[i].role;
                        return true;
                }
        }
        return false;
}

void
account_clear(Account *account)
{
        OPENSSL_cleanse(account, sizeof(*account));
}

void
secret_string_free(char *secret)
{
        if (secret)
                OPENSSL_cleanse(secret, strlen(secret));
        g_free(secret);
}

/*
 * Decodes attribute @name of between @min and @max bytes. Returns: bytes written, 0 when it is not
 * there or does not fit
 */
static size_t
read_bytes(const MotetXml *xml, const char *name, size_t min, size_t max, uint8_t *out)
{
        const char *text = motet_xml_attr(xml, name);
        if (!text)
                return 0;

        gsize n = 0;
        g_autofree guchar *bytes = g_base64_decode(text, &n);
        bool fits = n >= min && n <= max;
        if (fits)
                memcpy(out, bytes, n);
        OPENSSL_cleanse(bytes, n);
        return fits ? n : 0;
}

static bool
read_keys(const MotetXml *xml, int hash, guint64 iterations_min, AccountKeys *keys_out)
{
        const char *text = motet_xml_attr(xml, "iterations");
        guint64 iterations = 0;
        size_t len = hashes[hash].len;

        if (!text || !g_ascii_string_to_unsigned(text, 10, iterations_min, ITERATIONS_MAX,
                                                 &iterations, NULL))
                return false;
        keys_out->iterations = (unsigned)iterations;
        keys_out->salt_len = read_bytes(xml, "salt", 1, SALT_MAX, keys_out->salt);
        return keys_out->salt_len > 0 &&
               read_bytes(xml, "stored-key", len, len, keys_out->stored_key) == len &&
               read_bytes(xml, "server-key", len, len, keys_out->server_key) == len;
}

/* What is ordinary is not written: neither is the role of a member. */
static bool
read_state(const MotetXml *xml, Account *account)
{
        const char *role = motet_xml_attr(xml, "role");

        account->disabled = g_strcmp0(motet_xml_attr(xml, "disabled"), "true") == 0;
        account->role = MOTET_ROLE_MEMBER;
        return !role || account_role_parse(role, &account->role);
}

static bool
parse(GBytes *document, guint64 iterations_min, Account *account_out, GError **error)
{
        gsize n = 0;
        const char *text = g_bytes_get_data(document, &n);
        g_autoptr(MotetXml) xml = motet_xml_parse(text, (gssize)n, NULL, error);
        g_auto(Account) account = {0};

        bool good = xml && motet_xml_is(xml, "account", NS_ACCOUNT) && read_state(xml, &account);
        const MotetXml *child = good ? motet_xml_child(xml, "scram", NS_ACCOUNT) : NULL;
        for (; good && child; child = motet_xml_next(child, "scram", NS_ACCOUNT)) {
                int hash = account_hash_index(motet_xml_attr(child, "hash"));
                good = hash >= 0 && read_keys(child, hash, iterations_min, &account.keys[hash]);
        }
        if (!good) {
                g_clear_error(error);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_STORE,
                            "the document of the account is damaged, or its keys are of fewer than "
                            "%d rounds",
                            ITERATIONS_MIN);
                return false;
        }
        *account_out = account;
        return true;
}

bool
account_parse(GBytes *document, Account *account_out, GError **error)
{
        /* RFC 7677 4: so many at least, also where keys come from elsewhere. */
        return parse(document, ITERATIONS_MIN, account_out, error);
}

static bool
is_too_weak(const Account *account)
{
        for (int i = 0; i < N_HASHES; i++) {
                const AccountKeys *keys = &account->keys[i];
                if (keys->salt_len > 0 && keys->iterations < ITERATIONS_MIN)
                        return true;
        }
        return false;
}

bool
account_parse_weak(GBytes *document, Account *account_out, GError **error)
{
        if (!parse(document, 1, account_out, error))
                return false;
        if (is_too_weak(account_out))
                OPENSSL_cleanse(account_out->keys, sizeof(account_out->keys));
        return true;
}

static void
write_bytes(MotetXml *xml, const char *name, const uint8_t *bytes, size_t n)
{
        g_autofree char *text = g_base64_encode(bytes, n);

        motet_xml_set_attr(xml, name, text);
}

GBytes *
account_document(const Account *account)
{
        g_autoptr(MotetXml) xml = motet_xml_new("account", NS_ACCOUNT);

        if (account->disabled)
                motet_xml_set_attr(xml, "disabled", "true");
        if (account->role != MOTET_ROLE_MEMBER)
                motet_xml_set_attr(xml, "role", account_role_name(account->role));
        for (int i = 0; i < N_HASHES; i++) {
                const AccountKeys *keys = &account->keys[i];
                if (keys->salt_len == 0)
                        continue;
                MotetXml *child = motet_xml_add(xml, "scram", NULL);
                motet_xml_set_attr(child, "hash", hashes[i].name);
                motet_xml_set_attrf(child, "iterations", "%u", keys->iterations);
                write_bytes(child, "salt", keys->salt, keys->salt_len);
                write_bytes(child, "stored-key", keys->stored_key, hashes[i].len);
                write_bytes(child, "server-key", keys->server_key, hashes[i].len);
        }

        char *text = motet_xml_string(xml, NULL);
        return g_bytes_new_take(text, strlen(text));
}

/* Salt and iterations of @keys are set; fills the keys. */
static bool
derive(const Hash *hash, AccountKeys *keys, const char *password)
{
        const EVP_MD *md = hash->md();
        int len = (int)hash->len;
        uint8_t salted[KEY_MAX], client_key[KEY_MAX];

        bool good =
                PKCS5_PBKDF2_HMAC(password, (int)strlen(password), keys->salt, (int)keys->salt_len,
                                  (int)keys->iterations, md, len, salted) == 1 &&
                HMAC(md, salted, len, (const uint8_t *)"Client Key", 10, client_key, NULL) &&
                EVP_Digest(client_key, hash->len, keys->stored_key, NULL, md, NULL) == 1 &&
                HMAC(md, salted, len, (const uint8_t *)"Server Key", 10, keys->server_key, NULL);
        OPENSSL_cleanse(salted, sizeof(salted));
        OPENSSL_cleanse(client_key, sizeof(client_key));
        return good;
}

bool
account_derive(Account *account, const char *password, unsigned iterations)
{
        for (int i = 0; i < N_HASHES; i++) {
                account->keys[i].iterations = iterations;
                if (!derive(&hashes[i], &account->keys[i], password))
                        return false;
        }
        return true;
}

/* Returns: whose keys a password is verified against; -1 when there are none */
static int
checked_hash(const Account *account)
{
        for (size_t i = 0; i < N_HASHES; i++) {
                if (account->keys[check_order[i]].salt_len > 0)
                        return check_order[i];
        }
        return -1;
}

bool
account_matches(const Account *account, const char *password)
{
        int hash = checked_hash(account);
        if (hash < 0)
                return false;

        const AccountKeys *keys = &account->keys[hash];
        AccountKeys tried = *keys;
        bool same = derive(&hashes[hash], &tried, password) &&
                    CRYPTO_memcmp(tried.stored_key, keys->stored_key, hashes[hash].len) == 0;
        OPENSSL_cleanse(&tried, sizeof(tried));
        return same;
}

bool
account_is_weaker(const Account *account, unsigned iterations)
{
        for (int i = 0; i < N_HASHES; i++)
                if (account->keys[i].salt_len == 0 || account->keys[i].iterations < iterations)
                        return true;
        return false;
}

/*
 * HMAC over what is invented and for whom; @what ends with its NUL, so that it does not run into
 * the name.
 * Returns: false when OpenSSL fails
 */
static bool
invent(const uint8_t secret[SECRET_BYTES], const char *what, const char *username,
       uint8_t out[KEY_MAX])
{
        g_autoptr(GString) text = g_string_new(what);

        g_string_append_len(text, "\0", 1);
        g_string_append(text, username);
        return HMAC(EVP_sha512(), secret, SECRET_BYTES, (const uint8_t *)text->str, text->len, out,
                    NULL) != NULL;
}

Look
account_look(const Account *account)
{
        int hash = checked_hash(account);

        if (hash < 0)
                return (Look){0};
        return (Look){account->keys[hash].iterations, (uint32_t)account->keys[hash].salt_len};
}

/* A salt longer than ours, as keys from elsewhere may have. Returns: false when OpenSSL fails */
static bool
invent_salt(const uint8_t secret[SECRET_BYTES], const char *username, int hash, AccountKeys *keys)
{
        uint8_t salt[KEY_MAX];

        G_STATIC_ASSERT(SALT_MAX <= KEY_MAX);
        if (!invent(secret, hashes[hash].name, username, salt))
                return false;
        memcpy(keys->salt, salt, SALT_MAX);
        return true;
}

bool
account_invent(Account *account, const uint8_t secret[SECRET_BYTES], const char *username,
               AccountLook look, const void *data)
{
        uint8_t salts[KEY_MAX], key[KEY_MAX];
        uint32_t draw;

        /* The salts are told, each a part of its own; the rest and the keys never are, and no proof
         * fits them. */
        G_STATIC_ASSERT((size_t)N_HASHES * SALT_BYTES + sizeof draw <= KEY_MAX);
        if (!invent(secret, "salts", username, salts) || !invent(secret, "key", username, key))
                return false;
        memcpy(&draw, salts + (size_t)N_HASHES * SALT_BYTES, sizeof draw);
        Look chosen = look(draw, data);
        *account = (Account){.role = MOTET_ROLE_MEMBER};
        for (int i = 0; i < N_HASHES; i++) {
                AccountKeys *keys = &account->keys[i];
                memcpy(keys->salt, salts + (size_t)i * SALT_BYTES, SALT_BYTES);
                if (chosen.salt_len > SALT_BYTES && !invent_salt(secret, username, i, keys))
                        return false;
                keys->salt_len = chosen.salt_len;
                keys->iterations = chosen.iterations;
                memcpy(keys->stored_key, key, KEY_MAX);
                memcpy(keys->server_key, key, KEY_MAX);
        }
        return true;
}
