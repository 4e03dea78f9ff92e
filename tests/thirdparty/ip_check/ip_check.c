/*
 * ip_check: tell clients which address the server sees them at.
 *
 * Implements  XEP-0279 (0.2)
 * Hooks       iq/self/urn:xmpp:sic:1:address, iq/host/urn:xmpp:sic:1:address,
 *             iq/bare/urn:xmpp:sic:1:address
 * Options     none
 *
 * An example of a module that answers requests (IQ).
 */
#include <motet/conn.h>
#include <motet/module.h>
#include <motet/router.h>

#define NS_IP_CHECK "urn:xmpp:sic:1"

/* Only the sender's own address is told, and only to a client of ours (section 4). */
static MotetResult
answer(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") != 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);
        if (!ev->session || !ev->session->conn)
                return motet_reply_error(ev, MOTET_FORBIDDEN, NULL);

        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);
        MotetXml *address = motet_xml_add(result, "address", NS_IP_CHECK);
        motet_xml_add_with_text(address, "ip", NULL, motet_conn_peer(ev->session->conn));
        return motet_reply(ev, result);
}

/* Section 4: whether there is such an account or not. */
static MotetResult
refuse_other(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        return motet_reply_error(ev, MOTET_FORBIDDEN, NULL);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/self/" NS_IP_CHECK ":address", answer, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS_IP_CHECK ":address", answer, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_IP_CHECK ":address", refuse_other, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "ip_check",
        .version = "1.0",
        .summary = "Tell clients which address the server sees them at",
        .license = "MIT",
        .specs = MOTET_LIST("XEP-0279@0.2"),
        .features = MOTET_LIST(NS_IP_CHECK),
        .hooks = hooks,
};
