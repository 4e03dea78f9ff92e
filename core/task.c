/*
 * task: a module's time, random numbers, timers, deferred calls and offloaded work.
 */
#include <motet/task.h>

#include "core/host.h"
#include "core/list.h"
#include "core/meter.h"
#include "core/session.h"

#define MAX_RANDOM_ID 64

int64_t
motet_now(MotetModule *self)
{
        return loop_now(self->server->loop);
}

int64_t
motet_wall_now(MotetModule *self)
{
        return loop_wall_now(self->server->loop);
}

void
motet_random(MotetModule *self, void *buffer, size_t n)
{
        self->server->random(buffer, n);
}

char *
motet_random_id(MotetModule *self, size_t bytes)
{
        g_return_val_if_fail(bytes > 0 && bytes <= MAX_RANDOM_ID, NULL);

        return host_random_id(self->server, bytes);
}

struct MotetTimer {
        Owned owned;
        SessionTie tie;
        LoopTimer timer;
        MotetServer *server;
        MotetTimerFunc func;
        void *data;
        int64_t period; /* 0: it fires once */
        bool firing;    /* its function is on the stack */
        bool gone;      /* cancelled meanwhile */
};

static void
timer_drop(MotetTimer *timer)
{
        owned_remove(&timer->owned);
        session_untie(&timer->tie);
        loop_timer_cancel(timer->server->loop, &timer->timer);
        timer->gone = true;
        if (!timer->firing)
                g_free(timer);
}

static void
drop_timer(Owned *owned)
{
        timer_drop(CONTAINER_OF(owned, MotetTimer, owned));
}

static void
cut_timer(SessionTie *tie)
{
        timer_drop(CONTAINER_OF(tie, MotetTimer, tie));
}

/* The next whole period that is still to come. */
static void
arm_again(MotetTimer *timer)
{
        Loop *loop = timer->server->loop;
        int64_t late = loop_now(loop) - timer->timer.deadline;

        loop_timer_arm(loop, &timer->timer, timer->period - late % timer->period);
}

static void
fire_timer(LoopTimer *loop_timer)
{
        MotetTimer *timer = CONTAINER_OF(loop_timer, MotetTimer, timer);
        MotetModule *self = timer->owned.owner;
        MeterFrame frame;

        if (timer->period > 0)
                arm_again(timer);
        timer->firing = true;
        InstanceCall before = instance_enter(self, "timer");
        meter_enter(&frame, self);
        timer->func(self, timer, timer->data);
        timer->firing = false;
        if (timer->gone)
                g_free(timer);
        else if (!loop_timer_is_armed(&timer->timer))
                timer_drop(timer);
        meter_leave(&frame, self->server);
        instance_leave(self, before);
}

static MotetTimer *
timer_new(MotetModule *self, MotetSession *session, GTimeSpan delay, MotetTimerFunc func,
          void *data)
{
        if (session && session->priv->destroyed)
                return NULL;

        MotetTimer *timer = g_new0(MotetTimer, 1);
        timer->server = self->server;
        timer->func = func;
        timer->data = data;
        timer->timer.func = fire_timer;
        owned_add(&timer->owned, self, drop_timer);
        if (session)
                session_tie(session, &timer->tie, cut_timer);
        loop_timer_arm(self->server->loop, &timer->timer, delay);
        return timer;
}

MotetTimer *
motet_timer_add(MotetModule *self, MotetSession *session, GTimeSpan delay, MotetTimerFunc func,
                void *data)
{
        g_return_val_if_fail(self && func && delay >= 0, NULL);

        return timer_new(self, session, delay, func, data);
}

MotetTimer *
motet_timer_every(MotetModule *self, MotetSession *session, GTimeSpan period, MotetTimerFunc func,
                  void *data)
{
        g_return_val_if_fail(self && func && period > 0, NULL);

        MotetTimer *timer = timer_new(self, session, period, func, data);
        if (timer)
                timer->period = period;
        return timer;
}

void
motet_timer_spread(MotetTimer *timer)
{
        g_return_if_fail(timer && timer->period > 0);
        uint64_t random;

        timer->server->random(&random, sizeof(random));
        if (!timer->gone)
                loop_timer_arm(timer->server->loop, &timer->timer,
                               1 + (int64_t)(random % (uint64_t)timer->period));
}

void
motet_timer_rearm(MotetTimer *timer, GTimeSpan delay)
{
        g_return_if_fail(timer && delay >= 0);

        if (!timer->gone)
                loop_timer_arm(timer->server->loop, &timer->timer, delay);
}

void
motet_timer_cancel(MotetTimer *timer)
{
        if (timer && !timer->gone)
                timer_drop(timer);
}

typedef struct {
        Owned owned;
        LoopJob job;
        MotetServer *server;
        void (*func)(MotetModule *self, void *data);
        void *data;
        GDestroyNotify free_func;
} Deferred;

static void
deferred_free(Deferred *deferred)
{
        owned_remove(&deferred->owned);
        loop_job_cancel(deferred->server->loop, &deferred->job);
        if (deferred->free_func)
                deferred->free_func(deferred->data);
        g_free(deferred);
}

static void
drop_deferred(Owned *owned)
{
        deferred_free(CONTAINER_OF(owned, Deferred, owned));
}

static void
run_deferred(LoopJob *job)
{
        Deferred *deferred = CONTAINER_OF(job, Deferred, job);
        MotetModule *self = deferred->owned.owner;
        MeterFrame frame;

        /* From here on it is ours alone, also when its function stops its own module. */
        owned_remove(&deferred->owned);
        InstanceCall before = instance_enter(self, "deferred call");
        meter_enter(&frame, self);
        deferred->func(self, deferred->data);
        deferred_free(deferred);
        meter_leave(&frame, self->server);
        instance_leave(self, before);
}

void
motet_defer(MotetModule *self, void (*func)(MotetModule *self, void *data), void *data,
            GDestroyNotify free_func)
{
        g_return_if_fail(self && func);

        Deferred *deferred = g_new0(Deferred, 1);
        deferred->server = self->server;
        deferred->func = func;
        deferred->data = data;
        deferred->free_func = free_func;
        deferred->job.func = run_deferred;
        deferred->owned.underway = true;
        owned_add(&deferred->owned, self, drop_deferred);
        loop_defer(self->server->loop, &deferred->job);
}

typedef struct {
        Owned owned;       /* its owner is NULL once the module has stopped */
        MotetModule *self; /* stays until busy is 0 */
        MotetWorkFunc work;
        MotetDoneFunc done;
        void *data;
        GDestroyNotify free_func;
} Offload;

static void
run_work(void *data)
{
        Offload *offload = data;

        activity_set(offload->self->who, "job");
        offload->work(offload->data);
        activity_set(NULL, NULL);
}

static void
run_done(void *data)
{
        Offload *offload = data;
        MotetModule *self = offload->self;
        MeterFrame frame;
        bool is_owned = offload->owned.owner != NULL;

        owned_remove(&offload->owned);
        InstanceCall before = instance_enter(self, "result of a job");
        meter_enter(&frame, self);
        if (is_owned && offload->done)
                offload->done(self, offload->data);
        if (offload->free_func)
                offload->free_func(offload->data);
        g_free(offload);
        meter_leave(&frame, self->server);
        instance_leave(self, before);
        self->busy--;
}

bool
motet_offload(MotetModule *self, MotetWorkFunc work, MotetDoneFunc done, void *data,
              GDestroyNotify free_func)
{
        g_return_val_if_fail(self && work, false);

        Offload *offload = g_new0(Offload, 1);
        offload->self = self;
        offload->work = work;
        offload->done = done;
        offload->data = data;
        offload->free_func = free_func;
        if (!loop_offload(self->server->loop, run_work, run_done, offload)) {
                if (free_func)
                        free_func(data);
                g_free(offload);
                return false;
        }
        self->busy++;
        owned_add(&offload->owned, self, owned_remove);
        return true;
}
