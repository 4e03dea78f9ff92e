/*
 * test_strangers: connections without login, counted by address.
 */
#include "modules/limits/strangers.c"

#define SECOND G_TIME_SPAN_SECOND

static const StrangerLimits limits = {.per_address = 50, .per_second = 20};
static const StrangerLimits fast = {.per_address = 1000000, .per_second = 1000000};

/* Sessions are only pointers here. */
static MotetSession sessions[4];

/* Adds one and remembers it in @list. */
static StrangerVerdict
add(Strangers *strangers, const StrangerLimits *l, const char *peer, int64_t now, GPtrArray *list)
{
        Stranger *stranger = NULL;
        StrangerVerdict verdict = strangers_add(strangers, l, &sessions[0], peer, now, &stranger);

        g_assert_cmpint(stranger != NULL, ==, verdict == STRANGER_WELCOME);
        if (stranger)
                g_ptr_array_add(list, stranger);
        return verdict;
}

static void
free_stranger(void *stranger)
{
        stranger_free(stranger);
}

/* Twenty new ones a second, and the twenty-first is refused (R14) */
static void
test_rate_of_an_address(void)
{
        Strangers *strangers = strangers_new();
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_stranger);

        for (int i = 0; i < 20; i++)
                g_assert_cmpint(add(strangers, &limits, "192.0.2.1", 0, list), ==,
                                STRANGER_WELCOME);
        g_assert_cmpint(add(strangers, &limits, "192.0.2.1", 0, list), ==, STRANGER_TOO_FAST);
        g_assert_cmpint(add(strangers, &limits, "192.0.2.2", 0, list), ==, STRANGER_WELCOME);
        g_assert_cmpint(add(strangers, &limits, "192.0.2.1", SECOND / 20 - 1, list), ==,
                        STRANGER_TOO_FAST);
        g_assert_cmpint(add(strangers, &limits, "192.0.2.1", SECOND / 20, list), ==,
                        STRANGER_WELCOME);

        g_ptr_array_set_size(list, 0);
        strangers_free(strangers);
}

/* The rate is remembered when its connections are gone. */
static void
test_rate_outlives_connections(void)
{
        Strangers *strangers = strangers_new();
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_stranger);
        for (int i = 0; i < 20; i++)
                add(strangers, &limits, "192.0.2.1", 0, list);
        g_ptr_array_set_size(list, 0);

        g_assert_cmpint(add(strangers, &limits, "192.0.2.1", 0, list), ==, STRANGER_TOO_FAST);
        for (int i = 0; i < 20; i++)
                g_assert_cmpint(add(strangers, &limits, "192.0.2.1", SECOND, list), ==,
                                STRANGER_WELCOME);

        g_ptr_array_set_size(list, 0);
        strangers_free(strangers);
}

/* Fifty at a time, and the fifty-first is refused until one goes */
static void
test_number_of_an_address(void)
{
        Strangers *strangers = strangers_new();
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_stranger);
        int64_t now = 0;

        for (int i = 0; i < 50; i++, now += SECOND)
                g_assert_cmpint(add(strangers, &limits, "192.0.2.1", now, list), ==,
                                STRANGER_WELCOME);
        g_assert_cmpint(add(strangers, &limits, "192.0.2.1", now, list), ==, STRANGER_TOO_MANY);
        g_assert_cmpint(add(strangers, &limits, "192.0.2.2", now, list), ==, STRANGER_WELCOME);
        g_ptr_array_remove_index(list, 0);
        g_assert_cmpint(add(strangers, &limits, "192.0.2.1", now, list), ==, STRANGER_WELCOME);

        g_ptr_array_set_size(list, 0);
        strangers_free(strangers);
}

/* Per /64 */
static void
test_ipv6_counts_by_64(void)
{
        Strangers *strangers = strangers_new();
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_stranger);
        StrangerLimits two = {.per_address = 2, .per_second = 100};

        g_assert_cmpint(add(strangers, &two, "2001:db8::1", 0, list), ==, STRANGER_WELCOME);
        g_assert_cmpint(add(strangers, &two, "2001:db8::ffff:1", 0, list), ==, STRANGER_WELCOME);
        g_assert_cmpint(add(strangers, &two, "2001:db8::2", 0, list), ==, STRANGER_TOO_MANY);
        g_assert_cmpint(add(strangers, &two, "2001:db8:0:1::2", 0, list), ==, STRANGER_WELCOME);

        g_ptr_array_set_size(list, 0);
        strangers_free(strangers);
}

/* Beyond all, the oldest goes */
static void
test_surplus_is_the_oldest(void)
{
        Strangers *strangers = strangers_new();
        Stranger *s[3] = {NULL};
        for (int i = 0; i < 3; i++)
                strangers_add(strangers, &fast, &sessions[i], "192.0.2.1", 0, &s[i]);

        g_assert_null(strangers_surplus(strangers, 3));
        g_assert_true(strangers_surplus(strangers, 2) == &sessions[0]);
        stranger_free(s[0]);
        g_assert_true(strangers_surplus(strangers, 1) == &sessions[1]);
        g_assert_cmpuint(strangers_n(strangers), ==, 2);

        stranger_free(s[1]);
        stranger_free(s[2]);
        strangers_free(strangers);
}

/* Addresses are forgotten a second after their last stranger went. */
static void
test_quiet_addresses_are_forgotten(void)
{
        Strangers *strangers = strangers_new();
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_stranger);
        add(strangers, &limits, "192.0.2.1", 0, list);
        add(strangers, &limits, "192.0.2.2", 0, list);
        g_ptr_array_set_size(list, 0);
        g_assert_cmpuint(strangers_n_addresses(strangers), ==, 2);

        add(strangers, &limits, "192.0.2.3", SECOND, list);
        g_assert_cmpuint(strangers_n_addresses(strangers), ==, 1);

        g_ptr_array_set_size(list, 0);
        strangers_free(strangers);
}

/*
 * However many addresses come and go within a second, QUIET_MAX of them are remembered, and the one
 * being looked at.
 */
static void
test_table_is_bounded(void)
{
        Strangers *strangers = strangers_new();
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_stranger);

        for (unsigned i = 0; i < QUIET_MAX + 100; i++) {
                g_autofree char *peer =
                        g_strdup_printf("192.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
                add(strangers, &limits, peer, 0, list);
                g_ptr_array_set_size(list, 0);
                g_assert_cmpuint(strangers_n_addresses(strangers), <=, QUIET_MAX + 1);
        }
        g_assert_cmpuint(strangers_n_addresses(strangers), >=, QUIET_MAX);

        strangers_free(strangers);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/strangers/twenty-new-a-second", test_rate_of_an_address);
        g_test_add_func("/strangers/rate-outlives-connections", test_rate_outlives_connections);
        g_test_add_func("/strangers/fifty-an-address", test_number_of_an_address);
        g_test_add_func("/strangers/ipv6-counts-by-64", test_ipv6_counts_by_64);
        g_test_add_func("/strangers/surplus-is-the-oldest", test_surplus_is_the_oldest);
        g_test_add_func("/strangers/quiet-addresses-are-forgotten",
                        test_quiet_addresses_are_forgotten);
        g_test_add_func("/strangers/table-is-bounded", test_table_is_bounded);
        return g_test_run();
}
