/*
 * A test of GLib's: it tells what is not so to who runs it.
 */
#include <motet/modtest.h>

static void
test_leak(void)
{
        g_autoptr(Modtest) test = modtest_new();
        modtest_enable(test, "faulty", NULL);
        modtest_start(test);
        MotetSession *romeo = modtest_bind(test, "romeo@example.org/orchard");

        modtest_send(
                romeo,
                "<iq type='get' id='1' to='example.org'><leak xmlns='urn:example:faulty'/></iq>");

        modtest_assert_received(romeo, "<iq type='result' id='1' from='*' to='*'/>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/faulty/leak", test_leak);
        return g_test_run();
}
