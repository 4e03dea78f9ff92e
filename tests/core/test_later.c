/*
 * Tests of later: stanzas that are answered after their handler has returned, RFC 6120 sections
 * 8.2.3 and 10.1.
 */
#include "core/host.h"
#include "support/test_core.h"

#define ROMEO "romeo@example.org/orchard"
#define FROM_ROMEO "<iq type='set' id='1'><q xmlns='urn:q'/></iq>"
#define ERROR(type, condition)                                                                     \
        "<iq type='error' id='1' to='" ROMEO "'><error type='" type "'><" condition                \
        " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

/* What the handler of the test parked last. */
typedef struct {
        MotetModule *module;
        MotetSession *session;
        MotetLater *later;
        unsigned n_freed;
} Parked;

static Parked parked;

static void
count_free(void *data)
{
        ++*(unsigned *)data;
}

static MotetResult
park(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "park:%s", motet_xml_attr(ev->stanza, "id"));
        parked.later = motet_later_new(self, ev, 10 * G_TIME_SPAN_SECOND);
        motet_later_set_data(parked.later, &parked.n_freed, count_free);
        return MOTET_WAIT;
}

static MotetResult
take_next(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "next:%s", motet_xml_attr(ev->stanza, "id"));
        return MOTET_HANDLED;
}

static const MotetHook park_hooks[] = {
        MOTET_ON_STANZA("iq/self/urn:q:q", park, 0),
        MOTET_ON_STANZA("iq/host/urn:q:q", park, 0),
        MOTET_ON_STANZA("message/self", park, 0),
        MOTET_ON_STANZA("message/bare", park, 0),
        {0},
};

static const MotetHook next_hooks[] = {
        MOTET_ON_STANZA("iq/self/urn:q:q", take_next, -1),
        MOTET_ON_STANZA("message/self", take_next, -1),
        {0},
};

static TestCore *
setup(const char *stanza)
{
        TestCore *core = test_core_new();

        parked = (Parked){.module = test_core_module(core, core->host, park_hooks)};
        test_core_module(core, core->host, next_hooks);
        parked.session = test_core_bind(core, "romeo", "orchard");
        test_session_receive(parked.session, stanza);
        test_core_assert_log(core, "park:1");
        g_assert_true(motet_later_is_live(parked.later));
        return core;
}

static MotetXml *
result_with_child(void)
{
        MotetXml *result = motet_iq_result(motet_later_stanza(parked.later));

        motet_xml_add(result, "q", "urn:q");
        return result;
}

/* Answering */

/* RFC 6120 8.2.3: one answer, and nobody after the one who parked it gives another. */
static void
test_answer(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);
        g_autoptr(MotetXml) reply = result_with_child();

        test_assert_sent_nothing(parked.session);
        motet_later_answer(parked.later, reply);
        test_core_settle(core);

        test_assert_sent(parked.session,
                         "<iq type='result' id='1' to='" ROMEO "'><q xmlns='urn:q'/></iq>");
        test_core_assert_log(core, "");
        g_assert_cmpuint(parked.n_freed, ==, 1);
}

static void
test_result(void)
{
        G_GNUC_UNUSED g_autoptr(TestCore) core = setup(FROM_ROMEO);

        motet_later_result(parked.later);

        test_assert_sent(parked.session, "<iq type='result' id='1' to='" ROMEO "'/>");
}

/* RFC 6120 8.3.3: the type that belongs to the condition, unless another one is named (8.3.2). */
static void
test_error_types(void)
{
        G_GNUC_UNUSED g_autoptr(TestCore) core = setup(FROM_ROMEO);

        motet_later_error(parked.later, MOTET_FORBIDDEN, NULL, NULL);
        test_assert_sent(parked.session, ERROR("auth", "forbidden"));
        test_session_receive(parked.session, FROM_ROMEO);
        motet_later_error(parked.later, MOTET_CONFLICT, "modify", NULL);

        test_assert_sent(parked.session, ERROR("modify", "conflict"));
}

/* RFC 6120 8.3.2: who asked is to try again. */
static void
test_failure_may_pass(void)
{
        G_GNUC_UNUSED g_autoptr(TestCore) core = setup(FROM_ROMEO);

        motet_later_fail(parked.later, NULL);

        test_assert_sent(parked.session, ERROR("wait", "internal-server-error"));
}

static void
test_error_with_text(void)
{
        G_GNUC_UNUSED g_autoptr(TestCore) core = setup(FROM_ROMEO);

        motet_later_error(parked.later, MOTET_FORBIDDEN, NULL, "not today");

        test_assert_sent(parked.session,
                         "<iq type='error' id='1' to='" ROMEO "'><error type='auth'><forbidden "
                         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
                         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>not today"
                         "</text></error></iq>");
}

/* RFC 6120 8.3.1: an error is not answered with an error. */
static void
test_error_is_not_answered(void)
{
        g_autoptr(TestCore) core = setup("<message type='error' id='1'/>");

        motet_later_error(parked.later, MOTET_FORBIDDEN, NULL, NULL);
        test_core_settle(core);

        test_assert_sent_nothing(parked.session);
        test_core_assert_log(core, "");
}

static void
test_taken_without_an_answer(void)
{
        g_autoptr(TestCore) core = setup("<message id='1'/>");

        motet_later_answer(parked.later, NULL);
        test_core_settle(core);

        test_assert_sent_nothing(parked.session);
        test_core_assert_log(core, "");
}

static void
test_continue(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        motet_later_continue(parked.later);

        test_core_assert_log(core, "next:1");
        test_assert_sent_nothing(parked.session);
        g_assert_cmpuint(parked.n_freed, ==, 1);
}

/* RFC 6120 10.1: what the same client sent meanwhile waits. */
static void
test_order_is_kept(void)
{
        g_autoptr(TestCore) core = setup("<message id='1'/><message id='2'/>");

        test_core_settle(core);
        test_core_assert_log(core, "");
        motet_later_answer(parked.later, NULL);
        test_core_settle(core);

        test_core_assert_log(core, "park:2");
        motet_later_answer(parked.later, NULL);
}

static MotetResult
answer_at_once(MotetModule *self, MotetStanzaEvent *ev)
{
        motet_later_result(motet_later_new(self, ev, G_TIME_SPAN_SECOND));
        return MOTET_WAIT;
}

static void
test_answer_inside_the_handler(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("iq/self/urn:q:q", answer_at_once, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        test_core_module(core, core->host, next_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        test_session_receive(session, FROM_ROMEO);

        test_assert_sent(session, "<iq type='result' id='1' to='" ROMEO "'/>");
        test_core_assert_log(core, "");
}

/* What is held */

static void
test_what_the_event_said(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);
        const MotetLater *later = parked.later;

        g_assert_cmpstr(motet_jid_string(motet_later_from(later)), ==, ROMEO);
        g_assert_cmpstr(motet_jid_string(motet_later_to(later)), ==, "romeo@example.org");
        g_assert_cmpstr(motet_xml_attr(motet_later_stanza(later), "id"), ==, "1");
        g_assert_true(motet_later_session(later) == parked.session);
        g_assert_true(motet_later_host(later) == core->host);
        g_assert_true(motet_later_data(later) == &parked.n_freed);
        motet_later_result(parked.later);
}

/* An element before authentication: nobody is its sender yet. */
static void
test_element_before_authentication(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("stream/jabber:client:iq", park, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        parked = (Parked){.module = test_core_module(core, core->host, hooks)};
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, FROM_ROMEO);
        g_assert_null(motet_later_from(parked.later));
        g_assert_null(motet_later_to(parked.later));
        motet_later_result(parked.later);

        test_assert_sent(session, "<iq type='result' id='1'/>");
}

static MotetXml *
routed_request(void)
{
        MotetXml *iq = motet_iq_new("set", ROMEO, "example.net");

        motet_xml_set_attr(iq, "id", "1");
        motet_xml_add(iq, "q", "urn:q");
        return iq;
}

static MotetResult
deliver(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return motet_deliver(ev->event.host, ev->to, ev->stanza) ? MOTET_HANDLED : MOTET_CONTINUE;
}

/* The host of a stanza that was routed to it is where its answer is routed from. */
static void
test_routed_stanza_is_answered(void)
{
        static const MotetHook deliver_hooks[] = {MOTET_ON_STANZA("iq/full", deliver, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(MotetXml) iq = routed_request();
        parked = (Parked){.module = test_core_module(core, NULL, park_hooks)};
        test_core_module(core, core->host, deliver_hooks);
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        motet_route(core->host, iq);
        g_assert_null(motet_later_session(parked.later));
        g_assert_true(motet_later_host(parked.later) == core->other);
        motet_later_result(parked.later);

        test_assert_sent(session, "<iq type='result' id='1' from='example.net' to='" ROMEO "'/>");
}

/* What comes first */

/* The deadline answers; the answer that comes after it is not sent. */
static void
test_answer_past_the_deadline(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        test_core_advance(core, 9999 * G_TIME_SPAN_MILLISECOND);
        test_assert_sent_nothing(parked.session);
        test_core_advance(core, 10 * G_TIME_SPAN_MILLISECOND);
        test_assert_sent(parked.session, ERROR("wait", "resource-constraint"));
        g_assert_false(motet_later_is_live(parked.later));
        g_assert_cmpuint(parked.n_freed, ==, 0);
        motet_later_result(parked.later);
        test_core_settle(core);

        test_assert_sent_nothing(parked.session);
        test_core_assert_log(core, "");
        g_assert_cmpuint(parked.n_freed, ==, 1);
}

static void
test_continue_past_the_deadline(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        test_core_advance(core, 10001 * G_TIME_SPAN_MILLISECOND);
        motet_later_continue(parked.later);
        test_core_settle(core);

        test_core_assert_log(core, "");
}

static void
test_session_goes_first(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        motet_session_destroy(parked.session);
        g_assert_false(motet_later_is_live(parked.later));
        g_assert_null(motet_later_session(parked.later));
        motet_later_result(parked.later);
        test_core_settle(core);

        test_core_assert_log(core, "");
        g_assert_cmpuint(parked.n_freed, ==, 1);
}

/* Nobody of a host that went answers in its name. */
static void
test_host_goes_first(void)
{
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(MotetXml) iq = routed_request();
        parked = (Parked){.module = test_core_module(core, NULL, park_hooks)};
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        motet_route(core->host, iq);
        host_free(core->other);
        g_assert_false(motet_later_is_live(parked.later));
        motet_later_result(parked.later);

        test_assert_sent_nothing(session);
}

/* The module goes */

/* Whoever comes next answers, and nothing of it is left, without any code in the module. */
static void
test_module_goes_without_answering(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        test_core_stop(core, parked.module);
        g_assert_cmpuint(parked.n_freed, ==, 1);
        test_core_settle(core);

        test_core_assert_log(core, "next:1");
        test_assert_sent_nothing(parked.session);
}

/* What was past its deadline as well. */
static void
test_module_goes_past_the_deadline(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        test_core_advance(core, 10001 * G_TIME_SPAN_MILLISECOND);
        test_core_stop(core, parked.module);
        test_core_settle(core);

        test_core_assert_log(core, "");
        g_assert_cmpuint(parked.n_freed, ==, 1);
}

static void
stop_half(void)
{
        parked.module->running = false;
        instance_drop_all(parked.module);
}

/* In unload it is still there; others' handlers do not run in the middle of that. */
static void
test_continue_in_unload(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        stop_half();
        g_assert_cmpuint(parked.n_freed, ==, 0);
        motet_later_continue(parked.later);
        test_core_assert_log(core, "");
        g_assert_cmpuint(parked.n_freed, ==, 1);
        test_core_stop(core, parked.module);
        test_core_settle(core);

        test_core_assert_log(core, "next:1");
}

static void
test_answer_in_unload(void)
{
        g_autoptr(TestCore) core = setup(FROM_ROMEO);

        stop_half();
        motet_later_result(parked.later);
        test_core_stop(core, parked.module);
        test_core_settle(core);

        test_assert_sent(parked.session, "<iq type='result' id='1' to='" ROMEO "'/>");
        test_core_assert_log(core, "");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/later/answer", test_answer);
        g_test_add_func("/later/result", test_result);
        g_test_add_func("/later/error-types", test_error_types);
        g_test_add_func("/later/failure-may-pass", test_failure_may_pass);
        g_test_add_func("/later/error-with-text", test_error_with_text);
        g_test_add_func("/later/error-is-not-answered", test_error_is_not_answered);
        g_test_add_func("/later/taken-without-an-answer", test_taken_without_an_answer);
        g_test_add_func("/later/continue", test_continue);
        g_test_add_func("/later/order-is-kept", test_order_is_kept);
        g_test_add_func("/later/answer-inside-the-handler", test_answer_inside_the_handler);
        g_test_add_func("/later/what-the-event-said", test_what_the_event_said);
        g_test_add_func("/later/element-before-authentication", test_element_before_authentication);
        g_test_add_func("/later/routed-stanza-is-answered", test_routed_stanza_is_answered);
        g_test_add_func("/later/answer-past-the-deadline", test_answer_past_the_deadline);
        g_test_add_func("/later/continue-past-the-deadline", test_continue_past_the_deadline);
        g_test_add_func("/later/session-goes-first", test_session_goes_first);
        g_test_add_func("/later/host-goes-first", test_host_goes_first);
        g_test_add_func("/later/module-goes-without-answering", test_module_goes_without_answering);
        g_test_add_func("/later/module-goes-past-the-deadline", test_module_goes_past_the_deadline);
        g_test_add_func("/later/continue-in-unload", test_continue_in_unload);
        g_test_add_func("/later/answer-in-unload", test_answer_in_unload);

        return g_test_run();
}
