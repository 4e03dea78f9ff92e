/* meter: CPU time and memory of a process, as Linux tells them (proc(5)). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* CPU time so far, µs. The kernel tells it in steps of 10 ms. */
typedef struct {
        int64_t user, system;
} MeterCpu;

/* Resident memory, KiB. */
typedef struct {
        int64_t rss;
        int64_t private_kib; /* written by it alone: what the system could not take back */
} MeterMemory;

bool meter_cpu(int pid, MeterCpu *cpu_out, GError **error);
bool meter_memory(int pid, MeterMemory *memory_out, GError **error);

/** meter_parse_cpu: @text: of /proc/PID/stat. @ticks: of a second */
bool meter_parse_cpu(const char *text, int64_t ticks, MeterCpu *cpu_out);
/** meter_parse_memory: @text: of /proc/PID/smaps_rollup */
bool meter_parse_memory(const char *text, MeterMemory *memory_out);

/* What happens between two moments. */
typedef struct {
        int pid; /* 0: nobody is measured */
        int64_t begin_us;
        int64_t own_us; /* CPU time of this process; once closed, from begin to end */
        MeterCpu cpu;   /* of the process measured; once closed, from begin to end */
        double seconds; /* once closed: from begin to end */
} MeterSpan;

/** meter_span_open, meter_span_close: Returns: false when the process cannot be measured: it is
 * gone */
bool meter_span_open(MeterSpan *span, int pid, GError **error);
bool meter_span_close(MeterSpan *span, GError **error);
