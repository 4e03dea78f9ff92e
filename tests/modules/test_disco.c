/*
 * disco: XEP-0030 for the server and on behalf of accounts.
 */
#include <motet/service-disco.h>

#include "support/test_im.h"

#include <string.h>

#define INFO "http://jabber.org/protocol/disco#info"
#define ITEMS "http://jabber.org/protocol/disco#items"
#define ERROR(type, condition)                                                                     \
        "<error type='" type "'><" condition                                                       \
        " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
#define FROM_HOST "from='example.org' to='romeo@example.org/orchard'"
#define FROM_SELF "from='romeo@example.org' to='romeo@example.org/orchard'"

static TestServer *
start(void)
{
        return test_server_new((const char *const[]){"disco", "ping", "iq", NULL});
}

/* XEP-0030 section 3.1: what the host's modules declare, in a fixed order. */
static void
test_host_info(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" INFO
                                    "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_HOST "><query xmlns='" INFO "'>"
                                "<identity category='server' type='im'/>"
                                "<feature var='" INFO "'/><feature var='" ITEMS "'/>"
                                "<feature var='urn:xmpp:ping'/></query></iq>");
}

/* The features are those of the modules that run. */
static void
test_host_info_without_ping(void)
{
        g_autoptr(TestServer) server = test_server_new((const char *const[]){"disco", NULL});
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" INFO
                                    "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_HOST "><query xmlns='" INFO "'>"
                                "<identity category='server' type='im'/>"
                                "<feature var='" INFO "'/><feature var='" ITEMS "'/>"
                                "</query></iq>");
}

static void
check_own_info(const char *to)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *request =
                g_strdup_printf("<iq type='get' id='1' %s><query xmlns='" INFO "'/></iq>", to);

        test_session_receive(romeo, request);

        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_SELF "><query xmlns='" INFO "'>"
                                "<identity category='account' type='registered'/>"
                                "<feature var='" INFO "'/><feature var='" ITEMS "'/>"
                                "<feature var='urn:xmpp:ping'/></query></iq>");
}

static void
test_own_info(void)
{
        check_own_info("to='romeo@example.org'");
}

/* RFC 6120 10.3.3: without address it is for the own account. */
static void
test_own_info_without_address(void)
{
        check_own_info("");
}

/* XEP-0030 section 8, rule 1 */
static void
test_strange_info(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_server_bind(server, "juliet@example.org/balcony");
        test_session_receive(romeo,
                             "<iq type='get' id='1' to='juliet@example.org'><query xmlns='" INFO
                             "'/></iq>");
        test_assert_sent(romeo, "<iq type='error' id='1' from='juliet@example.org' to='*'>" ERROR(
                                        "cancel", "service-unavailable") "</iq>");

        test_session_receive(romeo,
                             "<iq type='get' id='2' to='nobody@example.org'><query xmlns='" INFO
                             "' node='x'/></iq>");
        test_assert_sent(romeo, "<iq type='error' id='2' from='nobody@example.org' to='*'>" ERROR(
                                        "cancel", "service-unavailable") "</iq>");
}

/* XEP-0030 section 8, rule 2 */
static void
test_strange_items(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        g_autoptr(MotetXml) presence = motet_xml_new("presence", MOTET_NS_CLIENT);

        motet_session_set_presence(juliet, presence);
        test_session_receive(romeo,
                             "<iq type='get' id='1' to='juliet@example.org'><query xmlns='" ITEMS
                             "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='1' from='juliet@example.org' to='*'>"
                                "<query xmlns='" ITEMS "'/></iq>");

        test_session_receive(romeo,
                             "<iq type='get' id='2' to='nobody@example.org'><query xmlns='" ITEMS
                             "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='2' from='nobody@example.org' to='*'>"
                                "<query xmlns='" ITEMS "'/></iq>");

        test_session_receive(romeo,
                             "<iq type='get' id='3' to='juliet@example.org'><query xmlns='" ITEMS
                             "' node='x'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='3' from='juliet@example.org' to='*'>"
                                "<query xmlns='" ITEMS "' node='x'/></iq>");
}

static void
check_refused(const char *request, const char *reply)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, request);

        test_assert_sent(romeo, reply);
}

static void
test_nodes(void)
{
        check_refused("<iq type='get' id='1' to='example.org'><query xmlns='" INFO
                      "' node='x'/></iq>",
                      "<iq type='error' id='1' from='example.org' to='*'>" ERROR(
                              "cancel", "item-not-found") "</iq>");
        check_refused("<iq type='get' id='1' to='example.org'><query xmlns='" ITEMS
                      "' node='x'/></iq>",
                      "<iq type='error' id='1' from='example.org' to='*'>" ERROR(
                              "cancel", "item-not-found") "</iq>");
        check_refused("<iq type='get' id='1'><query xmlns='" INFO "' node='x'/></iq>",
                      "<iq type='error' id='1' to='*'>" ERROR("cancel", "item-not-found") "</iq>");
        check_refused("<iq type='get' id='1'><query xmlns='" ITEMS "' node='x'/></iq>",
                      "<iq type='error' id='1' to='*'>" ERROR("cancel", "item-not-found") "</iq>");
}

static void
test_empty_node(void)
{
        check_refused("<iq type='get' id='1' to='example.org'><query xmlns='" ITEMS
                      "' node=''/></iq>",
                      "<iq type='result' id='1' " FROM_HOST "><query xmlns='" ITEMS "'/></iq>");
}

static void
test_sets(void)
{
        check_refused("<iq type='set' id='1' to='example.org'><query xmlns='" INFO "'/></iq>",
                      "<iq type='error' id='1' from='example.org' to='*'>" ERROR(
                              "modify", "bad-request") "</iq>");
        check_refused("<iq type='set' id='1' to='juliet@example.org'><query xmlns='" ITEMS
                      "'/></iq>",
                      "<iq type='error' id='1' from='juliet@example.org' to='*'>" ERROR(
                              "modify", "bad-request") "</iq>");
        check_refused("<iq type='set' id='1'><query xmlns='" ITEMS "'/></iq>",
                      "<iq type='error' id='1' to='*'>" ERROR("modify", "bad-request") "</iq>");
}

/* Items */

static void
test_extra_items(void)
{
        g_autoptr(TestServer) server =
                test_server_new_config("modules:\n  disco:\n    options:\n      extra_items:\n"
                                       "        - rooms.example.org Chat rooms & more\n"
                                       "        - UPLOAD.example.org\n");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" ITEMS
                                    "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_HOST "><query xmlns='" ITEMS "'>"
                                "<item jid='rooms.example.org' name='Chat rooms &amp; more'/>"
                                "<item jid='upload.example.org'/></query></iq>");
}

static void
test_bad_extra_item(void)
{
        g_autofree char *refusal =
                test_server_refuse("modules: {disco: {options: {extra_items: [rooms.example.org, "
                                   "'a b@c@d', '@x y']}}}\n");

        g_assert_nonnull(strstr(refusal, "extra_items"));
        g_assert_nonnull(strstr(refusal, "@x y"));
}

/* Found at a reload it refuses that: the former stay. */
static void
test_bad_extra_item_later(void)
{
        g_autoptr(TestServer) server = test_server_new_config("modules: {disco: }\n");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        g_assert_true(test_server_reload(
                server, "modules: {disco: {options: {extra_items: [rooms.example.org]}}}\n", NULL));
        g_assert_false(test_server_reload(
                server, "modules: {disco: {options: {extra_items: ['@x y', a.example.org]}}}\n",
                NULL));
        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" ITEMS
                                    "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_HOST "><query xmlns='" ITEMS "'>"
                                "<item jid='rooms.example.org'/></query></iq>");
}

/* XEP-0030 section 4.1: the account's available resources, and no others. */
static void
test_own_items(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *garden = test_server_bind(server, "romeo@example.org/garden");
        g_autoptr(MotetXml) presence = motet_xml_new("presence", MOTET_NS_CLIENT);

        test_server_bind(server, "romeo@example.org/silent");
        motet_session_set_presence(romeo, presence);
        motet_session_set_presence(garden, presence);
        test_session_receive(romeo, "<iq type='get' id='1'><query xmlns='" ITEMS "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_SELF "><query xmlns='" ITEMS "'>"
                                "<item jid='romeo@example.org/orchard'/>"
                                "<item jid='romeo@example.org/garden'/></query></iq>");
}

/* XEP-0030 section 8: who may see an account's presence is told as its user is. */
static void
test_contacts(void)
{
        g_autoptr(TestServer) server =
                test_server_new(MOTET_LIST("storage_memory", "roster", "presence", "disco", "iq"));
        MotetSession *romeo = test_im_bind_available(server, "romeo@example.org/orchard");
        MotetSession *juliet = test_im_bind_available(server, "juliet@example.org/balcony");
        MotetSession *iago = test_server_bind(server, "iago@example.org/x");
        test_im_befriend(romeo, juliet);

        test_session_receive(romeo,
                             "<iq type='get' id='1' to='juliet@example.org'><query xmlns='" INFO
                             "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='1' from='juliet@example.org' to='*'>"
                                "<query xmlns='" INFO "'>"
                                "<identity category='account' type='registered'/>"
                                "<feature var='" INFO "'/><feature var='" ITEMS "'/></query></iq>");
        test_session_receive(romeo,
                             "<iq type='get' id='2' to='juliet@example.org'><query xmlns='" ITEMS
                             "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='2' from='juliet@example.org' to='*'>"
                                "<query xmlns='" ITEMS
                                "'><item jid='juliet@example.org/balcony'/></query></iq>");
        test_session_receive(romeo,
                             "<iq type='get' id='3' to='juliet@example.org'><query xmlns='" INFO
                             "' node='x'/></iq>");
        test_assert_sent(romeo, "<iq type='error' id='3' from='juliet@example.org' to='*'>" ERROR(
                                        "cancel", "item-not-found") "</iq>");
        test_session_receive(iago,
                             "<iq type='get' id='1' to='juliet@example.org'><query xmlns='" INFO
                             "'/></iq>");
        test_assert_sent(iago, "<iq type='error' id='1' from='juliet@example.org' to='*'>" ERROR(
                                       "cancel", "service-unavailable") "</iq>");
        test_session_receive(iago,
                             "<iq type='get' id='2' to='juliet@example.org'><query xmlns='" ITEMS
                             "'/></iq>");

        test_assert_sent(iago, "<iq type='result' id='2' from='juliet@example.org' to='*'>"
                               "<query xmlns='" ITEMS "'/></iq>");
}

/* Other modules */

static MotetResult
add_form(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetDiscoQuery *query = ev->data;

        (void)self;
        if (query->node)
                return MOTET_CONTINUE;
        motet_xml_set_attr(motet_xml_add(query->query, "x", "jabber:x:data"), "asked",
                           query->account ? query->account : "host");
        return MOTET_CONTINUE;
}

/* XEP-0128: forms of modules, of the host and of accounts. */
static void
test_forms(void)
{
        static const MotetHook hook = MOTET_ON_CUSTOM("disco-info", add_form, 0);
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        test_server_hook(server, &hook);

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" INFO
                                    "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_HOST "><query xmlns='" INFO "'>"
                                "<identity category='server' type='im'/>"
                                "<feature var='" INFO "'/><feature var='" ITEMS "'/>"
                                "<x xmlns='jabber:x:data' asked='host'/></query></iq>");
        test_session_receive(romeo, "<iq type='get' id='2'><query xmlns='" INFO "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='2' " FROM_SELF "><query xmlns='" INFO "'>"
                                "<identity category='account' type='registered'/>"
                                "<feature var='" INFO "'/><feature var='" ITEMS "'/>"
                                "<x xmlns='jabber:x:data' asked='romeo'/></query></iq>");
}

static MotetResult
answer_node(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetDiscoQuery *query = ev->data;

        (void)self;
        if (g_strcmp0(query->node, "known") != 0)
                return MOTET_CONTINUE;
        motet_xml_set_attr(motet_xml_add(query->query, "item", NULL), "jid",
                           motet_jid_string(query->from));
        return MOTET_HANDLED;
}

static MotetResult
add_item(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetDiscoQuery *query = ev->data;

        (void)self;
        motet_xml_set_attr(motet_xml_add(query->query, "item", NULL), "jid",
                           query->account ? "account.example" : "host.example");
        return MOTET_CONTINUE;
}

static void
test_items(void)
{
        static const MotetHook hook = MOTET_ON_CUSTOM("disco-items", add_item, 0);
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        test_server_hook(server, &hook);

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" ITEMS
                                    "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_HOST "><query xmlns='" ITEMS
                                "'><item jid='host.example'/></query></iq>");
        test_session_receive(romeo, "<iq type='get' id='2'><query xmlns='" ITEMS "'/></iq>");

        test_assert_sent(romeo, "<iq type='result' id='2' " FROM_SELF "><query xmlns='" ITEMS
                                "'><item jid='account.example'/></query></iq>");
}

/* XEP-0030 sections 3.2 and 4.2: the node is named in the answer. */
static void
test_known_nodes(void)
{
        static const MotetHook hook = MOTET_ON_CUSTOM("disco-items", answer_node, 0);
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        test_server_hook(server, &hook);

        test_session_receive(romeo, "<iq type='get' id='1' to='example.org'><query xmlns='" ITEMS
                                    "' node='known'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='1' " FROM_HOST "><query xmlns='" ITEMS
                                "' node='known'><item jid='romeo@example.org/orchard'/></query>"
                                "</iq>");
        test_session_receive(romeo, "<iq type='get' id='2' to='example.org'><query xmlns='" ITEMS
                                    "' node='other'/></iq>");
        test_assert_sent(romeo, "<iq type='error' id='2' from='example.org' to='*'>" ERROR(
                                        "cancel", "item-not-found") "</iq>");
        test_session_receive(romeo, "<iq type='get' id='3' to='example.org'><query xmlns='" INFO
                                    "' node='known'/></iq>");

        test_assert_sent(romeo, "<iq type='error' id='3' from='example.org' to='*'>" ERROR(
                                        "cancel", "item-not-found") "</iq>");
}

/* A stray answer is not taken for a question. */
static void
test_answers_are_ignored(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='result' id='1' to='example.org'><query xmlns='" INFO
                                    "'/></iq>");

        test_assert_sent_nothing(romeo);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/disco/the-server-tells-its-features", test_host_info);
        g_test_add_func("/disco/features-are-those-of-running-modules",
                        test_host_info_without_ping);
        g_test_add_func("/disco/the-own-account-tells-its-features", test_own_info);
        g_test_add_func("/disco/no-address-is-the-own-account", test_own_info_without_address);
        g_test_add_func("/disco/another-account-tells-nothing", test_strange_info);
        g_test_add_func("/disco/another-account-has-no-items", test_strange_items);
        g_test_add_func("/disco/nodes-are-not-found", test_nodes);
        g_test_add_func("/disco/an-empty-node-is-none", test_empty_node);
        g_test_add_func("/disco/a-set-is-refused", test_sets);
        g_test_add_func("/disco/extra-items-are-listed", test_extra_items);
        g_test_add_func("/disco/a-bad-extra-item-is-refused", test_bad_extra_item);
        g_test_add_func("/disco/a-bad-extra-item-is-left-out-later", test_bad_extra_item_later);
        g_test_add_func("/disco/own-items-are-available-resources", test_own_items);
        g_test_add_func("/disco/contacts-are-told", test_contacts);
        g_test_add_func("/disco/modules-add-forms", test_forms);
        g_test_add_func("/disco/modules-add-items", test_items);
        g_test_add_func("/disco/modules-answer-for-nodes", test_known_nodes);
        g_test_add_func("/disco/answers-are-ignored", test_answers_are_ignored);
        return g_test_run();
}
