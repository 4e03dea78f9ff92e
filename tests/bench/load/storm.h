/*
 * storm: TLS handshakes, always so many under way: full ones, closed as soon as they are over.
 *
 * They run in a process of their own that gets the processor only when nobody else wants it, so
 * that what they cost the generator is not taken for the server's latency.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "options.h"
#include "report.h"

typedef struct {
        pid_t pid;
        ReportStorm *counts; /* shared with the process */
} Storm;

/** storm_start: Returns: false with errno set */
bool storm_start(Storm *storm, const Options *options);
/** storm_stop: @counts_out: what went through from storm_start() on */
void storm_stop(Storm *storm, ReportStorm *counts_out);
