/*
 * log_escape: makes text that came from a peer harmless for terminals, files and the journal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * log_escape:
 * @text: of @n bytes, any bytes
 * @cut: it was cut already
 * @out: of @size bytes, at least 16: gets @text, NUL-terminated UTF-8 without control characters
 *
 * What was cut, before or here, ends in "...".
 */
void log_escape(const char *text, size_t n, bool cut, char *out, size_t size);
/** log_escape_is_needed: whether log_escape() would change @text */
bool log_escape_is_needed(const char *text);
