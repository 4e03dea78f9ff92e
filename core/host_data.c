/*
 * host_data: what modules that run once for all hosts keep with each of them.
 */
#include <motet/host.h>

#include "core/host.h"

/* The module goes: so does its data with every host. */
static void
drop_host_data(Owned *owned)
{
        MotetModule *owner = owned->owner;
        GPtrArray *hosts = owner->server->hosts;

        owned_remove(owned);
        for (unsigned i = 0; i < hosts->len; i++) {
                MotetHost *host = hosts->pdata[i];
                Slot slot;
                if (slots_take(&host->slots, &host->n_slots, owner->slot, &slot))
                        slot_free(&slot);
        }
}

bool
motet_host_set_data(MotetHost *host, MotetModule *self, void *data, GDestroyNotify free_func)
{
        g_return_val_if_fail(host && self, false);
        const Slot slot = {self->slot, data, free_func};

        /* Nothing would free it later. */
        if (host->going || self->slot >= host->server->slots->len) {
                if (data)
                        slot_free(&slot);
                return false;
        }
        if (data && !self->host_data.owner)
                owned_add(&self->host_data, self, drop_host_data);
        slots_set(&host->slots, &host->n_slots, &slot);
        return true;
}

void *
motet_host_data(const MotetHost *host, const MotetModule *self)
{
        g_return_val_if_fail(host && self, NULL);
        const Slot *slot = slots_find(host->slots, host->n_slots, self->slot);

        return slot ? slot->data : NULL;
}
