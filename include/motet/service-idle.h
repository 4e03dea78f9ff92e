/*
 * service-idle: service "idle" of a host: how long a client may be silent.
 *
 * For who tells clients when they have to say something.
 *
 * Source: RFC 6120 section 4.6.
 */
#pragma once

#include <motet/session.h>
#include <motet/types.h>

G_BEGIN_DECLS

/**
 * MotetIdleService: service "idle".
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /**
         * limit:
         * @session: (borrowed) of a client that has logged in
         *
         * Returns: µs without a byte from @session after which it is asked whether it is there, or
         * closed; 0: it may be silent for ever
         */
        GTimeSpan (*limit)(MotetModule *provider, const MotetSession *session);
} MotetIdleService;

G_END_DECLS
