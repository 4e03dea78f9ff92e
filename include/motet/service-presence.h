/*
 * service-presence: the moments of a session's availability, and service "presence" of a host: what
 * accounts said last.
 *
 * Each moment is a custom event on the session's host whose payload is the MotetPresenceChange
 * below. They are fired after the session's fields were set and everybody was told; HANDLED is
 * ignored.
 *
 * Source: RFC 6121 section 4.
 */
#pragma once

#include <motet/session.h>

G_BEGIN_DECLS

/**
 * MotetPresenceChange: what a session's availability was and is.
 *
 * Growth: none within a major number of MOTET_ABI, as it is made and read by different modules.
 */
typedef struct {
        MotetSession *session;  /* (borrowed) whose */
        const MotetXml *stanza; /* the presence, of type unavailable for presence-unavailable */
        bool was_available;     /* before */
        int8_t old_priority;    /* before; 0 unless was_available */
} MotetPresenceChange;

#define MOTET_EVENT_PRESENCE_INITIAL "presence-initial" /* became available (4.2) */
#define MOTET_EVENT_PRESENCE_CHANGED                                                               \
        "presence-changed" /* available as before, with another presence (4.4) */
#define MOTET_EVENT_PRESENCE_UNAVAILABLE                                                           \
        "presence-unavailable" /* no longer available, also by losing its stream (4.5) */

/**
 * MotetPresenceService: service "presence".
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /**
         * last: @account has no available resource
         * @when_out: when the last one went, in µs since 1970 UTC; 0: not known (any more)
         *
         * Returns: (borrowed) the unavailable presence it sent, when that had any content and is
         *   known; else NULL (4.3.2)
         */
        const MotetXml *(*last)(MotetModule *provider, const char *account, int64_t *when_out);
} MotetPresenceService;

G_END_DECLS
