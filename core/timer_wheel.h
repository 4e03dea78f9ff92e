/*
 * timer_wheel: armed timers in slots by deadline, so that arming and cancelling cost the same
 * however many there are.
 *
 * Nine levels of 64 slots; a slot of level n spans 64^n ticks of 1 ms, so every int64_t deadline
 * has a slot. A timer stands at the level of the highest group of six bits in which its tick
 * differs from the wheel's: whatever stands at a lower level is due earlier, and the first slot in
 * use is always the earliest.
 */
#pragma once

#include "core/loop.h"

#define TIMER_WHEEL_TICK INT64_C(1000) /* µs */
#define TIMER_WHEEL_LEVELS 9
#define TIMER_WHEEL_SLOTS 64

typedef struct {
        int64_t tick;                        /* every earlier one was handled */
        uint64_t in_use[TIMER_WHEEL_LEVELS]; /* a bit a slot: set while it may hold timers */
        int64_t earliest;                    /* deadline; when known */
        bool earliest_known;
        List slots[TIMER_WHEEL_LEVELS][TIMER_WHEEL_SLOTS];
} TimerWheel;

void timer_wheel_init(TimerWheel *wheel, int64_t now);
/** timer_wheel_add: @timer, in no list, by its deadline; one in the past is due at once */
void timer_wheel_add(TimerWheel *wheel, LoopTimer *timer);
/** timer_wheel_remove: a no-op when @timer is in no list */
void timer_wheel_remove(TimerWheel *wheel, LoopTimer *timer);
/**
 * timer_wheel_take_due:
 * @exact: also what is due within the tick of @now, at the price of looking at each timer of that
 * tick
 * @due: (out) appended to, in order of their ticks
 */
void timer_wheel_take_due(TimerWheel *wheel, int64_t now, bool exact, List *due);
/** timer_wheel_next: Returns: when to call timer_wheel_take_due() next, INT64_MAX for never */
int64_t timer_wheel_next(TimerWheel *wheel);
/** timer_wheel_count: Returns: how many timers it holds, by looking at each */
size_t timer_wheel_count(const TimerWheel *wheel);
/** timer_wheel_earliest: Returns: the earliest deadline exactly, INT64_MAX for none */
int64_t timer_wheel_earliest(TimerWheel *wheel);
