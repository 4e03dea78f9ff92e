/*
 * set: keeping elements, and the list of the keys under which an account keeps something.
 *
 * The sets of one account are carried out one after the other, since each begins with reading the
 * list that the one before may change.
 */
#include "private-private.h"

#include <string.h>

#define KEY_LIST ""

static void begin(Request *request);

/* The head of its line is done: the next one starts. */
static void
leave_line(Request *request)
{
        Private *private = request->private;
        GQueue *line = g_hash_table_lookup(private->lines, request->account);

        g_queue_pop_head(line);
        if (g_queue_is_empty(line))
                g_hash_table_remove(private->lines, request->account);
        else
                begin(g_queue_peek_head(line));
        request_end(request, MOTET_HANDLED);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        Request *request = data;

        if (error) {
                request_fail(self, request, error);
        } else {
                g_autoptr(MotetXml) result = motet_iq_result(request->iq);
                request_answer(self, request, result);
        }
        leave_line(request);
}

/* Returns: (own) the keys in the stored list */
static GHashTable *
keys_of_list(GBytes *list)
{
        GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        gsize n = 0;
        const char *text = list ? g_bytes_get_data(list, &n) : NULL;

        for (size_t at = 0; at < n;) {
                size_t length = strnlen(text + at, n - at);
                g_hash_table_add(keys, g_strndup(text + at, length));
                at += length + 1;
        }
        return keys;
}

/* Returns: (own) NULL when there is nothing to list */
static GBytes *
list_of_keys(GHashTable *keys)
{
        GByteArray *list = g_byte_array_new();
        GHashTableIter iter;
        void *key = NULL;

        g_hash_table_iter_init(&iter, keys);
        while (g_hash_table_iter_next(&iter, &key, NULL))
                g_byte_array_append(list, key, (guint)strlen(key) + 1);

        GBytes *bytes = g_byte_array_free_to_bytes(list);
        if (g_bytes_get_size(bytes) == 0)
                g_clear_pointer(&bytes, g_bytes_unref);
        return bytes;
}

static void
apply(GHashTable *keys, GHashTable *documents)
{
        GHashTableIter iter;
        void *key = NULL, *value = NULL;

        g_hash_table_iter_init(&iter, documents);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
                if (!value)
                        g_hash_table_remove(keys, key);
                else if (!g_hash_table_contains(keys, key))
                        g_hash_table_add(keys, g_strdup(key));
        }
}

static void
request_refuse(MotetModule *self, Request *request, MotetCondition condition, const char *text)
{
        g_autoptr(MotetXml) error = motet_stanza_error(request->iq, condition, text);

        request_answer(self, request, error);
        leave_line(request);
}

static void
write_documents(Request *request, GHashTable *keys)
{
        g_autoptr(GArray) changes = g_array_new(FALSE, TRUE, sizeof(MotetStoreChange));
        g_autoptr(GBytes) list = list_of_keys(keys);
        MotetStoreChange change = {.key = KEY_LIST, .value = list};
        GHashTableIter iter;
        void *key = NULL, *value = NULL;

        g_array_append_val(changes, change);
        g_hash_table_iter_init(&iter, request->documents);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
                change = (MotetStoreChange){.key = key, .value = value};
                g_array_append_val(changes, change);
        }
        motet_store_write(request->private->store, request->account, (void *)changes->data,
                          changes->len, 0, on_written, request);
}

static void
on_list_read(MotetModule *self, const GError *error, GBytes *list, void *data)
{
        Request *request = data;

        if (error) {
                request_fail(self, request, error);
                leave_line(request);
                return;
        }

        g_autoptr(GHashTable) keys = keys_of_list(list);
        guint n_before = g_hash_table_size(keys);
        apply(keys, request->documents);
        guint n = g_hash_table_size(keys);
        if (request->is_forgotten)
                request_refuse(self, request, MOTET_NOT_AUTHORIZED, "the account was deleted");
        else if (n > n_before && n > motet_option_int(self, "max_keys"))
                request_refuse(self, request, MOTET_RESOURCE_CONSTRAINT,
                               "no more kinds of element can be kept");
        else
                write_documents(request, keys);
}

static void
begin(Request *request)
{
        motet_store_read(request->private->store, request->account, KEY_LIST, on_list_read,
                         request);
}

void
set_start(Request *request)
{
        GHashTable *lines = request->private->lines;
        GQueue *line = g_hash_table_lookup(lines, request->account);

        if (!line) {
                line = g_queue_new();
                g_hash_table_insert(lines, g_strdup(request->account), line);
        }
        g_queue_push_tail(line, request);
        if (g_queue_get_length(line) == 1)
                begin(request);
}

/* Without content and attributes. */
static bool
is_empty(const MotetXml *element)
{
        if (motet_xml_child(element, NULL, NULL) || *motet_xml_text(element))
                return false;

        g_autoptr(MotetXml) bare = motet_xml_new(motet_xml_name(element), motet_xml_ns(element));
        g_autofree char *without = motet_xml_string(bare, NULL);
        g_autofree char *text = motet_xml_string(element, NULL);
        return strcmp(text, without) == 0;
}

/* Returns: (own) for each key a query with the elements of that key that are not empty */
static GHashTable *
sort_elements(const MotetXml *query)
{
        GHashTable *sorted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                   (GDestroyNotify)motet_xml_unref);

        for (const MotetXml *x = motet_xml_child(query, NULL, NULL); x;
             x = motet_xml_next(x, NULL, NULL)) {
                g_autofree char *key = private_key(x);
                MotetXml *kept = g_hash_table_lookup(sorted, key);
                if (!kept) {
                        kept = motet_xml_new("query", NS_PRIVATE);
                        g_hash_table_insert(sorted, g_steal_pointer(&key), kept);
                }
                if (!is_empty(x))
                        motet_xml_add_copy(kept, x);
        }
        return sorted;
}

static void
unref_document(void *document)
{
        if (document)
                g_bytes_unref(document);
}

GHashTable *
set_documents(const MotetModule *self, const MotetXml *query)
{
        size_t max_bytes = (size_t)motet_option_int(self, "max_bytes");
        g_autoptr(GHashTable) sorted = sort_elements(query);
        g_autoptr(GHashTable) documents =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_document);
        GHashTableIter iter;
        void *key = NULL, *kept = NULL;

        g_hash_table_iter_init(&iter, sorted);
        while (g_hash_table_iter_next(&iter, &key, &kept)) {
                GBytes *document = NULL;
                if (motet_xml_child(kept, NULL, NULL)) {
                        char *text = motet_xml_string(kept, NULL);
                        document = g_bytes_new_take(text, strlen(text));
                }
                g_hash_table_insert(documents, g_strdup(key), document);
                if (document && g_bytes_get_size(document) > max_bytes)
                        return NULL;
        }
        return g_steal_pointer(&documents);
}

void
set_forget(const Private *private, const char *account)
{
        const GQueue *line = g_hash_table_lookup(private->lines, account);

        for (GList *link = line ? line->head : NULL; link; link = link->next)
                ((Request *)link->data)->is_forgotten = true;
}
