/*
 * blocking: XEP-0191: the list, its changes, and its keeping.
 */
#include <motet/router.h>
#include <motet/service-blocking.h>
#include <motet/service-store.h>

#include "support/test_block.h"

#define JULIET "juliet@example.org"
#define ROMEO "romeo@example.net"
#define ALL "modules: {" BLOCK_MODULES ", blocking: }"
#define GET "<iq type='get' id='g'><blocklist xmlns='" NS_BLOCKING "'/></iq>"

/* The list */

/* XEP-0191 3.1 */
static void
test_feature(void)
{
        g_autoptr(TestServer) server = test_block_new();
        g_auto(GStrv) features = motet_host_features(test_server_host(server), false);

        g_assert_true(g_strv_contains((const char *const *)features, NS_BLOCKING));
}

/* XEP-0191 3.2: with and without anything in it. */
static void
test_list(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        test_assert_block_list(juliet, "");
        test_block_set(juliet, "block", "<item jid='" ROMEO "'/><item jid='iago@example.com'/>");
        test_im_forget(juliet);

        test_assert_block_list(juliet, "<item jid='iago@example.com'/><item jid='" ROMEO "'/>");
}

/* XEP-0191 3.3: to the resources that have requested the list, the one that asks included. */
static void
test_push(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *balcony = test_server_bind(server, JULIET "/balcony");
        MotetSession *chamber = test_server_bind(server, JULIET "/chamber");
        MotetSession *silent = test_server_bind(server, JULIET "/silent");
        MotetSession *other = test_server_bind(server, "nurse@example.org/x");
        test_assert_block_list(balcony, "");
        test_assert_block_list(chamber, "");
        test_assert_block_list(other, "");

        test_block_set(silent, "block", "<item jid='ROMEO@Example.NET'/><item jid='" ROMEO "'/>");

        test_assert_sent(silent, "<iq type='result' id='c' to='" JULIET "/silent'/>");
        test_assert_sent_nothing(silent);
        test_assert_sent(balcony,
                         "<iq type='set' id='*' to='" JULIET "/balcony'><block xmlns='" NS_BLOCKING
                         "'><item jid='" ROMEO "'/></block></iq>");
        test_assert_sent_nothing(balcony);
        test_assert_sent(chamber,
                         "<iq type='set' id='*' to='" JULIET "/chamber'><block xmlns='" NS_BLOCKING
                         "'><item jid='" ROMEO "'/></block></iq>");
        test_assert_sent_nothing(other);

        test_block_set(balcony, "unblock", "<item jid='" ROMEO "'/>");
        test_assert_sent(balcony, "<iq type='result' id='c' to='" JULIET "/balcony'/>");
        test_assert_sent(balcony, "<iq type='set' id='*' to='" JULIET
                                  "/balcony'><unblock xmlns='" NS_BLOCKING "'><item jid='" ROMEO
                                  "'/></unblock></iq>");
        test_assert_sent_nothing(silent);
}

/* An answer to a push, of whatever kind, is the end of it. */
static void
test_answers_to_pushes(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        test_session_receive(juliet, "<iq type='result' id='x'/>");
        test_session_receive(juliet, "<iq type='error' id='x'><block xmlns='" NS_BLOCKING
                                     "'/>" BLOCK_UNAVAILABLE "</iq>");

        test_assert_sent_nothing(juliet);
}

/* XEP-0191 3.4 */
static void
test_unblock(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        test_block_set(juliet, "block", "<item jid='a@b'/><item jid='c@d'/><item jid='a@b'/>");
        test_im_forget(juliet);

        test_block_one(juliet, "unblock", "a@b");

        test_assert_block_list(juliet, "<item jid='c@d'/>");
        g_assert_cmpuint(test_block_n_stored(server, "juliet"), ==, 1);
}

/* XEP-0191 3.5: the push says so with an empty element. */
static void
test_unblock_all(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        test_block_set(juliet, "block", "<item jid='a@b'/><item jid='c@d'/>");
        test_im_forget(juliet);
        test_assert_block_list(juliet, "<item jid='a@b'/><item jid='c@d'/>");

        test_block_set(juliet, "unblock", "");

        test_assert_sent(juliet, "<iq type='result' id='c' to='*'/>");
        test_assert_sent(juliet,
                         "<iq type='set' id='*' to='*'><unblock xmlns='" NS_BLOCKING "'/></iq>");
        test_assert_block_list(juliet, "");
        g_assert_cmpuint(test_block_n_stored(server, "juliet"), ==, 0);
}

/* What is so already is no mistake. */
static void
test_nothing_changes(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        test_block_one(juliet, "unblock", "a@b");
        test_block_one(juliet, "block", "a@b");
        test_block_one(juliet, "block", "a@b");

        test_assert_block_list(juliet, "<item jid='a@b'/>");
}

/* Nothing happens of a request that is wrong in part. */
static void
test_bad_requests(void)
{
        static const struct {
                const char *request, *error;
        } cases[] = {
                {"<iq type='set' id='1'><block xmlns='" NS_BLOCKING "'/></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
                {"<iq type='set' id='1'><block xmlns='" NS_BLOCKING "'><item/></block></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
                {"<iq type='set' id='1'><block xmlns='" NS_BLOCKING
                 "'><other jid='a@b'/></block></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
                {"<iq type='set' id='1'><unblock xmlns='" NS_BLOCKING "'><other/></unblock></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
                {"<iq type='set' id='1'><unblock xmlns='" NS_BLOCKING "'><item/></unblock></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
                {"<iq type='set' id='1'><block xmlns='" NS_BLOCKING
                 "'><item jid='c@d'/><item jid='@'/></block></iq>",
                 BLOCK_ERROR("modify", "jid-malformed")},
                {"<iq type='get' id='1'><block xmlns='" NS_BLOCKING
                 "'><item jid='a@b'/></block></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
                {"<iq type='get' id='1'><unblock xmlns='" NS_BLOCKING "'/></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
                {"<iq type='set' id='1'><blocklist xmlns='" NS_BLOCKING "'/></iq>",
                 BLOCK_ERROR("modify", "bad-request")},
        };
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        test_block_one(juliet, "block", "a@b");

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *reply =
                        g_strdup_printf("<iq type='error' id='1' to='*'>%s</iq>", cases[i].error);
                test_session_receive(juliet, cases[i].request);
                test_assert_sent(juliet, reply);
                test_assert_sent_nothing(juliet);
        }
        test_assert_block_list(juliet, "<item jid='a@b'/>");
}

/* Nobody reads, changes or fakes somebody else's list. (R26) */
static void
test_strangers(void)
{
        static const struct {
                const char *type, *payload;
        } cases[] = {
                {"get", "<blocklist xmlns='" NS_BLOCKING "'/>"},
                {"set", "<block xmlns='" NS_BLOCKING "'><item jid='a@b'/></block>"},
                {"set", "<unblock xmlns='" NS_BLOCKING "'/>"},
        };
        static const char *const addressees[] = {JULIET, "nobody@example.org", JULIET "/balcony"};
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        MotetSession *nurse = test_server_bind(server, "nurse@example.org/x");

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                for (size_t j = 0; j < G_N_ELEMENTS(addressees); j++) {
                        bool is_get_of_client = i == 0 && j == 2;
                        char *iq = g_strdup_printf("<iq type='%s' id='1' to='%s'>%s</iq>",
                                                   cases[i].type, addressees[j], cases[i].payload);
                        test_session_receive(nurse, iq);
                        /* XEP-0191 is between a user and the server; a client answers for
                         * itself. */
                        if (is_get_of_client)
                                test_im_forget(juliet);
                        else
                                test_assert_sent(
                                        nurse,
                                        "<iq type='error' id='1' from='*' to='*'>" BLOCK_UNAVAILABLE
                                        "</iq>");
                        g_free(iq);
                }
        }

        test_assert_sent_nothing(juliet);
        test_assert_block_list(juliet, "");
}

/* R16 */
static void
test_max_items(void)
{
        g_autoptr(TestServer) server = test_block_new_with("max_items: 3");
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        test_block_set(juliet, "block", "<item jid='a@b'/><item jid='c@d'/><item jid='e@f'/>");
        test_assert_sent(juliet, "<iq type='result' id='c' to='*'/>");
        test_block_set(juliet, "block", "<item jid='g@h'/>");
        test_assert_sent(juliet, "<iq type='error' id='c' to='*'>" BLOCK_ERROR(
                                         "wait", "resource-constraint") "</iq>");
        test_block_one(juliet, "block", "a@b");
        test_block_one(juliet, "unblock", "c@d");
        test_block_one(juliet, "block", "g@h");

        test_assert_block_list(juliet, "<item jid='a@b'/><item jid='e@f'/><item jid='g@h'/>");
}

/* A limit that was lowered stops no one from coming below it. */
static void
test_lowered_limit(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        test_block_set(juliet, "block", "<item jid='a@b'/><item jid='c@d'/><item jid='e@f'/>");
        test_im_forget(juliet);

        g_assert_true(test_server_reload(
                server, "modules: {" BLOCK_MODULES ", blocking: {options: {max_items: 1}}}", NULL));
        test_block_one(juliet, "unblock", "a@b");
        test_block_one(juliet, "block", "c@d");
        test_block_set(juliet, "block", "<item jid='g@h'/>");

        test_assert_sent(juliet, "<iq type='error' id='c' to='*'>" BLOCK_ERROR(
                                         "wait", "resource-constraint") "</iq>");
        test_assert_block_list(juliet, "<item jid='c@d'/><item jid='e@f'/>");
}

/* Four addresses of 1023 bytes with what ends them are 4096. */
static void
test_max_bytes(void)
{
        g_autoptr(TestServer) server = test_block_new_with("max_bytes: 4097");
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autofree char *filling = g_strnfill(1009, 'x');

        for (int i = 0; i < 4; i++) {
                g_autofree char *jid = g_strdup_printf("%s%02d@example.net", filling, i);
                test_block_one(juliet, "block", jid);
        }
        test_block_set(juliet, "block", "<item jid='a'/>");
        test_assert_sent(juliet, "<iq type='error' id='c' to='*'>" BLOCK_ERROR(
                                         "wait", "resource-constraint") "</iq>");

        g_assert_cmpuint(test_block_n_stored(server, "juliet"), ==, 4);
}

/* Keeping it */

static void
test_logins(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "storage: {default: sqlite}\nmodules: {storage_sqlite: , iq: , blocking: }");
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        test_block_set(juliet, "block", "<item jid='a@b'/><item jid='c'/>");
        test_im_forget(juliet);
        test_block_one(juliet, "unblock", "c");
        test_im_lose(server, juliet);

        MotetSession *again = test_server_bind(server, JULIET "/balcony");

        test_assert_block_list(again, "<item jid='a@b'/>");
        g_assert_cmpuint(test_block_n_stored(server, "juliet"), ==, 1);
}

/* What could not be written did not happen, and is said to pass. */
static void
test_store_fails(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: {options: {max_bytes: 64 KiB}}, roster: , presence: , "
                "message: , iq: , blocking: }");
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, FROM);
        test_assert_block_list(juliet, "");
        MotetStore *store =
                motet_store_open(test_server_owner(server), "other", MOTET_STORE_KEYVAL, NULL);
        g_autofree char *filling = g_malloc0(64500);
        g_autoptr(GBytes) value = g_bytes_new(filling, 64500);
        motet_store_set(store, "somebody", "", value, NULL, NULL);
        test_server_settle(server);
        g_autofree char *local = g_strnfill(1000, 'n');
        g_autofree char *items =
                g_strdup_printf("<item jid='" ROMEO "'/><item jid='%s@example.net'/>", local);

        test_block_set(juliet, "block", items);

        test_assert_sent(juliet, "<iq type='error' id='c' to='*'>" BLOCK_ERROR(
                                         "wait", "internal-server-error") "</iq>");
        test_assert_sent_nothing(juliet);
        test_assert_remote_nothing();
        test_assert_block_list(juliet, "");
        test_block_hear(server, "<message from='" ROMEO "/o' to='" JULIET "' id='1'/>", NULL);
        test_assert_sent(juliet, "<message from='" ROMEO "/o' to='*' id='1'/>");
}

/* What one peer can make wait is bounded: beyond, it is told so at once. */
static void
test_waiting_is_bounded(void)
{
        g_autoptr(TestServer) server = test_block_new();

        for (unsigned i = 0; i < 1001; i++) {
                g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);
                motet_xml_set_attrf(message, "from", "%u@example.net", i);
                motet_xml_set_attr(message, "to", JULIET);
                motet_route(test_server_host(server), message);
                if (i == 999)
                        test_assert_remote_nothing();
        }

        test_assert_remote("<message from='" JULIET
                           "' to='1000@example.net' type='error'>" BLOCK_ERROR(
                                   "wait", "internal-server-error") "</message>");
        test_assert_remote_nothing();
        test_server_settle(server);
        test_assert_remote("<message from='" JULIET
                           "' to='0@example.net' type='error'>" BLOCK_UNAVAILABLE "</message>");
}

static void
command(TestServer *server, const char *const *words)
{
        g_assert_cmpint(test_server_run_command(server, words, NULL), ==, 0);
}

/* An account made anew under the name of a deleted one blocks nobody. */
static void
test_deleted(void)
{
        g_autoptr(TestServer) server = test_block_new();
        command(server, MOTET_LIST("user", "add", JULIET, "capulet"));
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_block_one(juliet, "block", ROMEO);

        command(server, MOTET_LIST("user", "delete", JULIET));
        test_server_settle(server);

        g_assert_cmpuint(test_block_n_stored(server, "juliet"), ==, 0);
        command(server, MOTET_LIST("user", "add", JULIET, "capulet"));
        MotetSession *again = test_server_bind(server, JULIET "/chamber");
        test_assert_block_list(again, "");
        g_assert_cmpuint(test_block_n_stored(server, "juliet"), ==, 0);
}

/* Sessions that were there before the module are protected too, and lose it with the module. */
static void
test_reload(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_block_one(juliet, "block", ROMEO);

        g_assert_true(test_server_reload(server, "modules: {" BLOCK_MODULES "}", NULL));
        test_block_hear(server, "<message from='" ROMEO "/o' to='" JULIET "' id='1'/>", NULL);
        test_assert_sent(juliet, "<message from='" ROMEO "/o' to='*' id='1'/>");
        g_assert_true(test_server_reload(server, ALL, NULL));
        test_block_hear(server, "<message from='" ROMEO "/o' to='" JULIET "' id='2'/>",
                        "<message from='" JULIET "' to='" ROMEO
                        "/o' id='2' type='error'>" BLOCK_UNAVAILABLE "</message>");

        test_assert_sent_nothing(juliet);
        test_block_one(juliet, "block", "a@b");
        test_assert_block_list(juliet, "<item jid='a@b'/><item jid='" ROMEO "'/>");
}

/* Presence of contacts, who may be many, costs nothing when nobody is there to see it. */
static void
test_presence_to_nobody(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetModule *provider = NULL;
        const MotetBlockingService *service =
                motet_service(test_server_host(server), "blocking", &provider);
        MotetStore *store =
                motet_store_open(test_server_owner(server), "blocking", MOTET_STORE_MAP, NULL);
        g_autoptr(GBytes) there = g_bytes_new_static("", 0);
        g_autoptr(MotetJid) romeo = motet_jid_new(ROMEO "/o");
        motet_store_set(store, "juliet", ROMEO, there, NULL, NULL);

        test_block_hear(server, "<presence from='" ROMEO "/o' to='" JULIET "'/>", NULL);
        test_block_hear(server, "<presence from='" ROMEO "/o' to='" JULIET "' type='unavailable'/>",
                        NULL);
        g_assert_false(service->is_blocked(provider, "juliet", romeo));
        test_block_hear(server, "<presence from='" ROMEO "/o' to='" JULIET "' type='subscribe'/>",
                        NULL);

        g_assert_true(service->is_blocked(provider, "juliet", romeo));
}

/* The module stops while everything is under way. */
static void
test_stop_while_waiting(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);
        motet_xml_set_attr(message, "from", ROMEO);
        motet_xml_set_attr(message, "to", "nurse@example.org");
        test_block_one(juliet, "block", "a@b");

        motet_route(test_server_host(server), message);
        g_assert_true(test_server_reload(server, "modules: {" BLOCK_MODULES "}", NULL));

        test_session_receive(juliet, GET);
        test_assert_sent(juliet, "<iq type='error' id='g' to='*'>" BLOCK_UNAVAILABLE "</iq>");
}

/* service-blocking */
static void
test_service(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        MotetModule *provider = NULL;
        const MotetBlockingService *service =
                motet_service(test_server_host(server), "blocking", &provider);
        g_autoptr(MotetJid) romeo = motet_jid_new(ROMEO "/orchard");
        test_block_one(juliet, "block", ROMEO);

        g_assert_true(service->is_blocked(provider, "juliet", romeo));
        test_block_one(juliet, "unblock", ROMEO);
        g_assert_false(service->is_blocked(provider, "juliet", romeo));

        g_assert_false(service->is_blocked(provider, "nobody", romeo));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/blocking/feature", test_feature);
        g_test_add_func("/blocking/list", test_list);
        g_test_add_func("/blocking/who-requested-the-list-is-told-of-changes", test_push);
        g_test_add_func("/blocking/answers-to-pushes-are-ignored", test_answers_to_pushes);
        g_test_add_func("/blocking/unblock", test_unblock);
        g_test_add_func("/blocking/unblock-all", test_unblock_all);
        g_test_add_func("/blocking/what-is-so-already-is-no-mistake", test_nothing_changes);
        g_test_add_func("/blocking/bad-requests-change-nothing", test_bad_requests);
        g_test_add_func("/blocking/strangers-have-no-access", test_strangers);
        g_test_add_func("/blocking/max-items", test_max_items);
        g_test_add_func("/blocking/a-lowered-limit", test_lowered_limit);
        g_test_add_func("/blocking/max-bytes", test_max_bytes);
        g_test_add_func("/blocking/the-list-outlives-the-session", test_logins);
        g_test_add_func("/blocking/store-fails", test_store_fails);
        g_test_add_func("/blocking/waiting-is-bounded", test_waiting_is_bounded);
        g_test_add_func("/blocking/deleted-accounts-leave-nothing", test_deleted);
        g_test_add_func("/blocking/sessions-from-before-the-module", test_reload);
        g_test_add_func("/blocking/presence-to-nobody-reads-no-list", test_presence_to_nobody);
        g_test_add_func("/blocking/stopping-while-somebody-waits", test_stop_while_waiting);
        g_test_add_func("/blocking/service", test_service);
        return g_test_run();
}
