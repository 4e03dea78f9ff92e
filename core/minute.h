/*
 * minute: what was counted in the last minute.
 */
#pragma once

#include "core/host.h"

typedef struct Minute Minute;

/** minute_new: looks at the counters of @server every few seconds from now on; @server outlives
 * it */
Minute *minute_new(MotetServer *server);
void minute_free(Minute *minute);

typedef struct {
        int64_t time; /* µs it is of: a minute, or less just after the start */
        uint64_t messages_in, messages_out, authenticated, accepted, store_failures, log_lost;
        Histogram store; /* reads and writes */
        Histogram turns;
} MinuteCounts;

/** minute_counts: Returns: until now */
MinuteCounts minute_counts(const Minute *minute);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Minute, minute_free)
