/*
 * Tests of routing by the server and its modules, of delivery and of late answers: RFC 6120
 * sections 8 and 10.
 */
#include <string.h>

#include "support/test_core.h"

#define ERROR_NS " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
#define UNAVAILABLE "<error type='cancel'><service-unavailable" ERROR_NS "/></error>"
#define NO_SUCH_DOMAIN "<error type='cancel'><remote-server-not-found" ERROR_NS "/></error>"
#define BAD_REQUEST "<error type='modify'><bad-request" ERROR_NS "/></error>"
#define MALFORMED "<error type='modify'><jid-malformed" ERROR_NS "/></error>"
#define ROMEO "romeo@example.org/orchard"

static MotetSession *
romeo(TestCore *core)
{
        return test_core_bind(core, "romeo", "orchard");
}

static MotetResult
note_event(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s@%s>%s", ev->event.name, ev->event.host->name,
                       motet_jid_string(ev->to));
        return MOTET_CONTINUE;
}

#define NOTE(event) MOTET_ON_STANZA(event, note_event, 0)

static const MotetHook all_message_hooks[] = {
        NOTE("pre-message/self"),
        NOTE("pre-message/bare"),
        NOTE("pre-message/full"),
        NOTE("pre-message/host"),
        NOTE("pre-message/remote"),
        NOTE("message/self"),
        NOTE("message/bare"),
        NOTE("message/full"),
        NOTE("message/host"),
        NOTE("route/remote"),
        {0},
};

static MotetResult
note_payload(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s(%s)", ev->event.name,
                       ev->payload ? motet_xml_name(ev->payload) : "");
        return MOTET_CONTINUE;
}

static MotetResult
forbid(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return motet_reply_error(ev, MOTET_FORBIDDEN, "no");
}

/* Routing */

static MotetXml *
message(const char *from, const char *to)
{
        MotetXml *xml = motet_xml_new("message", MOTET_NS_CLIENT);

        motet_xml_set_attr(xml, "from", from);
        motet_xml_set_attr(xml, "to", to);
        return xml;
}

static MotetResult
deliver(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return motet_deliver(ev->event.host, ev->to, ev->stanza) ? MOTET_HANDLED : MOTET_CONTINUE;
}

static const MotetHook deliver_hooks[] = {
        MOTET_ON_STANZA("message/full", deliver, 0),
        MOTET_ON_STANZA("iq/full", deliver, 0),
        {0},
};

/* A routed stanza runs no pre- events, and is never "self". */
static void
test_route(void)
{
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(MotetXml) own = message("romeo@example.org", "romeo@example.org");
        test_core_module(core, NULL, all_message_hooks);

        motet_route(core->host, own);

        /* Both the message and, since nobody took it, its error. */
        test_core_assert_log(core, "message/bare@example.org>romeo@example.org "
                                   "message/bare@example.org>romeo@example.org");
}

static void
test_route_answers_its_sender(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) lost = message(ROMEO, "juliet@example.net");
        g_autoptr(MotetXml) remote = message(ROMEO, "a@far.example");
        test_core_module(core, NULL, deliver_hooks);

        motet_route(core->host, lost);
        test_assert_sent(session, "<message type='error' from='juliet@example.net' to='" ROMEO
                                  "'>" UNAVAILABLE "</message>");
        motet_route(core->host, remote);

        test_assert_sent(session, "<message type='error' from='a@far.example' to='" ROMEO
                                  "'>" NO_SUCH_DOMAIN "</message>");
        test_assert_sent_nothing(session);
}

/* One tree for all: each receiver is told it is for him, and an error says whom it did not
 * reach. */
static void
test_route_to_many(void)
{
        static const char *const receivers[] = {ROMEO, "romeo@example.org/balcony",
                                                "juliet@example.org/tomb"};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        MotetSession *other = test_core_bind(core, "romeo", "balcony");
        g_autoptr(MotetXml) shared = message(ROMEO, NULL);
        test_core_module(core, NULL, deliver_hooks);

        for (size_t i = 0; i < G_N_ELEMENTS(receivers); i++) {
                g_autoptr(MotetJid) to = motet_jid_new(receivers[i]);
                motet_route_to(core->host, shared, to);
        }

        test_assert_sent(session, "<message from='" ROMEO "' to='" ROMEO "'/>");
        test_assert_sent(session, "<message type='error' from='juliet@example.org/tomb' to='" ROMEO
                                  "'>" UNAVAILABLE "</message>");
        test_assert_sent(other, "<message from='" ROMEO "' to='romeo@example.org/balcony'/>");
        g_assert_null(motet_xml_attr(shared, "to"));
}

/* Presence the server sends itself is announced to who is there; nobody waits for an error. */
static void
test_routed_presence_to_nowhere_is_silent(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) presence = motet_xml_new("presence", MOTET_NS_CLIENT);
        motet_xml_set_attr(presence, "from", ROMEO);
        motet_xml_set_attr(presence, "to", "a@far.example");
        test_core_module(core, NULL, deliver_hooks);

        motet_route(core->host, presence);

        test_assert_sent_nothing(session);
}

/* Whom a request is for may refuse it before anybody answers it by name. */
static void
test_inbound_runs_first(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("iq/bare", note_payload, MOTET_PRIO_EARLY),
                MOTET_ON_STANZA("iq/bare/urn:q:q", note_payload, MOTET_PRIO_EARLY),
                MOTET_ON_STANZA("inbound-iq/bare", note_payload, MOTET_PRIO_LATE),
                MOTET_ON_STANZA("outbound-iq/bare", note_payload, MOTET_PRIO_EARLY),
                {0},
        };
        static const MotetHook refusal[] = {MOTET_ON_STANZA("inbound-iq/bare", forbid, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(
                session, "<iq type='get' id='1' to='juliet@example.org'><q xmlns='urn:q'/></iq>");
        test_core_assert_log(core, "inbound-iq/bare(q) iq/bare/urn:q:q(q) iq/bare(q)");
        test_assert_sent(session, "<iq type='error' id='1' from='juliet@example.org' to='" ROMEO
                                  "'>" UNAVAILABLE "</iq>");
        test_core_module(core, core->host, refusal);
        test_session_receive(
                session, "<iq type='get' id='2' to='juliet@example.org'><q xmlns='urn:q'/></iq>");

        test_core_assert_log(core, "");
        test_assert_sent(session, "<iq type='error' id='2' from='juliet@example.org' to='" ROMEO
                                  "'><error type='auth'><forbidden" ERROR_NS "/></error></iq>");
        test_assert_sent_nothing(session);
}

/* What a user says to the own account comes from nobody else. */
static void
test_self_is_not_inbound(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("inbound-iq/bare", note_payload, 0),
                MOTET_ON_STANZA("inbound-iq/full", note_payload, 0),
                MOTET_ON_STANZA("iq/self", note_payload, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session, "<iq type='get' id='1'><q xmlns='urn:q'/></iq>");

        test_core_assert_log(core, "iq/self(q)");
}

static MotetResult
note_and_stop(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s", ev->event.name);
        g_assert_null(ev->session);
        return MOTET_HANDLED;
}

/* What is routed in the name of an account may be stopped, what is routed for others may not. */
static void
test_outbound(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("outbound-message/bare", note_and_stop, 0),
                MOTET_ON_STANZA("outbound-message/full", note_and_stop, 0),
                MOTET_ON_STANZA("outbound-message/remote", note_and_stop, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);
        test_core_module(core, NULL, deliver_hooks);
        g_autoptr(MotetXml) local = message("juliet@example.org", ROMEO);
        g_autoptr(MotetXml) remote = message("juliet@example.org/balcony", "a@far.example");
        g_autoptr(MotetXml) of_the_host = message("example.org", ROMEO);
        g_autoptr(MotetXml) of_a_stranger = message("a@far.example", ROMEO);

        motet_route(core->host, local);
        motet_route(core->host, remote);
        test_core_assert_log(core, "outbound-message/full outbound-message/remote");
        test_assert_sent_nothing(session);
        motet_route(core->host, of_the_host);
        test_assert_sent(session, "<message from='example.org' to='" ROMEO "'/>");
        motet_route(core->host, of_a_stranger);
        test_assert_sent(session, "<message from='a@far.example' to='" ROMEO "'/>");
        test_session_receive(session, "<message to='" ROMEO "'/>");

        test_assert_sent(session, "<message from='" ROMEO "' to='" ROMEO "'/>");
        test_core_assert_log(core, "");
}

static MotetResult
count_and_route_back(MotetModule *self, MotetStanzaEvent *ev)
{
        TestCore *core = test_core_of(self);
        unsigned depth = core->server.route_depth;

        g_assert_cmpuint(depth, <=, 32);
        if (core->log->len >= 200)
                return MOTET_HANDLED;
        g_string_append_c(core->log, depth == 32 ? '!' : '.');
        g_autoptr(MotetXml) copy = motet_xml_copy(ev->stanza);
        motet_route(ev->event.host, copy);
        return MOTET_HANDLED;
}

/* Handlers that route to each other do not use up the stack. */
static void
test_routing_in_circles_has_bounded_depth(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/bare", count_and_route_back, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(MotetXml) first = message("example.org", "romeo@example.org");
        test_core_module(core, core->host, hooks);

        motet_route(core->host, first);
        g_assert_cmpuint(core->log->len, ==, 32);
        test_core_settle(core);

        g_assert_cmpuint(core->log->len, ==, 200);
        g_assert_cmpuint(core->server.route_depth, ==, 0);
}

/* Delivery */

static MotetResult
note_elsewhere(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s>%s", motet_jid_string(ev->from), motet_jid_string(ev->to));
        return strcmp(motet_jid_local(ev->to), "juliet") == 0 ? MOTET_HANDLED : MOTET_CONTINUE;
}

static void
test_deliver(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("route/elsewhere", note_elsewhere, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) xml = message("a@far.example", ROMEO);
        g_autoptr(MotetJid) here = motet_jid_new(ROMEO);
        g_autoptr(MotetJid) elsewhere = motet_jid_new("juliet@example.org/x");
        g_autoptr(MotetJid) nowhere = motet_jid_new("paris@example.org/x");

        g_assert_true(motet_deliver(core->host, here, xml));
        g_assert_false(motet_deliver(core->host, elsewhere, xml));
        test_core_module(core, core->host, hooks);
        g_assert_true(motet_deliver(core->host, elsewhere, xml));
        g_assert_false(motet_deliver(core->host, nowhere, xml));

        test_assert_sent(session, "<message from='a@far.example' to='" ROMEO "'/>");
        test_assert_sent_nothing(session);
        test_core_assert_log(
                core, "a@far.example>juliet@example.org/x a@far.example>paris@example.org/x");
}

/* A session that is closing takes nothing any more. */
static void
test_deliver_to_a_closing_session(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) xml = message("a@far.example", ROMEO);
        g_autoptr(MotetJid) here = motet_jid_new(ROMEO);

        motet_session_close(session, MOTET_CONDITION_NONE, NULL);

        g_assert_false(motet_deliver(core->host, here, xml));
        test_assert_closed(session);
}

static void
test_reply_to_a_session_that_went(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) xml = message("example.org", ROMEO);

        motet_session_destroy(session);
        motet_reply_to(core->host, session, xml);

        test_assert_sent_nothing(session);
}

static void
test_reply_without_a_session_is_routed(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) xml = message("example.org", ROMEO);
        test_core_module(core, core->host, deliver_hooks);

        motet_reply_to(core->host, NULL, xml);

        test_assert_sent(session, "<message from='example.org' to='" ROMEO "'/>");
}

/* A stanza whose host went while it waited. */
static MotetWait *parked;

static MotetResult
park(MotetModule *self, MotetStanzaEvent *ev)
{
        parked = motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_CONTINUE);
        return MOTET_WAIT;
}

static void
test_host_goes_while_a_stanza_waits(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("pre-message/bare", park, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session, "<message to='juliet@example.net'/>");
        host_free(core->other);
        motet_resume(parked, MOTET_CONTINUE);

        test_assert_sent(session, "<message type='error' from='juliet@example.net' to='" ROMEO
                                  "'>" NO_SUCH_DOMAIN "</message>");
}

/* The same, where it waited behind the pre- events: the host is found without hooks, and nobody
 * takes it. */
static void
test_host_goes_while_its_stanza_waits(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("message/bare", park, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, NULL, hooks);

        test_session_receive(session, "<message to='juliet@example.net'/>");
        host_free(core->other);
        motet_resume(parked, MOTET_CONTINUE);

        test_assert_sent(session, "<message type='error' from='juliet@example.net' to='" ROMEO
                                  "'>" UNAVAILABLE "</message>");
}

/* A stanza to route needs both ends: it is dropped, and told of. */
static void
test_route_without_addresses(void)
{
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(MotetXml) no_to = message("example.org", NULL);
        g_autoptr(MotetXml) no_from = message(NULL, "romeo@example.org");
        g_autoptr(MotetXml) malformed = message("example.org", "@");
        test_core_module(core, NULL, all_message_hooks);

        motet_route(core->host, no_to);
        motet_route(core->host, no_from);
        motet_route(core->host, malformed);

        test_core_assert_log(core, "");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/route/route", test_route);
        g_test_add_func("/route/route-to-many", test_route_to_many);
        g_test_add_func("/route/route-answers-its-sender", test_route_answers_its_sender);
        g_test_add_func("/route/routed-presence-to-nowhere-is-silent",
                        test_routed_presence_to_nowhere_is_silent);
        g_test_add_func("/route/inbound-events-run-first", test_inbound_runs_first);
        g_test_add_func("/route/self-is-not-inbound", test_self_is_not_inbound);
        g_test_add_func("/route/what-is-routed-for-an-account-may-be-stopped", test_outbound);
        g_test_add_func("/route/routing-in-circles-has-bounded-depth",
                        test_routing_in_circles_has_bounded_depth);
        g_test_add_func("/route/deliver", test_deliver);
        g_test_add_func("/route/deliver-to-a-closing-session", test_deliver_to_a_closing_session);
        g_test_add_func("/route/reply-to-a-session-that-went", test_reply_to_a_session_that_went);
        g_test_add_func("/route/reply-without-a-session-is-routed",
                        test_reply_without_a_session_is_routed);
        g_test_add_func("/route/host-goes-while-a-stanza-waits",
                        test_host_goes_while_a_stanza_waits);
        g_test_add_func("/route/host-goes-while-its-stanza-waits",
                        test_host_goes_while_its_stanza_waits);
        g_test_add_func("/route/route-without-addresses", test_route_without_addresses);
        return g_test_run();
}
