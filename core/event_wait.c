/*
 * event_wait: parking a chain and going on with it.
 */
#include "core/event_wait.h"

#include "core/list.h"
#include "core/session.h"

typedef enum { PENDING, CONTINUED, HANDLED, REFUSED, CANCELLED } Settled;

struct MotetWait {
        Owned owned;    /* the module's part, until motet_resume() */
        SessionTie tie; /* tied to the session, when there is one */
        List link;      /* in server->waits otherwise */
        LoopTimer timer;
        LoopJob job; /* going on after the module was dropped */
        MotetServer *server;
        MotetSession *session; /* (own) NULL: none */
        MotetHost *host;       /* (own) of the payload when it was parked */
        EventRun run;          /* its strings are owned by text */
        union {
                MotetEvent head;
                MotetStanzaEvent stanza;
                MotetSessionEvent session;
        } payload;
        char *resource, *text; /* owned copies behind the payload and the run */
        MotetDeadline at_deadline;
        Settled settled;
        bool on_stack; /* the handler that took it has not returned yet */
        bool parks;    /* counted in the session's parked */
        unsigned refs; /* the module's, the chain's */
};

static void
wait_unref(MotetWait *wait)
{
        if (--wait->refs == 0)
                g_free(wait);
}

static void
copy_payload(MotetWait *wait, const MotetEvent *event)
{
        if (event->kind == MOTET_EVENT_STANZA) {
                MotetStanzaEvent *ev = &wait->payload.stanza;
                *ev = *(const MotetStanzaEvent *)event;
                motet_xml_ref(ev->stanza);
                if (ev->from)
                        motet_jid_ref(ev->from);
                if (ev->to)
                        motet_jid_ref(ev->to);
                wait->session = ev->session;
        } else {
                MotetSessionEvent *ev = &wait->payload.session;
                *ev = *(const MotetSessionEvent *)event;
                ev->resource = wait->resource = g_strdup(ev->resource);
                wait->session = ev->session;
        }
        if (wait->session)
                motet_session_ref(wait->session);
        wait->host = event->host ? host_ref(event->host) : NULL;
        wait->payload.head.run = &wait->run;
}

static void
clear_payload(MotetWait *wait)
{
        if (wait->payload.head.kind == MOTET_EVENT_STANZA) {
                motet_xml_unref(wait->payload.stanza.stanza);
                motet_jid_unref(wait->payload.stanza.from);
                motet_jid_unref(wait->payload.stanza.to);
        }
        host_unref(wait->host);
        g_clear_pointer(&wait->resource, g_free);
        g_clear_pointer(&wait->text, g_free);
        g_clear_pointer(&wait->run.chain, event_chain_unref);
}

/* The chain goes on, or ends, and lets go of the token. */
static void
finish(MotetWait *wait)
{
        EventRun *run = &wait->run;
        MotetEvent *ev = &wait->payload.head;

        session_untie(&wait->tie);
        list_unlink(&wait->link);
        loop_timer_cancel(wait->server->loop, &wait->timer);
        loop_job_cancel(wait->server->loop, &wait->job);
        if (wait->settled == REFUSED) {
                run->end = EVENT_END_REFUSED;
                if (ev->kind == MOTET_EVENT_SESSION) {
                        wait->payload.session.condition = run->condition;
                        wait->payload.session.text = run->text;
                }
        } else if (wait->settled == CANCELLED) {
                run->end = EVENT_END_CANCELLED;
        }

        if (wait->settled == CONTINUED)
                event_go(ev);
        else
                run->after(ev, MOTET_HANDLED);

        clear_payload(wait);
        if (wait->parks)
                session_unpark(wait->session);
        motet_session_unref(wait->session);
        wait_unref(wait);
}

/* Whatever comes first decides; later ones find the token settled. */
static void
settle(MotetWait *wait, Settled how)
{
        if (wait->settled != PENDING)
                return;

        wait->settled = how;
        /* Nobody waits for the token any more: a module that forgot it can be replaced all the
         * same. */
        wait->owned.underway = false;
        if (!wait->on_stack)
                finish(wait);
}

static void
settle_refused(MotetWait *wait, MotetCondition condition, const char *text)
{
        if (wait->settled != PENDING)
                return;

        wait->text = g_strdup(text);
        wait->run.condition = condition;
        wait->run.text = wait->text;
        settle(wait, REFUSED);
}

/* What takes too long has too much before it: who asked is to come again (RFC 6120 4.9.3.17 and
 * 8.3.3.18). */
static void
pass_deadline(LoopTimer *timer)
{
        MotetWait *wait = CONTAINER_OF(timer, MotetWait, timer);

        if (wait->at_deadline == MOTET_DEADLINE_REFUSE)
                settle_refused(wait, MOTET_RESOURCE_CONSTRAINT, "this takes too long");
        else
                settle(wait, CONTINUED);
}

static void
cut_session(SessionTie *tie)
{
        settle(CONTAINER_OF(tie, MotetWait, tie), CANCELLED);
}

static void
free_leftover(Owned *owned)
{
        MotetWait *wait = CONTAINER_OF(owned, MotetWait, owned);

        owned_remove(owned);
        wait_unref(wait);
}

static void
go_on_without_module(LoopJob *job)
{
        settle(CONTAINER_OF(job, MotetWait, job), CONTINUED);
}

/* The module stops. Other modules' hooks must not run in the middle of that, so the chain goes on
 * from the loop. */
static void
drop_module(Owned *owned)
{
        MotetWait *wait = CONTAINER_OF(owned, MotetWait, owned);
        MotetModule *owner = owned->owner;

        owned_remove(owned);
        owned_leave(owned, owner, free_leftover);
        if (wait->settled == PENDING)
                loop_defer(wait->server->loop, &wait->job);
}

MotetWait *
motet_wait(MotetModule *self, MotetEvent *event, GTimeSpan timeout, MotetDeadline at_deadline)
{
        g_return_val_if_fail(self && event && event->run && timeout > 0, NULL);
        g_return_val_if_fail(event->run->after && !event->run->wait, NULL);

        MotetWait *wait = g_new0(MotetWait, 1);
        wait->server = self->server;
        wait->at_deadline = at_deadline;
        wait->on_stack = true;
        wait->refs = 2;
        wait->run = *event->run;
        event_chain_ref(wait->run.chain);
        wait->timer.func = pass_deadline;
        wait->job.func = go_on_without_module;
        copy_payload(wait, event);

        wait->owned.underway = true;
        owned_add(&wait->owned, self, drop_module);
        loop_timer_arm(wait->server->loop, &wait->timer, timeout);
        if (!wait->session) {
                list_append(&wait->server->waits, &wait->link);
        } else if (wait->session->priv->destroyed) {
                wait->settled = CANCELLED;
        } else {
                session_tie(wait->session, &wait->tie, cut_session);
                session_park(wait->session);
                wait->parks = true;
        }
        event->run->wait = wait;
        return wait;
}

void
event_wait_parked(MotetWait *wait)
{
        wait->on_stack = false;
        if (wait->settled != PENDING)
                finish(wait);
}

/* The chain goes on where it was, as if nobody had taken the token. */
void
event_wait_unused(MotetWait *wait)
{
        wait->settled = CANCELLED;
        wait->run.after = NULL;
        session_untie(&wait->tie);
        list_unlink(&wait->link);
        loop_timer_cancel(wait->server->loop, &wait->timer);
        loop_job_cancel(wait->server->loop, &wait->job);
        clear_payload(wait);
        if (wait->parks)
                session_unpark(wait->session);
        motet_session_unref(wait->session);
        wait_unref(wait);
}

void
motet_resume(MotetWait *wait, MotetResult verdict)
{
        g_return_if_fail(wait && verdict != MOTET_WAIT);

        owned_remove(&wait->owned);
        /* Of a module that stops the chain goes on from the loop already. */
        if (verdict == MOTET_HANDLED)
                settle(wait, HANDLED);
        else if (!loop_job_is_queued(&wait->job))
                settle(wait, CONTINUED);
        wait_unref(wait);
}

void
motet_resume_refuse(MotetWait *wait, MotetCondition condition, const char *text)
{
        g_return_if_fail(wait && condition != MOTET_CONDITION_NONE);

        owned_remove(&wait->owned);
        if (condition == MOTET_INTERNAL_SERVER_ERROR)
                condition = server_failure_condition(wait->server);
        settle_refused(wait, condition, text);
        wait_unref(wait);
}

bool
motet_wait_is_live(const MotetWait *wait)
{
        return wait->settled == PENDING;
}

unsigned
event_wait_n_held(const MotetModule *instance)
{
        unsigned n = 0;

        for (const List *link = instance->owned.next; link != &instance->owned; link = link->next)
                n += CONTAINER_OF(link, const Owned, link)->drop == drop_module;
        return n;
}

void
event_wait_cancel_all(MotetServer *server, const MotetHost *host)
{
        List *link = server->waits.next;

        while (link != &server->waits) {
                MotetWait *wait = CONTAINER_OF(link, MotetWait, link);
                link = link->next;
                if ((!host || wait->payload.head.host == host) && wait->settled == PENDING) {
                        settle(wait, CANCELLED);
                        /* Whoever cleans up may have changed the list. */
                        link = server->waits.next;
                }
        }
}
