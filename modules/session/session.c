/*
 * session: let old clients "start a session" after binding; it does nothing.
 *
 * Implements  RFC 3921 section 3, obsolete; offered as optional, draft-cridland-xmpp-session-01
 * Hooks       stream-features, iq/self and iq/host/urn:ietf:params:xml:ns:xmpp-session:session
 * Options     none
 */
#include <motet/module.h>
#include <motet/router.h>
#include <motet/session.h>

#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"

static MotetResult
offer_session(MotetModule *self, MotetFeaturesEvent *ev)
{
        (void)self;

        if (ev->session->type != MOTET_SESSION_C2S)
                return MOTET_CONTINUE;

        MotetXml *feature = motet_xml_add(ev->features, "session", NS_SESSION);

        motet_xml_add(feature, "optional", NULL);
        return MOTET_CONTINUE;
}

static MotetResult
start_session(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        if (ev->session == NULL || ev->session->type != MOTET_SESSION_C2S)
                return MOTET_CONTINUE;
        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "set") != 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);

        return motet_reply(ev, result);
}

/* RFC 3921 section 3 addresses the request to the server, clients often leave the address out. */
static const MotetHook hooks[] = {
        MOTET_ON_FEATURES("stream-features", offer_session, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_SESSION ":session", start_session, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS_SESSION ":session", start_session, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "session",
        .summary = "Let old clients start a session after binding",
        .specs = MOTET_LIST("RFC3921"),
        .wants = MOTET_LIST("bind"),
        .hooks = hooks,
};
