/*
 * fuzz_account: any bytes as the stored document of an account, and as the secret of a host.
 *
 * What is read as an account must be written, and be read as the same.
 */
#include <stdint.h>

#include "modules/auth_internal/account.c"
#include "modules/auth_internal/secret.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
check_account(const Account *account)
{
        g_autoptr(GBytes) document = account_document(account);
        g_autoptr(GError) error = NULL;
        Account again = {0};

        for (int i = 0; i < N_HASHES; i++) {
                const AccountKeys *keys = &account->keys[i];
                g_assert_cmpuint(keys->salt_len, <=, SALT_MAX);
                if (keys->salt_len > 0)
                        g_assert_cmpuint(keys->iterations - 1, <, ITERATIONS_MAX);
        }
        g_assert_nonnull(account_role_name(account->role));
        g_assert_true(account_parse(document, &again, &error));
        g_autoptr(GBytes) same = account_document(&again);
        g_assert_true(g_bytes_equal(document, same));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autoptr(GBytes) document = g_bytes_new(bytes, n);
        g_autoptr(GError) error = NULL;
        uint8_t secret[SECRET_BYTES];
        Account account = {0};

        if (account_parse(document, &account, &error))
                check_account(&account);
        else
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_STORE);
        if (decode_secret(document, secret)) {
                g_autoptr(GBytes) again = encode_secret(secret);
                g_assert_cmpuint(g_bytes_get_size(again), ==, n);
        }
        return 0;
}
