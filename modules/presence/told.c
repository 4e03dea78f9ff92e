/*
 * told: what of a debt was told meanwhile and need not be told any more.
 *
 * A resource that has spoken for itself is passed over: nothing older comes behind what it said. So
 * is a request that came meanwhile.
 *
 * Source: RFC 6121 sections 3.1.3, 4.4.2.
 */
#include "presence-private.h"

#include <motet/host.h>

#define TOLD_MAX 20 /* resources of an account that told of themselves; more are told twice */

/* One debt */

static GHashTable *
names_new(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

bool
told_has(const Debt *debt, const char *name)
{
        return debt->told && g_hash_table_contains(debt->told, name);
}

void
told_add(Debt *debt, const char *name)
{
        if (!debt->told)
                debt->told = names_new();
        if (!told_has(debt, name))
                g_hash_table_add(debt->told, g_strdup(name));
}

void
told_keep_present(Debt *debt, const GPtrArray *found, guint n_told)
{
        g_autoptr(GHashTable) before = g_steal_pointer(&debt->told);

        /* Also with no name left, something of the account was told. */
        if (before)
                debt->told = names_new();
        for (guint i = 0; i < found->len; i++) {
                const char *resource = ((const MotetSession *)found->pdata[i])->resource;
                if (i < n_told || (before && g_hash_table_contains(before, resource)))
                        told_add(debt, resource);
        }
}

static gboolean
is_answered(void *contact, void *value, void *roster)
{
        const MotetRosterItem *item = motet_roster_find(roster, contact);

        (void)value;
        return !item || !(item->state & MOTET_ROSTER_PENDING_IN);
}

void
told_add_request(Debt *debt, const MotetSession *session, const char *contact)
{
        if (debt->told && g_hash_table_size(debt->told) >= session->roster->n_items)
                g_hash_table_foreach_remove(debt->told, is_answered, session->roster);
        told_add(debt, contact);
}

/* All sessions */

static bool
is_nothing_owed(const MotetModule *self)
{
        const Presence *presence = motet_module_data(self);

        return presence->n_debts == 0;
}

static void
note_one(MotetModule *self, const MotetSession *session, const char *account, const char *resource)
{
        Debt *debt = debt_find(kept_find(self, session), account);

        if (debt && (!debt->told || g_hash_table_size(debt->told) < TOLD_MAX))
                told_add(debt, resource);
}

void
told_note(MotetModule *self, const MotetSession *about, const MotetJid *to)
{
        if (is_nothing_owed(self))
                return;

        MotetHost *host = motet_host_find(motet_module_server(self), motet_jid_domain(to));
        const char *resource = motet_jid_resource(to);
        size_t n = 0;
        if (!host || !motet_jid_local(to))
                return;

        MotetSession *const *sessions = motet_sessions_of(host, motet_jid_local(to), &n);
        for (size_t i = 0; i < n; i++) {
                bool is_reached = resource ? strcmp(resource, sessions[i]->resource) == 0
                                           : sessions[i]->presence != NULL;
                if (is_reached)
                        note_one(self, sessions[i], about->username, about->resource);
        }
}

void
told_note_own(MotetModule *self, const MotetSession *about)
{
        if (is_nothing_owed(self))
                return;

        g_autoptr(MotetJid) own = motet_jid_to_bare(motet_session_jid(about));
        told_note(self, about, own);
}

void
told_note_request(MotetModule *self, const char *account, const char *contact)
{
        size_t n = 0;
        if (is_nothing_owed(self))
                return;

        MotetSession *const *sessions = motet_sessions_of(motet_module_host(self), account, &n);
        for (size_t i = 0; i < n; i++) {
                Debt *debt = debt_find(kept_find(self, sessions[i]), DEBT_REQUESTS);
                if (debt && sessions[i]->presence && sessions[i]->roster)
                        told_add_request(debt, sessions[i], contact);
        }
}
