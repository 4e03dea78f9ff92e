/*
 * Tests of core/metrics_module.c: which metrics of a module can be added.
 *
 * Source: OpenMetrics 1.0, "Metric naming" and "Reserved labels".
 */
#include <motet/error.h>
#include <motet/metrics.h>
#include <string.h>

#include "core/metrics.h"
#include "support/test_server.h"

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

static TestServer *
start(void)
{
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s/test_modules\n"
                                "hosts: {a.example: , b.example: }\n"
                                "modules: {speaker: , crasher: , crasher_friend: }\n",
                                g_getenv("MOTET_TEST_BUILD"));

        return test_server_new_config(yaml);
}

static MotetModule *
module_on(TestServer *server, const char *name, const char *host)
{
        MotetServer *base = server_base(test_server_core(server));

        return test_server_module(server, name, motet_host_find(base, host));
}

static void
assert_printed(TestServer *server, const char *part)
{
        g_autofree char *text = NULL;

        g_assert_cmpint(test_server_run_command(server, MOTET_LIST("metrics"), &text), ==, 0);
        if (!strstr(text, part))
                g_error("\"%s\" is not in: %s", part, text);
}

/* OpenMetrics, "MetricFamily": the samples of a family stand together. */
static void
test_a_metric_of_two_hosts_is_one_family(void)
{
        const MotetMetric words = {.name = "words",
                                   .help = "How many.",
                                   .label = "tone",
                                   .values = VALUES("loud", "quiet")};
        g_autoptr(TestServer) server = start();
        g_autoptr(GError) error = NULL;

        uint64_t *here =
                motet_metric_add(module_on(server, "speaker", "a.example"), &words, &error);
        uint64_t *there =
                motet_metric_add(module_on(server, "speaker", "b.example"), &words, &error);
        g_assert_no_error(error);
        here[1] = 7;
        there[0] = 9;

        assert_printed(server,
                       "# TYPE motet_speaker_words counter\n# HELP motet_speaker_words How many.\n"
                       "motet_speaker_words_total{host=\"a.example\",tone=\"loud\"} 0\n"
                       "motet_speaker_words_total{host=\"a.example\",tone=\"quiet\"} 7\n"
                       "motet_speaker_words_total{host=\"b.example\",tone=\"loud\"} 9\n"
                       "motet_speaker_words_total{host=\"b.example\",tone=\"quiet\"} 0\n");
}

/* Names of modules and of metrics may run into each other: who comes second is refused. */
static void
test_a_family_is_of_one_module(void)
{
        static const MotetMetric long_name = {.name = "friend_n", .help = "How many."};
        static const MotetMetric short_name = {.name = "n", .help = "How many."};
        static const MotetMetric wrong = {.name = "N", .help = "How many."};
        g_autoptr(TestServer) server = start();
        MotetModule *crasher = module_on(server, "crasher", "a.example");
        MotetModule *other = module_on(server, "crasher_friend", "a.example");
        g_autoptr(GError) twice = NULL, clash = NULL, unsound = NULL;

        g_assert_nonnull(motet_metric_add(crasher, &long_name, NULL));
        g_assert_null(motet_metric_add(crasher, &long_name, &twice));
        g_assert_nonnull(strstr(twice->message, "metric \"friend_n\": is there already"));
        g_assert_null(motet_metric_add(other, &short_name, &clash));
        g_assert_nonnull(strstr(clash->message, "metric \"n\": is there already"));
        g_assert_null(motet_metric_add(crasher, &wrong, &unsound));
        g_assert_error(unsound, MOTET_ERROR, MOTET_ERROR_MODULE);
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
        g_test_add_func("/metrics-module/a-metric-of-two-hosts-is-one-family",
                        test_a_metric_of_two_hosts_is_one_family);
        g_test_add_func("/metrics-module/a-family-is-of-one-module",
                        test_a_family_is_of_one_module);
        g_test_add_func("/metrics-module/values-are-limited", test_values_are_limited);
        return g_test_run();
}
