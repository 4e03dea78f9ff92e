/*
 * caps: XEP-0115 for the server's address.
 */
#include <motet/service-disco.h>

#include "support/test_server.h"

#include <string.h>

#define NS_CAPS "http://jabber.org/protocol/caps"
#define GET(node)                                                                                  \
        "<iq type='get' id='1' to='example.org'><query xmlns='" MOTET_NS_DISCO_INFO                \
        "' node='" node "'/></iq>"

/* Returns: (own) the caps element in the features after logging in, NULL when there is none */
static MotetXml *
offered(TestServer *server)
{
        MotetSession *session = test_server_login(server, "romeo@example.org");
        g_autofree char *header = test_session_header("example.org");

        g_free(test_session_take_sent(session));
        motet_session_restart(session);
        test_session_receive(session, header);
        g_autofree char *sent = test_session_take_sent(session);
        const char *start = strstr(sent, "<c ");
        if (!start)
                return NULL;

        const char *end = strstr(start, "/>");
        g_autoptr(GError) error = NULL;
        MotetXml *caps = motet_xml_parse(start, end + 2 - start, NULL, &error);
        g_assert_no_error(error);
        return caps;
}

static char *
offered_hash(TestServer *server)
{
        g_autoptr(MotetXml) caps = offered(server);

        g_assert_true(motet_xml_is(caps, "c", NS_CAPS));
        g_assert_cmpstr(motet_xml_attr(caps, "hash"), ==, "sha-1");
        return g_strdup(motet_xml_attr(caps, "ver"));
}

/* What a client computes from the text that XEP-0115 section 5.1 prescribes. */
static char *
hash_of(const char *text)
{
        g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
        guint8 digest[20];
        gsize size = sizeof(digest);

        g_checksum_update(checksum, (const guchar *)text, -1);
        g_checksum_get_digest(checksum, digest, &size);
        return g_base64_encode(digest, size);
}

#define FEATURES                                                                                   \
        "http://jabber.org/protocol/caps<http://jabber.org/protocol/disco#info<"                   \
        "http://jabber.org/protocol/disco#items<"

static void
test_offer(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco", "caps"));
        g_autofree char *expected = hash_of("server/im//<" FEATURES);
        g_autoptr(MotetXml) caps = offered(server);

        g_assert_true(motet_xml_is(caps, "c", NS_CAPS));
        g_assert_cmpstr(motet_xml_attr(caps, "hash"), ==, "sha-1");
        g_assert_cmpstr(motet_xml_attr(caps, "node"), ==, "urn:motet");
        g_assert_cmpstr(motet_xml_attr(caps, "ver"), ==, expected);
        g_assert_null(motet_xml_attr(caps, "ext"));
}

/* Nothing but what is needed to log in is told to strangers. */
static void
test_strangers(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco", "caps"));
        MotetSession *session = test_server_connect(server);
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);
        g_autofree char *sent = test_session_take_sent(session);

        g_assert_nonnull(strstr(sent, "features"));
        g_assert_null(strstr(sent, NS_CAPS));
}

/* How the answer is made up for a test: the element as text, put in place of everything else. */
static const char *answer_text;

static MotetResult
replace_answer(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetDiscoQuery *query = ev->data;
        g_autoptr(GError) error = NULL;
        g_autoptr(MotetXml) answer = motet_xml_parse(answer_text, -1, MOTET_NS_DISCO_INFO, &error);

        (void)self;
        g_assert_no_error(error);
        for (const MotetXml *x; (x = motet_xml_child(query->query, NULL, NULL));)
                motet_xml_remove(query->query, x);
        for (const MotetXml *x = motet_xml_child(answer, NULL, NULL); x;
             x = motet_xml_next(x, NULL, NULL))
                motet_xml_add_copy(query->query, x);
        return MOTET_CONTINUE;
}

static void
check_hash(const char *answer, const char *hash)
{
        static const MotetHook hook = MOTET_ON_CUSTOM("disco-info", replace_answer, 0);
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco", "caps"));
        answer_text = answer;
        test_server_hook(server, &hook);

        g_autofree char *got = offered_hash(server);

        g_assert_cmpstr(got, ==, hash);
}

#define EXODUS                                                                                     \
        "<feature var='http://jabber.org/protocol/muc'/>"                                          \
        "<feature var='http://jabber.org/protocol/disco#items'/>"                                  \
        "<feature var='http://jabber.org/protocol/caps'/>"                                         \
        "<feature var='http://jabber.org/protocol/disco#info'/>"

/* XEP-0115 section 5.2 */
static void
test_simple_example(void)
{
        check_hash("<query><identity category='client' type='pc' name='Exodus 0.9.1'/>" EXODUS
                   "</query>",
                   "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

/* XEP-0115 section 5.3, in another order. */
static void
test_complex_example(void)
{
        check_hash("<query><identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
                   "<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>" EXODUS
                   "<x xmlns='jabber:x:data' type='result'>"
                   "<field var='software_version'><value>0.11</value></field>"
                   "<field var='FORM_TYPE' type='hidden'>"
                   "<value>urn:xmpp:dataforms:softwareinfo</value></field>"
                   "<field var='os'><value>Mac</value></field>"
                   "<field var='ip_version'><value>ipv6</value><value>ipv4</value></field>"
                   "<field var='software'><value>Psi</value></field>"
                   "<field var='os_version'><value>10.5.1</value></field></x></query>",
                   "q07IKJEyjvHSyhy//CH0CxmKi8w=");
}

/* Sorted by bytes, and not by what stands behind them in the text. */
static void
test_order(void)
{
        g_autofree char *hash = hash_of("a/b//<a/b/en/<a-b/b//<urn:m:1<urn:m:1#x<A<a<1<1!<F<a!<v<");

        check_hash("<query><identity category='a-b' type='b'/>"
                   "<identity category='a' type='b' xml:lang='en'/>"
                   "<identity category='a' type='b'/>"
                   "<feature var='urn:m:1#x'/><feature var='urn:m:1'/>"
                   "<x xmlns='jabber:x:data'><field var='a!'><value>v</value></field>"
                   "<field var='FORM_TYPE' type='hidden'><value>F</value></field></x>"
                   "<x xmlns='jabber:x:data'>"
                   "<field var='a'><value>1!</value><value>1</value></field>"
                   "<field var='FORM_TYPE' type='hidden'><value>A</value></field></x></query>",
                   hash);
}

/* XEP-0115 section 5.4, rule 3.6: without a hidden FORM_TYPE a form does not count. */
static void
test_forms_without_type(void)
{
        g_autofree char *hash = hash_of("s/i//<f<");

        check_hash("<query><identity category='s' type='i'/><feature var='f'/>"
                   "<x xmlns='jabber:x:data'><field var='a'><value>1</value></field></x>"
                   "<x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>F</value></field></x>"
                   "</query>",
                   hash);
}

/* XEP-0115 section 6.2: the hash is of what is answered, forms and all. */
static void
test_node(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {disco: , caps: , contact: {options: {admin: ['xmpp:a@b']}}}");
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *hash = offered_hash(server);
        g_autofree char *request = g_strdup_printf(
                "<iq type='get' id='1' to='example.org'><query xmlns='" MOTET_NS_DISCO_INFO
                "' node='urn:motet#%s'/></iq>",
                hash);
        g_autofree char *reply =
                g_strdup_printf("<iq type='result' id='1' from='example.org' to='*'>"
                                "<query xmlns='" MOTET_NS_DISCO_INFO "' node='urn:motet#%s'>"
                                "<identity category='server' type='im'/>"
                                "<feature var='" NS_CAPS "'/>"
                                "<feature var='" MOTET_NS_DISCO_INFO "'/>"
                                "<feature var='" MOTET_NS_DISCO_ITEMS "'/>"
                                "<x xmlns='jabber:x:data' type='result'>"
                                "<field var='FORM_TYPE' type='hidden'>"
                                "<value>http://jabber.org/network/serverinfo</value></field>"
                                "<field var='admin-addresses' type='list-multi'>"
                                "<value>xmpp:a@b</value></field></x></query></iq>",
                                hash);

        test_session_receive(romeo, request);

        test_assert_sent(romeo, reply);
}

/* It is the server's, and no account's. */
static void
test_node_of_account(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco", "caps"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *hash = offered_hash(server);
        g_autofree char *request =
                g_strdup_printf("<iq type='get' id='1'><query xmlns='" MOTET_NS_DISCO_INFO
                                "' node='urn:motet#%s'/></iq>",
                                hash);

        test_session_receive(romeo, request);

        test_assert_sent(romeo, "<iq type='error' id='1' to='*'><error type='cancel'>"
                                "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                                "</error></iq>");
}

static void
test_other_nodes(void)
{
        static const char *const nodes[] = {GET("urn:motet"), GET("urn:motet#"), GET("urn:motet#x"),
                                            GET("#")};
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("disco", "caps"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++) {
                test_session_receive(romeo, nodes[i]);
                test_assert_sent(romeo,
                                 "<iq type='error' id='1' from='example.org' to='*'><error "
                                 "type='cancel'><item-not-found "
                                 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        }
}

/* Modules that come and go, and forms that change, change it. */
static void
test_reload(void)
{
        g_autoptr(TestServer) server = test_server_new_config("modules: {disco: , caps: }");
        g_autofree char *first = offered_hash(server);

        g_assert_true(test_server_reload(server, "modules: {disco: , caps: , ping: , iq: }", NULL));
        g_autofree char *with_ping = offered_hash(server);
        g_autofree char *expected = hash_of("server/im//<" FEATURES "urn:xmpp:ping<");
        g_assert_cmpstr(with_ping, ==, expected);
        g_assert_true(test_server_reload(
                server, "modules: {disco: , caps: , contact: {options: {abuse: ['mailto:a@b']}}}",
                NULL));
        g_autofree char *with_contact = offered_hash(server);
        g_autofree char *of_contact =
                hash_of("server/im//<" FEATURES
                        "http://jabber.org/network/serverinfo<abuse-addresses<mailto:a@b<");
        g_assert_cmpstr(with_contact, ==, of_contact);
        g_assert_true(test_server_reload(
                server, "modules: {disco: , caps: , contact: {options: {abuse: ['mailto:c@d']}}}",
                NULL));
        g_autofree char *changed = offered_hash(server);
        g_assert_cmpstr(changed, !=, with_contact);
        g_assert_true(test_server_reload(server, "modules: {disco: , caps: }", NULL));

        g_autofree char *again = offered_hash(server);
        g_assert_cmpstr(again, ==, first);
}

static void
test_option_node(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {disco: , caps: {options: {node: 'https://example.org/x'}}}");
        g_autoptr(MotetXml) caps = offered(server);

        g_assert_cmpstr(motet_xml_attr(caps, "node"), ==, "https://example.org/x");

        g_autofree char *refusal =
                test_server_refuse("modules: {disco: , caps: {options: {node: 'a#b'}}}");
        g_assert_nonnull(strstr(refusal, "a#b"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/caps/the-hash-is-offered", test_offer);
        g_test_add_func("/caps/strangers-are-told-nothing", test_strangers);
        g_test_add_func("/caps/simple-example", test_simple_example);
        g_test_add_func("/caps/complex-example", test_complex_example);
        g_test_add_func("/caps/order-is-of-bytes", test_order);
        g_test_add_func("/caps/forms-without-type-do-not-count", test_forms_without_type);
        g_test_add_func("/caps/its-node-is-answered", test_node);
        g_test_add_func("/caps/accounts-do-not-answer-it", test_node_of_account);
        g_test_add_func("/caps/other-nodes-are-not-found", test_other_nodes);
        g_test_add_func("/caps/a-reload-makes-it-anew", test_reload);
        g_test_add_func("/caps/node-is-an-option", test_option_node);
        return g_test_run();
}
