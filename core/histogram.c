/*
 * histogram: what can be told from the buckets.
 */
#include "core/histogram.h"

uint64_t
histogram_count(const Histogram *histogram)
{
        uint64_t n = 0;

        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
                n += histogram->counts[i];
        return n;
}

int64_t
histogram_limit(unsigned bucket)
{
        return bucket < HISTOGRAM_BUCKETS - 1 ? INT64_C(1) << bucket : INT64_MAX;
}

void
histogram_merge(Histogram *histogram, const Histogram *other)
{
        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
                histogram->counts[i] += other->counts[i];
        histogram->sum += other->sum;
}

void
histogram_subtract(Histogram *histogram, const Histogram *earlier)
{
        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
                histogram->counts[i] -= earlier->counts[i];
        histogram->sum -= earlier->sum;
}

int64_t
histogram_quantile(const Histogram *histogram, unsigned percent)
{
        uint64_t n = histogram_count(histogram), below = 0;
        /* The place in order, rounded up, without overflow for any number. */
        uint64_t wanted = n / 100 * percent + (n % 100 * percent + 99) / 100;

        g_return_val_if_fail(percent >= 1 && percent <= 100, 0);
        if (n == 0)
                return 0;
        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
                below += histogram->counts[i];
                if (below >= wanted)
                        return histogram_limit(i);
        }
        return INT64_MAX;
}
