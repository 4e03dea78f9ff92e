/*
 * directed: whom a session sent its presence to directly, to be told when it is over.
 *
 * Source: RFC 6121 section 4.6.
 */
#include "presence-private.h"

bool
directed_add(MotetModule *self, MotetSession *session, const MotetJid *to)
{
        Kept *kept = kept_take(self, session);
        if (!kept)
                return true;
        if (!kept->directed)
                kept->directed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (g_hash_table_contains(kept->directed, motet_jid_string(to)))
                return true;
        if (g_hash_table_size(kept->directed) >= (guint)motet_option_int(self, "max_directed"))
                return false;

        g_hash_table_add(kept->directed, g_strdup(motet_jid_string(to)));
        return true;
}

void
directed_remove(MotetModule *self, MotetSession *session, const MotetJid *to)
{
        const Kept *kept = kept_find(self, session);

        if (kept && kept->directed)
                g_hash_table_remove(kept->directed, motet_jid_string(to));
}

static bool
is_own_account(const MotetSession *session, const MotetJid *to)
{
        return motet_jid_is_bare(to) && g_strcmp0(motet_jid_local(to), session->username) == 0 &&
               strcmp(motet_jid_domain(to), session->host) == 0;
}

static bool
is_told_by_broadcast(const MotetSession *session, const MotetJid *to)
{
        const MotetRosterItem *item =
                session->roster ? motet_roster_find(session->roster, motet_jid_bare(to)) : NULL;

        return (item && (item->state & MOTET_ROSTER_FROM)) || is_own_account(session, to);
}

void
directed_end(MotetModule *self, MotetSession *session, const MotetXml *presence, bool was_available)
{
        Kept *kept = kept_find(self, session);
        g_autoptr(GHashTable) directed = kept ? g_steal_pointer(&kept->directed) : NULL;
        if (!directed)
                return;

        GHashTableIter iter;
        void *key = NULL;
        g_hash_table_iter_init(&iter, directed);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
                g_autoptr(MotetJid) to = motet_jid_new(key);
                if (!was_available || !is_told_by_broadcast(session, to))
                        route_copy(self, presence, session->full_jid, key);
        }
}
