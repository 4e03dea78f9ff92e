/*
 * bind: RFC 6120 section 7.
 */
#include "support/test_server.h"

#include <string.h>

#define NS "urn:ietf:params:xml:ns:xmpp-bind"
#define BIND(id, resource)                                                                         \
        "<iq type='set' id='" id "'><bind xmlns='" NS "'><resource>" resource                      \
        "</resource></bind></iq>"
#define BOUND(id, jid)                                                                             \
        "<iq type='result' id='" id "' to='*'><bind xmlns='" NS "'><jid>" jid "</jid></bind></iq>"
#define REFUSED(id, type, condition)                                                               \
        "<iq type='error' id='" id "' to='*'><error type='" type "'><" condition                   \
        " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

static TestServer *
start(void)
{
        return test_server_new((const char *const[]){"bind", NULL});
}

static TestServer *
start_with(const char *policy)
{
        g_autofree char *yaml = g_strdup_printf("bind: {options: {conflict: %s}}", policy);

        return test_server_new_yaml(yaml);
}

static size_t
count(TestServer *server)
{
        return motet_sessions_count(test_server_host(server));
}

/* Being offered: RFC 6120 7.4 */

static char *
features_of(MotetSession *session)
{
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);
        return test_session_take_sent(session);
}

static void
test_offered(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_open(server, "example.org");

        motet_session_authenticate(romeo, "romeo");
        motet_session_restart(romeo);

        g_autofree char *features = features_of(romeo);

        g_assert_nonnull(strstr(features, NS));
}

static void
test_not_offered_to_strangers(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *stranger = test_server_connect(server);
        g_autofree char *features = features_of(stranger);

        g_assert_nonnull(strstr(features, "features"));
        g_assert_null(strstr(features, NS));
}

/* RFC 6120 4.9.3.12: never before authentication. */
static void
test_strangers_are_refused(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *stranger = test_server_open(server, "example.org");

        test_session_receive(stranger, BIND("1", "orchard"));

        test_assert_stream_error(stranger, "not-authorized");
        g_assert_cmpuint(count(server), ==, 0);
}

/* Binding: RFC 6120 7.6, 7.7 */

static void
test_resource_of_the_client(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_login(server, "romeo@example.org");

        test_session_receive(romeo, BIND("1", "orchard"));

        test_assert_sent(romeo, BOUND("1", "romeo@example.org/orchard"));
        g_assert_cmpstr(romeo->full_jid, ==, "romeo@example.org/orchard");
        g_assert_true(motet_sessions_find(test_server_host(server), "romeo", "orchard") == romeo);
}

static void
check_generated(const char *request)
{
        g_autoptr(TestServer) server = start();
        MotetSession *first = test_server_login(server, "romeo@example.org");
        MotetSession *second = test_server_login(server, "romeo@example.org");

        test_session_receive(first, request);
        test_session_receive(second, request);

        test_assert_sent(first, BOUND("1", "*"));
        test_assert_sent(second, BOUND("1", "*"));
        g_assert_cmpuint(strlen(first->resource), ==, 24);
        g_assert_cmpstr(first->resource, !=, second->resource);
        g_assert_cmpuint(count(server), ==, 2);
}

/* RFC 6120 7.6.1 */
static void
test_resource_of_the_server(void)
{
        check_generated("<iq type='set' id='1'><bind xmlns='" NS "'/></iq>");
}

static void
test_empty_resource(void)
{
        check_generated("<iq type='set' id='1'><bind xmlns='" NS "'><resource/></bind></iq>");
}

/* What other modules see is the prepared resource. */
static void
test_resource_is_prepared(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_login(server, "romeo@example.org");

        /* U+2126 OHM SIGN is the letter U+03A9 after preparation. */
        test_session_receive(romeo, BIND("1", "\xe2\x84\xa6"));

        test_assert_sent(romeo, BOUND("1", "romeo@example.org/\xce\xa9"));
}

/* Some clients address the server. */
static void
test_addressed_to_the_server(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_login(server, "romeo@example.org");

        test_session_receive(romeo, "<iq type='set' id='1' to='example.org'><bind xmlns='" NS
                                    "'><resource>orchard</resource></bind></iq>");

        g_assert_cmpstr(romeo->full_jid, ==, "romeo@example.org/orchard");
}

static void
check_refused(const char *request, const char *reply)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_login(server, "romeo@example.org");

        test_session_receive(romeo, request);

        test_assert_sent(romeo, reply);
        g_assert_null(romeo->full_jid);
        g_assert_cmpuint(count(server), ==, 0);

        /* RFC 6120 7.7.3: it may try again. */
        test_session_receive(romeo, BIND("2", "orchard"));
        test_assert_sent(romeo, BOUND("2", "romeo@example.org/orchard"));
}

/* RFC 6120 7.7.2.1 */
static void
test_illegal_resource(void)
{
        /* U+E000 is for private use: no resource may contain it. */
        check_refused(BIND("1", "\xee\x80\x80"), REFUSED("1", "modify", "bad-request"));
}

static char *
bind_of_length(size_t n)
{
        g_autofree char *resource = g_strnfill(n, 'r');

        return g_strdup_printf(BIND("1", "%s"), resource);
}

/* RFC 7622 3.4: at most 1023 bytes. */
static void
test_longest_resource(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_login(server, "romeo@example.org");
        g_autofree char *request = bind_of_length(1023);

        test_session_receive(romeo, request);

        test_assert_sent(romeo, BOUND("1", "*"));
        g_assert_cmpuint(strlen(romeo->resource), ==, 1023);
}

static void
test_too_long_resource(void)
{
        g_autofree char *request = bind_of_length(1024);

        check_refused(request, REFUSED("1", "modify", "bad-request"));
}

static void
test_two_resources(void)
{
        check_refused("<iq type='set' id='1'><bind xmlns='" NS "'><resource>a</resource>"
                      "<resource>b</resource></bind></iq>",
                      REFUSED("1", "modify", "bad-request"));
}

static void
test_get(void)
{
        check_refused("<iq type='get' id='1'><bind xmlns='" NS "'/></iq>",
                      REFUSED("1", "modify", "bad-request"));
}

/* RFC 6120 7.6.2.2: one resource a stream. */
static void
test_second_bind(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_login(server, "romeo@example.org");

        test_session_receive(romeo, BIND("1", "orchard"));
        test_assert_sent(romeo, BOUND("1", "romeo@example.org/orchard"));
        test_session_receive(romeo, BIND("2", "garden"));

        test_assert_sent(romeo, REFUSED("2", "cancel", "not-allowed"));
        g_assert_cmpstr(romeo->full_jid, ==, "romeo@example.org/orchard");
}

static MotetResult
refuse_bind(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        if (g_strcmp0(ev->resource, "orchard") == 0)
                return MOTET_CONTINUE;
        ev->condition = MOTET_RESOURCE_CONSTRAINT;
        ev->text = "enough";
        return MOTET_HANDLED;
}

/* RFC 6120 7.6.2.1, as another module decides at pre-session-bind. */
static void
test_refused_by_a_module(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_login(server, "romeo@example.org");

        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("pre-session-bind", refuse_bind,
                                                              MOTET_PRIO_NORMAL));
        test_session_receive(romeo, BIND("1", "garden"));

        test_assert_sent(romeo, REFUSED("1", "wait", "resource-constraint"));
        test_session_receive(romeo, BIND("2", "orchard"));
        test_assert_sent(romeo, BOUND("2", "romeo@example.org/orchard"));
}

/* Conflicts: RFC 6120 7.7.2.2 */

static MotetSession *
login_and_bind(TestServer *server, const char *id)
{
        MotetSession *session = test_server_login(server, "romeo@example.org");
        g_autofree char *request = g_strdup_printf(BIND("%s", "orchard"), id);

        test_session_receive(session, request);
        return session;
}

typedef struct {
        MotetSession *former;
        bool former_left;
        bool overlapped;
} Watch;

static Watch watch;

static MotetResult
note_unbound(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        watch.former_left = watch.former_left || ev->session == watch.former;
        return MOTET_CONTINUE;
}

static MotetResult
note_bound(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        watch.overlapped = ev->session != watch.former && !watch.former_left;
        return MOTET_CONTINUE;
}

/* The former is told, and the table never holds both. */
static void
test_kick_old(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *former = login_and_bind(server, "1");

        test_assert_sent(former, BOUND("1", "romeo@example.org/orchard"));
        watch = (Watch){.former = former};
        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("session-unbound", note_unbound,
                                                              MOTET_PRIO_EARLY));
        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("session-bound", note_bound,
                                                              MOTET_PRIO_EARLY));

        MotetSession *newcomer = login_and_bind(server, "2");

        test_assert_sent(newcomer, BOUND("2", "romeo@example.org/orchard"));
        test_assert_stream_error(former, "conflict");
        g_assert_true(watch.former_left);
        g_assert_false(watch.overlapped);
        g_assert_cmpuint(count(server), ==, 1);
        g_assert_true(motet_sessions_find(test_server_host(server), "romeo", "orchard") ==
                      newcomer);
}

/* What the newcomer sends behind its request waits for the answer. */
static void
test_kick_old_keeps_order(void)
{
        g_autoptr(TestServer) server = start();

        login_and_bind(server, "1");

        MotetSession *newcomer = test_server_login(server, "romeo@example.org");

        test_session_receive(newcomer, BIND("2", "orchard") BIND("3", "garden"));

        test_assert_sent(newcomer, BOUND("2", "romeo@example.org/orchard"));
        test_assert_sent(newcomer, REFUSED("3", "cancel", "not-allowed"));
}

/* Only the same resource of the same account is in conflict. */
static void
test_others_stay(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *garden = test_server_bind(server, "romeo@example.org/garden");
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/orchard");
        MotetSession *romeo = login_and_bind(server, "1");

        test_assert_sent(romeo, BOUND("1", "romeo@example.org/orchard"));
        g_assert_true(motet_session_is_connected(garden));
        g_assert_true(motet_session_is_connected(juliet));
        g_assert_cmpuint(count(server), ==, 3);
}

/* Of several that come at once the last one stays. */
static void
test_last_of_many_stays(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *sessions[4];

        for (unsigned i = 0; i < 4; i++)
                sessions[i] = test_server_login(server, "romeo@example.org");
        for (unsigned i = 0; i < 4; i++)
                conn_memory_receive(sessions[i]->conn, BIND("1", "orchard"),
                                    strlen(BIND("1", "orchard")));
        test_server_settle(server);

        g_assert_cmpuint(count(server), ==, 1);
        for (unsigned i = 0; i < 3; i++) {
                test_assert_sent(sessions[i], BOUND("1", "romeo@example.org/orchard"));
                test_assert_stream_error(sessions[i], "conflict");
        }
        test_assert_sent(sessions[3], BOUND("1", "romeo@example.org/orchard"));
}

/* Each waits for its own former. */
static void
test_two_at_once(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeos[] = {test_server_bind(server, "romeo@example.org/orchard"),
                                  test_server_login(server, "romeo@example.org")};
        MotetSession *juliets[] = {test_server_bind(server, "juliet@example.org/orchard"),
                                   test_server_login(server, "juliet@example.org")};

        conn_memory_receive(juliets[1]->conn, BIND("1", "orchard"), strlen(BIND("1", "orchard")));
        conn_memory_receive(romeos[1]->conn, BIND("1", "orchard"), strlen(BIND("1", "orchard")));
        test_server_settle(server);

        test_assert_sent(romeos[1], BOUND("1", "romeo@example.org/orchard"));
        test_assert_sent(juliets[1], BOUND("1", "juliet@example.org/orchard"));
        test_assert_stream_error(romeos[0], "conflict");
        test_assert_stream_error(juliets[0], "conflict");
        g_assert_cmpuint(count(server), ==, 2);
}

/* The newcomer may go while it waits. */
static void
test_newcomer_goes(void)
{
        g_autoptr(TestServer) server = start();

        login_and_bind(server, "1");

        MotetSession *newcomer = test_server_login(server, "romeo@example.org");

        conn_memory_receive(newcomer->conn, BIND("2", "orchard"), strlen(BIND("2", "orchard")));
        conn_memory_end(newcomer->conn);
        test_server_settle(server);

        g_assert_false(motet_session_is_connected(newcomer));
        g_assert_cmpuint(count(server), ==, 0);
}

/* The former may be one whose peer reads nothing any more. */
static void
test_kick_old_that_is_stuck(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *former = login_and_bind(server, "1");

        test_session_set_window(former, 0);

        MotetSession *newcomer = login_and_bind(server, "2");

        test_assert_sent(newcomer, BOUND("2", "romeo@example.org/orchard"));
}

static void
test_kick_new(void)
{
        g_autoptr(TestServer) server = start_with("kick_new");
        MotetSession *former = login_and_bind(server, "1");
        MotetSession *newcomer = login_and_bind(server, "2");

        test_assert_sent(newcomer, REFUSED("2", "cancel", "conflict"));
        g_assert_true(motet_session_is_connected(former));
        g_assert_true(motet_session_is_connected(newcomer));
        g_assert_null(newcomer->full_jid);
}

static void
test_increment(void)
{
        g_autoptr(TestServer) server = start_with("increment");
        MotetSession *first = login_and_bind(server, "1");
        MotetSession *second = login_and_bind(server, "2");
        MotetSession *third = login_and_bind(server, "3");

        test_assert_sent(second, BOUND("2", "romeo@example.org/orchard-2"));
        test_assert_sent(third, BOUND("3", "romeo@example.org/orchard-3"));
        test_session_lose(second);

        MotetSession *fourth = login_and_bind(server, "4");

        test_assert_sent(fourth, BOUND("4", "romeo@example.org/orchard-2"));
        g_assert_true(motet_session_is_connected(first));
}

/* A number does not fit behind a resource of full length. */
static void
test_increment_of_the_longest(void)
{
        g_autoptr(TestServer) server = start_with("increment");
        MotetSession *first = test_server_login(server, "romeo@example.org");
        MotetSession *second = test_server_login(server, "romeo@example.org");
        g_autofree char *request = bind_of_length(1022);

        test_session_receive(first, request);
        test_session_receive(second, request);

        g_assert_cmpuint(strlen(first->resource), ==, 1022);
        g_assert_cmpuint(strlen(second->resource), ==, 24);
}

static void
test_random(void)
{
        g_autoptr(TestServer) server = start_with("random");
        MotetSession *first = login_and_bind(server, "1");
        MotetSession *second = login_and_bind(server, "2");

        g_assert_cmpstr(first->resource, ==, "orchard");
        g_assert_cmpuint(strlen(second->resource), ==, 24);
        g_assert_true(motet_session_is_connected(first));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/bind/is-offered-after-authentication", test_offered);
        g_test_add_func("/bind/is-not-offered-to-strangers", test_not_offered_to_strangers);
        g_test_add_func("/bind/strangers-are-refused", test_strangers_are_refused);
        g_test_add_func("/bind/the-client-chooses-the-resource", test_resource_of_the_client);
        g_test_add_func("/bind/the-server-makes-a-resource", test_resource_of_the_server);
        g_test_add_func("/bind/an-empty-resource-is-none", test_empty_resource);
        g_test_add_func("/bind/the-resource-is-prepared", test_resource_is_prepared);
        g_test_add_func("/bind/may-be-addressed-to-the-server", test_addressed_to_the_server);
        g_test_add_func("/bind/an-illegal-resource-is-refused", test_illegal_resource);
        g_test_add_func("/bind/the-longest-resource-is-bound", test_longest_resource);
        g_test_add_func("/bind/a-longer-one-is-refused", test_too_long_resource);
        g_test_add_func("/bind/two-resources-are-refused", test_two_resources);
        g_test_add_func("/bind/a-get-is-refused", test_get);
        g_test_add_func("/bind/a-second-bind-is-refused", test_second_bind);
        g_test_add_func("/bind/a-module-may-refuse", test_refused_by_a_module);
        g_test_add_func("/bind/kick-old-ends-the-former", test_kick_old);
        g_test_add_func("/bind/kick-old-keeps-the-order", test_kick_old_keeps_order);
        g_test_add_func("/bind/other-sessions-stay", test_others_stay);
        g_test_add_func("/bind/the-last-of-many-stays", test_last_of_many_stays);
        g_test_add_func("/bind/each-waits-for-its-own-former", test_two_at_once);
        g_test_add_func("/bind/a-newcomer-may-go-while-it-waits", test_newcomer_goes);
        g_test_add_func("/bind/kick-old-does-not-wait-for-the-peer", test_kick_old_that_is_stuck);
        g_test_add_func("/bind/kick-new-refuses", test_kick_new);
        g_test_add_func("/bind/increment-appends-a-number", test_increment);
        g_test_add_func("/bind/increment-of-the-longest-makes-one", test_increment_of_the_longest);
        g_test_add_func("/bind/random-makes-one", test_random);
        return g_test_run();
}
