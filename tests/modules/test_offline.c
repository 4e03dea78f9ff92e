/*
 * Tests of the offline module: what is kept, in which order and to whom it is delivered, what it is
 * bounded by, and what happens when accounts, storage or receivers fail.
 */
#include <motet/router.h>
#include <motet/stanza.h>
#include <motet/task.h>
#include <string.h>

#include "support/offline_kit.h"

#define ALL "modules: {" OFFLINE_BASE ", offline: }"
#define WITHOUT "modules: {" OFFLINE_BASE "}"
#define WITH_ACCOUNTS "modules: {" OFFLINE_BASE ", offline: , auth_internal: }"

/* What is kept: XEP-0160 section 3, XEP-0085 section 5.1, XEP-0334 section 4.2. */

#define STATES "http://jabber.org/protocol/chatstates"
#define COMPOSING "<composing xmlns='" STATES "'/>"

typedef struct {
        const char *name, *to, *type, *content;
        bool is_kept;
} Row;

static const Row rows[] = {
        {"untyped", JULIET, NULL, "<body>ay</body>", true},
        {"normal", JULIET, "normal", "<body>ay</body>", true},
        {"chat", JULIET, "chat", "<body>ay</body>", true},
        {"chat-to-a-resource", JULIET "/gone", "chat", "<body>ay</body>", true},
        {"normal-to-a-resource", JULIET "/gone", "normal", "<body>ay</body>", false},
        {"groupchat", JULIET, "groupchat", "<body>ay</body>", false},
        {"headline", JULIET, "headline", "<body>ay</body>", false},
        {"error", JULIET, "error", "<body>ay</body>", false},
        {"without-content", JULIET, "chat", "", true},
        {"receipt", JULIET, "chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", true},
        {"chat-state-alone", JULIET, "chat", COMPOSING, false},
        {"chat-state-alone-untyped", JULIET, NULL, COMPOSING, false},
        {"chat-state-with-thread", JULIET, "chat", COMPOSING "<thread>t</thread>", false},
        {"chat-state-with-hint", JULIET, "chat", COMPOSING "<store xmlns='urn:xmpp:hints'/>",
         false},
        {"chat-state-with-body", JULIET, "chat", COMPOSING "<body>ay</body>", true},
        {"no-store", JULIET, "chat", "<body>ay</body><no-store xmlns='urn:xmpp:hints'/>", false},
        {"no-permanent-store", JULIET, "chat",
         "<body>ay</body><no-permanent-store xmlns='urn:xmpp:hints'/>", true},
};

static char *
message_of(const Row *row, const char *from, const char *to, const char *more)
{
        g_autofree char *type = row->type ? g_strdup_printf(" type='%s'", row->type) : NULL;

        return g_strdup_printf("<message id='m' %s%s to='%s'%s>%s%s</message>",
                               from ? "from='" ROMEO "/orchard'" : "", "", to, type ? type : "",
                               row->content, more);
}

/* What is not kept is treated as if there were no such module. */
static void
test_row(const void *data)
{
        const Row *row = data;
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        g_autoptr(TestServer) other = NULL;
        MotetSession *romeo = offline_bind_romeo(server);
        g_autofree char *message = message_of(row, NULL, row->to, "");
        g_autofree char *delivered = message_of(row, ROMEO, row->to, OFFLINE_DELAY);

        test_session_receive(romeo, message);
        g_autofree char *answer = test_session_take_sent(romeo);

        MotetSession *juliet = offline_come(server, "balcony");
        if (row->is_kept) {
                g_assert_cmpstr(answer, ==, "");
                test_assert_sent(juliet, delivered);
        }
        test_assert_sent_nothing(juliet);
        if (!row->is_kept) {
                g_clear_pointer(&server, test_server_free);
                other = test_server_new_config(WITHOUT);
                romeo = offline_bind_romeo(other);
                test_session_receive(romeo, message);
                g_autofree char *expected = test_session_take_sent(romeo);
                g_assert_cmpstr(answer, ==, expected);
        }
}

/* Delivery */

/* XEP-0160 section 2: in the order of arrival, once. */
static void
test_in_order_and_once(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *romeo = offline_bind_romeo(server);

        for (int i = 0; i < 70; i++) {
                g_autofree char *id = g_strdup_printf("m%d", i);
                offline_say(romeo, id);
        }
        MotetSession *juliet = offline_come(server, "balcony");

        for (int i = 0; i < 70; i++) {
                g_autofree char *id = g_strdup_printf("m%d", i);
                offline_assert_kept(juliet, id);
        }
        test_assert_sent_nothing(juliet);
        test_assert_sent_nothing(romeo);
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
        test_im_lose(server, juliet);
        test_assert_sent_nothing(offline_come(server, "chamber"));
}

/* XEP-0203 section 2: the time of arrival, in UTC. */
static void
test_stamp_is_the_time_of_arrival(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *romeo = offline_bind_romeo(server);
        int64_t now = motet_wall_now(test_server_owner(server));
        g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(now / G_TIME_SPAN_SECOND);
        g_autofree char *stamp = g_date_time_format(when, "%Y-%m-%dT%H:%M:%SZ");
        g_autofree char *expected = g_strdup_printf(
                "<message from='*' to='*' type='chat' id='m'><body>ay</body>"
                "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='%s'>*</delay></message>",
                stamp);

        offline_say(romeo, "m");
        test_server_advance(server, G_TIME_SPAN_HOUR);
        MotetSession *juliet = offline_come(server, "balcony");

        test_assert_sent(juliet, expected);
}

/* XEP-0203 section 5: nobody else says that we delayed something; others may have. (R25) */
static void
test_forged_delay(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *romeo = offline_bind_romeo(server);

        test_session_receive(romeo,
                             "<message to='" JULIET "' id='m'>"
                             "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='1597-01-01'/>"
                             "<delay xmlns='urn:xmpp:delay' from='" ROMEO "' stamp='1597-01-02'/>"
                             "<delay xmlns='urn:xmpp:delay' from='a.example' stamp='1597-01-03'/>"
                             "<delay xmlns='urn:xmpp:delay' stamp='1597-01-04'/></message>");
        MotetSession *juliet = offline_come(server, "balcony");

        test_assert_sent(juliet,
                         "<message from='*' to='*' id='m'>"
                         "<delay xmlns='urn:xmpp:delay' from='a.example' stamp='1597-01-03'/>"
                         "<delay xmlns='urn:xmpp:delay' stamp='1597-01-04'/>" OFFLINE_DELAY
                         "</message>");
}

/* XEP-0160 section 2: a resource of negative priority gets nothing, until it raises that. */
static void
test_negative_priority(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *romeo = offline_bind_romeo(server);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        offline_say(romeo, "m");

        test_session_receive(juliet, "<presence><priority>-1</priority></presence>");
        test_im_forget(juliet);
        offline_say(romeo, "n");
        test_session_receive(juliet, "<presence><priority>-1</priority></presence>");
        test_assert_sent(juliet, "<presence from='*' to='*'><priority>-1</priority></presence>");
        test_assert_sent_nothing(juliet);

        test_session_receive(juliet, "<presence><priority>0</priority></presence>");
        test_assert_sent(juliet, "<presence from='*' to='*'><priority>0</priority></presence>");
        offline_assert_kept(juliet, "m");
        offline_assert_kept(juliet, "n");
        test_assert_sent_nothing(juliet);
}

/* A message to oneself without any other resource waits as well. */
static void
test_to_oneself(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        test_session_receive(juliet, "<message id='m'><body>ay</body></message>");
        test_assert_sent_nothing(juliet);
        test_session_receive(juliet, "<presence/>");

        test_assert_sent(juliet, "<presence from='*' to='*'/>");
        test_assert_sent(juliet, "<message from='" JULIET
                                 "/balcony' id='m'><body>ay</body>" OFFLINE_DELAY "</message>");
}

/* Messages from beyond our host are kept too. */
static void
test_from_the_network(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        test_remote_connect(server);

        test_remote_receive(server, "<message from='nurse@example.net/x' to='" JULIET
                                    "' id='m' xml:lang='it'><body>si</body></message>");
        test_assert_remote_nothing();
        MotetSession *juliet = offline_come(server, "balcony");

        test_assert_sent(juliet,
                         "<message from='nurse@example.net/x' to='" JULIET
                         "' id='m' xml:lang='it'><body>si</body>" OFFLINE_DELAY "</message>");
}

/* XEP-0160 section 5 */
static void
test_feature(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        g_auto(GStrv) features = motet_host_features(test_server_host(server), false);

        g_assert_true(g_strv_contains((const char *const *)features, "msgoffline"));
}

/* Limits (R16) */

static void
test_max_messages(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {" OFFLINE_BASE ", offline: {options: {max_messages: 3}}}");
        MotetSession *romeo = offline_bind_romeo(server);

        offline_say(romeo, "a");
        offline_say(romeo, "b");
        offline_say(romeo, "c");
        test_assert_sent_nothing(romeo);
        offline_say(romeo, "d");
        offline_assert_refused(romeo, "d");

        MotetSession *juliet = offline_come(server, "balcony");
        offline_assert_kept(juliet, "a");
        offline_assert_kept(juliet, "b");
        offline_assert_kept(juliet, "c");
        test_assert_sent_nothing(juliet);
        test_im_lose(server, juliet);
        offline_say(romeo, "e");
        test_assert_sent_nothing(romeo);
        offline_assert_kept(offline_come(server, "balcony"), "e");
}

/* Also what was kept by a server that ran before is counted. */
static void
test_limits_after_a_restart(void)
{
        static const char limited[] =
                "modules: {" OFFLINE_BASE ", offline: {options: {max_messages: 3}}}";
        g_autoptr(TestServer) server = test_server_new_config(limited);
        MotetSession *romeo = offline_bind_romeo(server);
        offline_say(romeo, "a");
        offline_say(romeo, "b");

        g_assert_true(test_server_reload(server, WITHOUT, NULL));
        g_assert_true(test_server_reload(server, limited, NULL));
        offline_say(romeo, "c");
        test_assert_sent_nothing(romeo);
        offline_say(romeo, "d");
        offline_assert_refused(romeo, "d");

        MotetSession *juliet = offline_come(server, "balcony");
        offline_assert_kept(juliet, "a");
        offline_assert_kept(juliet, "b");
        offline_assert_kept(juliet, "c");
        test_assert_sent_nothing(juliet);
}

/* More is kept than a lowered limit allows: it is all delivered, and then there is room again. */
static void
test_lowered_limit(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *romeo = offline_bind_romeo(server);
        offline_say(romeo, "a");
        offline_say(romeo, "b");
        offline_say(romeo, "c");

        g_assert_true(test_server_reload(server, WITHOUT, NULL));
        g_assert_true(test_server_reload(
                server, "modules: {" OFFLINE_BASE ", offline: {options: {max_messages: 2}}}",
                NULL));
        offline_say(romeo, "d");
        offline_assert_refused(romeo, "d");
        MotetSession *juliet = offline_come(server, "balcony");
        offline_assert_kept(juliet, "a");
        offline_assert_kept(juliet, "b");
        offline_assert_kept(juliet, "c");
        test_im_lose(server, juliet);
        offline_say(romeo, "e");

        test_assert_sent_nothing(romeo);
}

static size_t
stored_size(const char *body)
{
        g_autofree char *xml =
                g_strdup_printf("<message to='" JULIET "' type='chat' id='m' from='" ROMEO
                                "/orchard'><body>%s</body></message>",
                                body);

        return strlen(xml);
}

static void
test_max_bytes(void)
{
        g_autofree char *body = offline_body(500);
        size_t size = stored_size(body);
        g_autofree char *yaml = g_strdup_printf(
                "modules: {" OFFLINE_BASE ", offline: {options: {max_bytes: %zu}}}", 2 * size);
        g_autoptr(TestServer) server = test_server_new_config(yaml);
        MotetSession *romeo = offline_bind_romeo(server);
        g_autofree char *fits = g_strdup_printf(
                "<message to='" JULIET "' type='chat' id='m'><body>%s</body></message>", body);
        g_autofree char *too_much = g_strdup_printf(
                "<message to='" JULIET "' type='chat' id='m'><body>%sx</body></message>", body);

        test_session_receive(romeo, fits);
        test_session_receive(romeo, too_much);
        offline_assert_refused(romeo, "m");
        test_session_receive(romeo, fits);
        test_assert_sent_nothing(romeo);
        offline_say(romeo, "n");
        offline_assert_refused(romeo, "n");

        g_assert_cmpuint(offline_n_stored(server), ==, 2);
}

/* Accounts */

static void
command(TestServer *server, const char *const *words)
{
        g_autofree char *output = NULL;

        if (test_server_run_command(server, words, &output) != 0)
                g_error("%s", output);
        test_server_settle(server);
}

static TestServer *
start_with_accounts(void)
{
        TestServer *server = test_server_new_config(WITH_ACCOUNTS);

        command(server, MOTET_LIST("user", "add", ROMEO, "montague"));
        command(server, MOTET_LIST("user", "add", JULIET, "capulet"));
        return server;
}

/* RFC 6121 8.5.1: as without this module. */
static void
test_no_such_account(void)
{
        g_autoptr(TestServer) server = start_with_accounts();
        MotetSession *romeo = offline_bind_romeo(server);

        test_session_receive(
                romeo, "<message to='nobody@example.org' type='chat' id='m'><body/></message>");
        test_assert_sent(romeo, "<message from='nobody@example.org' to='*' type='error' id='m'>"
                                "<error type='cancel'><service-unavailable xmlns='" NS_STANZAS
                                "'/></error></message>");
        offline_say(romeo, "m");
        test_assert_sent_nothing(romeo);

        g_assert_cmpuint(offline_n_stored(server), ==, 1);
}

/* A deleted account leaves nothing, and gets nothing. */
static void
test_deleted_account(void)
{
        g_autoptr(TestServer) server = start_with_accounts();
        MotetSession *romeo = offline_bind_romeo(server);
        offline_say(romeo, "a");
        g_assert_cmpuint(offline_n_stored(server), ==, 1);

        command(server, MOTET_LIST("user", "delete", JULIET));
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
        offline_say(romeo, "b");
        offline_assert_refused(romeo, "b");
        g_assert_cmpuint(offline_n_stored(server), ==, 0);

        command(server, MOTET_LIST("user", "add", JULIET, "capulet"));
        offline_say(romeo, "c");
        test_assert_sent_nothing(romeo);
        MotetSession *juliet = offline_come(server, "balcony");
        offline_assert_kept(juliet, "c");
        test_assert_sent_nothing(juliet);
}

static TestServer *deleted_on; /* by the handler below */

static MotetResult
speak_to_the_deleted(MotetModule *self, MotetAccountEvent *ev)
{
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);

        (void)self;
        motet_xml_set_attr(message, "from", ROMEO "/orchard");
        motet_xml_set_attr(message, "to", JULIET);
        motet_xml_add(message, "body", NULL);
        motet_route(test_server_host(deleted_on), message);
        g_assert_cmpstr(ev->username, ==, "juliet");
        return MOTET_CONTINUE;
}

/* Nor does what is said while it is being deleted remain. */
static void
test_message_during_deletion(void)
{
        static const char *const events[] = {"user-deleting", "user-deleted"};
        g_autoptr(TestServer) server = start_with_accounts();
        MotetSession *romeo = offline_bind_romeo(server);
        offline_say(romeo, "a");
        test_server_bind(server, JULIET "/balcony");
        deleted_on = server;
        for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
                test_server_hook(server, &(MotetHook)MOTET_ON_ACCOUNT(
                                                 events[i], speak_to_the_deleted, MOTET_PRIO_LATE));
                test_server_hook(server,
                                 &(MotetHook)MOTET_ON_ACCOUNT(events[i], speak_to_the_deleted,
                                                              MOTET_PRIO_EARLY));
        }

        command(server, MOTET_LIST("user", "delete", JULIET));

        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* Failures */

static void
put(TestServer *server, const char *text)
{
        g_autoptr(GBytes) value = g_bytes_new(text, strlen(text));
        const MotetStoreEntry entry = {.when = 1, .value = value};

        motet_store_append(offline_store(server), "juliet", &entry, NULL, NULL);
        test_server_settle(server);
}

/* A damaged message is left out, once, and keeps no other back. */
static void
test_damaged_message(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *romeo = offline_bind_romeo(server);
        put(server, "<message");
        put(server, "");
        offline_say(romeo, "m");

        MotetSession *juliet = offline_come(server, "balcony");

        offline_assert_kept(juliet, "m");
        test_assert_sent_nothing(juliet);
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* Fills the memory so that nothing more can be written. */
static TestServer *
start_full(void)
{
        TestServer *server =
                test_server_new_config("modules: {storage_memory: {options: {max_bytes: 64 KiB}}, "
                                       "roster: , presence: , message: , iq: , ping: , offline: }");
        MotetStore *store =
                motet_store_open(test_server_owner(server), "other", MOTET_STORE_KEYVAL, NULL);
        g_autofree char *filling = offline_body(65000);
        g_autoptr(GBytes) value = g_bytes_new(filling, strlen(filling));

        motet_store_set(store, "somebody", "", value, NULL, NULL);
        test_server_settle(server);
        return server;
}

/* A message that could not be kept is answered so before anything that was sent later. */
static void
test_store_fails(void)
{
        g_autoptr(TestServer) server = start_full();
        MotetSession *romeo = offline_bind_romeo(server);
        g_autofree char *body = offline_body(1000);
        g_autofree char *xml = g_strdup_printf(
                "<message to='" JULIET "' type='chat' id='m'><body>%s</body>"
                "</message><iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>",
                body);

        test_session_receive(romeo, xml);

        test_assert_sent(romeo, "<message from='" JULIET "' to='*' type='error' id='m'>"
                                "<error type='wait'><internal-server-error xmlns='" NS_STANZAS
                                "'/></error></message>");
        test_assert_sent(romeo, "<iq type='result' id='p' to='*'/>");
        test_assert_sent_nothing(offline_come(server, "balcony"));
        offline_say(romeo, "n");
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *path = g_strconcat("/offline/kept/", rows[i].name, NULL);
                g_test_add_data_func(path, &rows[i], test_row);
        }
        g_test_message("%zu rows of XEP-0160 section 3", G_N_ELEMENTS(rows));
        g_test_add_func("/offline/in-order-and-once", test_in_order_and_once);
        g_test_add_func("/offline/stamp-is-the-time-of-arrival", test_stamp_is_the_time_of_arrival);
        g_test_add_func("/offline/forged-delay-is-removed", test_forged_delay);
        g_test_add_func("/offline/negative-priority-gets-nothing", test_negative_priority);
        g_test_add_func("/offline/to-oneself", test_to_oneself);
        g_test_add_func("/offline/from-the-network", test_from_the_network);
        g_test_add_func("/offline/feature", test_feature);
        g_test_add_func("/offline/max-messages", test_max_messages);
        g_test_add_func("/offline/limits-after-a-restart", test_limits_after_a_restart);
        g_test_add_func("/offline/lowered-limit", test_lowered_limit);
        g_test_add_func("/offline/max-bytes", test_max_bytes);
        g_test_add_func("/offline/no-such-account", test_no_such_account);
        g_test_add_func("/offline/deleted-account-leaves-nothing", test_deleted_account);
        g_test_add_func("/offline/message-during-deletion-leaves-nothing",
                        test_message_during_deletion);
        g_test_add_func("/offline/damaged-message-is-left-out", test_damaged_message);
        g_test_add_func("/offline/store-fails", test_store_fails);
        return g_test_run();
}
