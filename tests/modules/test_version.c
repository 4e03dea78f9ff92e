/*
 * version: XEP-0092 for the server's address.
 */
#include "support/test_server.h"

#define GET(to) "<iq type='get' id='1' " to "><query xmlns='jabber:iq:version'/></iq>"
#define REPLY(os)                                                                                  \
        "<iq type='result' id='1' from='example.org' to='romeo@example.org/orchard'>"              \
        "<query xmlns='jabber:iq:version'><name>motet</name><version>" MOTET_VERSION               \
        "</version>" os "</query></iq>"
#define ERROR(type, condition)                                                                     \
        "<iq type='error' id='1' from='*' to='*'><error type='" type "'><" condition               \
        " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

static void
check(const char *config, const char *request, const char *reply)
{
        g_autoptr(TestServer) server = test_server_new_config(config);
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, request);

        test_assert_sent(romeo, reply);
        test_assert_sent_nothing(romeo);
}

/* XEP-0092 section 5: the operating system is told only where the operator wants it. */
static void
test_answer(void)
{
        check("modules: {version: }", GET("to='example.org'"), REPLY(""));
        check("modules: {version: {options: {hide_os: true}}}", GET("to='example.org'"), REPLY(""));
        check("modules: {version: {options: {hide_os: false}}}", GET("to='example.org'"),
              REPLY("<os>Linux</os>"));
}

static void
test_set(void)
{
        check("modules: {version: }",
              "<iq type='set' id='1' to='example.org'><query xmlns='jabber:iq:version'/></iq>",
              ERROR("modify", "bad-request"));
}

/* An account is no software. */
static void
test_accounts(void)
{
        check("modules: {version: , iq: }", GET("to='juliet@example.org'"),
              ERROR("cancel", "service-unavailable"));
}

static void
test_feature(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("version"));
        g_auto(GStrv) features = motet_host_features(test_server_host(server), false);
        g_auto(GStrv) of_accounts = motet_host_features(test_server_host(server), true);

        g_assert_true(g_strv_contains((const char *const *)features, "jabber:iq:version"));
        g_assert_false(g_strv_contains((const char *const *)of_accounts, "jabber:iq:version"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/version/the-server-tells", test_answer);
        g_test_add_func("/version/a-set-is-refused", test_set);
        g_test_add_func("/version/accounts-have-none", test_accounts);
        g_test_add_func("/version/feature", test_feature);
        return g_test_run();
}
