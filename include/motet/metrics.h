/*
 * metrics: numbers for whoever watches the server, shown by "motetctl metrics" as OpenMetrics text.
 *
 * A module adds a metric in load and then writes its values itself: a plain increment on the core
 * thread. Metrics belong to the instance and go with it; of a host-scoped instance they carry its
 * host as a label. A replaced module's counters go on where those of the older code stood.
 */
#pragma once

#include <motet/types.h>

G_BEGIN_DECLS

#define MOTET_METRIC_VALUES_MAX 32 /* values of a label */

/** MotetMetricType: how a metric's values move. */
typedef enum {
        MOTET_METRIC_COUNTER, /* only ever grows */
        MOTET_METRIC_GAUGE,   /* goes up and down */
} MotetMetricType;

/**
 * MotetMetric: what a metric is called and means, in the module's constant data.
 *
 * Growth: fixed within a major number of MOTET_ABI, because modules have arrays of it. What is
 * added later uses the reserved field.
 */
typedef struct {
        /* lower-case letters, digits, underscores; "failures" of module "guard" is shown as
         * motet_guard_failures, a counter with _total behind it */
        const char *name;
        const char *help;     /* one line */
        MotetMetricType type; /* how its values move */
        const char *label;    /* as name; not "host". NULL: the metric has one value */
        /* of label, NULL-terminated, each once, at most MOTET_METRIC_VALUES_MAX: what a peer
         * chooses is none */
        const char *const *values;
        const void *reserved; /* NULL */
} MotetMetric;

/**
 * motet_metric_add:
 * @self: the owner
 * @metric: (borrowed) as long as @self runs: a static table
 * @error: set to MOTET_ERROR_MODULE, naming what is wrong with @metric, or that @self has it
 * already
 *
 * Returns: (borrowed) a number for each value of the label, in that order, all 0; one without a
 * label; NULL with @error
 */
MOTET_API uint64_t *motet_metric_add(MotetModule *self, const MotetMetric *metric, GError **error);

G_END_DECLS
