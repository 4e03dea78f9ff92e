/*
 * test_stanza: conditions and replies.
 */
#include <motet/stanza.h>
#include <string.h>

static MotetXml *
parse(const char *text)
{
        g_autoptr(GError) error = NULL;
        MotetXml *xml = motet_xml_parse(text, -1, MOTET_NS_CLIENT, &error);

        g_assert_no_error(error);
        return xml;
}

static void
assert_string(const MotetXml *xml, const char *expected)
{
        g_assert_nonnull(xml);
        g_autofree char *text = motet_xml_string(xml, MOTET_NS_CLIENT);
        g_assert_cmpstr(text, ==, expected);
}

/* RFC 6120 8.3.3: every stanza error condition and the type it comes with. */
static const struct {
        MotetCondition condition;
        const char *name, *type;
} stanza_conditions[] = {
        {MOTET_BAD_REQUEST, "bad-request", "modify"},
        {MOTET_CONFLICT, "conflict", "cancel"},
        {MOTET_FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", "cancel"},
        {MOTET_FORBIDDEN, "forbidden", "auth"},
        {MOTET_GONE, "gone", "cancel"},
        {MOTET_INTERNAL_SERVER_ERROR, "internal-server-error", "cancel"},
        {MOTET_ITEM_NOT_FOUND, "item-not-found", "cancel"},
        {MOTET_JID_MALFORMED, "jid-malformed", "modify"},
        {MOTET_NOT_ACCEPTABLE, "not-acceptable", "modify"},
        {MOTET_NOT_ALLOWED, "not-allowed", "cancel"},
        {MOTET_NOT_AUTHORIZED, "not-authorized", "auth"},
        {MOTET_POLICY_VIOLATION, "policy-violation", "modify"},
        {MOTET_RECIPIENT_UNAVAILABLE, "recipient-unavailable", "wait"},
        {MOTET_REDIRECT, "redirect", "modify"},
        {MOTET_REGISTRATION_REQUIRED, "registration-required", "auth"},
        {MOTET_REMOTE_SERVER_NOT_FOUND, "remote-server-not-found", "cancel"},
        {MOTET_REMOTE_SERVER_TIMEOUT, "remote-server-timeout", "wait"},
        {MOTET_RESOURCE_CONSTRAINT, "resource-constraint", "wait"},
        {MOTET_SERVICE_UNAVAILABLE, "service-unavailable", "cancel"},
        {MOTET_SUBSCRIPTION_REQUIRED, "subscription-required", "auth"},
        {MOTET_UNDEFINED_CONDITION, "undefined-condition", "cancel"},
        {MOTET_UNEXPECTED_REQUEST, "unexpected-request", "wait"},
};

/* RFC 6120 4.9.3: every stream error condition that is not a legacy one. */
static const struct {
        MotetCondition condition;
        const char *name;
} stream_conditions[] = {
        {MOTET_BAD_REQUEST, "bad-format"},
        {MOTET_BAD_NAMESPACE_PREFIX, "bad-namespace-prefix"},
        {MOTET_CONFLICT, "conflict"},
        {MOTET_CONNECTION_TIMEOUT, "connection-timeout"},
        {MOTET_HOST_GONE, "host-gone"},
        {MOTET_HOST_UNKNOWN, "host-unknown"},
        {MOTET_IMPROPER_ADDRESSING, "improper-addressing"},
        {MOTET_INTERNAL_SERVER_ERROR, "internal-server-error"},
        {MOTET_INVALID_FROM, "invalid-from"},
        {MOTET_INVALID_NAMESPACE, "invalid-namespace"},
        {MOTET_INVALID_XML, "invalid-xml"},
        {MOTET_NOT_AUTHORIZED, "not-authorized"},
        {MOTET_NOT_WELL_FORMED, "not-well-formed"},
        {MOTET_POLICY_VIOLATION, "policy-violation"},
        {MOTET_REMOTE_CONNECTION_FAILED, "remote-connection-failed"},
        {MOTET_RESET, "reset"},
        {MOTET_RESOURCE_CONSTRAINT, "resource-constraint"},
        {MOTET_RESTRICTED_XML, "restricted-xml"},
        {MOTET_SEE_OTHER_HOST, "see-other-host"},
        {MOTET_SYSTEM_SHUTDOWN, "system-shutdown"},
        {MOTET_UNDEFINED_CONDITION, "undefined-condition"},
        {MOTET_UNSUPPORTED_ENCODING, "unsupported-encoding"},
        {MOTET_UNSUPPORTED_FEATURE, "unsupported-feature"},
        {MOTET_UNSUPPORTED_STANZA_TYPE, "unsupported-stanza-type"},
        {MOTET_UNSUPPORTED_VERSION, "unsupported-version"},
};

static void
test_stanza_conditions_have_name_and_type(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(stanza_conditions); i++) {
                MotetCondition condition = stanza_conditions[i].condition;
                g_assert_cmpstr(motet_condition_name(condition), ==, stanza_conditions[i].name);
                g_assert_cmpstr(motet_condition_type(condition), ==, stanza_conditions[i].type);
                g_assert_cmpint(motet_condition_parse(stanza_conditions[i].name), ==, condition);
        }
}

static void
test_stream_conditions_have_names(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(stream_conditions); i++) {
                MotetCondition condition = stream_conditions[i].condition;
                g_assert_cmpstr(motet_condition_stream_name(condition), ==,
                                stream_conditions[i].name);
                g_assert_cmpint(motet_condition_parse(stream_conditions[i].name), ==, condition);
        }
}

/* The two tables above leave none out: 22 and 25 with 7 in both. */
static void
test_every_condition_is_known(void)
{
        g_assert_cmpuint(MOTET_N_CONDITIONS - 1, ==,
                         G_N_ELEMENTS(stanza_conditions) + G_N_ELEMENTS(stream_conditions) - 7);
        g_assert_cmpstr(motet_condition_stream_name(MOTET_FORBIDDEN), ==, "undefined-condition");
        g_assert_cmpint(motet_condition_parse("no-such-condition"), ==, MOTET_CONDITION_NONE);
        g_assert_cmpint(motet_condition_parse(""), ==, MOTET_CONDITION_NONE);
        g_assert_cmpint(motet_condition_parse(NULL), ==, MOTET_CONDITION_NONE);
}

static void
test_kind_is_judged_by_name(void)
{
        static const struct {
                const char *text;
                MotetStanzaKind kind;
        } kinds[] = {
                {"<message/>", MOTET_STANZA_MESSAGE},
                {"<presence/>", MOTET_STANZA_PRESENCE},
                {"<iq/>", MOTET_STANZA_IQ},
                {"<iq xmlns='jabber:server'/>", MOTET_STANZA_IQ},
                {"<iqs/>", MOTET_STANZA_NONE},
                {"<Message/>", MOTET_STANZA_NONE},
                {"<auth/>", MOTET_STANZA_NONE},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autoptr(MotetXml) xml = parse(kinds[i].text);
                g_assert_cmpint(motet_stanza_kind(xml), ==, kinds[i].kind);
        }
}

static void
test_is_error_looks_at_the_type(void)
{
        g_autoptr(MotetXml) error = parse("<message type='error'/>");
        g_autoptr(MotetXml) chat = parse("<message type='chat'/>");
        g_autoptr(MotetXml) none = parse("<message/>");

        g_assert_true(motet_stanza_is_error(error));
        g_assert_false(motet_stanza_is_error(chat));
        g_assert_false(motet_stanza_is_error(none));
}

/* RFC 6120 8.1.1, 8.1.2, 8.1.3: a reply goes back where the stanza came from, with its id. */
static void
test_reply_swaps_addresses_and_keeps_the_id(void)
{
        g_autoptr(MotetXml) both = parse("<iq type='get' id='&lt;1' from='a@b/c' to='d'><q/></iq>");
        g_autoptr(MotetXml) reply = motet_stanza_reply(both, "result");
        assert_string(reply, "<iq type='result' id='&lt;1' from='d' to='a@b/c'/>");

        g_autoptr(MotetXml) bare = parse("<presence xml:lang='en'/>");
        g_autoptr(MotetXml) bare_reply = motet_stanza_reply(bare, NULL);
        assert_string(bare_reply, "<presence/>");

        g_autoptr(MotetXml) server = parse("<message xmlns='jabber:server' to='a'/>");
        g_autoptr(MotetXml) server_reply = motet_stanza_reply(server, NULL);
        assert_string(server_reply, "<message xmlns='jabber:server' from='a'/>");
}

static void
test_iq_result_is_empty(void)
{
        g_autoptr(MotetXml) iq = parse("<iq type='set' id='1' from='a' to='b'><q/></iq>");
        g_autoptr(MotetXml) result = motet_iq_result(iq);

        assert_string(result, "<iq type='result' id='1' from='b' to='a'/>");
}

/* RFC 6120 8.3.1, 8.3.2 */
static void
test_error_reply_has_condition_type_and_text(void)
{
        g_autoptr(MotetXml) iq = parse("<iq type='get' id='1' from='a' to='b'><q/></iq>");
        g_autoptr(MotetXml) error = motet_stanza_error(iq, MOTET_SERVICE_UNAVAILABLE, NULL);
        assert_string(error, "<iq type='error' id='1' from='b' to='a'><error type='cancel'>"
                             "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                             "</error></iq>");

        g_autoptr(MotetXml) message = parse("<message from='a' to='b'><body>x</body></message>");
        g_autoptr(MotetXml) explained = motet_stanza_error(message, MOTET_FORBIDDEN, "No <way>");
        assert_string(explained, "<message type='error' from='b' to='a'><error type='auth'>"
                                 "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                                 "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>"
                                 "No &lt;way&gt;</text></error></message>");
}

/* RFC 6120 8.3.2: the type says what to do about it, whatever the condition. */
static void
test_error_reply_can_have_another_type(void)
{
        g_autoptr(MotetXml) iq = parse("<iq type='set' id='1' from='a' to='b'><q/></iq>");
        g_autoptr(MotetXml) error =
                motet_stanza_error_of_type(iq, MOTET_INTERNAL_SERVER_ERROR, "wait", NULL);
        g_autoptr(MotetXml) result = parse("<iq type='result' id='1'/>");

        assert_string(error, "<iq type='error' id='1' from='b' to='a'><error type='wait'>"
                             "<internal-server-error "
                             "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        g_assert_null(motet_stanza_error_of_type(result, MOTET_CONFLICT, "wait", NULL));
}

/* RFC 6120 8.3.1 rule 4 and 8.2.3 rule 4: or two entities would go on for ever. */
static void
test_errors_and_results_are_not_answered(void)
{
        static const char *const texts[] = {"<message type='error'/>", "<presence type='error'/>",
                                            "<iq type='error' id='1'/>",
                                            "<iq type='result' id='1'/>"};

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(MotetXml) xml = parse(texts[i]);
                g_assert_null(motet_stanza_error(xml, MOTET_BAD_REQUEST, "x"));
        }
        g_autoptr(MotetXml) odd = parse("<message type='result'/>");
        g_autoptr(MotetXml) answered = motet_stanza_error(odd, MOTET_BAD_REQUEST, NULL);
        g_assert_nonnull(answered);
}

static void
test_iq_new_is_a_request(void)
{
        g_autoptr(MotetXml) get = motet_iq_new("get", "a", "b");
        g_autoptr(MotetXml) set = motet_iq_new("set", NULL, NULL);

        assert_string(get, "<iq type='get' from='a' to='b'/>");
        assert_string(set, "<iq type='set'/>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/stanza/stanza-conditions-have-name-and-type",
                        test_stanza_conditions_have_name_and_type);
        g_test_add_func("/stanza/stream-conditions-have-names", test_stream_conditions_have_names);
        g_test_add_func("/stanza/every-condition-is-known", test_every_condition_is_known);
        g_test_add_func("/stanza/kind-is-judged-by-name", test_kind_is_judged_by_name);
        g_test_add_func("/stanza/is-error-looks-at-the-type", test_is_error_looks_at_the_type);
        g_test_add_func("/stanza/reply-swaps-addresses-and-keeps-the-id",
                        test_reply_swaps_addresses_and_keeps_the_id);
        g_test_add_func("/stanza/iq-result-is-empty", test_iq_result_is_empty);
        g_test_add_func("/stanza/error-reply-has-condition-type-and-text",
                        test_error_reply_has_condition_type_and_text);
        g_test_add_func("/stanza/error-reply-can-have-another-type",
                        test_error_reply_can_have_another_type);
        g_test_add_func("/stanza/errors-and-results-are-not-answered",
                        test_errors_and_results_are_not_answered);
        g_test_add_func("/stanza/iq-new-is-a-request", test_iq_new_is_a_request);
        return g_test_run();
}
