/*
 * time: tell the server's time and its offset from UTC.
 *
 * Implements  XEP-0202 (2.0)
 * Hooks       iq/host/urn:xmpp:time:time, iq/self/urn:xmpp:time:time
 * Options     none
 */
#include <motet/module.h>
#include <motet/router.h>
#include <motet/task.h>

#include <stdlib.h>

#define NS_TIME "urn:xmpp:time"

/* XEP-0082 section 3.2: "+01:00"; of the two ways to write UTC the one that all clients read. */
static char *
offset_string(GTimeSpan offset)
{
        int minutes = (int)(offset / G_TIME_SPAN_MINUTE);

        return g_strdup_printf("%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60,
                               abs(minutes) % 60);
}

static MotetResult
answer(MotetModule *self, MotetStanzaEvent *ev)
{
        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") != 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        int64_t now = motet_wall_now(self);
        g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
        g_autoptr(GDateTime) local = g_date_time_to_local(utc);
        g_autofree char *text = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
        g_autofree char *offset = offset_string(g_date_time_get_utc_offset(local));
        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);
        MotetXml *time = motet_xml_add(result, "time", NS_TIME);

        motet_xml_add_with_text(time, "tzo", NULL, offset);
        motet_xml_add_with_text(time, "utc", NULL, text);
        return motet_reply(ev, result);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" NS_TIME ":time", answer, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_TIME ":time", answer, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "time",
        .summary = "Tell the server's time",
        .specs = MOTET_LIST("XEP-0202@2.0"),
        .features = MOTET_LIST(NS_TIME),
        .account_features = MOTET_LIST(NS_TIME),
        .hooks = hooks,
};
