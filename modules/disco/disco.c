/*
 * disco: tell who asks what the server and accounts are, offer and hold.
 *
 * Implements  XEP-0030 (2.5.0), for the server's address and on behalf of accounts; XEP-0128
 * (1.0.1)
 * Hooks       iq/host, iq/self and iq/bare: http://jabber.org/protocol/disco#info:query and
 *             http://jabber.org/protocol/disco#items:query
 * Events      disco-info, disco-items (service-disco.h)
 * Provides    service "disco"
 * Options     extra_items
 *
 * What is told comes from the descriptors of the host's modules and from the modules that hook.
 */
#include "disco-private.h"

#include <motet/error.h>
#include <motet/router.h>
#include <motet/service-roster.h>
#include <motet/session.h>

#include <string.h>

#define ROSTER_WAIT (30 * G_TIME_SPAN_SECOND)

static DiscoRequest
request_of(const MotetXml *iq, const MotetJid *from, const MotetJid *to)
{
        bool is_items = motet_xml_child(iq, "query", MOTET_NS_DISCO_ITEMS) != NULL;

        return (DiscoRequest){iq, from, to, is_items};
}

static bool
is_get(const MotetStanzaEvent *ev)
{
        return g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") == 0;
}

static MotetResult
answer_openly(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!is_get(ev))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        DiscoRequest request = request_of(ev->stanza, ev->from, ev->to);
        g_autoptr(MotetXml) answer = answer_new(self, &request);

        return motet_reply(ev, answer);
}

/* Accounts of others */

/* A request that waits for the roster of who is asked about. */
typedef struct {
        MotetLater *later; /* (own) until answered */
} Pending;

static void
pending_free(void *data)
{
        Pending *pending = data;

        /* The roster went: others may know what to answer. */
        if (pending->later)
                motet_later_continue(pending->later);
        g_free(pending);
}

/*
 * XEP-0030 section 8, rules 1 and 2: who may not see an account's presence gets what who asks for
 * no account gets, with or without node.
 */
static MotetXml *
answer_stranger(const DiscoRequest *request)
{
        return request->is_items ? answer_empty(request)
                                 : motet_stanza_error(request->iq, MOTET_SERVICE_UNAVAILABLE, NULL);
}

static bool
may_see(const MotetRoster *roster, const MotetJid *asking)
{
        const MotetRosterItem *item =
                roster != NULL ? motet_roster_find(roster, motet_jid_bare(asking)) : NULL;

        return item != NULL && (item->state & MOTET_ROSTER_FROM);
}

static void
answer_as_known(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        MotetLater *later = g_steal_pointer(&((Pending *)data)->later);
        DiscoRequest request = request_of(motet_later_stanza(later), motet_later_from(later),
                                          motet_later_to(later));

        (void)status;
        g_autoptr(MotetXml) answer = may_see(roster, request.from) ? answer_new(self, &request)
                                                                   : answer_stranger(&request);
        motet_later_answer(later, answer);
}

static MotetResult
answer_others(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetHost *host = motet_module_host(self);
        MotetModule *provider = NULL;
        const MotetRosterService *roster = motet_service(host, "roster", &provider);
        DiscoRequest request = request_of(ev->stanza, ev->from, ev->to);

        if (!is_get(ev))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);
        if (roster == NULL) {
                g_autoptr(MotetXml) answer = answer_stranger(&request);
                return motet_reply(ev, answer);
        }

        Pending *pending = g_new0(Pending, 1);

        pending->later = motet_later_new(self, ev, ROSTER_WAIT);
        roster->read(provider, self, motet_jid_local(ev->to), answer_as_known, pending,
                     pending_free);
        return MOTET_WAIT;
}

/* The module */

static bool
load(MotetModule *self, GError **error)
{
        for (const char *const *text = motet_option_list(self, "extra_items"); *text != NULL;
             text++) {
                const char *name;
                g_autoptr(MotetJid) jid = item_parse(*text, &name);

                if (jid != NULL)
                        continue;
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "extra_items: \"%s\" does not begin with an address", *text);
                return false;
        }
        return true;
}

/* Too late to refuse the configuration: bad items are left out. */
static void
reconfigure(MotetModule *self)
{
        GError *error = NULL;

        if (!load(self, &error))
                motet_module_refuse(self, error);
}

static void
unload(MotetModule *self)
{
        MotetModule *provider = NULL;
        const MotetRosterService *roster =
                motet_service(motet_module_host(self), "roster", &provider);

        if (roster != NULL)
                roster->forget(provider, self);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" MOTET_NS_DISCO_INFO ":query", answer_openly, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" MOTET_NS_DISCO_INFO ":query", answer_openly, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" MOTET_NS_DISCO_INFO ":query", answer_others, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" MOTET_NS_DISCO_ITEMS ":query", answer_openly, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" MOTET_NS_DISCO_ITEMS ":query", answer_openly, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" MOTET_NS_DISCO_ITEMS ":query", answer_others, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetIdentity identities[] = {
        {.category = "server", .type = "im"},
        {.category = "account", .type = "registered", .account = true},
        {0},
};

static const MotetEventDecl events[] = {
        {MOTET_EVENT_DISCO_INFO, MOTET_EVENT_CUSTOM,
         "somebody asks what an address is (MotetDiscoQuery); HANDLED: the node is known"},
        {MOTET_EVENT_DISCO_ITEMS, MOTET_EVENT_CUSTOM,
         "somebody asks what an address holds (MotetDiscoQuery); HANDLED: the node is known"},
        {0},
};

static const MotetServiceDecl services[] = {{"disco", &disco_service}, {0}};

static const MotetOption options[] = {
        {
                .key = "extra_items",
                .type = MOTET_OPTION_LIST,
                .help = "Other services to list, each an address, optionally a space and a name.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "disco",
        .summary = "Tell what the server and accounts offer",
        .wants = MOTET_LIST("service:roster"),
        .specs = MOTET_LIST("XEP-0030@2.5.0", "XEP-0128@1.0.1"),
        .features = MOTET_LIST(MOTET_NS_DISCO_INFO, MOTET_NS_DISCO_ITEMS),
        .account_features = MOTET_LIST(MOTET_NS_DISCO_INFO, MOTET_NS_DISCO_ITEMS),
        .identities = identities,
        .services = services,
        .events = events,
        .options = options,
        .hooks = hooks,
        .load = load,
        .reconfigure = reconfigure,
        .unload = unload,
};
