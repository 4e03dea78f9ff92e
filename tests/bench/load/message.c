/* message: see message.h. */
#include "message.h"

#include <string.h>

#define WORDS_LEN 16384
#define WORDS_SEED 4096
#define ID "00000000-00000000-000000000000"
#define ID_LEN (sizeof ID - 1)
#define NUMBER_AT 9
#define TIME_AT 18
#define TIME_DIGITS 12

static const char *const vocabulary[] = {
        "about",  "after", "again",  "all",   "already", "and",    "before", "but",   "call",
        "can't",  "come",  "could",  "did",   "dinner",  "don't",  "early",  "else",  "evening",
        "from",   "great", "have",   "home",  "how",     "I",      "idea",   "if",    "in",
        "just",   "know",  "late",   "let's", "look",    "maybe",  "me",     "meet",  "minute",
        "need",   "no",    "not",    "now",   "o'clock", "of",     "ok",     "on",    "or",
        "please", "ready", "really", "see",   "she",     "should", "soon",   "still", "sure",
        "thanks", "that",  "the",    "think", "time",    "today",  "train",  "we",    "when",
        "where",  "will",  "with",   "yes",   "you",
};

void
message_words_init(MessageWords *words)
{
        g_autoptr(GRand) random = g_rand_new_with_seed(WORDS_SEED);
        GString *text = g_string_sized_new(WORDS_LEN + 16);
        while (text->len < WORDS_LEN) {
                gint32 word = g_rand_int_range(random, 0, G_N_ELEMENTS(vocabulary));
                g_string_append(g_string_append(text, vocabulary[word]), " ");
        }
        words->len = text->len;
        words->text = g_string_free(text, FALSE);
}

void
message_words_clear(MessageWords *words)
{
        g_clear_pointer(&words->text, g_free);
}

void
message_init(Message *message, const char *to)
{
        static const char tail[] =
                "</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>";
        g_autofree char *head =
                g_strdup_printf("<message to='%s' type='chat' id='" ID "'><body>", to);
        size_t around = strlen(head) + strlen(tail);

        message->body = strlen(head);
        message->body_len = MAX(MESSAGE_LEN, around + MESSAGE_BODY_MIN) - around;
        message->id = message->body - strlen("'><body>") - ID_LEN;
        message->text = g_strdup_printf("%s%*s%s", head, (int)message->body_len, "", tail);
        message->len = strlen(message->text);
}

void
message_clear(Message *message)
{
        g_clear_pointer(&message->text, g_free);
}

static void
write_hex(char *at, unsigned digits, uint64_t value)
{
        while (digits-- > 0) {
                at[digits] = "0123456789abcdef"[value & 15];
                value >>= 4;
        }
}

void
message_stamp(Message *message, const MessageWords *words, MessageStamp stamp)
{
        char *id = message->text + message->id;
        size_t range = words->len - message->body_len;
        size_t from = (stamp.number * UINT32_C(2654435761) + stamp.flow * UINT32_C(40503)) % range;

        write_hex(id, 8, stamp.flow);
        write_hex(id + NUMBER_AT, 8, stamp.number);
        write_hex(id + TIME_AT, TIME_DIGITS, (uint64_t)stamp.time_us);
        memcpy(message->text + message->body, words->text + from, message->body_len);
}

static bool
read_hex(const char *at, unsigned digits, uint64_t *value_out)
{
        uint64_t value = 0;
        for (unsigned i = 0; i < digits; i++) {
                int digit = g_ascii_xdigit_value(at[i]);
                if (digit < 0)
                        return false;
                value = value << 4 | (unsigned)digit;
        }
        *value_out = value;
        return true;
}

bool
message_parse_id(const char *id, size_t len, MessageStamp *stamp_out)
{
        uint64_t flow, number, time_us;
        if (len != ID_LEN || id[NUMBER_AT - 1] != '-' || id[TIME_AT - 1] != '-' ||
            !read_hex(id, 8, &flow) || !read_hex(id + NUMBER_AT, 8, &number) ||
            !read_hex(id + TIME_AT, TIME_DIGITS, &time_us))
                return false;
        *stamp_out = (MessageStamp){(uint32_t)flow, (uint32_t)number, (int64_t)time_us};
        return true;
}
