/*
 * slots: what modules keep with something that is not theirs: one pointer for each that has any.
 *
 * The owner has an array and its length. Few modules keep anything, so it is searched from its
 * start.
 */
#pragma once

#include <motet/types.h>

typedef struct {
        unsigned number; /* MotetModule.slot */
        void *data;
        GDestroyNotify free_func; /* or NULL */
} Slot;

/** slots_find: Returns: (borrowed) until the next change; NULL when it keeps nothing */
static inline Slot *
slots_find(Slot *slots, unsigned n, unsigned number)
{
        for (unsigned i = 0; i < n; i++) {
                if (slots[i].number == number)
                        return &slots[i];
        }
        return NULL;
}

/** slot_free: frees what was taken out */
void slot_free(const Slot *slot);
/** slots_take: takes the slot of @number out. Returns: false when there is none */
bool slots_take(Slot **slots, unsigned *n, unsigned number, Slot *taken_out);
/** slots_set: @slot (take; without data: nothing) in the place of the former of its number, which
 * is freed */
void slots_set(Slot **slots, unsigned *n, const Slot *slot);
/** slots_clear: frees all, the one set last first */
void slots_clear(Slot **slots, unsigned *n);
