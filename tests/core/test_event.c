/*
 * Tests of event: names, tables, order, verdicts and waiting.
 */
#include <string.h>

#include <motet/error.h>

#include "core/event_wait.h"
#include "support/test_core.h"

/* Handlers say who they are. */

static MotetResult
note_a(MotetModule *self, MotetSessionEvent *ev)
{
        (void)ev;
        test_core_note(self, "a");
        return MOTET_CONTINUE;
}

static MotetResult
note_b(MotetModule *self, MotetSessionEvent *ev)
{
        (void)ev;
        test_core_note(self, "b");
        return MOTET_CONTINUE;
}

static MotetResult
note_c_handled(MotetModule *self, MotetSessionEvent *ev)
{
        (void)ev;
        test_core_note(self, "c");
        return MOTET_HANDLED;
}

static MotetResult
fire_session(TestCore *core, const char *name)
{
        MotetSessionEvent ev = {.event = {.kind = MOTET_EVENT_SESSION, .host = core->host}};

        return event_fire_now(core->host->events, name, &ev.event);
}

/* Names */

static void
test_unknown_event_is_refused(void)
{
        static const char *const unknown[] = {
                "session-bond",
                "",
                "iq",
                "iq/",
                "iq/self/",
                "iq/self/urn:",
                "iq/remote/a:b",
                "iq/self/:a",
                "stream/",
                "stream/a",
                "message/remote",
                "outbound-message/self",
                "inbound-iq/self",
                "inbound-iq/remote",
                "inbound-iq/bare/a:b",
                "message/self/a:b",
                "pre-iq/self/a:b",
                "iq/self/urn:x/y",
                "presence/other",
                "route/",
                "iq/other/a:b",
        };
        EventNames *names = event_names_new();

        for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_false(event_names_check(names, unknown[i], MOTET_EVENT_STANZA, &error));
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
                g_assert_null(event_names_intern(names, unknown[i]));
        }

        event_names_free(names);
}

/* Every name of <motet/event.h>, with its payload. */
static void
test_core_events_are_declared(void)
{
        static const struct {
                const char *name;
                MotetEventKind kind;
        } events[] = {
                {"server-started", MOTET_EVENT_SERVER},
                {"server-stopping", MOTET_EVENT_SERVER},
                {"config-reloaded", MOTET_EVENT_SERVER},
                {"session-created", MOTET_EVENT_SESSION},
                {"stream-opened", MOTET_EVENT_SESSION},
                {"stream-features", MOTET_EVENT_FEATURES},
                {"pre-stream", MOTET_EVENT_STANZA},
                {"stream/urn:ietf:params:xml:ns:xmpp-sasl:auth", MOTET_EVENT_STANZA},
                {"stream/http://example.org/ns:a", MOTET_EVENT_STANZA},
                {"session-authenticated", MOTET_EVENT_SESSION},
                {"pre-session-bind", MOTET_EVENT_SESSION},
                {"session-bound", MOTET_EVENT_SESSION},
                {"pre-session-unbind", MOTET_EVENT_SESSION},
                {"session-unbound", MOTET_EVENT_SESSION},
                {"session-resumed", MOTET_EVENT_SESSION},
                {"session-destroyed", MOTET_EVENT_SESSION},
                {"pre-message/remote", MOTET_EVENT_STANZA},
                {"pre-presence/self", MOTET_EVENT_STANZA},
                {"pre-iq/host", MOTET_EVENT_STANZA},
                {"outbound-message/remote", MOTET_EVENT_STANZA},
                {"outbound-presence/bare", MOTET_EVENT_STANZA},
                {"inbound-iq/bare", MOTET_EVENT_STANZA},
                {"inbound-message/host", MOTET_EVENT_STANZA},
                {"message/full", MOTET_EVENT_STANZA},
                {"presence/bare", MOTET_EVENT_STANZA},
                {"iq/self", MOTET_EVENT_STANZA},
                {"iq/host", MOTET_EVENT_STANZA},
                {"iq/self/urn:a:b", MOTET_EVENT_STANZA},
                {"iq/host/http://jabber.org/protocol/disco#info:query", MOTET_EVENT_STANZA},
                {"route/remote", MOTET_EVENT_STANZA},
                {"route/elsewhere", MOTET_EVENT_STANZA},
        };
        EventNames *names = event_names_new();

        for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_true(event_names_check(names, events[i].name, events[i].kind, &error));
                g_assert_no_error(error);
                g_assert_false(
                        event_names_check(names, events[i].name, MOTET_EVENT_CUSTOM, &error));
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
        }

        event_names_free(names);
}

/* The namespace may hold colons and slashes; the name is what follows the last colon. */
static void
test_family_names_are_taken_apart(void)
{
        EventNames *names = event_names_new();

        const EventName *iq =
                event_names_intern(names, "iq/host/http://jabber.org/protocol/disco#info:query");
        g_assert_cmpint(iq->key.slot, ==, EVENT_STANZA_NAMED);
        g_assert_cmpint(iq->key.dest, ==, MOTET_DEST_HOST);
        g_assert_cmpstr(iq->key.ns, ==, "http://jabber.org/protocol/disco#info");
        g_assert_cmpstr(iq->key.name, ==, "query");
        g_assert_true(event_names_intern(
                              names, "iq/host/http://jabber.org/protocol/disco#info:query") == iq);

        event_names_free(names);
}

static void
test_modules_declare_events(void)
{
        EventNames *names = event_names_new();
        g_autoptr(GError) error = NULL;

        g_assert_true(event_names_declare(names, "roster-changed", MOTET_EVENT_ACCOUNT, NULL));
        g_assert_true(event_names_declare(names, "roster-changed", MOTET_EVENT_ACCOUNT, NULL));
        g_assert_true(event_names_check(names, "roster-changed", MOTET_EVENT_ACCOUNT, NULL));
        g_assert_false(event_names_declare(names, "roster-changed", MOTET_EVENT_CUSTOM, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
        g_clear_error(&error);
        g_assert_false(event_names_declare(names, "session-bound", MOTET_EVENT_CUSTOM, &error));
        g_clear_error(&error);
        g_assert_false(event_names_declare(names, "notAName", MOTET_EVENT_CUSTOM, &error));
        g_clear_error(&error);
        g_assert_false(event_names_declare(names, "", MOTET_EVENT_CUSTOM, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);

        event_names_free(names);
}

/* Order */

static void
test_higher_priority_runs_first(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("session-bound", note_a, MOTET_PRIO_LATE),
                MOTET_ON_SESSION("session-bound", note_b, MOTET_PRIO_EARLY),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);

        g_assert_cmpint(fire_session(core, "session-bound"), ==, MOTET_CONTINUE);

        test_core_assert_log(core, "b a");
}

/* Ties in load order, whatever order they were added in; within a module in table order. */
static void
test_ties_run_in_load_order(void)
{
        static const MotetHook a[] = {
                MOTET_ON_SESSION("session-bound", note_a, 0),
                MOTET_ON_SESSION("session-bound", note_b, 0),
                {0},
        };
        static const MotetHook c[] = {MOTET_ON_SESSION("session-bound", note_c_handled, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *first = test_core_module(core, core->host, NULL);
        test_core_module(core, core->host, c);
        g_assert_true(motet_hook_add(first, &a[0], NULL));
        g_assert_true(motet_hook_add(first, &a[1], NULL));

        g_assert_cmpint(fire_session(core, "session-bound"), ==, MOTET_HANDLED);

        test_core_assert_log(core, "a b c");
}

/* Events marked * run in reverse priority and load order. */
static void
test_teardown_runs_in_reverse(void)
{
        static const MotetHook first[] = {
                MOTET_ON_SESSION("session-unbound", note_a, MOTET_PRIO_EARLY),
                MOTET_ON_SESSION("session-unbound", note_b, 0),
                {0},
        };
        static const MotetHook second[] = {MOTET_ON_SESSION("session-unbound", note_a, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, first);
        test_core_module(core, core->host, second);

        fire_session(core, "session-unbound");

        test_core_assert_log(core, "a b a");
}

static void
test_handled_ends_the_chain(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("session-bound", note_a, 1),
                MOTET_ON_SESSION("session-bound", note_c_handled, 0),
                MOTET_ON_SESSION("session-bound", note_b, -1),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);

        g_assert_cmpint(fire_session(core, "session-bound"), ==, MOTET_HANDLED);

        test_core_assert_log(core, "a c");
}

static void
collect_hook(const char *event, int priority, const MotetModule *owner, void *data)
{
        g_string_append_printf(data, "%s %d %s;", event, priority, owner->info->name);
}

static void
test_table_lists_running_order(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_SESSION("session-bound", note_a, -1),
                MOTET_ON_SESSION("session-bound", note_b, 1),
                MOTET_ON_SESSION("pre-session-bind", note_b, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(GString) list = g_string_new(NULL);
        test_core_module(core, core->host, hooks);

        event_table_list(core->host->events, collect_hook, list);

        g_assert_cmpstr(list->str, ==,
                        "pre-session-bind 0 test0;session-bound 1 test0;session-bound -1 test0;");
        g_assert_true(event_table_has(core->host->events, "session-bound"));
        g_assert_false(event_table_has(core->host->events, "session-unbound"));
}

/* Changing tables under a running chain */

static MotetResult
stop_the_other(MotetModule *self, MotetSessionEvent *ev)
{
        TestCore *core = test_core_of(self);
        MotetModule *other = core->modules->pdata[1];

        (void)ev;
        test_core_note(self, "stop");
        other->running = false;
        instance_drop_all(other);
        return MOTET_CONTINUE;
}

static void
test_hooks_of_a_stopped_module_are_skipped(void)
{
        static const MotetHook first[] = {MOTET_ON_SESSION("session-bound", stop_the_other, 1),
                                          {0}};
        static const MotetHook second[] = {MOTET_ON_SESSION("session-bound", note_b, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, first);
        test_core_module(core, core->host, second);

        g_assert_cmpint(fire_session(core, "session-bound"), ==, MOTET_CONTINUE);

        test_core_assert_log(core, "stop");
}

static MotetResult
add_a_hook(MotetModule *self, MotetSessionEvent *ev)
{
        (void)ev;
        test_core_note(self, "add");
        g_assert_true(motet_hook_add(
                self, &(MotetHook)MOTET_ON_SESSION("session-bound", note_b, -1), NULL));
        return MOTET_CONTINUE;
}

static void
test_running_chain_does_not_see_a_new_hook(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("session-bound", add_a_hook, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);

        fire_session(core, "session-bound");
        test_core_assert_log(core, "add");
        fire_session(core, "session-bound");

        test_core_assert_log(core, "add b");
}

static void
test_bad_dynamic_hook_is_refused(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_false(motet_hook_add(
                module, &(MotetHook)MOTET_ON_SESSION("session-bond", note_a, 0), &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
        g_clear_error(&error);
        g_assert_false(
                motet_hook_add(module, &(MotetHook)MOTET_ON_SESSION("iq/self", note_a, 0), &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
        g_assert_nonnull(strstr(error->message, "iq/self"));
}

static MotetResult
note_busy(MotetModule *self, MotetSessionEvent *ev)
{
        (void)ev;
        g_assert_true(self->server->current == self);
        test_core_note(self, "%u", self->busy);
        return MOTET_CONTINUE;
}

static void
test_busy_while_a_handler_runs(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("session-bound", note_busy, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, hooks);

        fire_session(core, "session-bound");

        test_core_assert_log(core, "1");
        g_assert_cmpuint(module->busy, ==, 0);
        g_assert_null(core->server.current);
}

/* Events of modules */

static MotetResult
note_user(MotetModule *self, MotetAccountEvent *ev)
{
        test_core_note(self, "%s@%s", ev->username, ev->event.host->name);
        return MOTET_HANDLED;
}

static MotetResult
note_custom(MotetModule *self, MotetCustomEvent *ev)
{
        test_core_note(self, "%s %s", ev->event.name, (const char *)ev->data);
        return MOTET_CONTINUE;
}

static void
test_modules_fire_events(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_ACCOUNT("user-deleted", note_user, 0),
                MOTET_ON_CUSTOM("thing-done", note_custom, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        g_assert_true(
                event_names_declare(core->server.names, "user-deleted", MOTET_EVENT_ACCOUNT, NULL));
        g_assert_true(
                event_names_declare(core->server.names, "thing-done", MOTET_EVENT_CUSTOM, NULL));
        MotetModule *module = test_core_module(core, core->host, hooks);

        g_assert_cmpint(motet_fire_account(module, core->host, "user-deleted", "romeo"), ==,
                        MOTET_HANDLED);
        g_assert_cmpint(motet_fire_custom(module, core->host, "thing-done", "x"), ==,
                        MOTET_CONTINUE);
        g_assert_cmpint(motet_fire_custom(module, core->other, "thing-done", "x"), ==,
                        MOTET_CONTINUE);

        test_core_assert_log(core, "romeo@example.org thing-done x");
}

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
                         "<error type='wait'><internal-server-error "
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
        test_core_module(core, core->host, hooks);

        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*motet_wait*");
        fire_session(core, "session-bound");
        g_test_assert_expected_messages();

        test_core_assert_log(core, "refused");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/event/unknown-event-is-refused", test_unknown_event_is_refused);
        g_test_add_func("/event/core-events-are-declared", test_core_events_are_declared);
        g_test_add_func("/event/family-names-are-taken-apart", test_family_names_are_taken_apart);
        g_test_add_func("/event/modules-declare-events", test_modules_declare_events);
        g_test_add_func("/event/higher-priority-runs-first", test_higher_priority_runs_first);
        g_test_add_func("/event/ties-run-in-load-order", test_ties_run_in_load_order);
        g_test_add_func("/event/teardown-runs-in-reverse", test_teardown_runs_in_reverse);
        g_test_add_func("/event/handled-ends-the-chain", test_handled_ends_the_chain);
        g_test_add_func("/event/table-lists-running-order", test_table_lists_running_order);
        g_test_add_func("/event/hooks-of-a-stopped-module-are-skipped",
                        test_hooks_of_a_stopped_module_are_skipped);
        g_test_add_func("/event/running-chain-does-not-see-a-new-hook",
                        test_running_chain_does_not_see_a_new_hook);
        g_test_add_func("/event/bad-dynamic-hook-is-refused", test_bad_dynamic_hook_is_refused);
        g_test_add_func("/event/busy-while-a-handler-runs", test_busy_while_a_handler_runs);
        g_test_add_func("/event/modules-fire-events", test_modules_fire_events);
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
