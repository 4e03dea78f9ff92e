/*
 * A test without g_test: it ends when something is not so.
 */
#include <motet/modtest.h>

int
main(void)
{
        g_autoptr(Modtest) test = modtest_new();
        modtest_enable(test, "faulty", NULL);
        modtest_start(test);
        MotetSession *romeo = modtest_bind(test, "romeo@example.org/orchard");

        modtest_assert_received(romeo, "<message/>");
        return 0;
}
