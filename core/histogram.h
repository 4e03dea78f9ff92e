/*
 * histogram: how often something took how long, in buckets that double.
 */
#pragma once

#include <motet/types.h>

/* The last is for whatever took longer than the one before it, 8.4 s. */
#define HISTOGRAM_BUCKETS 25

typedef struct {
        uint64_t counts[HISTOGRAM_BUCKETS]; /* of times up to 2^index µs */
        uint64_t sum;                       /* µs */
} Histogram;

/** histogram_add: @us: less than 0 counts as 0 */
static inline void
histogram_add(Histogram *histogram, int64_t us)
{
        uint64_t time = us > 0 ? (uint64_t)us : 0;
        unsigned bucket = time > 1 ? 64u - (unsigned)__builtin_clzll(time - 1) : 0;

        histogram->counts[bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1]++;
        histogram->sum += time;
}

uint64_t histogram_count(const Histogram *histogram);
/** histogram_limit: Returns: the longest time that counts in @bucket, µs; INT64_MAX for the last */
int64_t histogram_limit(unsigned bucket);
/** histogram_merge: adds what is in @other */
void histogram_merge(Histogram *histogram, const Histogram *other);
/** histogram_subtract: @earlier: the same histogram some time ago */
void histogram_subtract(Histogram *histogram, const Histogram *earlier);
/**
 * histogram_quantile:
 * @percent: 1 to 100
 *
 * Returns: a time, a bucket's limit, that @percent of those counted did not exceed, µs; 0 when
 * nothing was counted; INT64_MAX when it is beyond all limits
 */
int64_t histogram_quantile(const Histogram *histogram, unsigned percent);
