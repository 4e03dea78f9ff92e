/*
 * chat: flows of chat messages between clients: every message is numbered, and what arrives is held
 * against what was sent.
 */
#pragma once

#include "message.h"
#include "run.h"
#include "sequence.h"

typedef struct Flow Flow;
struct Flow {
        Client *from, *to;
        Flow *back; /* from .to to .from; NULL: there is none */
        Message message;
        uint32_t n_sent;
        Sequence arrived;
};

typedef struct Chat Chat;
struct Chat {
        Run *run;
        Flow *flows;
        unsigned n_flows;
        MessageWords words;
        int64_t patience_us; /* a message under way that long after the last arrived is lost */
        bool is_ending;      /* nothing new is sent */
        uint64_t n_sent, n_arrived;
        int64_t last_arrived;
        void *work; /* the work's own */
        /* @flow's message arrived. NULL: nothing is to be done. */
        void (*on_arrived)(Chat *chat, Flow *flow);
};

/** chat_init: --pairs of clients, spread over all, with a flow each way or, @one_way, only from one
 * to the other */
void chat_init(Chat *chat, Run *run, bool one_way);
void chat_clear(Chat *chat);
/** chat_send: @time_us: what the latency is counted from */
void chat_send(Chat *chat, Flow *flow, int64_t time_us);
/** chat_stamp: the next message of @flow is counted as sent. Returns: (borrowed) its text */
const Message *chat_stamp(Chat *chat, Flow *flow, int64_t time_us);
/** chat_end: waits for what is under way, and reports what became of all messages. Returns: whether
 * all arrived in order */
bool chat_end(Chat *chat);
