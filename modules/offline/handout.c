/*
 * handout: handing what is in a box to the session that became available.
 *
 * As long as that goes on new messages for that session are put into the box too, behind the
 * others; it ends when a reading found nothing more and nothing was put in meanwhile. What was
 * queued on the session is deleted at once.
 *
 * Source: XEP-0160 section 2.
 */
#include "offline-private.h"

#include <motet/service-blocking.h>

#define BATCH 32                              /* letters read at a time */
#define DRAIN (100 * G_TIME_SPAN_MILLISECOND) /* until a slow reader is looked at again */

static void fetch(Box *box);

static bool
is_ready(const MotetSession *session)
{
        return motet_session_is_connected(session) && session->presence && session->priority >= 0;
}

/* Returns: (borrowed) whom a message to the account's bare address would reach; NULL: nobody */
static MotetSession *
best_ready(const Box *box)
{
        size_t n = 0;
        MotetSession *const *sessions =
                motet_sessions_of(motet_module_host(box->offline->self), box->account, &n);
        MotetSession *best = NULL;

        for (size_t i = 0; i < n; i++) {
                if (is_ready(sessions[i]) && (!best || sessions[i]->priority > best->priority))
                        best = sessions[i];
        }
        return best;
}

static void
set_session(Box *box, MotetSession *session)
{
        motet_session_unref(box->session);
        box->session = session ? motet_session_ref(session) : NULL;
}

void
handout_stop(Box *box)
{
        motet_timer_cancel(g_steal_pointer(&box->timer));
        set_session(box, NULL);
}

/* Everything was handed out. What is still being deleted is all that is left. */
static void
finish(Box *box)
{
        handout_stop(box);
        box->is_counted = true;
        box->is_partial = false;
        box->n = box->bytes = 0;
        for (GList *link = box->prunings.head; link; link = link->next) {
                const Pruning *pruning = link->data;
                box->n += pruning->n;
                box->bytes += pruning->bytes;
        }
}

static void
on_pruned(MotetModule *self, const GError *error, void *data)
{
        Box *box = data;
        g_autofree Pruning *pruning = g_queue_pop_head(&box->prunings);

        (void)self;
        box->is_prune_due = error != NULL;
        if (error) {
                motet_debug("%s: deleting what was delivered failed: %s", box->account,
                            error->message);
        } else if (box->is_counted) {
                box_release(box, pruning->n, pruning->bytes);
                box->is_counted = !box->is_partial;
        }
        box_settle(box);
}

void
handout_prune(Box *box, uint64_t n, uint64_t bytes)
{
        const MotetStoreQuery query = {.before = box->handed + 1};
        const Pruning pruning = {.n = n, .bytes = bytes};

        g_queue_push_tail(&box->prunings, g_memdup2(&pruning, sizeof pruning));
        motet_store_prune(box->offline->store, box->account, &query, on_pruned, box);
}

/* Whether the peer has to read first. One letter always has room. */
static bool
is_full(const MotetSession *session)
{
        return motet_session_queued(session) > motet_session_limits(session)->send_queue / 2;
}

/* XEP-0191 section 3.3: whom the user blocks is not heard, what was kept from before included. */
static bool
is_unwanted(const Box *box, const MotetXml *stanza)
{
        MotetModule *provider = NULL;
        const MotetBlockingService *blocking =
                motet_service(motet_module_host(box->offline->self), "blocking", &provider);
        if (!blocking)
                return false;

        g_autoptr(MotetJid) from = motet_jid_new(motet_xml_attr(stanza, "from"));
        return from && blocking->is_blocked(provider, box->account, from);
}

/* Returns: how many of @entries are done with: taken by the session, unwanted or damaged */
static size_t
hand_out(Box *box, const MotetStoreEntry *entries, size_t n)
{
        uint64_t bytes = 0;
        size_t i = 0;

        for (; i < n && is_ready(box->session) && !is_full(box->session); i++) {
                g_autoptr(MotetXml) stanza = letter_restore(box->offline->self, &entries[i]);
                if (stanza && !is_unwanted(box, stanza) &&
                    !motet_session_send(box->session, stanza))
                        break;
                box->handed = entries[i].id;
                bytes += g_bytes_get_size(entries[i].value);
        }
        if (i > 0 || box->is_prune_due)
                handout_prune(box, i, bytes);
        return i;
}

static void
on_drained(MotetModule *self, MotetTimer *timer, void *data)
{
        Box *box = data;

        (void)self;
        (void)timer;
        box->timer = NULL;
        fetch(box);
}

static void
go_on(Box *box, bool is_all)
{
        if (!is_ready(box->session)) {
                set_session(box, best_ready(box));
                if (box->session)
                        fetch(box);
        } else if (is_full(box->session)) {
                box->timer = motet_timer_add(box->offline->self, NULL, DRAIN, on_drained, box);
        } else if (is_all && !box->is_stale && box->waiting.length == 0) {
                finish(box);
        } else {
                fetch(box);
        }
}

static void
on_fetched(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
           bool complete, void *data)
{
        Box *box = data;

        (void)self;
        box->is_reading = false;
        if (error) {
                motet_debug("%s: reading what is kept failed: %s", box->account, error->message);
                handout_stop(box);
        } else if (box->session) {
                bool is_all = hand_out(box, entries, n) == n && complete;
                go_on(box, is_all);
        }
        box_advance(box);
        box_settle(box);
}

static void
fetch(Box *box)
{
        const MotetStoreQuery query = {.after = box->handed, .max = BATCH};

        box->is_reading = true;
        box->is_stale = false;
        motet_store_query(box->offline->store, box->account, &query, on_fetched, box);
}

void
handout_start(Box *box, MotetSession *session)
{
        bool is_empty = box->is_counted && box->n == 0 && box->waiting.length == 0;

        if (is_empty && !box->session)
                return;
        motet_timer_cancel(g_steal_pointer(&box->timer));
        set_session(box, session);
        if (!box->is_reading)
                fetch(box);
}

void
handout_resume(Box *box)
{
        MotetSession *session = box->session ? NULL : best_ready(box);

        if (session)
                handout_start(box, session);
}
