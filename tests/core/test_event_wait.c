/*
 * Tests of event: tokens of chains that wait.
 */
#include "core/event_wait.h"
#include "support/test_core.h"

/* Waiting: on messages of a bound session to itself. */

typedef struct {
        TestCore *core;
        MotetModule *module;
        MotetSession *session;
        MotetWait *wait;
        MotetDeadline at_deadline;
} Waiter;

static Waiter waiter;

static MotetResult
take_token(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "wait:%s", motet_xml_attr(ev->stanza, "id"));
        waiter.wait = motet_wait(self, &ev->event, 10 * G_TIME_SPAN_SECOND, waiter.at_deadline);
        return MOTET_WAIT;
}

static MotetResult
note_after(MotetModule *self, MotetStanzaEvent *ev)
{
        g_assert_true(ev->session == waiter.session);
        g_assert_cmpstr(motet_jid_string(ev->from), ==, "romeo@example.org/orchard");
        g_assert_cmpstr(motet_jid_string(ev->to), ==, "romeo@example.org");
        test_core_note(self, "after:%s", motet_xml_attr(ev->stanza, "id"));
        return MOTET_HANDLED;
}

static const MotetHook waiting_hooks[] = {
        MOTET_ON_STANZA("message/self", take_token, 0),
        {0},
};
static const MotetHook after_hooks[] = {
        MOTET_ON_STANZA("message/self", note_after, -1),
        {0},
};

static TestCore *
waiter_setup(MotetDeadline at_deadline)
{
        TestCore *core = test_core_new();

        waiter = (Waiter){.core = core, .at_deadline = at_deadline};
        waiter.module = test_core_module(core, core->host, waiting_hooks);
        test_core_module(core, core->host, after_hooks);
        waiter.session = test_core_bind(core, "romeo", "orchard");
        test_session_receive(waiter.session,
                             "<message id='1'><body>one</body></message><message id='2'/>");
        test_core_assert_log(core, "wait:1");
        g_assert_true(motet_wait_is_live(waiter.wait));
        return core;
}

/* Continue: the next handler runs, with the same payload; then the next stanza. */
static void
test_resume_continues(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);

        motet_resume(waiter.wait, MOTET_CONTINUE);
        test_core_assert_log(core, "after:1");
        test_core_settle(core);
        test_core_assert_log(core, "wait:2");
        motet_resume(waiter.wait, MOTET_HANDLED);
        test_core_settle(core);

        test_core_assert_log(core, "");
        test_assert_sent_nothing(waiter.session);
}

/* Handled: nobody after runs. */
static void
test_resume_handled(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);

        motet_resume(waiter.wait, MOTET_HANDLED);
        test_core_settle(core);

        test_core_assert_log(core, "wait:2");
        motet_resume(waiter.wait, MOTET_HANDLED);
}

/* RFC 6120 10.1: what arrives meanwhile waits, whatever arrives later; other sessions go on. */
static void
test_order_is_kept_while_waiting(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);
        MotetSession *other = test_core_bind(core, "juliet", "balcony");

        test_session_receive(waiter.session, "<iq type='get' id='3'><q xmlns='urn:q'/></iq>");
        test_assert_sent_nothing(waiter.session);
        test_session_receive(other, "<iq type='get' id='4'><q xmlns='urn:q'/></iq>");
        test_assert_sent(
                other,
                "<iq type='error' id='4' to='juliet@example.org/balcony'><error type='cancel'>"
                "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        motet_resume(waiter.wait, MOTET_CONTINUE);
        test_core_settle(core);
        test_core_assert_log(core, "after:1 wait:2");
        test_assert_sent_nothing(waiter.session);
        motet_resume(waiter.wait, MOTET_CONTINUE);

        test_assert_sent(
                waiter.session,
                "<iq type='error' id='3' to='romeo@example.org/orchard'><error type='cancel'>"
                "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                "</error></iq>");
}

static void
test_resume_refuse(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);
        g_autofree char *text = g_strdup("no letters today");

        motet_resume_refuse(waiter.wait, MOTET_FORBIDDEN, text);

        test_assert_sent(waiter.session,
                         "<message type='error' id='1' to='romeo@example.org/orchard'>"
                         "<error type='auth'><forbidden "
                         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                         "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>"
                         "no letters today</text></error></message>");
        test_core_assert_log(core, "wait:2");
        motet_resume(waiter.wait, MOTET_HANDLED);
}

/* The deadline refuses with an error that says: try again. */
static void
test_deadline_refuses(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);
        MotetWait *first = waiter.wait;

        test_core_advance(core, 9999 * G_TIME_SPAN_MILLISECOND);
        test_assert_sent_nothing(waiter.session);
        test_core_advance(core, 10 * G_TIME_SPAN_MILLISECOND);

        test_assert_sent(waiter.session,
                         "<message type='error' id='1' to='romeo@example.org/orchard'>"
                         "<error type='wait'><resource-constraint "
                         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        g_assert_false(motet_wait_is_live(first));
        test_core_assert_log(core, "wait:2");
        motet_resume(first, MOTET_CONTINUE);
        test_core_assert_log(core, "");
        motet_resume(waiter.wait, MOTET_HANDLED);
}

static void
test_deadline_continues(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_CONTINUE);
        MotetWait *first = waiter.wait;

        test_core_advance(core, 10001 * G_TIME_SPAN_MILLISECOND);

        test_core_assert_log(core, "after:1 wait:2");
        motet_resume(first, MOTET_CONTINUE);
        motet_resume(waiter.wait, MOTET_HANDLED);
}

/* The session goes: the token is cancelled; resuming it does nothing. */
static void
test_session_cancels_its_waits(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_CONTINUE);

        motet_session_destroy(waiter.session);
        g_assert_false(motet_wait_is_live(waiter.wait));
        motet_resume(waiter.wait, MOTET_CONTINUE);
        test_core_settle(core);

        test_core_assert_log(core, "");
}

/* The module goes: the chain goes on behind it, from the loop. */
static void
test_module_lets_go_of_its_waits(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);

        test_core_stop(core, waiter.module);

        test_core_assert_log(core, "after:1 after:2");
}

/* A module may resume its token while it is unloaded: free functions of its data do. */
static void
test_token_is_resumed_after_its_module_stopped(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);

        waiter.module->running = false;
        instance_drop_all(waiter.module);
        motet_resume(waiter.wait, MOTET_HANDLED);
        test_core_settle(core);

        test_core_assert_log(core, "after:2");
}

/* Nor do others' hooks run in the middle of its end then. */
static void
test_token_is_passed_on_while_its_module_stops(void)
{
        g_autoptr(TestCore) core = waiter_setup(MOTET_DEADLINE_REFUSE);

        waiter.module->running = false;
        instance_drop_all(waiter.module);
        motet_resume(waiter.wait, MOTET_CONTINUE);
        test_core_assert_log(core, "");
        test_core_settle(core);

        test_core_assert_log(core, "after:1 after:2");
}

static MotetResult
resume_at_once(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetWait *wait = motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE);

        test_core_note(self, "at-once");
        motet_resume(wait, MOTET_CONTINUE);
        return MOTET_WAIT;
}

/* An answer may come before the handler has returned. */
static void
test_resume_inside_the_handler(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/self", resume_at_once, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        test_core_module(core, core->host, after_hooks);
        waiter = (Waiter){.session = test_core_bind(core, "romeo", "orchard")};

        test_session_receive(waiter.session, "<message id='1'/><message id='2'/>");

        test_core_assert_log(core, "at-once after:1 at-once after:2");
}

static MotetResult
destroy_and_wait(MotetModule *self, MotetStanzaEvent *ev)
{
        motet_session_destroy(ev->session);
        test_core_note(self, "destroyed");
        waiter.wait = motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE);
        return MOTET_WAIT;
}

static void
test_wait_of_a_session_that_went(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/self", destroy_and_wait, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        test_core_module(core, core->host, after_hooks);
        waiter = (Waiter){.session = test_core_bind(core, "romeo", "orchard")};

        test_session_receive(waiter.session, "<message id='1'/><message id='2'/>");

        g_assert_false(motet_wait_is_live(waiter.wait));
        motet_resume(waiter.wait, MOTET_CONTINUE);
        test_core_assert_log(core, "destroyed");
}

static MotetResult
wait_twice(MotetModule *self, MotetStanzaEvent *ev)
{
        static unsigned n;

        test_core_note(self, "%u", ++n);
        waiter.wait = motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE);
        return MOTET_WAIT;
}

/* Several handlers of one chain, and its later stages, may wait one after the other. */
static void
test_chain_waits_again(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("pre-iq/self", wait_twice, 1),
                MOTET_ON_STANZA("pre-iq/self", wait_twice, 0),
                MOTET_ON_STANZA("iq/self/urn:q:q", wait_twice, 0),
                MOTET_ON_STANZA("iq/self", wait_twice, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        waiter = (Waiter){.session = test_core_bind(core, "romeo", "orchard")};

        test_session_receive(waiter.session, "<iq type='set' id='1'><q xmlns='urn:q'/></iq>");
        for (unsigned i = 0; i < 4; i++) {
                test_assert_sent_nothing(waiter.session);
                motet_resume(waiter.wait, MOTET_CONTINUE);
        }

        test_core_assert_log(core, "1 2 3 4");
        test_assert_sent(
                waiter.session,
                "<iq type='error' id='1' to='romeo@example.org/orchard'><error type='cancel'>"
                "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                "</error></iq>");
}

/* A stanza that no session sent may wait as well; its host's end cancels it. */
static MotetResult
wait_on_host(MotetModule *self, MotetStanzaEvent *ev)
{
        g_assert_null(ev->session);
        waiter.wait = motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_CONTINUE);
        return MOTET_WAIT;
}

static MotetXml *
message_to_net(void)
{
        MotetXml *message = motet_xml_new("message", MOTET_NS_CLIENT);

        motet_xml_set_attr(message, "from", "example.org");
        motet_xml_set_attr(message, "to", "romeo@example.net");
        motet_xml_set_attr(message, "type", "error");
        return message;
}

static void
test_routed_stanza_waits(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/bare", wait_on_host, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(MotetXml) message = message_to_net();
        test_core_module(core, NULL, hooks);

        motet_route(core->host, message);
        g_assert_true(motet_wait_is_live(waiter.wait));
        host_free(core->other);

        g_assert_false(motet_wait_is_live(waiter.wait));
        motet_resume(waiter.wait, MOTET_CONTINUE);
}

/* Programming errors of modules are told, and do no harm. */
static MotetResult
wait_without_token(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)ev;
        test_core_note(self, "bad");
        return MOTET_WAIT;
}

static MotetResult
token_without_wait(MotetModule *self, MotetStanzaEvent *ev)
{
        waiter.wait = motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_CONTINUE);
        return MOTET_CONTINUE;
}

static void
assert_critical_and_continue(const MotetHook *hooks, const char *message)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        test_core_module(core, core->host, after_hooks);
        waiter = (Waiter){.session = test_core_bind(core, "romeo", "orchard")};

        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, message);
        test_session_receive(waiter.session, "<message id='1'/>");
        g_test_assert_expected_messages();
        g_autofree char *log = test_core_take_log(core);
        g_assert_true(g_str_has_suffix(log, "after:1"));
        if (waiter.wait) {
                g_assert_false(motet_wait_is_live(waiter.wait));
                motet_resume(waiter.wait, MOTET_HANDLED);
        }
        g_assert_cmpuint(waiter.session->priv->parked, ==, 0);
}

static void
test_waiting_without_a_token(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/self", wait_without_token, 0),
                                          {0}};

        assert_critical_and_continue(hooks, "*without a token*");
}

static void
test_token_without_waiting(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/self", token_without_wait, 0),
                                          {0}};

        assert_critical_and_continue(hooks, "*did not wait*");
}

static MotetResult
wait_where_none_may(MotetModule *self, MotetSessionEvent *ev)
{
        g_assert_null(motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_CONTINUE));
        test_core_note(self, "refused");
        return MOTET_CONTINUE;
}

static void
test_some_events_cannot_wait(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("session-bound", wait_where_none_may, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSessionEvent ev = {.event = {.kind = MOTET_EVENT_SESSION, .host = core->host}};
        test_core_module(core, core->host, hooks);

        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*motet_wait*");
        event_fire_now(core->host->events, "session-bound", &ev.event);
        g_test_assert_expected_messages();

        test_core_assert_log(core, "refused");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/event/resume-continues", test_resume_continues);
        g_test_add_func("/event/resume-handled", test_resume_handled);
        g_test_add_func("/event/order-is-kept-while-waiting", test_order_is_kept_while_waiting);
        g_test_add_func("/event/resume-refuse", test_resume_refuse);
        g_test_add_func("/event/deadline-refuses", test_deadline_refuses);
        g_test_add_func("/event/deadline-continues", test_deadline_continues);
        g_test_add_func("/event/session-cancels-its-waits", test_session_cancels_its_waits);
        g_test_add_func("/event/module-lets-go-of-its-waits", test_module_lets_go_of_its_waits);
        g_test_add_func("/event/token-is-resumed-after-its-module-stopped",
                        test_token_is_resumed_after_its_module_stopped);
        g_test_add_func("/event/token-is-passed-on-while-its-module-stops",
                        test_token_is_passed_on_while_its_module_stops);
        g_test_add_func("/event/resume-inside-the-handler", test_resume_inside_the_handler);
        g_test_add_func("/event/wait-of-a-session-that-went", test_wait_of_a_session_that_went);
        g_test_add_func("/event/chain-waits-again", test_chain_waits_again);
        g_test_add_func("/event/routed-stanza-waits", test_routed_stanza_waits);
        g_test_add_func("/event/waiting-without-a-token", test_waiting_without_a_token);
        g_test_add_func("/event/token-without-waiting", test_token_without_waiting);
        g_test_add_func("/event/some-events-cannot-wait", test_some_events_cannot_wait);
        return g_test_run();
}
