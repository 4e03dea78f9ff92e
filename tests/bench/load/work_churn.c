/*
 * work_churn: sessions that connect, log in, send themselves a message and leave, again and again.
 * An operation is one such cycle, and its latency is how long it takes.
 */
#include "message.h"
#include "works.h"

#define DRAIN_US (20 * G_USEC_PER_SEC)

/* What one slot does. */
typedef struct {
        uint32_t n_cycles;
        int64_t opened_at;
        bool has_got; /* its own message */
} Slot;

typedef struct {
        Run *run;
        Slot *slots;
        MessageWords words;
        unsigned n_busy; /* slots in a cycle */
        bool is_ending;
        uint64_t n_sent, n_arrived;
} Churn;

static void
begin(Churn *churn, Client *client)
{
        Slot *slot = &churn->slots[client->index];

        client_clear(client);
        slot->opened_at = g_get_monotonic_time();
        slot->has_got = false;
        churn->n_busy++;
        client_open(client);
}

static void
send_to_self(Churn *churn, Client *client)
{
        Message message;
        MessageStamp stamp = {client->index, churn->slots[client->index].n_cycles, 0};

        message_init(&message, client->jid);
        message_stamp(&message, &churn->words, stamp);
        churn->n_sent++;
        client_send(client, message.text, message.len);
        message_clear(&message);
}

static void
on_change(Client *client)
{
        Churn *churn = client->clients->work;
        Slot *slot = &churn->slots[client->index];

        if (client->state == CLIENT_READY) {
                send_to_self(churn, client);
                return;
        }
        slot->n_cycles++;
        churn->n_busy--;
        run_count(churn->run, g_get_monotonic_time() - slot->opened_at);
        if (!churn->is_ending)
                begin(churn, client);
}

static void
on_stanza(Client *client, const char *stanza, size_t len)
{
        Churn *churn = client->clients->work;
        Slot *slot = &churn->slots[client->index];
        size_t id_len;
        MessageStamp stamp;

        if (!cut_is(stanza, len, "message"))
                return;
        const char *id = cut_attr(stanza, len, "id", &id_len);
        if (!id || !message_parse_id(id, id_len, &stamp))
                return;
        if (stamp.flow != client->index || stamp.number != slot->n_cycles || slot->has_got) {
                client_fail(client, "got a message of another session: %.*s", (int)MIN(len, 700),
                            stanza);
                return;
        }
        slot->has_got = true;
        churn->n_arrived++;
        client_leave(client);
}

static bool
drain(Churn *churn)
{
        Crowd *crowd = &churn->run->crowd;
        Report *report = &churn->run->report;
        int64_t deadline = g_get_monotonic_time() + DRAIN_US;

        churn->is_ending = true;
        while (churn->n_busy > 0 && g_get_monotonic_time() < deadline) {
                if (!crowd_turn(crowd, deadline))
                        return false;
        }
        report->has_messages = true;
        report->sent = churn->n_sent;
        report->received = churn->n_arrived;
        return churn->n_busy == 0 ||
               crowd_fail(crowd, "%u of %u sessions got stuck", churn->n_busy, crowd->n);
}

bool
work_churn(Run *run)
{
        Crowd *crowd = &run->crowd;
        Churn churn = {.run = run};

        if (!run_weigh(run, &run->report.before))
                return false;
        churn.slots = g_new0(Slot, crowd->n);
        message_words_init(&churn.words);
        crowd->clients.work = &churn;
        crowd->clients.on_stanza = on_stanza;
        crowd->on_change = on_change;
        crowd->n_opened = crowd->n;
        for (unsigned i = 0; i < crowd->n; i++)
                begin(&churn, &crowd->each[i]);
        bool is_good = run_measure(run) && drain(&churn) && run_weigh(run, &run->report.after);
        crowd->on_change = NULL;
        crowd->clients.on_stanza = NULL;
        message_words_clear(&churn.words);
        g_free(churn.slots);
        return is_good;
}
