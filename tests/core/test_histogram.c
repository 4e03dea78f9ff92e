/*
 * Tests of core/histogram.h.
 */
#include "core/histogram.h"

#include <string.h>

static unsigned
bucket_of(int64_t us)
{
        Histogram histogram = {0};

        histogram_add(&histogram, us);
        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
                if (histogram.counts[i] > 0)
                        return i;
        }
        g_assert_not_reached();
}

/* OpenMetrics: a limit is inclusive. */
static void
test_a_limit_belongs_to_its_bucket(void)
{
        for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
                g_assert_cmpuint(bucket_of(histogram_limit(i)), ==, i);
                g_assert_cmpuint(bucket_of(histogram_limit(i) + 1), ==, i + 1);
        }
}

static void
test_the_ends_have_a_place(void)
{
        g_assert_cmpuint(bucket_of(-1), ==, 0);
        g_assert_cmpuint(bucket_of(0), ==, 0);
        g_assert_cmpuint(bucket_of(INT64_MAX), ==, HISTOGRAM_BUCKETS - 1);
}

static void
test_a_quantile_is_a_limit_not_exceeded(void)
{
        Histogram histogram = {0};

        g_assert_cmpint(histogram_quantile(&histogram, 50), ==, 0);
        for (unsigned i = 0; i < 99; i++)
                histogram_add(&histogram, 100);
        histogram_add(&histogram, 5000);
        g_assert_cmpint(histogram_quantile(&histogram, 50), ==, 128);
        g_assert_cmpint(histogram_quantile(&histogram, 99), ==, 128);
        g_assert_cmpint(histogram_quantile(&histogram, 100), ==, 8192);
        histogram_add(&histogram, INT64_MAX / 2);
        g_assert_cmpint(histogram_quantile(&histogram, 100), ==, INT64_MAX);
}

static void
test_subtracting_leaves_what_came_since(void)
{
        Histogram histogram = {0};

        histogram_add(&histogram, 10);
        Histogram earlier = histogram;
        histogram_add(&histogram, 1000);
        Histogram both = histogram;
        histogram_subtract(&histogram, &earlier);
        histogram_merge(&earlier, &histogram);

        g_assert_cmpuint(histogram_count(&histogram), ==, 1);
        g_assert_cmpuint(histogram.sum, ==, 1000);
        g_assert_cmpint(memcmp(&earlier, &both, sizeof both), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/histogram/a-limit-belongs-to-its-bucket",
                        test_a_limit_belongs_to_its_bucket);
        g_test_add_func("/histogram/the-ends-have-a-place", test_the_ends_have_a_place);
        g_test_add_func("/histogram/a-quantile-is-a-limit-not-exceeded",
                        test_a_quantile_is_a_limit_not_exceeded);
        g_test_add_func("/histogram/subtracting-leaves-what-came-since",
                        test_subtracting_leaves_what_came_since);
        return g_test_run();
}
