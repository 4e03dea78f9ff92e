/*
 * set: keeping elements, and the list of the keys under which an account keeps something.
 *
 * The sets of one account are carried out one after the other, since each begins with reading the
 * list that the one before may change.
 */
#include "private-private.h"

#include <motet/jid.h>

#include <string.h>

#define KEY_LIST ""

/* A set: data of a request that waits in its account's line. */
typedef struct {
        Private *private;
        MotetLater *request;   /* whose data this is */
        char *account;         /* (own) */
        GHashTable *documents; /* (own) key -> (own) GBytes, NULL to delete it */
        bool is_forgotten;     /* its account was deleted: it must write nothing any more */
} Set;

static void begin(Set *set);

static void
set_free(void *data)
{
        Set *set = data;

        g_hash_table_unref(set->documents);
        g_free(set->account);
        g_free(set);
}

/* The head of its line is done: the next one starts. Returns: (own) its request, to be answered */
static MotetLater *
leave_line(const Set *set)
{
        Private *private = set->private;
        GQueue *line = g_hash_table_lookup(private->lines, set->account);

        g_queue_pop_head(line);
        if (g_queue_is_empty(line))
                g_hash_table_remove(private->lines, set->account);
        else
                begin(g_queue_peek_head(line));
        return set->request;
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        MotetLater *request = leave_line(data);

        (void)self;
        if (error)
                private_fail(request, error);
        else
                motet_later_result(request);
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
refuse(const Set *set, MotetCondition condition, const char *text)
{
        motet_later_error(leave_line(set), condition, NULL, text);
}

static void
write_documents(Set *set, GHashTable *keys)
{
        g_autoptr(GArray) changes = g_array_new(FALSE, TRUE, sizeof(MotetStoreChange));
        g_autoptr(GBytes) list = list_of_keys(keys);
        MotetStoreChange change = {.key = KEY_LIST, .value = list};
        GHashTableIter iter;
        void *key = NULL, *value = NULL;

        g_array_append_val(changes, change);
        g_hash_table_iter_init(&iter, set->documents);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
                change = (MotetStoreChange){.key = key, .value = value};
                g_array_append_val(changes, change);
        }
        motet_store_write(set->private->store, set->account, (void *)changes->data, changes->len, 0,
                          on_written, set);
}

static void
on_list_read(MotetModule *self, const GError *error, GBytes *list, void *data)
{
        Set *set = data;

        if (error) {
                private_fail(leave_line(set), error);
                return;
        }

        g_autoptr(GHashTable) keys = keys_of_list(list);
        guint n_before = g_hash_table_size(keys);
        apply(keys, set->documents);
        guint n = g_hash_table_size(keys);
        if (set->is_forgotten)
                refuse(set, MOTET_NOT_AUTHORIZED, "the account was deleted");
        else if (n > n_before && n > motet_option_int(self, "max_keys"))
                refuse(set, MOTET_RESOURCE_CONSTRAINT, "no more kinds of element can be kept");
        else
                write_documents(set, keys);
}

static void
begin(Set *set)
{
        motet_store_read(set->private->store, set->account, KEY_LIST, on_list_read, set);
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

/* Returns: (own) what a set writes; NULL when an element is too large */
static GHashTable *
documents_of(const MotetModule *self, const MotetXml *query)
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

static void
enter_line(Set *set)
{
        GHashTable *lines = set->private->lines;
        GQueue *line = g_hash_table_lookup(lines, set->account);

        if (!line) {
                line = g_queue_new();
                g_hash_table_insert(lines, g_strdup(set->account), line);
        }
        g_queue_push_tail(line, set);
        if (g_queue_get_length(line) == 1)
                begin(set);
}

MotetResult
set_start(MotetModule *self, MotetStanzaEvent *ev)
{
        GHashTable *documents = documents_of(self, ev->payload);
        if (!documents)
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, "the element is too large");

        Set *set = g_new0(Set, 1);
        set->private = motet_module_data(self);
        set->account = g_strdup(motet_jid_local(ev->from));
        set->documents = documents;
        set->request = motet_later_new(self, ev, STORE_WAIT);
        motet_later_set_data(set->request, set, set_free);
        enter_line(set);
        return MOTET_WAIT;
}

void
set_forget(const Private *private, const char *account)
{
        const GQueue *line = g_hash_table_lookup(private->lines, account);

        for (GList *link = line ? line->head : NULL; link; link = link->next)
                ((Set *)link->data)->is_forgotten = true;
}
