/*
 * broadcast: who is told of a session's presence, and whose presence it asks for.
 *
 * Source: RFC 6121 sections 4.2 to 4.6.
 */
#include "presence-private.h"

#include <motet/host.h>
#include <motet/router.h>
#include <motet/service-presence.h>

const MotetRosterService *
roster_of(MotetModule *self, MotetModule **provider_out)
{
        return motet_service(motet_module_host(self), "roster", provider_out);
}

void
route_simple(MotetModule *self, const char *type, const char *from, const char *to)
{
        g_autoptr(MotetXml) presence = motet_xml_new("presence", MOTET_NS_CLIENT);

        motet_xml_set_attr(presence, "type", type);
        motet_xml_set_attr(presence, "from", from);
        motet_xml_set_attr(presence, "to", to);
        motet_route(motet_module_host(self), presence);
}

void
route_copy(MotetModule *self, const MotetXml *presence, const char *from, const char *to)
{
        g_autoptr(MotetXml) copy = motet_xml_copy(presence);

        motet_xml_set_attr(copy, "from", from);
        motet_xml_set_attr(copy, "to", to);
        motet_route(motet_module_host(self), copy);
}

static void
route_to_subscribers(MotetModule *self, const MotetSession *session, const MotetXml *presence)
{
        const MotetRoster *roster = session->roster;
        g_autoptr(MotetXml) shared = motet_xml_copy(presence);

        motet_xml_set_attr(shared, "from", session->full_jid);
        motet_xml_set_attr(shared, "to", NULL);
        /* Nothing of a roster changes but from the loop. */
        for (size_t i = 0; roster && i < roster->n_items; i++) {
                if (!(roster->items[i]->state & MOTET_ROSTER_FROM))
                        continue;
                g_autoptr(MotetJid) to = motet_jid_new(motet_roster_item_jid(roster->items[i]));
                if (!to)
                        continue;
                told_note(self, session, to);
                motet_route_to(motet_module_host(self), shared, to);
        }
}

static bool
has_last_word(MotetHost *host, const char *account)
{
        MotetModule *provider = NULL;
        const MotetPresenceService *service = motet_service(host, "presence", &provider);
        int64_t when = 0;

        return service && service->last(provider, account, &when);
}

/* Whether a probe would bring nothing: an account of ours without an available resource. */
static bool
is_known_to_be_absent(MotetModule *self, const MotetJid *contact)
{
        MotetHost *host = motet_host_find(motet_module_server(self), motet_jid_domain(contact));
        size_t n = 0;

        if (!host || !motet_jid_local(contact) || has_last_word(host, motet_jid_local(contact)))
                return false;

        MotetSession *const *sessions = motet_sessions_of(host, motet_jid_local(contact), &n);
        for (size_t i = 0; i < n; i++) {
                if (sessions[i]->presence)
                        return false;
        }
        return true;
}

/* RFC 6121 4.3.1 */
static void
probe_contacts(MotetModule *self, const MotetSession *session)
{
        const MotetRoster *roster = session->roster;

        for (size_t i = 0; roster && i < roster->n_items; i++) {
                if (!(roster->items[i]->state & MOTET_ROSTER_TO))
                        continue;

                const char *jid = motet_roster_item_jid(roster->items[i]);
                g_autoptr(MotetJid) contact = motet_jid_new(jid);
                if (contact && !is_known_to_be_absent(self, contact))
                        route_simple(self, "probe", session->full_jid, jid);
        }
}

void
broadcast_to_own(MotetModule *self, MotetSession *session, const MotetXml *presence)
{
        told_note_own(self, session);
        motet_sessions_send_available(motet_module_host(self), session->username, presence);
}

void
broadcast_available(MotetModule *self, MotetSession *session, const MotetXml *presence,
                    bool initial)
{
        broadcast_to_own(self, session, presence);
        if (initial) {
                /* RFC 6121 4.2.2: a user sees the own resources without a subscription. */
                debt_owe(self, session, session->username);
                debt_owe(self, session, DEBT_REQUESTS);
        }
        route_to_subscribers(self, session, presence);
        if (initial)
                probe_contacts(self, session);
}

void
broadcast_unavailable(MotetModule *self, MotetSession *session, const MotetXml *presence,
                      bool was_available)
{
        if (was_available)
                route_to_subscribers(self, session, presence);
        directed_end(self, session, presence, was_available);
}

/* Delivery */

typedef struct {
        MotetJid *to;
        MotetXml *presence;
} Delivery;

static void
delivery_free(void *data)
{
        Delivery *delivery = data;

        motet_jid_unref(delivery->to);
        motet_xml_unref(delivery->presence);
        g_free(delivery);
}

static void
deliver(MotetModule *self, const MotetJid *to, MotetXml *presence)
{
        MotetHost *host = motet_module_host(self);

        if (motet_jid_is_bare(to))
                motet_sessions_send_available(host, motet_jid_local(to), presence);
        else
                motet_deliver(host, to, presence);
}

static void
deliver_now(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        const Delivery *delivery = data;

        (void)status;
        (void)roster;
        deliver(self, delivery->to, delivery->presence);
}

/* RFC 6121 3.1.6: a contact's presence comes after the news that it may be seen, which is still
 * being written. That of the user's own resources waits for nothing, as their end does not. */
void
deliver_in_order(MotetModule *self, const MotetStanzaEvent *ev)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);
        const char *account = motet_jid_local(ev->to);
        bool is_own = strcmp(motet_jid_bare(ev->from), motet_jid_bare(ev->to)) == 0;

        if (is_own || !service->is_busy(provider, account)) {
                deliver(self, ev->to, ev->stanza);
                return;
        }

        Delivery *delivery = g_new0(Delivery, 1);
        delivery->to = motet_jid_ref(ev->to);
        delivery->presence = motet_xml_ref(ev->stanza);
        service->read(provider, self, account, deliver_now, delivery, delivery_free);
}
