/*
 * task: time, random numbers, timers, work that must not run on the core thread, and what modules
 * ask of each other.
 *
 * Everything here has an owner and is gone when the owner's instance stops.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

/** motet_now: Returns: monotonic µs of the server's clock; tests drive it */
MOTET_API int64_t motet_now(MotetModule *self);
/** motet_wall_now: Returns: µs since 1970-01-01 UTC of the server's clock */
MOTET_API int64_t motet_wall_now(MotetModule *self);
/**
 * motet_random:
 * @buffer: filled
 * @n: its size in bytes
 *
 * Fills @buffer with random bytes fit for secrets; tests hand in their own source.
 */
MOTET_API void motet_random(MotetModule *self, void *buffer, size_t n);
/**
 * motet_random_id:
 * @bytes: how many random bytes, 1 to 64
 *
 * Returns: (own) two lower-case hexadecimal digits for each, fit for secrets; for g_free()
 */
MOTET_API char *motet_random_id(MotetModule *self, size_t bytes);

typedef struct MotetTimer MotetTimer; /* a moment, or moments, to come */
/**
 * MotetTimerFunc:
 * @timer: (borrowed) which
 *
 * Called when a timer fires. May add, cancel and rearm timers, its own included.
 */
typedef void (*MotetTimerFunc)(MotetModule *self, MotetTimer *timer, void *data);

/**
 * motet_timer_add:
 * @session: when not NULL, the timer goes with that session
 * @delay: µs from now, ≥ 0; fires once, at most 10 ms late on an idle server, never early
 * @func: called on the core thread
 * @data: handed to @func; not freed
 *
 * Returns: (borrowed) the timer; gone after motet_timer_cancel(), with its owner or session, or
 * when @func returned without motet_timer_rearm(); NULL when @session was destroyed already
 */
MOTET_API MotetTimer *motet_timer_add(MotetModule *self, MotetSession *session, GTimeSpan delay,
                                      MotetTimerFunc func, void *data);
/**
 * motet_timer_every:
 * @session: when not NULL, the timer goes with that session
 * @period: µs, > 0; fires for the first time one period from now
 * @func: called on the core thread
 * @data: handed to @func; not freed
 *
 * As motet_timer_add(), again and again: at whole periods from its start, however late a call of
 * @func was. Periods that went by while the server stood still are skipped, never made up for.
 * @func may cancel it.
 *
 * Returns: (borrowed) the timer; gone after motet_timer_cancel(), or with its owner or session;
 * NULL when @session was destroyed already
 */
MOTET_API MotetTimer *motet_timer_every(MotetModule *self, MotetSession *session, GTimeSpan period,
                                        MotetTimerFunc func, void *data);
/**
 * motet_timer_spread:
 * @timer: of motet_timer_every()
 *
 * Lets @timer fire next at a random moment within one period from now, and at whole periods from
 * then on: for jobs that many hosts or sessions start at one moment and that shall not all run at
 * once.
 */
MOTET_API void motet_timer_spread(MotetTimer *timer);
/**
 * motet_timer_rearm:
 * @timer: one that is not gone
 * @delay: µs from now, ≥ 0
 *
 * Lets @timer fire @delay µs from now instead; also from inside its own function. One of
 * motet_timer_every() goes on at whole periods from then.
 */
MOTET_API void motet_timer_rearm(MotetTimer *timer, GTimeSpan delay);
/**
 * motet_timer_cancel:
 * @timer: (take) NULL is a no-op
 *
 * Forgets @timer: its function is not called any more.
 */
MOTET_API void motet_timer_cancel(MotetTimer *timer);

/**
 * motet_defer:
 * @func: called at the end of this loop turn, unless @self stops first
 * @data: (take) handed to @func
 * @free_func: for @data, called after @func or instead of it; may be NULL
 *
 * Runs @func soon on the core thread, when the handlers that run now have returned.
 */
MOTET_API void motet_defer(MotetModule *self, void (*func)(MotetModule *self, void *data),
                           void *data, GDestroyNotify free_func);

/**
 * MotetWorkFunc: runs on a worker thread; touches @data only: no session, no other motet_ function
 * but motet_log().
 */
typedef void (*MotetWorkFunc)(void *data);
/** MotetDoneFunc: runs on the core thread after the work. */
typedef void (*MotetDoneFunc)(MotetModule *self, void *data);

/**
 * motet_offload:
 * @work: what blocks or takes long
 * @done: called on the core thread after @work, unless @self stopped meanwhile; may be NULL
 * @data: (take) handed to both
 * @free_func: frees @data on the core thread after @done, or instead of it
 *
 * Queues work for the pool. The queue is bounded (limits.offload_queue).
 *
 * Returns: false when the queue is full: nothing ran and @data was freed
 */
MOTET_API bool motet_offload(MotetModule *self, MotetWorkFunc work, MotetDoneFunc done, void *data,
                             GDestroyNotify free_func);

typedef struct MotetErrand MotetErrand; /* what one module asked of another */
/**
 * motet_errand_new:
 * @caller: who asked
 * @provider: who will answer; may be @caller
 *
 * For who provides a service that answers later: from now until motet_errand_free() the errand is
 * under way for both modules, so that the code of neither is replaced before the answer was told.
 * Calls nobody and cancels nothing: when one of the two stops, it merely counts for the other
 * alone. Tokens, requests to the storage and jobs on workers count without it.
 *
 * Returns: (own) the errand
 */
MOTET_API MotetErrand *motet_errand_new(MotetModule *caller, MotetModule *provider);
/**
 * motet_errand_free:
 * @errand: (take) NULL is a no-op
 *
 * The answer was told, or will not be any more. @provider calls it at the latest in unload.
 */
MOTET_API void motet_errand_free(MotetErrand *errand);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MotetErrand, motet_errand_free)

G_END_DECLS
