/*
 * work_rate: rate: pairs chat at a fixed rate. storm: the same, first in peace, then while others
 * do TLS handshakes; the CPU time is that of the second part, handshakes included.
 */
#include <errno.h>

#include "pace.h"
#include "storm.h"
#include "works.h"

#define QUIET_US (250 * 1000)

static bool
end(Pace *pace)
{
        Run *run = pace->chat->run;
        run->report.behind_max_us = pace->behind_max_us;
        return chat_end(pace->chat) && run_weigh(run, &run->report.after);
}

bool
work_rate(Run *run)
{
        Chat chat;
        Pace pace;

        if (!run_log_in(run, QUIET_US))
                return false;
        chat_init(&chat, run, false);
        pace_init(&pace, &chat);
        bool is_good = pace_measure(&pace, run->options->warmup) && end(&pace);
        chat_clear(&chat);
        return is_good;
}

static bool
measure_storm(Run *run, Pace *pace)
{
        Storm storm;

        if (!storm_start(&storm, run->options))
                return crowd_fail(&run->crowd, "cannot start the storm: %s", g_strerror(errno));
        bool is_good = pace_measure(pace, MAX(run->options->warmup, 0.5));
        storm_stop(&storm, &run->report.storm);
        if (run->report.storm.n_done == 0)
                return crowd_fail(&run->crowd, "no handshake of the storm went through");
        return is_good;
}

bool
work_storm(Run *run)
{
        Chat chat;
        Pace pace;

        if (!run_log_in(run, QUIET_US))
                return false;
        chat_init(&chat, run, false);
        pace_init(&pace, &chat);
        bool is_good = pace_measure(&pace, run->options->warmup);
        run->report.calm = g_memdup2(&run->report.latency, sizeof run->report.latency);
        is_good = is_good && measure_storm(run, &pace) && end(&pace);
        chat_clear(&chat);
        return is_good;
}
