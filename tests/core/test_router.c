/*
 * Tests of router: RFC 6120 sections 8 and 10.
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

/* What the only client of a fresh server gets for @stanza. */
static void
assert_answer(const char *stanza, const char *answer)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);

        test_session_receive(session, stanza);

        if (answer)
                test_assert_sent(session, answer);
        test_assert_sent_nothing(session);
        g_assert_true(motet_session_is_connected(session));
}

static void
assert_stream_error(const char *stanza, const char *condition)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);

        test_session_receive(session, stanza);

        test_assert_stream_error(session, condition);
}

/* Before authentication */

static MotetResult
note_element(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s", ev->event.name);
        g_assert_cmpint(ev->kind, ==, MOTET_STANZA_NONE);
        g_assert_null(ev->to);
        return MOTET_CONTINUE;
}

static MotetResult
handle_element(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s", ev->event.name);
        return MOTET_HANDLED;
}

/* RFC 6120 4.9.3.12: a stanza before authentication. */
static void
test_stanza_before_authentication(void)
{
        static const char *const stanzas[] = {
                "<message to='romeo@example.org'/>",
                "<presence/>",
                "<iq type='get' id='1'><q xmlns='urn:q'/></iq>",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(stanzas); i++) {
                g_autoptr(TestCore) core = test_core_new();
                MotetSession *session = test_session_new(&core->server);
                test_session_open(session, "example.org");

                test_session_receive(session, stanzas[i]);

                test_assert_stream_error(session, "not-authorized");
        }
}

/* RFC 6120 4.9.3.24 */
static void
test_unknown_element_before_authentication(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, "<auth xmlns='urn:nobody'/>");

        test_assert_stream_error(session, "unsupported-stanza-type");
}

static void
test_elements_before_authentication_are_events(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("pre-stream", note_element, 0),
                MOTET_ON_STANZA("stream/urn:a:b:auth", handle_element, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, "<auth xmlns='urn:a:b'/>");
        test_core_assert_log(core, "pre-stream stream/urn:a:b:auth");
        test_assert_sent_nothing(session);
        test_session_receive(session, "<auth xmlns='urn:a'/>");

        test_core_assert_log(core, "pre-stream");
        test_assert_stream_error(session, "unsupported-stanza-type");
}

static void
test_pre_stream_answers(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("pre-stream", handle_element, 0),
                MOTET_ON_STANZA("stream/urn:a:auth", handle_element, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, "<auth xmlns='urn:a'/><message/>");

        test_core_assert_log(core, "pre-stream pre-stream");
        test_assert_sent_nothing(session);
}

static MotetResult
wait_a_second(MotetModule *self, MotetStanzaEvent *ev)
{
        motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE);
        return MOTET_WAIT;
}

/* An element that is no stanza cannot be answered with a stanza error: the stream is. */
static void
test_deadline_of_an_element_ends_the_stream(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("stream/urn:a:auth", wait_a_second, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, "<auth xmlns='urn:a'/>");
        test_core_advance(core, 1001 * G_TIME_SPAN_MILLISECOND);

        test_assert_stream_error(session, "resource-constraint");
}

/* After authentication */

static void
test_unknown_element(void)
{
        assert_stream_error("<r xmlns='urn:nobody'/>", "unsupported-stanza-type");
        assert_stream_error("<unknown/>", "unsupported-stanza-type");
}

static MotetResult
handle_authenticated_element(MotetModule *self, MotetStanzaEvent *ev)
{
        g_assert_cmpstr(motet_jid_string(ev->from), ==, ROMEO);
        test_core_note(self, "%s", ev->event.name);
        return MOTET_HANDLED;
}

static void
test_elements_after_authentication_are_events(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("pre-stream", handle_element, 0),
                MOTET_ON_STANZA("stream/urn:a:r", handle_authenticated_element, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session, "<r xmlns='urn:a'/>");

        test_core_assert_log(core, "stream/urn:a:r");
        test_assert_sent_nothing(session);
}

/* RFC 6120 4.9.3.10 */
static void
test_stanza_in_a_wrong_namespace(void)
{
        assert_stream_error("<message xmlns='jabber:server' to='a@example.org'/>",
                            "invalid-namespace");
        assert_stream_error("<iq xmlns='urn:x' type='get' id='1'><a/></iq>", "invalid-namespace");
        assert_stream_error("<presence xmlns=''/>", "invalid-namespace");
}

/* RFC 6120 7.1: before binding a client may ask its server about itself, and nothing else. */
static void
test_what_is_allowed_before_binding(void)
{
        static const char *const allowed[] = {
                "<iq type='get' id='1'><q xmlns='urn:q'/></iq>",
                "<iq type='get' id='1' to='example.org'><q xmlns='urn:q'/></iq>",
                "<iq type='get' id='1' to='romeo@example.org'><q xmlns='urn:q'/></iq>",
        };
        static const char *const refused[] = {
                "<message to='romeo@example.org'/>",
                "<presence/>",
                "<iq type='get' id='1' to='juliet@example.org'><q xmlns='urn:q'/></iq>",
                "<iq type='get' id='1' to='romeo@example.org/orchard'><q xmlns='urn:q'/></iq>",
                "<iq type='get' id='1' to='example.net'><q xmlns='urn:q'/></iq>",
                "<iq type='get' id='1' to='@'><q xmlns='urn:q'/></iq>",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
                g_autoptr(TestCore) core = test_core_new();
                MotetSession *session = test_core_login(core, "romeo");
                test_session_receive(session, allowed[i]);
                g_assert_true(motet_session_is_connected(session));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
                g_autoptr(TestCore) core = test_core_new();
                MotetSession *session = test_core_login(core, "romeo");
                test_session_receive(session, refused[i]);
                test_assert_stream_error(session, "not-authorized");
        }
}

/* RFC 6120 8.1.2.1, R24: `from` is set by the server; the own address is accepted, another ends the
 * stream. */
static MotetResult
note_from(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s=%s", motet_xml_attr(ev->stanza, "from"),
                       motet_jid_string(ev->from));
        return MOTET_HANDLED;
}

static void
test_from_is_stamped(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("pre-message/self", note_from, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(
                session, "<message/><message from='romeo@example.org'/><message from='" ROMEO "'/>"
                         "<message from='ROMEO@Example.org/orchard'/>");

        test_core_assert_log(core, ROMEO "=" ROMEO " " ROMEO "=" ROMEO " " ROMEO "=" ROMEO " " ROMEO
                                         "=" ROMEO);
}

static void
test_forged_from_ends_the_stream(void)
{
        assert_stream_error("<message from='juliet@example.org'/>", "invalid-from");
        assert_stream_error("<message from='romeo@example.org/Orchard'/>", "invalid-from");
        assert_stream_error("<message from='romeo@example.net/orchard'/>", "invalid-from");
        assert_stream_error("<message from='example.org'/>", "invalid-from");
        assert_stream_error("<message from='@'/>", "invalid-from");
        assert_stream_error("<message from=''/>", "invalid-from");
}

static MotetResult
note_language(MotetModule *self, MotetStanzaEvent *ev)
{
        const char *lang = motet_xml_attr(ev->stanza, "xml:lang");

        test_core_note(self, "%s", lang ? lang : "none");
        return MOTET_HANDLED;
}

/* RFC 6120 4.7.4: the language of the stream goes along with a stanza that names none. */
static void
test_language_is_stamped(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("iq/self", note_language, 0), {0}};
        static const char requests[] =
                "<iq type='get' id='1'><q xmlns='urn:q'/></iq>"
                "<iq type='get' id='1' xml:lang='cs'><q xmlns='urn:q'/></iq>";
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *silent = test_core_login(core, "romeo");
        MotetSession *german = test_core_login(core, "juliet");
        test_core_module(core, core->host, hooks);
        motet_session_restart(german);
        test_session_receive(
                german,
                "<stream:stream xmlns='jabber:client' "
                "xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0' "
                "xml:lang='de'>");

        test_session_receive(silent, requests);
        test_session_receive(german, requests);

        test_core_assert_log(core, "none cs de cs");
}

/* RFC 6120 8.3.3.8 */
static void
test_malformed_to(void)
{
        assert_answer("<message to='a@@b' id='1'/>",
                      "<message type='error' id='1' from='a@@b' to='" ROMEO "'>" MALFORMED
                      "</message>");
        assert_answer("<iq to='' id='1' type='get'><q xmlns='urn:q'/></iq>",
                      "<iq type='error' id='1' from='' to='" ROMEO "'>" MALFORMED "</iq>");
        assert_answer("<iq to='@' id='1' type='result'/>", NULL);
        assert_answer("<message to='@' type='error'/>", NULL);
}

/* RFC 6120 8.2.3: id, type, and one child of a request. */
static void
test_unsound_iqs(void)
{
        assert_answer("<iq type='get'><q xmlns='urn:q'/></iq>",
                      "<iq type='error' to='" ROMEO "'>" BAD_REQUEST "</iq>");
        assert_answer("<iq id='1'><q xmlns='urn:q'/></iq>",
                      "<iq type='error' id='1' to='" ROMEO "'>" BAD_REQUEST "</iq>");
        assert_answer("<iq id='1' type='steal'><q xmlns='urn:q'/></iq>",
                      "<iq type='error' id='1' to='" ROMEO "'>" BAD_REQUEST "</iq>");
        assert_answer("<iq id='1' type='get'/>",
                      "<iq type='error' id='1' to='" ROMEO "'>" BAD_REQUEST "</iq>");
        assert_answer("<iq id='1' type='set'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>",
                      "<iq type='error' id='1' to='" ROMEO "'>" BAD_REQUEST "</iq>");
        assert_answer("<iq id='1' type='result'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>", NULL);
        assert_answer("<iq type='result'/>", NULL);
        assert_answer("<iq type='error'/>", NULL);
}

/* Destinations */

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

/* RFC 6120 10.3 to 10.5. */
static void
test_destinations(void)
{
        static const struct {
                const char *to, *log;
        } cases[] = {
                {"", "pre-message/self@example.org>romeo@example.org "
                     "message/self@example.org>romeo@example.org"},
                {" to='romeo@example.org'", "pre-message/self@example.org>romeo@example.org "
                                            "message/self@example.org>romeo@example.org"},
                {" to='" ROMEO "'",
                 "pre-message/full@example.org>" ROMEO " message/full@example.org>" ROMEO},
                {" to='Juliet@example.org'", "pre-message/bare@example.org>juliet@example.org "
                                             "message/bare@example.org>juliet@example.org"},
                {" to='juliet@example.net'", "pre-message/bare@example.org>juliet@example.net "
                                             "message/bare@example.net>juliet@example.net"},
                {" to='juliet@example.net/x'", "pre-message/full@example.org>juliet@example.net/x "
                                               "message/full@example.net>juliet@example.net/x"},
                {" to='example.net'",
                 "pre-message/host@example.org>example.net message/host@example.net>example.net"},
                {" to='example.org/x'", "pre-message/host@example.org>example.org/x "
                                        "message/host@example.org>example.org/x"},
                {" to='a@far.example'", "pre-message/remote@example.org>a@far.example "
                                        "route/remote@example.org>a@far.example"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(TestCore) core = test_core_new();
                MotetSession *session = romeo(core);
                test_core_module(core, NULL, all_message_hooks);
                g_autofree char *stanza = g_strdup_printf("<message%s type='error'/>", cases[i].to);

                test_session_receive(session, stanza);

                test_core_assert_log(core, cases[i].log);
        }
}

static MotetResult
note_payload(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s(%s)", ev->event.name,
                       ev->payload ? motet_xml_name(ev->payload) : "");
        return MOTET_CONTINUE;
}

/* Most specific first; results are for nobody's request handler. */
static void
test_stages_of_an_iq(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("iq/host", note_payload, MOTET_PRIO_EARLY),
                MOTET_ON_STANZA("iq/host/urn:q:q", note_payload, MOTET_PRIO_LATE),
                MOTET_ON_STANZA("pre-iq/host", note_payload, MOTET_PRIO_LATE),
                MOTET_ON_STANZA("iq/self/urn:q:q", note_payload, 0),
                MOTET_ON_STANZA("iq/host/urn:q:p", note_payload, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session,
                             "<iq type='get' id='1' to='example.org'><q xmlns='urn:q'/></iq>");
        test_core_assert_log(core, "pre-iq/host(q) iq/host/urn:q:q(q) iq/host(q)");
        test_assert_sent(session, "<iq type='error' id='1' from='example.org' to='" ROMEO
                                  "'>" UNAVAILABLE "</iq>");
        test_session_receive(session,
                             "<iq type='result' id='1' to='example.org'><q xmlns='urn:q'/></iq>");
        test_core_assert_log(core, "pre-iq/host(q) iq/host(q)");
        test_session_receive(session,
                             "<iq type='error' id='1' to='example.org'><q xmlns='urn:q'/></iq>");
        test_core_assert_log(core, "pre-iq/host() iq/host()");

        test_assert_sent_nothing(session);
}

static MotetResult
rewrite_payload(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        motet_xml_remove(ev->stanza, ev->payload);
        motet_xml_add(ev->stanza, "p", "urn:q");
        return MOTET_CONTINUE;
}

/* What a pre- event changed is what counts. */
static void
test_pre_events_may_rewrite(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("pre-iq/self", rewrite_payload, 0),
                MOTET_ON_STANZA("iq/self/urn:q:p", note_payload, 0),
                MOTET_ON_STANZA("iq/self/urn:q:q", note_payload, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session, "<iq type='get' id='1'><q xmlns='urn:q'/></iq>");

        test_core_assert_log(core, "iq/self/urn:q:p(p)");
}

static MotetResult
answer(MotetModule *self, MotetStanzaEvent *ev)
{
        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);

        (void)self;
        return motet_reply(ev, result);
}

static MotetResult
forbid(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return motet_reply_error(ev, MOTET_FORBIDDEN, "no");
}

/* RFC 6120 8.2.3: exactly one reply. */
static void
test_handled_is_answered_once(void)
{
        static const MotetHook hooks[] = {
                MOTET_ON_STANZA("iq/self/urn:q:q", answer, 0),
                MOTET_ON_STANZA("iq/self", forbid, 0),
                MOTET_ON_STANZA("message/self", forbid, 0),
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session, "<iq type='get' id='1'><q xmlns='urn:q'/></iq>");
        test_assert_sent(session, "<iq type='result' id='1' to='" ROMEO "'/>");
        test_session_receive(session, "<message id='2'/>");
        test_assert_sent(session,
                         "<message type='error' id='2' to='" ROMEO
                         "'><error type='auth'><forbidden" ERROR_NS "/></error></message>");
        test_session_receive(session, "<message id='3' type='error'/>");

        test_assert_sent_nothing(session);
}

/* Fallback: RFC 6120 8.4 and 10.5 */

static void
test_nobody_takes_a_request(void)
{
        assert_answer("<iq type='set' id='1'><q xmlns='urn:q'/></iq>",
                      "<iq type='error' id='1' to='" ROMEO "'>" UNAVAILABLE "</iq>");
        assert_answer("<iq type='get' id='1' to='juliet@example.net'><q xmlns='urn:q'/></iq>",
                      "<iq type='error' id='1' from='juliet@example.net' to='" ROMEO
                      "'>" UNAVAILABLE "</iq>");
}

static void
test_nobody_takes_a_reply(void)
{
        assert_answer("<iq type='result' id='1'/>", NULL);
        assert_answer("<iq type='error' id='1'/>", NULL);
        assert_answer("<iq type='result' id='1' to='a@far.example'/>", NULL);
}

static void
test_nobody_takes_a_message(void)
{
        assert_answer("<message to='juliet@example.org/x' id='1'/>",
                      "<message type='error' id='1' from='juliet@example.org/x' to='" ROMEO
                      "'>" UNAVAILABLE "</message>");
        assert_answer("<message to='juliet@example.org' type='of-no-kind'/>",
                      "<message type='error' from='juliet@example.org' to='" ROMEO "'>" UNAVAILABLE
                      "</message>");
        assert_answer("<message to='juliet@example.org' type='error'/>", NULL);
}

static void
test_nobody_takes_a_presence(void)
{
        assert_answer("<presence/>", NULL);
        assert_answer("<presence to='juliet@example.org' type='subscribe'/>", NULL);
}

/* RFC 6120 10.4.2 and 8.3.3.16 */
static void
test_nobody_takes_a_remote_stanza(void)
{
        assert_answer("<message to='a@far.example' id='1'/>",
                      "<message type='error' id='1' from='a@far.example' to='" ROMEO
                      "'>" NO_SUCH_DOMAIN "</message>");
        assert_answer("<iq type='get' to='far.example' id='1'><q xmlns='urn:q'/></iq>",
                      "<iq type='error' id='1' from='far.example' to='" ROMEO "'>" NO_SUCH_DOMAIN
                      "</iq>");
        assert_answer("<presence to='a@far.example' type='subscribe'/>",
                      "<presence type='error' from='a@far.example' to='" ROMEO "'>" NO_SUCH_DOMAIN
                      "</presence>");
        assert_answer("<presence to='a@far.example' type='error'/>", NULL);
        assert_answer("<message to='a@far.example' type='error'/>", NULL);
}

static MotetResult
take(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s", ev->event.name);
        return MOTET_HANDLED;
}

static void
test_remote_stanza_is_taken(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("route/remote", take, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session, "<message to='a@far.example'/>");

        test_core_assert_log(core, "route/remote");
        test_assert_sent_nothing(session);
}

/* A result is answered with nothing, also when its chain is refused (R27). */
static MotetResult
refuse_at_once(MotetModule *self, MotetStanzaEvent *ev)
{
        motet_resume_refuse(motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE),
                            MOTET_FORBIDDEN, NULL);
        return MOTET_WAIT;
}

static void
test_refused_reply_is_not_answered(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("iq/self", refuse_at_once, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = romeo(core);
        test_core_module(core, core->host, hooks);

        test_session_receive(session, "<iq type='result' id='1'/>");
        test_assert_sent_nothing(session);
        test_session_receive(session, "<iq type='get' id='2'><q xmlns='urn:q'/></iq>");

        test_assert_sent(session, "<iq type='error' id='2' to='" ROMEO
                                  "'><error type='auth'><forbidden" ERROR_NS "/></error></iq>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/router/stanza-before-authentication", test_stanza_before_authentication);
        g_test_add_func("/router/unknown-element-before-authentication",
                        test_unknown_element_before_authentication);
        g_test_add_func("/router/elements-before-authentication-are-events",
                        test_elements_before_authentication_are_events);
        g_test_add_func("/router/pre-stream-answers", test_pre_stream_answers);
        g_test_add_func("/router/deadline-of-an-element-ends-the-stream",
                        test_deadline_of_an_element_ends_the_stream);
        g_test_add_func("/router/unknown-element", test_unknown_element);
        g_test_add_func("/router/elements-after-authentication-are-events",
                        test_elements_after_authentication_are_events);
        g_test_add_func("/router/stanza-in-a-wrong-namespace", test_stanza_in_a_wrong_namespace);
        g_test_add_func("/router/what-is-allowed-before-binding",
                        test_what_is_allowed_before_binding);
        g_test_add_func("/router/from-is-stamped", test_from_is_stamped);
        g_test_add_func("/router/forged-from-ends-the-stream", test_forged_from_ends_the_stream);
        g_test_add_func("/router/language-is-stamped", test_language_is_stamped);
        g_test_add_func("/router/malformed-to", test_malformed_to);
        g_test_add_func("/router/unsound-iqs", test_unsound_iqs);
        g_test_add_func("/router/destinations", test_destinations);
        g_test_add_func("/router/stages-of-an-iq", test_stages_of_an_iq);
        g_test_add_func("/router/pre-events-may-rewrite", test_pre_events_may_rewrite);
        g_test_add_func("/router/handled-is-answered-once", test_handled_is_answered_once);
        g_test_add_func("/router/nobody-takes-a-request", test_nobody_takes_a_request);
        g_test_add_func("/router/nobody-takes-a-reply", test_nobody_takes_a_reply);
        g_test_add_func("/router/nobody-takes-a-message", test_nobody_takes_a_message);
        g_test_add_func("/router/nobody-takes-a-presence", test_nobody_takes_a_presence);
        g_test_add_func("/router/nobody-takes-a-remote-stanza", test_nobody_takes_a_remote_stanza);
        g_test_add_func("/router/remote-stanza-is-taken", test_remote_stanza_is_taken);
        g_test_add_func("/router/refused-reply-is-not-answered",
                        test_refused_reply_is_not_answered);
        return g_test_run();
}
