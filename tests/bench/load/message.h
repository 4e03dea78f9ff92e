/*
 * message: the text of a chat message, made once for a flow and stamped each time it is sent: with
 * the flow, a sequence number and a time in its id, and with other words in its body.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_LEN 250     /* of all its bytes, when the address leaves room for a body */
#define MESSAGE_BODY_MIN 32 /* of the body otherwise */

typedef struct {
        char *text;
        size_t len;
        size_t id, body, body_len; /* where they are in the text */
} Message;

typedef struct {
        uint32_t flow, number;
        int64_t time_us;
} MessageStamp;

/* Words to fill bodies with. */
typedef struct {
        char *text;
        size_t len;
} MessageWords;

void message_words_init(MessageWords *words);
void message_words_clear(MessageWords *words);

/** message_init: @to: an address that needs no escaping, see options_parse() */
void message_init(Message *message, const char *to);
void message_clear(Message *message);
void message_stamp(Message *message, const MessageWords *words, MessageStamp stamp);
/** message_parse_id: Returns: whether @id is one of ours */
bool message_parse_id(const char *id, size_t len, MessageStamp *stamp_out);
