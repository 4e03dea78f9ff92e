/*
 * Tests of core/metrics.h, motet/metrics.h and session_tally() on a whole server.
 *
 * Source: OpenMetrics 1.0.
 */
#include "core/metrics.h"

#include <motet/error.h>
#include <string.h>

#include "core/session.h"
#include "support/test_server.h"

static void
take_line(void *data, const char *line)
{
        g_string_append_printf(data, "%s\n", line);
}

static char *
all_of(TestServer *server)
{
        GString *text = g_string_new(NULL);

        metrics_print(test_server_core(server), take_line, text);
        return g_string_free(text, FALSE);
}

static void
assert_told(TestServer *server, const char *line)
{
        g_autofree char *text = all_of(server);
        g_autofree char *whole = g_strdup_printf("\n%s\n", line);

        if (!strstr(text, whole))
                g_error("\"%s\" is not in:\n%s", line, text);
}

static void
test_stages_are_counted_as_they_pass(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autoptr(MotetXml) presence = motet_xml_new("presence", MOTET_NS_CLIENT);

        test_server_connect(server);
        test_server_login(server, "juliet@example.org");
        assert_told(server, "motet_sessions{type=\"client\",stage=\"connected\"} 1");
        assert_told(server, "motet_sessions{type=\"client\",stage=\"authenticated\","
                            "host=\"example.org\"} 1");
        assert_told(server,
                    "motet_sessions{type=\"client\",stage=\"bound\",host=\"example.org\"} 1");
        motet_session_set_presence(romeo, presence);
        assert_told(server,
                    "motet_sessions{type=\"client\",stage=\"available\",host=\"example.org\"} 1");
        assert_told(server,
                    "motet_sessions{type=\"client\",stage=\"bound\",host=\"example.org\"} 0");
        motet_session_destroy(romeo);
        assert_told(server,
                    "motet_sessions{type=\"client\",stage=\"available\",host=\"example.org\"} 0");
}

static void
test_stanzas_are_counted_by_kind_and_direction(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(romeo, "<iq type='get' id='1'><q xmlns='urn:test'/></iq>");
        test_server_settle(server);

        assert_told(server, "motet_stanzas_total{kind=\"iq\",direction=\"in\"} 1");
        assert_told(server, "motet_stanzas_total{kind=\"iq\",direction=\"out\"} 1");
        assert_told(server, "motet_stanzas_total{kind=\"message\",direction=\"in\"} 0");
}

/* Of modules */

static const char *const colours[] = {"red", "a \"quoted\\\" one", NULL};
static const MotetMetric plain = {.name = "hits", .help = "Hits", .type = MOTET_METRIC_COUNTER};
static const MotetMetric labelled = {.name = "balls",
                                     .help = "Balls \\ more",
                                     .type = MOTET_METRIC_GAUGE,
                                     .label = "colour",
                                     .values = colours};

static void
test_a_module_counts_for_itself(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        MotetModule *owner = test_server_owner(server);
        g_autoptr(GError) error = NULL;

        uint64_t *hits = motet_metric_add(owner, &plain, &error);
        g_assert_no_error(error);
        uint64_t *balls = motet_metric_add(owner, &labelled, &error);
        g_assert_no_error(error);
        hits[0] += 3;
        balls[1] = 7;

        g_autofree char *line = g_strdup_printf("motet_%s_hits_total{host=\"example.org\"} 3",
                                                motet_module_info(owner)->name);
        assert_told(server, line);
        g_autofree char *escaped =
                g_strdup_printf("motet_%s_balls{host=\"example.org\",colour=\"a \\\"quoted\\\\\\\" "
                                "one\"} 7",
                                motet_module_info(owner)->name);
        assert_told(server, escaped);
        g_autofree char *help = g_strdup_printf("# HELP motet_%s_balls Balls \\\\ more",
                                                motet_module_info(owner)->name);
        assert_told(server, help);
}

static void
test_a_metric_is_added_once(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        MotetModule *owner = test_server_owner(server);
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(motet_metric_add(owner, &plain, NULL));
        g_assert_null(motet_metric_add(owner, &plain, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
}

static void
assert_refused(const MotetMetric *metric)
{
        g_autoptr(GError) error = NULL;

        g_assert_false(metrics_module_check(metric, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
}

static void
test_wrong_metrics_are_refused(void)
{
        static const char *const twice[] = {"a", "b", "a", NULL}, *const none[] = {NULL};
        static const char *const names[] = {"",           "Hits",    "1st",      "a-b",
                                            "hits_total", "x_count", "x_bucket", "x_created",
                                            "h\xc3\xa4",  NULL};
        MotetMetric metric = labelled;

        for (unsigned i = 0; names[i]; i++) {
                metric.name = names[i];
                assert_refused(&metric);
        }
        metric = labelled, metric.help = "two\nlines", assert_refused(&metric);
        metric = labelled, metric.help = "", assert_refused(&metric);
        metric = labelled, metric.label = "host", assert_refused(&metric);
        metric = labelled, metric.label = "le", assert_refused(&metric);
        metric = labelled, metric.values = twice, assert_refused(&metric);
        metric = labelled, metric.values = none, assert_refused(&metric);
        metric = labelled, metric.values = NULL, assert_refused(&metric);
        metric = plain, metric.values = colours, assert_refused(&metric);
}

static void
test_a_label_has_room_for_so_many_values(void)
{
        char texts[MOTET_METRIC_VALUES_MAX + 1][8];
        const char *values[MOTET_METRIC_VALUES_MAX + 2] = {NULL};
        MotetMetric metric = labelled;

        for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
                g_snprintf(texts[i], sizeof texts[i], "v%u", i);
        for (unsigned i = 0; i < MOTET_METRIC_VALUES_MAX; i++)
                values[i] = texts[i];
        metric.values = values;
        g_assert_true(metrics_module_check(&metric, NULL));
        values[MOTET_METRIC_VALUES_MAX] = texts[MOTET_METRIC_VALUES_MAX];
        assert_refused(&metric);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/metrics/stages-are-counted-as-they-pass",
                        test_stages_are_counted_as_they_pass);
        g_test_add_func("/metrics/stanzas-are-counted-by-kind-and-direction",
                        test_stanzas_are_counted_by_kind_and_direction);
        g_test_add_func("/metrics/a-module-counts-for-itself", test_a_module_counts_for_itself);
        g_test_add_func("/metrics/a-metric-is-added-once", test_a_metric_is_added_once);
        g_test_add_func("/metrics/wrong-metrics-are-refused", test_wrong_metrics_are_refused);
        g_test_add_func("/metrics/a-label-has-room-for-so-many-values",
                        test_a_label_has_room_for_so_many_values);
        return g_test_run();
}
