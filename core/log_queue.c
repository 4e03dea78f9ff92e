/*
 * log_queue: a ring of records of different sizes, each in one piece.
 */
#include "core/log_queue.h"

#include <string.h>

#define N_STRINGS 5
#define ALIGNED(n) (((n) + 7) & ~(size_t)7)

/* Strings follow, each with its NUL; one that is NULL has length NONE and no bytes. */
typedef struct {
        int64_t time;
        uint32_t size; /* of the whole, ALIGNED */
        uint16_t level;
        uint16_t len[N_STRINGS]; /* without NUL */
} Head;

#define NONE UINT16_MAX

void
log_queue_init(LogQueue *queue, size_t size)
{
        *queue = (LogQueue){.ring = g_malloc(size), .size = size};
}

void
log_queue_clear(LogQueue *queue)
{
        g_free(queue->ring);
        *queue = (LogQueue){0};
}

static size_t
bytes_used(const LogQueue *queue)
{
        if (queue->n == 0)
                return 0;
        return queue->head > queue->tail ? queue->head - queue->tail
                                         : queue->end - queue->tail + queue->head;
}

/* Returns: false when @need bytes are not there in one piece; else *at_out is where they are. */
static bool
find_room(LogQueue *queue, size_t need, size_t *at_out)
{
        if (queue->n == 0)
                queue->head = queue->tail = 0;
        if (queue->n > 0 && queue->head <= queue->tail) {
                *at_out = queue->head;
                return need <= queue->tail - queue->head;
        }
        if (need <= queue->size - queue->head) {
                *at_out = queue->head;
                return true;
        }
        if (queue->n == 0 || need > queue->tail)
                return false;
        queue->end = queue->head;
        *at_out = 0;
        return true;
}

bool
log_queue_push(LogQueue *queue, const LogRecord *record, bool is_urgent)
{
        const char *const strings[N_STRINGS] = {record->source, record->about.host,
                                                record->about.jid, record->about.session,
                                                record->text};
        Head head = {.time = record->time, .level = (uint16_t)record->level};
        size_t need = sizeof head, at;

        for (unsigned i = 0; i < N_STRINGS; i++) {
                size_t len = strings[i] ? strlen(strings[i]) : NONE;
                head.len[i] = (uint16_t)MIN(len, NONE);
                need += strings[i] ? len + 1 : 0;
        }
        need = ALIGNED(need);
        size_t room = is_urgent ? queue->size : queue->size / 8 * 7;
        if (bytes_used(queue) + need > room || !find_room(queue, need, &at))
                return false;

        head.size = (uint32_t)need;
        memcpy(queue->ring + at, &head, sizeof head);
        char *p = queue->ring + at + sizeof head;
        for (unsigned i = 0; i < N_STRINGS; i++) {
                if (!strings[i])
                        continue;
                memcpy(p, strings[i], (size_t)head.len[i] + 1);
                p += head.len[i] + 1;
        }
        queue->head = at + need;
        queue->n++;
        return true;
}

bool
log_queue_peek(const LogQueue *queue, LogRecord *record_out)
{
        const char *strings[N_STRINGS];
        Head head;

        if (queue->n == 0)
                return false;
        const char *p = queue->ring + queue->tail;
        memcpy(&head, p, sizeof head);
        p += sizeof head;
        for (unsigned i = 0; i < N_STRINGS; i++) {
                strings[i] = head.len[i] == NONE ? NULL : p;
                p += head.len[i] == NONE ? 0 : head.len[i] + 1;
        }
        *record_out = (LogRecord){
                .time = head.time,
                .level = (MotetLogLevel)head.level,
                .source = strings[0],
                .about = {.host = strings[1], .jid = strings[2], .session = strings[3]},
                .text = strings[4],
        };
        return true;
}

void
log_queue_drop(LogQueue *queue)
{
        bool is_wrapped = queue->head <= queue->tail;
        Head head;

        memcpy(&head, queue->ring + queue->tail, sizeof head);
        queue->tail += head.size;
        queue->n--;
        if (is_wrapped && queue->tail == queue->end)
                queue->tail = 0;
}
