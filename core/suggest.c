/*
 * suggest: edit distance with transpositions (optimal string alignment) over short words.
 */
#include "core/suggest.h"

#include <string.h>

enum { LENGTH_MAX = 64 };

static unsigned
smallest(unsigned a, unsigned b, unsigned c)
{
        return MIN(MIN(a, b), c);
}

static unsigned
edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
        unsigned rows[3][LENGTH_MAX + 1];

        for (unsigned j = 0; j <= n_b; j++)
                rows[0][j] = j;
        for (unsigned i = 1; i <= n_a; i++) {
                unsigned *row = rows[i % 3];
                const unsigned *last = rows[(i + 2) % 3];
                const unsigned *before = rows[(i + 1) % 3];

                row[0] = i;
                for (unsigned j = 1; j <= n_b; j++) {
                        unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);
                        row[j] = smallest(last[j] + 1, row[j - 1] + 1, change);
                        bool swapped =
                                i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                        if (swapped)
                                row[j] = MIN(row[j], before[j - 2] + 1);
                }
        }
        return rows[n_a % 3][n_b];
}

const char *
suggest_nearest(const char *word, const char *const *candidates)
{
        size_t n_word = strlen(word);
        const char *best = NULL;
        unsigned best_distance = UINT_MAX;

        if (n_word > LENGTH_MAX)
                return NULL;
        for (; *candidates; candidates++) {
                size_t n = strlen(*candidates);
                if (n > LENGTH_MAX)
                        continue;
                unsigned distance = edit_distance(word, n_word, *candidates, n);
                /* All letters changed is another word. */
                bool is_near = distance <= MAX(n / 3, 1) && distance < MAX(n, n_word);
                if (is_near && distance < best_distance) {
                        best = *candidates;
                        best_distance = distance;
                }
        }
        return best;
}
