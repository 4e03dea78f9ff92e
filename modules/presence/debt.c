/*
 * debt: what a session is still to be told of an account's resources, because it has to read first
 * what it was sent before.
 *
 * What is told is the presence of that moment. A session has at most one debt for each contact in
 * its roster, one for its own account, and one for requests to it.
 *
 * Source: RFC 6121 sections 4.2.2, 4.3.2.
 */
#include "presence-private.h"

#include <motet/host.h>
#include <motet/router.h>
#include <motet/task.h>

#define RETRY G_TIME_SPAN_SECOND /* until a roster is looked at that cannot be waited for */

Debt *
debt_new(const char *account, bool is_for_available)
{
        Debt *debt = g_new0(Debt, 1);

        debt->account = g_strdup(account);
        debt->link.data = debt;
        debt->is_for_available = is_for_available;
        return debt;
}

static void
debt_free(Debt *debt)
{
        g_clear_pointer(&debt->told, g_hash_table_unref);
        g_free(debt->account);
        g_free(debt);
}

/* The debts of one session */

static unsigned *
n_debts(MotetModule *self)
{
        Presence *presence = motet_module_data(self);

        return &presence->n_debts;
}

Debt *
debt_find(const Kept *kept, const char *account)
{
        return kept && kept->by_account ? g_hash_table_lookup(kept->by_account, account) : NULL;
}

static void
take_out(Kept *kept, Debt *debt)
{
        g_hash_table_remove(kept->by_account, debt->account);
        g_queue_unlink(&kept->debts, &debt->link);
        --*n_debts(kept->self);
}

void
debts_clear(Kept *kept)
{
        while (kept->debts.head) {
                Debt *debt = kept->debts.head->data;
                take_out(kept, debt);
                debt_free(debt);
        }
        g_clear_pointer(&kept->by_account, g_hash_table_unref);
}

/* @debt is (take); of two of the same account the newer one stays */
static void
put(MotetModule *self, MotetSession *session, Debt *debt, bool is_first)
{
        Kept *kept = kept_take(self, session);
        if (!kept) {
                debt_free(debt);
                return;
        }

        Debt *other = debt_find(kept, debt->account);
        if (other && is_first) {
                debt_free(debt);
                return;
        }
        if (other) {
                take_out(kept, other);
                debt_free(other);
        }
        if (!kept->by_account)
                kept->by_account = g_hash_table_new(g_str_hash, g_str_equal);
        g_hash_table_insert(kept->by_account, debt->account, debt);
        if (is_first)
                g_queue_push_head_link(&kept->debts, &debt->link);
        else
                g_queue_push_tail_link(&kept->debts, &debt->link);
        ++*n_debts(self);
}

/* Returns: (own) NULL when nothing is owed */
static Debt *
take_first(MotetModule *self, const MotetSession *session)
{
        Kept *kept = kept_find(self, session);
        Debt *debt = kept && kept->debts.head ? kept->debts.head->data : NULL;

        if (debt)
                take_out(kept, debt);
        return debt;
}

/* Paying */

static bool
is_own(const MotetModule *self, const MotetSession *session, const char *account)
{
        return motet_session_host(session) == motet_module_host(self) &&
               strcmp(session->username, account) == 0;
}

/* Whether what is routed to it would wait behind a change of its roster, unseen in its queue. */
static bool
waits_for_roster(const MotetSession *session)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service =
                motet_service(motet_session_host(session), "roster", &provider);

        return service && service->is_busy(provider, session->username);
}

static bool
is_full(const MotetSession *session)
{
        return motet_session_queued(session) > motet_session_limits(session)->send_queue / 2;
}

static bool
has_room(const MotetModule *self, const MotetSession *session, const Debt *debt)
{
        return !is_full(session) &&
               (is_own(self, session, debt->account) || !waits_for_roster(session));
}

static bool
is_of_requests(const Debt *debt)
{
        return strcmp(debt->account, DEBT_REQUESTS) == 0;
}

/* The contact has left the roster, or the session does not want to know any more. */
static bool
is_void(const MotetModule *self, const MotetSession *session, const Debt *debt)
{
        if (!motet_session_is_connected(session) || (debt->is_for_available && !session->presence))
                return true;
        if (is_own(self, session, debt->account) || is_of_requests(debt) || !session->roster)
                return false;

        g_autofree char *contact =
                g_strdup_printf("%s@%s", debt->account, motet_host_name(motet_module_host(self)));
        return !debt_may_be_owed(session, contact);
}

/* Own resources are told of also where the user blocks what is routed. */
static void
tell(MotetModule *self, MotetSession *session, const MotetSession *about)
{
        g_autoptr(MotetXml) copy = motet_xml_copy(about->presence);

        motet_xml_set_attr(copy, "from", about->full_jid);
        motet_xml_set_attr(copy, "to", session->full_jid);
        if (is_own(self, session, about->username))
                motet_session_send(session, copy);
        else
                motet_route(motet_module_host(self), copy);
}

static void
tell_last(MotetModule *self, const MotetSession *session, const Debt *debt)
{
        g_autoptr(MotetJid) from =
                motet_jid_new_parts(debt->account, motet_host_name(motet_module_host(self)), NULL);
        g_autoptr(MotetXml) gone = last_answer(self, from, session->full_jid);

        motet_route(motet_module_host(self), gone);
}

/* RFC 6121 3.1.3: at every login until it is answered. */
static bool
pay_requests(MotetModule *self, MotetSession *session, Debt *debt)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);
        const MotetRoster *roster = session->roster;

        for (size_t i = 0; service && roster && i < roster->n_items; i++) {
                const char *contact = motet_roster_item_jid(roster->items[i]);
                if (!(roster->items[i]->state & MOTET_ROSTER_PENDING_IN) || told_has(debt, contact))
                        continue;
                if (is_full(session))
                        return false;
                const MotetXml *request = service->request(provider, session->username, contact);
                if (request)
                        motet_session_send(session, request);
                told_add_request(debt, session, contact);
        }
        return true;
}

/* Returns: whether @session was told all; false: it has to read first */
static bool
pay(MotetModule *self, MotetSession *session, Debt *debt)
{
        if (is_of_requests(debt))
                return pay_requests(self, session, debt);

        g_autoptr(GPtrArray) found = available_resources(self, debt->account, NULL);
        bool is_own_account = is_own(self, session, debt->account);

        for (guint i = 0; i < found->len; i++) {
                const MotetSession *about = found->pdata[i];
                if (about == session || !about->presence || told_has(debt, about->resource))
                        continue;
                if (!has_room(self, session, debt)) {
                        told_keep_present(debt, found, i);
                        return false;
                }
                tell(self, session, about);
        }
        if (found->len > 0 || debt->told || is_own_account)
                return true;
        if (!has_room(self, session, debt))
                return false;
        tell_last(self, session, debt);
        return true;
}

static void wait_for_room(MotetModule *self, MotetSession *session);

/* Handlers of what is told run meanwhile: nothing of the session's data is held across them. */
static void
go_on(MotetModule *self, MotetSession *session)
{
        G_GNUC_UNUSED g_autoptr(MotetSession) hold = motet_session_ref(session);
        Debt *debt;

        while ((debt = take_first(self, session))) {
                if (!is_void(self, session, debt) && !pay(self, session, debt)) {
                        put(self, session, debt, true);
                        wait_for_room(self, session);
                        return;
                }
                debt_free(debt);
        }
}

static void
stop_waiting(MotetModule *self, MotetSession *session)
{
        Kept *kept = kept_find(self, session);

        if (kept)
                kept->is_waiting = false;
        go_on(self, session);
}

static void
on_time(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;
        stop_waiting(self, data);
}

static void
on_roster(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        MotetSession *session = data;

        (void)roster;
        /* The roster is busy with this very call still. */
        motet_timer_add(self, session, status == MOTET_ROSTER_BUSY ? RETRY : 0, on_time, session);
}

static void
unref_session(void *data)
{
        motet_session_unref(data);
}

/* Only our own host's roster module forgets us when we stop. */
static void
wait_for_roster(MotetModule *self, MotetSession *session)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);

        if (motet_session_host(session) == motet_module_host(self))
                service->read(provider, self, session->username, on_roster,
                              motet_session_ref(session), unref_session);
        else
                motet_timer_add(self, session, RETRY, on_time, session);
}

static void
wait_for_room(MotetModule *self, MotetSession *session)
{
        Kept *kept = kept_find(self, session);

        if (!kept || kept->is_waiting)
                return;
        kept->is_waiting = true;
        if (waits_for_roster(session))
                wait_for_roster(self, session);
        else if (!motet_session_await_drained(session, self, stop_waiting))
                debts_clear(kept);
}

bool
debt_may_be_owed(const MotetSession *session, const char *contact)
{
        const MotetRosterItem *item =
                session->roster ? motet_roster_find(session->roster, contact) : NULL;

        return item && (item->state & MOTET_ROSTER_TO);
}

void
debt_owe(MotetModule *self, MotetSession *session, const char *account)
{
        G_GNUC_UNUSED g_autoptr(MotetSession) hold = motet_session_ref(session);
        const Kept *kept = kept_find(self, session);
        Debt *debt = debt_new(account, session->presence != NULL);

        /* Those before it come first. */
        if ((kept && kept->debts.head) || !pay(self, session, debt)) {
                put(self, session, debt, false);
                wait_for_room(self, session);
                return;
        }
        debt_free(debt);
}

void
debt_take_over(MotetModule *self, MotetSession *session, Debt *debt)
{
        put(self, session, debt, false);
        Kept *kept = kept_find(self, session);
        if (kept && !kept->is_waiting)
                kept->is_waiting = motet_session_await_drained(session, self, stop_waiting);
}

void
debt_cancel(MotetModule *self, const char *account, const char *contact)
{
        if (*n_debts(self) == 0)
                return;

        g_autoptr(MotetJid) jid = motet_jid_new(contact);
        MotetHost *host =
                jid ? motet_host_find(motet_module_server(self), motet_jid_domain(jid)) : NULL;
        size_t n = 0;
        MotetSession *const *sessions = host && motet_jid_local(jid)
                                                ? motet_sessions_of(host, motet_jid_local(jid), &n)
                                                : NULL;

        for (size_t i = 0; i < n; i++) {
                Kept *kept = kept_find(self, sessions[i]);
                Debt *debt = debt_find(kept, account);
                if (!debt)
                        continue;
                take_out(kept, debt);
                debt_free(debt);
        }
}
