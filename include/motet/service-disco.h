/*
 * service-disco: what service discovery tells beyond the descriptors of modules: forms, nodes,
 * items; and service "disco" of a host, which knows the whole of it.
 *
 * Source: XEP-0030, XEP-0128.
 */
#pragma once

#include <motet/jid.h>
#include <motet/types.h>
#include <motet/xml.h>

G_BEGIN_DECLS

#define MOTET_NS_DISCO_INFO "http://jabber.org/protocol/disco#info"   /* XEP-0030 section 3 */
#define MOTET_NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items" /* XEP-0030 section 4 */

/**
 * MotetDiscoQuery: a question on its way through the modules that may know something, made by who
 * asks.
 *
 * Growth: none within a major number of MOTET_ABI, as it is made and read by different modules.
 */
typedef struct {
        const MotetJid *from; /* who asks, and may be told; NULL: nobody, a hash is made */
        const char *account;  /* prepared localpart asked about; NULL: the host's address */
        const char *node;     /* NULL: the address itself */
        MotetXml *query;      /* the answer's <query/>: handlers add children */
} MotetDiscoQuery;

/*
 * Custom events on the host, payload MotetDiscoQuery, fired by the provider. Without a node every
 * handler may add to the answer, which has what the descriptors say already: features, identities
 * and forms (a form that depends on nothing but options is better declared there, MotetDiscoForm);
 * HANDLED is ignored but ends the chain. With a node, HANDLED means that the node is known and the
 * answer complete; a node that nobody knows is item-not-found. For an account they are fired only
 * for who may know: its own user, and contacts who may see its presence.
 */
#define MOTET_EVENT_DISCO_INFO "disco-info"   /* identities, features, forms (XEP-0128) */
#define MOTET_EVENT_DISCO_ITEMS "disco-items" /* items */

/**
 * MotetDiscoService: service "disco".
 *
 * Growth: none within a major number of MOTET_ABI: see MotetServiceDecl.
 */
typedef struct {
        /** info: fills query->query with all that is told about the host or account; its node is
         * ignored */
        void (*info)(MotetModule *provider, const MotetDiscoQuery *query);
} MotetDiscoService;

G_END_DECLS
