/*
 * Tests of session: its life, its fields, and the end of it.
 */
#include <string.h>

#include "support/test_core.h"

static MotetResult
note(MotetModule *self, MotetSessionEvent *ev)
{
        test_core_note(self, "%s", ev->event.name);
        return MOTET_CONTINUE;
}

static const MotetHook life_hooks[] = {
        MOTET_ON_SESSION("session-created", note, 0),
        MOTET_ON_SESSION("stream-opened", note, 0),
        MOTET_ON_SESSION("session-authenticated", note, 0),
        MOTET_ON_SESSION("pre-session-bind", note, 0),
        MOTET_ON_SESSION("session-bound", note, 0),
        MOTET_ON_SESSION("pre-session-unbind", note, 0),
        MOTET_ON_SESSION("session-unbound", note, 0),
        MOTET_ON_SESSION("session-destroyed", note, 0),
        {0},
};

/* Life */

static void
test_life_is_told(void)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, life_hooks);

        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        test_core_assert_log(core,
                             "session-created stream-opened session-authenticated stream-opened "
                             "pre-session-bind session-bound");
        test_session_receive(session, "</stream:stream>");

        test_core_assert_log(core, "pre-session-unbind session-unbound session-destroyed");
}

/* A session that never found a host is told of to the server's modules, once. */
static void
test_life_without_a_stream(void)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, life_hooks);
        test_core_module(core, core->host, life_hooks);
        MotetSession *session = test_session_new(&core->server);

        test_session_lose(session);

        test_core_assert_log(core, "session-created session-created session-destroyed");
}

/* The fields at every step, as <motet/session.h> says. */
static void
test_fields(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        g_assert_true(session->notopen);
        g_assert_cmpint(session->type, ==, MOTET_SESSION_C2S_UNAUTHED);
        g_assert_null(session->username);
        g_assert_null(session->host);
        g_assert_null(session->resource);
        g_assert_null(session->full_jid);
        g_assert_null(motet_session_jid(session));

        test_session_open(session, "example.org");
        g_assert_false(session->notopen);
        g_assert_cmpstr(session->host, ==, "example.org");
        g_assert_null(session->username);

        motet_session_authenticate(session, "romeo");
        g_assert_cmpint(session->type, ==, MOTET_SESSION_C2S);
        g_assert_cmpstr(session->username, ==, "romeo");
        g_assert_cmpstr(motet_jid_string(motet_session_jid(session)), ==, "romeo@example.org");
        g_assert_null(session->full_jid);

        motet_session_restart(session);
        g_assert_true(session->notopen);
        g_assert_cmpstr(session->username, ==, "romeo");
        test_session_free(session);

        session = test_core_bind(core, "romeo", "orchard");
        g_assert_cmpstr(session->resource, ==, "orchard");
        g_assert_cmpstr(session->full_jid, ==, "romeo@example.org/orchard");
        g_assert_cmpstr(session->username, ==, "romeo");
        g_assert_cmpstr(motet_jid_string(motet_session_jid(session)), ==,
                        "romeo@example.org/orchard");
        g_assert_cmpint(session->priority, ==, 0);
        g_assert_null(session->presence);
        g_assert_false(session->interested);
        g_assert_null(session->roster);
        g_assert_true(motet_session_server(session) == &core->server);
        g_assert_false(motet_session_is_secure(session));
}

static MotetResult
refuse_created(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        ev->condition = MOTET_POLICY_VIOLATION;
        ev->text = "too many";
        return MOTET_HANDLED;
}

static MotetResult
drop_created(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        return MOTET_HANDLED;
}

static const MotetListen plain = {.address = "*", .type = MOTET_SESSION_C2S};
static const MotetListen direct = {.address = "*", .type = MOTET_SESSION_C2S, .direct_tls = true};

/* session-created refuses: with a stream error where one can be read. */
static void
test_created_is_refused(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("session-created", refuse_created, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);

        g_assert_null(test_session_new_spec(&core->server, &plain));

        test_assert_stream_error(test_session_last(&core->server), "policy-violation");
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

static void
test_created_is_refused_inside_direct_tls(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("session-created", refuse_created, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);

        g_assert_null(test_session_new_spec(&core->server, &direct));

        test_assert_sent_nothing(test_session_last(&core->server));
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

static void
test_created_is_dropped(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("session-created", drop_created, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);

        g_assert_null(test_session_new_spec(&core->server, &plain));

        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

/* Promise 1: nothing dies under a handler; closing is finished from the loop. */
static void
test_closing_is_deferred(void)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, life_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);
        g_free(test_core_take_log(core));

        g_assert_true(motet_session_send(session, message));
        motet_session_close(session, MOTET_CONFLICT, NULL);
        motet_session_close(session, MOTET_SYSTEM_SHUTDOWN, NULL);
        g_assert_false(motet_session_is_connected(session));
        g_assert_false(motet_session_send(session, message));
        g_assert_nonnull(session->conn);
        test_core_assert_log(core, "");

        /* What was queued is still sent; the first condition counts. */
        test_assert_sent(session, "<message/>");
        test_assert_stream_error(session, "conflict");
        test_core_assert_log(core, "pre-session-unbind session-unbound session-destroyed");
}

static void
test_nothing_is_read_after_closing(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        motet_session_close(session, MOTET_CONDITION_NONE, NULL);
        test_session_receive(session, "<iq type='get' id='1'><q xmlns='urn:q'/></iq>");

        test_assert_closed(session);
}

/* A closing session leaves the table at once, not only when the peer has read everything. */
static void
test_closing_session_is_not_found(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        test_session_set_window(session, 0);

        motet_session_close(session, MOTET_CONFLICT, NULL);
        test_core_settle(core);

        g_assert_nonnull(session->conn);
        g_assert_null(motet_sessions_find(core->host, "romeo", "orchard"));
        test_core_advance(core, core->server.limits.close_timeout + G_TIME_SPAN_SECOND);
        g_assert_null(session->conn);
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

static void
test_destroy_is_immediate(void)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, life_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_free(test_core_take_log(core));

        motet_session_destroy(session);
        test_core_assert_log(core, "pre-session-unbind session-unbound session-destroyed");
        motet_session_destroy(session);

        test_core_assert_log(core, "");
        g_assert_null(session->conn);
        g_assert_null(motet_sessions_find(core->host, "romeo", "orchard"));
        test_assert_sent_nothing(session);
}

static MotetResult
destroy(MotetModule *self, MotetSessionEvent *ev)
{
        test_core_note(self, "%s!", ev->event.name);
        motet_session_destroy(ev->session);
        g_assert_cmpstr(ev->session->full_jid, ==, "romeo@example.org/orchard");
        return MOTET_CONTINUE;
}

/* Destroying inside an unbind event does not overtake the others. */
static void
test_destroy_inside_unbind(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("pre-session-unbind", destroy, 1),
                MOTET_ON_SESSION("session-unbound", destroy, 1),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);
        test_core_module(core, NULL, life_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_free(test_core_take_log(core));

        motet_session_close(session, MOTET_CONFLICT, NULL);
        test_core_settle(core);

        test_core_assert_log(
                core, "pre-session-unbind pre-session-unbind! session-unbound session-unbound! "
                      "session-destroyed");
}

static MotetResult
destroy_in_stanza(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        motet_session_destroy(ev->session);
        return MOTET_HANDLED;
}

static void
test_destroy_inside_a_stanza(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/self", destroy_in_stanza, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        test_session_receive(session,
                             "<message/><message/><iq type='get' id='1'><q xmlns='urn:q'/></iq>");

        g_assert_null(session->conn);
        test_assert_sent_nothing(session);
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

/* Losing the connection */

static MotetResult
keep(MotetModule *self, MotetSessionEvent *ev)
{
        test_core_note(self, ev->session->conn ? "connected" : "lost");
        return MOTET_HANDLED;
}

static void
test_lost_connection_ends_a_session(void)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, life_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_free(test_core_take_log(core));

        test_session_lose(session);

        test_core_assert_log(core, "pre-session-unbind session-unbound session-destroyed");
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

/* pre-session-unbind may keep a session that lost its connection: bound, findable, not
 * connected. */
static void
test_lost_session_is_kept(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("pre-session-unbind", keep, MOTET_PRIO_LATE), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *keeper = test_core_module(core, NULL, hooks);
        test_core_module(core, NULL, life_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);
        g_free(test_core_take_log(core));

        test_session_lose(session);
        test_core_assert_log(core, "lost");
        g_assert_true(motet_sessions_find(core->host, "romeo", "orchard") == session);
        g_assert_null(session->conn);
        g_assert_false(motet_session_is_connected(session));
        g_assert_false(motet_session_send(session, message));
        test_core_advance(core, 100 * G_TIME_SPAN_SECOND);
        g_assert_cmpuint(core->server.n_streams, ==, 1);
        keeper->running = false;
        motet_session_close(session, MOTET_CONFLICT, NULL);
        test_core_settle(core);

        test_core_assert_log(core, "pre-session-unbind session-unbound session-destroyed");
        g_assert_null(motet_sessions_find(core->host, "romeo", "orchard"));
}

/* A session that is closed properly cannot be kept. */
static void
test_closed_session_is_not_kept(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("pre-session-unbind", keep, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        test_session_receive(session, "</stream:stream>");

        test_core_assert_log(core, "connected");
        g_assert_null(motet_sessions_find(core->host, "romeo", "orchard"));
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

static void
test_close_all(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *stranger = test_session_new(&core->server);
        MotetSession *opened = test_session_new(&core->server);
        MotetSession *bound = test_core_bind(core, "romeo", "orchard");
        test_session_open(opened, "example.net");

        session_close_all(&core->server, core->host, MOTET_HOST_GONE, NULL);
        test_assert_stream_error(bound, "host-gone");
        g_assert_true(motet_session_is_connected(stranger));
        g_assert_true(motet_session_is_connected(opened));
        session_close_all(&core->server, NULL, MOTET_SYSTEM_SHUTDOWN, NULL);

        test_assert_stream_error(stranger, "system-shutdown");
        test_assert_stream_error(opened, "system-shutdown");
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

/* Starting TLS: nothing more is said in clear, and what was sent behind the request is dropped
 * (R2). */
static MotetResult
start_tls(MotetModule *self, MotetStanzaEvent *ev)
{
        g_autoptr(MotetXml) proceed = motet_xml_new("proceed", "urn:tls");

        (void)self;
        motet_session_send(ev->session, proceed);
        motet_session_starttls(ev->session);
        return MOTET_HANDLED;
}

static void
test_starttls(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("stream/urn:tls:starttls", start_tls, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(
                session,
                "<starttls xmlns='urn:tls'/><iq type='get' id='1'><q xmlns='urn:q'/></iq>");

        test_assert_sent(session, "<proceed xmlns='urn:tls'/>");
        g_assert_true(session->notopen);
        g_free(test_session_take_sent(session));
        motet_session_close(session, MOTET_SYSTEM_SHUTDOWN, NULL);
        test_core_settle(core);
        test_assert_sent_nothing(session);
        g_assert_null(session->conn);
}

/* The same when it is being destroyed already. */
static void
test_destroy_inside_destroying(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("pre-session-unbind", destroy, 1), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);
        test_core_module(core, NULL, life_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_free(test_core_take_log(core));

        motet_session_destroy(session);

        test_core_assert_log(
                core, "pre-session-unbind pre-session-unbind! session-unbound session-destroyed");
}

/* Who holds a reference may still ask, and gets no harm. */
static void
test_destroyed_session_is_harmless(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *stranger = test_session_new(&core->server);
        test_session_open(stranger, "example.org");

        motet_session_destroy(stranger);
        motet_session_authenticate(stranger, "romeo");
        motet_session_restart(stranger);
        motet_session_starttls(stranger);
        motet_session_close(stranger, MOTET_CONFLICT, NULL);
        test_core_settle(core);

        g_assert_null(stranger->username);
        g_assert_cmpstr(motet_host_name(motet_session_host(stranger)), ==, "example.org");
        g_assert_false(motet_session_is_connected(stranger));
        g_assert_false(motet_session_is_secure(stranger));
        test_assert_sent_nothing(stranger);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session/life-is-told", test_life_is_told);
        g_test_add_func("/session/life-without-a-stream", test_life_without_a_stream);
        g_test_add_func("/session/fields", test_fields);
        g_test_add_func("/session/created-is-refused", test_created_is_refused);
        g_test_add_func("/session/created-is-refused-inside-direct-tls",
                        test_created_is_refused_inside_direct_tls);
        g_test_add_func("/session/created-is-dropped", test_created_is_dropped);
        g_test_add_func("/session/closing-is-deferred", test_closing_is_deferred);
        g_test_add_func("/session/nothing-is-read-after-closing",
                        test_nothing_is_read_after_closing);
        g_test_add_func("/session/closing-session-is-not-found", test_closing_session_is_not_found);
        g_test_add_func("/session/destroy-is-immediate", test_destroy_is_immediate);
        g_test_add_func("/session/destroy-inside-unbind", test_destroy_inside_unbind);
        g_test_add_func("/session/destroy-inside-a-stanza", test_destroy_inside_a_stanza);
        g_test_add_func("/session/lost-connection-ends-a-session",
                        test_lost_connection_ends_a_session);
        g_test_add_func("/session/lost-session-is-kept", test_lost_session_is_kept);
        g_test_add_func("/session/closed-session-is-not-kept", test_closed_session_is_not_kept);
        g_test_add_func("/session/close-all", test_close_all);
        g_test_add_func("/session/starttls", test_starttls);
        g_test_add_func("/session/destroy-inside-destroying", test_destroy_inside_destroying);
        g_test_add_func("/session/destroyed-session-is-harmless",
                        test_destroyed_session_is_harmless);
        return g_test_run();
}
