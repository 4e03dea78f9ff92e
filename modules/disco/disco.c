/*
 * disco: tell who asks what the server and the asking account are, offer and hold.
 *
 * Implements  XEP-0030 (2.5.0), for the server's address and on behalf of accounts
 * Hooks       iq/host, iq/self and iq/bare: http://jabber.org/protocol/disco#info:query and
 *             http://jabber.org/protocol/disco#items:query
 * Options     extra_items
 *
 * What is told comes from the descriptors of the host's modules. Nobody has defined a node yet, so
 * each one is item-not-found.
 */
#include <motet/error.h>
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/session.h>

#include <string.h>

#define NS_INFO "http://jabber.org/protocol/disco#info"
#define NS_ITEMS "http://jabber.org/protocol/disco#items"

/* Whether the request is one that can be answered; otherwise it was refused. */
static bool
is_request(const MotetStanzaEvent *ev)
{
        const char *node = motet_xml_attr(ev->payload, "node");

        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") != 0) {
                motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);
                return false;
        }
        if (node != NULL && node[0] != '\0') {
                motet_reply_error(ev, MOTET_ITEM_NOT_FOUND, NULL);
                return false;
        }
        return true;
}

/*
 * An empty answer, with its query in @query_out. A request without address is answered by the
 * account it was for.
 */
static MotetXml *
answer_new(const MotetStanzaEvent *ev, const char *ns, MotetXml **query_out)
{
        MotetXml *result = motet_iq_result(ev->stanza);

        motet_xml_set_attr(result, "from", motet_jid_string(ev->to));
        *query_out = motet_xml_add(result, "query", ns);
        return result;
}

/* Info */

static void
add_identity(const char *category, const char *type, const char *name, void *data)
{
        MotetXml *identity = motet_xml_add(data, "identity", NULL);

        motet_xml_set_attr(identity, "category", category);
        motet_xml_set_attr(identity, "type", type);
        motet_xml_set_attr(identity, "name", name);
}

static MotetResult
answer_info(MotetModule *self, const MotetStanzaEvent *ev, bool account)
{
        MotetHost *host = motet_module_host(self);
        g_auto(GStrv) features = motet_host_features(host, account);
        MotetXml *query;

        if (!is_request(ev))
                return MOTET_HANDLED;

        g_autoptr(MotetXml) result = answer_new(ev, NS_INFO, &query);

        motet_host_identities(host, account, add_identity, query);
        for (char **feature = features; *feature != NULL; feature++)
                motet_xml_set_attr(motet_xml_add(query, "feature", NULL), "var", *feature);
        return motet_reply(ev, result);
}

static MotetResult
host_info(MotetModule *self, MotetStanzaEvent *ev)
{
        return answer_info(self, ev, false);
}

static MotetResult
own_info(MotetModule *self, MotetStanzaEvent *ev)
{
        return answer_info(self, ev, true);
}

/*
 * XEP-0030 section 8, rule 1: who may not see an account's presence gets what who asks for no
 * account gets. Nobody can be known to be entitled here, so that is everybody.
 */
static MotetResult
strange_info(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);
}

/* Items */

/*
 * "JID name with spaces": splits into both; NULL in @name_out when there is none. Returns: (own)
 * NULL when the JID is none
 */
static MotetJid *
parse_item(const char *text, const char **name_out)
{
        const char *space = strchr(text, ' ');
        g_autofree char *jid =
                space != NULL ? g_strndup(text, (size_t)(space - text)) : g_strdup(text);

        *name_out = space != NULL && space[1] != '\0' ? space + 1 : NULL;
        return motet_jid_new(jid);
}

static MotetResult
host_items(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetXml *query;

        if (!is_request(ev))
                return MOTET_HANDLED;

        g_autoptr(MotetXml) result = answer_new(ev, NS_ITEMS, &query);

        for (const char *const *text = motet_option_list(self, "extra_items"); *text != NULL;
             text++) {
                const char *name;
                g_autoptr(MotetJid) jid = parse_item(*text, &name);

                if (jid == NULL)
                        continue;

                MotetXml *item = motet_xml_add(query, "item", NULL);

                motet_xml_set_attr(item, "jid", motet_jid_string(jid));
                motet_xml_set_attr(item, "name", name);
        }
        return motet_reply(ev, result);
}

/* XEP-0030 section 4.1: an account's items are its available resources. */
static MotetResult
own_items(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetXml *query;
        size_t n;

        if (!is_request(ev))
                return MOTET_HANDLED;

        g_autoptr(MotetXml) result = answer_new(ev, NS_ITEMS, &query);
        MotetSession *const *sessions =
                motet_sessions_of(motet_module_host(self), motet_jid_local(ev->to), &n);

        for (size_t i = 0; i < n; i++) {
                if (sessions[i]->presence != NULL)
                        motet_xml_set_attr(motet_xml_add(query, "item", NULL), "jid",
                                           sessions[i]->full_jid);
        }
        return motet_reply(ev, result);
}

/*
 * XEP-0030 section 8, rule 2: an empty result, with or without node, whether there is such an
 * account or not.
 */
static MotetResult
strange_items(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        MotetXml *query;

        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") != 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);

        g_autoptr(MotetXml) result = answer_new(ev, NS_ITEMS, &query);

        motet_xml_set_attr(query, "node", motet_xml_attr(ev->payload, "node"));
        return motet_reply(ev, result);
}

/* The module */

static bool
load(MotetModule *self, GError **error)
{
        for (const char *const *text = motet_option_list(self, "extra_items"); *text != NULL;
             text++) {
                const char *name;
                g_autoptr(MotetJid) jid = parse_item(*text, &name);

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
        g_autoptr(GError) error = NULL;

        if (!load(self, &error))
                motet_warn("%s", error->message);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" NS_INFO ":query", host_info, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_INFO ":query", own_info, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_INFO ":query", strange_info, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS_ITEMS ":query", host_items, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_ITEMS ":query", own_items, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_ITEMS ":query", strange_items, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetIdentity identities[] = {
        {.category = "server", .type = "im"},
        {.category = "account", .type = "registered", .account = true},
        {0},
};

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
        .summary = "Tell what the server and the asking account offer",
        .specs = MOTET_LIST("XEP-0030@2.5.0"),
        .features = MOTET_LIST(NS_INFO, NS_ITEMS),
        .account_features = MOTET_LIST(NS_INFO, NS_ITEMS),
        .identities = identities,
        .options = options,
        .hooks = hooks,
        .load = load,
        .reconfigure = reconfigure,
};
