/*
 * stanza: conditions of stanza and stream errors, and the replies built from a stanza.
 *
 * Source: RFC 6120 sections 4.9.3 and 8.
 */
#pragma once

#include <motet/types.h>
#include <motet/xml.h>

G_BEGIN_DECLS

#define MOTET_NS_CLIENT "jabber:client" /* of all stanzas inside the server; RFC 6120 4.8.2 */
#define MOTET_NS_SERVER "jabber:server" /* of streams between servers; RFC 6120 4.8.2 */
#define MOTET_NS_STREAMS "http://etherx.jabber.org/streams" /* of a stream itself; RFC 6120 4.8.1 */
#define MOTET_NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas" /* RFC 6120 8.3.2 */
#define MOTET_NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams" /* RFC 6120 4.9.2 */

/** MotetStanzaKind: what an element is, and <kind> in names of events. */
typedef enum {
        MOTET_STANZA_NONE,     /* not a stanza: another element at depth 1 */
        MOTET_STANZA_MESSAGE,  /* <message/> */
        MOTET_STANZA_PRESENCE, /* <presence/> */
        MOTET_STANZA_IQ,       /* <iq/> */
} MotetStanzaKind;

/**
 * MotetCondition: the conditions of stanza errors and of stream errors, named like their elements
 * (motet_condition_name()). New ones are added before MOTET_N_CONDITIONS, others keep their
 * numbers.
 *
 * Source: RFC 6120 sections 8.3.3 (stanza errors) and 4.9.3 (stream errors)
 */
typedef enum {
        MOTET_CONDITION_NONE = 0, /* no condition */

        /* Of both. */

        MOTET_BAD_REQUEST, /* it is malformed, or asks for nothing there is; as a stream error
                              bad-format */
        MOTET_CONFLICT,    /* what is asked for is there already, or was taken by another */
        MOTET_INTERNAL_SERVER_ERROR, /* a failure of ours */
        MOTET_NOT_AUTHORIZED,        /* credentials are needed, or were wrong */
        MOTET_POLICY_VIOLATION,      /* against a rule of this server */
        MOTET_RESOURCE_CONSTRAINT,   /* the server is too busy, or a limit is reached */
        MOTET_UNDEFINED_CONDITION,   /* none of the others; needs a child that says what */

        /* Of stanza errors only. */

        MOTET_FEATURE_NOT_IMPLEMENTED, /* understood, but not offered */
        MOTET_FORBIDDEN,               /* who asks may not */
        MOTET_GONE,                    /* not at this address any more */
        MOTET_ITEM_NOT_FOUND, /* there is no such thing, or it may not be told that there is */
        MOTET_JID_MALFORMED,  /* no address */
        MOTET_NOT_ACCEPTABLE, /* understood, but against what is set here */
        MOTET_NOT_ALLOWED,    /* nobody may */
        MOTET_RECIPIENT_UNAVAILABLE,   /* the addressee is not there now */
        MOTET_REDIRECT,                /* for the time being at another address */
        MOTET_REGISTRATION_REQUIRED,   /* who asks must register first */
        MOTET_REMOTE_SERVER_NOT_FOUND, /* the domain has no server that can be found */
        MOTET_REMOTE_SERVER_TIMEOUT,   /* the domain has a server that does not answer */
        MOTET_SERVICE_UNAVAILABLE,     /* nobody does that here, or the account is not there */
        MOTET_SUBSCRIPTION_REQUIRED,   /* a subscription is needed first */
        MOTET_UNEXPECTED_REQUEST,      /* understood, but not now */

        /* Of stream errors only. */

        MOTET_BAD_NAMESPACE_PREFIX,     /* a prefix is missing or not bound */
        MOTET_CONNECTION_TIMEOUT,       /* the peer was silent for too long */
        MOTET_HOST_GONE,                /* the domain is not served any more */
        MOTET_HOST_UNKNOWN,             /* the domain is not served */
        MOTET_IMPROPER_ADDRESSING,      /* a stanza between servers without from or to */
        MOTET_INVALID_FROM,             /* a from that is not the sender's */
        MOTET_INVALID_NAMESPACE,        /* a stream of another namespace */
        MOTET_INVALID_XML,              /* the XML does not fit its schema */
        MOTET_NOT_WELL_FORMED,          /* no XML */
        MOTET_REMOTE_CONNECTION_FAILED, /* a connection that is needed cannot be made */
        MOTET_RESET,                    /* the stream must be opened anew */
        MOTET_RESTRICTED_XML,           /* a comment, processing instruction, DTD or entity */
        MOTET_SEE_OTHER_HOST,           /* another machine serves it */
        MOTET_SYSTEM_SHUTDOWN,          /* the server stops */
        MOTET_UNSUPPORTED_ENCODING,     /* not UTF-8 */
        MOTET_UNSUPPORTED_FEATURE,      /* the peer insists on what is not offered */
        MOTET_UNSUPPORTED_STANZA_TYPE,  /* an element that is no stanza */
        MOTET_UNSUPPORTED_VERSION,      /* a version of XMPP that is not spoken */
        MOTET_N_CONDITIONS,             /* how many there are, the first included */
} MotetCondition;

/**
 * motet_condition_name:
 * @condition: not MOTET_CONDITION_NONE
 *
 * Returns: (borrowed) a constant: the element name, such as "service-unavailable"
 */
MOTET_API const char *motet_condition_name(MotetCondition condition);
/**
 * motet_condition_parse:
 * @name: (borrowed) an element name, of a stanza or stream error; or NULL
 *
 * Returns: its condition, MOTET_CONDITION_NONE when unknown
 */
MOTET_API MotetCondition motet_condition_parse(const char *name);
/**
 * motet_condition_stream_name:
 * @condition: not MOTET_CONDITION_NONE
 *
 * Returns: (borrowed) a constant: the element name as a stream error; undefined-condition when it
 * is none
 */
MOTET_API const char *motet_condition_stream_name(MotetCondition condition);
/**
 * motet_condition_type:
 * @condition: not MOTET_CONDITION_NONE
 *
 * Returns: (borrowed) a constant: the error type that belongs to it, "cancel", "modify", "auth" or
 * "wait"; "cancel" for one of streams only
 *
 * Source: RFC 6120 section 8.3.3
 */
MOTET_API const char *motet_condition_type(MotetCondition condition);

/** motet_stanza_kind: Returns: what @xml is, judged by its name alone */
MOTET_API MotetStanzaKind motet_stanza_kind(const MotetXml *xml);
/**
 * motet_stanza_is_error:
 * @stanza: (borrowed) a stanza of any kind
 *
 * Returns: whether its type attribute is "error"
 */
MOTET_API bool motet_stanza_is_error(const MotetXml *stanza);

/**
 * motet_stanza_reply:
 * @stanza: (borrowed) a stanza of any kind
 * @type: the reply's type attribute, or NULL for none
 *
 * Returns: (own) an empty stanza of the same kind and id, with from and to exchanged (either may
 * be absent)
 */
MOTET_API MotetXml *motet_stanza_reply(const MotetXml *stanza, const char *type);

/**
 * motet_iq_result:
 * @iq: (borrowed) a request
 *
 * Returns: (own) an empty iq of type result for it, as of motet_stanza_reply()
 *
 * Source: RFC 6120 section 8.2.3
 */
MOTET_API MotetXml *motet_iq_result(const MotetXml *iq);

/**
 * motet_stanza_error:
 * @stanza: (borrowed) what is refused
 * @condition: a stanza error condition
 * @text: human readable explanation in English, or NULL
 *
 * Returns: (own) the error reply of RFC 6120 section 8.3, with the type that belongs to
 * @condition; NULL when @stanza is itself of type error (or an iq of type result), which must not
 * be answered (section 8.3.1)
 */
MOTET_API MotetXml *motet_stanza_error(const MotetXml *stanza, MotetCondition condition,
                                       const char *text);

/**
 * motet_stanza_error_of_type:
 * @stanza: (borrowed) what is refused
 * @condition: a stanza error condition
 * @type: "auth", "cancel", "continue", "modify" or "wait"
 *
 * motet_stanza_error() with another type than belongs to @condition. A failure of ours that may
 * pass, such as that of a store, is of type "wait" and has the condition that
 * motet_store_condition() says.
 *
 * Returns: (own) as motet_stanza_error()
 *
 * Source: RFC 6120 section 8.3.2
 */
MOTET_API MotetXml *motet_stanza_error_of_type(const MotetXml *stanza, MotetCondition condition,
                                               const char *type, const char *text);

/**
 * motet_iq_new:
 * @type: "get" or "set"
 * @from, @to: (borrowed) addresses, or NULL
 *
 * Makes a request for motet_iq_send(), which sets its id; it needs a child to be legal.
 *
 * Returns: (own) an iq without children
 */
MOTET_API MotetXml *motet_iq_new(const char *type, const char *from, const char *to);

G_END_DECLS
