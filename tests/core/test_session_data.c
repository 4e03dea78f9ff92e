/*
 * Tests of session_data: limits, and what modules keep with a session.
 */
#include "support/test_core.h"

/* Limits */

/* A stranger's limits become a user's at authentication. */
static void
test_limits_grow_with_authentication(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        g_assert_cmpuint(motet_session_limits(session)->stanza_bytes, ==, 10000);
        motet_session_authenticate(session, "romeo");

        g_assert_cmpuint(motet_session_limits(session)->stanza_bytes, ==, 262144);
        g_assert_cmpuint(motet_session_limits(session)->send_queue, ==, 1048576);
}

static MotetResult
count(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)ev;
        g_string_append_c(test_core_of(self)->log, '.');
        return MOTET_HANDLED;
}

/* R12: as many stanzas as the rate at once; one more waits for its share of a second. */
static void
test_stanza_rate(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/self", count, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        MotetSessionLimits limits = *motet_session_limits(session);
        g_autoptr(GString) stanzas = g_string_new(NULL);
        limits.stanzas_per_s = 10;
        motet_session_set_limits(session, &limits);
        test_core_advance(core, 2 * G_TIME_SPAN_SECOND);
        for (unsigned i = 0; i < 25; i++)
                g_string_append(stanzas, "<message/>");

        test_session_receive(session, stanzas->str);
        g_assert_cmpuint(core->log->len, ==, 10);
        test_core_advance(core, 99 * G_TIME_SPAN_MILLISECOND);
        g_assert_cmpuint(core->log->len, ==, 10);
        test_core_advance(core, 3 * G_TIME_SPAN_MILLISECOND);
        g_assert_cmpuint(core->log->len, ==, 11);
        test_core_advance(core, G_TIME_SPAN_SECOND);
        g_assert_cmpuint(core->log->len, ==, 21);
        test_core_advance(core, G_TIME_SPAN_SECOND);

        g_assert_cmpuint(core->log->len, ==, 25);
}

/* The peer is not read meanwhile, and its end is. */
static void
test_stanza_rate_pauses_reading(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/self", count, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        MotetSessionLimits limits = *motet_session_limits(session);
        limits.stanzas_per_s = 1;
        motet_session_set_limits(session, &limits);
        test_core_advance(core, 2 * G_TIME_SPAN_SECOND);

        test_session_receive(session, "<message/><message/></stream:stream>");
        g_assert_cmpuint(core->log->len, ==, 1);
        test_core_advance(core, 4 * G_TIME_SPAN_SECOND);

        g_assert_cmpuint(core->log->len, ==, 2);
        test_assert_closed(session);
}

static void
test_zero_limits_are_refused(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        MotetSessionLimits limits = *motet_session_limits(session);
        limits.stanzas_per_s = 0;

        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*stanzas_per_s*");
        motet_session_set_limits(session, &limits);
        g_test_assert_expected_messages();

        g_assert_cmpuint(motet_session_limits(session)->stanzas_per_s, ==, 10);
}

/* Module data */

static void
count_free(void *data)
{
        unsigned *n = data;

        ++*n;
}

static void
test_data_is_freed_with_the_session(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *one = test_core_module(core, core->host, NULL);
        MotetModule *two = test_core_module(core, core->host, NULL);
        MotetSession *session = test_session_new(&core->server);
        unsigned a = 0, b = 0, c = 0;

        g_assert_null(motet_session_data(session, one));
        motet_session_set_data(session, one, NULL, NULL);
        motet_session_set_data(session, two, &b, count_free);
        motet_session_set_data(session, one, &a, count_free);
        g_assert_true(motet_session_data(session, one) == &a);
        g_assert_true(motet_session_data(session, two) == &b);
        motet_session_set_data(session, one, &c, count_free);
        g_assert_cmpuint(a, ==, 1);
        motet_session_destroy(session);

        g_assert_cmpuint(a, ==, 1);
        g_assert_cmpuint(b, ==, 1);
        g_assert_cmpuint(c, ==, 1);
        g_assert_null(motet_session_data(session, one));
        motet_session_set_data(session, one, &a, count_free);
        g_assert_cmpuint(a, ==, 2);
}

static void
test_data_is_freed_with_the_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetSession *session = test_session_new(&core->server);
        unsigned slot = module->slot, n = 0;

        motet_session_set_data(session, module, &n, count_free);
        test_core_stop(core, module);
        g_assert_cmpuint(n, ==, 1);
        module = test_core_module(core, core->host, NULL);

        /* The slot is used again, and empty. */
        g_assert_cmpuint(module->slot, ==, slot);
        g_assert_null(motet_session_data(session, module));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session-data/limits-grow-with-authentication",
                        test_limits_grow_with_authentication);
        g_test_add_func("/session-data/stanza-rate", test_stanza_rate);
        g_test_add_func("/session-data/stanza-rate-pauses-reading",
                        test_stanza_rate_pauses_reading);
        g_test_add_func("/session-data/zero-limits-are-refused", test_zero_limits_are_refused);
        g_test_add_func("/session-data/data-is-freed-with-the-session",
                        test_data_is_freed_with_the_session);
        g_test_add_func("/session-data/data-is-freed-with-the-module",
                        test_data_is_freed_with_the_module);
        return g_test_run();
}
