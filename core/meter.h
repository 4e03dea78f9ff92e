/*
 * meter: how often the functions of modules are called and how long they take, while somebody wants
 * to know.
 *
 * Hooks are measured by being marked in their tables (event_mark_hooks()), so that running them
 * costs nothing more while nobody measures; timers and results ask once a call.
 */
#pragma once

#include "core/instance.h"

typedef struct {
        char *module, *host; /* host NULL: of server scope */
        uint64_t n_calls;
        int64_t self_ns;    /* without what other modules did meanwhile */
        int64_t longest_ns; /* one call, others' work included */
} MeterRow;

/** meter_row_free: @row is a MeterRow */
void meter_row_free(void *row);

typedef struct Meter Meter;

/* One call; on the stack of who calls. */
typedef struct {
        MeterRow *row, *before; /* row NULL: not measured */
        unsigned meter;
        int64_t begun;
} MeterFrame;

/** meter_start: from now on server->meter is set and every call is measured. Not while one is */
void meter_start(MotetServer *server);
/** meter_stop: Returns: (own) of MeterRow, in no order */
GPtrArray *meter_stop(MotetServer *server);

/** meter_enter / meter_leave: around a call of @instance; leaving is a no-op when the measurement
 * has ended meanwhile */
void meter_enter(MeterFrame *frame, MotetModule *instance);
void meter_leave(const MeterFrame *frame, const MotetServer *server);
