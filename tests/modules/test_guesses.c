/*
 * test_guesses: the count of failed logins by address.
 */
#include "modules/sasl/guesses.c"

static const GuessLimits limits = {.per_minute = 10, .per_hour = 100, .max_addresses = 1000};

#define SECOND G_TIME_SPAN_SECOND

static void
fail(Guesses *guesses, const char *peer, unsigned times, int64_t now)
{
        for (unsigned i = 0; i < times; i++)
                guesses_add(guesses, &limits, peer, now);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guesses, guesses_free)

/* Ten failures a minute; the tenth closes the door, the ninth does not (R9) */
static void
test_limit_of_a_minute(void)
{
        g_autoptr(Guesses) guesses = guesses_new();

        fail(guesses, "192.0.2.1", 9, 0);
        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", 0), ==, 0);
        fail(guesses, "192.0.2.1", 1, 0);
        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", 0), >, 0);
}

static void
test_minute_passes(void)
{
        g_autoptr(Guesses) guesses = guesses_new();
        fail(guesses, "192.0.2.1", 10, 0);

        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", 60 * SECOND - 1), >, 0);
        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", 60 * SECOND), ==, 0);
}

/* A hundred an hour, however slowly */
static void
test_limit_of_an_hour(void)
{
        g_autoptr(Guesses) guesses = guesses_new();
        int64_t now = 0;
        for (int i = 0; i < 11; i++, now += 61 * SECOND)
                fail(guesses, "192.0.2.1", 9, now);

        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", now), ==, 0);
        fail(guesses, "192.0.2.1", 1, now);
        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", now), >, 0);
        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", now + 120 * SECOND), >, 0);
        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", 3600 * SECOND), ==, 0);
}

/* Refused with growing delay, which stays below what a stranger has to log in */
static void
test_delay_grows(void)
{
        g_autoptr(Guesses) guesses = guesses_new();
        fail(guesses, "192.0.2.1", 10, 0);
        static const int64_t expected[] = {1, 2, 4, 8, 16, 16, 16};

        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
                g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", 0), ==,
                                expected[i] * SECOND);
}

/* An IPv6 address is as good as any other of its /64 */
static void
test_ipv6_counts_by_64(void)
{
        g_autoptr(Guesses) guesses = guesses_new();
        fail(guesses, "2001:db8:0:1::1", 5, 0);
        fail(guesses, "2001:db8:0:1:ffff::2", 5, 0);

        g_assert_cmpint(guesses_delay(guesses, &limits, "2001:db8:0:1:2::3", 0), >, 0);
        g_assert_cmpint(guesses_delay(guesses, &limits, "2001:db8:0:2::1", 0), ==, 0);
        g_assert_cmpuint(guesses_n_addresses(guesses), ==, 1);
}

static void
test_mapped_ipv4_is_ipv4(void)
{
        g_autoptr(Guesses) guesses = guesses_new();
        fail(guesses, "::ffff:192.0.2.1", 10, 0);

        g_assert_cmpint(guesses_delay(guesses, &limits, "192.0.2.1", 0), >, 0);
        g_assert_cmpint(guesses_delay(guesses, &limits, "::ffff:192.0.2.2", 0), ==, 0);
}

/* The table holds max_addresses, and one more pushes out the one untouched for longest. */
static void
test_table_is_bounded(void)
{
        GuessLimits small = {.per_minute = 1, .per_hour = 100, .max_addresses = 3};
        g_autoptr(Guesses) guesses = guesses_new();
        guesses_add(guesses, &small, "192.0.2.1", 0);
        guesses_add(guesses, &small, "192.0.2.2", 0);
        guesses_add(guesses, &small, "192.0.2.3", 0);
        g_assert_cmpuint(guesses_n_addresses(guesses), ==, 3);
        guesses_add(guesses, &small, "192.0.2.1", 0);

        guesses_add(guesses, &small, "192.0.2.4", 0);

        g_assert_cmpuint(guesses_n_addresses(guesses), ==, 3);
        g_assert_cmpint(guesses_delay(guesses, &small, "192.0.2.2", 0), ==, 0);
        g_assert_cmpint(guesses_delay(guesses, &small, "192.0.2.1", 0), >, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/guesses/ten-a-minute", test_limit_of_a_minute);
        g_test_add_func("/guesses/minute-passes", test_minute_passes);
        g_test_add_func("/guesses/hundred-an-hour", test_limit_of_an_hour);
        g_test_add_func("/guesses/delay-grows", test_delay_grows);
        g_test_add_func("/guesses/ipv6-counts-by-64", test_ipv6_counts_by_64);
        g_test_add_func("/guesses/mapped-ipv4-is-ipv4", test_mapped_ipv4_is_ipv4);
        g_test_add_func("/guesses/table-is-bounded", test_table_is_bounded);
        return g_test_run();
}
