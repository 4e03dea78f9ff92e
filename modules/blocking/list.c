/*
 * list: the addresses one account blocks, in memory while they may be asked for.
 *
 * Source: XEP-0191 section 5.
 */
#include "blocking-private.h"

/* Peers send to accounts that are not theirs: beyond this many they are refused. */
#define WAITING_MAX 1000

/* Somebody who needs a list that is being read. */
typedef struct {
        ListFunc func;
        void *data;
} Waiting;

GHashTable *
set_new(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/*
 * A full address covers that resource, a bare one every resource, a domain all that is of it. A
 * domain with a resource covers nothing but itself.
 */
bool
set_blocks(GHashTable *jids, const MotetJid *jid)
{
        return g_hash_table_size(jids) > 0 && (g_hash_table_contains(jids, motet_jid_string(jid)) ||
                                               g_hash_table_contains(jids, motet_jid_bare(jid)) ||
                                               g_hash_table_contains(jids, motet_jid_domain(jid)));
}

static void
list_free(List *list)
{
        g_assert(g_queue_is_empty(&list->waiting) && g_queue_is_empty(&list->changes));
        if (list->lists)
                g_hash_table_remove(list->lists->by_account, list->account);
        g_hash_table_unref(list->jids);
        g_free(list->account);
        g_free(list);
}

void
lists_free(void *data)
{
        Lists *lists = data;

        while (!g_queue_is_empty(&lists->idle)) {
                List *list = g_queue_pop_head_link(&lists->idle)->data;
                list_free(list);
        }
        g_hash_table_unref(lists->by_account);
        g_hash_table_unref(lists->none);
        g_free(lists);
}

List *
list_hold(List *list)
{
        if (list->holders++ == 0)
                g_queue_unlink(&list->lists->idle, &list->idle_link);
        return list;
}

List *
list_take(Lists *lists, const char *account)
{
        List *list = g_hash_table_lookup(lists->by_account, account);
        if (list)
                return list_hold(list);

        list = g_new0(List, 1);
        list->lists = lists;
        list->account = g_strdup(account);
        list->jids = g_hash_table_ref(lists->none);
        list->holders = 1;
        list->idle_link.data = list;
        g_hash_table_insert(lists->by_account, list->account, list);
        return list;
}

/* Whoever is written to most is remembered; anybody can name accounts to be remembered. */
static void
keep_idle(List *list)
{
        Lists *lists = list->lists;

        g_queue_push_tail_link(&lists->idle, &list->idle_link);
        while (g_queue_get_length(&lists->idle) > motet_option_int(lists->self, "cache")) {
                List *oldest = g_queue_pop_head_link(&lists->idle)->data;
                list_free(oldest);
        }
}

void
list_release(List *list)
{
        if (!list || --list->holders > 0)
                return;

        if (list->lists && list->is_loaded)
                keep_idle(list);
        else
                list_free(list);
}

const List *
list_find(Lists *lists, const char *account)
{
        List *list = g_hash_table_lookup(lists->by_account, account);
        if (!list || !list->is_loaded)
                return NULL;

        if (list->holders == 0) {
                g_queue_unlink(&lists->idle, &list->idle_link);
                g_queue_push_tail_link(&lists->idle, &list->idle_link);
        }
        return list;
}

static void
call_waiting(List *list)
{
        for (Waiting *waiting; (waiting = g_queue_pop_head(&list->waiting));) {
                waiting->func(list, list->is_loaded, waiting->data);
                g_free(waiting);
                list_release(list);
        }
}

void
list_fill(List *list, const char *const *jids)
{
        if (*jids) {
                g_hash_table_unref(list->jids);
                list->jids = set_new();
        }
        for (; *jids; jids++)
                g_hash_table_add(list->jids, g_strdup(*jids));
        list->is_loaded = true;
        call_waiting(list);
}

static void
take_items(List *list, const MotetStoreItem *items, size_t n)
{
        if (n > 0) {
                g_hash_table_unref(list->jids);
                list->jids = set_new();
        }
        for (size_t i = 0; i < n; i++)
                g_hash_table_add(list->jids, g_strdup(items[i].key));
        list->is_loaded = true;
}

static void
on_read(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n, void *data)
{
        List *list = data;

        (void)self;
        list->is_loading = false;
        if (error)
                motet_debug("%s: reading the block list failed: %s", list->account, error->message);
        else if (list->lists)
                take_items(list, items, n);
        call_waiting(list);
        list_release(list);
}

void
list_when_loaded(List *list, ListFunc func, void *data)
{
        if (list->is_loaded || !list->lists || g_queue_get_length(&list->waiting) >= WAITING_MAX) {
                func(list, list->is_loaded, data);
                return;
        }

        Waiting *waiting = g_new0(Waiting, 1);
        waiting->func = func;
        waiting->data = data;
        g_queue_push_tail(&list->waiting, waiting);
        list_hold(list);
        if (list->is_loading)
                return;

        list->is_loading = true;
        motet_store_read_all(list->lists->store, list->account, on_read, list_hold(list));
}

static void
forget(List *list)
{
        g_hash_table_remove(list->lists->by_account, list->account);
        list->lists = NULL;
        list->is_loaded = false;
}

void
list_detach(List *list)
{
        list_hold(list);
        forget(list);
        list_release(list);
}

void
list_stop(List *list)
{
        list_hold(list);
        forget(list);
        for (Change *change; (change = g_queue_pop_head(&list->changes));)
                change_free(change);
        call_waiting(list);
        if (list->is_loading) {
                list->is_loading = false;
                list_release(list);
        }
        list_release(list);
}
