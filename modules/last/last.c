/*
 * last: tell contacts how long ago a user went away, and everybody how long the server has run.
 *
 * Implements  XEP-0012 (2.0)
 * Hooks       iq/host/jabber:iq:last:query, iq/self/jabber:iq:last:query,
 *             iq/bare/jabber:iq:last:query, iq/full/jabber:iq:last:query, presence-unavailable,
 *             user-deleted
 * Storage     keyval "last": seconds since 1970, a line feed, the last status
 * Options     max_status
 *
 * Who may not see a user's presence is refused, and who asks for an account that is not there is
 * refused in the same way: neither learns anything (section 3).
 */
#include <motet/host.h>
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-auth.h>
#include <motet/service-presence.h>
#include <motet/service-roster.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/task.h>

#include <string.h>

#define NS_LAST "jabber:iq:last"
#define STORE_WAIT (30 * G_TIME_SPAN_SECOND)

/* The state of an instance. */
typedef struct {
        MotetStore *store;
        bool is_failing; /* the last write failed, and that was logged */
} Last;

static MotetXml *
result_new(const MotetXml *iq, int64_t seconds, const char *status)
{
        MotetXml *result = motet_iq_result(iq);
        MotetXml *query = motet_xml_add_with_text(result, "query", NS_LAST, status);

        motet_xml_set_attrf(query, "seconds", "%" G_GINT64_FORMAT, seconds);
        return result;
}

static bool
is_get(const MotetStanzaEvent *ev)
{
        return g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") == 0;
}

/* Accounts */

static bool
has_session(MotetModule *self, const char *account)
{
        size_t n = 0;

        motet_sessions_of(motet_module_host(self), account, &n);
        return n > 0;
}

/* @status_out: (own) "" for none. Returns: false when @document is damaged */
static bool
parse_document(GBytes *document, int64_t *when_out, char **status_out)
{
        gsize n = 0;
        const char *bytes = g_bytes_get_data(document, &n);
        g_autofree char *text = n > 0 ? g_strndup(bytes, n) : g_strdup("");
        g_auto(GStrv) parts = g_strsplit(text, "\n", 2);
        gint64 when = 0;

        if (g_strv_length(parts) != 2 ||
            !g_ascii_string_to_signed(parts[0], 10, 0, G_MAXINT64, &when, NULL))
                return false;
        *when_out = when;
        *status_out = g_strdup(parts[1]);
        return true;
}

static void
on_read(MotetModule *self, const GError *error, GBytes *document, void *data)
{
        MotetLater *request = data;
        g_autofree char *status = NULL;
        int64_t when = 0;

        if (!error && !document) {
                motet_later_error(request, MOTET_ITEM_NOT_FOUND, NULL, NULL);
                return;
        }
        if (error || !parse_document(document, &when, &status)) {
                if (!error)
                        motet_warn("%s: what is stored is damaged",
                                   motet_jid_local(motet_later_to(request)));
                motet_later_fail(request, NULL);
                return;
        }

        int64_t seconds = motet_wall_now(self) / G_TIME_SPAN_SECOND - when;
        /* The clock may have been set back. */
        g_autoptr(MotetXml) result =
                result_new(motet_later_stanza(request), MAX(seconds, 0), status);
        motet_later_answer(request, result);
}

/* Section 3, for who may know. */
static void
answer_for_account(MotetModule *self, MotetLater *request)
{
        const Last *last = motet_module_data(self);
        const char *account = motet_jid_local(motet_later_to(request));

        if (has_session(self, account)) {
                g_autoptr(MotetXml) result = result_new(motet_later_stanza(request), 0, NULL);
                motet_later_answer(request, result);
                return;
        }
        motet_store_read(last->store, account, "", on_read, request);
}

static void
on_roster(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        MotetLater *request = data;

        if (!roster && status != MOTET_ROSTER_NO_ACCOUNT) {
                motet_later_fail(request, NULL);
                return;
        }

        const MotetRosterItem *item =
                roster ? motet_roster_find(roster, motet_jid_bare(motet_later_from(request)))
                       : NULL;
        bool may_know = item && (item->state & MOTET_ROSTER_FROM);
        if (!may_know)
                motet_later_error(request, MOTET_FORBIDDEN, NULL, NULL);
        else if (motet_jid_is_bare(motet_later_to(request)))
                answer_for_account(self, request);
        else
                motet_later_continue(request);
}

/* What others ask of an account, or of one of its resources, which is its client's to answer. */
static MotetResult
ask_roster(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service =
                motet_service(motet_module_host(self), "roster", &provider);

        service->read(provider, self, motet_jid_local(ev->to), on_roster,
                      motet_later_new(self, ev, STORE_WAIT), NULL);
        return MOTET_WAIT;
}

static MotetResult
answer_other(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!is_get(ev))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);
        return ask_roster(self, ev);
}

/* Section 4: the client is asked only by who may see its user. */
static MotetResult
guard_resource(MotetModule *self, MotetStanzaEvent *ev)
{
        if (g_strcmp0(motet_jid_bare(ev->from), motet_jid_bare(ev->to)) == 0)
                return MOTET_CONTINUE;
        return ask_roster(self, ev);
}

/* Who asks is connected. */
static MotetResult
answer_owner(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        if (!is_get(ev))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        g_autoptr(MotetXml) result = result_new(ev->stanza, 0, NULL);
        return motet_reply(ev, result);
}

/* Section 5 */
static MotetResult
answer_for_host(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!is_get(ev))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        int64_t uptime = motet_server_uptime(motet_module_server(self));
        g_autoptr(MotetXml) result = result_new(ev->stanza, uptime / G_TIME_SPAN_SECOND, NULL);
        return motet_reply(ev, result);
}

/* Remembering */

/* When nothing can be written, many users leave without it being said for each. */
static void
on_written(MotetModule *self, const GError *error, void *data)
{
        Last *last = motet_module_data(self);

        (void)data;
        if (error && !last->is_failing)
                motet_debug("when users left is not remembered: %s", error->message);
        last->is_failing = error != NULL;
}

static bool
has_available_session(MotetModule *self, const char *account)
{
        size_t n = 0;
        MotetSession *const *sessions = motet_sessions_of(motet_module_host(self), account, &n);

        for (size_t i = 0; i < n; i++) {
                if (sessions[i]->presence)
                        return true;
        }
        return false;
}

/* A session of a deleted account that is about to end. */
static bool
is_forgotten(MotetModule *self, const MotetSession *session)
{
        return motet_session_data(session, self) != NULL;
}

static MotetResult
remember(MotetModule *self, MotetCustomEvent *ev)
{
        const Last *last = motet_module_data(self);
        const MotetPresenceChange *change = ev->data;
        const char *account = change->session->username;

        if (is_forgotten(self, change->session) || has_available_session(self, account))
                return MOTET_CONTINUE;

        const char *status =
                motet_xml_text(motet_xml_child(change->stanza, "status", MOTET_NS_CLIENT));
        if (strlen(status) > (size_t)motet_option_int(self, "max_status"))
                status = "";
        char *text = g_strdup_printf("%" G_GINT64_FORMAT "\n%s",
                                     motet_wall_now(self) / G_TIME_SPAN_SECOND, status);
        g_autoptr(GBytes) document = g_bytes_new_take(text, strlen(text));
        motet_store_set(last->store, account, "", document, on_written, NULL);
        return MOTET_CONTINUE;
}

/* The module */

/* Its sessions end only now: nothing is to be remembered of that. */
static MotetResult
forget_account(MotetModule *self, MotetAccountEvent *ev)
{
        size_t n = 0;
        MotetSession *const *sessions =
                motet_sessions_of(motet_module_host(self), ev->username, &n);

        for (size_t i = 0; i < n; i++)
                motet_session_set_data(sessions[i], self, sessions[i], NULL);
        return MOTET_CONTINUE;
}

static bool
load(MotetModule *self, GError **error)
{
        static const MotetHook on_deletion =
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, forget_account, MOTET_PRIO_NORMAL);
        MotetStore *store = motet_store_open(self, "last", MOTET_STORE_KEYVAL, error);
        if (!store)
                return false;

        /* Where no module deletes accounts there is no such event. */
        g_autoptr(GError) unknown = NULL;
        if (!motet_hook_add(self, &on_deletion, &unknown))
                motet_debug("%s", unknown->message);

        Last *last = g_new0(Last, 1);
        last->store = store;
        motet_module_set_data(self, last, g_free);
        return true;
}

static void
unload(MotetModule *self)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service =
                motet_service(motet_module_host(self), "roster", &provider);

        if (service)
                service->forget(provider, self);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" NS_LAST ":query", answer_for_host, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_LAST ":query", answer_owner, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_LAST ":query", answer_other, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/full/" NS_LAST ":query", guard_resource, MOTET_PRIO_NORMAL),
        MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_UNAVAILABLE, remember, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "max_status",
                .type = MOTET_OPTION_SIZE,
                .fallback = "1 KiB",
                .min = 0,
                .max = 65536,
                .help = "Longest status that is remembered; of a longer one only the time is.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "last",
        .summary = "Tell how long ago users went away, and the server's uptime",
        .depends = MOTET_LIST("service:roster", "presence"),
        .wants = MOTET_LIST("service:auth", "service:store:*"),
        .specs = MOTET_LIST("XEP-0012@2.0"),
        .features = MOTET_LIST(NS_LAST),
        .account_features = MOTET_LIST(NS_LAST),
        .options = options,
        .hooks = hooks,
        .load = load,
        .unload = unload,
};
