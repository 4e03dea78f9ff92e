/*
 * Tests of host_data: what modules keep with hosts.
 */
#include <motet/host.h>

#include "support/test_core.h"

static void
count_free(void *data)
{
        unsigned *n = data;

        ++*n;
}

static void
test_data_is_kept_by_module_and_host(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *one = test_core_module(core, NULL, NULL);
        MotetModule *two = test_core_module(core, NULL, NULL);
        unsigned a = 0, b = 0, c = 0;

        g_assert_null(motet_host_data(core->host, one));
        g_assert_true(motet_host_set_data(core->host, one, &a, count_free));
        g_assert_true(motet_host_set_data(core->other, one, &b, count_free));
        g_assert_true(motet_host_data(core->host, one) == &a);
        g_assert_true(motet_host_data(core->other, one) == &b);
        g_assert_null(motet_host_data(core->host, two));
        g_assert_true(motet_host_set_data(core->host, one, &c, count_free));
        g_assert_cmpuint(a, ==, 1);
        g_assert_true(motet_host_set_data(core->host, one, NULL, NULL));

        g_assert_cmpuint(c, ==, 1);
        g_assert_null(motet_host_data(core->host, one));
        g_assert_cmpuint(b, ==, 0);
}

static void
test_data_is_freed_with_the_host(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, NULL, NULL);
        MotetHost *going = host_ref(core->other);
        unsigned a = 0, b = 0;
        motet_host_set_data(core->host, module, &a, count_free);
        motet_host_set_data(going, module, &b, count_free);

        host_free(going);

        g_assert_cmpuint(a, ==, 0);
        g_assert_cmpuint(b, ==, 1);
        /* Who still knows the host keeps nothing with it any more. */
        g_assert_false(motet_host_set_data(going, module, &b, count_free));
        g_assert_cmpuint(b, ==, 2);
        host_unref(going);
}

static void
test_data_is_freed_with_the_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *other = test_core_module(core, NULL, NULL);
        MotetModule *module = test_core_module(core, NULL, NULL);
        unsigned slot = module->slot, a = 0, b = 0, c = 0;
        motet_host_set_data(core->host, other, &c, count_free);
        motet_host_set_data(core->host, module, &a, count_free);
        motet_host_set_data(core->other, module, &b, count_free);

        test_core_stop(core, module);
        g_assert_cmpuint(a, ==, 1);
        g_assert_cmpuint(b, ==, 1);
        g_assert_cmpuint(c, ==, 0);
        module = test_core_module(core, NULL, NULL);
        g_assert_cmpuint(module->slot, ==, slot);

        g_assert_null(motet_host_data(core->host, module));
        g_assert_true(motet_host_data(core->host, other) == &c);
}

static void
test_data_of_a_stopped_module_is_refused(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, NULL, NULL);
        unsigned n = 0;

        instance_drop_all(module);

        g_assert_false(motet_host_set_data(core->host, module, &n, count_free));
        g_assert_cmpuint(n, ==, 1);
        g_assert_null(motet_host_data(core->host, module));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/host-data/is-kept-by-module-and-host",
                        test_data_is_kept_by_module_and_host);
        g_test_add_func("/host-data/is-freed-with-the-host", test_data_is_freed_with_the_host);
        g_test_add_func("/host-data/is-freed-with-the-module", test_data_is_freed_with_the_module);
        g_test_add_func("/host-data/of-a-stopped-module-is-refused",
                        test_data_of_a_stopped_module_is_refused);
        return g_test_run();
}
