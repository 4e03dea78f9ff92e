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

#define BATCH 32                 /* letters read at a time */
#define FAILURES_MAX 8           /* readings; then new messages are delivered past the box */
#define RETRY G_TIME_SPAN_SECOND /* after the first; doubled after each, up to RETRY_MAX */
#define RETRY_MAX (16 * G_TIME_SPAN_SECOND)

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
        if (session != box->session) {
                behind_lapse(box);
                box->is_draining = false;
        }
        if (session)
                motet_session_ref(session);
        motet_session_unref(box->session);
        box->session = session;
        box->n_failed = 0;
}

void
handout_stop(Box *box)
{
        motet_timer_cancel(g_steal_pointer(&box->timer));
        set_session(box, NULL);
}

MotetSession *
handout_catcher(Box *box)
{
        if (!box->session || is_ready(box->session))
                return box->session;

        MotetSession *next = best_ready(box);
        bool was_draining = box->is_draining;
        if (!next) {
                handout_stop(box);
                return NULL;
        }
        set_session(box, next);
        /* Otherwise a reading is under way, or one is to come. */
        if (was_draining)
                fetch(box);
        return next;
}

/* Everything was handed out. What is still being deleted is all that is left. */
static void
finish(Box *box)
{
        handout_stop(box);
        behind_forget(box);
        box->is_counted = true;
        box->is_partial = false;
        deletion_sum(box, &box->n, &box->bytes);
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

/* Returns: whether there is room for more: what is unwanted or damaged is left out */
static bool
hand_over(const Box *box, const MotetStoreEntry *entry)
{
        g_autoptr(MotetXml) stanza = letter_restore(box->offline->self, entry);

        return !stanza || is_unwanted(box, stanza) || motet_session_send(box->session, stanza);
}

/* Returns: how many of @entries are done with */
static size_t
hand_out(Box *box, const MotetStoreEntry *entries, size_t n)
{
        uint64_t bytes = 0;
        size_t i = 0;

        for (; i < n && is_ready(box->session) && !is_full(box->session); i++) {
                if (!deletion_is_gone(box, entries[i].id) && !hand_over(box, &entries[i]))
                        break;
                box->handed = entries[i].id;
                bytes += g_bytes_get_size(entries[i].value);
        }
        behind_handed(box);
        deletion_handed(box);
        if (i > 0 || box->is_prune_due)
                deletion_prune(box, i, bytes);
        return i;
}

static void
on_time(MotetModule *self, MotetTimer *timer, void *data)
{
        Box *box = data;

        (void)self;
        (void)timer;
        box->timer = NULL;
        fetch(box);
}

static void
fetch_in(Box *box, GTimeSpan delay)
{
        box->timer = motet_timer_add(box->offline->self, NULL, delay, on_time, box);
}

/* The box may be another one by now, or be handed to somebody else. */
static void
on_drained(MotetModule *self, MotetSession *session)
{
        Box *box = box_find(motet_module_data(self), session->username);

        if (!box || box->session != session || !box->is_draining)
                return;
        box->is_draining = false;
        fetch(box);
}

static void
go_on(Box *box, bool is_all)
{
        if (is_full(box->session))
                box->is_draining =
                        motet_session_await_drained(box->session, box->offline->self, on_drained);
        else if (is_all && !box->is_stale && box->waiting.length == 0)
                finish(box);
        else
                fetch(box);
}

/* New messages wait behind what cannot be read, but not for ever. */
static void
fetch_again(Box *box, const GError *error)
{
        motet_debug("%s: reading what is kept failed: %s", box->account, error->message);
        if (++box->n_failed < FAILURES_MAX) {
                fetch_in(box, MIN(RETRY << (box->n_failed - 1), RETRY_MAX));
                return;
        }
        motet_warn("what is kept for %s cannot be read: %s: new messages are delivered before it",
                   box->account, error->message);
        handout_stop(box);
        behind_forget(box);
}

static void
on_fetched(MotetModule *self, const GError *error, const MotetStoreEntry *entries, size_t n,
           bool complete, void *data)
{
        Box *box = data;

        (void)self;
        box->is_reading = false;
        if (!error && box->session) {
                bool is_all = hand_out(box, entries, n) == n && complete;
                box->n_failed = 0;
                if (handout_catcher(box))
                        go_on(box, is_all);
        } else if (handout_catcher(box)) {
                fetch_again(box, error);
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
        box->is_draining = false;
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

void
handout_take_over(Box *box, MotetSession *session)
{
        MotetSession *next = session ? session : best_ready(box);

        if (!next)
                return;
        set_session(box, next);
        fetch(box);
}
