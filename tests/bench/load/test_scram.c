/* The client's side of SCRAM, by the examples of the RFCs. */
#include "scram.h"

#define SERVER_FIRST_1 "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
#define SERVER_FINAL_1 "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="

/* RFC 5802 section 5. */
static void
test_sha_1(void)
{
        Scram scram = {0};
        g_autoptr(ScramKeys) keys = scram_keys_new("SCRAM-SHA-1", "pencil");

        g_autofree char *first = scram_first(&scram, "user", "fyko+d2lbbFgONRv9qkxdawL");
        g_autofree char *final = scram_final(&scram, keys, SERVER_FIRST_1);

        g_assert_cmpstr(first, ==, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        g_assert_cmpstr(final, ==,
                        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
                        "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        g_assert_true(scram_is_server(&scram, SERVER_FINAL_1));
        g_assert_true(scram_is_server(&scram, SERVER_FINAL_1 ",x=y"));
        g_assert_false(scram_is_server(&scram, "v=rmF9pqV8S7suAoZWja4dJRkFsKR="));
        g_assert_false(scram_is_server(&scram, "e=other-error"));
        scram_clear(&scram);
}

/* RFC 7677 section 3. */
static void
test_sha_256(void)
{
        Scram scram = {0};
        g_autoptr(ScramKeys) keys = scram_keys_new("SCRAM-SHA-256", "pencil");

        g_autofree char *first = scram_first(&scram, "user", "rOprNGfwEbeRWgbNEkqO");
        g_autofree char *final = scram_final(&scram, keys,
                                             "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                             "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");

        g_assert_nonnull(first);
        g_assert_cmpstr(final, ==,
                        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        g_assert_true(scram_is_server(&scram, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        scram_clear(&scram);
}

/* The keys kept give the same proof again. */
static void
test_keys_are_kept(void)
{
        Scram scram = {0};
        g_autoptr(ScramKeys) keys = scram_keys_new("SCRAM-SHA-1", "pencil");

        for (unsigned i = 0; i < 2; i++) {
                g_autofree char *first = scram_first(&scram, "user", "fyko+d2lbbFgONRv9qkxdawL");
                g_autofree char *final = scram_final(&scram, keys, SERVER_FIRST_1);
                g_assert_nonnull(first);
                g_assert_true(g_str_has_suffix(final, "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
        }
        scram_clear(&scram);
}

/* RFC 5802 section 5.1: the server's nonce begins with the client's; the iterations are bounded. */
static void
test_odd_answers_are_refused(void)
{
        static const char *const odd[] = {
                "",
                "r=abc,s=QSXCR+Q6sek8bf92,i=4096",
                "r=xyzdef,s=QSXCR+Q6sek8bf92,i=4096",
                "r=abcdef,s=,i=4096",
                "r=abcdef,s=QSXCR+Q6sek8bf92",
                "r=abcdef,s=QSXCR+Q6sek8bf92,i=0",
                "r=abcdef,s=QSXCR+Q6sek8bf92,i=1000001",
                "r=abcdef,s=QSXCR+Q6sek8bf92,i=x",
                "m=x,r=abcdef,s=QSXCR+Q6sek8bf92,i=1",
        };
        Scram scram = {0};
        g_autoptr(ScramKeys) keys = scram_keys_new("SCRAM-SHA-1", "pencil");
        g_autofree char *first = scram_first(&scram, "user", "abc");

        for (unsigned i = 0; i < G_N_ELEMENTS(odd); i++)
                g_assert_null(scram_final(&scram, keys, odd[i]));

        g_assert_nonnull(first);
        g_assert_false(scram_is_server(&scram, "v="));
        scram_clear(&scram);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/scram/sha-1", test_sha_1);
        g_test_add_func("/scram/sha-256", test_sha_256);
        g_test_add_func("/scram/keys-are-kept", test_keys_are_kept);
        g_test_add_func("/scram/odd-answers-are-refused", test_odd_answers_are_refused);
        return g_test_run();
}
