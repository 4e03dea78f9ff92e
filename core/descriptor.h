/*
 * descriptor: what read(2) and write(2) leave to their caller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** descriptor_write_all: writes all @n bytes, however often it is interrupted or only a part is
 * taken. @fd blocks.
 * Returns: false with errno set, and some of it written */
bool descriptor_write_all(int fd, const char *bytes, size_t n);
