/*
 * stream_limits: tell clients how much they may send at once, and how long they may be silent.
 *
 * Implements  XEP-0478 (0.2.0) section 3.1
 * Hooks       stream-features
 * Options     none
 *
 * Told are the limits in force for this very stream: those of a stranger before the login, those of
 * a user from then on (section 4). How long a stranger may take does not depend on what he sends,
 * so idle-seconds is for users only.
 */
#include <motet/module.h>
#include <motet/service-idle.h>
#include <motet/session.h>

#include <inttypes.h>

#define NS_LIMITS "urn:xmpp:stream-limits:0"

static void
add_number(MotetXml *limits, const char *name, uint64_t number)
{
        g_autofree char *text = g_strdup_printf("%" PRIu64, number);

        motet_xml_add_with_text(limits, name, NULL, text);
}

/*
 * Returns: whole seconds that @session may be silent, as who speaks that often is never late; 0:
 * nobody knows, or for ever
 */
static uint64_t
idle_seconds(MotetModule *self, const MotetSession *session)
{
        MotetModule *provider = NULL;
        const MotetIdleService *idle = motet_service(motet_module_host(self), "idle", &provider);

        if (!session->username || !idle)
                return 0;
        return (uint64_t)(idle->limit(provider, session) / G_TIME_SPAN_SECOND);
}

static MotetResult
tell_limits(MotetModule *self, MotetFeaturesEvent *ev)
{
        MotetXml *limits = motet_xml_add(ev->features, "limits", NS_LIMITS);
        uint64_t idle = idle_seconds(self, ev->session);

        add_number(limits, "max-bytes", motet_session_limits(ev->session)->stanza_bytes);
        if (idle > 0)
                add_number(limits, "idle-seconds", idle);
        return MOTET_CONTINUE;
}

static const MotetHook hooks[] = {
        MOTET_ON_FEATURES("stream-features", tell_limits, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "stream_limits",
        .summary = "Tell clients how much they may send at once",
        .wants = MOTET_LIST("service:idle"),
        .specs = MOTET_LIST("XEP-0478@0.2.0"),
        .hooks = hooks,
};
