/*
 * work_message: message: pairs chat in closed loop, one message of a pair is under way at a time.
 * pipeline: flows in one direction keep a number of messages in flight, sent by ten or more in one
 * write.
 */
#include "chat.h"
#include "works.h"

#define QUIET_US (250 * 1000)
#define SENT_AT_ONCE 10

/* Measures @chat, which is under way, and counts what became of it. */
static bool
measure_chat(Run *run, Chat *chat)
{
        return run_measure(run) && chat_end(chat) && run_weigh(run, &run->report.after);
}

static void
answer(Chat *chat, Flow *flow)
{
        chat_send(chat, flow->back, g_get_monotonic_time());
}

bool
work_message(Run *run)
{
        Chat chat;

        if (!run_log_in(run, QUIET_US))
                return false;
        chat_init(&chat, run, false);
        chat.on_arrived = answer;
        for (unsigned i = 0; i < chat.n_flows; i += 2)
                chat_send(&chat, &chat.flows[i], g_get_monotonic_time());
        bool is_good = measure_chat(run, &chat);
        chat_clear(&chat);
        return is_good;
}

/* Fills @flow up to its depth, once that takes enough messages. */
static void
refill(Chat *chat, Flow *flow)
{
        GString *batch = chat->work;
        uint64_t in_flight = flow->n_sent - flow->arrived.n_seen;
        uint64_t depth = (uint64_t)chat->run->options->depth;
        if (depth < in_flight + SENT_AT_ONCE)
                return;

        int64_t now = g_get_monotonic_time();
        g_string_truncate(batch, 0);
        for (; in_flight < depth; in_flight++) {
                const Message *message = chat_stamp(chat, flow, now);
                g_string_append_len(batch, message->text, (gssize)message->len);
        }
        client_send(flow->from, batch->str, batch->len);
}

bool
work_pipeline(Run *run)
{
        Chat chat;
        g_autoptr(GString) batch = g_string_new(NULL);

        if (!run_log_in(run, QUIET_US))
                return false;
        chat_init(&chat, run, true);
        chat.work = batch;
        chat.on_arrived = refill;
        for (unsigned i = 0; i < chat.n_flows; i++)
                refill(&chat, &chat.flows[i]);
        bool is_good = measure_chat(run, &chat);
        chat_clear(&chat);
        return is_good;
}
