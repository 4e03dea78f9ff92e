/*
 * told: whether an input has the secret in it that a target wants to see nowhere: a fuzzer puts
 * into inputs what it sees compared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * told_in: compared byte by byte, as what functions of the C library search for is learned as a
 * whole
 */
static inline bool
told_in(const uint8_t *bytes, size_t n, const char *secret)
{
        size_t len = strlen(secret);

        for (size_t i = 0; i + len <= n; i++) {
                size_t same = 0;
                while (same < len && bytes[i + same] == (uint8_t)secret[same])
                        same++;
                if (same == len)
                        return true;
        }
        return false;
}
