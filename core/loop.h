/*
 * loop: the core thread: one epoll source on the GLib main loop, a timer wheel, deferred calls and
 * a worker pool.
 *
 * A turn runs in stages: ready descriptors, deferred calls, flush (one send a connection), timers,
 * slow work (at most LOOP_SLOW_PER_TURN pieces: TLS handshake steps, accepts). Everything but
 * loop_post() is for the core thread only.
 */
#pragma once

#include <motet/types.h>

#include "core/activity.h"
#include "core/histogram.h"
#include "core/list.h"

typedef struct Loop Loop;

typedef struct LoopWatch LoopWatch;
typedef void (*LoopWatchFunc)(LoopWatch *watch, uint32_t epoll_events);
struct LoopWatch {
        LoopWatchFunc func;
        int fd;
        uint32_t events; /* EPOLLIN, EPOLLOUT asked for; 0: not in the epoll set */
};

typedef struct LoopTimer LoopTimer;
typedef void (*LoopTimerFunc)(LoopTimer *timer);
struct LoopTimer {
        List link;
        int64_t deadline; /* µs, loop_now() scale */
        LoopTimerFunc func;
};

typedef struct LoopJob LoopJob;
typedef void (*LoopJobFunc)(LoopJob *job);
/* A piece of work for a later stage of this turn (flush, slow). Queuing a queued job is a no-op. */
struct LoopJob {
        List link;
        LoopJobFunc func;
};

/**
 * loop_open: @driven: the clock stands still until loop_advance(); for tests. Uses the
 * thread-default GMainContext.
 * Returns: (own) NULL with an error when the system has no descriptors or no memory for it
 */
Loop *loop_open(bool driven, GError **error);
/** loop_new: loop_open() where it is taken for granted that it can be: otherwise the process
 * ends */
Loop *loop_new(bool driven);
/**
 * loop_free:
 *
 * Runs what was posted and offloaded to its end first: accepted work is never lost. No watch, timer
 * or job may be active any more.
 */
void loop_free(Loop *loop);
/** loop_run: until loop_quit(); at once when that was called before */
void loop_run(Loop *loop);
void loop_quit(Loop *loop);
/** loop_turn: one iteration; @block: wait for something to happen. Returns: whether anything was
 * done */
bool loop_turn(Loop *loop, bool block);
/** loop_settle: turns until nothing is ready, deferred, queued or offloaded; the driven clock does
 * not move. For tests. */
void loop_settle(Loop *loop);
/** loop_advance: moves a driven clock by @us, firing timers in order of their deadlines, settling
 * after each */
void loop_advance(Loop *loop, int64_t us);
/** loop_skip: moves a driven clock by @us at once, as after a sleep of the machine: what was to
 * fire meanwhile fires late, and once */
void loop_skip(Loop *loop, int64_t us);

/** loop_now: monotonic µs, read once a turn */
int64_t loop_now(const Loop *loop);
/** loop_wall_now: µs since 1970 UTC; in a driven loop it starts at 2026-01-01 and moves with the
 * clock */
int64_t loop_wall_now(const Loop *loop);

/**
 * loop_watch:
 * @events: what to wait for; 0 removes @watch
 *
 * Level-triggered. EPOLLERR and EPOLLHUP are always told; ask for EPOLLERR to wait for nothing
 * else. What is ready but not told yet is never told of a watch that was removed, nor when it is no
 * longer asked for. Remove a watch before its descriptor is closed.
 *
 * Returns: false with MOTET_ERROR_IO when epoll refuses the descriptor
 */
bool loop_watch(Loop *loop, LoopWatch *watch, uint32_t events, GError **error);

/** loop_timer_arm: @timer fires once, @delay µs from loop_now() (never early, at most one tick of 1
   ms plus a turn late; a driven clock is exact); rearms an armed one */
void loop_timer_arm(Loop *loop, LoopTimer *timer, int64_t delay);
void loop_timer_cancel(Loop *loop, LoopTimer *timer);
bool loop_timer_is_armed(const LoopTimer *timer);
/** loop_n_timers: Returns: how many are armed, by looking at each; for tests */
size_t loop_n_timers(const Loop *loop);

/** loop_defer: runs @job in the deferred stage of this turn (or the next one's, when called from
 * that stage or a later one) */
void loop_defer(Loop *loop, LoopJob *job);
/** loop_flush_later: runs @job in the flush stage */
void loop_flush_later(Loop *loop, LoopJob *job);
/** loop_is_behind: whether LOOP_SLOW_ENOUGH slow jobs wait: more work for them should wait
 * elsewhere */
#define LOOP_SLOW_ENOUGH 64
bool loop_is_behind(const Loop *loop);
/** loop_slow: runs @job when its turn among the slow ones comes, at most LOOP_SLOW_PER_TURN a
 * turn */
void loop_slow(Loop *loop, LoopJob *job);
void loop_job_cancel(Loop *loop, LoopJob *job);
bool loop_job_is_queued(const LoopJob *job);
#define LOOP_SLOW_PER_TURN 1

/** loop_post: from any thread: runs func(data) on the core thread */
void loop_post(Loop *loop, void (*func)(void *data), void *data);

/**
 * loop_offload:
 * @work: on a worker
 * @done: on the core thread afterwards; always called, exactly once
 *
 * Returns: false when loop_set_offload_limit() jobs are waiting, or the system allows no thread:
 * nothing happened
 */
bool loop_offload(Loop *loop, void (*work)(void *data), void (*done)(void *data), void *data);
void loop_set_offload_limit(Loop *loop, unsigned max_queued);

/** loop_n_workers: how many jobs run at once: one in a driven loop, so that results come back in
 * order */
unsigned loop_n_workers(const Loop *loop);

/** loop_shared: one struct a loop for what all connections of it share; @free_func is called by
 * loop_free(). NULL before it is set */
void *loop_shared(const Loop *loop);
void loop_set_shared(Loop *loop, void *shared, GDestroyNotify free_func);

/** loop_set_pulse: (borrowed) kept up from now on, for another thread to look at (loop_pulse.h);
 * NULL: none is */
typedef struct LoopPulse LoopPulse;
void loop_set_pulse(Loop *loop, LoopPulse *pulse);
/** loop_worker_activity: from any thread. Returns: (borrowed) what the worker @index is at; NULL:
 * it has not begun */
const Activity *loop_worker_activity(const Loop *loop, unsigned index);

/** loop_set_slow_func: @func is told of each turn that took @threshold µs or more, at its end;
 * NULL: nobody */
void loop_set_slow_func(Loop *loop, int64_t threshold, void (*func)(void *data, int64_t us),
                        void *data);

/* What the transport counts, for metrics; read and written on the core thread. */
typedef struct {
        uint64_t bytes_in, bytes_out; /* as on the wire, sealed or not */
        uint64_t handshakes, handshakes_failed;
        uint64_t refused;         /* connections, for want of descriptors */
        uint64_t offload_refused; /* jobs, because too many waited */
        Histogram turns;          /* how long turns took in which something was done */
} LoopCounters;

/** loop_counters: Returns: (borrowed) for whoever works on @loop to add to */
LoopCounters *loop_counters(Loop *loop);
/** loop_n_offloaded: Returns: jobs that wait for a worker, are worked on or are about to report */
unsigned loop_n_offloaded(const Loop *loop);

/** loop_turns: turns in which something was done; loop_turn_time: µs spent in the last of them, 0
 * in a driven loop */
uint64_t loop_turns(const Loop *loop);
int64_t loop_turn_time(const Loop *loop);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Loop, loop_free)
