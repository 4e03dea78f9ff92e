/*
 * service-message: service "message" of a host: the one place that knows where a message to an
 * account goes.
 *
 * Source: RFC 6121 sections 5.2.2 and 8.5.
 */
#pragma once

#include <motet/jid.h>
#include <motet/session.h>

G_BEGIN_DECLS

/**
 * MotetMessageType: the type of a message.
 *
 * Source: RFC 6121 section 5.2.2
 */
typedef enum {
        MOTET_MESSAGE_NORMAL,    /* also without a type or with one that is unknown */
        MOTET_MESSAGE_CHAT,      /* "chat" */
        MOTET_MESSAGE_GROUPCHAT, /* "groupchat" */
        MOTET_MESSAGE_HEADLINE,  /* "headline" */
        MOTET_MESSAGE_ERROR,     /* "error" */
        MOTET_N_MESSAGE_TYPES,   /* how many there are */
} MotetMessageType;

/** MotetMessageVerdict: where a message goes. */
typedef enum {
        MOTET_MESSAGE_DELIVER, /* to the sessions found */
        MOTET_MESSAGE_STORE,   /* nobody is there: kept for later by who can, else answered with
                                  service-unavailable */
        MOTET_MESSAGE_REFUSE,  /* answered with service-unavailable */
        MOTET_MESSAGE_DROP,    /* silently ignored */
} MotetMessageVerdict;

/**
 * MotetMessageService: service "message".
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /** type: Returns: the type of a message stanza */
        MotetMessageType (*type)(const MotetXml *stanza);
        /**
         * classify:
         * @to: (borrowed) an address on the provider's host, with localpart
         * @type: of the message
         * @sessions: when not NULL, the (borrowed) sessions of a DELIVER are appended
         *
         * Returns: where a message of @type goes now
         */
        MotetMessageVerdict (*classify)(MotetModule *provider, const MotetJid *to,
                                        MotetMessageType type, GPtrArray *sessions);
} MotetMessageService;

G_END_DECLS
