/*
 * log_refusal: calls that the kernel refused to this process, which is confined: each fails with
 * EPERM and is told of, once for each number.
 */
#pragma once

#include <motet/types.h>

#define LOG_REFUSAL_NUMBERS 512 /* calls beyond are told of as one */
#define LOG_REFUSAL_WORD 64

/* As it is written. */
typedef struct {
        int32_t number;                /* of the call */
        char module[LOG_REFUSAL_WORD]; /* whose code asked; empty: the core's */
        char what[LOG_REFUSAL_WORD];   /* what that was at; empty: unknown */
} LogRefusal;

/**
 * log_refusal_deny:
 * @fd: (borrowed) of a pipe that does not block, as long as it is set; -1: nobody is told
 *
 * From now on a call for which the kernel sends SIGSYS (seccomp(2)) fails with EPERM and is written
 * to @fd as a LogRefusal. A thread that blocks the signal ends the process.
 */
void log_refusal_deny(int fd);
/** log_refusal_count: Returns: how many calls were refused so since the process began, told or
 * not */
uint64_t log_refusal_count(void);
