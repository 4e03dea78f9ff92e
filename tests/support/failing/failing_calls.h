/*
 * failing_calls: makes one call of the system fail, in the program that is linked with it.
 *
 * Its functions stand before those of the C library for what core itself calls; what libraries call
 * goes through.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

/* In the place of a number: a call does the least it may, a byte. */
#define FAIL_SHORT (-1)

/**
 * failing_calls_each:
 * @number: what errno is then. EINTR: only calls that may be interrupted fail; FAIL_SHORT: only
 * those that move bytes
 * @only: the one function whose calls fail; NULL: all
 * @attempt: does the same thing each time, between failing_calls_begin() and failing_calls_end()
 *
 * Calls @attempt again and again: with its first call failing, once, then its second, and so on
 * until it was done without one having failed.
 *
 * Returns: how many attempts had a call that failed
 */
unsigned failing_calls_each(int number, const char *only, void (*attempt)(void *data), void *data);
/** failing_calls_begin: from now on this thread's calls count */
void failing_calls_begin(void);
/** failing_calls_end: no call fails from now on. Returns: whether one has, since it began */
bool failing_calls_end(void);
/** failing_calls_was_in_child: of an attempt in a process of its own: one has failed there */
void failing_calls_was_in_child(void);
