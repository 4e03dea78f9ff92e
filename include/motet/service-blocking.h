/*
 * service-blocking: service "blocking" of a host: whom the users do not want to hear of.
 *
 * What is routed is checked by the provider itself, both ways (inbound- and outbound- events). The
 * service is for who hands a session something that was kept from before.
 *
 * Source: XEP-0191.
 */
#pragma once

#include <motet/jid.h>
#include <motet/types.h>

G_BEGIN_DECLS

/**
 * MotetBlockingService: service "blocking".
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /**
         * is_blocked:
         * @account: prepared localpart of an account with a bound session; for another one the
         *   answer may be false although @jid is blocked
         * @jid: (borrowed) whom it is about
         *
         * Returns: whether nothing from @jid may be delivered to @account
         */
        bool (*is_blocked)(MotetModule *provider, const char *account, const MotetJid *jid);
} MotetBlockingService;

G_END_DECLS
