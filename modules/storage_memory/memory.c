/*
 * memory: documents in a sorted tree.
 */
#include "storage_memory-private.h"

#include <string.h>

/* Keys */

GBytes *
key_new(const char *host, const char *store, const char *account, const char *key)
{
        const char *const parts[] = {host, store, account, key};
        GByteArray *bytes = g_byte_array_new();

        for (size_t i = 0; i < G_N_ELEMENTS(parts) && parts[i] != NULL; i++)
                g_byte_array_append(bytes, (const guint8 *)parts[i], (guint)strlen(parts[i]) + 1);
        return g_byte_array_free_to_bytes(bytes);
}

bool
key_has_prefix(GBytes *key, GBytes *prefix)
{
        size_t n, n_prefix;
        const char *bytes = g_bytes_get_data(key, &n);
        const char *start = g_bytes_get_data(prefix, &n_prefix);

        return n >= n_prefix && memcmp(bytes, start, n_prefix) == 0;
}

const char *
key_part(GBytes *key, unsigned index)
{
        const char *part = g_bytes_get_data(key, NULL);

        for (; index > 0; index--)
                part += strlen(part) + 1;
        return part;
}

static int
compare_keys(const void *a, const void *b, void *data)
{
        (void)data;
        return g_bytes_compare(a, b);
}

/* Documents */

void
memory_refuse(MotetStoreRequest *request, uint64_t limit)
{
        g_set_error(&request->error, MOTET_ERROR, MOTET_ERROR_STORE,
                    "full: %" G_GUINT64_FORMAT " bytes are the limit", limit);
}

static uint64_t
cost(GBytes *key, GBytes *value)
{
        return g_bytes_get_size(key) + g_bytes_get_size(value) + COST;
}

/* Returns: (own) what was there before, NULL when nothing */
static GBytes *
document_set(Memory *memory, GBytes *key, GBytes *value)
{
        GBytes *before = g_tree_lookup(memory->documents, key);

        if (before != NULL) {
                memory->used -= cost(key, before);
                g_bytes_ref(before);
        }
        if (value != NULL) {
                memory->used += cost(key, value);
                g_tree_replace(memory->documents, g_bytes_ref(key), g_bytes_ref(value));
        } else {
                g_tree_remove(memory->documents, key);
        }
        return before;
}

static void
read_document(Memory *memory, MotetStoreRequest *request)
{
        g_autoptr(GBytes) key =
                key_new(request->host, request->store, request->account, request->key);
        GBytes *value = g_tree_lookup(memory->documents, key);

        if (value != NULL)
                request->value = g_bytes_ref(value);
}

static void
read_documents(Memory *memory, MotetStoreRequest *request)
{
        g_autoptr(GBytes) prefix = key_new(request->host, request->store, request->account, NULL);

        for (GTreeNode *node = g_tree_lower_bound(memory->documents, prefix);
             node != NULL && key_has_prefix(g_tree_node_key(node), prefix);
             node = g_tree_node_next(node)) {
                GBytes *key = g_tree_node_key(node);

                motet_store_request_add_item(request, key_part(key, 2), key_part(key, 3),
                                             g_tree_node_value(node));
        }
}

static void
list_accounts(Memory *memory, MotetStoreRequest *request)
{
        g_autoptr(GBytes) prefix = key_new(request->host, request->store, NULL, NULL);
        const char *last = NULL;

        for (GTreeNode *node = g_tree_lower_bound(memory->documents, prefix);
             node != NULL && key_has_prefix(g_tree_node_key(node), prefix);
             node = g_tree_node_next(node)) {
                const char *account = key_part(g_tree_node_key(node), 2);

                if (g_strcmp0(account, last) != 0)
                        motet_store_request_add_item(request, account, NULL, NULL);
                last = account;
        }
}

/* Undoing the first @n changes, the last first. */
static void
revert(Memory *memory, GPtrArray *keys, GPtrArray *befores)
{
        for (unsigned i = keys->len; i > 0; i--) {
                GBytes *undone = document_set(memory, g_ptr_array_index(keys, i - 1),
                                              g_ptr_array_index(befores, i - 1));

                g_clear_pointer(&undone, g_bytes_unref);
        }
}

static void
unref_before(void *before)
{
        if (before != NULL)
                g_bytes_unref(before);
}

static void
apply_changes(Memory *memory, MotetStoreRequest *request, uint64_t limit)
{
        g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
        g_autoptr(GPtrArray) befores = g_ptr_array_new_with_free_func(unref_before);
        uint64_t used = memory->used;

        for (size_t i = 0; i < request->n_changes && request->error == NULL; i++) {
                const MotetStoreChange *change = &request->changes[i];
                GBytes *key = key_new(request->host, request->store, request->account, change->key);
                GBytes *before = document_set(memory, key, change->value);

                g_ptr_array_add(keys, key);
                g_ptr_array_add(befores, before);
                if (change->create && before != NULL)
                        g_set_error_literal(&request->error, MOTET_ERROR, MOTET_ERROR_EXISTS,
                                            "exists already");
        }
        /* What makes room is welcome even when there is too little. */
        if (request->error == NULL && memory->used > limit && memory->used > used)
                memory_refuse(request, limit);
        if (request->error != NULL)
                revert(memory, keys, befores);
}

static void
write_documents(Memory *memory, MotetStoreRequest *request, uint64_t limit)
{
        g_autoptr(GBytes) account = key_new(request->host, request->store, request->account, NULL);
        const uint64_t *known = g_hash_table_lookup(memory->epochs, account);
        uint64_t epoch = known != NULL ? *known : 0;

        if (request->epoch < epoch) {
                g_set_error(&request->error, MOTET_ERROR, MOTET_ERROR_STORE,
                            "refused: epoch %" G_GUINT64_FORMAT
                            " is over, now is %" G_GUINT64_FORMAT,
                            request->epoch, epoch);
                return;
        }
        apply_changes(memory, request, limit);
        if (request->error != NULL || request->epoch == epoch)
                return;
        if (known == NULL)
                memory->used += g_bytes_get_size(account) + COST;
        g_hash_table_replace(memory->epochs, g_steal_pointer(&account),
                             g_memdup2(&request->epoch, sizeof request->epoch));
}

/* Epochs stay, so that a node that lost the account cannot bring it back. */
static void
drop_documents(Memory *memory, const char *host, const char *account)
{
        g_autoptr(GBytes) prefix = key_new(host, NULL, NULL, NULL);
        g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

        for (GTreeNode *node = g_tree_lower_bound(memory->documents, prefix);
             node != NULL && key_has_prefix(g_tree_node_key(node), prefix);
             node = g_tree_node_next(node)) {
                GBytes *key = g_tree_node_key(node);

                if (strcmp(key_part(key, 2), account) == 0)
                        g_ptr_array_add(keys, g_bytes_ref(key));
        }
        for (unsigned i = 0; i < keys->len; i++) {
                GBytes *before = document_set(memory, g_ptr_array_index(keys, i), NULL);

                g_bytes_unref(before);
        }
}

/* The whole */

void
memory_execute(Memory *memory, MotetStoreRequest *request, uint64_t limit, int64_t now)
{
        switch (request->op) {
        case MOTET_STORE_OP_READ:
                read_document(memory, request);
                break;
        case MOTET_STORE_OP_READ_ALL:
                read_documents(memory, request);
                break;
        case MOTET_STORE_OP_ACCOUNTS:
                if (request->shape == MOTET_STORE_ARCHIVE)
                        archive_accounts(memory, request);
                else
                        list_accounts(memory, request);
                break;
        case MOTET_STORE_OP_WRITE:
                write_documents(memory, request, limit);
                break;
        case MOTET_STORE_OP_DROP_ACCOUNT:
                drop_documents(memory, request->host, request->account);
                archive_drop(memory, request->host, request->account);
                break;
        case MOTET_STORE_OP_APPEND:
        case MOTET_STORE_OP_QUERY:
        case MOTET_STORE_OP_PRUNE:
        case MOTET_STORE_OP_COUNT:
                archive_execute(memory, request, limit, now);
                break;
        }
}

Memory *
memory_new(void)
{
        Memory *memory = g_new0(Memory, 1);

        memory->documents = g_tree_new_full(compare_keys, NULL, (GDestroyNotify)g_bytes_unref,
                                            (GDestroyNotify)g_bytes_unref);
        memory->archives = g_tree_new_full(compare_keys, NULL, (GDestroyNotify)g_bytes_unref,
                                           (GDestroyNotify)g_ptr_array_unref);
        memory->epochs = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                               (GDestroyNotify)g_bytes_unref, g_free);
        return memory;
}

void
memory_free(Memory *memory)
{
        if (memory == NULL)
                return;
        g_tree_unref(memory->documents);
        g_tree_unref(memory->archives);
        g_hash_table_unref(memory->epochs);
        g_free(memory);
}
