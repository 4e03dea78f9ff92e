/*
 * Tests of session_bind: binding, availability, interest.
 */
#include "support/test_core.h"

static MotetXml *
presence_with_priority(const char *priority)
{
        MotetXml *presence = motet_xml_new("presence", MOTET_NS_CLIENT);

        if (priority)
                motet_xml_add_with_text(presence, "priority", NULL, priority);
        return presence;
}

typedef struct {
        unsigned n_calls;
        MotetCondition condition;
        char *text;
        bool bound; /* whether the session was in the table at that moment */
} Outcome;

static void
note_outcome(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        Outcome *outcome = data;

        outcome->n_calls++;
        outcome->condition = condition;
        g_free(outcome->text);
        outcome->text = g_strdup(text);
        outcome->bound = session->full_jid &&
                         motet_sessions_find(motet_session_host(session), session->username,
                                             session->resource) == session;
}

static MotetResult
note_resource(MotetModule *self, MotetSessionEvent *ev)
{
        test_core_note(self, "%s %s", ev->event.name, ev->resource ? ev->resource : "-");
        return MOTET_CONTINUE;
}

static void
test_bind(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("pre-session-bind", note_resource, 0),
                MOTET_ON_SESSION("session-bound", note_resource, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};

        motet_session_bind(session, "orchard", note_outcome, &outcome);

        g_assert_cmpuint(outcome.n_calls, ==, 1);
        g_assert_cmpint(outcome.condition, ==, MOTET_CONDITION_NONE);
        g_assert_true(outcome.bound);
        test_core_assert_log(core, "pre-session-bind orchard session-bound -");
        g_assert_cmpuint(motet_sessions_count(core->host), ==, 1);
}

static MotetResult
refuse_bind(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        ev->condition = MOTET_RESOURCE_CONSTRAINT;
        ev->text = "enough";
        return MOTET_HANDLED;
}

/* RFC 6120 7.6.2.1: refused, nothing changed; another attempt may follow. */
static void
test_bind_is_refused(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("pre-session-bind", refuse_bind, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *refuser = test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};

        motet_session_bind(session, "orchard", note_outcome, &outcome);
        g_assert_cmpint(outcome.condition, ==, MOTET_RESOURCE_CONSTRAINT);
        g_assert_cmpstr(outcome.text, ==, "enough");
        g_assert_null(session->full_jid);
        g_assert_cmpuint(motet_sessions_count(core->host), ==, 0);
        refuser->running = false;
        motet_session_bind(session, "orchard", note_outcome, &outcome);

        g_assert_cmpuint(outcome.n_calls, ==, 2);
        g_assert_true(outcome.bound);
        g_free(outcome.text);
}

static MotetResult
handle_bind(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        return MOTET_HANDLED;
}

static void
test_bind_is_refused_without_a_condition(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("pre-session-bind", handle_bind, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};

        motet_session_bind(session, "orchard", note_outcome, &outcome);

        g_assert_cmpint(outcome.condition, ==, MOTET_NOT_ALLOWED);
}

static void
test_bind_of_an_illegal_resource(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};

        motet_session_bind(session, "", note_outcome, &outcome);

        g_assert_cmpint(outcome.condition, ==, MOTET_BAD_REQUEST);
        g_free(outcome.text);
}

/* limits.resource_bytes */
static void
test_bind_of_a_long_resource(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_login(core, "romeo");
        core->server.limits.resource_bytes = 7;
        Outcome outcome = {0};

        motet_session_bind(session, "orchards", note_outcome, &outcome);
        g_assert_cmpint(outcome.condition, ==, MOTET_BAD_REQUEST);
        g_free(outcome.text);
        outcome = (Outcome){0};
        motet_session_bind(session, "orchard", note_outcome, &outcome);

        g_assert_cmpint(outcome.condition, ==, MOTET_CONDITION_NONE);
        g_free(outcome.text);
}

static GPtrArray *tokens;

static MotetResult
wait_with_bind(MotetModule *self, MotetSessionEvent *ev)
{
        g_ptr_array_add(tokens,
                        motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE));
        return MOTET_WAIT;
}

static const MotetHook wait_hooks[] = {
        MOTET_ON_SESSION("pre-session-bind", wait_with_bind, 0),
        MOTET_ON_SESSION("pre-session-bind", note_resource, -1),
        {0},
};

static TestCore *
waiting_core(void)
{
        TestCore *core = test_core_new();

        tokens = g_ptr_array_new();
        test_core_module(core, core->host, wait_hooks);
        return core;
}

static void
waiting_core_free(TestCore *core)
{
        g_clear_pointer(&tokens, g_ptr_array_unref);
        test_core_free(core);
}

/* pre-session-bind may wait: the session's stanzas wait meanwhile. */
static void
test_bind_waits(void)
{
        TestCore *core = waiting_core();
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};

        motet_session_bind(session, "orchard", note_outcome, &outcome);
        test_session_receive(
                session,
                "<iq type='get' id='1' to='romeo@example.org/orchard'><q xmlns='urn:q'/></iq>");
        test_assert_sent_nothing(session);
        g_assert_cmpuint(outcome.n_calls, ==, 0);
        g_assert_null(session->full_jid);
        motet_resume(tokens->pdata[0], MOTET_CONTINUE);

        g_assert_cmpuint(outcome.n_calls, ==, 1);
        test_core_assert_log(core, "pre-session-bind orchard");
        g_assert_cmpstr(session->full_jid, ==, "romeo@example.org/orchard");
        test_assert_sent(session,
                         "<iq type='error' id='1' from='romeo@example.org/orchard' "
                         "to='romeo@example.org/orchard'><error type='cancel'><service-unavailable "
                         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        waiting_core_free(core);
}

static void
test_bind_deadline_refuses(void)
{
        TestCore *core = waiting_core();
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};

        motet_session_bind(session, "orchard", note_outcome, &outcome);
        test_core_advance(core, 1001 * G_TIME_SPAN_MILLISECOND);

        g_assert_cmpuint(outcome.n_calls, ==, 1);
        g_assert_cmpint(outcome.condition, ==, MOTET_RESOURCE_CONSTRAINT);
        g_assert_null(session->full_jid);
        motet_resume(tokens->pdata[0], MOTET_CONTINUE);
        g_free(outcome.text);
        waiting_core_free(core);
}

static void
test_bind_resume_refuses(void)
{
        TestCore *core = waiting_core();
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};

        motet_session_bind(session, "orchard", note_outcome, &outcome);
        motet_resume_refuse(tokens->pdata[0], MOTET_CONFLICT, "elsewhere");

        g_assert_cmpint(outcome.condition, ==, MOTET_CONFLICT);
        g_assert_cmpstr(outcome.text, ==, "elsewhere");
        g_free(outcome.text);
        waiting_core_free(core);
}

/* Two at once for one resource: the second to get through finds it taken. */
static void
test_bind_race(void)
{
        TestCore *core = waiting_core();
        MotetSession *one = test_core_login(core, "romeo");
        MotetSession *two = test_core_login(core, "romeo");
        Outcome first = {0}, second = {0};

        motet_session_bind(one, "orchard", note_outcome, &first);
        motet_session_bind(two, "orchard", note_outcome, &second);
        motet_resume(tokens->pdata[1], MOTET_CONTINUE);
        motet_resume(tokens->pdata[0], MOTET_CONTINUE);

        g_assert_true(second.bound);
        g_assert_cmpint(first.condition, ==, MOTET_CONFLICT);
        g_assert_null(one->full_jid);
        waiting_core_free(core);
}

/* The session goes while it is being bound: told once, with a condition. */
static void
test_bind_of_a_session_that_goes(void)
{
        TestCore *core = waiting_core();
        MotetSession *destroyed = test_core_login(core, "romeo");
        MotetSession *closing = test_core_login(core, "romeo");
        Outcome first = {0}, second = {0};

        motet_session_bind(destroyed, "orchard", note_outcome, &first);
        motet_session_bind(closing, "balcony", note_outcome, &second);
        motet_session_destroy(destroyed);
        g_assert_cmpuint(first.n_calls, ==, 1);
        g_assert_cmpint(first.condition, ==, MOTET_RECIPIENT_UNAVAILABLE);
        motet_session_bind(destroyed, "tomb", note_outcome, &first);
        g_assert_cmpuint(first.n_calls, ==, 2);
        g_assert_cmpint(first.condition, ==, MOTET_RECIPIENT_UNAVAILABLE);
        motet_session_close(closing, MOTET_CONFLICT, NULL);
        motet_resume(tokens->pdata[0], MOTET_CONTINUE);
        motet_resume(tokens->pdata[1], MOTET_CONTINUE);

        g_assert_cmpuint(first.n_calls, ==, 2);
        g_assert_cmpuint(second.n_calls, ==, 1);
        g_assert_cmpint(second.condition, ==, MOTET_RECIPIENT_UNAVAILABLE);
        g_assert_cmpuint(motet_sessions_count(core->host), ==, 0);
        g_free(first.text);
        g_free(second.text);
        waiting_core_free(core);
}

static MotetResult
bind_for_client(MotetModule *self, MotetStanzaEvent *ev)
{
        motet_session_bind(ev->session, "orchard", note_outcome,
                           motet_session_data(ev->session, self));
        return MOTET_HANDLED;
}

/* Who promised an answer is not unmapped before it was given. */
static void
test_binding_keeps_its_caller(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("iq/self/urn:q:bind", bind_for_client, 0),
                                          {0}};
        TestCore *core = waiting_core();
        MotetModule *binder = test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_login(core, "romeo");
        Outcome outcome = {0};
        motet_session_set_data(session, binder, &outcome, NULL);

        test_session_receive(session, "<iq type='set' id='1'><bind xmlns='urn:q'/></iq>");
        g_assert_cmpuint(binder->busy, ==, 1);
        motet_resume(tokens->pdata[0], MOTET_CONTINUE);

        g_assert_cmpuint(binder->busy, ==, 0);
        g_assert_true(outcome.bound);
        waiting_core_free(core);
}

/* Presence and interest */

static void
test_presence(void)
{
        static const struct {
                const char *text;
                int8_t priority;
        } cases[] = {
                {NULL, 0},
                {"5", 5},
                {"-128", -128},
                {"127", 127},
                {" 7\n", 7},
                {"128", 0},
                {"-129", 0},
                {"x", 0},
                {"", 0},
                {"1.5", 0},
                {"99999999999999999999", 0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(MotetXml) presence = presence_with_priority(cases[i].text);
                motet_session_set_presence(session, presence);
                g_assert_true(motet_xml_is(session->presence, "presence", MOTET_NS_CLIENT));
                g_assert_true(session->presence != presence);
                g_assert_cmpint(session->priority, ==, cases[i].priority);
        }
        motet_session_set_presence(session, NULL);

        g_assert_null(session->presence);
        g_assert_cmpint(session->priority, ==, 0);
}

static MotetResult
check_unbound(MotetModule *self, MotetSessionEvent *ev)
{
        MotetSession *session = ev->session;

        test_core_note(self, "%s %d %d", session->full_jid, session->presence != NULL,
                       session->interested);
        g_assert_null(motet_sessions_find(motet_session_host(session), "romeo", "orchard"));
        return MOTET_CONTINUE;
}

/* Available and interested imply connected: both end with the binding, and are still readable in
 * session-unbound. */
static void
test_availability_ends_with_the_binding(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("session-unbound", check_unbound, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_autoptr(MotetXml) presence = presence_with_priority("3");
        motet_session_set_presence(session, presence);
        motet_session_set_interested(session, true);

        motet_session_destroy(session);
        test_core_assert_log(core, "romeo@example.org/orchard 1 1");
        g_assert_null(session->presence);
        g_assert_false(session->interested);
        motet_session_set_presence(session, presence);
        motet_session_set_interested(session, true);

        g_assert_null(session->presence);
        g_assert_false(session->interested);
}

static void
test_only_connected_resources_are_available(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_login(core, "romeo");
        g_autoptr(MotetXml) presence = presence_with_priority(NULL);

        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*bound*");
        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*bound*");
        motet_session_set_presence(session, presence);
        motet_session_set_interested(session, true);
        g_test_assert_expected_messages();

        g_assert_null(session->presence);
        g_assert_false(session->interested);
}

static void
destroy_when_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        (void)text;
        (void)data;
        g_assert_cmpint(condition, ==, MOTET_CONDITION_NONE);
        motet_session_destroy(session);
}

/* Who is gone before session-bound is not announced as bound. */
static void
test_session_goes_when_its_client_is_answered(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("session-bound", note_resource, 0),
                MOTET_ON_SESSION("session-unbound", note_resource, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_core_login(core, "romeo");

        motet_session_bind(session, "orchard", destroy_when_bound, NULL);

        test_core_assert_log(core, "session-unbound -");
        g_assert_cmpuint(motet_sessions_count(core->host), ==, 0);
}

static void
test_roster_is_lent(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        int roster;

        motet_session_set_roster(session, (MotetRoster *)(void *)&roster);
        g_assert_true((void *)session->roster == &roster);
        motet_session_destroy(session);

        g_assert_null(session->roster);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session-bind/bind", test_bind);
        g_test_add_func("/session-bind/bind-is-refused", test_bind_is_refused);
        g_test_add_func("/session-bind/bind-is-refused-without-a-condition",
                        test_bind_is_refused_without_a_condition);
        g_test_add_func("/session-bind/bind-of-an-illegal-resource",
                        test_bind_of_an_illegal_resource);
        g_test_add_func("/session-bind/bind-of-a-long-resource", test_bind_of_a_long_resource);
        g_test_add_func("/session-bind/bind-waits", test_bind_waits);
        g_test_add_func("/session-bind/bind-deadline-refuses", test_bind_deadline_refuses);
        g_test_add_func("/session-bind/bind-resume-refuses", test_bind_resume_refuses);
        g_test_add_func("/session-bind/bind-race", test_bind_race);
        g_test_add_func("/session-bind/bind-of-a-session-that-goes",
                        test_bind_of_a_session_that_goes);
        g_test_add_func("/session-bind/binding-keeps-its-caller", test_binding_keeps_its_caller);
        g_test_add_func("/session-bind/presence", test_presence);
        g_test_add_func("/session-bind/availability-ends-with-the-binding",
                        test_availability_ends_with_the_binding);
        g_test_add_func("/session-bind/only-connected-resources-are-available",
                        test_only_connected_resources_are_available);
        g_test_add_func("/session-bind/session-goes-when-its-client-is-answered",
                        test_session_goes_when_its_client_is_answered);
        g_test_add_func("/session-bind/roster-is-lent", test_roster_is_lent);
        return g_test_run();
}
