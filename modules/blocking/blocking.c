/*
 * blocking: let users block others, and keep what these say from them, and them from these.
 *
 * Implements  XEP-0191 (1.3)
 * Hooks       iq/self and iq/full of urn:xmpp:blocking; pre-, outbound- and inbound- of message,
 *             presence and iq; pre-session-bind, session-bound, user-deleting, user-deleted
 * Provides    service "blocking" (service-blocking.h)
 * Storage     map "blocking": blocked address -> nothing
 * Options     max_items, max_bytes, cache
 *
 * An account's list is in memory while it has a session; for others it is read when somebody sends
 * them something, and kept for a while.
 */
#include "blocking-private.h"

#include <string.h>

#include <motet/host.h>
#include <motet/service-auth.h>
#include <motet/service-blocking.h>

/* The lists of sessions */

static void
watch_free(void *data)
{
        Watch *watch = data;

        list_release(watch->list);
        g_free(watch);
}

static List *
watch_session(MotetModule *self, MotetSession *session)
{
        Watch *watch = g_new0(Watch, 1);

        watch->list = list_take(motet_module_data(self), session->username);
        motet_session_set_data(session, self, watch, watch_free);
        return watch->list;
}

static void
on_loaded_for_bind(List *list, bool is_loaded, void *data)
{
        if (is_loaded || !list->lists)
                motet_resume(data, MOTET_CONTINUE);
        else
                motet_resume_refuse(data, MOTET_INTERNAL_SERVER_ERROR,
                                    "the block list cannot be read");
}

static MotetResult
load_before_bind(MotetModule *self, MotetSessionEvent *ev)
{
        List *list = watch_session(self, ev->session);

        if (list->is_loaded)
                return MOTET_CONTINUE;

        list_when_loaded(list, on_loaded_for_bind,
                         motet_wait(self, &ev->event, BLOCKING_WAIT, MOTET_DEADLINE_REFUSE));
        return MOTET_WAIT;
}

static void
ignore(List *list, bool is_loaded, void *data)
{
        (void)list;
        (void)is_loaded;
        (void)data;
}

/* Sessions that were bound before this instance started. */
static void
adopt_session(MotetSession *session, void *data)
{
        list_when_loaded(watch_session(data, session), ignore, NULL);
}

/* A bind that was under way when this instance started. */
static MotetResult
adopt_late(MotetModule *self, MotetSessionEvent *ev)
{
        if (!motet_session_data(ev->session, self))
                adopt_session(ev->session, self);
        return MOTET_CONTINUE;
}

/* Once when it begins, so that nothing more is written, and once for what was read meanwhile. */
static MotetResult
drop_deleted_user(MotetModule *self, MotetAccountEvent *ev)
{
        Lists *lists = motet_module_data(self);
        List *list = g_hash_table_lookup(lists->by_account, ev->username);

        if (list)
                list_detach(list);
        return MOTET_CONTINUE;
}

static bool
is_own(MotetModule *self, const char *account, const MotetJid *jid)
{
        return g_strcmp0(motet_jid_local(jid), account) == 0 &&
               strcmp(motet_jid_domain(jid), motet_host_name(motet_module_host(self))) == 0;
}

/* The user's own resources are never blocked from each other. */
static bool
is_blocked(MotetModule *self, const char *account, const MotetJid *jid)
{
        const List *list = list_find(motet_module_data(self), account);

        return list && !is_own(self, account, jid) && set_blocks(list->jids, jid);
}

/* The module */

static bool
load(MotetModule *self, GError **error)
{
        static const MotetHook on_deletion[] = {
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETING, drop_deleted_user, MOTET_PRIO_NORMAL),
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, drop_deleted_user, MOTET_PRIO_NORMAL),
        };
        MotetStore *store = motet_store_open(self, "blocking", MOTET_STORE_MAP, error);
        if (!store)
                return false;

        /* Where no module deletes accounts there are no such events. */
        for (size_t i = 0; i < G_N_ELEMENTS(on_deletion); i++) {
                g_autoptr(GError) unknown = NULL;
                if (!motet_hook_add(self, &on_deletion[i], &unknown))
                        motet_debug("%s", unknown->message);
        }

        Lists *lists = g_new0(Lists, 1);
        lists->self = self;
        lists->store = store;
        lists->by_account = g_hash_table_new(g_str_hash, g_str_equal);
        lists->none = set_new();
        motet_module_set_data(self, lists, lists_free);
        motet_sessions_foreach(motet_module_host(self), adopt_session, self);
        return true;
}

static void
unload(MotetModule *self)
{
        Lists *lists = motet_module_data(self);
        g_autoptr(GList) all = g_hash_table_get_values(lists->by_account);

        contacts_stop(self);
        for (GList *link = all; link; link = link->next)
                list_stop(link->data);
}

/* Before everybody who keeps, copies, changes or answers what is sent. */
#define ON_ALL(event_, dest_, fn_)                                                                 \
        MOTET_ON_STANZA(event_ "-message/" dest_, fn_, MOTET_PRIO_EARLY + 1),                      \
                MOTET_ON_STANZA(event_ "-presence/" dest_, fn_, MOTET_PRIO_EARLY + 1),             \
                MOTET_ON_STANZA(event_ "-iq/" dest_, fn_, MOTET_PRIO_EARLY + 1)

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/self/" NS_BLOCKING ":blocklist", blocking_answer_list,
                        MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_BLOCKING ":block", blocking_answer_change, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_BLOCKING ":unblock", blocking_answer_change,
                        MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/full/" NS_BLOCKING ":block", blocking_refuse_forged_push,
                        MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/full/" NS_BLOCKING ":unblock", blocking_refuse_forged_push,
                        MOTET_PRIO_NORMAL),
        ON_ALL("pre", "bare", blocking_filter_sent),
        ON_ALL("pre", "full", blocking_filter_sent),
        ON_ALL("pre", "host", blocking_filter_sent),
        ON_ALL("pre", "remote", blocking_filter_sent),
        ON_ALL("outbound", "bare", blocking_filter_routed),
        ON_ALL("outbound", "full", blocking_filter_routed),
        ON_ALL("outbound", "host", blocking_filter_routed),
        ON_ALL("outbound", "remote", blocking_filter_routed),
        ON_ALL("inbound", "bare", blocking_filter_inbound),
        ON_ALL("inbound", "full", blocking_filter_inbound),
        MOTET_ON_SESSION("pre-session-bind", load_before_bind, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-bound", adopt_late, MOTET_PRIO_EARLY),
        {0},
};

static const MotetOption options[] = {
        {"max_items", MOTET_OPTION_INT, "1000", 1, 100000, NULL, "Addresses an account may block."},
        {"max_bytes", MOTET_OPTION_SIZE, "256 KiB", 4096, 16777216, NULL,
         "Size of all addresses one account blocks."},
        {"cache", MOTET_OPTION_INT, "256", 0, 100000, NULL,
         "Lists kept in memory of accounts that are not online."},
        {0},
};

static const MotetBlockingService service = {.is_blocked = is_blocked};

static const MotetServiceDecl services[] = {{"blocking", &service}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "blocking",
        .summary = "Keep away what users do not want to hear, and from whom",
        .wants = MOTET_LIST("service:roster", "service:auth", "service:store:*"),
        .specs = MOTET_LIST("XEP-0191@1.3"),
        .features = MOTET_LIST(NS_BLOCKING),
        .services = services,
        .options = options,
        .hooks = hooks,
        .load = load,
        .unload = unload,
        .save = handover_save,
        .restore = handover_restore,
        .save_session = handover_save_session,
        .restore_session = handover_restore_session,
        .state_version = 1,
        .state_oldest = 1,
        .guards = true,
};
