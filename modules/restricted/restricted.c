/*
 * restricted: keep accounts of role "restricted" among the users of this server, and from asking
 * for contacts.
 *
 * They answer whoever turns to them, and may end what there is; they do not begin anything with
 * strangers.
 *
 * Implements  no specification
 * Hooks       pre-message/remote, pre-presence/bare, pre-presence/full, pre-presence/remote,
 *             pre-iq/remote
 * Options     none
 * Permissions reach_remote, ask_contacts
 */
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-roster.h>
#include <motet/session.h>

static bool
is_of_type(const MotetXml *stanza, const char *const *types)
{
        const char *type = motet_xml_attr(stanza, "type");

        return type && g_strv_contains(types, type);
}

static MotetResult
refuse(const MotetStanzaEvent *ev, const char *text)
{
        return motet_reply_error(ev, MOTET_FORBIDDEN, text);
}

/* What ends or answers something may leave the server. */
static MotetResult
keep_local(MotetModule *self, MotetStanzaEvent *ev)
{
        static const char *const answers[] = {"result",      "error",        "unavailable",
                                              "unsubscribe", "unsubscribed", NULL};

        if (is_of_type(ev->stanza, answers) || motet_may(self, ev->session, "reach_remote"))
                return MOTET_CONTINUE;
        return refuse(ev, "this account reaches users of this server only");
}

/* Whether the contact sees the user, or has asked to. */
static bool
has_asked(const MotetSession *session, const MotetJid *contact)
{
        const MotetRosterItem *item =
                session->roster ? motet_roster_find(session->roster, motet_jid_bare(contact))
                                : NULL;

        return item && (item->state & (MOTET_ROSTER_FROM | MOTET_ROSTER_PENDING_IN));
}

static MotetResult
guard_request(MotetModule *self, MotetStanzaEvent *ev)
{
        static const char *const request[] = {"subscribe", NULL};

        if (!is_of_type(ev->stanza, request) || motet_may(self, ev->session, "ask_contacts") ||
            has_asked(ev->session, ev->to))
                return MOTET_CONTINUE;
        return refuse(ev, "this account does not ask for contacts, others ask it");
}

static MotetResult
guard_remote_presence(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetResult verdict = keep_local(self, ev);

        return verdict == MOTET_CONTINUE ? guard_request(self, ev) : verdict;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("pre-message/remote", keep_local, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-iq/remote", keep_local, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-presence/remote", guard_remote_presence, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-presence/bare", guard_request, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("pre-presence/full", guard_request, MOTET_PRIO_EARLY),
        {0},
};

static const MotetPermission permissions[] = {
        {"reach_remote", MOTET_ROLE_MEMBER, "Begin something with users of other servers."},
        {"ask_contacts", MOTET_ROLE_MEMBER, "Ask others for their presence."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "restricted",
        .summary = "Keep accounts of role \"restricted\" on this server",
        .depends = MOTET_LIST("service:auth"),
        .hooks = hooks,
        .permissions = permissions,
        .guards = true,
};
