/* run: see run.h. */
#include "run.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)

void
run_init(Run *run, const Options *options)
{
        *run = (Run){.options = options};
        crowd_init(&run->crowd, options);
}

void
run_clear(Run *run)
{
        crowd_clear(&run->crowd);
        g_free(run->report.calm);
}

static bool
check(Run *run, bool is_good, const GError *error)
{
        return is_good || crowd_fail(&run->crowd, "%s", error->message);
}

bool
run_weigh(Run *run, MeterMemory *memory_out)
{
        g_autoptr(GError) error = NULL;
        int pid = run->options->server_pid;
        return pid == 0 || check(run, meter_memory(pid, memory_out, &error), error);
}

bool
run_log_in(Run *run, int64_t quiet_us)
{
        ReportLogin *login = &run->report.login;
        MeterSpan span;
        g_autoptr(GError) error = NULL;

        if (!run_weigh(run, &run->report.before) ||
            !check(run, meter_span_open(&span, run->options->server_pid, &error), error) ||
            !crowd_log_in(&run->crowd))
                return false;
        login->seconds = (double)(g_get_monotonic_time() - span.begin_us) / G_USEC_PER_SEC;
        login->n = run->crowd.n;
        if (!crowd_settle(&run->crowd, quiet_us) ||
            !check(run, meter_span_close(&span, &error), error))
                return false;
        login->cpu_us = span.cpu.user + span.cpu.system;
        return run_weigh(run, &run->report.after);
}

bool
run_open(Run *run)
{
        g_autoptr(GError) error = NULL;
        run->report.operations = 0;
        run->report.latency = (Latency){0};
        run->is_open = true;
        return check(run, meter_span_open(&run->report.span, run->options->server_pid, &error),
                     error);
}

bool
run_close(Run *run)
{
        g_autoptr(GError) error = NULL;
        int64_t deadline = g_get_monotonic_time() + PATIENCE_US;

        while (run->report.operations == 0) {
                if (!crowd_turn(&run->crowd, deadline))
                        return false;
                if (g_get_monotonic_time() >= deadline)
                        return crowd_fail(&run->crowd, "the server did nothing while measured");
        }
        run->is_open = false;
        return check(run, meter_span_close(&run->report.span, &error), error);
}

bool
run_measure(Run *run)
{
        int64_t warm = (int64_t)(run->options->warmup * G_USEC_PER_SEC);
        int64_t measured = (int64_t)(run->options->seconds * G_USEC_PER_SEC);

        return crowd_run_until(&run->crowd, g_get_monotonic_time() + warm) && run_open(run) &&
               crowd_run_until(&run->crowd, run->report.span.begin_us + measured) && run_close(run);
}

void
run_count(Run *run, int64_t latency_us)
{
        if (!run->is_open)
                return;
        run->report.operations++;
        latency_add(&run->report.latency, latency_us);
}
