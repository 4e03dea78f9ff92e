/*
 * spare: memory that a peak has left with the C library, given back to the system.
 *
 * malloc() keeps nearly all that was freed, for good: a thousand sessions that chatted for some
 * seconds left 15 MiB of 29. Giving it back took 2 ms there, and 4 to 22 ms for 60 MiB in pieces,
 * during which nothing else is done: so it is looked at once a minute, after a minute in which
 * little was to do, and given back where there is much of it. What is needed again is taken anew.
 *
 * Source: malloc_trim(3), mallinfo(3)
 */
#pragma once

#include "core/loop.h"

#define SPARE_INTERVAL G_TIME_SPAN_MINUTE
#define SPARE_QUIET_TURNS 6000                /* of the loop in SPARE_INTERVAL, at most */
#define SPARE_MIN ((uint64_t)8 * 1024 * 1024) /* bytes that are worth it */

typedef struct Spare Spare;

/* What is looked at; tests have their own. */
typedef struct {
        uint64_t (*turns)(void *data);    /* of the loop so far */
        uint64_t (*resident)(void *data); /* bytes of memory that the process uses */
        uint64_t (*unused)(void *data);   /* bytes that malloc() has, given back or not */
        void (*give_back)(void *data);
        void *data;
} SpareHeap;

/** spare_new: from now on, of @heap (borrowed, copied); NULL: of this process */
Spare *spare_new(Loop *loop, const SpareHeap *heap);
void spare_free(Spare *spare);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spare, spare_free)
