/*
 * answer: what an address is, offers and holds: from the descriptors of the host's modules, the
 * options, and the modules that hook.
 *
 * Source: XEP-0030 sections 3 and 4, XEP-0128.
 */
#include "disco-private.h"

#include <motet/form.h>
#include <motet/session.h>

#include <string.h>

/* Info */

static void
add_identity(const char *category, const char *type, const char *name, void *data)
{
        MotetXml *identity = motet_xml_add(data, "identity", NULL);

        motet_xml_set_attr(identity, "category", category);
        motet_xml_set_attr(identity, "type", type);
        motet_xml_set_attr(identity, "name", name);
}

/* The form that is being told. */
typedef struct {
        MotetXml *query;
        MotetXml *form;
        const char *form_type;
} Told;

static void
add_field(const char *form_type, const char *var, MotetFieldType type, const char *const *values,
          void *data)
{
        Told *told = data;

        if (g_strcmp0(told->form_type, form_type) != 0)
                told->form = motet_form_add(told->query, "result", form_type);
        told->form_type = form_type;
        motet_form_add_values(told->form, var, type, values);
}

static void
add_info(MotetModule *self, const MotetDiscoQuery *asked)
{
        MotetHost *host = motet_module_host(self);
        bool is_account = asked->account != NULL;
        g_auto(GStrv) features = motet_host_features(host, is_account);
        MotetDiscoQuery query = *asked;

        query.node = NULL;
        motet_host_identities(host, is_account, add_identity, query.query);
        for (char **feature = features; *feature != NULL; feature++)
                motet_xml_set_attr(motet_xml_add(query.query, "feature", NULL), "var", *feature);
        motet_host_forms(host, is_account, add_field, &(Told){.query = query.query});
        motet_fire_custom(self, host, MOTET_EVENT_DISCO_INFO, &query);
}

const MotetDiscoService disco_service = {.info = add_info};

/* Items */

MotetJid *
item_parse(const char *text, const char **name_out)
{
        const char *space = strchr(text, ' ');
        g_autofree char *jid =
                space != NULL ? g_strndup(text, (size_t)(space - text)) : g_strdup(text);

        *name_out = space != NULL && space[1] != '\0' ? space + 1 : NULL;
        return motet_jid_new(jid);
}

static void
add_extra_items(MotetModule *self, MotetXml *query)
{
        for (const char *const *text = motet_option_list(self, "extra_items"); *text != NULL;
             text++) {
                const char *name;
                g_autoptr(MotetJid) jid = item_parse(*text, &name);

                if (jid == NULL)
                        continue;

                MotetXml *item = motet_xml_add(query, "item", NULL);

                motet_xml_set_attr(item, "jid", motet_jid_string(jid));
                motet_xml_set_attr(item, "name", name);
        }
}

/* XEP-0030 section 4.1: an account's items are its available resources. */
static void
add_resources(MotetModule *self, const char *account, MotetXml *query)
{
        size_t n;
        MotetSession *const *sessions = motet_sessions_of(motet_module_host(self), account, &n);

        for (size_t i = 0; i < n; i++) {
                if (sessions[i]->presence != NULL)
                        motet_xml_set_attr(motet_xml_add(query, "item", NULL), "jid",
                                           sessions[i]->full_jid);
        }
}

static void
add_items(MotetModule *self, MotetDiscoQuery *query)
{
        if (query->account != NULL)
                add_resources(self, query->account, query->query);
        else
                add_extra_items(self, query->query);
        motet_fire_custom(self, motet_module_host(self), MOTET_EVENT_DISCO_ITEMS, query);
}

/* The answer */

/* The node asked for; NULL for none, as which an empty one counts. */
static const char *
node_of(const DiscoRequest *request)
{
        const char *node = motet_xml_attr(motet_xml_child(request->iq, "query", NULL), "node");

        return node != NULL && node[0] != '\0' ? node : NULL;
}

/* A request without address is answered by the account it was for. */
static MotetXml *
start(const DiscoRequest *request, MotetXml **query_out)
{
        MotetXml *result = motet_iq_result(request->iq);

        motet_xml_set_attr(result, "from", motet_jid_string(request->to));
        *query_out = motet_xml_add(result, "query",
                                   request->is_items ? MOTET_NS_DISCO_ITEMS : MOTET_NS_DISCO_INFO);
        motet_xml_set_attr(*query_out, "node", node_of(request));
        return result;
}

MotetXml *
answer_empty(const DiscoRequest *request)
{
        MotetXml *query;

        return start(request, &query);
}

MotetXml *
answer_new(MotetModule *self, const DiscoRequest *request)
{
        MotetXml *element;
        g_autoptr(MotetXml) result = start(request, &element);
        MotetDiscoQuery query = {
                .from = request->from,
                .account = motet_jid_local(request->to),
                .node = node_of(request),
                .query = element,
        };
        const char *event = request->is_items ? MOTET_EVENT_DISCO_ITEMS : MOTET_EVENT_DISCO_INFO;

        if (query.node == NULL && request->is_items)
                add_items(self, &query);
        else if (query.node == NULL)
                add_info(self, &query);
        else if (motet_fire_custom(self, motet_module_host(self), event, &query) != MOTET_HANDLED)
                return motet_stanza_error(request->iq, MOTET_ITEM_NOT_FOUND, NULL);
        return g_steal_pointer(&result);
}
