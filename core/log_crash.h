/*
 * log_crash: last words of a process that ends by a signal of its own fault: what it was, whose
 * code ran, and how it came there; and a line in a file, for the next start.
 */
#pragma once

#include <glib.h>
#include <motet/types.h>
#include <signal.h>

#define LOG_CRASH_BLAMES_MAX (64 * 1024) /* bytes beyond which nothing is added to the file */

/** log_crash_catch: @last_words is called in the signal handler, for each line that there is to
 * say */
void log_crash_catch(void (*last_words)(const char *line));

/** LogCrashStack: what a thread's last words are said on, when its own stack is used up */
typedef struct LogCrashStack LogCrashStack;

/** log_crash_stack_new: for the calling thread, which frees it when it ends; who calls
 * log_crash_catch() has one. Returns: (own) NULL when somebody else, such as a sanitizer, has made
 * one already */
LogCrashStack *log_crash_stack_new(void);
/** log_crash_stack_free: on the thread whose it is */
void log_crash_stack_free(LogCrashStack *stack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogCrashStack, log_crash_stack_free)

/**
 * log_crash_blame_to:
 * @fd: (borrowed) open for appending as long as it is set; -1: nobody is blamed
 *
 * From now on a crash inside a module adds a line to it:
 * "SECONDS MODULE HOST FILE WHAT\n", host and file "-" when there is none.
 */
void log_crash_blame_to(int fd);

/** log_crash_fill_but_faults: all signals but those of a thread's own fault, which are not to be
 * blocked: one that is blocked ends the process without its handler */
void log_crash_fill_but_faults(sigset_t *set);
