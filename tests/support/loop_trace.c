/*
 * loop_trace: what a loop called, in order.
 */
#include "support/loop_trace.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

void
loop_trace_init(LoopTrace *trace, bool driven)
{
        trace->loop = loop_new(driven);
        trace->log = g_string_new(NULL);
}

void
loop_trace_clear(LoopTrace *trace)
{
        loop_free(trace->loop);
        g_string_free(trace->log, TRUE);
}

static void
on_job(LoopJob *job)
{
        LoopItem *item = CONTAINER_OF(job, LoopItem, job);

        item->calls++;
        g_string_append(item->trace->log, item->name);
}

static void
on_timer(LoopTimer *timer)
{
        LoopItem *item = CONTAINER_OF(timer, LoopItem, timer);

        item->calls++;
        item->fired_at = loop_now(item->trace->loop);
        g_string_append(item->trace->log, item->name);
}

static void
on_watch(LoopWatch *watch, uint32_t events)
{
        LoopItem *item = CONTAINER_OF(watch, LoopItem, watch);

        (void)events;
        item->calls++;
        g_string_append(item->trace->log, item->name);
}

void
loop_item_init(LoopItem *item, LoopTrace *trace, const char *name)
{
        *item = (LoopItem){
                .job.func = on_job,
                .timer.func = on_timer,
                .watch = {.func = on_watch, .fd = -1},
                .trace = trace,
                .name = name,
        };
}

void
loop_item_watch_ready(LoopItem *item)
{
        item->watch.fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        g_assert_cmpint(item->watch.fd, >=, 0);
        g_assert_true(loop_watch(item->trace->loop, &item->watch, EPOLLIN, NULL));
}

void
loop_item_unwatch(LoopItem *item)
{
        g_assert_true(loop_watch(item->trace->loop, &item->watch, 0, NULL));
        close(item->watch.fd);
}
