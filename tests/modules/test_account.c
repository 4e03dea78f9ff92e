/*
 * test_account: keys of an account, and the document they are stored in.
 */
#include "modules/auth_internal/account.c"

#include <motet/error.h>

static void
assert_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
        g_assert_cmpuint(a_len, ==, b_len);
        g_assert_cmpint(memcmp(a, b, a_len), ==, 0);
}

static void
set_salt(Account *account, const char *hash, const char *salt)
{
        AccountKeys *keys = &account->keys[account_hash_index(hash)];
        gsize n = 0;
        g_autofree guchar *bytes = g_base64_decode(salt, &n);

        g_assert_cmpuint(n, <=, SALT_MAX);
        memcpy(keys->salt, bytes, n);
        keys->salt_len = n;
}

/*
 * The salts of RFC 5802 section 5, RFC 7677 section 3 and draft-melnikov-scram-sha-512, password
 * "pencil"
 */
static void
make_pencil(Account *account)
{
        *account = (Account){0};
        set_salt(account, "SHA-1", "QSXCR+Q6sek8bf92");
        set_salt(account, "SHA-256", "W22ZaJ0SNY7soEsUEjb6gQ==");
        set_salt(account, "SHA-512", "Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=");
        g_assert_true(account_derive(account, "pencil", 4096));
}

static void
assert_keys(const Account *account, const char *hash, const char *stored_key,
            const char *server_key)
{
        int i = account_hash_index(hash);
        g_autofree char *stored = g_base64_encode(account->keys[i].stored_key, account_key_len(i));
        g_autofree char *server = g_base64_encode(account->keys[i].server_key, account_key_len(i));

        g_assert_cmpstr(stored, ==, stored_key);
        g_assert_cmpstr(server, ==, server_key);
}

/* RFC 5802 section 3: StoredKey and ServerKey, as any other implementation computes them */
static void
test_keys_of_published_exchanges(void)
{
        g_auto(Account) account = {0};

        make_pencil(&account);

        assert_keys(&account, "SHA-1",
                    "6dlGYMOdZcOPutkcNY8U2g7vK9Y=", "D+CSWLOshSulAsxiupA+qs2/fTE=");
        assert_keys(&account, "SHA-256", "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
                    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
        assert_keys(&account, "SHA-512",
                    "ERxGuwQnAHA2amc01Vb1Qb9WPqMb68u8swldhuOn4MR7udux+oQ/DNrgcAy5c0/"
                    "SEZybLeGYZ5jFkWH5ELNOXA==",
                    "gFCGdO8qeAVvqKCfFpqPXI2n2596CVtax0k6IH3gzt94xA9+"
                    "DgAD6NwrELJ0AjguZNc0dWJxduOe037HEcD1UA==");
}

static void
test_document_keeps_everything(void)
{
        g_auto(Account) account = {0}, again = {0};
        make_pencil(&account);
        account.disabled = true;

        g_autoptr(GBytes) document = account_document(&account);
        g_autoptr(GError) error = NULL;
        g_assert_true(account_parse(document, &again, &error));
        g_assert_no_error(error);
        g_assert_true(again.disabled);
        for (int i = 0; i < N_HASHES; i++) {
                const AccountKeys *a = &account.keys[i], *b = &again.keys[i];
                assert_bytes(a->salt, a->salt_len, b->salt, b->salt_len);
                g_assert_cmpuint(a->iterations, ==, b->iterations);
                assert_bytes(a->stored_key, KEY_MAX, b->stored_key, KEY_MAX);
                assert_bytes(a->server_key, KEY_MAX, b->server_key, KEY_MAX);
        }
}

/* No password is stored */
static void
test_document_holds_no_password(void)
{
        g_auto(Account) account = {0};
        make_pencil(&account);
        g_autoptr(GBytes) document = account_document(&account);
        gsize n = 0;
        const char *text = g_bytes_get_data(document, &n);

        g_assert_null(g_strstr_len(text, (gssize)n, "pencil"));
        g_assert_null(g_strstr_len(text, (gssize)n, "cGVuY2ls"));
}

static void
assert_damaged(const char *text)
{
        g_autoptr(GBytes) document = g_bytes_new_static(text, strlen(text));
        g_autoptr(GError) error = NULL;
        Account account;

        g_assert_false(account_parse(document, &account, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_STORE);
}

#define NS "xmlns='urn:motet:account:1'"
#define KEY20 "6dlGYMOdZcOPutkcNY8U2g7vK9Y="
#define SCRAM1(iterations, salt, key)                                                              \
        "<account " NS "><scram hash='SHA-1' iterations='" iterations "' salt='" salt              \
        "' stored-key='" key "' server-key='" KEY20 "'/></account>"

static void
test_damaged_documents_are_refused(void)
{
        g_autoptr(GBytes) good = g_bytes_new_static(SCRAM1("4096", "QSXC", KEY20),
                                                    strlen(SCRAM1("4096", "QSXC", KEY20)));
        g_auto(Account) account = {0};
        g_assert_true(account_parse(good, &account, NULL));

        assert_damaged("");
        assert_damaged("<account " NS ">");
        assert_damaged("<account/>");
        assert_damaged("<user " NS "/>");
        assert_damaged("<account " NS "><scram/></account>");
        assert_damaged("<account " NS "><scram hash='MD5' iterations='4096'/></account>");
        assert_damaged(SCRAM1("0", "QSXC", KEY20));
        assert_damaged(SCRAM1("4095", "QSXC", KEY20)); /* R6: 4096 for imported keys, not less */
        assert_damaged(SCRAM1("-1", "QSXC", KEY20));
        assert_damaged(SCRAM1("1000001", "QSXC", KEY20));
        assert_damaged(SCRAM1("4096", "", KEY20));
        assert_damaged(SCRAM1("4096", "QSXC", "6dlG"));
}

static bool
parse_weak(const char *text, Account *account_out)
{
        g_autoptr(GBytes) document = g_bytes_new_static(text, strlen(text));

        return account_parse_weak(document, account_out, NULL);
}

#define SCRAM(hash, iterations, key)                                                               \
        "<scram hash='" hash "' iterations='" iterations "' salt='QSXC' stored-key='" key          \
        "' server-key='" key "'/>"
#define KEY32 "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="

/* R6: keys of too few rounds are dropped, and with them the others, for who makes new ones; the
 * rest of the account stays. Other damage is refused. */
static void
test_weak_keys_are_dropped(void)
{
        g_auto(Account) weak = {0}, mixed = {0}, good = {0};

        g_assert_true(parse_weak("<account " NS " disabled='true' role='admin'>" SCRAM(
                                         "SHA-1", "4095", KEY20) "</account>",
                                 &weak));
        g_assert_true(weak.disabled);
        g_assert_cmpint(weak.role, ==, MOTET_ROLE_ADMIN);
        g_assert_cmpuint(account_look(&weak).iterations, ==, 0);

        g_assert_true(parse_weak("<account " NS ">" SCRAM("SHA-1", "1", KEY20)
                                         SCRAM("SHA-256", "4096", KEY32) "</account>",
                                 &mixed));
        g_assert_cmpuint(account_look(&mixed).iterations, ==, 0);

        g_assert_true(parse_weak(SCRAM1("4096", "QSXC", KEY20), &good));
        g_assert_cmpuint(account_look(&good).iterations, ==, 4096);

        g_assert_false(parse_weak("<account " NS ">", &good));
        g_assert_false(parse_weak(SCRAM1("0", "QSXC", KEY20), &good));
        g_assert_false(parse_weak(SCRAM1("-1", "QSXC", KEY20), &good));
        g_assert_false(parse_weak(SCRAM1("1000", "", KEY20), &good));
        g_assert_false(parse_weak(SCRAM1("1000", "QSXC", "6dlG"), &good));
        g_assert_false(parse_weak("<account " NS " role='king'/>", &good));
}

/* Limit: a salt of SALT_MAX bytes, and one byte more */
static void
test_salt_limit(void)
{
        for (size_t extra = 0; extra <= 1; extra++) {
                uint8_t salt[SALT_MAX + 1] = {0};
                g_autofree char *encoded = g_base64_encode(salt, SALT_MAX + extra);
                g_autofree char *text = g_strdup_printf(
                        "<account " NS
                        "><scram hash='SHA-1' iterations='4096' salt='%s' stored-key='" KEY20
                        "' server-key='" KEY20 "'/></account>",
                        encoded);
                g_autoptr(GBytes) document = g_bytes_new(text, strlen(text));
                g_auto(Account) account = {0};

                g_assert_cmpint(account_parse(document, &account, NULL), ==, extra == 0);
        }
}

static void
test_right_and_wrong_passwords(void)
{
        g_auto(Account) account = {0};
        make_pencil(&account);

        g_assert_true(account_matches(&account, "pencil"));
        g_assert_false(account_matches(&account, "Pencil"));
        g_assert_false(account_matches(&account, ""));
}

/* An account with keys for one hash only is verified against those. */
static void
test_any_hash_verifies(void)
{
        for (int i = 0; i < N_HASHES; i++) {
                g_auto(Account) account = {0};
                make_pencil(&account);
                for (int other = 0; other < N_HASHES; other++)
                        if (other != i)
                                account.keys[other] = (AccountKeys){0};

                g_assert_true(account_matches(&account, "pencil"));
                g_assert_false(account_matches(&account, "pen"));
        }

        Account none = {0};
        g_assert_false(account_matches(&none, "pencil"));
}

/* Raised at the next login */
static void
test_weaker_than_configured(void)
{
        g_auto(Account) account = {0};
        make_pencil(&account);

        g_assert_false(account_is_weaker(&account, 4096));
        g_assert_true(account_is_weaker(&account, 4097));
        account.keys[2] = (AccountKeys){0};
        g_assert_true(account_is_weaker(&account, 4096));
}

/* @data: the look */
static Look
always(uint32_t draw, const void *data)
{
        (void)draw;
        return *(const Look *)data;
}

static const Look usual = {10000, SALT_BYTES};

/*
 * The salt of an unknown user is as stable as that of a known one, and differs from name to name
 * and host to host
 */
static void
test_invented_keys_are_stable(void)
{
        uint8_t secret[SECRET_BYTES] = "0123456789abcdef0123456789abcde", other[SECRET_BYTES] = "x";
        Account a, again, b, elsewhere;

        account_invent(&a, secret, "nobody", always, &usual);
        account_invent(&again, secret, "nobody", always, &usual);
        account_invent(&b, secret, "nobody2", always, &usual);
        account_invent(&elsewhere, other, "nobody", always, &usual);

        assert_bytes(&a, sizeof(a), &again, sizeof(again));
        for (int i = 0; i < N_HASHES; i++) {
                g_assert_cmpuint(a.keys[i].salt_len, ==, SALT_BYTES);
                g_assert_cmpuint(a.keys[i].iterations, ==, 10000);
                g_assert_cmpint(memcmp(a.keys[i].salt, b.keys[i].salt, SALT_BYTES), !=, 0);
                g_assert_cmpint(memcmp(a.keys[i].salt, elsewhere.keys[i].salt, SALT_BYTES), !=, 0);
                g_assert_cmpint(memcmp(a.keys[i].salt, a.keys[(i + 1) % N_HASHES].salt, SALT_BYTES),
                                !=, 0);
                g_assert_cmpint(memcmp(a.keys[i].salt, a.keys[i].stored_key, SALT_BYTES), !=, 0);
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/account/keys-of-published-exchanges", test_keys_of_published_exchanges);
        g_test_add_func("/account/document-keeps-everything", test_document_keeps_everything);
        g_test_add_func("/account/document-holds-no-password", test_document_holds_no_password);
        g_test_add_func("/account/damaged-documents-are-refused",
                        test_damaged_documents_are_refused);
        g_test_add_func("/account/weak-keys-are-dropped", test_weak_keys_are_dropped);
        g_test_add_func("/account/salt-limit", test_salt_limit);
        g_test_add_func("/account/right-and-wrong-passwords", test_right_and_wrong_passwords);
        g_test_add_func("/account/any-hash-verifies", test_any_hash_verifies);
        g_test_add_func("/account/weaker-than-configured", test_weaker_than_configured);
        g_test_add_func("/account/invented-keys-are-stable", test_invented_keys_are_stable);
        return g_test_run();
}
