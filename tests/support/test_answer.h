/*
 * test_answer: what a command of motetctl says while it goes on.
 */
#pragma once

#include "core/command.h"

typedef struct {
        GString *text;  /* lines, each with its end */
        int code;       /* -1: not ended */
        int64_t unread; /* what the caller has not read yet, in bytes; -1: it has gone */
} TestAnswer;

/** test_answer_init: nothing was said yet */
void test_answer_init(TestAnswer *answer);
void test_answer_clear(TestAnswer *answer);
/** test_answer_owner: for command_run(), with a TestAnswer as its data */
extern const CommandOwner test_answer_owner;
