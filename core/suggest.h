/*
 * suggest: which of the known words a mistyped one was meant to be.
 */
#pragma once

#include <motet/types.h>

/**
 * suggest_nearest:
 * @word: (borrowed) what was written
 * @candidates: (borrowed) NULL-terminated
 *
 * Returns: (borrowed) the candidate with the smallest edit distance, at most a third of its length;
 * NULL when none is near
 */
const char *suggest_nearest(const char *word, const char *const *candidates);
