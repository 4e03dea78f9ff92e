/*
 * leaker: registers something of every kind with each request, and gives nothing of it back.
 */
#include <motet/module.h>
#include <motet/router.h>
#include <motet/session.h>
#include <motet/stanza.h>
#include <motet/task.h>

#define LONG (GTimeSpan)(10 * G_TIME_SPAN_HOUR)

static void
do_nothing(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self, (void)timer, (void)data;
}

static MotetResult
ignore(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self, (void)ev;
        return MOTET_CONTINUE;
}

static void
ignore_reply(MotetModule *self, const MotetXml *reply, void *data)
{
        (void)self, (void)reply, (void)data;
}

static MotetResult
leak(MotetModule *self, MotetStanzaEvent *ev)
{
        static const MotetHook hook =
                MOTET_ON_STANZA("iq/host/urn:test:leaker:none", ignore, MOTET_PRIO_LATE);
        g_autoptr(MotetXml) request = motet_iq_new("get", ev->session->host, ev->session->full_jid);
        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);

        motet_xml_add(request, "question", "urn:test:leaker");
        for (unsigned i = 0; i < 10; i++) {
                motet_hook_add(self, &hook, NULL);
                motet_timer_add(self, NULL, LONG, do_nothing, NULL);
                motet_timer_add(self, ev->session, LONG, do_nothing, NULL);
        }
        motet_session_set_data(ev->session, self, g_strdup("kept with a session"), g_free);
        motet_module_set_data(self, g_strdup("kept"), g_free);
        motet_iq_send(self, ev->event.host, request, LONG, ignore_reply, NULL, NULL);
        motet_session_send(ev->session, result);
        return MOTET_HANDLED;
}

/* A token that nobody resumes. */
static MotetResult
forget(MotetModule *self, MotetStanzaEvent *ev)
{
        motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_REFUSE);
        return MOTET_WAIT;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/urn:test:leaker:leak", leak, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/urn:test:leaker:forget", forget, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "leaker",
        .summary = "Give nothing back",
        .hooks = hooks,
};
