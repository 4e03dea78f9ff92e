/*
 * Tests of the last module: XEP-0012.
 */
#include <motet/service-store.h>
#include <motet/stanza.h>
#include <string.h>

#include "support/test_im.h"

#define ROMEO "romeo@example.org"
#define JULIET "juliet@example.org"
#define BASE "storage_memory: , roster: , presence: , iq: "
#define ALL "modules: {" BASE ", last: }"
#define QUERY "<query xmlns='jabber:iq:last'/>"

static void
ask(MotetSession *session, const char *type, const char *to)
{
        g_autofree char *address = to ? g_strdup_printf(" to='%s'", to) : g_strdup("");
        g_autofree char *iq =
                g_strdup_printf("<iq type='%s' id='l'%s>" QUERY "</iq>", type, address);

        test_session_receive(session, iq);
}

static void
assert_seconds_at(MotetSession *session, const char *from, const char *seconds, const char *status,
                  int line)
{
        g_autofree char *iq = g_strdup_printf("<iq type='result' id='l' from='%s' to='*'>"
                                              "<query xmlns='jabber:iq:last' seconds='%s'>%s"
                                              "</query></iq>",
                                              from, seconds, status);

        test_assert_sent_at(session, iq, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_seconds(session, from, seconds, status)                                             \
        assert_seconds_at(session, from, seconds, status, __LINE__)

static void
assert_error_at(MotetSession *session, const char *from, const char *type, const char *condition,
                int line)
{
        g_autofree char *iq =
                g_strdup_printf("<iq type='error' id='l' to='*' from='%s'>"
                                "<error type='%s'><%s xmlns='" NS_STANZAS "'/></error></iq>",
                                from, type, condition);

        test_assert_sent_at(session, iq, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_error(session, from, type, condition)                                               \
        assert_error_at(session, from, type, condition, __LINE__)

/* Two who see each other's presence. */
typedef struct {
        TestServer *server;
        MotetSession *romeo, *juliet;
} Pair;

static Pair
start_pair(const char *config)
{
        Pair pair = {.server = test_server_new_config(config)};

        pair.romeo = test_im_bind_available(pair.server, ROMEO "/orchard");
        pair.juliet = test_im_bind_available(pair.server, JULIET "/balcony");
        test_im_befriend(pair.romeo, pair.juliet);
        return pair;
}

static void
leave_saying(const Pair *pair, const char *status)
{
        g_autofree char *presence = g_strdup_printf(
                "<presence type='unavailable'><status>%s</status></presence>", status);

        test_session_receive(pair->juliet, presence);
        test_im_lose(pair->server, pair->juliet);
        test_im_forget(pair->romeo);
}

/* Section 5 */
static void
test_uptime(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        test_server_advance(server, 90 * G_TIME_SPAN_SECOND);
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");

        ask(romeo, "get", "example.org");

        assert_seconds(romeo, "example.org", "90", "");
}

/* It is the server's, not the module's. */
static void
test_uptime_after_a_reload(void)
{
        g_autoptr(TestServer) server = test_server_new_config("modules: {" BASE "}");
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");
        test_server_advance(server, 90 * G_TIME_SPAN_SECOND);
        g_assert_true(test_server_reload(server, ALL, NULL));
        test_server_advance(server, 10 * G_TIME_SPAN_SECOND);

        ask(romeo, "get", "example.org");

        assert_seconds(romeo, "example.org", "100", "");
}

/* Section 3: how long ago the user went, and what was said. */
static void
test_offline_contact(void)
{
        Pair pair = start_pair(ALL);
        g_autoptr(TestServer) server = pair.server;
        leave_saying(&pair, "Heading Home");
        test_server_advance(server, 903 * G_TIME_SPAN_SECOND);

        ask(pair.romeo, "get", JULIET);

        assert_seconds(pair.romeo, JULIET, "903", "Heading Home");
}

/* Section 3: as long as a resource is connected, 0 and no status. */
static void
test_online_contact(void)
{
        Pair pair = start_pair(ALL);
        g_autoptr(TestServer) server = pair.server;

        ask(pair.romeo, "get", JULIET);
        assert_seconds(pair.romeo, JULIET, "0", "");
        test_session_receive(pair.juliet,
                             "<presence type='unavailable'><status>s</status></presence>");
        test_im_forget(pair.romeo);
        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);
        ask(pair.romeo, "get", JULIET);

        assert_seconds(pair.romeo, JULIET, "0", "");
}

/* A connection that breaks leaves no status behind, not even an older one. */
static void
test_lost_connection(void)
{
        Pair pair = start_pair(ALL);
        g_autoptr(TestServer) server = pair.server;
        leave_saying(&pair, "Heading Home");
        pair.juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_lose(server, pair.juliet);
        test_im_forget(pair.romeo);
        test_server_advance(server, 5 * G_TIME_SPAN_SECOND);

        ask(pair.romeo, "get", JULIET);

        assert_seconds(pair.romeo, JULIET, "5", "");
}

/* The last resource counts. */
static void
test_second_resource(void)
{
        Pair pair = start_pair(ALL);
        g_autoptr(TestServer) server = pair.server;
        MotetSession *second = test_im_bind_available(server, JULIET "/chamber");
        leave_saying(&pair, "first");
        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);
        ask(pair.romeo, "get", JULIET);
        assert_seconds(pair.romeo, JULIET, "0", "");

        pair.juliet = second;
        leave_saying(&pair, "second");
        test_server_advance(server, 7 * G_TIME_SPAN_SECOND);
        ask(pair.romeo, "get", JULIET);

        assert_seconds(pair.romeo, JULIET, "7", "second");
}

/* Nobody has seen it yet. */
static void
test_never_available(void)
{
        Pair pair = start_pair("modules: {" BASE "}");
        g_autoptr(TestServer) server = pair.server;
        leave_saying(&pair, "before");
        g_assert_true(test_server_reload(server, ALL, NULL));

        ask(pair.romeo, "get", JULIET);

        assert_error(pair.romeo, JULIET, "cancel", "item-not-found");
}

/* Section 3: who may not see the presence may not see this, and not whether there is an account. */
static void
test_strangers(void)
{
        g_autoptr(TestServer) server =
                test_server_new_config("modules: {" BASE ", last: , auth_internal: }");
        static const char *const add[] = {"user", "add", JULIET, "capulet", NULL};
        g_assert_cmpint(test_server_run_command(server, add, NULL), ==, 0);
        MotetSession *romeo = test_im_bind_available(server, ROMEO "/orchard");
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        ask(romeo, "get", JULIET);
        assert_error(romeo, JULIET, "auth", "forbidden");
        ask(romeo, "get", "nobody@example.org");
        assert_error(romeo, "nobody@example.org", "auth", "forbidden");
        ask(romeo, "get", JULIET "/balcony");
        assert_error(romeo, JULIET "/balcony", "auth", "forbidden");
        ask(romeo, "get", "nobody@example.org/x");
        assert_error(romeo, "nobody@example.org/x", "auth", "forbidden");

        test_assert_sent_nothing(juliet);
}

/* Which way the subscription goes matters. */
static void
test_one_way_subscription(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, "romeo@example.net", TO);
        test_im_come_to(server, juliet, "nurse@example.net", FROM);

        test_remote_receive(server, "<iq type='get' id='l' from='romeo@example.net/o' to='" JULIET
                                    "'>" QUERY "</iq>");
        test_assert_remote("<iq type='error' id='l' from='" JULIET "' to='romeo@example.net/o'>"
                           "<error type='auth'><forbidden xmlns='" NS_STANZAS "'/></error></iq>");
        test_remote_receive(server, "<iq type='get' id='l' from='nurse@example.net/o' to='" JULIET
                                    "'>" QUERY "</iq>");
        test_assert_remote("<iq type='result' id='l' from='" JULIET "' to='nurse@example.net/o'>"
                           "<query xmlns='jabber:iq:last' seconds='0'/></iq>");
}

/* Section 4: a contact's question to a resource is its client's to answer. */
static void
test_resource(void)
{
        Pair pair = start_pair(ALL);
        G_GNUC_UNUSED g_autoptr(TestServer) server = pair.server;

        ask(pair.romeo, "get", JULIET "/balcony");
        test_assert_sent(pair.juliet, "<iq type='get' id='l' from='" ROMEO "/orchard' to='" JULIET
                                      "/balcony'>" QUERY "</iq>");
        test_assert_sent_nothing(pair.romeo);
        ask(pair.romeo, "get", JULIET "/gone");

        assert_error(pair.romeo, JULIET "/gone", "cancel", "service-unavailable");
}

/* Of the own account, and of the own other resource. */
static void
test_own(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *second = test_server_bind(server, JULIET "/chamber");

        ask(second, "get", NULL);
        test_assert_sent(second, "<iq type='result' id='l' to='*'>"
                                 "<query xmlns='jabber:iq:last' seconds='0'/></iq>");
        ask(second, "get", JULIET "/balcony");

        test_assert_sent(juliet, "<iq type='get' id='l' from='" JULIET "/chamber' to='" JULIET
                                 "/balcony'>" QUERY "</iq>");
}

/* There is nothing to set. */
static void
test_set(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        ask(juliet, "set", "example.org");
        assert_error(juliet, "example.org", "modify", "bad-request");
        ask(juliet, "set", JULIET);
        assert_error(juliet, JULIET, "modify", "bad-request");
        ask(juliet, "set", ROMEO);
        assert_error(juliet, ROMEO, "modify", "bad-request");
}

/* A status at the limit is remembered, one past it is not, but the time is. */
static void
test_max_status(void)
{
        Pair pair = start_pair(ALL);
        g_autoptr(TestServer) server = pair.server;
        g_autofree char *fits = g_strnfill(1024, 's');
        g_autofree char *too_long = g_strnfill(1025, 's');

        leave_saying(&pair, fits);
        ask(pair.romeo, "get", JULIET);
        assert_seconds(pair.romeo, JULIET, "0", fits);
        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);
        pair.juliet = test_im_bind_available(server, JULIET "/balcony");
        leave_saying(&pair, too_long);
        ask(pair.romeo, "get", JULIET);

        assert_seconds(pair.romeo, JULIET, "0", "");
}

/* Storage */

static void
note_value(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(int *)data = value != NULL;
}

static MotetStore *
open_store(TestServer *server)
{
        return motet_store_open(test_server_owner(server), "last", MOTET_STORE_KEYVAL, NULL);
}

static bool
is_stored(TestServer *server)
{
        int found = -1;

        motet_store_read(open_store(server), "juliet", "", note_value, &found);
        test_server_settle(server);
        g_assert_cmpint(found, >=, 0);
        return found;
}

/* A deleted account leaves nothing, though its sessions end only then. */
static void
test_deleted_account(void)
{
        static const char *const add[] = {"user", "add", JULIET, "capulet", NULL};
        static const char *const delete[] = {"user", "delete", JULIET, NULL};
        g_autoptr(TestServer) server =
                test_server_new_config("modules: {" BASE ", last: , auth_internal: }");
        g_assert_cmpint(test_server_run_command(server, add, NULL), ==, 0);
        test_im_lose(server, test_im_bind_available(server, JULIET "/balcony"));
        g_assert_true(is_stored(server));
        MotetSession *juliet = test_im_bind_available(server, JULIET "/chamber");

        g_assert_cmpint(test_server_run_command(server, delete, NULL), ==, 0);
        test_server_settle(server);
        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);

        g_assert_false(motet_session_is_connected(juliet));
        g_assert_false(is_stored(server));
}

static void
test_damaged(void)
{
        static const char *const damaged[] = {"", "12", "x\ny", "-5\n", "99999999999999999999\n"};
        Pair pair = start_pair(ALL);
        g_autoptr(TestServer) server = pair.server;
        leave_saying(&pair, "s");

        for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
                g_autoptr(GBytes) value = g_bytes_new(damaged[i], strlen(damaged[i]));
                motet_store_set(open_store(server), "juliet", "", value, NULL, NULL);
                ask(pair.romeo, "get", JULIET);
                assert_error(pair.romeo, JULIET, "wait", "internal-server-error");
        }
}

/* Leaving goes on when it cannot be remembered. */
static void
test_store_fails(void)
{
        Pair pair = start_pair("modules: {storage_memory: {options: {max_bytes: 8 KiB}}, roster: , "
                               "presence: , iq: , last: {options: {max_status: 64 KiB}}}");
        g_autoptr(TestServer) server = pair.server;
        g_autofree char *status = g_strnfill(9000, 's');

        leave_saying(&pair, status);
        g_assert_false(is_stored(server));
        pair.juliet = test_im_bind_available(server, JULIET "/balcony");
        leave_saying(&pair, "s");
        ask(pair.romeo, "get", JULIET);

        assert_seconds(pair.romeo, JULIET, "0", "s");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/last/uptime", test_uptime);
        g_test_add_func("/last/uptime-after-a-reload", test_uptime_after_a_reload);
        g_test_add_func("/last/offline-contact", test_offline_contact);
        g_test_add_func("/last/online-contact", test_online_contact);
        g_test_add_func("/last/lost-connection-has-no-status", test_lost_connection);
        g_test_add_func("/last/the-last-resource-counts", test_second_resource);
        g_test_add_func("/last/never-available", test_never_available);
        g_test_add_func("/last/strangers-learn-nothing", test_strangers);
        g_test_add_func("/last/one-way-subscription", test_one_way_subscription);
        g_test_add_func("/last/resource-is-the-clients", test_resource);
        g_test_add_func("/last/own", test_own);
        g_test_add_func("/last/set-is-refused", test_set);
        g_test_add_func("/last/max-status", test_max_status);
        g_test_add_func("/last/deleted-account-leaves-nothing", test_deleted_account);
        g_test_add_func("/last/damaged", test_damaged);
        g_test_add_func("/last/store-fails", test_store_fails);
        return g_test_run();
}
