/*
 * Tests of core/server_reload.c: a reload is applied as its plan says, or leaves all as it was.
 */
#include <string.h>

#include "core/log.h"
#include "core/server.h"
#include "core/session.h"
#include "support/test_server.h"

/* What the modules logged, "<module> <text>", a line each. */
static GString *lines;

static void
take_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        (void)level;
        (void)data;
        if (strcmp(source, "alpha") == 0 || strcmp(source, "beta") == 0 ||
            strcmp(source, "picky") == 0 || strcmp(source, "zfails") == 0)
                g_string_append_printf(lines, "%s %s\n", source, text);
}

static char *
config(const char *hosts, const char *modules_yaml)
{
        return g_strdup_printf("modules_dir: %s/test_modules\nhosts: {%s}\nmodules:\n%s",
                               g_getenv("MOTET_TEST_BUILD"), hosts, modules_yaml);
}

static TestServer *
start(const char *hosts, const char *modules_yaml)
{
        g_autofree char *yaml = config(hosts, modules_yaml);
        TestServer *server = test_server_new_config(yaml);

        g_string_truncate(lines, 0);
        return server;
}

static bool
reload(TestServer *server, const char *hosts, const char *modules_yaml, char **output_out)
{
        g_autofree char *yaml = config(hosts, modules_yaml);

        return test_server_reload(server, yaml, output_out);
}

static void
test_a_refused_option_brings_the_former_back(void)
{
        g_autoptr(TestServer) server = start("example.org: ", "  alpha:\n  picky:\n");
        MotetModule *alpha = test_server_module(server, "alpha", test_server_host(server));
        MotetModule *picky = test_server_module(server, "picky", NULL);
        const Config *before = server_config(test_server_core(server));
        g_autofree char *refusal = NULL;

        bool is_done = reload(server, "example.org: , example.com: ",
                              "  alpha: {options: {greeting: hi}}\n  beta:\n"
                              "  picky: {options: {taste: bad}}\n",
                              &refusal);

        g_assert_false(is_done);
        g_assert_cmpstr(refusal, ==, "module picky on all hosts: this is in bad taste\n");
        g_assert_cmpstr(lines->str, ==,
                        "alpha load example.com\nbeta load example.org\nbeta load example.com\n"
                        "alpha reconfigure example.org hi\npicky reconfigure bad\n"
                        "picky reconfigure good\nalpha reconfigure example.org hello\n"
                        "beta unload example.com\nbeta unload example.org\n"
                        "alpha unload example.com\n");
        g_assert_cmpstr(motet_option_string(alpha, "greeting"), ==, "hello");
        g_assert_cmpstr(motet_option_string(picky, "taste"), ==, "good");
        g_assert_true(test_server_module(server, "alpha", test_server_host(server)) == alpha);
        g_assert_null(test_server_module(server, "beta", test_server_host(server)));
        g_assert_cmpuint(server_base(test_server_core(server))->hosts->len, ==, 1);
        g_assert_true(server_config(test_server_core(server)) == before);
}

/* The former order decides again which hook of one priority runs first. */
static void
test_a_failed_start_brings_the_former_order_back(void)
{
        g_autoptr(TestServer) server =
                start("example.org: ", "  alpha:\n  rival: {enabled: false}\n");
        MotetModule *alpha = test_server_module(server, "alpha", test_server_host(server));
        unsigned order = alpha->order;

        g_assert_false(reload(server, "example.org: ", "  aardvark:\n  alpha:\n  zfails:\n", NULL));

        g_assert_cmpuint(alpha->order, ==, order);
        g_assert_null(test_server_module(server, "aardvark", test_server_host(server)));
}

static void
test_the_plan_has_everything_in_order(void)
{
        g_autoptr(TestServer) server =
                start("example.org: , example.net: ", "  alpha:\n  delta:\n  picky:\n");
        g_autofree char *plan = NULL;

        bool is_done = reload(server, "example.org: , example.com: ",
                              "  alpha: {options: {level: 5}}\n  beta: {hosts: [example.org]}\n"
                              "  picky: {options: {taste: fine}}\n",
                              &plan);

        g_assert_true(is_done);
        g_assert_cmpstr(plan, ==,
                        "+ host example.com\n- host example.net\n"
                        "+ alpha on example.com\n+ beta on example.org\n"
                        "~ alpha on example.org: level 3 → 5\n"
                        "~ picky on all hosts: taste good → fine\n"
                        "- delta on all hosts\n- alpha on example.net\n");
}

/* RFC 6120 4.9.3.5: who is connected to a host that goes is told so; nobody else notices. */
static void
test_a_host_goes_with_its_streams(void)
{
        g_autoptr(TestServer) server = start("example.org: , example.net: ", "  alpha:\n");
        MotetServer *base = server_base(test_server_core(server));
        MotetSession *stays = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *goes = test_server_bind(server, "juliet@example.net/balcony");
        MotetSession *stranger = test_server_open(server, "example.net");

        g_assert_true(reload(server, "example.org: ", "  alpha:\n", NULL));

        test_assert_stream_error(goes, "host-gone");
        test_assert_stream_error(stranger, "host-gone");
        test_server_advance(server, base->limits.close_timeout + G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(stays));
        g_assert_cmpuint(base->n_streams, ==, 1);
        g_assert_null(motet_host_find(base, "example.net"));
        test_session_receive(stays, "<iq type='get' id='1' to='example.net'><q xmlns='x'/></iq>");
        test_assert_sent(stays, "<iq type='error' id='1' from='example.net' to='*'>"
                                "<error type='cancel'>"
                                "<remote-server-not-found "
                                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

/* A peer that does not read keeps the last words for a while, and nothing of the host with it. */
static void
test_a_host_goes_though_its_peers_do_not_read(void)
{
        g_autoptr(TestServer) server =
                start("example.org: , example.net: ", "  alpha:\n  delta:\n");
        MotetServer *base = server_base(test_server_core(server));
        MotetSession *goes = test_server_bind(server, "juliet@example.net/balcony");

        test_session_set_window(goes, 0);
        g_assert_true(reload(server, "example.org: ", "  alpha:\n  delta:\n", NULL));
        g_assert_cmpuint(base->n_streams, ==, 1);
        g_assert_true(reload(server, "example.org: ", "  alpha:\n", NULL));
        test_server_advance(server, base->limits.close_timeout + G_TIME_SPAN_SECOND);

        g_assert_cmpuint(base->n_streams, ==, 0);
}

static void
test_a_host_comes_back(void)
{
        g_autoptr(TestServer) server = start("example.org: , example.net: ", "  alpha:\n");
        MotetSession *goes = test_server_bind(server, "juliet@example.net/balcony");

        g_assert_true(reload(server, "example.org: ", "  alpha:\n", NULL));
        test_assert_stream_error(goes, "host-gone");
        g_assert_true(reload(server, "example.org: , example.net: ", "  alpha:\n", NULL));

        MotetSession *back = test_server_bind(server, "juliet@example.net/balcony");
        g_assert_true(motet_session_is_connected(back));
}

static void
test_a_refused_reload_removes_no_host(void)
{
        g_autoptr(TestServer) server = start("example.org: , example.net: ", "  alpha:\n");
        MotetSession *stays = test_server_bind(server, "juliet@example.net/balcony");

        g_assert_false(reload(server, "example.org: ", "  alpha:\n  zfails:\n", NULL));

        g_assert_true(motet_session_is_connected(stays));
        g_assert_nonnull(motet_host_find(server_base(test_server_core(server)), "example.net"));
}

static void
test_what_needs_a_restart_is_refused_and_told(void)
{
        g_autoptr(TestServer) server = start("example.org: ", "  alpha:\n");
        g_autofree char *yaml = g_strdup_printf(
                "hosts: {example.org: }\nmodules_dir: %s/test_modules\ndata_dir: /elsewhere\n"
                "modules:\n  alpha:\n  beta:\n",
                g_getenv("MOTET_TEST_BUILD"));
        g_autoptr(ReloadPlan) plan = plan_new();
        ConfigFindings findings;

        config_findings_init(&findings);
        bool is_done =
                server_reload_to(test_server_core(server), config_parse(yaml, -1, "/", &findings),
                                 plan, &findings, NULL);
        g_autofree char *text = plan_string(plan);

        g_assert_false(is_done);
        g_assert_true(plan_needs_restart(plan));
        g_assert_nonnull(strstr(text, "! data_dir: "));
        g_assert_nonnull(strstr(text, " → /elsewhere needs a restart\n"));
        g_assert_nonnull(strstr(text, "+ beta on example.org\n"));
        g_assert_null(test_server_module(server, "beta", test_server_host(server)));
        config_findings_clear(&findings);
}

/* A module's descriptor says of which options: settings of count. */
static void
test_options_for_the_start_are_refused(void)
{
        g_autoptr(TestServer) server =
                start("example.org: ", "  settings: {options: {count: 5}}\n");
        g_autofree char *refusal = NULL, *applied = NULL;

        g_assert_false(reload(server, "example.org: ",
                              "  settings: {options: {count: 6, other: romeo@example.org}}\n",
                              &refusal));
        g_assert_true(reload(server, "example.org: ",
                             "  settings: {options: {count: 5, other: romeo@example.org}}\n",
                             &applied));

        g_assert_nonnull(strstr(refusal, "changing \"settings.count\" needs a restart"));
        g_assert_cmpstr(applied, ==,
                        "~ settings on example.org: other unset → romeo@example.org\n");
}

static void
test_options_for_the_start_are_planned(void)
{
        g_autoptr(TestServer) server = start("example.org: ", "  settings:\n");
        g_autofree char *yaml = config("example.org: ", "  settings: {options: {count: 6}}\n");
        g_autoptr(ReloadPlan) plan = plan_new();
        ConfigFindings findings;

        config_findings_init(&findings);
        server_reload_to(test_server_core(server), config_parse(yaml, -1, "/", &findings), plan,
                         &findings, NULL);
        g_autofree char *text = plan_string(plan);

        g_assert_true(plan_needs_restart(plan));
        g_assert_nonnull(strstr(text, "! settings on example.org: count 5 → 6 needs a restart\n"));
        g_assert_cmpuint(findings.n_errors, >, 0);
        config_findings_clear(&findings);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        lines = g_string_new(NULL);
        log_set_func(take_line, NULL);
        log_set_rate(0);

        g_test_add_func("/server-reload/a-refused-option-brings-the-former-back",
                        test_a_refused_option_brings_the_former_back);
        g_test_add_func("/server-reload/a-failed-start-brings-the-former-order-back",
                        test_a_failed_start_brings_the_former_order_back);
        g_test_add_func("/server-reload/the-plan-has-everything-in-order",
                        test_the_plan_has_everything_in_order);
        g_test_add_func("/server-reload/a-host-goes-with-its-streams",
                        test_a_host_goes_with_its_streams);
        g_test_add_func("/server-reload/a-host-goes-though-its-peers-do-not-read",
                        test_a_host_goes_though_its_peers_do_not_read);
        g_test_add_func("/server-reload/a-host-comes-back", test_a_host_comes_back);
        g_test_add_func("/server-reload/a-refused-reload-removes-no-host",
                        test_a_refused_reload_removes_no_host);
        g_test_add_func("/server-reload/what-needs-a-restart-is-refused-and-told",
                        test_what_needs_a_restart_is_refused_and_told);
        g_test_add_func("/server-reload/options-for-the-start-are-refused",
                        test_options_for_the_start_are_refused);
        g_test_add_func("/server-reload/options-for-the-start-are-planned",
                        test_options_for_the_start_are_planned);
        int result = g_test_run();
        g_string_free(lines, TRUE);
        return result;
}
