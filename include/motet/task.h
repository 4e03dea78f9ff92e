/*
 * task: time, random numbers, timers, and work that must not run on the core thread.
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
/** motet_random: fills @buffer with @n bytes fit for secrets */
MOTET_API void motet_random(MotetModule *self, void *buffer, size_t n);
/** motet_random_id: Returns: (own) @bytes (1 to 64) random bytes as lower-case hexadecimal */
MOTET_API char *motet_random_id(MotetModule *self, size_t bytes);

typedef struct MotetTimer MotetTimer;
/** MotetTimerFunc: may add, cancel and rearm timers, its own included. */
typedef void (*MotetTimerFunc)(MotetModule *self, MotetTimer *timer, void *data);

/**
 * motet_timer_add:
 * @session: when not NULL, the timer goes with that session
 * @delay: µs from now; fires once, at most 10 ms late on an idle server, never early
 * @data: handed to @func; not freed
 *
 * Returns: (borrowed) the timer; gone after motet_timer_cancel(), with its owner or session, or
 * when @func returned without motet_timer_rearm(); NULL when @session was destroyed already
 */
MOTET_API MotetTimer *motet_timer_add(MotetModule *self, MotetSession *session, GTimeSpan delay,
                                      MotetTimerFunc func, void *data);
/**
 * motet_timer_rearm: lets @timer fire @delay µs from now instead; also from inside its own function
 */
MOTET_API void motet_timer_rearm(MotetTimer *timer, GTimeSpan delay);
/** motet_timer_cancel: NULL is a no-op */
MOTET_API void motet_timer_cancel(MotetTimer *timer);

/**
 * motet_defer: runs @func at the end of this loop turn, on the core thread. @free_func for @data is
 * called in any case.
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

G_END_DECLS
