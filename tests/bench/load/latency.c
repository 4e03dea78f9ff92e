/* latency: see latency.h. */
#include "latency.h"

#include <glib.h>

#define US_MAX ((INT64_C(1) << 38) - 1)

/* Below 64 a bucket a µs, above 64 buckets from a power of two to the next. */
static unsigned
bucket_of(uint64_t us)
{
        if (us < LATENCY_STEPS)
                return (unsigned)us;
        unsigned shift = 63u - (unsigned)__builtin_clzll(us) - 6;
        return shift * LATENCY_STEPS + (unsigned)(us >> shift);
}

static int64_t
bucket_top(unsigned bucket)
{
        if (bucket < LATENCY_STEPS)
                return bucket;
        unsigned shift = bucket / LATENCY_STEPS - 1;
        uint64_t us = (uint64_t)(bucket % LATENCY_STEPS + LATENCY_STEPS + 1) << shift;
        return (int64_t)us - 1;
}

void
latency_add(Latency *latency, int64_t us)
{
        us = CLAMP(us, 0, US_MAX);
        latency->n++;
        latency->max = MAX(latency->max, us);
        latency->buckets[bucket_of((uint64_t)us)]++;
}

int64_t
latency_percentile(const Latency *latency, double percent)
{
        uint64_t wanted = (uint64_t)((double)latency->n * percent / 100 + 0.999999), n = 0;

        for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
                n += latency->buckets[i];
                if (n > 0 && n >= wanted)
                        return MIN(bucket_top(i), latency->max);
        }
        return 0;
}
