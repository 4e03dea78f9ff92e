/*
 * loop_calls: a locked queue that is emptied whole; one wake-up however many calls came meanwhile.
 */
#include "core/loop_calls.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct LoopCall {
        LoopCall *next;
        void (*func)(void *data);
        void *data;
};

static LoopCall *
take_all(LoopCalls *calls)
{
        G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&calls->lock);

        LoopCall *taken = calls->first;
        calls->first = NULL;
        calls->end = &calls->first;
        return taken;
}

static void
on_calls(LoopWatch *watch, uint32_t events)
{
        (void)events;
        loop_calls_run(CONTAINER_OF(watch, LoopCalls, watch));
}

bool
loop_calls_init(LoopCalls *calls)
{
        *calls = (LoopCalls){
                .watch = {.func = on_calls, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
        };
        if (calls->watch.fd < 0)
                return false;
        g_mutex_init(&calls->lock);
        calls->end = &calls->first;
        return true;
}

void
loop_calls_clear(LoopCalls *calls)
{
        g_assert(calls->first == NULL);

        close(calls->watch.fd);
        g_mutex_clear(&calls->lock);
}

void
loop_calls_push(LoopCalls *calls, void (*func)(void *data), void *data)
{
        LoopCall *call = g_new(LoopCall, 1);
        *call = (LoopCall){.func = func, .data = data};

        G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&calls->lock);
        bool was_empty = calls->first == NULL;
        *calls->end = call;
        calls->end = &call->next;
        /* Under the lock, so that the descriptor cannot be closed between the call being made and
         * this write. */
        if (was_empty && eventfd_write(calls->watch.fd, 1) < 0)
                g_error("eventfd: %s", g_strerror(errno));
}

bool
loop_calls_run(LoopCalls *calls)
{
        eventfd_t count;

        /* Read before the queue is taken: a call pushed in between finds it not empty and is taken
         * along. */
        if (eventfd_read(calls->watch.fd, &count) < 0 && errno != EAGAIN)
                g_error("eventfd: %s", g_strerror(errno));

        LoopCall *taken = take_all(calls);
        bool any = taken != NULL;
        while (taken != NULL) {
                g_autofree LoopCall *call = taken;

                taken = call->next;
                call->func(call->data);
        }
        return any;
}
