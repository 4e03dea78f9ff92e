/*
 * heap: how much memory the calling thread allocates and frees, counted while somebody asks.
 *
 * malloc() keeps no count that could be read before and after a call: mallinfo2() walks all that is
 * free (milliseconds in a server that has run for a while), and does not see what each thread keeps
 * for itself. A malloc() of our own would cost every call at all times. So while somebody counts,
 * and only then, the entries by which the program and its libraries call malloc() and its like (in
 * their global offset tables) lead to functions that count and call the real one. Tables that are
 * read-only are writable for that moment alone. When the count ends all entries are as before.
 *
 * Other threads may run, call malloc() and open libraries meanwhile; starting and stopping wait
 * until one that is being opened is. Each takes milliseconds, so it is for when an operator asks,
 * not for sampling.
 *
 * Not counted: what other threads do, what was mapped without malloc(), and what GLib hands out
 * from its slices, which it allocates in pages and seldom gives back (nodes of lists, heads of
 * arrays and strings; from 2.76 on they are allocated like the rest).
 *
 * Source: ELF, "Dynamic linking"; malloc(3), "Replacing malloc" of the glibc manual
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes, as malloc_usable_size() has them: what was asked for, rounded up. */
typedef struct {
        uint64_t allocated, freed;
} HeapCount;

/**
 * heap_count_start: counts from 0 on, what this thread does; one thread of the process at a time
 *
 * Returns: false with MOTET_ERROR_IO when the system refuses, or when it is not known how on this
 * kind of machine
 */
bool heap_count_start(GError **error);
/** heap_count_extend: while counting: counts also in objects that were opened since */
void heap_count_extend(void);
/** heap_count: Returns: so far; on the thread that started it */
HeapCount heap_count(void);
void heap_count_stop(void);

/** heap_unused: Returns: how many bytes were freed and are kept for what is needed next; 0 where
 * the C library does not tell. It walks all that is free: up to milliseconds */
uint64_t heap_unused(void);
/** heap_give_back: gives the system what of that are whole pages; milliseconds, in which no other
 * thread allocates. Does nothing where the C library cannot */
void heap_give_back(void);
