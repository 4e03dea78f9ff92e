/*
 * test_answer: what a command of motetctl says while it goes on.
 */
#pragma once

#include "core/command.h"

typedef struct {
        GString *text;  /* lines, each with its end */
        int code;       /* -1: not ended */
        int64_t unread; /* what the caller has not read yet, in bytes; -1: it has gone */
        int handed;     /* (own) a descriptor for the command that asks; -1: none */
} TestAnswer;

/** test_answer_init: nothing was said yet */
void test_answer_init(TestAnswer *answer);
void test_answer_clear(TestAnswer *answer);
/** test_answer_hand: hands over the file at @path; none when it cannot be opened */
void test_answer_hand(TestAnswer *answer, const char *path);
/** test_answer_hand_take: hands over @fd, or -1 */
void test_answer_hand_take(TestAnswer *answer, int fd);
/** test_answer_owner: for command_run(), with a TestAnswer as its data */
extern const CommandOwner test_answer_owner;
