/* sequence: see sequence.h. */
#include "sequence.h"

bool
sequence_see(Sequence *sequence, uint32_t number)
{
        if (number >= sequence->next) {
                uint32_t ahead = number - sequence->next + 1;
                sequence->seen = ahead < 64 ? sequence->seen << ahead | 1 : 1;
                sequence->next = number + 1;
                sequence->n_seen++;
                return true;
        }

        uint32_t back = sequence->next - number - 1;
        if (back >= 64 || (sequence->seen >> back & 1)) {
                sequence->n_duplicated++;
                return false;
        }
        sequence->seen |= UINT64_C(1) << back;
        sequence->n_reordered++;
        sequence->n_seen++;
        return true;
}
