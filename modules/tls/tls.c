/*
 * tls: offer STARTTLS and let nothing else happen before it where it is required.
 *
 * Implements  RFC 6120 section 5, RFC 7590 section 3.1
 * Hooks       stream-features, pre-stream, stream/urn:ietf:params:xml:ns:xmpp-tls:starttls
 * Options     required
 */
#include <motet/conn.h>
#include <motet/event.h>
#include <motet/module.h>
#include <motet/option.h>
#include <motet/session.h>
#include <motet/stanza.h>
#include <string.h>

#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"

/* Whether @session is a client before its login, in clear. */
static bool
is_in_clear(const MotetSession *session)
{
        return session->type == MOTET_SESSION_C2S_UNAUTHED && !motet_session_is_secure(session);
}

static MotetResult
offer_starttls(MotetModule *self, MotetFeaturesEvent *ev)
{
        if (!is_in_clear(ev->session))
                return MOTET_CONTINUE;

        bool required = motet_option_bool(self, "required");
        if (motet_session_can_starttls(ev->session)) {
                MotetXml *starttls = motet_xml_add(ev->features, "starttls", NS_TLS);
                if (required)
                        motet_xml_add(starttls, "required", NULL);
        }
        /* RFC 6120 5.3.1: what is mandatory to negotiate now stands alone. */
        return required ? MOTET_HANDLED : MOTET_CONTINUE;
}

static MotetResult
guard_stream(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!is_in_clear(ev->session) || !motet_option_bool(self, "required"))
                return MOTET_CONTINUE;

        /* SASL has an answer of its own: encryption-required (RFC 6120 6.5.4). */
        const char *ns = motet_xml_ns(ev->stanza);
        if (strcmp(ns, NS_TLS) == 0 || strcmp(ns, NS_SASL) == 0)
                return MOTET_CONTINUE;
        motet_session_close(ev->session, MOTET_POLICY_VIOLATION, "STARTTLS is required first");
        return MOTET_HANDLED;
}

static MotetResult
on_starttls(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        MotetSession *session = ev->session;
        if (session->username)
                return MOTET_CONTINUE;

        bool can = motet_session_can_starttls(session);
        g_autoptr(MotetXml) answer = motet_xml_new(can ? "proceed" : "failure", NS_TLS);

        motet_session_send(session, answer);
        /*
         * RFC 6120 5.4.2.2: a failure ends the stream. On a secure stream this is the only answer.
         */
        if (can)
                motet_session_starttls(session);
        else
                motet_session_close(session, MOTET_CONDITION_NONE, NULL);
        return MOTET_HANDLED;
}

static const MotetHook hooks[] = {
        MOTET_ON_FEATURES("stream-features", offer_starttls, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-stream", guard_stream, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("stream/" NS_TLS ":starttls", on_starttls, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "required",
                .type = MOTET_OPTION_BOOL,
                .fallback = "true",
                .help = "offer and accept nothing but STARTTLS on streams in clear",
        },
        {0},
};

static const MotetRisk risks[] = {
        {
                .text = "clients may go on without TLS",
                .kind = MOTET_RISK_IN_CLEAR,
                .option = "required",
                .value = "false",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "tls",
        .summary = "Offer STARTTLS, and require it",
        .specs = MOTET_LIST("RFC6120", "RFC7590"),
        .options = options,
        .hooks = hooks,
        .risks = risks,
        .guards = true,
};
