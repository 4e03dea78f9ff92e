/*
 * sim_random: numbers that follow from a seed.
 */
#pragma once

#include <stdint.h>

typedef struct {
        uint64_t state;
} SimRandom;

/** sim_random_next: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators") */
static inline uint64_t
sim_random_next(SimRandom *random)
{
        uint64_t z = random->state += 0x9e3779b97f4a7c15u;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

/** sim_random_below: Returns: 0 to @n - 1; @n > 0 */
static inline unsigned
sim_random_below(SimRandom *random, unsigned n)
{
        return (unsigned)(sim_random_next(random) % n);
}
