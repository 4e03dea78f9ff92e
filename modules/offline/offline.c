/*
 * offline: keep messages for users who are not there, and deliver them when they come.
 *
 * Implements  XEP-0160 (1.0.1), XEP-0203 (2.0), XEP-0334 (1.0.0) section 4.2
 * Hooks       pre-message/self, pre-message/bare, pre-message/full, pre-message/host,
 *             pre-message/remote,
 *             message/self, message/bare, message/full (each before and after the module message),
 *             presence-initial, presence-changed, presence-unavailable, session-unbound,
 *             user-deleting
 * Storage     archive "offline": messages as text
 * Options     max_messages, max_bytes
 *
 * A message that nobody can receive passes the module message and is kept here; what is not kept
 * goes on to be refused. Before it, only what would overtake messages that are being delivered is
 * caught.
 */
#include "offline-private.h"

#include <motet/service-presence.h>

#define BEFORE_DELIVERY (MOTET_PRIO_NORMAL + 1)
#define AFTER_DELIVERY (MOTET_PRIO_LATE / 2)

static MotetResult
keep(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!letter_is_kept(self, ev->stanza))
                return MOTET_CONTINUE;

        Box *box = box_take(motet_module_data(self), motet_jid_local(ev->to));
        MotetResult verdict = box_put(box, ev, false);
        box_settle(box);
        return verdict;
}

/* Also of what is not kept: who gets it at once must believe no more of it. */
static MotetResult
remove_forged_delays(MotetModule *self, MotetStanzaEvent *ev)
{
        letter_remove_forged_delays(self, ev->stanza, ev->from);
        return MOTET_CONTINUE;
}

/* Behind what its receiver did not get yet (RFC 6120 10.1). */
static MotetResult
keep_in_order(MotetModule *self, MotetStanzaEvent *ev)
{
        Box *box = box_find(motet_module_data(self), motet_jid_local(ev->to));

        if (!box || !behind_reached(box, ev->to, ev->stanza) || !letter_is_kept(self, ev->stanza))
                return MOTET_CONTINUE;
        return box_put(box, ev, true);
}

/* Who does not want it any more is not waited for: somebody else may. */
static void
hand_on(MotetModule *self, const MotetSession *session)
{
        Box *box = box_find(motet_module_data(self), session->username);

        if (box) {
                handout_catcher(box);
                box_settle(box);
        }
}

static MotetResult
hand_to_another(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetPresenceChange *change = ev->data;

        hand_on(self, change->session);
        return MOTET_CONTINUE;
}

/* XEP-0160 section 2, 5: to the resource that becomes available with a non-negative priority. */
static MotetResult
hand_out(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetPresenceChange *change = ev->data;
        bool was_ready = change->was_available && change->old_priority >= 0;

        if (was_ready && change->session->priority < 0)
                hand_on(self, change->session);
        if (was_ready || change->session->priority < 0)
                return MOTET_CONTINUE;

        Box *box = box_take(motet_module_data(self), change->session->username);
        handout_start(box, change->session);
        box_settle(box);
        return MOTET_CONTINUE;
}

static MotetResult
forget_session(MotetModule *self, MotetSessionEvent *ev)
{
        Box *box = box_find(motet_module_data(self), ev->session->username);

        if (box) {
                behind_remove(box, ev->session);
                hand_on(self, ev->session);
        }
        return MOTET_CONTINUE;
}

/* From now on it does not exist for who asks; what is being written is deleted with the rest. */
static MotetResult
forget_account(MotetModule *self, MotetAccountEvent *ev)
{
        box_forget(motet_module_data(self), ev->username);
        return MOTET_CONTINUE;
}

static void
offline_free(void *data)
{
        Offline *offline = data;

        g_hash_table_unref(offline->boxes);
        g_free(offline);
}

static bool
load(MotetModule *self, GError **error)
{
        static const MotetHook on_deletion =
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETING, forget_account, MOTET_PRIO_NORMAL);
        MotetStore *store = motet_store_open(self, "offline", MOTET_STORE_ARCHIVE, error);
        if (!store)
                return false;

        /* Where no module deletes accounts there is no such event. */
        g_autoptr(GError) unknown = NULL;
        if (!motet_hook_add(self, &on_deletion, &unknown))
                motet_debug("%s", unknown->message);

        Offline *offline = g_new0(Offline, 1);
        offline->self = self;
        offline->store = store;
        offline->boxes = g_hash_table_new(g_str_hash, g_str_equal);
        g_queue_init(&offline->idle);
        motet_module_set_data(self, offline, offline_free);
        return true;
}

/* Nobody calls back any more: what was waited for is let go here. */
static void
unload(MotetModule *self)
{
        const Offline *offline = motet_module_data(self);
        g_autoptr(GList) boxes = g_hash_table_get_values(offline->boxes);

        for (GList *link = boxes; link; link = link->next)
                box_drop(link->data);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("pre-message/self", remove_forged_delays, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-message/bare", remove_forged_delays, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-message/full", remove_forged_delays, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-message/host", remove_forged_delays, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-message/remote", remove_forged_delays, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("message/self", keep_in_order, BEFORE_DELIVERY),
        MOTET_ON_STANZA("message/bare", keep_in_order, BEFORE_DELIVERY),
        MOTET_ON_STANZA("message/full", keep_in_order, BEFORE_DELIVERY),
        MOTET_ON_STANZA("message/self", keep, AFTER_DELIVERY),
        MOTET_ON_STANZA("message/bare", keep, AFTER_DELIVERY),
        MOTET_ON_STANZA("message/full", keep, AFTER_DELIVERY),
        MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_INITIAL, hand_out, MOTET_PRIO_NORMAL),
        MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_CHANGED, hand_out, MOTET_PRIO_NORMAL),
        MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_UNAVAILABLE, hand_to_another, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-unbound", forget_session, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "max_messages",
                .type = MOTET_OPTION_INT,
                .fallback = "500",
                .min = 1,
                .max = 100000,
                .help = "Messages kept for one account; beyond, senders are told.",
        },
        {
                .key = "max_bytes",
                .type = MOTET_OPTION_SIZE,
                .fallback = "5 MB",
                .min = 1024,
                .max = 1 << 30,
                .help = "The same in bytes of all messages of one account.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "offline",
        .summary = "Keep messages for users who are not there",
        .depends = MOTET_LIST("service:message", "presence"),
        .wants = MOTET_LIST("service:auth", "service:store:*"),
        .specs = MOTET_LIST("XEP-0160@1.0.1", "XEP-0203@2.0", "XEP-0334@1.0.0"),
        .features = MOTET_LIST("msgoffline"),
        .options = options,
        .hooks = hooks,
        .load = load,
        .unload = unload,
        .save = handover_save,
        .restore = handover_restore,
        .state_version = 1,
        .state_oldest = 1,
};
