/*
 * loop_pool: the worker threads behind loop_offload(), and their bounded queue.
 */
#pragma once

#include <motet/types.h>

#include "core/activity.h"

#define LOOP_POOL_MAX_THREADS 4

typedef struct LoopPool LoopPool;

/** loop_pool_new: @n_threads: 1 to LOOP_POOL_MAX_THREADS; they are started with the first job */
LoopPool *loop_pool_new(unsigned n_threads);
/** loop_pool_free: after the last accepted job has run */
void loop_pool_free(LoopPool *pool);
/** loop_pool_push: func(data) on a worker. Returns: false when @max_waiting jobs wait already, or
   the system allows no thread: nothing happened */
bool loop_pool_push(LoopPool *pool, void (*func)(void *data), void *data, unsigned max_waiting);
/** loop_pool_activity: from any thread. Returns: (borrowed) what thread @index is at; NULL: there
 * is none yet */
const Activity *loop_pool_activity(const LoopPool *pool, unsigned index);
unsigned loop_pool_n_threads(const LoopPool *pool);
