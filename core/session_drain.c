/*
 * session_drain: who is called when the queue of a session has drained.
 *
 * Each is an owned thing of its module and tied to the session, as timers are; without any, the
 * connection is not asked to tell.
 */
#include "core/list.h"
#include "core/meter.h"
#include "core/session.h"

typedef struct {
        Owned owned;
        SessionTie tie;
        MotetDrainedFunc func;
} Drain;

static void
drain_free(Drain *drain)
{
        owned_remove(&drain->owned);
        session_untie(&drain->tie);
        g_free(drain);
}

static void
drop_drain(Owned *owned)
{
        drain_free(CONTAINER_OF(owned, Drain, owned));
}

static void
cut_drain(SessionTie *tie)
{
        drain_free(CONTAINER_OF(tie, Drain, tie));
}

static bool
is_asked(const MotetSession *session, const MotetModule *self, MotetDrainedFunc func)
{
        const List *ties = &session->priv->ties;

        for (const List *link = ties->next; link != ties; link = link->next) {
                const SessionTie *tie = CONTAINER_OF(link, const SessionTie, link);
                const Drain *drain = CONTAINER_OF(tie, const Drain, tie);
                if (tie->cut == cut_drain && drain->owned.owner == self && drain->func == func)
                        return true;
        }
        return false;
}

bool
motet_session_await_drained(MotetSession *session, MotetModule *self, MotetDrainedFunc func)
{
        g_return_val_if_fail(session && self && func, false);

        if (!motet_session_is_connected(session))
                return false;
        if (!is_asked(session, self, func)) {
                Drain *drain = g_new0(Drain, 1);
                drain->func = func;
                owned_add(&drain->owned, self, drop_drain);
                session_tie(session, &drain->tie, cut_drain);
        }
        conn_await_drained(session->conn);
        return true;
}

static void
call(MotetSession *session, Drain *drain)
{
        MotetModule *self = drain->owned.owner;
        MotetDrainedFunc func = drain->func;
        MeterFrame frame;

        drain_free(drain);
        if (!motet_session_is_connected(session))
                return;
        InstanceCall before = instance_enter(self, "drained queue");
        meter_enter(&frame, self);
        func(self, session);
        meter_leave(&frame, self->server);
        instance_leave(self, before);
}

void
session_drained(MotetSession *session)
{
        List *ties = &session->priv->ties;
        List due;

        /* Who asks again, and whoever asks now, waits for the next time. */
        list_init(&due);
        for (List *link = ties->next; link != ties;) {
                SessionTie *tie = CONTAINER_OF(link, SessionTie, link);
                link = link->next;
                if (tie->cut != cut_drain)
                        continue;
                session_untie(tie);
                list_append(&due, &tie->link);
        }
        while (!list_is_empty(&due)) {
                SessionTie *tie = CONTAINER_OF(due.next, SessionTie, link);
                call(session, CONTAINER_OF(tie, Drain, tie));
        }
}
