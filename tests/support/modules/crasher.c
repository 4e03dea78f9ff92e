/*
 * crasher: crashes the server when it is asked to, in the way it is asked to.
 */
#include <motet/module.h>
#include <motet/session.h>
#include <motet/stanza.h>
#include <motet/task.h>
#include <stdlib.h>
#include <string.h>

static const MotetOption options[] = {
        {"at_load", MOTET_OPTION_BOOL, "false", 0, 0, NULL, "Crash while it is loaded."},
        {0},
};

/* Of the module's constant data: writing there is an invalid address on every machine. */
static const int constant[1024] = {1};

static void
crash(void)
{
        volatile int *address = (volatile int *)(uintptr_t)&constant[512];

        *address = 1;
}

static void
crash_in_job(void *data)
{
        (void)data;
        crash();
}

static void
crash_in_timer(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self, (void)timer, (void)data;
        crash();
}

static MotetResult
obey(MotetModule *self, MotetStanzaEvent *ev)
{
        const char *how = motet_xml_attr(ev->payload, "how");
        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);

        if (g_strcmp0(how, "here") == 0)
                crash();
        if (g_strcmp0(how, "abort") == 0)
                abort();
        if (g_strcmp0(how, "job") == 0)
                motet_offload(self, crash_in_job, NULL, NULL, NULL);
        if (g_strcmp0(how, "timer") == 0)
                motet_timer_add(self, NULL, 0, crash_in_timer, NULL);
        motet_session_send(ev->session, result);
        return MOTET_HANDLED;
}

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        if (motet_option_bool(self, "at_load"))
                crash();
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/urn:test:crasher:go", obey, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "crasher",
        .summary = "Crash",
        .options = options,
        .hooks = hooks,
        .load = load,
};
