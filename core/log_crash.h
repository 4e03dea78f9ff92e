/*
 * log_crash: last words of a process that ends by a signal of its own fault.
 */
#pragma once

/** log_crash_catch: @last_words is called once, in the signal handler, with what happened */
void log_crash_catch(void (*last_words)(const char *what));
