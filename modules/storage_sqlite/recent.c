/*
 * recent: which entries are the newest of a chain, in few bytes, so that their pages can be asked
 * for all at once instead of one after the other.
 *
 * Kept are the steps from each id to the next, oldest first, as numbers of 7 bits a byte, the low
 * ones first, the last byte below 128. Where they end, the newest id, is the chain's head. An id
 * may be of an entry that was deleted since: what is remembered here is a hint and proves nothing.
 */
#include "storage_sqlite-private.h"

#include <string.h>

#define STEP_BYTES_MAX 10
#define ROOM_MIN 16

/* Returns: how many bytes */
static unsigned
write_step(uint64_t step, uint8_t bytes[STEP_BYTES_MAX])
{
        unsigned n = 0;

        for (; step >= 0x80; step >>= 7)
                bytes[n++] = (uint8_t)(step | 0x80);
        bytes[n++] = (uint8_t)step;
        return n;
}

/* Returns: how many bytes it has, 0 when it does not end */
static unsigned
read_step(const uint8_t *bytes, size_t n, uint64_t *step_out)
{
        uint64_t step = 0;

        for (unsigned i = 0; i < n && i < STEP_BYTES_MAX; i++) {
                step |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
                if (bytes[i] < 0x80) {
                        *step_out = step;
                        return i + 1;
                }
        }
        return 0;
}

void
recent_clear(Recent *recent)
{
        g_free(recent->bytes);
        *recent = (Recent){0};
}

static void
drop_oldest(Recent *recent)
{
        uint64_t step;
        unsigned n = read_step(recent->bytes, recent->n_bytes, &step);

        recent->n_bytes = (uint16_t)(recent->n_bytes - n);
        recent->n_steps--;
        memmove(recent->bytes, recent->bytes + n, recent->n_bytes);
}

static void
make_room(Recent *recent, unsigned n)
{
        while (recent->n_steps >= RECENT_MAX - 1 ||
               (recent->n_steps > 0 && recent->n_bytes + n > RECENT_BYTES_MAX))
                drop_oldest(recent);
        if (recent->n_bytes + n <= recent->n_room)
                return;
        recent->n_room = (uint16_t)MIN(RECENT_BYTES_MAX, MAX(ROOM_MIN, 2 * recent->n_room));
        recent->bytes = g_realloc(recent->bytes, recent->n_room);
}

void
recent_push(Recent *recent, uint64_t step)
{
        uint8_t bytes[STEP_BYTES_MAX];
        unsigned n = write_step(step, bytes);

        make_room(recent, n);
        memcpy(recent->bytes + recent->n_bytes, bytes, n);
        recent->n_bytes = (uint16_t)(recent->n_bytes + n);
        recent->n_steps++;
}

/* Returns: how many, 0 when the bytes are no steps or too many */
static unsigned
count_steps(const uint8_t *bytes, size_t n_bytes)
{
        unsigned n_steps = 0, n;
        uint64_t step;

        if (n_bytes > RECENT_BYTES_MAX)
                return 0;
        for (size_t at = 0; at < n_bytes; at += n, n_steps++) {
                n = read_step(bytes + at, n_bytes - at, &step);
                if (n == 0)
                        return 0;
        }
        return n_steps < RECENT_MAX ? n_steps : 0;
}

void
recent_load(Recent *recent, const void *bytes, size_t n_bytes)
{
        unsigned n_steps = count_steps(bytes, n_bytes);

        recent_clear(recent);
        if (n_steps == 0)
                return;
        recent->bytes = g_memdup2(bytes, n_bytes);
        recent->n_bytes = recent->n_room = (uint16_t)n_bytes;
        recent->n_steps = (uint8_t)n_steps;
}

unsigned
recent_ids(const Recent *recent, uint64_t head, uint64_t ids_out[RECENT_MAX])
{
        uint64_t steps[RECENT_MAX];
        unsigned n = 0;

        for (unsigned at = 0, i = 0; i < recent->n_steps; i++)
                at += read_step(recent->bytes + at, recent->n_bytes - at, &steps[i]);
        if (head != 0)
                ids_out[n++] = head;
        for (unsigned i = recent->n_steps; n > 0 && i > 0; i--) {
                /* What does not lead to an older id was not made by recent_push(). */
                if (steps[i - 1] == 0 || steps[i - 1] >= ids_out[n - 1])
                        break;
                ids_out[n] = ids_out[n - 1] - steps[i - 1];
                n++;
        }
        return n;
}
