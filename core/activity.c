/*
 * activity: what a thread is at: which module's function it is in, on which host and in what.
 */
#include "core/activity.h"

#include <string.h>

_Thread_local Activity activity_here;

bool
activity_read(const Activity *activity, Activity *out)
{
        uint32_t before = __atomic_load_n(&activity->serial, __ATOMIC_ACQUIRE);

        out->owner = __atomic_load_n(&activity->owner, __ATOMIC_ACQUIRE);
        out->what = __atomic_load_n(&activity->what, __ATOMIC_ACQUIRE);
        out->serial = __atomic_load_n(&activity->serial, __ATOMIC_ACQUIRE);
        out->slow = __atomic_load_n(&activity->slow, __ATOMIC_RELAXED);
        out->blocked_ms = __atomic_load_n(&activity->blocked_ms, __ATOMIC_RELAXED);
        return before == out->serial && before % 2 == 0;
}

static void
owner_free(void *data)
{
        ActivityOwner *owner = data;

        g_free(owner->module);
        g_free(owner->host);
        g_free(owner->file);
        g_free(owner);
}

GPtrArray *
activity_owners_new(void)
{
        return g_ptr_array_new_with_free_func(owner_free);
}

ActivityOwner *
activity_owner(GPtrArray *owners, const char *module, const char *host, const char *file)
{
        for (guint i = 0; i < owners->len; i++) {
                ActivityOwner *owner = g_ptr_array_index(owners, i);
                if (strcmp(owner->module, module) == 0 && g_strcmp0(owner->host, host) == 0 &&
                    g_strcmp0(owner->file, file) == 0)
                        return owner;
        }
        ActivityOwner *owner = g_new0(ActivityOwner, 1);
        owner->module = g_strdup(module);
        owner->host = g_strdup(host);
        owner->file = g_strdup(file);
        g_ptr_array_add(owners, owner);
        return owner;
}

uint64_t
activity_n_slow(const GPtrArray *owners, const char *module, const char *host)
{
        uint64_t n = 0;

        for (guint i = 0; i < owners->len; i++) {
                const ActivityOwner *owner = g_ptr_array_index(owners, i);
                if (strcmp(owner->module, module) == 0 && g_strcmp0(owner->host, host) == 0)
                        n += __atomic_load_n(&owner->n_slow, __ATOMIC_RELAXED);
        }
        return n;
}
