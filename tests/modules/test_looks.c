/*
 * test_looks: what unknown names look like: as the accounts do, each look as often as they have it.
 */
#include "modules/auth_internal/account.c"
#include "modules/auth_internal/looks.c"

#include <motet/error.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Looks, looks_free)

#define N_DRAWS 1000u

static const Look usual = {10000, SALT_BYTES};
static const Look few = {4096, SALT_BYTES}, many = {20000, SALT_BYTES}, longer = {4096, 24};

static Look
draw(const Looks *looks, unsigned number)
{
        uint64_t at = (((uint64_t)number << 32) + N_DRAWS - 1) / N_DRAWS;

        return looks_choose(looks, (uint32_t)at, &usual);
}

static unsigned
n_drawn(const Looks *looks, const Look *look)
{
        unsigned n = 0;

        for (unsigned i = 0; i < N_DRAWS; i++) {
                Look drawn = draw(looks, i);
                n += compare(&drawn, look) == 0;
        }
        return n;
}

static void
add_times(Looks *looks, const Look *look, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                looks_add(looks, look);
}

/* R7: without accounts there is nothing to look like but what the next one will. */
static void
test_without_accounts(void)
{
        g_autoptr(Looks) looks = looks_new();

        g_assert_cmpuint(n_drawn(looks, &usual), ==, N_DRAWS);
        looks_add(looks, &(Look){0});
        g_assert_cmpuint(n_drawn(looks, &usual), ==, N_DRAWS);
}

/* R7: each look as often as accounts have it, also that of keys from elsewhere. */
static void
test_each_as_often(void)
{
        g_autoptr(Looks) looks = looks_new();
        add_times(looks, &many, 20);
        add_times(looks, &few, 70);
        add_times(looks, &longer, 10);

        g_assert_cmpuint(n_drawn(looks, &few), ==, 700);
        g_assert_cmpuint(n_drawn(looks, &longer), ==, 100);
        g_assert_cmpuint(n_drawn(looks, &many), ==, 200);
        g_assert_cmpuint(n_drawn(looks, &usual), ==, 0);
}

/* R7: accounts go over from few rounds to many, and unknown names, too: never back. */
static void
test_never_back(void)
{
        g_autoptr(Looks) looks = looks_new();
        add_times(looks, &few, 30);

        for (unsigned left = 30; left > 0; left--) {
                Look before[N_DRAWS];
                for (unsigned i = 0; i < N_DRAWS; i++)
                        before[i] = draw(looks, i);
                looks_remove(looks, &few);
                looks_add(looks, &many);
                for (unsigned i = 0; i < N_DRAWS; i++) {
                        Look after = draw(looks, i);
                        g_assert_cmpint(compare(&after, &before[i]), >=, 0);
                }
        }
        g_assert_cmpuint(n_drawn(looks, &many), ==, N_DRAWS);
        looks_remove(looks, &few);
        g_assert_cmpuint(n_drawn(looks, &many), ==, N_DRAWS);
}

/* Limit: LOOKS_MAX different ones, and one more, which counts as one of them. */
static void
test_bounded(void)
{
        g_autoptr(Looks) looks = looks_new();
        for (unsigned i = 0; i < LOOKS_MAX; i++)
                looks_add(looks, &(Look){5000 + 2 * i, SALT_BYTES});
        g_assert_cmpuint(looks->counts->len, ==, LOOKS_MAX);

        looks_add(looks, &(Look){5001, SALT_BYTES});
        looks_add(looks, &(Look){1000000, SALT_BYTES});

        g_assert_cmpuint(looks->counts->len, ==, LOOKS_MAX);
        g_assert_cmpuint(g_array_index(looks->counts, Count, 1).n, ==, 2);
        g_assert_cmpuint(g_array_index(looks->counts, Count, LOOKS_MAX - 1).n, ==, 2);
}

static void
test_document(void)
{
        g_autoptr(Looks) looks = looks_new(), again = looks_new();
        add_times(looks, &few, 3);
        add_times(looks, &longer, 1);
        g_autoptr(GBytes) document = looks_document(looks);

        g_assert_true(looks_parse(again, document));

        g_assert_cmpuint(again->counts->len, ==, 2);
        g_assert_cmpuint(n_drawn(again, &few), ==, 750);
        g_assert_cmpuint(n_drawn(again, &longer), ==, 250);
}

#define LOOK "<look iterations='4096' salt='16' accounts='1'/>"

/* What cannot be read changes nothing, and accounts are counted. */
static void
test_damaged_documents(void)
{
        static const char *const damaged[] = {
                "",
                "<looks xmlns='urn:motet:accounts:1'>",
                "<looks/>",
                "<looks xmlns='urn:motet:accounts:1'><look/></looks>",
                "<looks xmlns='urn:motet:accounts:1'><look iterations='4096' salt='16'/></looks>",
                "<looks xmlns='urn:motet:accounts:1'>"
                "<look iterations='4096' salt='65' accounts='1'/></looks>",
                "<looks xmlns='urn:motet:accounts:1'>"
                "<look iterations='4096' salt='16' accounts='-1'/></looks>",
                "<looks xmlns='urn:motet:accounts:1'>" LOOK LOOK "</looks>",
        };
        g_autoptr(Looks) looks = looks_new();
        looks_add(looks, &many);

        for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
                g_autoptr(GBytes) document = g_bytes_new_static(damaged[i], strlen(damaged[i]));
                g_assert_false(looks_parse(looks, document));
        }

        g_assert_cmpuint(n_drawn(looks, &many), ==, N_DRAWS);
}

static Look
always(uint32_t number, const void *data)
{
        (void)number;
        return *(const Look *)data;
}

/* R7: a salt is as long as those of the accounts that are looked like: 1, 16, 17 and 64 bytes. */
static void
test_length_of_salt(void)
{
        static const uint32_t lengths[] = {1, SALT_BYTES, SALT_BYTES + 1, SALT_MAX};
        const uint8_t secret[SECRET_BYTES] = "0123456789abcdef0123456789abcde";

        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
                const Look look = {5000, lengths[i]};
                Account account, again, other;
                g_assert_true(account_invent(&account, secret, "nobody", always, &look));
                g_assert_true(account_invent(&again, secret, "nobody", always, &look));
                g_assert_true(account_invent(&other, secret, "nobody2", always, &look));

                for (int hash = 0; hash < N_HASHES; hash++) {
                        const AccountKeys *keys = &account.keys[hash];
                        g_assert_cmpuint(keys->salt_len, ==, lengths[i]);
                        g_assert_cmpuint(keys->iterations, ==, 5000);
                        g_assert_cmpint(memcmp(keys->salt, again.keys[hash].salt, keys->salt_len),
                                        ==, 0);
                        if (lengths[i] >= SALT_BYTES)
                                g_assert_cmpint(
                                        memcmp(keys->salt, other.keys[hash].salt, keys->salt_len),
                                        !=, 0);
                }
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/looks/without-accounts-the-usual", test_without_accounts);
        g_test_add_func("/looks/each-as-often-as-accounts-have-it", test_each_as_often);
        g_test_add_func("/looks/from-few-rounds-to-many-never-back", test_never_back);
        g_test_add_func("/looks/bounded", test_bounded);
        g_test_add_func("/looks/document", test_document);
        g_test_add_func("/looks/damaged-documents-change-nothing", test_damaged_documents);
        g_test_add_func("/looks/length-of-the-salt", test_length_of_salt);
        return g_test_run();
}
