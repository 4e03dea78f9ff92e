/*
 * loop_trace: what a loop called, in order.
 */
#pragma once

#include "core/loop.h"

#define MS INT64_C(1000)
#define SECOND (1000 * MS)
#define DAY (24 * 3600 * SECOND)

typedef struct {
        Loop *loop;
        GString *log; /* the names of items that were called */
} LoopTrace;

/** LoopItem: something to call, by any of three ways */
typedef struct {
        LoopJob job;
        LoopTimer timer;
        LoopWatch watch;
        LoopTrace *trace;
        const char *name;
        int64_t fired_at;
        unsigned calls;
} LoopItem;

void loop_trace_init(LoopTrace *trace, bool driven);
void loop_trace_clear(LoopTrace *trace);
void loop_item_init(LoopItem *item, LoopTrace *trace, const char *name);
/** loop_item_watch_ready: on a descriptor that is ready: it is called in every turn */
void loop_item_watch_ready(LoopItem *item);
void loop_item_unwatch(LoopItem *item);
