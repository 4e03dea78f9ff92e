/*
 * contact: XEP-0157.
 */
#include "support/test_server.h"

#include <string.h>

#define INFO "http://jabber.org/protocol/disco#info"
#define FORM_TYPE                                                                                  \
        "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value>" \
        "</field>"

static void
assert_told(TestServer *server, const char *form)
{
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *reply = g_strdup_printf(
                "<iq type='result' id='1' from='example.org' to='*'><query xmlns='" INFO "'>"
                "<identity category='server' type='im'/><feature var='" INFO "'/>"
                "<feature var='http://jabber.org/protocol/disco#items'/>%s</query></iq>",
                form);

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" INFO
                                    "'/></iq>");

        test_assert_sent(romeo, reply);
        motet_session_destroy(romeo);
        test_server_settle(server);
}

/* XEP-0157 section 3, example 2: each kind, and as many addresses of it as there are. */
static void
test_all_kinds(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules:\n  disco:\n  contact:\n    options:\n"
                "      abuse: ['mailto:abuse@shakespeare.lit', 'xmpp:abuse@shakespeare.lit']\n"
                "      admin: ['xmpp:admins@shakespeare.lit?message']\n"
                "      feedback: ['http://shakespeare.lit/feedback.php']\n"
                "      sales: ['xmpp:bard@shakespeare.lit']\n"
                "      security: ['xmpp:security@shakespeare.lit']\n"
                "      status: ['https://status.shakespeare.lit']\n"
                "      support: ['http://shakespeare.lit/support.php?a=b&c=d']\n");

        assert_told(server,
                    "<x xmlns='jabber:x:data' type='result'>" FORM_TYPE
                    "<field var='abuse-addresses' type='list-multi'>"
                    "<value>mailto:abuse@shakespeare.lit</value>"
                    "<value>xmpp:abuse@shakespeare.lit</value></field>"
                    "<field var='admin-addresses' type='list-multi'>"
                    "<value>xmpp:admins@shakespeare.lit?message</value></field>"
                    "<field var='feedback-addresses' type='list-multi'>"
                    "<value>http://shakespeare.lit/feedback.php</value></field>"
                    "<field var='sales-addresses' type='list-multi'>"
                    "<value>xmpp:bard@shakespeare.lit</value></field>"
                    "<field var='security-addresses' type='list-multi'>"
                    "<value>xmpp:security@shakespeare.lit</value></field>"
                    "<field var='status-addresses' type='list-multi'>"
                    "<value>https://status.shakespeare.lit</value></field>"
                    "<field var='support-addresses' type='list-multi'>"
                    "<value>http://shakespeare.lit/support.php?a=b&amp;c=d</value></field></x>");
}

/* Kinds without an address are not told, and without any there is no form. */
static void
test_some_kinds(void)
{
        g_autoptr(TestServer) some = test_server_new_config(
                "modules: {disco: , contact: {options: {abuse: [], admin: ['xmpp:a@b']}}}");
        assert_told(some, "<x xmlns='jabber:x:data' type='result'>" FORM_TYPE
                          "<field var='admin-addresses' type='list-multi'><value>xmpp:a@b</value>"
                          "</field></x>");
        test_server_free(g_steal_pointer(&some));
        g_autoptr(TestServer) none = test_server_new(MOTET_LIST("disco", "contact"));
        assert_told(none, "");
}

/* It is the server's alone. */
static void
test_accounts(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {disco: , contact: {options: {admin: ['xmpp:a@b']}}}");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1'><query xmlns='" INFO "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='1' from='*' to='*'><query xmlns='" INFO "'>"
                                "<identity category='account' type='registered'/>"
                                "<feature var='" INFO "'/>"
                                "<feature var='http://jabber.org/protocol/disco#items'/></query>"
                                "</iq>");
}

static void
test_bad_addresses(void)
{
        static const char *const bad[] = {"admin@example.org", "no uri", "\\u00e4:b",
                                          "mailto:a\\x01b"};

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *config = g_strdup_printf(
                        "modules: {disco: , contact: {options: {support: [\"%s\"]}}}", bad[i]);
                g_autofree char *refusal = test_server_refuse(config);
                g_assert_nonnull(strstr(refusal, "support"));
        }
}

/* Found at a reload they refuse that: the former stay. */
static void
test_bad_addresses_later(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco", "contact"));

        g_assert_true(test_server_reload(
                server, "modules: {disco: , contact: {options: {admin: ['xmpp:a@b']}}}", NULL));
        g_assert_false(test_server_reload(server,
                                          "modules: {disco: , contact: {options: {admin: [nobody, "
                                          "'xmpp:c@d'], abuse: [nobody]}}}",
                                          NULL));
        assert_told(server, "<x xmlns='jabber:x:data' type='result'>" FORM_TYPE
                            "<field var='admin-addresses' type='list-multi'><value>xmpp:a@b</value>"
                            "</field></x>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/contact/all-kinds-are-told", test_all_kinds);
        g_test_add_func("/contact/kinds-without-address-are-not-told", test_some_kinds);
        g_test_add_func("/contact/accounts-have-none", test_accounts);
        g_test_add_func("/contact/what-is-no-uri-is-refused", test_bad_addresses);
        g_test_add_func("/contact/what-is-no-uri-is-left-out-later", test_bad_addresses_later);
        return g_test_run();
}
