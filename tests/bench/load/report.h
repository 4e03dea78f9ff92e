/* report: what a run found, as one JSON object on one line. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "latency.h"
#include "meter.h"
#include "options.h"

typedef struct {
        uint64_t n;
        double seconds;
        int64_t cpu_us; /* of the server, all of them together */
} ReportLogin;

typedef struct {
        uint64_t n_done, n_refused;
} ReportStorm;

/* What became of newcomers. */
typedef struct {
        uint64_t n;      /* were due */
        uint64_t n_in;   /* logged in */
        uint64_t n_told; /* to come again: temporary-auth-failure, resource-constraint, an error of
                            type wait */
        uint64_t n_limited; /* policy-violation: a limit of their own */
        uint64_t n_closed;  /* without a word */
        uint64_t n_late;    /* not answered in time */
        uint64_t n_crowded; /* not sent: all --sessions were under way */
} ReportArrivals;

typedef struct {
        uint64_t operations;
        MeterSpan span;
        Latency latency;
        bool has_messages;
        uint64_t sent, received, reordered, duplicated;
        MeterMemory before, after;
        ReportLogin login;
        int64_t behind_max_us; /* rate, storm: how late the generator itself was */
        Latency *calm;         /* storm: the latency without it; NULL: no storm */
        ReportStorm storm;
        bool has_arrivals;
        ReportArrivals arrivals;
} Report;

/** report_json: Returns: (owned) the line, without its end */
char *report_json(const Report *report, const Options *options);
