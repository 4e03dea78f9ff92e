/*
 * latency: how long things took, in µs: a histogram of fixed size, exact to one part in 64.
 */
#pragma once

#include <stdint.h>

#define LATENCY_STEPS 64
#define LATENCY_BUCKETS (LATENCY_STEPS * 34)

typedef struct {
        uint64_t n;
        int64_t max;
        uint64_t buckets[LATENCY_BUCKETS];
} Latency;

/** latency_add: @us: less than 0 counts as 0, more than 2³⁸ as that */
void latency_add(Latency *latency, int64_t us);
/** latency_percentile: @percent: 0 to 100. Returns: a time that so many did not exceed; 0 when
 * there are none */
int64_t latency_percentile(const Latency *latency, double percent);
