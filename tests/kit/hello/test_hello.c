/*
 * Tests of the module hello, with all that a test in C can do.
 */
#include <motet/modtest.h>
#include <motet/module.h>
#include <motet/stanza.h>
#include <motet/task.h>
#include <string.h>

#define ROMEO "romeo@example.org/orchard"
#define ASK "<iq type='get' id='1' to='example.org'><hello xmlns='urn:example:hello'/></iq>"
#define GREETING(n, here, text)                                                                    \
        "<iq type='result' id='1' from='example.org' to='" ROMEO                                   \
        "'><hello xmlns='urn:example:hello' n='" n "' here='" here "'>" text "</hello></iq>"

static Modtest *
make_test(const char *options)
{
        Modtest *test = modtest_new();

        modtest_enable(test, "hello", options);
        modtest_start(test);
        return test;
}

static void
test_greets(void)
{
        g_autoptr(Modtest) test = make_test("{greeting: Hail}");
        MotetSession *romeo = modtest_bind(test, ROMEO);

        modtest_send(romeo, ASK);

        modtest_assert_received(romeo, GREETING("1", "1", "Hail"));
        modtest_assert_received_nothing(romeo);
}

static void
test_state_goes_to_newer_code(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        MotetSession *romeo = modtest_bind(test, ROMEO);
        modtest_send(romeo, ASK);

        modtest_replace(test, "hello");
        modtest_send(romeo, ASK);

        modtest_assert_received(romeo, GREETING("1", "1", "Hello"));
        modtest_assert_received(romeo, GREETING("2", "1", "Hello"));
}

static void
test_options_change(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        MotetSession *romeo = modtest_bind(test, ROMEO);

        modtest_enable(test, "hello", "{greeting: Welcome}");
        modtest_reload(test);
        modtest_send(romeo, ASK);

        modtest_assert_received(romeo, GREETING("1", "1", "Welcome"));
}

static void
test_module_goes_and_comes(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        MotetSession *romeo = modtest_bind(test, ROMEO);

        modtest_disable(test, "hello");
        modtest_reload(test);
        modtest_send(romeo, ASK);
        modtest_assert_received(romeo,
                                "<iq type='error' id='1' from='example.org' to='" ROMEO
                                "'><error type='cancel'><service-unavailable "
                                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");

        modtest_enable(test, "hello", NULL);
        modtest_reload(test);
        modtest_send(romeo, ASK);
        modtest_assert_received(romeo, GREETING("1", "1", "Hello"));
}

/* The main file's limits hold. */
static void
test_main_configuration(void)
{
        g_autoptr(Modtest) test = modtest_new();
        modtest_configure(test, "limits:\n  user:\n    depth: 8");
        modtest_start(test);
        MotetSession *romeo = modtest_bind(test, ROMEO);

        modtest_send(romeo,
                     "<message><a><b><c><d><e><f><g><h/></g></f></e></d></c></b></a></message>");

        modtest_assert_stream_error(romeo, "policy-violation");
}

/* A stanza that the test routes by itself arrives once the server has had its turn. */
static void
test_direct_calls(void)
{
        g_autoptr(Modtest) test = modtest_new();
        modtest_add_module_dir(test, ".");
        modtest_enable(test, "message", NULL);
        modtest_start(test);
        MotetSession *romeo = modtest_bind(test, ROMEO);
        g_autoptr(MotetXml) stanza = motet_xml_new("message", MOTET_NS_CLIENT);
        motet_xml_set_attr(stanza, "to", ROMEO);

        motet_session_send(romeo, stanza);
        modtest_settle(test);

        modtest_assert_received(romeo, "<message to='" ROMEO "'/>");
}

static void
test_refuses_other_options(void)
{
        g_autoptr(Modtest) test = modtest_new();
        modtest_enable(test, "hello", "{farewell: Bye}");

        g_autofree char *refusal = modtest_refusal(test);

        g_assert_nonnull(strstr(refusal, "farewell"));
}

static void
test_refused_reload_changes_nothing(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        MotetSession *romeo = modtest_bind(test, ROMEO);
        modtest_enable(test, "hello", "{greeting: []}");

        g_autofree char *refusal = modtest_reload_refusal(test);
        modtest_send(romeo, ASK);

        g_assert_nonnull(strstr(refusal, "expected text, found a list"));
        modtest_assert_received(romeo, GREETING("1", "1", "Hello"));
}

static void
test_runs_commands(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        g_autofree char *output = NULL;

        modtest_assert_runs(test, "module list", "*hello*\n*storage_memory*");
        int code = modtest_run(test, "module reload \"good bye\"", &output);

        g_assert_cmpint(code, !=, 0);
        g_assert_nonnull(strstr(output, "good bye"));
}

static void
test_logs(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        MotetSession *romeo = modtest_bind(test, ROMEO);

        modtest_send(romeo, ASK);

        modtest_assert_logged(test, "debug hello: greeted 1 times");
}

static MotetResult
forbid(MotetModule *self, MotetStanzaEvent *ev)
{
        g_assert_true(self == motet_module_data(self));
        g_autoptr(MotetXml) answer = motet_stanza_error(ev->stanza, MOTET_FORBIDDEN, NULL);

        motet_session_send(ev->session, answer);
        return MOTET_HANDLED;
}

static void
test_hooks_of_the_test(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        MotetSession *romeo = modtest_bind(test, ROMEO);
        const MotetHook hook =
                MOTET_ON_STANZA("iq/host/urn:example:hello:hello", forbid, MOTET_PRIO_EARLY);
        motet_module_set_data(modtest_owner(test), modtest_owner(test), NULL);

        modtest_hook(test, &hook);
        modtest_send(romeo, ASK);

        modtest_assert_received(romeo,
                                "<iq type='error' id='1' from='example.org' to='" ROMEO
                                "'><error type='auth'><forbidden "
                                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

static void
ring(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        ++*(unsigned *)data;
}

static void
test_time_passes(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        unsigned n_rung = 0;
        motet_timer_add(modtest_owner(test), NULL, 5 * G_TIME_SPAN_MINUTE, ring, &n_rung);

        modtest_advance(test, 5 * G_TIME_SPAN_MINUTE - 1);
        g_assert_cmpuint(n_rung, ==, 0);
        modtest_advance(test, 1);

        g_assert_cmpuint(n_rung, ==, 1);
}

static void
test_hosts_and_modules(void)
{
        g_autoptr(Modtest) test = modtest_new();
        modtest_add_host(test, "capulet.example");
        modtest_add_host(test, "montague.example");
        modtest_enable(test, "hello", NULL);
        modtest_start(test);
        MotetSession *romeo = modtest_bind(test, "romeo@montague.example/orchard");

        g_assert_cmpstr(motet_host_name(modtest_host(test, NULL)), ==, "capulet.example");
        g_assert_nonnull(modtest_host(test, "montague.example"));
        g_assert_null(modtest_host(test, "example.org"));
        g_assert_nonnull(modtest_module(test, "hello"));
        g_assert_null(modtest_module(test, "roster"));
        modtest_lose(romeo);
        g_assert_false(motet_session_is_connected(romeo));
}

static void
test_streams(void)
{
        g_autoptr(Modtest) test = make_test(NULL);
        MotetSession *stranger = modtest_connect(test);

        modtest_send(stranger, "<?xml version='1.0'?><presence/>");
        g_autofree char *sent = modtest_take_received(stranger);
        g_assert_nonnull(strstr(sent, "<stream:error>"));

        MotetSession *romeo = modtest_login(test, "romeo@example.org");
        modtest_send(romeo, "</stream:stream>");
        modtest_assert_closed(romeo);
        MotetSession *juliet = modtest_open(test, "example.org");
        modtest_send(juliet, "<a><b></a>");
        modtest_assert_stream_error(juliet, "not-well-formed");
}

static void
test_scenario(void)
{
        g_autoptr(Modtest) test = modtest_new();

        modtest_assert_scenario(test, "hello.scn");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/hello/greets", test_greets);
        g_test_add_func("/hello/state-goes-to-newer-code", test_state_goes_to_newer_code);
        g_test_add_func("/hello/options-change", test_options_change);
        g_test_add_func("/hello/module-goes-and-comes", test_module_goes_and_comes);
        g_test_add_func("/hello/main-configuration", test_main_configuration);
        g_test_add_func("/hello/direct-calls", test_direct_calls);
        g_test_add_func("/hello/refuses-other-options", test_refuses_other_options);
        g_test_add_func("/hello/refused-reload-changes-nothing",
                        test_refused_reload_changes_nothing);
        g_test_add_func("/hello/runs-commands", test_runs_commands);
        g_test_add_func("/hello/logs", test_logs);
        g_test_add_func("/hello/hooks-of-the-test", test_hooks_of_the_test);
        g_test_add_func("/hello/time-passes", test_time_passes);
        g_test_add_func("/hello/hosts-and-modules", test_hosts_and_modules);
        g_test_add_func("/hello/streams", test_streams);
        g_test_add_func("/hello/scenario", test_scenario);
        return g_test_run();
}
