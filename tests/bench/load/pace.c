/* pace: see pace.h. */
#include "pace.h"

#define SENT_A_TURN 64 /* so that what arrives is read also when much is due */

void
pace_init(Pace *pace, Chat *chat)
{
        *pace = (Pace){.chat = chat, .start_us = g_get_monotonic_time()};
}

static int64_t
due(const Pace *pace)
{
        uint64_t rate = (uint64_t)pace->chat->run->options->rate;
        return pace->start_us + (int64_t)(pace->n * G_USEC_PER_SEC / rate);
}

static void
send_due(Pace *pace, int64_t now)
{
        Chat *chat = pace->chat;

        for (unsigned i = 0; i < SENT_A_TURN && due(pace) <= now; i++) {
                if (chat->run->is_open)
                        pace->behind_max_us = MAX(pace->behind_max_us, now - due(pace));
                chat_send(chat, &chat->flows[pace->n % chat->n_flows], due(pace));
                pace->n++;
        }
}

bool
pace_run_until(Pace *pace, int64_t until)
{
        int64_t now;

        while ((now = g_get_monotonic_time()) < until) {
                send_due(pace, now);
                if (!crowd_turn(&pace->chat->run->crowd, MIN(due(pace), until)))
                        return false;
        }
        return true;
}

bool
pace_measure(Pace *pace, double warm)
{
        Run *run = pace->chat->run;
        int64_t measured = (int64_t)(run->options->seconds * G_USEC_PER_SEC);

        return pace_run_until(pace, g_get_monotonic_time() + (int64_t)(warm * G_USEC_PER_SEC)) &&
               run_open(run) && pace_run_until(pace, run->report.span.begin_us + measured) &&
               run_close(run);
}
