/*
 * work_login: login: sessions log in and stay until all are in. idle: then they do nothing.
 *
 * An operation of idle is one second, a begun one included when there is no other.
 */
#include "works.h"

#define QUIET_US (250 * 1000)

bool
work_login(Run *run)
{
        Report *report = &run->report;

        if (!run_open(run) || !run_log_in(run, QUIET_US))
                return false;
        report->operations = report->login.n;
        if (!run_close(run))
                return false;
        report->span.seconds = report->login.seconds;
        return true;
}

bool
work_idle(Run *run)
{
        Report *report = &run->report;
        int64_t idle = (int64_t)(run->options->seconds * G_USEC_PER_SEC);

        if (!run_log_in(run, G_USEC_PER_SEC) || !run_open(run) ||
            !crowd_run_until(&run->crowd, report->span.begin_us + idle))
                return false;
        report->operations = MAX((uint64_t)(run->options->seconds + 0.5), 1);
        return run_close(run) && run_weigh(run, &report->after);
}
