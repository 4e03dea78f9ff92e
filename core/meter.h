/*
 * meter: how often the functions of modules are called, how long they take and how much memory,
 * while somebody wants to know.
 *
 * Hooks are measured by being marked in their tables (event_mark_hooks()), so that running them
 * costs nothing more while nobody measures; timers and results ask once a call.
 */
#pragma once

#include "core/heap.h"
#include "core/instance.h"

/* Time and memory without what other modules did meanwhile. */
typedef struct {
        char *module, *host; /* host NULL: of server scope */
        char *what;          /* as given to instance_enter(); NULL: all together */
        uint64_t n_calls;
        int64_t self_ns;
        int64_t longest_ns; /* one call, others' work included */
        HeapCount heap;     /* 0 while memory is not counted */
} MeterRow;

/** meter_rows_new: Returns: (own) of MeterRow, none */
GPtrArray *meter_rows_new(void);
/** meter_find: Returns: (borrowed from @rows) @host and @what may be NULL; NULL when there is
 * none */
MeterRow *meter_find(const GPtrArray *rows, const char *module, const char *host, const char *what);
/** meter_sum: adds @rows to @sums, which has one for each module and host */
void meter_sum(GPtrArray *sums, const GPtrArray *rows);

typedef struct Meter Meter;

/* One call; on the stack of who calls. */
typedef struct {
        MeterRow *row, *before; /* row NULL: not measured */
        unsigned meter;
        int64_t begun;
} MeterFrame;

/** meter_start: from now on server->meter is set and every call is measured. Not while one is */
void meter_start(MotetServer *server);
/** meter_count_memory: from now on memory too, which makes each allocation a little slower.
 * Returns: false with @error of heap_count_start() */
bool meter_count_memory(MotetServer *server, GError **error);
/** meter_extend: code was loaded; a no-op when nobody counts memory */
void meter_extend(const MotetServer *server);
/** meter_stop: @rest_out: memory that was counted outside of modules' calls; may be NULL. Returns:
 * (own) of MeterRow, one for each module, host and what, in no order */
GPtrArray *meter_stop(MotetServer *server, HeapCount *rest_out);

/** meter_enter / meter_leave: inside instance_enter() and instance_leave(), around a call of
 * @instance and the freeing of what it was called with; leaving is a no-op when the measurement has
 * ended meanwhile */
void meter_enter(MeterFrame *frame, MotetModule *instance);
void meter_leave(const MeterFrame *frame, const MotetServer *server);
