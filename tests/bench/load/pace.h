/* pace: messages at a fixed rate, whether the server keeps up or not: each counts from when it was
 * due. */
#pragma once

#include "chat.h"

typedef struct {
        Chat *chat;
        int64_t start_us;
        uint64_t n;            /* sent so far, over all flows in turn */
        int64_t behind_max_us; /* how long after it was due a message was sent */
} Pace;

/** pace_init: starts now, at --rate */
void pace_init(Pace *pace, Chat *chat);
/** pace_run_until: Returns: false as in crowd_turn() */
bool pace_run_until(Pace *pace, int64_t until);
/** pace_measure: as run_measure(), but with @warm seconds before */
bool pace_measure(Pace *pace, double warm);
