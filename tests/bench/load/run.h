/* run: one run of the load generator: its clients, what is measured, and the steps that all works
 * share. */
#pragma once

#include "crowd.h"
#include "report.h"

typedef struct {
        const Options *options;
        Crowd crowd;
        Report report;
        bool is_open; /* what happens now is measured */
} Run;

/* A work. Returns: false when it did not go as it should: run->crowd.clients.failure says why */
typedef bool (*RunWork)(Run *run);

void run_init(Run *run, const Options *options);
void run_clear(Run *run);
/** run_log_in: all log in, and what that takes is reported; until it is quiet for @quiet_us */
bool run_log_in(Run *run, int64_t quiet_us);
/** run_open, run_close: what is between them is what the report is about; it ends when at least one
 * operation is done */
bool run_open(Run *run);
bool run_close(Run *run);
/** run_measure: warms up, then runs for --seconds between run_open() and run_close() */
bool run_measure(Run *run);
/** run_count: an operation is done; counted while the run is measured */
void run_count(Run *run, int64_t latency_us);
/** run_weigh: the server's memory now: report.before or report.after */
bool run_weigh(Run *run, MeterMemory *memory_out);
