/* sequence: whether numbered things arrive once each, and in order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
        uint32_t next; /* number expected: all below were seen, or skipped when a higher one came */
        uint64_t seen; /* of the 64 below .next, the lowest bit is .next - 1 */
        uint64_t n_seen; /* different numbers */
        uint64_t n_reordered, n_duplicated;
} Sequence;

/**
 * sequence_see:
 *
 * A number that came after a higher one is reordered. One that was seen before is duplicated;
 * further back than 64 that cannot be told any more, and it counts as duplicated.
 *
 * Returns: whether it is new
 */
bool sequence_see(Sequence *sequence, uint32_t number);
