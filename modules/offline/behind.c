/*
 * behind: order: who has to get letters from the box before anything else.
 *
 * A message for a session that is handed what is in a box is put into that box too, and so is, from
 * then on, all that follows for it, until the box was found empty: also when somebody else is
 * handed what is in it by then, or nobody. What its account's other sessions get at once they do
 * not get again from the box.
 *
 * Source: RFC 6120 section 10.1.
 */
#include "offline-private.h"

void
behind_init(Box *box)
{
        box->behind = g_ptr_array_new();
        box->copied = g_array_new(FALSE, FALSE, sizeof(Kept));
}

void
behind_clear(Box *box)
{
        g_ptr_array_unref(box->behind);
        g_array_unref(box->copied);
}

/* Returns: (own) whom a message to @to reaches now */
static GPtrArray *
receivers(const Box *box, const MotetJid *to, const MotetXml *stanza)
{
        MotetModule *provider = NULL;
        const MotetMessageService *service =
                motet_service(motet_module_host(box->offline->self), "message", &provider);
        GPtrArray *sessions = g_ptr_array_new();

        service->classify(provider, to, service->type(stanza), sessions);
        return sessions;
}

static bool
is_behind(const Box *box, const MotetSession *session)
{
        return g_ptr_array_find(box->behind, session, NULL);
}

bool
behind_reached(Box *box, const MotetJid *to, const MotetXml *stanza)
{
        const MotetSession *catcher = handout_catcher(box);

        if (!catcher && box->behind->len == 0)
                return false;

        g_autoptr(GPtrArray) sessions = receivers(box, to, stanza);
        for (guint i = 0; i < sessions->len; i++) {
                if (sessions->pdata[i] == catcher || is_behind(box, sessions->pdata[i]))
                        return true;
        }
        return false;
}

void
behind_add(Box *box)
{
        MotetSession *catcher = handout_catcher(box);

        if (catcher && !is_behind(box, catcher))
                g_ptr_array_add(box->behind, catcher);
}

void
behind_remove(Box *box, MotetSession *session)
{
        g_ptr_array_remove_fast(box->behind, session);
}

void
behind_forget(Box *box)
{
        g_ptr_array_set_size(box->behind, 0);
}

bool
behind_share(Box *box, const Letter *letter, uint64_t id)
{
        const MotetSession *catcher = handout_catcher(box);
        g_autoptr(GPtrArray) sessions = receivers(box, letter->to, letter->stanza);
        bool is_for_catcher = false;
        bool is_taken = false;

        for (guint i = 0; i < sessions->len; i++) {
                if (sessions->pdata[i] == catcher)
                        is_for_catcher = true;
                else if (!is_behind(box, sessions->pdata[i]))
                        is_taken |= motet_session_send(sessions->pdata[i], letter->stanza);
        }
        if (is_taken && is_for_catcher && id > box->handed) {
                const Kept copied = {.id = id, .bytes = g_bytes_get_size(letter->entry.value)};
                g_array_append_val(box->copied, copied);
        }
        return !is_taken || is_for_catcher;
}

void
behind_lapse(Box *box)
{
        for (guint i = 0; i < box->copied->len; i++) {
                const Kept *copied = &g_array_index(box->copied, Kept, i);
                deletion_remove(box, copied->id, copied->bytes);
        }
        g_array_set_size(box->copied, 0);
}

/* They are in the order of their ids. */
void
behind_handed(Box *box)
{
        guint n = 0;

        while (n < box->copied->len && g_array_index(box->copied, Kept, n).id <= box->handed)
                n++;
        g_array_remove_range(box->copied, 0, n);
}
