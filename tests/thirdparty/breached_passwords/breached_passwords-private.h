/*
 * breached_passwords-private: the list of known passwords, as the module sees it.
 */
#pragma once

#include <stdbool.h>

#define HASH_DIGITS 40 /* SHA-1, hexadecimal */

typedef enum {
        LIST_ABSENT,     /* it is not in the list */
        LIST_PRESENT,    /* it is */
        LIST_LOCKED,     /* somebody is writing the list: ask again later */
        LIST_UNREADABLE, /* there is no such file, or it is no list */
} ListAnswer;

/**
 * list_search:
 * @path: a file of lines "<SHA-1>:<count>", ordered by hash
 * @hash: HASH_DIGITS hexadecimal digits
 * @problem_out: set to a (static) reason for LIST_UNREADABLE
 *
 * Reads, and so is for a worker thread.
 */
ListAnswer list_search(const char *path, const char *hash, const char **problem_out);
