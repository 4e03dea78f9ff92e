/*
 * slots: arrays of what modules keep, grown one by one.
 */
#include "core/slots.h"

void
slot_free(const Slot *slot)
{
        if (slot->free_func)
                slot->free_func(slot->data);
}

bool
slots_take(Slot **slots, unsigned *n, unsigned number, Slot *taken_out)
{
        Slot *slot = slots_find(*slots, *n, number);

        if (!slot)
                return false;
        *taken_out = *slot;
        *slot = (*slots)[--*n];
        return true;
}

void
slots_set(Slot **slots, unsigned *n, const Slot *slot)
{
        Slot former;
        bool had_one = slots_take(slots, n, slot->number, &former);

        if (slot->data) {
                *slots = g_renew(Slot, *slots, *n + 1);
                (*slots)[(*n)++] = *slot;
        }
        if (had_one)
                slot_free(&former);
}

void
slots_clear(Slot **slots, unsigned *n)
{
        /* From the end anew each time: a free function may set others. */
        while (*n > 0) {
                Slot last = (*slots)[--*n];
                slot_free(&last);
        }
        g_clear_pointer(slots, g_free);
}
