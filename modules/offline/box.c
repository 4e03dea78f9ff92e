/*
 * box: one account's box: whether there is such an account, how much is in its box, and putting
 * letters in.
 *
 * How much is in a box is counted when the first letter comes, and known from then on; letters are
 * written one behind the other without waiting for each other.
 */
#include "offline-private.h"

#define IDLE_MAX 256 /* boxes nothing goes on in that are remembered */
#define PUT_WAIT (30 * G_TIME_SPAN_SECOND)

Box *
box_find(const Offline *offline, const char *account)
{
        return g_hash_table_lookup(offline->boxes, account);
}

Box *
box_take(Offline *offline, const char *account)
{
        Box *box = box_find(offline, account);

        if (!box) {
                box = g_new0(Box, 1);
                box->offline = offline;
                box->account = g_strdup(account);
                g_queue_init(&box->waiting);
                g_queue_init(&box->appending);
                behind_init(box);
                deletion_init(box);
                g_hash_table_insert(offline->boxes, box->account, box);
        }
        if (box->idle_link.data) {
                g_queue_unlink(&offline->idle, &box->idle_link);
                box->idle_link.data = NULL;
        }
        return box;
}

static void
box_free(Box *box)
{
        if (box->idle_link.data)
                g_queue_unlink(&box->offline->idle, &box->idle_link);
        g_hash_table_remove(box->offline->boxes, box->account);
        motet_session_unref(box->session);
        behind_clear(box);
        deletion_clear(box);
        g_free(box->account);
        g_free(box);
}

static bool
is_busy(const Box *box)
{
        return box->asking || box->is_counting || box->is_reading || box->session ||
               box->behind->len > 0 || box->waiting.length > 0 || box->appending.length > 0 ||
               deletion_is_due(box);
}

/* Peers name any account they like, so nothing is kept of one that may not exist. */
void
box_settle(Box *box)
{
        Offline *offline = box->offline;

        if (is_busy(box) || box->idle_link.data)
                return;
        if (!box->exists && !box->is_counted) {
                box_free(box);
                return;
        }
        box->idle_link.data = box;
        g_queue_push_tail_link(&offline->idle, &box->idle_link);
        if (offline->idle.length > IDLE_MAX)
                box_free(g_queue_peek_head(&offline->idle));
}

/* Ends all letters that wait for a place. */
static void
end_waiting(Box *box, void (*end)(Letter *letter))
{
        while (box->waiting.head) {
                Letter *letter = box->waiting.head->data;
                g_queue_unlink(&box->waiting, &letter->link);
                end(letter);
        }
}

static void
pass_on(Letter *letter)
{
        letter_end(letter, MOTET_CONTINUE);
}

/* Counting */

static void
on_counted(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
           bool complete, void *data)
{
        Box *box = data;

        (void)self;
        box->is_counting = false;
        if (box->is_outdated) {
                box->is_outdated = false;
        } else if (error && !box->is_counted) {
                motet_debug("%s: reading what is kept failed: %s", box->account, error->message);
                end_waiting(box, letter_fail);
        } else if (!box->is_counted) {
                box->is_counted = true;
                box->is_partial = !complete;
                box->n = n;
                box->bytes = 0;
                for (size_t i = 0; i < n; i++)
                        box->bytes += g_bytes_get_size(entries[i].value);
        }
        box_advance(box);
        box_settle(box);
}

static void
count(Box *box)
{
        const MotetStoreQuery query = {
                .max = (unsigned)motet_option_int(box->offline->self, "max_messages"),
        };

        box->is_counting = true;
        motet_store_query(box->offline->store, box->account, &query, on_counted, box);
}

/* Whether the account exists */

static void
on_existence(MotetModule *self, MotetAuthStatus status, void *data)
{
        Box *box = data;

        (void)self;
        box->asking = NULL;
        if (status == MOTET_AUTH_OK)
                box->exists = true;
        else if (status == MOTET_AUTH_ERROR)
                end_waiting(box, letter_fail);
        else
                end_waiting(box, pass_on);
        box_advance(box);
        box_settle(box);
}

/* Where no module keeps accounts everybody has one. Sessions prove nothing: those of an account
 * that is being deleted are the last to go. */
static void
ask_existence(Box *box)
{
        MotetModule *self = box->offline->self;
        MotetModule *provider = NULL;
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", &provider);

        box->exists = !auth;
        if (!box->exists)
                box->asking = auth->exists(provider, self, box->account, on_existence, box);
}

/* Putting in */

void
box_release(Box *box, uint64_t n, uint64_t bytes)
{
        box->n -= MIN(n, box->n);
        box->bytes -= MIN(bytes, box->bytes);
}

static void
take_out(Box *box, const Letter *letter)
{
        box_release(box, 1, g_bytes_get_size(letter->entry.value));
}

static void
withdraw(Box *box, const Letter *letter, uint64_t id)
{
        deletion_remove(box, id, g_bytes_get_size(letter->entry.value));
}

static void
on_appended(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        Letter *letter = data;
        Box *box = letter->box;

        (void)self;
        g_queue_unlink(&box->appending, &letter->link);
        if (error) {
                motet_debug("%s: keeping a message failed: %s", box->account, error->message);
                take_out(box, letter);
                letter_fail(letter);
        } else if (letter_is_refused(letter) && id > box->handed) {
                /* It will be sent again. */
                withdraw(box, letter, id);
                letter_end(letter, MOTET_HANDLED);
        } else {
                if (letter->is_live && box->session && !behind_share(box, letter, id))
                        withdraw(box, letter, id);
                letter_end(letter, MOTET_HANDLED);
                handout_resume(box);
        }
        box_settle(box);
}

static void
append(Box *box, Letter *letter)
{
        MotetModule *self = box->offline->self;
        uint64_t size = g_bytes_get_size(letter->entry.value);

        if (letter_is_refused(letter)) {
                letter_end(letter, MOTET_HANDLED);
                return;
        }
        if (box->n >= (uint64_t)motet_option_int(self, "max_messages") ||
            box->bytes + size > (uint64_t)motet_option_int(self, "max_bytes")) {
                letter_end(letter, MOTET_CONTINUE);
                return;
        }

        box->n++;
        box->bytes += size;
        box->is_stale = true;
        g_queue_push_tail_link(&box->appending, &letter->link);
        motet_store_append(box->offline->store, box->account, &letter->entry, on_appended, letter);
}

void
box_advance(Box *box)
{
        if (box->waiting.length == 0)
                return;
        if (!box->exists && !box->asking)
                ask_existence(box);
        if (!box->exists)
                return;
        if (!box->is_counted) {
                if (!box->is_counting)
                        count(box);
                return;
        }

        while (box->waiting.head) {
                Letter *letter = box->waiting.head->data;
                g_queue_unlink(&box->waiting, &letter->link);
                append(box, letter);
        }
}

MotetResult
box_put(Box *box, MotetStanzaEvent *ev, bool is_live)
{
        MotetModule *self = box->offline->self;

        /* Not all of them could get a place. */
        if (box->waiting.length >= (uint64_t)motet_option_int(self, "max_messages"))
                return MOTET_CONTINUE;

        Letter *letter = letter_new(self, ev, is_live);
        letter->box = box;
        letter->wait = motet_wait(self, &ev->event, PUT_WAIT, MOTET_DEADLINE_REFUSE);
        if (is_live)
                behind_add(box);
        g_queue_push_tail_link(&box->waiting, &letter->link);
        box_advance(box);
        return MOTET_WAIT;
}

/* The end of boxes */

static void
cancel_asking(Box *box)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth =
                motet_service(motet_module_host(box->offline->self), "auth", &provider);

        if (auth && box->asking)
                auth->cancel(provider, box->asking);
        box->asking = NULL;
}

void
box_forget(Offline *offline, const char *account)
{
        Box *box = box_find(offline, account);

        if (!box)
                return;

        cancel_asking(box);
        handout_stop(box);
        behind_forget(box);
        g_array_set_size(box->copied, 0);
        deletion_forget(box);
        end_waiting(box, pass_on);
        box->exists = false;
        box->is_counted = false;
        box->is_outdated = box->is_counting;
        if (box->idle_link.data)
                box_free(box);
        else
                box_settle(box);
}

void
box_drop(Box *box)
{
        cancel_asking(box);
        end_waiting(box, pass_on);
        while (box->appending.head) {
                Letter *letter = box->appending.head->data;
                g_queue_unlink(&box->appending, &letter->link);
                letter_end(letter, MOTET_CONTINUE);
        }
        /* Its timers went before. */
        box->again = NULL;
        box_free(box);
}
