/*
 * log_queue: lines that wait to be written, in a ring of fixed size, in order.
 *
 * No locks of its own. A line stays in its place until it is dropped, so it may be read while
 * others are added.
 */
#pragma once

#include "core/log_record.h"

typedef struct {
        char *ring; /* (own) */
        size_t size;
        size_t head; /* offset where the next line goes */
        size_t tail; /* offset of the oldest line */
        size_t end;  /* where lines before a wrap end; only while head <= tail */
        unsigned n;
} LogQueue;

/** log_queue_init: @size: bytes of the ring, heads of lines included */
void log_queue_init(LogQueue *queue, size_t size);
void log_queue_clear(LogQueue *queue);
/**
 * log_queue_push:
 * @record: copied
 * @is_urgent: it may have the last eighth of the ring as well
 *
 * Returns: false when there is no room: nothing happened
 */
bool log_queue_push(LogQueue *queue, const LogRecord *record, bool is_urgent);
/** log_queue_peek: the oldest line, its strings borrowed until log_queue_drop(). Returns: false
 * when there is none */
bool log_queue_peek(const LogQueue *queue, LogRecord *record_out);
/** log_queue_drop: forgets the oldest line; there is one */
void log_queue_drop(LogQueue *queue);
