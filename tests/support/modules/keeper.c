/*
 * keeper: counts what it is asked, in all and of each session, and keeps both when its code is
 * replaced. Other files here are newer versions of it.
 */
#include <motet/error.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/session.h>
#include <motet/stanza.h>
#include <motet/task.h>
#include <string.h>

#ifndef KEEPER_CODE
#define KEEPER_CODE "1"
#endif
#ifndef KEEPER_STATE
#define KEEPER_STATE 1
#endif
#ifndef KEEPER_REPLACE
#define KEEPER_REPLACE MOTET_REPLACE_BESIDE
#endif

typedef struct {
        uint32_t n;
} Keeper;

static MotetResult
answer_count(MotetModule *self, MotetStanzaEvent *ev)
{
        Keeper *keeper = motet_module_data(self);
        uint32_t *mine = motet_session_data(ev->session, self);
        g_autoptr(MotetXml) reply = motet_iq_result(ev->stanza);
        MotetXml *count = motet_xml_add(reply, "count", "urn:test:keeper");

        if (!mine) {
                mine = g_new0(uint32_t, 1);
                motet_session_set_data(ev->session, self, mine, g_free);
        }
        g_autofree char *all = g_strdup_printf("%u", ++keeper->n);
        g_autofree char *own = g_strdup_printf("%u", ++*mine);
        motet_xml_set_attr(count, "code", KEEPER_CODE);
        motet_xml_set_attr(count, "all", all);
        motet_xml_set_attr(count, "mine", own);
        motet_session_send(ev->session, reply);
        return MOTET_HANDLED;
}

static void
end_wait(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        motet_resume(data, MOTET_CONTINUE);
}

static MotetResult
take_time(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetWait *wait = motet_wait(self, &ev->event, G_TIME_SPAN_MINUTE, MOTET_DEADLINE_CONTINUE);

        motet_timer_add(self, NULL, 5 * G_TIME_SPAN_SECOND, end_wait, wait);
        return MOTET_WAIT;
}

static bool
load(MotetModule *self, GError **error)
{
        motet_info("load " KEEPER_CODE);
#ifdef KEEPER_FAILS
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "not this code");
        (void)self;
        return false;
#else
        (void)error;
        motet_module_set_data(self, g_new0(Keeper, 1), g_free);
        return true;
#endif
}

static void
unload(MotetModule *self)
{
        (void)self;
        motet_info("unload " KEEPER_CODE);
}

static GBytes *
save(MotetModule *self)
{
        const Keeper *keeper = motet_module_data(self);

        return g_bytes_new(&keeper->n, sizeof keeper->n);
}

static bool
restore(MotetModule *self, GBytes *state, GError **error)
{
        Keeper *keeper = motet_module_data(self);

#ifdef KEEPER_REFUSES
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "no such state");
        (void)keeper;
        (void)state;
        return false;
#else
        (void)error;
        g_assert(motet_module_state_version(self) >= 1);
        memcpy(&keeper->n, g_bytes_get_data(state, NULL), sizeof keeper->n);
        return true;
#endif
}

static GBytes *
save_session(MotetModule *self, MotetSession *session)
{
        return g_bytes_new(motet_session_data(session, self), sizeof(uint32_t));
}

static bool
restore_session(MotetModule *self, MotetSession *session, GBytes *state, GError **error)
{
        gsize n;
        const void *bytes = g_bytes_get_data(state, &n);

        (void)error;
        motet_session_set_data(session, self, g_memdup2(bytes, n), g_free);
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/urn:test:keeper:count", answer_count, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/urn:test:keeper:wait", take_time, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "keeper",
        .version = KEEPER_CODE,
        .summary = "Count",
        .hooks = hooks,
        .load = load,
        .unload = unload,
        .save = save,
        .restore = restore,
        .replace = KEEPER_REPLACE,
        .state_version = KEEPER_STATE,
        .state_oldest = KEEPER_STATE > 1 ? KEEPER_STATE - 1 : 1,
        .save_session = save_session,
        .restore_session = restore_session,
};
