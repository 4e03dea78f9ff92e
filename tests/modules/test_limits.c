/*
 * test_limits: what strangers and accounts may hold.
 */
#include <motet/conn.h>

#include "support/test_client.h"

#define OPTIONS "limits:\n  options:\n"

static size_t
n_streams(TestServer *server)
{
        return server_base(test_server_core(server))->n_streams;
}

/* All sessions without a socket come from one address. */
static void
assert_refused(TestServer *server, const char *condition)
{
        g_assert_null(test_server_connect(server));
        MotetSession *refused = test_session_last(server_base(test_server_core(server)));

        test_assert_stream_error(refused, condition);
}

/* 50 strangers of an address; the default, at the limit and one past it (R14) */
static void
test_strangers_of_an_address(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("limits"));
        for (int i = 0; i < 50; i++) {
                g_assert_nonnull(test_server_connect(server));
                test_server_advance(server, G_TIME_SPAN_SECOND / 20);
        }

        assert_refused(server, "policy-violation");
}

/* 20 new ones a second; the default, at the limit and one past it */
static void
test_new_strangers_in_a_second(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("limits"));
        for (int i = 0; i < 20; i++)
                g_assert_nonnull(test_server_connect(server));

        assert_refused(server, "policy-violation");
        test_server_advance(server, G_TIME_SPAN_SECOND / 20);
        g_assert_nonnull(test_server_connect(server));
}

/* Who logged in is no stranger any more */
static void
test_users_are_not_strangers(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml(OPTIONS "    strangers_per_address: 1\n");
        test_server_login(server, "romeo@example.org");

        MotetSession *second = test_server_connect(server);

        g_assert_nonnull(second);
        assert_refused(server, "policy-violation");
}

/* A stranger that went makes room. */
static void
test_gone_strangers_make_room(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml(OPTIONS "    strangers_per_address: 1\n");
        MotetSession *first = test_server_connect(server);
        test_session_lose(first);

        g_assert_nonnull(test_server_connect(server));
}

/* All strangers together; beyond, the oldest goes */
static void
test_oldest_stranger_goes(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(OPTIONS "    strangers: 2\n");
        MotetSession *first = test_server_connect(server);
        MotetSession *second = test_server_connect(server);
        g_assert_true(motet_session_is_connected(first));

        MotetSession *third = test_server_connect(server);

        g_assert_false(motet_session_is_connected(first));
        g_assert_true(motet_session_is_connected(second));
        g_assert_true(motet_session_is_connected(third));
        g_assert_cmpuint(n_streams(server), ==, 2);
}

/* Per address, which for IPv6 is a /64 */
static void
test_addresses_are_counted_apart(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml(OPTIONS "    strangers_per_address: 1\n");
        g_autoptr(TestClient) a = test_client_new(server, "2001:db8::1");
        g_autoptr(TestClient) same_net = test_client_new(server, "2001:db8::2");
        g_autoptr(TestClient) other_net = test_client_new(server, "2001:db8:0:1::1");
        g_autoptr(TestClient) v4 = test_client_new(server, "192.0.2.1");

        g_assert_nonnull(test_client_session(a));
        g_assert_null(test_client_session(same_net));
        g_assert_nonnull(test_client_session(other_net));
        g_assert_nonnull(test_client_session(v4));
}

typedef struct {
        bool is_called;
        MotetCondition condition;
} Bound;

static void
note_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        Bound *bound = data;

        (void)session;
        (void)text;
        bound->is_called = true;
        bound->condition = condition;
}

static MotetCondition
bind_one(TestServer *server, const char *bare_jid, const char *resource)
{
        MotetSession *session = test_server_login(server, bare_jid);
        Bound bound = {false, MOTET_CONDITION_NONE};

        motet_session_bind(session, resource, note_bound, &bound);
        test_server_settle(server);
        g_assert_true(bound.is_called);
        return bound.condition;
}

/* 20 sessions of an account; the default, at the limit and one past it (RFC 6120 7.7.2.2) (R16) */
static void
test_sessions_of_an_account(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(
                OPTIONS "    strangers_per_address: 1000\n    strangers_per_second: 1000\n");
        for (int i = 0; i < 20; i++) {
                g_autofree char *resource = g_strdup_printf("r%d", i);
                g_assert_cmpint(bind_one(server, "romeo@example.org", resource), ==,
                                MOTET_CONDITION_NONE);
        }

        g_assert_cmpint(bind_one(server, "romeo@example.org", "r20"), ==,
                        MOTET_RESOURCE_CONSTRAINT);
        g_assert_cmpint(bind_one(server, "juliet@example.org", "r0"), ==, MOTET_CONDITION_NONE);
}

/* R16: 20 streams of an account without a resource; the default, at the limit and one past it */
static void
test_unbound_sessions_of_an_account(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(
                OPTIONS "    strangers_per_address: 1000\n    strangers_per_second: 1000\n");
        MotetSession *last = NULL;
        for (int i = 0; i < 20; i++) {
                last = test_server_login(server, "romeo@example.org");
                g_assert_true(motet_session_is_connected(last));
        }

        MotetSession *beyond = test_server_open(server, "example.org");
        motet_session_authenticate(beyond, "romeo");
        test_server_settle(server);
        test_assert_stream_error(beyond, "resource-constraint");
        g_assert_true(motet_session_is_connected(last));
        g_assert_cmpint(bind_one(server, "juliet@example.org", "r0"), ==, MOTET_CONDITION_NONE);
}

/* R16: who binds a resource, and who goes, makes room for another one without. */
static void
test_unbound_sessions_make_room(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(OPTIONS "    unbound_per_account: 1\n");
        g_assert_cmpint(bind_one(server, "romeo@example.org", "a"), ==, MOTET_CONDITION_NONE);
        g_assert_cmpint(bind_one(server, "romeo@example.org", "b"), ==, MOTET_CONDITION_NONE);

        test_session_lose(test_server_login(server, "romeo@example.org"));

        g_assert_true(motet_session_is_connected(test_server_login(server, "romeo@example.org")));
}

/* R13, R16: a stream that binds nothing does not stay. */
static void
test_unbound_sessions_end(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(OPTIONS "    unbound_per_account: 1\n");
        MotetSession *first = test_server_login(server, "romeo@example.org");

        test_server_advance(server, 31 * G_TIME_SPAN_SECOND);

        test_assert_stream_error(first, "connection-timeout");
        test_server_advance(server, G_TIME_SPAN_MINUTE);
        g_assert_true(motet_session_is_connected(test_server_login(server, "romeo@example.org")));
}

static void
test_gone_sessions_make_room(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml(OPTIONS "    sessions_per_account: 1\n");
        MotetSession *first = test_server_bind(server, "romeo@example.org/a");
        g_assert_cmpint(bind_one(server, "romeo@example.org", "b"), ==, MOTET_RESOURCE_CONSTRAINT);

        test_session_lose(first);

        g_assert_cmpint(bind_one(server, "romeo@example.org", "b"), ==, MOTET_CONDITION_NONE);
}

/* Rates are the main file's unless an option says otherwise. */
static void
test_rates_are_kept_by_default(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("limits"));
        const CoreLimits *core = &server_base(test_server_core(server))->limits;
        MotetSession *stranger = test_server_connect(server);
        MotetSession *user = test_server_login(server, "romeo@example.org");

        g_assert_cmpint(
                memcmp(motet_session_limits(stranger), &core->stranger, sizeof(core->stranger)), ==,
                0);
        g_assert_cmpint(memcmp(motet_session_limits(user), &core->user, sizeof(core->user)), ==, 0);
}

static void
test_rates_of_options(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml(OPTIONS "    stranger_bytes_per_s: 1001\n"
                                             "    stranger_burst: 1002\n"
                                             "    stranger_stanzas_per_s: 1003\n"
                                             "    user_bytes_per_s: 2001\n"
                                             "    user_burst: 2002\n"
                                             "    user_stanzas_per_s: 2003\n");
        const CoreLimits *core = &server_base(test_server_core(server))->limits;
        MotetSession *stranger = test_server_connect(server);
        MotetSession *user = test_server_login(server, "romeo@example.org");
        const MotetSessionLimits *s = motet_session_limits(stranger),
                                 *u = motet_session_limits(user);

        g_assert_cmpuint(s->bytes_per_s, ==, 1001);
        g_assert_cmpuint(s->bytes_burst, ==, 1002);
        g_assert_cmpuint(s->stanzas_per_s, ==, 1003);
        g_assert_cmpuint(s->stanza_bytes, ==, core->stranger.stanza_bytes);
        g_assert_cmpuint(u->bytes_per_s, ==, 2001);
        g_assert_cmpuint(u->bytes_burst, ==, 2002);
        g_assert_cmpuint(u->stanzas_per_s, ==, 2003);
        g_assert_cmpuint(u->stanza_bytes, ==, core->user.stanza_bytes);
}

/* Sessions outlive the module that counted them. */
static void
test_switched_off_while_running(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("limits"));
        MotetSession *session = test_server_connect(server);

        g_assert_true(
                test_server_reload(server, "modules:\n  limits:\n    enabled: false\n", NULL));

        g_assert_true(motet_session_is_connected(session));
        for (int i = 0; i < 60; i++)
                g_assert_nonnull(test_server_connect(server));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/limits/fifty-strangers-an-address", test_strangers_of_an_address);
        g_test_add_func("/limits/twenty-new-strangers-a-second", test_new_strangers_in_a_second);
        g_test_add_func("/limits/users-are-not-strangers", test_users_are_not_strangers);
        g_test_add_func("/limits/gone-strangers-make-room", test_gone_strangers_make_room);
        g_test_add_func("/limits/oldest-stranger-goes", test_oldest_stranger_goes);
        g_test_add_func("/limits/addresses-are-counted-apart", test_addresses_are_counted_apart);
        g_test_add_func("/limits/twenty-sessions-an-account", test_sessions_of_an_account);
        g_test_add_func("/limits/gone-sessions-make-room", test_gone_sessions_make_room);
        g_test_add_func("/limits/twenty-without-a-resource-an-account",
                        test_unbound_sessions_of_an_account);
        g_test_add_func("/limits/bound-and-gone-ones-make-room", test_unbound_sessions_make_room);
        g_test_add_func("/limits/without-a-resource-for-thirty-seconds", test_unbound_sessions_end);
        g_test_add_func("/limits/rates-are-kept-by-default", test_rates_are_kept_by_default);
        g_test_add_func("/limits/rates-of-options", test_rates_of_options);
        g_test_add_func("/limits/switched-off-while-running", test_switched_off_while_running);
        return g_test_run();
}
