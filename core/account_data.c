/*
 * account_data: a table beside that of the sessions, so that accounts without data cost nothing.
 */
#include "core/account_data.h"

#include <string.h>

#include "core/session.h"
#include "core/sessions.h"

/* Key and value in one. */
typedef struct {
        MotetHost *host; /* its sessions, and so this, go before it */
        unsigned hash;
        unsigned n;
        Slot *slots;
        char *username;
} Kept;

static unsigned
hash_kept(const void *key)
{
        return ((const Kept *)key)->hash;
}

static int
equal_kept(const void *a, const void *b)
{
        const Kept *x = a, *y = b;

        return x->host == y->host && strcmp(x->username, y->username) == 0;
}

static void
kept_free(Kept *kept)
{
        slots_clear(&kept->slots, &kept->n);
        g_free(kept->username);
        g_free(kept);
}

static Kept *
find(const MotetHost *host, const char *username)
{
        MotetServer *server = host->server;

        if (!server->account_data)
                return NULL;
        const Kept key = {
                .host = (MotetHost *)host,
                .hash = sessions_hash(server->sessions, host, username),
                .username = (char *)username,
        };
        return g_hash_table_lookup(server->account_data, &key);
}

static Kept *
add(MotetHost *host, const char *username)
{
        MotetServer *server = host->server;
        Kept *kept = g_new0(Kept, 1);

        kept->host = host;
        kept->hash = sessions_hash(server->sessions, host, username);
        kept->username = g_strdup(username);
        if (!server->account_data)
                server->account_data = g_hash_table_new(hash_kept, equal_kept);
        g_hash_table_add(server->account_data, kept);
        return kept;
}

static void
drop_empty_table(MotetServer *server)
{
        if (server->account_data && g_hash_table_size(server->account_data) == 0)
                g_clear_pointer(&server->account_data, g_hash_table_unref);
}

/* Out of the table first: what is freed may ask for it. */
static void
remove_kept(Kept *kept)
{
        MotetServer *server = kept->host->server;

        g_hash_table_remove(server->account_data, kept);
        drop_empty_table(server);
        kept_free(kept);
}

static bool
is_bound(MotetHost *host, const char *username)
{
        size_t n;

        motet_sessions_of(host, username, &n);
        return n > 0;
}

void
account_data_forget(MotetHost *host, const char *username)
{
        Kept *kept = is_bound(host, username) ? NULL : find(host, username);

        if (kept)
                remove_kept(kept);
}

/* The module goes: so does its data with every account. Free functions run when the table is
 * sound again. */
static void
drop_account_data(Owned *owned)
{
        MotetModule *owner = owned->owner;
        MotetServer *server = owner->server;
        g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(Slot));
        GHashTableIter iter;
        void *key;

        owned_remove(owned);
        if (!server->account_data)
                return;
        g_hash_table_iter_init(&iter, server->account_data);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
                Kept *kept = key;
                Slot slot;
                if (!slots_take(&kept->slots, &kept->n, owner->slot, &slot))
                        continue;
                g_array_append_val(taken, slot);
                if (kept->n == 0) {
                        g_hash_table_iter_remove(&iter);
                        kept_free(kept);
                }
        }
        drop_empty_table(server);
        for (unsigned i = 0; i < taken->len; i++)
                slot_free(&g_array_index(taken, Slot, i));
}

bool
motet_account_set_data(MotetHost *host, const char *username, MotetModule *self, void *data,
                       GDestroyNotify free_func)
{
        g_return_val_if_fail(host && username && self, false);
        Kept *kept = find(host, username);
        const Slot slot = {self->slot, data, free_func};

        /* Nothing would free it later. */
        if ((!kept && !is_bound(host, username)) || self->slot >= host->server->slots->len) {
                if (data)
                        slot_free(&slot);
                return false;
        }
        if (!data) {
                Slot former;
                bool had_one = kept && slots_take(&kept->slots, &kept->n, self->slot, &former);
                if (had_one && kept->n == 0)
                        remove_kept(kept);
                if (had_one)
                        slot_free(&former);
                return true;
        }
        if (!kept)
                kept = add(host, username);
        if (!self->account_data.owner)
                owned_add(&self->account_data, self, drop_account_data);
        slots_set(&kept->slots, &kept->n, &slot);
        return true;
}

void *
motet_account_data(MotetHost *host, const char *username, MotetModule *self)
{
        g_return_val_if_fail(host && username && self, NULL);
        const Kept *kept = find(host, username);
        const Slot *slot = kept ? slots_find(kept->slots, kept->n, self->slot) : NULL;

        return slot ? slot->data : NULL;
}
