/*
 * work_presence: an account's presence goes out to its contacts (RFC 6121 section 4.4.2), again
 * when all have it.
 *
 * The accounts and their subscriptions must be there. An operation is one delivery.
 */
#include <string.h>

#include "works.h"

#define QUIET_US G_USEC_PER_SEC
#define ROUND_MAX_US (20 * G_USEC_PER_SEC)
#define STATUS "<status>"
#define ROUND_LEN 8

typedef struct {
        Run *run;
        Client *hub;
        unsigned n_contacts;
        uint32_t round; /* the number in the status; 0: none was sent */
        uint32_t *got;  /* the last round each contact got */
        unsigned n_got; /* contacts that got this round */
        int64_t sent_at;
        bool is_ending;
        uint64_t n_delivered;
} Fanout;

static void
send_round(Fanout *fanout)
{
        static const char *const shows[] = {"", "<show>away</show>", "<show>chat</show>",
                                            "<show>dnd</show>", "<show>xa</show>"};
        uint32_t round = ++fanout->round;

        fanout->n_got = 0;
        fanout->sent_at = g_get_monotonic_time();
        client_send_text(fanout->hub, "<presence>%s" STATUS "%08x in a meeting</status></presence>",
                         shows[round % G_N_ELEMENTS(shows)], round);
}

/* Returns: the round that @stanza belongs to; 0: none, it is other presence */
static uint32_t
round_of(const Fanout *fanout, const char *stanza, size_t len)
{
        size_t from_len;
        const char *from = cut_attr(stanza, len, "from", &from_len);

        /* A relay that only passes on names no sender. */
        if (!cut_is(stanza, len, "presence") ||
            (from && !cut_attr_is(stanza, len, "from", fanout->hub->jid)))
                return 0;

        const char *status = memmem(stanza, len, STATUS, strlen(STATUS));
        size_t rest = status ? (size_t)(stanza + len - status) : 0;
        if (rest < strlen(STATUS) + ROUND_LEN)
                return 0;
        return (uint32_t)g_ascii_strtoull(status + strlen(STATUS), NULL, 16);
}

static void
on_stanza(Client *client, const char *stanza, size_t len)
{
        Fanout *fanout = client->clients->work;
        if (client == fanout->hub)
                return;
        uint32_t round = round_of(fanout, stanza, len);
        if (round == 0)
                return;
        if (round != fanout->round || fanout->got[client->index] == round) {
                client_fail(client, "presence %u came twice or out of order", round);
                return;
        }

        fanout->got[client->index] = round;
        fanout->n_delivered++;
        run_count(fanout->run, g_get_monotonic_time() - fanout->sent_at);
        if (++fanout->n_got == fanout->n_contacts && !fanout->is_ending)
                send_round(fanout);
}

static void
name_accounts(Crowd *crowd, const Options *options)
{
        for (unsigned i = 0; i < crowd->n; i++) {
                crowd->each[i].user = options->fan;
                crowd->each[i].number = i;
                crowd->each[i].resource = 0;
        }
        crowd->each[crowd->n - 1].user = options->hub;
}

/* Waits until all contacts got the last round. */
static bool
drain(Fanout *fanout)
{
        Crowd *crowd = &fanout->run->crowd;
        Report *report = &fanout->run->report;
        int64_t deadline = fanout->sent_at + ROUND_MAX_US;

        fanout->is_ending = true;
        while (fanout->n_got < fanout->n_contacts && g_get_monotonic_time() < deadline) {
                if (!crowd_turn(crowd, deadline))
                        return false;
        }
        report->has_messages = true;
        report->sent = (uint64_t)fanout->round * fanout->n_contacts;
        report->received = fanout->n_delivered;
        return fanout->n_got == fanout->n_contacts ||
               crowd_fail(crowd, "presence %u reached %u of %u contacts", fanout->round,
                          fanout->n_got, fanout->n_contacts);
}

bool
work_presence(Run *run)
{
        Crowd *crowd = &run->crowd;

        name_accounts(crowd, run->options);
        if (!run_log_in(run, QUIET_US))
                return false;

        Fanout fanout = {.run = run,
                         .hub = &crowd->each[crowd->n - 1],
                         .n_contacts = crowd->n - 1,
                         .got = g_new0(uint32_t, crowd->n)};
        crowd->clients.work = &fanout;
        crowd->clients.on_stanza = on_stanza;
        send_round(&fanout);
        bool is_good = run_measure(run) && drain(&fanout) && run_weigh(run, &run->report.after);
        crowd->clients.on_stanza = NULL;
        g_free(fanout.got);
        return is_good;
}
