/*
 * change: blocking and unblocking, one change of an account after the other: written first, then
 * in force, then told.
 *
 * Source: XEP-0191 sections 3.3 to 3.5.
 */
#include "blocking-private.h"

#include <motet/router.h>

#include <string.h>

void
change_free(void *data)
{
        Change *change = data;

        /* Not answered: the module stops, or its deadline has passed. */
        if (change->later)
                motet_later_continue(change->later);
        g_ptr_array_unref(change->items);
        g_clear_pointer(&change->next, g_hash_table_unref);
        list_release(change->list);
        g_free(change);
}

static void run_next(List *list);

/* The head of the queue is done. */
static void
finish(Change *change)
{
        List *list = list_hold(change->list);

        g_queue_pop_head(&list->changes);
        change_free(change);
        run_next(list);
        list_release(list);
}

static void
fail(Change *change)
{
        motet_later_fail(g_steal_pointer(&change->later), "the block list cannot be changed now");
        finish(change);
}

static void
refuse(Change *change, MotetCondition condition, const char *text)
{
        motet_later_error(g_steal_pointer(&change->later), condition, NULL, text);
        finish(change);
}

/* It is durable. */
static void
apply(Change *change)
{
        List *list = change->list;
        g_autoptr(GHashTable) before = list->jids;

        /* While it may still reach them. */
        if (change->is_block)
                contacts_hide(list, change->next, change->items);
        list->jids = g_steal_pointer(&change->next);
        motet_later_result(g_steal_pointer(&change->later));
        blocking_push(change);
        if (change->is_block)
                contacts_forget_requests(list);
        else
                contacts_show(list, before, change->items);
        finish(change);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        Change *change = data;

        (void)self;
        if (error)
                motet_debug("%s: writing the block list failed: %s", change->list->account,
                            error->message);
        if (error || !change->list->lists)
                fail(change);
        else
                apply(change);
}

/* Appends what has to be written so that @from becomes @to. */
static void
add_differences(GArray *writes, GHashTable *from, GHashTable *to, GBytes *value)
{
        GHashTableIter iter;
        void *jid;

        g_hash_table_iter_init(&iter, value ? to : from);
        while (g_hash_table_iter_next(&iter, &jid, NULL)) {
                MotetStoreChange write = {.key = jid, .value = value};
                if (!g_hash_table_contains(value ? from : to, jid))
                        g_array_append_val(writes, write);
        }
}

static void
write_differences(Change *change)
{
        List *list = change->list;
        g_autoptr(GBytes) there = g_bytes_new_static("", 0);
        g_autoptr(GArray) writes = g_array_new(FALSE, TRUE, sizeof(MotetStoreChange));

        add_differences(writes, list->jids, change->next, there);
        add_differences(writes, list->jids, change->next, NULL);
        if (writes->len == 0)
                apply(change);
        else
                motet_store_write(list->lists->store, list->account,
                                  (const MotetStoreChange *)(void *)writes->data, writes->len, 0,
                                  on_written, change);
}

/* The addresses blocked after @change. */
static GHashTable *
next_of(const Change *change)
{
        GHashTable *next = set_new();
        GHashTableIter iter;
        void *jid;

        g_hash_table_iter_init(&iter, change->list->jids);
        while ((change->is_block || change->items->len > 0) &&
               g_hash_table_iter_next(&iter, &jid, NULL))
                g_hash_table_add(next, g_strdup(jid));
        for (guint i = 0; i < change->items->len; i++) {
                if (change->is_block)
                        g_hash_table_add(next, g_strdup(change->items->pdata[i]));
                else
                        g_hash_table_remove(next, change->items->pdata[i]);
        }
        return next;
}

/* A list that is over a limit that was lowered may still become shorter. */
static bool
is_too_long(const MotetModule *self, GHashTable *jids, GHashTable *next)
{
        GHashTableIter iter;
        void *jid;
        size_t bytes = 0;

        if (g_hash_table_size(next) <= g_hash_table_size(jids))
                return false;

        g_hash_table_iter_init(&iter, next);
        while (g_hash_table_iter_next(&iter, &jid, NULL))
                bytes += strlen(jid) + 1;
        return g_hash_table_size(next) > motet_option_int(self, "max_items") ||
               bytes > (size_t)motet_option_int(self, "max_bytes");
}

static void
run(List *list, bool is_loaded, void *data)
{
        Change *change = data;

        /* The module stops, and the change is gone. */
        if (g_queue_peek_head(&list->changes) != change)
                return;
        if (!list->lists) {
                refuse(change, MOTET_SERVICE_UNAVAILABLE, NULL);
                return;
        }
        /* It was answered with an error already, or nobody waits for the answer. */
        if (!motet_later_is_live(change->later)) {
                finish(change);
                return;
        }
        if (!is_loaded) {
                fail(change);
                return;
        }

        change->next = next_of(change);
        if (is_too_long(list->lists->self, list->jids, change->next))
                refuse(change, MOTET_RESOURCE_CONSTRAINT, "the block list is full");
        else
                write_differences(change);
}

static void
run_next(List *list)
{
        Change *change = g_queue_peek_head(&list->changes);

        if (change)
                list_when_loaded(list, run, change);
}

void
change_submit(Change *change)
{
        List *list = change->list;

        g_queue_push_tail(&list->changes, change);
        if (g_queue_get_length(&list->changes) == 1)
                run_next(list);
}
