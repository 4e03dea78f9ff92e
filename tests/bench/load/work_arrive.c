/*
 * work_arrive: newcomers arrive by the clock, whether the server keeps up or not; each logs in and
 * leaves. An operation is a login, and its latency is counted from when its newcomer was due.
 *
 * What becomes of each is counted; only what no busy server may say makes the run fail.
 */
#include <string.h>

#include "works.h"

#define PATIENCE_US (40 * G_USEC_PER_SEC) /* more than a server gives a stranger to log in */
#define LOOK_US (G_USEC_PER_SEC / 4)      /* how often those who wait for too long are looked for */
#define OPENED_A_TURN 16                  /* so that what arrives is read also when many are due */

typedef struct {
        Run *run;
        int64_t *due; /* of each client */
        bool *is_under_way;
        unsigned *idle, n_idle; /* indices of clients that nobody is */
        int64_t start, looked;
        uint64_t n_due;
} Arrivals;

static ReportArrivals *
counts_of(Arrivals *arrivals)
{
        return &arrivals->run->report.arrivals;
}

static void
set_idle(Arrivals *arrivals, const Client *client)
{
        if (!arrivals->is_under_way[client->index])
                return;
        arrivals->is_under_way[client->index] = false;
        arrivals->idle[arrivals->n_idle++] = client->index;
}

static bool
has_any(const char *text, const char *const *words)
{
        for (; *words; words++) {
                if (strstr(text, *words))
                        return true;
        }
        return false;
}

/* Returns: (borrowed) what newcomers of this fate are counted in; NULL: no server may say this */
static uint64_t *
fate_of(ReportArrivals *counts, const char *why)
{
        static const char *const told[] = {"<temporary-auth-failure", "<resource-constraint",
                                           "'wait'", "\"wait\"", NULL};
        static const char *const late[] = {"<connection-timeout", "no answer for too long", NULL};
        static const char *const closed[] = {"the server closed the connection", "Connection reset",
                                             "Broken pipe", NULL};

        if (has_any(why, told))
                return &counts->n_told;
        if (strstr(why, "<policy-violation"))
                return &counts->n_limited;
        if (has_any(why, late))
                return &counts->n_late;
        return has_any(why, closed) ? &counts->n_closed : NULL;
}

static void
on_failed(Client *client, const char *why)
{
        Arrivals *arrivals = client->clients->work;
        uint64_t *fate = fate_of(counts_of(arrivals), why);

        if (fate)
                (*fate)++;
        else
                crowd_fail(&arrivals->run->crowd, "%s", why);
        set_idle(arrivals, client);
}

static void
on_change(Client *client)
{
        Arrivals *arrivals = client->clients->work;

        if (client->state == CLIENT_READY) {
                counts_of(arrivals)->n_in++;
                run_count(arrivals->run, g_get_monotonic_time() - arrivals->due[client->index]);
                client_leave(client);
                return;
        }
        set_idle(arrivals, client);
}

/* Those who come one after the other are of different accounts. */
static void
fill_idle(Arrivals *arrivals)
{
        unsigned n = arrivals->run->crowd.n, at = n;
        unsigned per_account = (unsigned)arrivals->run->options->per_account;

        for (unsigned resource = 0; resource < per_account; resource++) {
                for (unsigned i = resource; i < n; i += per_account)
                        arrivals->idle[--at] = i;
        }
}

static int64_t
next_due(const Arrivals *arrivals)
{
        uint64_t rate = (uint64_t)arrivals->run->options->rate;
        return arrivals->start + (int64_t)(arrivals->n_due * G_USEC_PER_SEC / rate);
}

static void
open_due(Arrivals *arrivals, int64_t now)
{
        for (unsigned i = 0; i < OPENED_A_TURN && next_due(arrivals) <= now; i++) {
                int64_t due = next_due(arrivals);
                arrivals->n_due++;
                counts_of(arrivals)->n++;
                if (arrivals->n_idle == 0) {
                        counts_of(arrivals)->n_crowded++;
                        continue;
                }
                Client *client = &arrivals->run->crowd.each[arrivals->idle[--arrivals->n_idle]];
                client_clear(client);
                arrivals->due[client->index] = due;
                arrivals->is_under_way[client->index] = true;
                client_open(client);
        }
}

static void
drop_late(Arrivals *arrivals, int64_t now)
{
        Crowd *crowd = &arrivals->run->crowd;

        if (now - arrivals->looked < LOOK_US)
                return;
        arrivals->looked = now;
        for (unsigned i = 0; i < crowd->n; i++) {
                if (arrivals->is_under_way[i] && now - arrivals->due[i] > PATIENCE_US)
                        client_fail(&crowd->each[i], "no answer for too long");
        }
}

static bool
arrive_until(Arrivals *arrivals, int64_t until)
{
        int64_t now;

        while ((now = g_get_monotonic_time()) < until) {
                open_due(arrivals, now);
                drop_late(arrivals, now);
                if (!crowd_turn(&arrivals->run->crowd,
                                MIN(MIN(next_due(arrivals), until), now + LOOK_US)))
                        return false;
        }
        return true;
}

/* Nobody comes any more, and those who came are answered. */
static bool
drain(Arrivals *arrivals)
{
        Crowd *crowd = &arrivals->run->crowd;

        while (arrivals->n_idle < crowd->n) {
                int64_t now = g_get_monotonic_time();
                drop_late(arrivals, now);
                if (!crowd_turn(crowd, now + LOOK_US))
                        return false;
        }
        return true;
}

static bool
measure(Arrivals *arrivals)
{
        Run *run = arrivals->run;
        int64_t warm = (int64_t)(run->options->warmup * G_USEC_PER_SEC);
        int64_t measured = (int64_t)(run->options->seconds * G_USEC_PER_SEC);

        return arrive_until(arrivals, arrivals->start + warm) && run_open(run) &&
               arrive_until(arrivals, run->report.span.begin_us + measured) && run_close(run);
}

bool
work_arrive(Run *run)
{
        Crowd *crowd = &run->crowd;
        Arrivals arrivals = {.run = run, .n_idle = crowd->n};

        if (!run_weigh(run, &run->report.before))
                return false;
        arrivals.due = g_new0(int64_t, crowd->n);
        arrivals.is_under_way = g_new0(bool, crowd->n);
        arrivals.idle = g_new(unsigned, crowd->n);
        fill_idle(&arrivals);
        arrivals.start = g_get_monotonic_time();
        run->report.has_arrivals = true;
        crowd->clients.work = &arrivals;
        crowd->clients.on_failed = on_failed;
        crowd->on_change = on_change;
        bool is_good = measure(&arrivals) && drain(&arrivals) && run_weigh(run, &run->report.after);
        crowd->on_change = NULL;
        crowd->clients.on_failed = NULL;
        g_free(arrivals.due);
        g_free(arrivals.is_under_way);
        g_free(arrivals.idle);
        return is_good;
}
