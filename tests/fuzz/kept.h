/*
 * kept: the inputs that a server has had, in files, so that a failure that takes more than the last
 * one of them can be shown again: a fuzzer keeps no other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * kept_add: @is_first: of its server; what was kept before goes
 *
 * Nothing unless MOTET_FUZZ_KEEP is set: to a folder that is made, and removed when the program
 * ends well.
 */
void kept_add(const uint8_t *bytes, size_t n, bool is_first);
