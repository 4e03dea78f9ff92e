/*
 * loop_calls: calls that other threads ask the loop to make, in order, and the descriptor that says
 * there are some.
 */
#pragma once

#include "core/loop.h"

typedef struct LoopCall LoopCall;

typedef struct {
        LoopWatch watch; /* an eventfd, written when the queue stops being empty */
        GMutex lock;     /* guards the two below */
        LoopCall *first;
        LoopCall **end;
} LoopCalls;

/** loop_calls_init: the owner watches @calls->watch. Returns: false with errno when there is no
 * descriptor for it */
bool loop_calls_init(LoopCalls *calls);
/** loop_calls_clear: nothing is queued any more and nobody pushes */
void loop_calls_clear(LoopCalls *calls);
/** loop_calls_push: from any thread */
void loop_calls_push(LoopCalls *calls, void (*func)(void *data), void *data);
/** loop_calls_run: makes the calls queued now. Returns: whether there were any */
bool loop_calls_run(LoopCalls *calls);
