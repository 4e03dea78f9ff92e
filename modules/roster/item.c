/*
 * item: one contact of a roster: its forms in memory, in storage and on the wire.
 *
 * Stored as <item subscription='to|from|both|none' ask='1' in='1' approved='1' listed='1' name='…'>
 * with a <group/> for each group and, for in='1', the request as it came. Source: RFC 6121
 * section 2.1.2.
 */
#include "roster-private.h"

#include <motet/stanza.h>

static const char *const subscriptions[] = {
        [0] = "none",
        [MOTET_ROSTER_TO] = "to",
        [MOTET_ROSTER_FROM] = "from",
        [MOTET_ROSTER_BOTH] = "both",
};

static const struct {
        const char *name;
        unsigned bit;
} flags[] = {
        {"ask", MOTET_ROSTER_PENDING_OUT},
        {"in", MOTET_ROSTER_PENDING_IN},
        {"approved", MOTET_ROSTER_APPROVED},
        {"listed", MOTET_ROSTER_LISTED},
};

static size_t
groups_size(const char *const *groups, unsigned n)
{
        size_t size = 0;

        for (unsigned i = 0; i < n; i++)
                size += strlen(groups[i]) + 1;
        return size;
}

MotetRosterItem *
item_new(const char *jid, unsigned state, const char *name, const char *const *groups,
         unsigned n_groups)
{
        size_t jid_size = strlen(jid) + 1;
        size_t name_size = name ? strlen(name) + 1 : 0;
        size_t size = jid_size + name_size + groups_size(groups, n_groups);
        g_return_val_if_fail(size <= G_MAXUINT16 && n_groups <= ROSTER_GROUPS_MAX, NULL);

        MotetRosterItem *item = g_malloc(sizeof *item + size);
        *item = (MotetRosterItem){
                .state = (uint8_t)state,
                .n_groups = (uint8_t)n_groups,
                .name_at = name ? (uint16_t)jid_size : 0,
                .groups_at = (uint16_t)(jid_size + name_size),
        };
        memcpy(item->text, jid, jid_size);
        if (name)
                memcpy(item->text + jid_size, name, name_size);

        char *end = item->text + item->groups_at;
        for (unsigned i = 0; i < n_groups; i++)
                end = g_stpcpy(end, groups[i]) + 1;
        return item;
}

size_t
item_size(const MotetRosterItem *item)
{
        const char *end = motet_roster_item_group(item, item->n_groups);

        return sizeof *item + (size_t)(end - item->text);
}

MotetRosterItem *
item_with_state(const MotetRosterItem *item, const char *jid, unsigned state)
{
        if (!item)
                return item_new(jid, state, NULL, NULL, 0);

        MotetRosterItem *copy = g_memdup2(item, item_size(item));
        copy->state = (uint8_t)state;
        return copy;
}

static void
add_groups(MotetXml *xml, const MotetRosterItem *item)
{
        for (unsigned i = 0; i < item->n_groups; i++)
                motet_xml_add_with_text(xml, "group", NULL, motet_roster_item_group(item, i));
}

GBytes *
item_document(const MotetRosterItem *item, const MotetXml *request)
{
        g_autoptr(MotetXml) xml = motet_xml_new("item", NULL);

        motet_xml_set_attr(xml, "subscription", subscriptions[item->state & MOTET_ROSTER_BOTH]);
        for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
                if (item->state & flags[i].bit)
                        motet_xml_set_attr(xml, flags[i].name, "1");
        }
        motet_xml_set_attr(xml, "name", motet_roster_item_name(item));
        add_groups(xml, item);
        if (request)
                motet_xml_add_copy(xml, request);

        char *text = motet_xml_string(xml, NULL);
        return g_bytes_new_take(text, strlen(text));
}

static unsigned
parse_state(const MotetXml *xml)
{
        const char *subscription = motet_xml_attr(xml, "subscription");
        unsigned state = 0;

        for (unsigned i = 0; i < G_N_ELEMENTS(subscriptions); i++) {
                if (g_strcmp0(subscription, subscriptions[i]) == 0)
                        state |= i;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
                if (motet_xml_attr(xml, flags[i].name))
                        state |= flags[i].bit;
        }
        return state;
}

/* What item_new() insists on, for a document that anything may have happened to. */
static bool
fits(const char *jid, const char *name, const GPtrArray *groups)
{
        size_t size = strlen(jid) + 1 + (name ? strlen(name) + 1 : 0);

        return groups->len <= ROSTER_GROUPS_MAX &&
               size + groups_size((const char *const *)groups->pdata, groups->len) <= G_MAXUINT16;
}

MotetRosterItem *
item_parse(const char *jid, GBytes *document, MotetXml **request_out)
{
        gsize size = 0;
        const char *text = g_bytes_get_data(document, &size);
        g_autoptr(MotetXml) xml = motet_xml_parse(text, (gssize)size, NULL, NULL);
        if (!motet_xml_is(xml, "item", ""))
                return NULL;

        g_autoptr(GPtrArray) groups = g_ptr_array_new();
        for (const MotetXml *x = motet_xml_child(xml, "group", ""); x;
             x = motet_xml_next(x, "group", ""))
                g_ptr_array_add(groups, (char *)motet_xml_text(x));

        const char *name = motet_xml_attr(xml, "name");
        if (!fits(jid, name, groups))
                return NULL;

        const MotetXml *request = motet_xml_child(xml, "presence", MOTET_NS_CLIENT);
        unsigned state = parse_state(xml);
        if (!request != !(state & MOTET_ROSTER_PENDING_IN))
                return NULL;

        *request_out = request ? motet_xml_copy(request) : NULL;
        return item_new(jid, state, name, (const char *const *)groups->pdata, groups->len);
}

void
item_add_to(MotetXml *query, const MotetRosterItem *item)
{
        MotetXml *xml = motet_xml_add(query, "item", NULL);

        motet_xml_set_attr(xml, "jid", motet_roster_item_jid(item));
        motet_xml_set_attr(xml, "name", motet_roster_item_name(item));
        motet_xml_set_attr(xml, "subscription", subscriptions[item->state & MOTET_ROSTER_BOTH]);
        if (item->state & MOTET_ROSTER_PENDING_OUT)
                motet_xml_set_attr(xml, "ask", "subscribe");
        if (item->state & MOTET_ROSTER_APPROVED)
                motet_xml_set_attr(xml, "approved", "true");
        add_groups(xml, item);
}
