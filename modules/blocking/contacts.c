/*
 * contacts: what the contacts learn when they are blocked and unblocked: the user goes, and is
 * there again.
 *
 * Nothing else tells them: the subscriptions stay as they are (XEP-0191 section 4). Source:
 * XEP-0191 sections 3.3 and 3.4.
 */
#include "blocking-private.h"

#include <motet/host.h>
#include <motet/router.h>
#include <motet/service-roster.h>

static const MotetRosterService *
roster_of(const MotetModule *self, MotetModule **provider_out)
{
        return motet_service(motet_module_host(self), "roster", provider_out);
}

/* Returns: (borrowed) NULL when there is none; it is in memory while a session is bound */
static const MotetRoster *
contacts_of(const List *list)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(list->lists->self, &provider);

        return service ? service->cached(provider, list->account) : NULL;
}

static bool
is_any(const MotetRoster *roster, const char *contact, unsigned states)
{
        const MotetRosterItem *item = motet_roster_find(roster, contact);

        return item && (item->state & states);
}

static void
add_changed(GPtrArray *found, const char *text, GHashTable *before, GHashTable *after)
{
        g_autoptr(MotetJid) jid = motet_jid_new(text);

        if (jid && set_blocks(before, jid) != set_blocks(after, jid))
                g_ptr_array_add(found, g_steal_pointer(&jid));
}

/*
 * The contacts in one of @states, and single resources of them, that one of the two sets blocks
 * and the other does not. Returns: (own) of MotetJid
 */
static GPtrArray *
changed_contacts(const List *list, unsigned states, GHashTable *before, GHashTable *after,
                 const GPtrArray *items)
{
        GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)motet_jid_unref);
        const MotetRoster *roster = contacts_of(list);

        for (size_t i = 0; roster && i < roster->n_items; i++) {
                if (roster->items[i]->state & states)
                        add_changed(found, motet_roster_item_jid(roster->items[i]), before, after);
        }

        /* Who was blocked as a whole is told as a whole. */
        for (guint i = 0; roster && i < items->len; i++) {
                g_autoptr(MotetJid) jid = motet_jid_new(items->pdata[i]);
                g_autoptr(MotetJid) bare = jid ? motet_jid_to_bare(jid) : NULL;

                if (jid && !motet_jid_is_bare(jid) &&
                    is_any(roster, motet_jid_string(bare), states) &&
                    set_blocks(before, bare) == set_blocks(after, bare))
                        add_changed(found, items->pdata[i], before, after);
        }
        return found;
}

/* Returns: (own) the sessions of now, since routing may end the life of the list of them */
static GPtrArray *
sessions_of(const List *list)
{
        GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)motet_session_unref);
        size_t n = 0;
        MotetSession *const *sessions =
                motet_sessions_of(motet_module_host(list->lists->self), list->account, &n);

        for (size_t i = 0; i < n; i++)
                g_ptr_array_add(found, motet_session_ref(sessions[i]));
        return found;
}

static void
route_presence(const List *list, const MotetSession *session, const char *type, const MotetJid *to)
{
        g_autoptr(MotetXml) presence = type ? motet_xml_new("presence", MOTET_NS_CLIENT)
                                            : motet_xml_copy(session->presence);

        if (type)
                motet_xml_set_attr(presence, "type", type);
        motet_xml_set_attr(presence, "from", session->full_jid);
        motet_xml_set_attr(presence, "to", motet_jid_string(to));
        motet_route(motet_module_host(list->lists->self), presence);
}

static void
route_to_all(const List *list, const GPtrArray *contacts, const char *type)
{
        g_autoptr(GPtrArray) sessions = sessions_of(list);

        for (guint i = 0; i < contacts->len; i++) {
                for (guint j = 0; j < sessions->len; j++) {
                        const MotetSession *session = sessions->pdata[j];
                        if (session->presence)
                                route_presence(list, session, type, contacts->pdata[i]);
                }
        }
}

void
contacts_hide(const List *list, GHashTable *next, const GPtrArray *items)
{
        g_autoptr(GPtrArray) contacts =
                changed_contacts(list, MOTET_ROSTER_FROM, list->jids, next, items);

        route_to_all(list, contacts, "unavailable");
}

/* All that was blocked, when all was unblocked. */
static GPtrArray *
keys_of(GHashTable *set)
{
        GPtrArray *keys = g_ptr_array_new();
        GHashTableIter iter;
        void *key;

        g_hash_table_iter_init(&iter, set);
        while (g_hash_table_iter_next(&iter, &key, NULL))
                g_ptr_array_add(keys, key);
        return keys;
}

/* The presence of a contact that was dropped meanwhile is asked for (RFC 6121 4.3.1). */
void
contacts_show(const List *list, GHashTable *before, const GPtrArray *items)
{
        g_autoptr(GPtrArray) all = keys_of(before);
        const GPtrArray *unblocked = items->len > 0 ? items : all;
        g_autoptr(GPtrArray) followers =
                changed_contacts(list, MOTET_ROSTER_FROM, before, list->jids, unblocked);
        g_autoptr(GPtrArray) followed =
                changed_contacts(list, MOTET_ROSTER_TO, before, list->jids, unblocked);

        route_to_all(list, followers, NULL);
        route_to_all(list, followed, "probe");
}

/* Subscription requests */

static unsigned
drop_request(MotetModule *self, unsigned state, const MotetXml **request_out, void *data)
{
        (void)self;
        (void)request_out;
        (void)data;
        return state & ~MOTET_ROSTER_PENDING_IN;
}

static void
request_dropped(MotetModule *self, MotetRosterStatus status, unsigned before, unsigned after,
                void *data)
{
        (void)before;
        (void)after;
        (void)data;
        if (status != MOTET_ROSTER_OK)
                motet_warn("%s: a subscription request of somebody blocked is still kept",
                           motet_host_name(motet_module_host(self)));
}

/* Otherwise the user is shown them at every login, and cannot answer. */
void
contacts_forget_requests(const List *list)
{
        static const MotetRosterChange change = {.decide = drop_request, .done = request_dropped};
        MotetModule *self = list->lists->self;
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);
        const MotetRoster *roster = contacts_of(list);
        g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

        for (size_t i = 0; roster && i < roster->n_items; i++) {
                const char *contact = motet_roster_item_jid(roster->items[i]);
                g_autoptr(MotetJid) jid = motet_jid_new(contact);

                if ((roster->items[i]->state & MOTET_ROSTER_PENDING_IN) && jid &&
                    set_blocks(list->jids, jid))
                        g_ptr_array_add(found, g_strdup(contact));
        }
        for (guint i = 0; i < found->len; i++)
                service->change(provider, self, list->account, found->pdata[i], &change, NULL);
}

void
contacts_stop(MotetModule *self)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);

        if (service)
                service->forget(provider, self);
}
