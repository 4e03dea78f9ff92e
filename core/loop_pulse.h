/*
 * loop_pulse: what another thread may see of a loop: whether it comes round, and whether it sleeps.
 *
 * Each word is atomic. The order of is_asleep and is_awaited matters: one of the two threads sees
 * what the other has written last, so that who sleeps until the loop wakes is woken.
 */
#pragma once

#include <motet/types.h>

typedef struct LoopPulse LoopPulse;
struct LoopPulse {
        uint32_t beats;  /* how often it came round; written by the loop */
        bool is_asleep;  /* it waits for something to happen; by the loop */
        bool has_jobs;   /* when it fell asleep, workers had some of it; by the loop */
        bool is_awaited; /* when it wakes...; by who looks */
        void (*woken)(LoopPulse *pulse); /* ...this is called, on the core thread */
};

static inline void
loop_pulse_sleep(LoopPulse *pulse, bool has_jobs)
{
        __atomic_store_n(&pulse->has_jobs, has_jobs, __ATOMIC_RELAXED);
        __atomic_store_n(&pulse->is_asleep, true, __ATOMIC_RELEASE);
}

static inline void
loop_pulse_wake(LoopPulse *pulse)
{
        if (!pulse->is_asleep)
                return;
        __atomic_store_n(&pulse->is_asleep, false, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&pulse->is_awaited, __ATOMIC_SEQ_CST))
                pulse->woken(pulse);
}

static inline void
loop_pulse_beat(LoopPulse *pulse)
{
        loop_pulse_wake(pulse);
        __atomic_store_n(&pulse->beats, pulse->beats + 1, __ATOMIC_RELAXED);
}
