/*
 * spare: when to give memory back.
 */
#include "core/spare.h"

#include <inttypes.h>
#include <motet/log.h>

#include "core/heap.h"
#include "core/process.h"

struct Spare {
        Loop *loop;
        LoopTimer timer;
        SpareHeap heap;
        uint64_t turns;            /* when it was looked at last */
        uint64_t resident, unused; /* when it was given back last */
};

static uint64_t
count_turns(void *data)
{
        return histogram_count(&loop_counters(data)->turns);
}

static uint64_t
measure_resident(void *data)
{
        (void)data;
        return process_usage().resident;
}

static uint64_t
measure_unused(void *data)
{
        (void)data;
        return heap_unused();
}

static void
give_back(void *data)
{
        (void)data;
        heap_give_back();
}

static bool
was_quiet(Spare *spare)
{
        uint64_t before = spare->turns;

        spare->turns = spare->heap.turns(spare->heap.data);
        return spare->turns - before <= SPARE_QUIET_TURNS;
}

/*
 * What was given back is unused still, so more must be than after the last time; or it was needed
 * again meanwhile, which the process's memory shows.
 */
static void
look(Spare *spare)
{
        const SpareHeap *heap = &spare->heap;
        uint64_t unused = heap->unused(heap->data);
        uint64_t resident = heap->resident(heap->data);

        if (unused < SPARE_MIN ||
            (unused < spare->unused + SPARE_MIN && resident < spare->resident + SPARE_MIN))
                return;
        heap->give_back(heap->data);
        spare->unused = heap->unused(heap->data);
        spare->resident = heap->resident(heap->data);
        motet_debug("memory of %" PRIu64 " KiB is given back, %" PRIu64 " KiB are in use",
                    resident > spare->resident ? (resident - spare->resident) / 1024 : 0,
                    spare->resident / 1024);
}

static void
on_minute(LoopTimer *timer)
{
        Spare *spare = CONTAINER_OF(timer, Spare, timer);

        loop_timer_arm(spare->loop, timer, SPARE_INTERVAL);
        if (was_quiet(spare))
                look(spare);
}

Spare *
spare_new(Loop *loop, const SpareHeap *heap)
{
        static const SpareHeap own = {.turns = count_turns,
                                      .resident = measure_resident,
                                      .unused = measure_unused,
                                      .give_back = give_back};
        Spare *spare = g_new0(Spare, 1);

        spare->loop = loop;
        spare->heap = heap ? *heap : own;
        if (!heap)
                spare->heap.data = loop;
        spare->turns = spare->heap.turns(spare->heap.data);
        spare->resident = spare->heap.resident(spare->heap.data);
        spare->timer.func = on_minute;
        loop_timer_arm(loop, &spare->timer, SPARE_INTERVAL);
        return spare;
}

void
spare_free(Spare *spare)
{
        if (!spare)
                return;
        loop_timer_cancel(spare->loop, &spare->timer);
        g_free(spare);
}
