/*
 * roster: keep the contacts of accounts, tell clients about them, and let modules change
 * subscriptions.
 *
 * Implements  RFC 6121 section 2, XEP-0237 (1.3) which is its section 2.6
 * Hooks       iq/self, iq/bare, iq/full of jabber:iq:roster:query, iq/self, stream-features,
 *             pre-session-bind, session-bound, session-unbound, user-deleting, user-deleted
 * Events      roster-changed
 * Provides    service "roster" (service-roster.h)
 * Storage     map "roster": contact -> item, "@" -> version
 * Options     max_items, max_name, max_groups, max_pending, max_requests, max_request_bytes,
 *             max_bytes
 */
#include "roster-private.h"

#include <motet/jid.h>
#include <motet/stanza.h>
#include <motet/task.h>

#define NS_ROSTERVER "urn:xmpp:features:rosterver"

/* Another instance may have given the session a roster meanwhile. */
static void
hold_free(void *data)
{
        Hold *hold = data;

        if (hold->session->roster == &hold->account->roster)
                motet_session_set_roster(hold->session, hold->former);
        push_forget_all(hold);
        account_unref(hold->account);
        g_free(hold);
}

static void
hold_account(MotetModule *self, MotetSession *session)
{
        Hold *hold = g_new0(Hold, 1);

        hold->self = self;
        hold->session = session;
        hold->account = account_take(motet_module_data(self), session->username);
        motet_session_set_data(session, self, hold, hold_free);
}

static void
on_loaded_for_bind(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster,
                   void *data)
{
        MotetWait **wait = data;

        (void)self;
        (void)roster;
        if (status == MOTET_ROSTER_OK)
                motet_resume(g_steal_pointer(wait), MOTET_CONTINUE);
        else
                motet_resume_refuse(g_steal_pointer(wait), MOTET_INTERNAL_SERVER_ERROR,
                                    "the roster cannot be read");
}

static void
wait_free(void *data)
{
        MotetWait **wait = data;

        if (*wait)
                motet_resume(*wait, MOTET_CONTINUE);
        g_free(wait);
}

static MotetResult
load_before_bind(MotetModule *self, MotetSessionEvent *ev)
{
        const char *account = ev->session->username;

        hold_account(self, ev->session);
        if (roster_service.cached(self, account))
                return MOTET_CONTINUE;

        MotetWait **wait = g_new0(MotetWait *, 1);
        *wait = motet_wait(self, &ev->event, ROSTER_WAIT, MOTET_DEADLINE_REFUSE);
        roster_read(motet_module_data(self), account, on_loaded_for_bind, wait, wait_free);
        return MOTET_WAIT;
}

static MotetResult
take_roster(MotetModule *self, MotetSessionEvent *ev)
{
        motet_session_set_data(ev->session, self, NULL, NULL);
        return MOTET_CONTINUE;
}

static MotetResult
offer_versioning(MotetModule *self, MotetFeaturesEvent *ev)
{
        (void)self;

        if (ev->session->type == MOTET_SESSION_C2S)
                motet_xml_add(ev->features, "ver", NS_ROSTERVER);
        return MOTET_CONTINUE;
}

/* What would be written from now on could be written behind the deletion. */
static MotetResult
freeze_deleted_user(MotetModule *self, MotetAccountEvent *ev)
{
        Rosters *rosters = motet_module_data(self);
        Account *account = g_hash_table_lookup(rosters->accounts, ev->username);

        if (account)
                account->is_going = true;
        return MOTET_CONTINUE;
}

static MotetResult
drop_deleted_user(MotetModule *self, MotetAccountEvent *ev)
{
        Rosters *rosters = motet_module_data(self);
        Account *account = g_hash_table_lookup(rosters->accounts, ev->username);
        if (!account)
                return MOTET_CONTINUE;

        g_autoptr(Account) kept = account_ref(account);
        account_detach(kept);
        account_advance(kept);
        return MOTET_CONTINUE;
}

static void
on_loaded_for_bound(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster,
                    void *data)
{
        MotetSession *session = data;
        Hold *hold = motet_session_data(session, self);

        (void)roster;
        if (status != MOTET_ROSTER_OK || !hold)
                return;
        hold->former = session->roster;
        motet_session_set_roster(session, &hold->account->roster);
}

static void
unref_session(void *data)
{
        motet_session_unref(data);
}

static void
adopt_session(MotetSession *session, void *data)
{
        MotetModule *self = data;

        if (motet_session_data(session, self))
                return;
        hold_account(self, session);
        roster_read(motet_module_data(self), session->username, on_loaded_for_bound,
                    motet_session_ref(session), unref_session);
}

void
roster_adopt_all(MotetModule *self)
{
        motet_sessions_foreach(motet_module_host(self), adopt_session, self);
}

static void
forget_former(MotetSession *session, void *data)
{
        Hold *hold = motet_session_data(session, data);

        if (hold)
                hold->former = NULL;
}

/* By now it is known which code goes on. */
static void
settle_in(MotetModule *self, void *data)
{
        (void)data;
        motet_sessions_foreach(motet_module_host(self), forget_former, self);
        roster_adopt_all(self);
}

static MotetResult
give_roster(MotetModule *self, MotetSessionEvent *ev)
{
        Hold *hold = motet_session_data(ev->session, self);

        /* A bind that was under way when this instance started. */
        if (!hold)
                adopt_session(ev->session, self);
        else
                motet_session_set_roster(ev->session, &hold->account->roster);
        return MOTET_CONTINUE;
}

static void
rosters_free(void *data)
{
        Rosters *rosters = data;

        g_hash_table_unref(rosters->accounts);
        g_free(rosters);
}

/* Where no module deletes accounts there are no such events. */
static void
hook_deletion(MotetModule *self)
{
        static const MotetHook on_deletion[] = {
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETING, freeze_deleted_user, MOTET_PRIO_LATE),
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, drop_deleted_user, MOTET_PRIO_NORMAL),
        };

        for (size_t i = 0; i < G_N_ELEMENTS(on_deletion); i++) {
                g_autoptr(GError) unknown = NULL;
                if (!motet_hook_add(self, &on_deletion[i], &unknown))
                        motet_debug("%s", unknown->message);
        }
}

static bool
load(MotetModule *self, GError **error)
{
        MotetStore *store = motet_store_open(self, "roster", MOTET_STORE_MAP, error);
        if (!store)
                return false;

        hook_deletion(self);
        Rosters *rosters = g_new0(Rosters, 1);
        rosters->self = self;
        rosters->store = store;
        rosters->accounts = g_hash_table_new(g_str_hash, g_str_equal);
        g_queue_init(&rosters->pushes);
        motet_module_set_data(self, rosters, rosters_free);
        motet_defer(self, settle_in, NULL, NULL);
        return true;
}

/* Nobody calls back any more: what was waited for is let go here. */
static void
unload(MotetModule *self)
{
        Rosters *rosters = motet_module_data(self);
        g_autoptr(GList) accounts = g_hash_table_get_values(rosters->accounts);

        for (GList *link = accounts; link; link = link->next) {
                g_autoptr(Account) account = account_ref(link->data);
                account_detach(account);
                account_drop_tasks(account);
                account_stop_loading(account, self);
        }
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/self/jabber:iq:roster:query", roster_answer_get_or_set,
                        MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/jabber:iq:roster:query", roster_refuse_stranger,
                        MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/full/jabber:iq:roster:query", roster_refuse_forged_push,
                        MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("iq/self", push_take_answer, MOTET_PRIO_EARLY),
        MOTET_ON_SESSION("pre-session-bind", load_before_bind, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-bound", give_roster, MOTET_PRIO_EARLY),
        MOTET_ON_SESSION("session-unbound", take_roster, MOTET_PRIO_EARLY),
        MOTET_ON_FEATURES("stream-features", offer_versioning, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {"max_items", MOTET_OPTION_INT, "1000", 1, 100000, NULL, "Contacts an account may have."},
        {"max_name", MOTET_OPTION_SIZE, "1023", 1, 1023, NULL,
         "Longest name of a contact or group, in bytes."},
        {"max_groups", MOTET_OPTION_INT, "20", 0, ROSTER_GROUPS_MAX, NULL,
         "Groups one contact may be in."},
        {"max_pending", MOTET_OPTION_INT, "100", 1, 100000, NULL,
         "Contacts an account may wait for to answer its subscription requests."},
        {"max_requests", MOTET_OPTION_INT, "100", 1, 100000, NULL,
         "Subscription requests kept for an account until it answers them."},
        {"max_request_bytes", MOTET_OPTION_SIZE, "4 KiB", 256, 65536, NULL,
         "Longest subscription request that is kept, in bytes."},
        {"max_bytes", MOTET_OPTION_SIZE, "512 KiB", 65536, 16777216, NULL,
         "Size of all contacts of one account with their names and groups."},
        {0},
};

static const MotetEventDecl events[] = {
        {MOTET_EVENT_ROSTER_CHANGED, MOTET_EVENT_CUSTOM,
         "an item was written, before clients are told (MotetRosterChanged); HANDLED is ignored"},
        {0},
};

static const MotetServiceDecl services[] = {{"roster", &roster_service}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "roster",
        .summary = "Keep the contacts of accounts and tell clients about them",
        .wants = MOTET_LIST("service:auth", "service:store:*"),
        .specs = MOTET_LIST("RFC6121", "XEP-0237@1.3"),
        .services = services,
        .events = events,
        .options = options,
        .hooks = hooks,
        .load = load,
        .unload = unload,
        .save = handover_save,
        .restore = handover_restore,
        .state_version = 1,
        .state_oldest = 1,
};
