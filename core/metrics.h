/*
 * metrics: all that is counted, as OpenMetrics text.
 *
 * Source: OpenMetrics 1.0.
 */
#pragma once

#include <motet/metrics.h>

#include "core/histogram.h"
#include "core/server.h"

typedef enum {
        METRICS_COUNTER,
        METRICS_GAUGE,
        METRICS_HISTOGRAM,
        METRICS_INFO,
} MetricsType;

typedef struct {
        const char *name;
        MetricsType type;
        const char *unit; /* NULL, or what name ends with */
        const char *help;
} MetricsFamily;

/** MetricsPrint: gets one line, without line feed */
typedef void (*MetricsPrint)(void *data, const char *line);

/** metrics_families: Returns: what core itself tells, in the order it does; @n_out: how many */
const MetricsFamily *metrics_families(size_t *n_out);
/** metrics_print: @server serves */
void metrics_print(Server *server, MetricsPrint print, void *data);

/* metrics_text.c */

typedef struct {
        MetricsPrint print;
        void *data;
        const MetricsFamily *family; /* begun last */
} MetricsText;

typedef struct {
        const char *name, *value; /* name NULL: the end of a list */
} MetricsLabel;

/** metrics_text_begin: of a family all samples follow, before another begins */
void metrics_text_begin(MetricsText *text, const MetricsFamily *family);
/** metrics_text_sample: @labels: may be NULL */
void metrics_text_sample(MetricsText *text, const MetricsLabel *labels, uint64_t value);
/** metrics_text_micros: the same of a value in µs, told in seconds */
void metrics_text_micros(MetricsText *text, const MetricsLabel *labels, int64_t value);
/** metrics_text_histogram: of µs, told in seconds; @labels: one at most */
void metrics_text_histogram(MetricsText *text, const MetricsLabel *labels,
                            const Histogram *histogram);
void metrics_text_end(const MetricsText *text);

/* metrics_module.c */

/** metrics_module_check: whether @metric is one that can be added; MOTET_ERROR_MODULE */
bool metrics_module_check(const MotetMetric *metric, GError **error);
/** metrics_module_print: those of all instances */
void metrics_module_print(Server *server, MetricsText *text);
