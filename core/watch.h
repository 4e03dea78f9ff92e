/*
 * watch: a thread that looks whether the core thread goes on, and tells whose code keeps it.
 *
 * It looks every 20 ms while the loop is at work, and sleeps with it. The core thread pays with
 * the stores of activity_set() and loop_pulse.h. Time in which this thread was not run itself,
 * because the process was stopped or the machine slept, counts for nobody.
 */
#pragma once

#include "core/loop.h"

#define WATCH_SLOW_CALL (100 * G_TIME_SPAN_MILLISECOND)

typedef struct Watch Watch;

/**
 * watch_new:
 * @loop: of this thread, run by it until watch_free()
 *
 * A call of a module that takes WATCH_SLOW_CALL or longer is counted with its owner and told, when
 * it ends and while it still runs.
 */
Watch *watch_new(Loop *loop);
/** watch_free: on the same thread; waits for the thread that looks to end. NULL is a no-op */
void watch_free(Watch *watch);
/**
 * watch_set_timeout:
 * @us: 0: never
 *
 * From now on the process is aborted (log_crash.h) once a loop has not come round for @us with a
 * module's function running: so that the next start knows whose.
 */
void watch_set_timeout(Watch *watch, int64_t us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watch, watch_free)
