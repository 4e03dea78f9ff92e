/*
 * blocker: keeps everybody waiting as long as it is asked to.
 */
#include <motet/module.h>
#include <motet/session.h>
#include <motet/stanza.h>

static MotetResult
block(MotetModule *self, MotetStanzaEvent *ev)
{
        const char *text = motet_xml_attr(ev->payload, "ms");
        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);
        guint64 ms = 0;

        (void)self;
        if (text)
                g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &ms, NULL);
        int64_t until = g_get_monotonic_time() + (int64_t)ms * G_TIME_SPAN_MILLISECOND;
        while (g_get_monotonic_time() < until)
                g_usleep(1000);
        motet_session_send(ev->session, result);
        return MOTET_HANDLED;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/urn:test:blocker:go", block, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "blocker",
        .summary = "Keep everybody waiting",
        .hooks = hooks,
};
