/*
 * Tests of stream: RFC 6120 section 4.
 */
#include <string.h>

#include "support/test_core.h"

#define NO_FEATURES "<stream:features/>"

static char *
header_with(const char *attributes)
{
        return g_strdup_printf("<stream:stream xmlns='jabber:client' "
                               "xmlns:stream='http://etherx.jabber.org/streams' %s>",
                               attributes);
}

static void
assert_header_refused(const char *header, const char *condition)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);

        test_session_receive(session, header);

        /* RFC 6120 4.9.1.2: our own header goes out before the error. */
        test_assert_header(
                session, "<stream:stream id='*' from='example.org' version='1.0' xml:lang='en'/>");
        test_assert_stream_error(session, condition);
        g_assert_null(session->conn);
        g_assert_true(session->notopen);
        g_assert_null(session->host);
}

static void
assert_attributes_refused(const char *attributes, const char *condition)
{
        g_autofree char *header = header_with(attributes);

        assert_header_refused(header, condition);
}

/* RFC 6120 4.7: id, from, version and xml:lang are answered; `to` only when the peer said who it
 * is. */
static void
test_header_is_answered(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        g_autofree char *header = header_with("to='example.org' version='1.0' xml:lang='de'");

        test_session_receive(session, header);

        test_assert_header(
                session, "<stream:stream id='*' from='example.org' version='1.0' xml:lang='en'/>");
        test_assert_sent(session, NO_FEATURES);
        test_assert_sent_nothing(session);
        g_assert_false(session->notopen);
        g_assert_cmpstr(session->host, ==, "example.org");
        g_assert_true(motet_session_host(session) == core->host);
        g_assert_cmpstr(motet_session_lang(session), ==, "de");
}

/* RFC 6120 4.7.3: ids are unpredictable; 128 bits. */
static void
test_ids_are_long_and_differ(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *one = test_session_new(&core->server);
        MotetSession *two = test_session_new(&core->server);
        g_assert_null(motet_session_id(one));

        test_session_open(one, "example.org");
        test_session_open(two, "example.org");

        g_assert_cmpuint(strlen(motet_session_id(one)), ==, 32);
        g_assert_cmpstr(motet_session_id(one), !=, motet_session_id(two));
}

/* RFC 6120 4.7.2: `to` of our header is the peer's `from`, prepared and escaped. */
static void
test_from_is_echoed(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        g_autofree char *header =
                header_with("to='EXAMPLE.org' from='Romeo@example.org' version='1.0'");

        test_session_receive(session, header);

        test_assert_header(
                session,
                "<stream:stream id='*' from='example.org' to='romeo@example.org' version='1.0' "
                "xml:lang='en'/>");
}

/* RFC 6120 4.8.1 */
static void
test_wrong_stream_namespace(void)
{
        assert_header_refused("<stream:stream xmlns='jabber:client' "
                              "xmlns:stream='http://etherx.jabber.org/other' "
                              "to='example.org' version='1.0'>",
                              "invalid-namespace");
}

/* RFC 6120 4.8.2: the content namespace of a client's stream is jabber:client. */
static void
test_wrong_content_namespace(void)
{
        assert_header_refused("<stream:stream xmlns='jabber:server' "
                              "xmlns:stream='http://etherx.jabber.org/streams' "
                              "to='example.org' version='1.0'>",
                              "invalid-namespace");
}

static void
test_no_content_namespace(void)
{
        assert_header_refused(
                "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' to='example.org' "
                "version='1.0'>",
                "invalid-namespace");
}

static void
test_root_is_not_a_stream(void)
{
        assert_header_refused("<stream:flood xmlns='jabber:client' "
                              "xmlns:stream='http://etherx.jabber.org/streams' "
                              "to='example.org' version='1.0'>",
                              "bad-format");
}

/* RFC 6120 4.8.5: another prefix is nobody's business. */
static void
test_other_prefix_is_accepted(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);

        test_session_receive(
                session,
                "<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' "
                "to='example.org' version='1.0'>");

        test_assert_sent(session, NO_FEATURES);
}

/* RFC 6120 4.7.2: the initiating entity must say whom it wants. */
static void
test_no_to(void)
{
        assert_attributes_refused("version='1.0'", "improper-addressing");
}

static void
test_malformed_to(void)
{
        assert_attributes_refused("to='exa mple.org' version='1.0'", "improper-addressing");
}

static void
test_empty_to(void)
{
        assert_attributes_refused("to='' version='1.0'", "improper-addressing");
}

static void
test_to_is_an_account(void)
{
        assert_attributes_refused("to='romeo@example.org' version='1.0'", "improper-addressing");
}

/* RFC 6120 4.9.3.6 and 4.9.3.7 */
static void
test_unknown_host(void)
{
        assert_attributes_refused("to='nowhere.example' version='1.0'", "host-unknown");
}

static void
test_host_that_goes(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        g_autofree char *header = header_with("to='example.org' version='1.0'");
        core->host->going = true;

        test_session_receive(session, header);

        test_assert_stream_error(session, "host-gone");
}

/* RFC 6120 4.7.5: no version is 0.9. */
static void
test_no_version(void)
{
        assert_attributes_refused("to='example.org'", "unsupported-version");
}

static void
test_old_version(void)
{
        assert_attributes_refused("to='example.org' version='0.9'", "unsupported-version");
}

static void
test_version_that_is_none(void)
{
        assert_attributes_refused("to='example.org' version='1'", "unsupported-version");
        assert_attributes_refused("to='example.org' version='1.'", "unsupported-version");
        assert_attributes_refused("to='example.org' version='1.0x'", "unsupported-version");
        assert_attributes_refused("to='example.org' version='-1.0'", "unsupported-version");
        assert_attributes_refused("to='example.org' version='00.9'", "unsupported-version");
}

/* RFC 6120 4.7.5: a newer peer is answered with what we speak; numbers are compared as numbers. */
static void
test_newer_version_gets_ours(void)
{
        static const char *const versions[] = {"2.0", "1.1", "01.0", "10.25"};

        for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
                g_autoptr(TestCore) core = test_core_new();
                MotetSession *session = test_session_new(&core->server);
                g_autofree char *attributes =
                        g_strdup_printf("to='example.org' version='%s'", versions[i]);
                g_autofree char *header = header_with(attributes);

                test_session_receive(session, header);

                test_assert_header(
                        session,
                        "<stream:stream id='*' from='example.org' version='1.0' xml:lang='en'/>");
                test_assert_sent(session, NO_FEATURES);
        }
}

static void
test_malformed_from(void)
{
        assert_attributes_refused("to='example.org' from='@' version='1.0'", "improper-addressing");
}

/* RFC 6120 4.9.3.13: not well-formed. */
static void
test_not_well_formed(void)
{
        assert_header_refused("<stream:stream <", "not-well-formed");
}

/* RFC 6120 11.1 */
static void
test_restricted_xml(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, "<!-- hello -->");

        test_assert_stream_error(session, "restricted-xml");
}

/* A language longer than any real one is not kept. */
static void
test_language_is_bounded(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *fits = test_session_new(&core->server);
        MotetSession *exceeds = test_session_new(&core->server);
        g_autofree char *longest = g_strnfill(35, 'a');
        g_autofree char *fit =
                g_strdup_printf("to='example.org' version='1.0' xml:lang='%s'", longest);
        g_autofree char *more =
                g_strdup_printf("to='example.org' version='1.0' xml:lang='%sa'", longest);
        g_autofree char *fit_header = header_with(fit);
        g_autofree char *more_header = header_with(more);

        test_session_receive(fits, fit_header);
        test_session_receive(exceeds, more_header);

        g_assert_cmpstr(motet_session_lang(fits), ==, longest);
        g_assert_false(exceeds->notopen);
        g_assert_null(motet_session_lang(exceeds));
}

/* RFC 6120 4.4: the peer ends its stream: so do we, and the connection ends. */
static void
test_peer_closes(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, "</stream:stream>");

        test_assert_closed(session);
        g_assert_null(session->conn);
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

/* RFC 6120 4.3.3: a new header only where negotiation asks for one. */
static void
test_second_header(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, "<stream:stream to='example.org' version='1.0'>");

        test_assert_stream_error(session, "bad-format");
}

/* RFC 6120 4.9.1.1: an error of the peer ends the stream; it is not answered with one. */
static void
test_peers_error_ends_the_stream(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(
                session,
                "<stream:error><undefined-condition "
                "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");

        test_assert_closed(session);
        g_assert_null(session->conn);
}

/* RFC 6120 4.6.1: white space keeps a connection alive, and is not answered. */
static void
test_white_space_is_ignored(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        test_session_receive(session, " \n\t ");

        test_assert_sent_nothing(session);
        g_assert_true(motet_session_is_connected(session));
}

/* RFC 6120 4.4: we close first: the peer gets time to end its own stream, and no more than that. */
static void
test_close_waits_for_the_peer(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        motet_session_close(session, MOTET_CONDITION_NONE, NULL);
        test_assert_closed(session);
        g_assert_nonnull(session->conn);
        test_session_receive(session, "<message/></stream:stream>");

        g_assert_null(session->conn);
        test_assert_sent_nothing(session);
}

static void
test_close_does_not_wait_for_ever(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        motet_session_close(session, MOTET_CONDITION_NONE, NULL);
        test_assert_closed(session);
        test_core_advance(core, core->server.limits.close_timeout - 1000);
        g_assert_nonnull(session->conn);
        test_core_advance(core, 2000);

        g_assert_null(session->conn);
}

/* RFC 6120 4.9.1.1: after an error the connection ends at once. */
static void
test_error_ends_the_connection(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        motet_session_close(session, MOTET_SYSTEM_SHUTDOWN, "see <you> later");
        g_autofree char *sent = test_session_take_sent(session);

        g_assert_nonnull(strstr(
                sent,
                "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>see &lt;you&gt; "
                "later</text></stream:error></stream:stream>"));
        g_assert_null(session->conn);
}

/* RFC 6120 4.3.3: after a restart everything begins anew: header, id, features. */
static void
test_restart(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");
        g_autofree char *id = g_strdup(motet_session_id(session));

        motet_session_restart(session);
        g_assert_true(session->notopen);
        g_assert_null(motet_session_id(session));
        g_autofree char *header = test_session_header("example.org");
        test_session_receive(session, header);

        test_assert_header(
                session, "<stream:stream id='*' from='example.org' version='1.0' xml:lang='en'/>");
        test_assert_sent(session, NO_FEATURES);
        g_assert_cmpstr(motet_session_id(session), !=, id);
}

/* Nothing can be said between a restart and the new header. */
static void
test_nothing_is_sent_before_the_header(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);

        g_assert_false(motet_session_send(session, message));

        test_assert_sent_nothing(session);
}

/* A stream stays on the host of its first header (RFC 6120 4.9.3.12). */
static void
test_restart_to_another_host(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");
        g_autofree char *header = test_session_header("example.net");

        motet_session_restart(session);
        test_session_receive(session, header);

        test_assert_stream_error(session, "not-authorized");
}

static void
assert_from_after_login(const char *from, const char *condition)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        g_autofree char *attributes =
                g_strdup_printf("to='example.org' from='%s' version='1.0'", from);
        g_autofree char *header = header_with(attributes);
        test_session_open(session, "example.org");
        motet_session_authenticate(session, "romeo");
        motet_session_restart(session);

        test_session_receive(session, header);

        if (condition)
                test_assert_stream_error(session, condition);
        else
                test_assert_sent(session, NO_FEATURES);
}

/* RFC 6120 4.9.3.9: after authentication `from` must be who was authenticated. */
static void
test_from_must_match_after_login(void)
{
        assert_from_after_login("romeo@example.org", NULL);
        assert_from_after_login("romeo@example.org/orchard", NULL);
        assert_from_after_login("juliet@example.org", "invalid-from");
        assert_from_after_login("example.org", "invalid-from");
        assert_from_after_login("@", "invalid-from");
}

static MotetResult
add_feature(MotetModule *self, MotetFeaturesEvent *ev)
{
        (void)self;
        motet_xml_add_with_text(ev->features, "mechanisms", "urn:test:m", "X&Y");
        motet_xml_add(ev->features, "bind", "urn:test:b");
        return MOTET_CONTINUE;
}

/* RFC 6120 4.3.2: features are what the modules add, under the prefix that old clients look for. */
static void
test_features_come_from_modules(void)
{
        static const MotetHook hooks[] = {MOTET_ON_FEATURES("stream-features", add_feature, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_session_new(&core->server);
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);
        g_autofree char *sent = test_session_take_sent(session);

        g_assert_true(g_str_has_suffix(
                sent, "<stream:features><mechanisms xmlns='urn:test:m'>X&amp;Y</mechanisms>"
                      "<bind xmlns='urn:test:b'/></stream:features>"));
}

static MotetResult
refuse_stream(MotetModule *self, MotetSessionEvent *ev)
{
        test_core_note(self, "%s", ev->session->host);
        ev->condition = MOTET_RESOURCE_CONSTRAINT;
        ev->text = "full";
        return MOTET_HANDLED;
}

/* stream-opened: refused with the handler's condition, behind our header. */
static void
test_stream_opened_refuses(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("stream-opened", refuse_stream, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_session_new(&core->server);
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);

        test_assert_header(
                session, "<stream:stream id='*' from='example.org' version='1.0' xml:lang='en'/>");
        test_assert_stream_error(session, "resource-constraint");
        test_core_assert_log(core, "example.org");
}

static MotetResult
wait_with_stream(MotetModule *self, MotetSessionEvent *ev)
{
        motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE);
        return MOTET_WAIT;
}

/* stream-opened may wait: neither header nor anything else is sent meanwhile; the deadline
 * refuses. */
static void
test_stream_opened_waits(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("stream-opened", wait_with_stream, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);
        MotetSession *session = test_session_new(&core->server);
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);
        test_session_receive(session, "<too xmlns='urn:early'/>");
        test_assert_sent_nothing(session);
        test_core_advance(core, 1010 * G_TIME_SPAN_MILLISECOND);

        test_assert_stream_error(session, "resource-constraint");
}

/* R13: to login 30 s in all, counted from accept and not from the last byte. */
static void
test_login_deadline(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);

        test_core_advance(core, 20 * G_TIME_SPAN_SECOND);
        test_session_open(session, "example.org");
        test_core_advance(core, 9999 * G_TIME_SPAN_MILLISECOND);
        test_assert_sent_nothing(session);
        test_core_advance(core, 10 * G_TIME_SPAN_MILLISECOND);

        test_assert_stream_error(session, "connection-timeout");
}

/* R13: login to bind 30 s. */
static void
test_bind_deadline(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");
        test_core_advance(core, 20 * G_TIME_SPAN_SECOND);
        motet_session_authenticate(session, "romeo");
        motet_session_restart(session);
        test_session_open(session, "example.org");

        test_core_advance(core, 29999 * G_TIME_SPAN_MILLISECOND);
        test_assert_sent_nothing(session);
        test_core_advance(core, 10 * G_TIME_SPAN_MILLISECOND);

        test_assert_stream_error(session, "connection-timeout");
}

/* Who is bound has no deadline. */
static void
test_bound_session_may_be_silent(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");

        test_core_advance(core, 3600 * G_TIME_SPAN_SECOND);

        test_assert_sent_nothing(session);
        g_assert_true(motet_session_is_connected(session));
        g_assert_cmpint(motet_session_idle(session), ==, 3600 * G_TIME_SPAN_SECOND);
}

/* What waits for a peer that does not read is known to who has more for it. */
static void
test_queued_bytes(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        g_autoptr(MotetXml) message =
                motet_xml_new("message", MOTET_NS_CLIENT); /* <message/>: 10 bytes */

        test_session_set_window(session, 0);
        g_assert_cmpuint(motet_session_queued(session), ==, 0);
        g_assert_true(motet_session_send(session, message));
        g_assert_true(motet_session_send(session, message));
        g_assert_cmpuint(motet_session_queued(session), ==, 20);
        test_session_set_window(session, SIZE_MAX);
        test_core_advance(core, G_TIME_SPAN_SECOND);

        g_assert_cmpuint(motet_session_queued(session), ==, 0);
}

/* A peer that does not read is told, as far as it still reads, and closed (R15). */
static void
test_send_queue_limit(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        MotetSessionLimits limits = *motet_session_limits(session);
        g_autoptr(MotetXml) message =
                motet_xml_new("message", MOTET_NS_CLIENT); /* <message/>: 10 bytes */
        limits.send_queue = 100;
        motet_session_set_limits(session, &limits);

        for (unsigned i = 0; i < 10; i++)
                g_assert_true(motet_session_send(session, message));
        test_core_settle(core);
        g_free(test_session_take_sent(session));
        g_assert_nonnull(session->conn);
        for (unsigned i = 0; i < 11; i++)
                motet_session_send(session, message);
        test_core_settle(core);

        g_assert_null(session->conn);
        g_autofree char *sent = test_session_take_sent(session);
        g_assert_nonnull(strstr(sent, "<policy-violation"));
        g_assert_true(g_str_has_suffix(sent, "</stream:stream>"));
}

/* R10: one stanza of a stranger at the limit, and one byte more. */
static void
test_stanza_size_limit(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *fits = test_session_new(&core->server);
        MotetSession *exceeds = test_session_new(&core->server);
        size_t limit = core->server.limits.stranger.stanza_bytes;
        g_autofree char *fill = g_strnfill(limit - strlen("<a xmlns='urn:a'></a>"), 'x');
        g_autofree char *at = g_strdup_printf("<a xmlns='urn:a'>%s</a>", fill);
        g_autofree char *over = g_strdup_printf("<a xmlns='urn:a'>%sx</a>", fill);
        test_session_open(fits, "example.org");
        test_session_open(exceeds, "example.org");

        test_session_receive(fits, at);
        test_session_receive(exceeds, over);

        test_assert_stream_error(fits, "unsupported-stanza-type");
        test_assert_stream_error(exceeds, "policy-violation");
}

/* Closing before the peer has said anything: a stream is a header and an end. */
static void
test_close_before_the_header(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);

        motet_session_close(session, MOTET_CONDITION_NONE, NULL);

        test_assert_header(
                session, "<stream:stream id='*' from='example.org' version='1.0' xml:lang='en'/>");
        test_assert_closed(session);
        g_assert_null(session->conn);
}

/* What cannot be understood behind our end will not end properly either. */
static void
test_garbage_after_our_end(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_session_open(session, "example.org");

        motet_session_close(session, MOTET_CONDITION_NONE, NULL);
        test_assert_closed(session);
        g_assert_nonnull(session->conn);
        test_session_receive(session, "<<<");

        test_assert_sent_nothing(session);
        g_assert_null(session->conn);
}

/* A session whose last words do not fit is not told a second time. */
static void
test_queue_limit_while_closing(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_core_bind(core, "romeo", "orchard");
        MotetSessionLimits limits = *motet_session_limits(session);
        limits.send_queue = 20;
        motet_session_set_limits(session, &limits);

        motet_session_close(session, MOTET_CONFLICT, NULL);
        g_autofree char *sent = test_session_take_sent(session);

        g_assert_null(strstr(sent, "policy-violation"));
        g_assert_null(session->conn);
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/stream/header-is-answered", test_header_is_answered);
        g_test_add_func("/stream/ids-are-long-and-differ", test_ids_are_long_and_differ);
        g_test_add_func("/stream/from-is-echoed", test_from_is_echoed);
        g_test_add_func("/stream/wrong-stream-namespace", test_wrong_stream_namespace);
        g_test_add_func("/stream/wrong-content-namespace", test_wrong_content_namespace);
        g_test_add_func("/stream/no-content-namespace", test_no_content_namespace);
        g_test_add_func("/stream/root-is-not-a-stream", test_root_is_not_a_stream);
        g_test_add_func("/stream/other-prefix-is-accepted", test_other_prefix_is_accepted);
        g_test_add_func("/stream/no-to", test_no_to);
        g_test_add_func("/stream/malformed-to", test_malformed_to);
        g_test_add_func("/stream/empty-to", test_empty_to);
        g_test_add_func("/stream/to-is-an-account", test_to_is_an_account);
        g_test_add_func("/stream/unknown-host", test_unknown_host);
        g_test_add_func("/stream/host-that-goes", test_host_that_goes);
        g_test_add_func("/stream/no-version", test_no_version);
        g_test_add_func("/stream/old-version", test_old_version);
        g_test_add_func("/stream/version-that-is-none", test_version_that_is_none);
        g_test_add_func("/stream/newer-version-gets-ours", test_newer_version_gets_ours);
        g_test_add_func("/stream/malformed-from", test_malformed_from);
        g_test_add_func("/stream/not-well-formed", test_not_well_formed);
        g_test_add_func("/stream/restricted-xml", test_restricted_xml);
        g_test_add_func("/stream/language-is-bounded", test_language_is_bounded);
        g_test_add_func("/stream/peer-closes", test_peer_closes);
        g_test_add_func("/stream/second-header", test_second_header);
        g_test_add_func("/stream/peers-error-ends-the-stream", test_peers_error_ends_the_stream);
        g_test_add_func("/stream/white-space-is-ignored", test_white_space_is_ignored);
        g_test_add_func("/stream/close-waits-for-the-peer", test_close_waits_for_the_peer);
        g_test_add_func("/stream/close-does-not-wait-for-ever", test_close_does_not_wait_for_ever);
        g_test_add_func("/stream/error-ends-the-connection", test_error_ends_the_connection);
        g_test_add_func("/stream/restart", test_restart);
        g_test_add_func("/stream/nothing-is-sent-before-the-header",
                        test_nothing_is_sent_before_the_header);
        g_test_add_func("/stream/restart-to-another-host", test_restart_to_another_host);
        g_test_add_func("/stream/from-must-match-after-login", test_from_must_match_after_login);
        g_test_add_func("/stream/features-come-from-modules", test_features_come_from_modules);
        g_test_add_func("/stream/stream-opened-refuses", test_stream_opened_refuses);
        g_test_add_func("/stream/stream-opened-waits", test_stream_opened_waits);
        g_test_add_func("/stream/login-deadline", test_login_deadline);
        g_test_add_func("/stream/bind-deadline", test_bind_deadline);
        g_test_add_func("/stream/bound-session-may-be-silent", test_bound_session_may_be_silent);
        g_test_add_func("/stream/queued-bytes", test_queued_bytes);
        g_test_add_func("/stream/send-queue-limit", test_send_queue_limit);
        g_test_add_func("/stream/stanza-size-limit", test_stanza_size_limit);
        g_test_add_func("/stream/close-before-the-header", test_close_before_the_header);
        g_test_add_func("/stream/garbage-after-our-end", test_garbage_after_our_end);
        g_test_add_func("/stream/queue-limit-while-closing", test_queue_limit_while_closing);
        return g_test_run();
}
