/*
 * instance: ownership lists and slot numbers of running modules.
 */
#include "core/instance.h"

#include "core/host.h"
#include "core/list.h"

#define NO_SLOT G_MAXUINT

static unsigned
take_slot(MotetServer *server, MotetModule *instance)
{
        for (unsigned i = 0; i < server->slots->len; i++) {
                if (!server->slots->pdata[i]) {
                        server->slots->pdata[i] = instance;
                        return i;
                }
        }
        g_ptr_array_add(server->slots, instance);
        return server->slots->len - 1;
}

void
instance_init(MotetModule *instance)
{
        g_assert(instance->server);

        list_init(&instance->owned);
        list_init(&instance->leftovers);
        instance->slot = take_slot(instance->server, instance);
        instance->who =
                activity_owner(instance->server->owners, instance->info->name,
                               instance->host ? instance->host->name : NULL, instance->file);
}

void
owned_add(Owned *owned, MotetModule *owner, OwnedDrop drop)
{
        g_assert(!owned->owner && !owned->link.next);

        owned->owner = owner;
        owned->drop = drop;
        list_append(&owner->owned, &owned->link);
}

unsigned
instance_underway(const MotetModule *instance)
{
        unsigned n = instance->busy;

        for (const List *link = instance->owned.next; link != &instance->owned; link = link->next)
                n += CONTAINER_OF(link, const Owned, link)->underway;
        return n;
}

void
owned_remove(Owned *owned)
{
        list_unlink(&owned->link);
        owned->owner = NULL;
}

void
owned_leave(Owned *owned, MotetModule *owner, OwnedDrop drop)
{
        g_assert(!owned->owner && !owned->link.next);

        owned->drop = drop;
        list_append(&owner->leftovers, &owned->link);
}

static void
drop_list(List *head)
{
        /* From the tail anew each time: dropping one thing may drop or add others. */
        while (!list_is_empty(head)) {
                Owned *owned = CONTAINER_OF(head->prev, Owned, link);
                owned->drop(owned);
        }
}

void
instance_drop_all(MotetModule *instance)
{
        drop_list(&instance->owned);
        instance->hooked = false;
        g_clear_pointer(&instance->extra_hooks, g_array_unref);
        if (instance->slot != NO_SLOT)
                instance->server->slots->pdata[instance->slot] = NULL;
        instance->slot = NO_SLOT;
}

void
instance_clear(MotetModule *instance)
{
        instance_drop_all(instance);
        drop_list(&instance->leftovers);
}

InstanceCall
instance_enter(MotetModule *instance, const char *what)
{
        const InstanceCall before = {instance->server->current, activity_here.what};

        instance->busy++;
        instance->server->current = instance;
        activity_set(instance->who, what);
        return before;
}

void
instance_leave(MotetModule *instance, InstanceCall before)
{
        g_assert(instance->busy > 0);

        instance->busy--;
        instance->server->current = before.instance;
        activity_set(before.instance ? before.instance->who : NULL, before.what);
}
