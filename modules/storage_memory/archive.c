/*
 * archive: an account's entries as an array in order of id.
 */
#include "storage_memory-private.h"

#include <string.h>

static void
entry_free(void *data)
{
        MotetStoreEntry *entry = data;

        g_bytes_unref(entry->value);
        g_free((char *)entry->with);
        g_free(entry);
}

static uint64_t
cost(const MotetStoreEntry *entry)
{
        return g_bytes_get_size(entry->value) + (entry->with != NULL ? strlen(entry->with) : 0) +
               COST;
}

static GPtrArray *
entries_of(const Memory *memory, const MotetStoreRequest *request)
{
        g_autoptr(GBytes) key = key_new(request->host, request->store, request->account, NULL);

        return g_tree_lookup(memory->archives, key);
}

static GPtrArray *
entries_new(Memory *memory, const MotetStoreRequest *request)
{
        GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);

        g_tree_insert(memory->archives,
                      key_new(request->host, request->store, request->account, NULL), entries);
        return entries;
}

static void
append(Memory *memory, MotetStoreRequest *request, uint64_t limit, int64_t now)
{
        uint64_t needed = cost(&request->entry);

        if (memory->used + needed > limit) {
                memory_refuse(request, limit);
                return;
        }

        GPtrArray *entries = entries_of(memory, request);
        MotetStoreEntry *entry = g_memdup2(&request->entry, sizeof request->entry);

        if (entries == NULL)
                entries = entries_new(memory, request);
        entry->id = MAX((uint64_t)MAX(now, 0), memory->last_id + 1);
        entry->with = g_strdup(entry->with);
        g_bytes_ref(entry->value);
        g_ptr_array_add(entries, entry);
        memory->last_id = request->id = entry->id;
        memory->used += needed;
}

static bool
matches(const MotetStoreQuery *query, const MotetStoreEntry *entry)
{
        return (query->after == 0 || entry->id > query->after) &&
               (query->before == 0 || entry->id < query->before) &&
               (query->start == 0 || entry->when >= query->start) &&
               (query->end == 0 || entry->when <= query->end) &&
               (query->with == NULL || g_strcmp0(query->with, entry->with) == 0);
}

/* Walks from the end that is wanted, and puts what was found in order. */
static void
query(Memory *memory, MotetStoreRequest *request)
{
        const MotetStoreQuery *wanted = &request->query;
        const GPtrArray *entries = entries_of(memory, request);
        unsigned n = entries != NULL ? entries->len : 0;
        g_autoptr(GPtrArray) found = g_ptr_array_new();

        for (unsigned i = 0; i < n && found->len <= wanted->max; i++) {
                MotetStoreEntry *entry = g_ptr_array_index(entries, wanted->newest ? n - 1 - i : i);

                if (matches(wanted, entry))
                        g_ptr_array_add(found, entry);
        }
        request->complete = found->len <= wanted->max;

        unsigned n_given = MIN(found->len, wanted->max);

        for (unsigned i = 0; i < n_given; i++)
                motet_store_request_add_entry(
                        request, g_ptr_array_index(found, wanted->newest ? n_given - 1 - i : i));
}

static void
prune(Memory *memory, MotetStoreRequest *request)
{
        g_autoptr(GBytes) key = key_new(request->host, request->store, request->account, NULL);
        GPtrArray *entries = g_tree_lookup(memory->archives, key);

        for (unsigned i = entries != NULL ? entries->len : 0; i > 0; i--) {
                const MotetStoreEntry *entry = g_ptr_array_index(entries, i - 1);

                if (!matches(&request->query, entry))
                        continue;
                memory->used -= cost(entry);
                g_ptr_array_remove_index(entries, i - 1);
        }
        if (entries != NULL && entries->len == 0)
                g_tree_remove(memory->archives, key);
}

void
archive_execute(Memory *memory, MotetStoreRequest *request, uint64_t limit, int64_t now)
{
        if (request->op == MOTET_STORE_OP_APPEND) {
                append(memory, request, limit, now);
        } else if (request->op == MOTET_STORE_OP_QUERY) {
                query(memory, request);
        } else if (request->op == MOTET_STORE_OP_PRUNE) {
                prune(memory, request);
        } else {
                const GPtrArray *entries = entries_of(memory, request);

                request->id = entries != NULL ? entries->len : 0;
        }
}

void
archive_accounts(Memory *memory, MotetStoreRequest *request)
{
        g_autoptr(GBytes) prefix = key_new(request->host, request->store, NULL, NULL);

        for (GTreeNode *node = g_tree_lower_bound(memory->archives, prefix);
             node != NULL && key_has_prefix(g_tree_node_key(node), prefix);
             node = g_tree_node_next(node)) {
                motet_store_request_add_item(request, key_part(g_tree_node_key(node), 2), NULL,
                                             NULL);
        }
}

static void
forget(Memory *memory, GBytes *key)
{
        const GPtrArray *entries = g_tree_lookup(memory->archives, key);

        for (unsigned i = 0; i < entries->len; i++)
                memory->used -= cost(g_ptr_array_index(entries, i));
        g_tree_remove(memory->archives, key);
}

void
archive_drop(Memory *memory, const char *host, const char *account)
{
        g_autoptr(GBytes) prefix = key_new(host, NULL, NULL, NULL);
        g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

        for (GTreeNode *node = g_tree_lower_bound(memory->archives, prefix);
             node != NULL && key_has_prefix(g_tree_node_key(node), prefix);
             node = g_tree_node_next(node)) {
                GBytes *key = g_tree_node_key(node);

                if (strcmp(key_part(key, 2), account) == 0)
                        g_ptr_array_add(keys, g_bytes_ref(key));
        }
        for (unsigned i = 0; i < keys->len; i++)
                forget(memory, g_ptr_array_index(keys, i));
}
