/*
 * Tests of core/metrics_module.c: which metrics of a module can be added.
 *
 * Source: OpenMetrics 1.0, "Metric naming" and "Reserved labels".
 */
#include <motet/error.h>
#include <motet/metrics.h>
#include <string.h>

#include "core/metrics.h"

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
assert_refused(const MotetMetric *metric, const char *part)
{
        g_autoptr(GError) error = NULL;

        g_assert_false(metrics_module_check(metric, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
        if (!strstr(error->message, part))
                g_error("\"%s\" is not in: %s", part, error->message);
}

static void
test_a_name_is_one_of_openmetrics(void)
{
        static const char *const names[] = {
                NULL,      "",      "1st",      "Failures", "a-b",      "n_total", "n_created",
                "n_count", "n_sum", "n_bucket", "n_info",   "n_gcount", "n_gsum",  "_hidden"};
        MotetMetric metric = {.name = "failures", .help = "How many."};

        g_assert_true(metrics_module_check(&metric, NULL));
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                metric.name = names[i];
                assert_refused(&metric, "its name must be");
        }
}

static void
test_help_is_one_line(void)
{
        static const char *const helps[] = {NULL, "", "two\nlines"};

        for (size_t i = 0; i < G_N_ELEMENTS(helps); i++) {
                const MotetMetric metric = {.name = "failures", .help = helps[i]};
                assert_refused(&metric, "needs one line of help");
        }
}

static void
test_a_label_has_values(void)
{
        MotetMetric metric = {.name = "failures", .help = "How many.", .values = VALUES("a")};

        assert_refused(&metric, "has values and no label");
        metric.label = "kind";
        g_assert_true(metrics_module_check(&metric, NULL));
        metric.values = VALUES("a", "b", "a");
        assert_refused(&metric, "is there twice");
        metric.values = VALUES(NULL);
        assert_refused(&metric, "needs at least one value");
        metric.values = NULL;
        assert_refused(&metric, "needs at least one value");
}

/* "host" is every metric's, "le" a histogram's. */
static void
test_a_label_has_a_name_of_its_own(void)
{
        static const char *const labels[] = {"", "Kind", "a b", "host", "le"};

        for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
                const MotetMetric metric = {.name = "failures",
                                            .help = "How many.",
                                            .label = labels[i],
                                            .values = VALUES("a")};
                assert_refused(&metric, "its label cannot have that name");
        }
}

/* MOTET_METRIC_VALUES_MAX: at it and one past it. */
static void
test_values_are_limited(void)
{
        g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
        MotetMetric metric = {.name = "failures", .help = "How many.", .label = "kind"};

        for (unsigned i = 0; i < MOTET_METRIC_VALUES_MAX; i++)
                g_ptr_array_add(values, g_strdup_printf("v%u", i));
        g_ptr_array_add(values, NULL);
        metric.values = (const char *const *)values->pdata;
        g_assert_true(metrics_module_check(&metric, NULL));

        values->pdata[values->len - 1] = g_strdup("more");
        g_ptr_array_add(values, NULL);
        metric.values = (const char *const *)values->pdata;
        assert_refused(&metric, "has room for 32");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/metrics-module/a-name-is-one-of-openmetrics",
                        test_a_name_is_one_of_openmetrics);
        g_test_add_func("/metrics-module/help-is-one-line", test_help_is_one_line);
        g_test_add_func("/metrics-module/a-label-has-values", test_a_label_has_values);
        g_test_add_func("/metrics-module/a-label-has-a-name-of-its-own",
                        test_a_label_has_a_name_of_its_own);
        g_test_add_func("/metrics-module/values-are-limited", test_values_are_limited);
        return g_test_run();
}
