/* chat: see chat.h. */
#include "chat.h"

#include <string.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)

static void
on_stanza(Client *client, const char *stanza, size_t len)
{
        Chat *chat = client->clients->work;
        size_t id_len;
        MessageStamp stamp;

        /* A server's own greetings and the presence of contacts arrive here too. */
        if (!cut_is(stanza, len, "message"))
                return;
        const char *id = cut_attr(stanza, len, "id", &id_len);
        if (!id || !message_parse_id(id, id_len, &stamp) || stamp.flow >= chat->n_flows)
                return;
        if (cut_attr_is(stanza, len, "type", "error")) {
                client_fail(client, "a message came back: %.*s", (int)MIN(len, 700), stanza);
                return;
        }

        Flow *flow = &chat->flows[stamp.flow];
        if (flow->to != client || stamp.number >= flow->n_sent) {
                client_fail(client, "got a message that nobody sent to it");
                return;
        }
        if (!sequence_see(&flow->arrived, stamp.number))
                return;
        chat->last_arrived = g_get_monotonic_time();
        chat->n_arrived++;
        run_count(chat->run, chat->last_arrived - stamp.time_us);
        if (chat->on_arrived && !chat->is_ending)
                chat->on_arrived(chat, flow);
}

static void
flow_init(Flow *flow, Client *from, Client *to)
{
        *flow = (Flow){.from = from, .to = to};
        message_init(&flow->message, to->jid);
}

void
chat_init(Chat *chat, Run *run, bool one_way)
{
        unsigned pairs = (unsigned)run->options->pairs, n_ways = one_way ? 1 : 2;
        unsigned stride = run->crowd.n / (2 * pairs);

        *chat = (Chat){.run = run, .n_flows = pairs * n_ways, .patience_us = PATIENCE_US};
        message_words_init(&chat->words);
        chat->flows = g_new(Flow, chat->n_flows);
        for (unsigned i = 0; i < pairs; i++) {
                Client *a = &run->crowd.each[2 * i * stride];
                Client *b = &run->crowd.each[(2 * i + 1) * stride];
                Flow *there = &chat->flows[i * n_ways];
                flow_init(there, a, b);
                if (one_way)
                        continue;
                flow_init(there + 1, b, a);
                there->back = there + 1;
                there[1].back = there;
        }
        run->crowd.clients.work = chat;
        run->crowd.clients.on_stanza = on_stanza;
}

void
chat_clear(Chat *chat)
{
        for (unsigned i = 0; i < chat->n_flows; i++)
                message_clear(&chat->flows[i].message);
        g_free(chat->flows);
        message_words_clear(&chat->words);
        chat->run->crowd.clients.on_stanza = NULL;
}

const Message *
chat_stamp(Chat *chat, Flow *flow, int64_t time_us)
{
        MessageStamp stamp = {(uint32_t)(flow - chat->flows), flow->n_sent++, time_us};
        message_stamp(&flow->message, &chat->words, stamp);
        chat->n_sent++;
        return &flow->message;
}

void
chat_send(Chat *chat, Flow *flow, int64_t time_us)
{
        const Message *message = chat_stamp(chat, flow, time_us);
        client_send(flow->from, message->text, message->len);
}

static void
count(Chat *chat)
{
        Report *report = &chat->run->report;

        report->has_messages = true;
        report->sent = chat->n_sent;
        report->received = chat->n_arrived;
        report->reordered = report->duplicated = 0;
        for (unsigned i = 0; i < chat->n_flows; i++) {
                report->reordered += chat->flows[i].arrived.n_reordered;
                report->duplicated += chat->flows[i].arrived.n_duplicated;
        }
}

bool
chat_end(Chat *chat)
{
        Crowd *crowd = &chat->run->crowd;
        const Report *report = &chat->run->report;

        chat->is_ending = true;
        chat->last_arrived = g_get_monotonic_time();
        while (chat->n_arrived < chat->n_sent &&
               g_get_monotonic_time() < chat->last_arrived + chat->patience_us) {
                if (!crowd_turn(crowd, chat->last_arrived + chat->patience_us))
                        return false;
        }
        count(chat);
        if (report->received < report->sent || report->reordered > 0 || report->duplicated > 0)
                return crowd_fail(crowd,
                                  "of %" G_GUINT64_FORMAT " messages %" G_GUINT64_FORMAT
                                  " were lost, %" G_GUINT64_FORMAT " reordered, %" G_GUINT64_FORMAT
                                  " duplicated",
                                  report->sent, report->sent - report->received, report->reordered,
                                  report->duplicated);
        return true;
}
