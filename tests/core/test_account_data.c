/*
 * Tests of account_data: what modules keep with accounts that are here.
 */
#include <motet/account.h>

#include "support/test_core.h"

static void
count_free(void *data)
{
        unsigned *n = data;

        ++*n;
}

/* Each module has its own, and each account; a new one takes the place of the former. */
static void
test_data_is_kept_by_module_and_account(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *one = test_core_module(core, core->host, NULL);
        MotetModule *two = test_core_module(core, NULL, NULL);
        unsigned a = 0, b = 0, c = 0, d = 0;
        test_core_bind(core, "romeo", "orchard");
        test_core_bind(core, "juliet", "balcony");

        g_assert_null(motet_account_data(core->host, "romeo", one));
        g_assert_true(motet_account_set_data(core->host, "romeo", one, &a, count_free));
        g_assert_true(motet_account_set_data(core->host, "romeo", two, &b, count_free));
        g_assert_true(motet_account_set_data(core->host, "juliet", one, &c, NULL));
        g_assert_true(motet_account_data(core->host, "romeo", one) == &a);
        g_assert_true(motet_account_data(core->host, "romeo", two) == &b);
        g_assert_true(motet_account_data(core->host, "juliet", one) == &c);
        g_assert_null(motet_account_data(core->host, "juliet", two));
        g_assert_null(motet_account_data(core->other, "romeo", two));

        g_assert_true(motet_account_set_data(core->host, "romeo", one, &d, count_free));
        g_assert_cmpuint(a, ==, 1);
        g_assert_true(motet_account_set_data(core->host, "romeo", one, NULL, NULL));
        g_assert_cmpuint(d, ==, 1);
        g_assert_null(motet_account_data(core->host, "romeo", one));
        g_assert_true(motet_account_set_data(core->host, "romeo", one, NULL, NULL));
        g_assert_cmpuint(b, ==, 0);
}

/* It goes with the last session, and with that alone. */
static void
test_data_lives_as_long_as_a_session_is_bound(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetSession *first = test_core_bind(core, "romeo", "orchard");
        MotetSession *second = test_core_bind(core, "romeo", "garden");
        unsigned n = 0;
        motet_account_set_data(core->host, "romeo", module, &n, count_free);

        motet_session_destroy(first);
        g_assert_true(motet_account_data(core->host, "romeo", module) == &n);
        motet_session_destroy(second);

        g_assert_cmpuint(n, ==, 1);
        g_assert_null(motet_account_data(core->host, "romeo", module));
        test_core_bind(core, "romeo", "orchard");
        g_assert_null(motet_account_data(core->host, "romeo", module));
}

/* There is nobody who would free it. */
static void
test_data_of_an_account_elsewhere_is_refused(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        unsigned n = 0;
        test_core_login(core, "romeo");

        g_assert_false(motet_account_set_data(core->host, "romeo", module, &n, count_free));
        g_assert_false(motet_account_set_data(core->host, "romeo", module, NULL, count_free));

        g_assert_cmpuint(n, ==, 1);
        g_assert_null(motet_account_data(core->host, "romeo", module));
        g_assert_null(core->server.account_data);
}

static MotetResult
on_bound(MotetModule *self, MotetSessionEvent *ev)
{
        static unsigned n;
        MotetHost *host = ev->event.host;

        if (!motet_account_data(host, ev->session->username, self))
                test_core_note(self, "new");
        motet_account_set_data(host, ev->session->username, self, &n, NULL);
        return MOTET_CONTINUE;
}

static MotetResult
on_unbound(MotetModule *self, MotetSessionEvent *ev)
{
        MotetHost *host = ev->event.host;
        void *data = motet_account_data(host, ev->session->username, self);

        test_core_note(self, data ? "there" : "gone");
        if (!data)
                return MOTET_CONTINUE;
        g_assert_true(motet_account_set_data(host, ev->session->username, self, self, NULL));
        g_assert_true(motet_account_data(host, ev->session->username, self) == self);
        return MOTET_CONTINUE;
}

static MotetResult
on_destroyed(MotetModule *self, MotetSessionEvent *ev)
{
        test_core_note(self, motet_account_data(ev->event.host, "romeo", self) ? "there" : "gone");
        return MOTET_CONTINUE;
}

/* From session-bound on, and still for every handler of the last session-unbound. */
static void
test_data_is_there_in_both_events(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("session-bound", on_bound, 0),
                MOTET_ON_SESSION("session-unbound", on_unbound, 0),
                MOTET_ON_SESSION("session-destroyed", on_destroyed, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *first = test_core_bind(core, "romeo", "orchard");
        MotetSession *second = test_core_bind(core, "romeo", "garden");

        motet_session_destroy(first);
        test_core_assert_log(core, "new there there");
        motet_session_destroy(second);

        test_core_assert_log(core, "there gone");
        g_assert_null(core->server.account_data);
}

typedef struct {
        MotetHost *host;
        MotetModule *module;
        unsigned n;
} Reentrant;

/* The free function keeps something else instead. */
static void
set_again(void *data)
{
        Reentrant *reentrant = data;

        reentrant->n++;
        g_assert_null(motet_account_data(reentrant->host, "romeo", reentrant->module));
        motet_account_set_data(reentrant->host, "romeo", reentrant->module, &reentrant->n,
                               count_free);
}

/* Other modules and other accounts keep theirs; a later module in the same slot finds none. */
static void
test_data_is_freed_with_the_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *other = test_core_module(core, core->host, NULL);
        MotetModule *module = test_core_module(core, core->host, NULL);
        unsigned slot = module->slot, b = 0, c = 0;
        Reentrant reentrant = {core->host, module, 0};
        test_core_bind(core, "romeo", "orchard");
        test_core_bind(core, "juliet", "balcony");
        motet_account_set_data(core->host, "romeo", module, &reentrant, set_again);
        motet_account_set_data(core->host, "juliet", module, &b, count_free);
        motet_account_set_data(core->host, "juliet", other, &c, count_free);

        test_core_stop(core, module);

        /* Once itself, and what it kept instead. */
        g_assert_cmpuint(reentrant.n, ==, 2);
        g_assert_cmpuint(b, ==, 1);
        g_assert_cmpuint(c, ==, 0);
        g_assert_true(motet_account_data(core->host, "juliet", other) == &c);
        module = test_core_module(core, core->host, NULL);
        g_assert_cmpuint(module->slot, ==, slot);
        g_assert_null(motet_account_data(core->host, "juliet", module));
}

/* A module that has stopped keeps nothing any more. */
static void
test_data_of_a_stopped_module_is_refused(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        unsigned n = 0;
        test_core_bind(core, "romeo", "orchard");

        instance_drop_all(module);

        g_assert_false(motet_account_set_data(core->host, "romeo", module, &n, count_free));
        g_assert_cmpuint(n, ==, 1);
}

/* As many accounts as the table grows for, and nothing left of it afterwards. */
static void
test_many_accounts(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetSession *sessions[200];
        unsigned n = 0;

        for (unsigned i = 0; i < G_N_ELEMENTS(sessions); i++) {
                g_autofree char *name = g_strdup_printf("user%u", i);
                sessions[i] = test_core_bind(core, name, "r");
                motet_account_set_data(core->host, name, module, &n, count_free);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(sessions); i++) {
                g_assert_cmpuint(n, ==, i);
                motet_session_destroy(sessions[i]);
        }

        g_assert_cmpuint(n, ==, G_N_ELEMENTS(sessions));
        g_assert_null(core->server.account_data);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/account-data/is-kept-by-module-and-account",
                        test_data_is_kept_by_module_and_account);
        g_test_add_func("/account-data/lives-as-long-as-a-session-is-bound",
                        test_data_lives_as_long_as_a_session_is_bound);
        g_test_add_func("/account-data/of-an-account-elsewhere-is-refused",
                        test_data_of_an_account_elsewhere_is_refused);
        g_test_add_func("/account-data/is-there-in-both-events", test_data_is_there_in_both_events);
        g_test_add_func("/account-data/is-freed-with-the-module",
                        test_data_is_freed_with_the_module);
        g_test_add_func("/account-data/of-a-stopped-module-is-refused",
                        test_data_of_a_stopped_module_is_refused);
        g_test_add_func("/account-data/many-accounts", test_many_accounts);
        return g_test_run();
}
