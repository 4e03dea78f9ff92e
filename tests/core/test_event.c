/*
 * Tests of event: names, tables, order and verdicts.
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
        return g_test_run();
}
