/*
 * deletion: what is done with is deleted: all up to the last letter that was handed out, and single
 * ones that nobody is to get. What the storage refuses is tried again until it is gone; until then
 * the box knows of it, so that nothing is handed out twice.
 */
#include "offline-private.h"

#define RETRY G_TIME_SPAN_SECOND /* after the first failure; doubled after each, DOUBLINGS times */
#define DOUBLINGS 8

/* Removal: one letter being deleted. */
typedef struct {
        Box *box;
        uint64_t id;
} Removal;

void
deletion_init(Box *box)
{
        g_queue_init(&box->prunings);
        g_queue_init(&box->removals);
        box->gone = g_array_new(FALSE, FALSE, sizeof(Kept));
}

void
deletion_clear(Box *box)
{
        motet_timer_cancel(g_steal_pointer(&box->again));
        g_queue_clear_full(&box->prunings, g_free);
        g_queue_clear_full(&box->removals, g_free);
        g_array_unref(box->gone);
}

bool
deletion_is_due(const Box *box)
{
        return box->is_prune_due || box->prunings.length > 0 || box->gone->len > 0 ||
               box->removals.length > 0;
}

/* Returns: its index, or how many there are */
static guint
find_gone(const Box *box, uint64_t id)
{
        guint i = 0;

        while (i < box->gone->len && g_array_index(box->gone, Kept, i).id != id)
                i++;
        return i;
}

bool
deletion_is_gone(const Box *box, uint64_t id)
{
        return find_gone(box, id) < box->gone->len;
}

static void on_time(MotetModule *self, MotetTimer *timer, void *data);

void
deletion_try_later(Box *box)
{
        if (box->again)
                return;
        box->again = motet_timer_add(box->offline->self, NULL,
                                     RETRY << MIN(box->n_refused, DOUBLINGS), on_time, box);
        box->n_refused++;
}

static void
note(Box *box, const GError *error)
{
        if (!error) {
                box->n_refused = 0;
                return;
        }
        motet_debug("%s: deleting what was delivered failed: %s", box->account, error->message);
        deletion_try_later(box);
}

/* Up to what was handed out */

/* What is deleted now covers what could not be before. */
static void
on_pruned(MotetModule *self, const GError *error, void *data)
{
        Box *box = data;
        g_autofree Pruning *pruning = g_queue_pop_head(&box->prunings);

        (void)self;
        if (pruning->is_forgotten) {
                box_settle(box);
                return;
        }
        box->is_prune_due = error != NULL;
        box->due.n += pruning->n;
        box->due.bytes += pruning->bytes;
        if (!error) {
                if (box->is_counted) {
                        box_release(box, box->due.n, box->due.bytes);
                        box->is_counted = !box->is_partial;
                }
                box->due = (Pruning){0};
        }
        note(box, error);
        box_settle(box);
}

void
deletion_prune(Box *box, uint64_t n, uint64_t bytes)
{
        const MotetStoreQuery query = {.before = box->handed + 1};
        const Pruning pruning = {.n = n, .bytes = bytes};

        g_queue_push_tail(&box->prunings, g_memdup2(&pruning, sizeof pruning));
        motet_store_prune(box->offline->store, box->account, &query, on_pruned, box);
}

void
deletion_sum(const Box *box, uint64_t *n_out, uint64_t *bytes_out)
{
        uint64_t n = box->due.n + box->gone->len;
        uint64_t bytes = box->due.bytes;

        for (const GList *link = box->prunings.head; link; link = link->next) {
                const Pruning *pruning = link->data;
                n += pruning->n;
                bytes += pruning->bytes;
        }
        for (guint i = 0; i < box->gone->len; i++)
                bytes += g_array_index(box->gone, Kept, i).bytes;
        *n_out = n;
        *bytes_out = bytes;
}

/* Single ones */

static void
on_removed(MotetModule *self, const GError *error, void *data)
{
        g_autofree Removal *removal = data;
        Box *box = removal->box;
        guint i = find_gone(box, removal->id);

        (void)self;
        g_queue_remove(&box->removals, removal);
        if (i < box->gone->len) {
                if (!error) {
                        box_release(box, 1, g_array_index(box->gone, Kept, i).bytes);
                        g_array_remove_index(box->gone, i);
                }
                note(box, error);
        }
        box_settle(box);
}

static void
submit_removal(Box *box, uint64_t id)
{
        const MotetStoreQuery query = {.after = id - 1, .before = id + 1};
        Removal *removal = g_new0(Removal, 1);

        removal->box = box;
        removal->id = id;
        g_queue_push_tail(&box->removals, removal);
        motet_store_prune(box->offline->store, box->account, &query, on_removed, removal);
}

void
deletion_remove(Box *box, uint64_t id, uint64_t bytes)
{
        const Kept kept = {.id = id, .bytes = bytes};

        if (id <= box->handed || deletion_is_gone(box, id))
                return;
        g_array_append_val(box->gone, kept);
        submit_removal(box, id);
}

void
deletion_handed(Box *box)
{
        for (guint i = box->gone->len; i-- > 0;) {
                if (g_array_index(box->gone, Kept, i).id <= box->handed)
                        g_array_remove_index(box->gone, i);
        }
}

void
deletion_forget(Box *box)
{
        motet_timer_cancel(g_steal_pointer(&box->again));
        for (GList *link = box->prunings.head; link; link = link->next)
                ((Pruning *)link->data)->is_forgotten = true;
        box->is_prune_due = false;
        box->due = (Pruning){0};
        g_array_set_size(box->gone, 0);
}

/* Again */

static void
on_time(MotetModule *self, MotetTimer *timer, void *data)
{
        Box *box = data;

        (void)self;
        (void)timer;
        box->again = NULL;
        if (box->is_prune_due && box->prunings.length == 0)
                deletion_prune(box, 0, 0);
        if (box->removals.length > 0)
                return;
        for (guint i = 0; i < box->gone->len; i++)
                submit_removal(box, g_array_index(box->gone, Kept, i).id);
}
