/*
 * probe: who asks for the presence of an account of ours is answered, and who may see one now is
 * told of it; a session that does not read gets the rest when it has.
 *
 * Source: RFC 6121 sections 3.1.5, 4.3.2.
 */
#include "presence-private.h"

#include <motet/host.h>
#include <motet/router.h>

GPtrArray *
available_resources(MotetModule *self, const char *account, const char *resource)
{
        size_t n = 0;
        MotetSession *const *sessions = motet_sessions_of(motet_module_host(self), account, &n);
        GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)motet_session_unref);

        /* Routing may end the life of the list. */
        for (size_t i = 0; i < n; i++) {
                if (sessions[i]->presence &&
                    (!resource || strcmp(resource, sessions[i]->resource) == 0))
                        g_ptr_array_add(found, motet_session_ref(sessions[i]));
        }
        return found;
}

unsigned
send_resources(MotetModule *self, const char *account, const char *resource, const char *to,
               bool available)
{
        g_autoptr(GPtrArray) found = available_resources(self, account, resource);
        g_autoptr(MotetJid) receiver = motet_jid_new(to);

        for (guint i = 0; i < found->len; i++) {
                const MotetSession *session = found->pdata[i];
                if (available && !session->presence)
                        continue;
                if (receiver)
                        told_note(self, session, receiver);
                if (available)
                        route_copy(self, session->presence, session->full_jid, to);
                else
                        route_simple(self, "unavailable", session->full_jid, to);
        }
        return found->len;
}

/* Probes */

typedef struct {
        MotetJid *from;
        MotetJid *to;
} Probe;

static void
probe_free(void *data)
{
        Probe *probe = data;

        motet_jid_unref(probe->from);
        motet_jid_unref(probe->to);
        g_free(probe);
}

static bool
may_see(const MotetRoster *roster, const Probe *probe)
{
        const char *asking = motet_jid_bare(probe->from);
        const MotetRosterItem *item = motet_roster_find(roster, asking);

        return (item && (item->state & MOTET_ROSTER_FROM)) ||
               strcmp(asking, motet_jid_bare(probe->to)) == 0;
}

/*
 * Returns: (borrowed) the session that asks for all resources of a contact, NULL when another does.
 * What it asks for beyond its roster, or of single resources, is not remembered for it.
 */
static MotetSession *
may_wait(MotetModule *self, const Probe *probe)
{
        MotetHost *host = motet_host_find(motet_module_server(self), motet_jid_domain(probe->from));
        const char *resource = motet_jid_resource(probe->from);
        if (!host || !motet_jid_local(probe->from) || !resource || !motet_jid_is_bare(probe->to))
                return NULL;

        MotetSession *session = motet_sessions_find(host, motet_jid_local(probe->from), resource);
        return session && debt_may_be_owed(session, motet_jid_bare(probe->to)) ? session : NULL;
}

static void
answer(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        const Probe *probe = data;
        const char *account = motet_jid_local(probe->to);
        const char *asking = motet_jid_string(probe->from);

        /* Nobody is to learn which accounts exist, or that one does not want to be seen. */
        if (status == MOTET_ROSTER_NO_ACCOUNT || (roster && !may_see(roster, probe))) {
                route_simple(self, "unsubscribed", motet_jid_bare(probe->to),
                             motet_jid_bare(probe->from));
                return;
        }
        if (!roster)
                return;

        MotetSession *session = may_wait(self, probe);
        if (session) {
                debt_owe(self, session, account);
                return;
        }
        if (send_resources(self, account, motet_jid_resource(probe->to), asking, true) > 0)
                return;
        g_autoptr(MotetXml) gone = last_answer(self, probe->to, asking);
        motet_route(motet_module_host(self), gone);
}

void
probe_answer(MotetModule *self, const MotetJid *from, const MotetJid *to)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service = roster_of(self, &provider);
        Probe *probe = g_new0(Probe, 1);

        probe->from = motet_jid_ref(from);
        probe->to = motet_jid_ref(to);
        service->read(provider, self, motet_jid_local(to), answer, probe, probe_free);
}
