/*
 * stanza: the tables of stanza and stream error conditions, and the replies built from a stanza.
 *
 * Source: RFC 6120 sections 4.9.3 and 8.
 */
#include <motet/stanza.h>

#include <string.h>

/* A condition's name as a stanza error (or, lacking that, a stream error), as a stream error, and
 * its usual type. */
static const struct {
        const char *name;
        const char *stream_name; /* NULL: not a stream error */
        const char *type;        /* NULL: not a stanza error */
} conditions[MOTET_N_CONDITIONS] = {
        [MOTET_BAD_REQUEST] = {"bad-request", "bad-format", "modify"},
        [MOTET_CONFLICT] = {"conflict", "conflict", "cancel"},
        [MOTET_INTERNAL_SERVER_ERROR] = {"internal-server-error", "internal-server-error",
                                         "cancel"},
        [MOTET_NOT_AUTHORIZED] = {"not-authorized", "not-authorized", "auth"},
        [MOTET_POLICY_VIOLATION] = {"policy-violation", "policy-violation", "modify"},
        [MOTET_RESOURCE_CONSTRAINT] = {"resource-constraint", "resource-constraint", "wait"},
        [MOTET_UNDEFINED_CONDITION] = {"undefined-condition", "undefined-condition", "cancel"},

        [MOTET_FEATURE_NOT_IMPLEMENTED] = {"feature-not-implemented", NULL, "cancel"},
        [MOTET_FORBIDDEN] = {"forbidden", NULL, "auth"},
        [MOTET_GONE] = {"gone", NULL, "cancel"},
        [MOTET_ITEM_NOT_FOUND] = {"item-not-found", NULL, "cancel"},
        [MOTET_JID_MALFORMED] = {"jid-malformed", NULL, "modify"},
        [MOTET_NOT_ACCEPTABLE] = {"not-acceptable", NULL, "modify"},
        [MOTET_NOT_ALLOWED] = {"not-allowed", NULL, "cancel"},
        [MOTET_RECIPIENT_UNAVAILABLE] = {"recipient-unavailable", NULL, "wait"},
        [MOTET_REDIRECT] = {"redirect", NULL, "modify"},
        [MOTET_REGISTRATION_REQUIRED] = {"registration-required", NULL, "auth"},
        [MOTET_REMOTE_SERVER_NOT_FOUND] = {"remote-server-not-found", NULL, "cancel"},
        [MOTET_REMOTE_SERVER_TIMEOUT] = {"remote-server-timeout", NULL, "wait"},
        [MOTET_SERVICE_UNAVAILABLE] = {"service-unavailable", NULL, "cancel"},
        [MOTET_SUBSCRIPTION_REQUIRED] = {"subscription-required", NULL, "auth"},
        [MOTET_UNEXPECTED_REQUEST] = {"unexpected-request", NULL, "wait"},

        [MOTET_BAD_NAMESPACE_PREFIX] = {"bad-namespace-prefix", "bad-namespace-prefix", NULL},
        [MOTET_CONNECTION_TIMEOUT] = {"connection-timeout", "connection-timeout", NULL},
        [MOTET_HOST_GONE] = {"host-gone", "host-gone", NULL},
        [MOTET_HOST_UNKNOWN] = {"host-unknown", "host-unknown", NULL},
        [MOTET_IMPROPER_ADDRESSING] = {"improper-addressing", "improper-addressing", NULL},
        [MOTET_INVALID_FROM] = {"invalid-from", "invalid-from", NULL},
        [MOTET_INVALID_NAMESPACE] = {"invalid-namespace", "invalid-namespace", NULL},
        [MOTET_INVALID_XML] = {"invalid-xml", "invalid-xml", NULL},
        [MOTET_NOT_WELL_FORMED] = {"not-well-formed", "not-well-formed", NULL},
        [MOTET_REMOTE_CONNECTION_FAILED] = {"remote-connection-failed", "remote-connection-failed",
                                            NULL},
        [MOTET_RESET] = {"reset", "reset", NULL},
        [MOTET_RESTRICTED_XML] = {"restricted-xml", "restricted-xml", NULL},
        [MOTET_SEE_OTHER_HOST] = {"see-other-host", "see-other-host", NULL},
        [MOTET_SYSTEM_SHUTDOWN] = {"system-shutdown", "system-shutdown", NULL},
        [MOTET_UNSUPPORTED_ENCODING] = {"unsupported-encoding", "unsupported-encoding", NULL},
        [MOTET_UNSUPPORTED_FEATURE] = {"unsupported-feature", "unsupported-feature", NULL},
        [MOTET_UNSUPPORTED_STANZA_TYPE] = {"unsupported-stanza-type", "unsupported-stanza-type",
                                           NULL},
        [MOTET_UNSUPPORTED_VERSION] = {"unsupported-version", "unsupported-version", NULL},
};

static const struct {
        const char *name;
        MotetStanzaKind kind;
} kinds[] = {
        {"message", MOTET_STANZA_MESSAGE},
        {"presence", MOTET_STANZA_PRESENCE},
        {"iq", MOTET_STANZA_IQ},
};

static bool
is_condition(MotetCondition condition)
{
        return condition > MOTET_CONDITION_NONE && condition < MOTET_N_CONDITIONS;
}

const char *
motet_condition_name(MotetCondition condition)
{
        g_return_val_if_fail(is_condition(condition), "undefined-condition");

        return conditions[condition].name;
}

MotetCondition
motet_condition_parse(const char *name)
{
        if (!name)
                return MOTET_CONDITION_NONE;

        for (unsigned i = MOTET_CONDITION_NONE + 1; i < MOTET_N_CONDITIONS; i++) {
                const char *stream_name = conditions[i].stream_name;
                if (strcmp(conditions[i].name, name) == 0 ||
                    (stream_name && strcmp(stream_name, name) == 0))
                        return (MotetCondition)i;
        }
        return MOTET_CONDITION_NONE;
}

const char *
motet_condition_stream_name(MotetCondition condition)
{
        g_return_val_if_fail(is_condition(condition), "undefined-condition");

        const char *name = conditions[condition].stream_name;
        return name ? name : "undefined-condition";
}

const char *
motet_condition_type(MotetCondition condition)
{
        g_return_val_if_fail(is_condition(condition), "cancel");

        const char *type = conditions[condition].type;
        return type ? type : "cancel";
}

MotetStanzaKind
motet_stanza_kind(const MotetXml *xml)
{
        const char *name = motet_xml_name(xml);

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                if (kinds[i].name[0] == name[0] && strcmp(kinds[i].name, name) == 0)
                        return kinds[i].kind;
        }
        return MOTET_STANZA_NONE;
}

bool
motet_stanza_is_error(const MotetXml *stanza)
{
        return g_strcmp0(motet_xml_attr(stanza, "type"), "error") == 0;
}

MotetXml *
motet_stanza_reply(const MotetXml *stanza, const char *type)
{
        g_return_val_if_fail(stanza != NULL, NULL);

        MotetXml *reply = motet_xml_new(motet_xml_name(stanza), motet_xml_ns(stanza));
        motet_xml_set_attr(reply, "type", type);
        motet_xml_set_attr(reply, "id", motet_xml_attr(stanza, "id"));
        motet_xml_set_attr(reply, "from", motet_xml_attr(stanza, "to"));
        motet_xml_set_attr(reply, "to", motet_xml_attr(stanza, "from"));
        return reply;
}

MotetXml *
motet_iq_result(const MotetXml *iq)
{
        g_return_val_if_fail(motet_stanza_kind(iq) == MOTET_STANZA_IQ, NULL);

        return motet_stanza_reply(iq, "result");
}

static bool
is_error_type(const char *type)
{
        static const char *const types[] = {"auth", "cancel", "continue", "modify", "wait", NULL};

        return type && g_strv_contains(types, type);
}

MotetXml *
motet_stanza_error_of_type(const MotetXml *stanza, MotetCondition condition, const char *type,
                           const char *text)
{
        g_return_val_if_fail(stanza != NULL && is_condition(condition), NULL);
        g_return_val_if_fail(is_error_type(type), NULL);

        /* RFC 6120 8.3.1 and 8.2.3: neither an error nor a result is ever answered. */
        if (motet_stanza_is_error(stanza))
                return NULL;
        if (motet_stanza_kind(stanza) == MOTET_STANZA_IQ &&
            g_strcmp0(motet_xml_attr(stanza, "type"), "result") == 0)
                return NULL;

        MotetXml *reply = motet_stanza_reply(stanza, "error");
        MotetXml *error = motet_xml_add(reply, "error", NULL);
        motet_xml_set_attr(error, "type", type);
        motet_xml_add(error, conditions[condition].name, MOTET_NS_STANZA_ERRORS);
        if (text) {
                MotetXml *explanation =
                        motet_xml_add_with_text(error, "text", MOTET_NS_STANZA_ERRORS, text);
                motet_xml_set_attr(explanation, "xml:lang", "en");
        }
        return reply;
}

MotetXml *
motet_stanza_error(const MotetXml *stanza, MotetCondition condition, const char *text)
{
        g_return_val_if_fail(is_condition(condition) && conditions[condition].type, NULL);

        return motet_stanza_error_of_type(stanza, condition, conditions[condition].type, text);
}

MotetXml *
motet_iq_new(const char *type, const char *from, const char *to)
{
        g_return_val_if_fail(g_strcmp0(type, "get") == 0 || g_strcmp0(type, "set") == 0, NULL);

        MotetXml *iq = motet_xml_new("iq", MOTET_NS_CLIENT);
        motet_xml_set_attr(iq, "type", type);
        motet_xml_set_attr(iq, "from", from);
        motet_xml_set_attr(iq, "to", to);
        return iq;
}
