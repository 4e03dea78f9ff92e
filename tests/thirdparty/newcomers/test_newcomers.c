/*
 * Tests of newcomers: what other modules are told, and that nothing is forgotten with the code.
 */
#include <motet/event.h>
#include <motet/modtest.h>

static unsigned n_told;

static MotetResult
count(MotetModule *self, MotetAccountEvent *ev)
{
        (void)self;

        g_assert_cmpstr(ev->username, ==, "romeo");
        n_told++;
        return MOTET_CONTINUE;
}

static Modtest *
start(void)
{
        Modtest *test = modtest_new();

        modtest_enable(test, "newcomers", NULL);
        modtest_start(test);
        return test;
}

/* The event is fired once for an account, whatever it connects with. */
static void
test_event(void)
{
        static const MotetHook hook = MOTET_ON_ACCOUNT("first-login", count, MOTET_PRIO_NORMAL);
        g_autoptr(Modtest) test = start();
        modtest_hook(test, &hook);
        n_told = 0;

        modtest_bind(test, "romeo@example.org/orchard");
        modtest_bind(test, "romeo@example.org/balcony");

        g_assert_cmpuint(n_told, ==, 1);
}

/* What is in memory goes on in newer code; what is in the store does anyway. */
static void
test_replaced(void)
{
        g_autoptr(Modtest) test = start();
        modtest_bind(test, "romeo@example.org/orchard");
        modtest_advance(test, G_TIME_SPAN_HOUR);
        modtest_bind(test, "juliet@example.org/balcony");

        modtest_replace(test, "newcomers");

        modtest_assert_runs(test, "newcomers list example.org",
                            "*  juliet@example.org\n*  romeo@example.org");
        modtest_assert_runs(test, "newcomers list example.org --since 30m",
                            "*  juliet@example.org");
        modtest_bind(test, "romeo@example.org/chamber");
        modtest_assert_runs(test, "newcomers list example.org --limit 1", "*  juliet@example.org");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/newcomers/event-is-fired-once", test_event);
        g_test_add_func("/newcomers/list-goes-on-in-newer-code", test_replaced);
        return g_test_run();
}
