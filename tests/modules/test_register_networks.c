/*
 * Tests of register's count of accounts by network.
 */
#include "modules/register/network.c"

static const NetworkLimits limits = {.accounts = 3, .attempts = 5, .networks = 4};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Networks, networks_free)

/* Three accounts a day; the fourth is one too many, until the day is over. (R18) */
static void
test_accounts_of_a_day(void)
{
        g_autoptr(Networks) networks = networks_new();

        for (int i = 0; i < 3; i++)
                g_assert_true(networks_take(networks, &limits, "a", i));
        g_assert_false(networks_take(networks, &limits, "a", 3));
        g_assert_false(networks_take(networks, &limits, "a", DAY - 1));
        g_assert_true(networks_take(networks, &limits, "b", DAY - 1));
        g_assert_true(networks_take(networks, &limits, "a", DAY));
}

/* An account that was not made does not count; that it was tried does. */
static void
test_given_back(void)
{
        g_autoptr(Networks) networks = networks_new();

        for (int i = 0; i < 5; i++) {
                g_assert_true(networks_take(networks, &limits, "a", 0));
                networks_give_back(networks, "a");
        }
        g_assert_false(networks_take(networks, &limits, "a", 0));
}

/* The day may have ended, or the network been forgotten, while the accounts were asked. */
static void
test_given_back_too_late(void)
{
        g_autoptr(Networks) networks = networks_new();
        g_assert_true(networks_take(networks, &limits, "a", 0));

        networks_give_back(networks, "a");
        networks_give_back(networks, "a");
        networks_give_back(networks, "unknown");

        for (int i = 0; i < 3; i++)
                g_assert_true(networks_take(networks, &limits, "a", 0));
        g_assert_false(networks_take(networks, &limits, "a", 0));
}

/* Limit: four networks, and one more makes the one that was quiet for longest go. */
static void
test_table_is_bounded(void)
{
        static const char *const names[] = {"a", "b", "c", "d"};
        g_autoptr(Networks) networks = networks_new();
        for (int n = 0; n < 3; n++)
                for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                        g_assert_true(networks_take(networks, &limits, names[i], 0));
        g_assert_false(networks_take(networks, &limits, "a", 0));
        g_assert_cmpuint(networks_n(networks), ==, 4);

        g_assert_true(networks_take(networks, &limits, "e", 0));

        g_assert_cmpuint(networks_n(networks), ==, 4);
        g_assert_false(networks_take(networks, &limits, "a", 0));
        g_assert_true(networks_take(networks, &limits, "b", 0));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/register/networks/accounts-of-a-day", test_accounts_of_a_day);
        g_test_add_func("/register/networks/given-back", test_given_back);
        g_test_add_func("/register/networks/given-back-too-late", test_given_back_too_late);
        g_test_add_func("/register/networks/table-is-bounded", test_table_is_bounded);
        return g_test_run();
}
