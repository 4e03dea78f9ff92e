/*
 * minute: the counters as they were at some moments of the last minute.
 */
#include "core/minute.h"

#include "core/log.h"

#define INTERVAL (5 * G_TIME_SPAN_SECOND)
#define N_SAMPLES 13 /* the oldest is a minute old when the newest has just been taken */

struct Minute {
        MotetServer *server;
        LoopTimer timer;
        MinuteCounts samples[N_SAMPLES]; /* time: when, loop_now() */
        unsigned next, n;
};

static MinuteCounts
look(const Minute *minute)
{
        const ServerCounters *counters = &minute->server->counters;
        MinuteCounts now = {
                .time = loop_now(minute->server->loop),
                .messages_in = counters->stanzas_in[MOTET_STANZA_MESSAGE],
                .messages_out = counters->stanzas_out[MOTET_STANZA_MESSAGE],
                .authenticated = counters->authenticated,
                .accepted = counters->accepted,
                .store_failures = counters->store_failures,
                .log_lost = log_n_lost(),
                .store = counters->store_reads,
                .turns = loop_counters(minute->server->loop)->turns,
        };

        histogram_merge(&now.store, &counters->store_writes);
        return now;
}

static void
take_sample(Minute *minute)
{
        minute->samples[minute->next] = look(minute);
        minute->next = (minute->next + 1) % N_SAMPLES;
        minute->n = MIN(minute->n + 1, N_SAMPLES);
        loop_timer_arm(minute->server->loop, &minute->timer, INTERVAL);
}

static void
on_timer(LoopTimer *timer)
{
        take_sample(CONTAINER_OF(timer, Minute, timer));
}

Minute *
minute_new(MotetServer *server)
{
        Minute *minute = g_new0(Minute, 1);

        minute->server = server;
        minute->timer.func = on_timer;
        take_sample(minute);
        return minute;
}

void
minute_free(Minute *minute)
{
        if (!minute)
                return;
        loop_timer_cancel(minute->server->loop, &minute->timer);
        g_free(minute);
}

MinuteCounts
minute_counts(const Minute *minute)
{
        const MinuteCounts *oldest =
                &minute->samples[(minute->next + N_SAMPLES - minute->n) % N_SAMPLES];
        MinuteCounts now = look(minute);

        now.time -= oldest->time;
        now.messages_in -= oldest->messages_in;
        now.messages_out -= oldest->messages_out;
        now.authenticated -= oldest->authenticated;
        now.accepted -= oldest->accepted;
        now.store_failures -= oldest->store_failures;
        now.log_lost -= oldest->log_lost;
        histogram_subtract(&now.store, &oldest->store);
        histogram_subtract(&now.turns, &oldest->turns);
        return now;
}
