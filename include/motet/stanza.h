/*
 * stanza: conditions of stanza and stream errors, and the replies built from a stanza.
 *
 * Source: RFC 6120 sections 4.9.3 and 8.
 */
#pragma once

#include <motet/types.h>
#include <motet/xml.h>

G_BEGIN_DECLS

#define MOTET_NS_CLIENT "jabber:client"
#define MOTET_NS_SERVER "jabber:server"
#define MOTET_NS_STREAMS "http://etherx.jabber.org/streams"
#define MOTET_NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define MOTET_NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"

typedef enum {
        MOTET_STANZA_NONE, /* not a stanza: another element at depth 1 */
        MOTET_STANZA_MESSAGE,
        MOTET_STANZA_PRESENCE,
        MOTET_STANZA_IQ,
} MotetStanzaKind;

/* RFC 6120 section 8.3.3 (stanza errors) and 4.9.3 (stream errors); 0 is no condition. */
typedef enum {
        MOTET_CONDITION_NONE = 0,
        /* both */
        MOTET_BAD_REQUEST, /* as a stream error: bad-format */
        MOTET_CONFLICT,
        MOTET_INTERNAL_SERVER_ERROR,
        MOTET_NOT_AUTHORIZED,
        MOTET_POLICY_VIOLATION,
        MOTET_RESOURCE_CONSTRAINT,
        MOTET_UNDEFINED_CONDITION,
        /* stanza errors */
        MOTET_FEATURE_NOT_IMPLEMENTED,
        MOTET_FORBIDDEN,
        MOTET_GONE,
        MOTET_ITEM_NOT_FOUND,
        MOTET_JID_MALFORMED,
        MOTET_NOT_ACCEPTABLE,
        MOTET_NOT_ALLOWED,
        MOTET_RECIPIENT_UNAVAILABLE,
        MOTET_REDIRECT,
        MOTET_REGISTRATION_REQUIRED,
        MOTET_REMOTE_SERVER_NOT_FOUND,
        MOTET_REMOTE_SERVER_TIMEOUT,
        MOTET_SERVICE_UNAVAILABLE,
        MOTET_SUBSCRIPTION_REQUIRED,
        MOTET_UNEXPECTED_REQUEST,
        /* stream errors */
        MOTET_BAD_NAMESPACE_PREFIX,
        MOTET_CONNECTION_TIMEOUT,
        MOTET_HOST_GONE,
        MOTET_HOST_UNKNOWN,
        MOTET_IMPROPER_ADDRESSING,
        MOTET_INVALID_FROM,
        MOTET_INVALID_NAMESPACE,
        MOTET_INVALID_XML,
        MOTET_NOT_WELL_FORMED,
        MOTET_REMOTE_CONNECTION_FAILED,
        MOTET_RESET,
        MOTET_RESTRICTED_XML,
        MOTET_SEE_OTHER_HOST,
        MOTET_SYSTEM_SHUTDOWN,
        MOTET_UNSUPPORTED_ENCODING,
        MOTET_UNSUPPORTED_FEATURE,
        MOTET_UNSUPPORTED_STANZA_TYPE,
        MOTET_UNSUPPORTED_VERSION,
        MOTET_N_CONDITIONS,
} MotetCondition;

/** motet_condition_name: Returns: (borrowed) the element name, such as "service-unavailable" */
MOTET_API const char *motet_condition_name(MotetCondition condition);
/** motet_condition_parse: Returns: the condition of that element name, MOTET_CONDITION_NONE when unknown */
MOTET_API MotetCondition motet_condition_parse(const char *name);
/** motet_condition_stream_name: Returns: (borrowed) the element name as a stream error; undefined-condition when it is none */
MOTET_API const char *motet_condition_stream_name(MotetCondition condition);
/** motet_condition_type: Returns: (borrowed) the error type RFC 6120 8.3.3 associates: "cancel", "modify", "auth", "wait" */
MOTET_API const char *motet_condition_type(MotetCondition condition);

/** motet_stanza_kind: Returns: what @xml is, judged by its name alone */
MOTET_API MotetStanzaKind motet_stanza_kind(const MotetXml *xml);
/** motet_stanza_is_error: whether its type attribute is "error" */
MOTET_API bool motet_stanza_is_error(const MotetXml *stanza);

/**
 * motet_stanza_reply:
 * @stanza: (borrowed) a stanza of any kind
 * @type: the reply's type attribute, or NULL for none
 *
 * Returns: (own) an empty stanza of the same kind and id, with from and to exchanged (either may be absent)
 */
MOTET_API MotetXml *motet_stanza_reply(const MotetXml *stanza, const char *type);

/** motet_iq_result: Returns: (own) an empty iq of type result for the request @iq; see motet_stanza_reply() */
MOTET_API MotetXml *motet_iq_result(const MotetXml *iq);

/**
 * motet_stanza_error:
 * @stanza: (borrowed) what is refused
 * @condition: a stanza error condition
 * @text: human readable explanation in English, or NULL
 *
 * Returns: (own) the error reply of RFC 6120 section 8.3, with the type that belongs to @condition; NULL when @stanza is
 *   itself of type error (or an iq of type result), which must not be answered (section 8.3.1)
 */
MOTET_API MotetXml *motet_stanza_error(const MotetXml *stanza, MotetCondition condition,
                                       const char *text);

/**
 * motet_stanza_error_of_type:
 * @type: "auth", "cancel", "continue", "modify" or "wait"
 *
 * motet_stanza_error() with another type than belongs to @condition. A failure of ours that may
 * pass, such as that of a store, is an internal-server-error of type "wait".
 *
 * Returns: (own) as motet_stanza_error()
 *
 * Source: RFC 6120 section 8.3.2
 */
MOTET_API MotetXml *motet_stanza_error_of_type(const MotetXml *stanza, MotetCondition condition,
                                               const char *type, const char *text);

/** motet_iq_new: Returns: (own) an iq of @type ("get" or "set"); addresses may be NULL; the id is set when it is sent */
MOTET_API MotetXml *motet_iq_new(const char *type, const char *from, const char *to);

G_END_DECLS
