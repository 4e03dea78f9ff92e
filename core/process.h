/*
 * process: what this process uses of the machine.
 *
 * Source: proc(5), pthread_create(3).
 */
#pragma once

#include <motet/types.h>

/* 0 where the system does not tell. */
typedef struct {
        uint64_t resident, virtual; /* bytes */
        uint64_t descriptors, descriptors_max;
        int64_t cpu; /* µs of processor time, user and system */
} ProcessUsage;

/** process_usage: Returns: as it is now; a few system calls, however much is used */
ProcessUsage process_usage(void);
/**
 * process_can_make_threads: whether the system allows this process one more; makes it and waits for
 * its end. Returns: false with MOTET_ERROR_IO, which says what to raise
 */
bool process_can_make_threads(GError **error);
