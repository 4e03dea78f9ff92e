/*
 * timer_wheel: see the header for the order of slots.
 */
#include "core/timer_wheel.h"

#define LEVEL_BITS 6

typedef struct {
        unsigned level, slot;
        int64_t start; /* first tick of its span */
} SlotPlace;

static unsigned
level_of(const TimerWheel *wheel, int64_t tick)
{
        uint64_t differing = (uint64_t)tick ^ (uint64_t)wheel->tick;

        return differing == 0 ? 0 : (63u - (unsigned)__builtin_clzll(differing)) / LEVEL_BITS;
}

static void
place(TimerWheel *wheel, LoopTimer *timer)
{
        int64_t tick = MAX(timer->deadline / TIMER_WHEEL_TICK, wheel->tick);
        unsigned level = level_of(wheel, tick);
        unsigned slot = (unsigned)(tick >> (level * LEVEL_BITS)) % TIMER_WHEEL_SLOTS;

        list_append(&wheel->slots[level][slot], &timer->link);
        wheel->in_use[level] |= UINT64_C(1) << slot;
}

static int64_t
slot_start(const TimerWheel *wheel, unsigned level, unsigned slot)
{
        unsigned shift = level * LEVEL_BITS;
        int64_t above = wheel->tick >> (shift + LEVEL_BITS);

        return (above << (shift + LEVEL_BITS)) | ((int64_t)slot << shift);
}

/* The earliest slot with a timer; forgets the bits of slots emptied by cancelling. */
static bool
find_first(TimerWheel *wheel, SlotPlace *place_out)
{
        for (unsigned level = 0; level < TIMER_WHEEL_LEVELS; level++) {
                while (wheel->in_use[level] != 0) {
                        unsigned slot = (unsigned)__builtin_ctzll(wheel->in_use[level]);

                        if (!list_is_empty(&wheel->slots[level][slot])) {
                                *place_out = (SlotPlace){
                                        .level = level,
                                        .slot = slot,
                                        .start = slot_start(wheel, level, slot),
                                };
                                return true;
                        }
                        wheel->in_use[level] &= wheel->in_use[level] - 1;
                }
        }
        return false;
}

/* The wheel has reached the start of @at: its timers move to lower levels, or are due when it spans
 * one tick. */
static void
empty_slot(TimerWheel *wheel, const SlotPlace *at, List *due)
{
        List moved;

        list_init(&moved);
        list_move_all(&moved, &wheel->slots[at->level][at->slot]);
        wheel->in_use[at->level] &= ~(UINT64_C(1) << at->slot);
        wheel->tick = MAX(wheel->tick, at->start);
        if (at->level == 0) {
                list_move_all(due, &moved);
                return;
        }
        while (!list_is_empty(&moved)) {
                LoopTimer *timer = CONTAINER_OF(moved.next, LoopTimer, link);

                list_unlink(&timer->link);
                place(wheel, timer);
        }
}

static void
take_due_of_tick(TimerWheel *wheel, int64_t now, List *due)
{
        List *slot = &wheel->slots[0][wheel->tick % TIMER_WHEEL_SLOTS];

        for (List *link = slot->next; link != slot;) {
                LoopTimer *timer = CONTAINER_OF(link, LoopTimer, link);

                link = link->next;
                if (timer->deadline > now)
                        continue;
                list_unlink(&timer->link);
                list_append(due, &timer->link);
        }
}

void
timer_wheel_init(TimerWheel *wheel, int64_t now)
{
        *wheel = (TimerWheel){.tick = now / TIMER_WHEEL_TICK};
        for (unsigned level = 0; level < TIMER_WHEEL_LEVELS; level++) {
                for (unsigned slot = 0; slot < TIMER_WHEEL_SLOTS; slot++)
                        list_init(&wheel->slots[level][slot]);
        }
}

void
timer_wheel_add(TimerWheel *wheel, LoopTimer *timer)
{
        g_assert(!list_is_linked(&timer->link));

        place(wheel, timer);
        if (wheel->earliest_known)
                wheel->earliest = MIN(wheel->earliest, timer->deadline);
}

void
timer_wheel_remove(TimerWheel *wheel, LoopTimer *timer)
{
        list_unlink(&timer->link);
        if (timer->deadline == wheel->earliest)
                wheel->earliest_known = false;
}

void
timer_wheel_take_due(TimerWheel *wheel, int64_t now, bool exact, List *due)
{
        int64_t tick = now / TIMER_WHEEL_TICK;
        SlotPlace at;

        wheel->earliest_known = false;
        while (find_first(wheel, &at)) {
                bool is_past = at.level == 0 ? at.start < tick : at.start <= tick;

                if (!is_past)
                        break;
                empty_slot(wheel, &at, due);
        }
        wheel->tick = MAX(wheel->tick, tick);
        if (exact)
                take_due_of_tick(wheel, now, due);
}

int64_t
timer_wheel_next(TimerWheel *wheel)
{
        SlotPlace at;

        if (!find_first(wheel, &at))
                return INT64_MAX;

        int64_t tick = at.level == 0 ? at.start + 1 : at.start;
        return tick > INT64_MAX / TIMER_WHEEL_TICK ? INT64_MAX : tick * TIMER_WHEEL_TICK;
}

size_t
timer_wheel_count(const TimerWheel *wheel)
{
        size_t n = 0;

        for (unsigned level = 0; level < TIMER_WHEEL_LEVELS; level++) {
                for (unsigned i = 0; i < TIMER_WHEEL_SLOTS; i++) {
                        const List *slot = &wheel->slots[level][i];
                        for (const List *link = slot->next; link != slot; link = link->next)
                                n++;
                }
        }
        return n;
}

int64_t
timer_wheel_earliest(TimerWheel *wheel)
{
        if (wheel->earliest_known)
                return wheel->earliest;

        SlotPlace at;
        wheel->earliest = INT64_MAX;
        if (find_first(wheel, &at)) {
                List *slot = &wheel->slots[at.level][at.slot];

                for (List *link = slot->next; link != slot; link = link->next) {
                        LoopTimer *timer = CONTAINER_OF(link, LoopTimer, link);

                        wheel->earliest = MIN(wheel->earliest, timer->deadline);
                }
        }
        wheel->earliest_known = true;
        return wheel->earliest;
}
